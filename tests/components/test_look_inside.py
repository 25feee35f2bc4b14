"""The pictures of the look inside, and with which texts and models its panels are filled."""

import re

import pytest

from components import _look_inside_parts as parts
from components import _look_inside_pictures as pictures
from components._page import to_open
from components._texts import say
from inference.catalog import Catalog
from inference.errors import ModelNotHere, ModelUnknown
from inference.look_lora import count
from inference.look_tokens import Step, Steps

EVIL = "<img src=x onerror=alert(1)>"


def test_each_square_of_the_heat_map_says_which_it_is_and_one_is_chosen():
    found = pictures.heat_map(["a", EVIL], [[0.25, 0.75], [1.0, 0.0]], (0, 1))
    squares = re.findall(r'<td( class="lab-chosen")? data-query="(\d)" data-key="(\d)"', found)
    places = [(int(query), int(key)) for _, query, key in squares]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [bool(chosen) for chosen, *_ in squares] == [False, True, False, False]
    assert re.findall(r'"background: rgba\(79, 70, 229, ([\d.]+)\)">(\d+)<', found) == [
        ("0.212", "25"),
        ("0.637", "75"),
        ("0.850", "100"),
        ("0.000", "0"),
    ]
    assert "<img" not in found and "&lt;img" in found


def test_the_steps_of_a_word_mark_what_is_new_and_escape_what_was_typed():
    steps = (Step(("l", "o", "<")), Step(("lo", "<"), made=0, rank=1_234))
    found = pictures.steps(Steps("BPE", ("lo<", EVIL), steps), "en")
    assert '<span class="lab-new">lo</span><span class="">&lt;</span>' in found
    assert "rule 1,234" in found and "<img" not in found
    word = Steps("WordPiece", ("un<",), (Step((), rest="un<"), Step(("un",), 0, None, 2, "<")))
    found = pictures.steps(word, "zh")
    assert "<i>un&lt;</i>" in found and "查了 2 次" in found


def test_nothing_typed_has_no_steps():
    assert pictures.steps(Steps("BPE", (), (Step(()),)), "en") == ""


def test_the_matrices_of_a_lora_are_drawn_to_scale():
    architecture = Catalog.load({}).find("Qwen/Qwen3-0.6B").architecture
    found = pictures.lora(count(architecture, "chat", 256, "query_value"), "en")
    sizes = re.findall(r"height: ([\d.]+)px; width: ([\d.]+)px", found)
    wide = 150 * 256 / 2_048
    expected = [(150, 75), (150, wide), (wide, 75)]
    assert [(float(a), float(b)) for a, b in sizes] == [
        pytest.approx(it, abs=0.1) for it in expected
    ]
    assert "2,048 × 1,024<br>= 2,097,152" in found and "2,048 × 256<br>= 524,288" in found


def test_an_example_follows_the_language_and_what_was_typed_stays():
    english, chinese = (say("look_word_example", it) for it in ("en", "zh"))
    assert parts.or_example("", "look_word_example", "zh") == chinese
    assert parts.or_example(english, "look_word_example", "zh") == chinese
    assert parts.or_example("mine", "look_word_example", "zh") == "mine"
    assert parts.or_example(None, "look_word_example", "en") == english


def test_only_models_of_this_machine_are_looked_into(services, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert parts.here(services, "chat") == ["builtin/chat"]
    assert parts.folder_of(services, "builtin/sentiment").name == "sentiment"
    with pytest.raises(ModelNotHere):
        parts.folder_of(services, "Qwen/Qwen3-0.6B")
    for unknown in ("../../etc", None, {"path": "/etc/passwd"}):
        with pytest.raises(ModelUnknown):
            parts.folder_of(services, unknown)


def test_an_example_is_asked_for_by_its_key():
    assert to_open("chat")["example"] == ""
    assert to_open("chat", example="guide_question")["example"] == "guide_question"
