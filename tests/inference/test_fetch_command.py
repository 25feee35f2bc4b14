"""`python -m inference fetch`: one line of progress, one sentence when it cannot."""

from inference.__main__ import line, main
from inference.records import FetchProgress


def test_a_model_that_is_here_is_fetched_at_once(capsys):
    assert main(["fetch", "builtin/chat"]) == 0
    assert "done" in capsys.readouterr().err


def test_an_unknown_model_is_refused_in_one_sentence(capsys):
    assert main(["fetch", "nobody/nothing"]) == 2
    told = capsys.readouterr().err
    assert "nobody/nothing" in told and "Traceback" not in told


def test_offline_the_reason_is_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert main(["fetch", "Qwen/Qwen3-0.6B"]) == 2
    assert "HF_HUB_OFFLINE" in capsys.readouterr().err


def test_progress_is_one_line_that_covers_the_last():
    shown = line(FetchProgress("downloading", 1_200_000_000, 1_500_000_000, 11_000_000.0, 27.3))
    assert shown.strip() == "downloading · 1.2 GB of 1.5 GB · 11 MB/s · 27 s left"
    assert len(line(FetchProgress("waiting", 0, 0))) == 70
