"""A run as curves, a log and tables: the right figure, in the right order and language."""

import pytest

from components import _run_plots
from components._plots import POINTS


def steps(*numbers):
    return [
        {"type": "step", "time": 10.0 + n, "step": n, "loss": float(n), "memory_bytes": 2e9}
        for n in numbers
    ]


REPORT = {
    "labels": ["<b>good</b>", "bad"],
    "base": {"per_label": [{"f1": 0.1}, {"f1": 0.2}]},
    "tuned": {
        "confusion": [[3, 1], [0, 4]],
        "per_label": [
            {"label": "<b>good</b>", "precision": 1.0, "recall": 0.75, "f1": 0.857, "support": 4},
            {"label": "bad", "precision": 0.8, "recall": 1.0, "f1": 0.889, "support": 4},
        ],
    },
}


def test_a_curve_ends_with_the_newest_step_and_stays_small():
    frame = _run_plots.losses(steps(*range(1, 1_002)), "en")
    assert len(frame) <= POINTS
    assert frame["step"].iloc[-1] == 1_001 and frame["step"].is_monotonic_increasing


def test_a_curve_takes_the_later_value_of_a_step_done_twice():
    events = [*steps(1, 2), {"type": "step", "step": 2, "loss": 9.0}, {"type": "checkpoint"}]
    events.append({"type": "step", "step": 3, "loss": None})
    assert _run_plots.losses(events, "en")["loss"].tolist() == [1.0, 9.0]
    assert len(_run_plots.losses([], "en")) == 0


def test_training_and_held_out_loss_are_two_series_of_one_plot():
    events = [*steps(1, 2), {"type": "evaluated", "step": 2, "held_out_loss": 0.5, "time": 13.0}]
    frame = _run_plots.losses(events, "zh")
    assert frame["series"].tolist() == ["训练", "训练", "检验数据"]
    assert frame["loss"].tolist() == [1.0, 2.0, 0.5]


def test_memory_is_drawn_in_gigabytes_and_what_is_not_known_not_at_all():
    assert _run_plots.curve(steps(1, 2), "memory")["memory"].tolist() == [2.0, 2.0]
    assert len(_run_plots.curve(steps(1, 2), "grad_norm")) == 0


def test_the_log_tells_every_kind_of_event_with_the_time_since_the_beginning():
    events = [
        {"type": "started", "time": 10.0, "total_steps": 2},
        *steps(1),
        {"type": "evaluated", "time": 75.0, "step": 1, "held_out_loss": 0.25},
        {"type": "warning", "time": 76.0, "code": "overfitting", "step": 1},
        {"type": "checkpoint", "time": 77.0, "step": 1},
        {"type": "evaluated", "time": 78.0, "rows": 4},
        {"type": "failed", "time": 3_700.0, "reason": "lost_worker", "values": {}},
    ]
    lines = _run_plots.log(events, "en").splitlines()
    assert len(lines) == len(events)
    assert lines[1] == "0:00:01  step 1: loss 1.0000"
    assert lines[2].startswith("0:01:05  ")
    assert lines[-1].startswith("1:01:30  ")
    assert len(_run_plots.log(steps(*range(999)), "en").splitlines()) == _run_plots.LOG_LINES
    assert _run_plots.log([], "en") == ""


def test_labels_in_the_confusion_matrix_are_text_and_never_markup():
    shown = _run_plots.confusion(REPORT, "en")
    assert "<b>" not in shown and "&lt;b&gt;good&lt;/b&gt;" in shown
    assert shown.count("<td") == 4
    many = {**REPORT, "labels": [str(n) for n in range(30)]}
    assert _run_plots.confusion(many, "en") == ""
    assert _run_plots.confusion({"tuned": {}}, "en") == ""


def test_each_label_is_told_with_its_f1_before_and_after_and_drawn_weakest_first():
    data = _run_plots.per_label(REPORT, "en")["data"]
    assert data[0] == ["<b>good</b>", 4, "1.000", "0.750", "0.100", "0.857"]
    assert _run_plots.f1_bars(REPORT)["label"].tolist() == ["<b>good</b>", "bad"]


@pytest.mark.parametrize(("language", "word"), [("en", "6 days"), ("zh", "6 天")])
def test_how_long_a_run_is_kept(language, word):
    assert word in _run_plots.kept(6.5 * 86_400, 0.0, language)


def test_the_comparison_at_the_end_is_no_point_of_the_loss():
    events = [*steps(1), {"type": "evaluated", "time": 12.0, "step": 1, "rows": 4, "base": {}}]
    assert len(_run_plots.losses(events, "en")) == 1


def test_a_small_learning_rate_is_not_rounded_away():
    events = [{"type": "step", "step": 1, "learning_rate": 1.23456e-6}]
    assert _run_plots.curve(events, "learning_rate")["learning_rate"].tolist() == [1.235e-6]


def test_a_warning_of_a_later_version_has_no_line():
    assert _run_plots.log([{"type": "warning", "time": 1.0, "code": "of_tomorrow"}], "zh") == ""


def test_rows_of_the_confusion_matrix_are_what_the_data_says():
    first, second = _run_plots.confusion(REPORT, "en").split("<tr>")[2:]
    assert first.index(">3</td>") < first.index(">1</td>")
    assert second.index(">0</td>") < second.index(">4</td>")
