import re

import pytest

from components import _machine_tables
from components._texts import TABLE
from inference.doctor import CODES, Finding, examine
from inference.load import Sample
from tests.inference.machines import MACHINES, machine

LANGUAGES = ("en", "zh")
DETAILS = {
    "gpu": "Tesla T4",
    "cuda": "12.8",
    "driver": "470.1",
    "model": "Qwen/Qwen3-8B",
    "free": 2 * 10**9,
    "needed": 525,
    "package": "peft",
    "version": "0.1",
    "tested": ">=0.21,<0.22",
    "endpoint": None,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_finding_has_a_sentence_and_a_fix_in_both_languages(code, language):
    for told in _machine_tables.sentence(Finding(code, DETAILS), language):
        assert told and "{" not in told
        assert bool(re.search(r"[\u4e00-\u9fff]", told)) == (language == "zh")


def test_sizes_are_told_as_sizes_and_a_driver_as_a_version():
    small = Finding("disk_too_small", {"model": "m", "needed": 17 * 10**9, "free": 2 * 10**9})
    assert "17 GB" in _machine_tables.sentence(small, "en")[0]
    assert "2.0 GB" in _machine_tables.sentence(small, "zh")[0]
    old = Finding("driver_too_old", {"driver": "470.1", "cuda": "12.8", "needed": 525})
    assert "needs 525 or newer" in _machine_tables.sentence(old, "en")[0]


def test_findings_are_listed_with_their_fix_and_names_are_no_markup():
    found = [Finding("gpu_with_cpu_torch", {"gpu": "<b>*GPU*</b>"})]
    told = _machine_tables.findings(found, "", "en")
    assert told.startswith("- **Problem**: ") and "pytorch.org" in told
    assert "<b>" not in told
    assert _machine_tables.findings([], "", "zh") == TABLE["doctor_well"][1]
    assert "Qwen" in _machine_tables.findings([], "Qwen/Qwen3-8B", "en")


@pytest.mark.parametrize(
    ("name", "row", "told"),
    [
        ("no_gpu", "GPU", "none found"),
        ("t4", "GPU", "Tesla T4, 16 GB free of 16 GB, 0% busy, 34 °C, driver 550.54.15"),
        ("h200", "Its abilities", "avx2, avx512f, avx512_bf16, amx_int8, amx_bf16"),
        ("zero_gpu", "GPU", "ZeroGPU: shared"),
        ("mac", "GPU", "Apple GPU (MPS)"),
        ("container", "Processor", "AMD EPYC, 2 cores for this app"),
        ("container", "Memory", "24 GB free of 26 GB"),
        ("container", "Source of models", "an address of the operator's own: does not answer"),
        ("t4", "Downloaded models", "1 here, 2.0 GB in all"),
    ],
)
def test_a_machine_is_told_as_it_is(name, row, told):
    rows = dict(_machine_tables.machine(MACHINES[name], "en")["data"])
    assert rows[row].startswith(told)


def test_a_card_that_tells_little_is_told_in_few_words():
    (card,) = MACHINES["t4"]["gpus"]
    silent = card | {"use_percent": None, "celsius": None, "driver": None}
    rows = dict(_machine_tables.machine(machine(gpus=[silent]), "en")["data"])
    assert rows["GPU"] == "Tesla T4, 16 GB free of 16 GB"


@pytest.mark.parametrize(
    ("hub", "told"),
    [
        ({"offline": True, "reachable": None}, "not asked"),
        ({"offline": False, "reachable": None}, "not known yet"),
        ({"offline": False, "reachable": True}, "answers"),
    ],
)
def test_whether_the_source_answers_is_told(hub, told):
    facts = machine(hub={"endpoint": "hf-mirror.com", **hub})
    rows = dict(_machine_tables.machine(facts, "en")["data"])
    assert rows["Source of models"].startswith("hf-mirror.com: ") and told in str(rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MACHINES)
def test_a_report_is_two_tables_and_what_was_found(name, language):
    facts = MACHINES[name]
    told = _machine_tables.report(facts, examine(facts, {}), language)
    assert told.count("| --- | --- |") == 2
    lines = [line for line in told.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)
    assert facts["cpu"]["model"] in told and "transformers | 5.24.0" in told


def test_a_cell_of_a_report_stays_a_cell():
    facts = machine()
    facts["cpu"] = facts["cpu"] | {"model": "a|b\nc"}
    assert r"a\|b; c" in _machine_tables.report(facts, [], "en")


def test_the_load_is_minutes_and_percent_and_an_absent_card_has_no_line():
    samples = [Sample(100.0, 0.5, 0.25), Sample(160.0, 1.0, 0.3)]
    frame = _machine_tables.load(samples, "en")
    assert frame.to_dict("list") == {
        "minutes": [-1.0, 0.0, -1.0, 0.0],
        "percent": [50.0, 100.0, 25.0, 30.0],
        "series": ["processor"] * 2 + ["memory"] * 2,
    }
    busy = Sample(160.0, 1.0, 0.3, 0.8, 0.9)
    assert set(_machine_tables.load([busy], "zh")["series"]) == {"处理器", "内存", "显卡", "显存"}
    assert "GPU 80%" in _machine_tables.load_now(busy, "en")
    assert "GPU" not in _machine_tables.load_now(samples[0], "en")
