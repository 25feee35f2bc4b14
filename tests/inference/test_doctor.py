import pytest

from inference import doctor
from inference.catalog import Catalog
from inference.doctor import CODES, Finding, examine
from tests.inference.machines import GB, MACHINES, VERSIONS, card, machine

QWEN = Catalog.load({}).find("Qwen/Qwen3-8B")
TESTED = doctor.ranges()
WITH_CARD = {"accelerator": "cuda", "gpus": [card("Tesla T4", 15 * 2**30, 7.5, "535.230.02")]}


def codes(facts, **more):
    return [it.code for it in examine(facts, TESTED, **more)]


@pytest.mark.parametrize("name", ["no_gpu", "t4", "h200", "zero_gpu", "mac"])
def test_a_machine_that_is_well_has_no_findings(name):
    assert codes(MACHINES[name]) == []


def test_a_source_that_does_not_answer_is_told_without_its_name():
    assert examine(MACHINES["container"], TESTED) == [
        Finding("hub_unreachable", {"endpoint": None})
    ]
    off = {"endpoint": "huggingface.co", "offline": True, "reachable": None}
    assert codes(machine(hub=off)) == ["hub_offline"]
    assert codes(machine(hub=off | {"offline": False})) == []  # not known yet


def test_a_card_that_torch_cannot_use():
    assert codes(machine("2.13.0+cpu", **WITH_CARD)) == ["gpu_with_cpu_torch"]


def test_a_cuda_build_with_no_card():
    assert codes(machine(cuda="12.8")) == ["cuda_without_gpu"]
    assert codes(machine(cuda="12.8", zero_gpu=True)) == []


@pytest.mark.parametrize(
    ("cuda", "driver", "needed"),
    [
        ("12.8", "525.60.13", None),
        ("12.8", "470.256.02", 525),
        ("13.0", "575.64.03", 580),
        ("13.0", "580.65.06", None),
        ("11.8", "450.80.02", None),
        ("11.8", "418.87.00", 450),
        ("14.0", "580.65.06", None),  # not known: nothing is claimed
        ("12.8", None, None),
    ],
)
def test_a_driver_older_than_torchs_cuda_needs(cuda, driver, needed):
    facts = machine(cuda=cuda, gpus=[card("GPU", 16 * GB, 8.0, driver)], accelerator="cuda")
    told = [it.details["needed"] for it in examine(facts, TESTED) if it.code == "driver_too_old"]
    assert told == ([needed] if needed else [])


def test_too_little_disk_is_that_where_downloads_go():
    small = {"bytes": 0, "free": QWEN.download_bytes + GB - 1, "models": []}
    (found,) = examine(machine(cache=small), TESTED, QWEN)
    assert found.code == "disk_too_small"
    assert found.details == {
        "model": "Qwen/Qwen3-8B",
        "needed": QWEN.download_bytes + GB,
        "free": small["free"],
    }
    assert codes(machine(cache=small), model=QWEN, here=True) == []
    assert codes(machine(cache=small | {"free": small["free"] + 1}), model=QWEN) == []
    assert codes(machine(disk={"free": GB - 1, "total": GB}), model=QWEN) == ["disk_full"]


def test_a_version_outside_the_tested_range_and_a_package_that_is_missing():
    packages = {**VERSIONS, "transformers": "5.23.0", "peft": None, "torch": "2.13.0+cu128"}
    found = examine(machine() | {"packages": packages}, TESTED)
    assert [(it.code, it.details["package"]) for it in found] == [
        ("package_missing", "peft"),
        ("version_outside", "transformers"),
    ]
    assert found[1].details["tested"] == TESTED["transformers"]


def test_a_gated_model_asks_for_a_token_until_it_is_here():
    assert codes(machine(), model=QWEN, gated=True) == ["token_needed"]
    assert codes(machine(), model=QWEN, gated=True, here=True) == []


def test_the_worst_comes_first():
    facts = machine("2.13.0+cpu", **WITH_CARD, hub=MACHINES["container"]["hub"])
    facts |= {"disk": {"free": 0, "total": GB}, "packages": {**VERSIONS, "pandas": "2.0"}}
    found = [it.severity for it in examine(facts, TESTED)]
    assert found == sorted(found, key=["error", "warning", "note"].index)
    assert set(found) == {"error", "warning"}


def test_the_ranges_are_those_of_the_requirements(tmp_path):
    assert TESTED["gradio"] == "==6.31.0" and "spaces" not in TESTED  # any version
    path = tmp_path / "requirements.txt"
    path.write_text("# a\n\nb>=1,<2\nc==3; python_version < '3'\nd[e]>=4 # f\ng\n", "utf-8")
    assert doctor.ranges(path) == {"b": "<2,>=1", "d": ">=4"}
    assert doctor.ranges(tmp_path / "none") == {}


def test_every_finding_that_can_be_made_is_listed():
    with open(doctor.__file__, encoding="utf-8") as source:
        text = source.read()
    assert all(text.count(f'"{code}"') == 2 for code in CODES)  # its severity, and where it is made


def test_the_disk_that_is_left_free_is_that_of_downloads():
    from inference.fetch import SPARE_BYTES

    assert doctor.SPARE_BYTES == SPARE_BYTES
