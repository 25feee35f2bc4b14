import re
from pathlib import Path
from string import Formatter

import pytest

from components import _warnings
from components._warnings import WARNINGS, told, warning_sentence

PROJECT = Path(_warnings.__file__).parent.parent
HAN = re.compile(r"[\u4e00-\u9fff]")
FIELDS = {"step": 7, "batch": 2, "accumulation": 4, "max_length": 64, "held_out_loss": 0.5}


def test_every_warning_that_finetune_writes_has_words_and_no_stale_one_is_left():
    sources = "".join(file.read_text("utf-8") for file in PROJECT.glob("finetune/*.py"))
    written = set(re.findall(r'"warning", code="(\w+)"|_warn_once\("(\w+)"', sources))
    assert {one or other for one, other in written} == set(WARNINGS)


@pytest.mark.parametrize("code", WARNINGS)
def test_a_warning_says_the_same_in_both_languages(code):
    english, chinese = (
        {(name, spec) for _, name, spec, _ in Formatter().parse(text) if name}
        for text in WARNINGS[code]
    )
    assert english == chinese
    event = {"type": "warning", "code": code, **FIELDS}
    assert not HAN.search(warning_sentence(event, "en"))
    assert HAN.search(warning_sentence(event, "zh"))


def test_warnings_are_told_once_and_unknown_ones_not_at_all():
    events = [
        {"type": "started"},
        {"type": "warning", "code": "loss_stuck", "step": 3},
        {"type": "warning", "code": "loss_stuck", "step": 3},
        {"type": "warning", "code": "from_the_future", "step": 3},
        {"type": "warning", "code": "best_kept"},
        {"type": "warning", "code": "stopped_early", "step": 9},
    ]
    assert [text.partition(" ")[0] for text in told(events, "en")] == ["Up", "Training"]
