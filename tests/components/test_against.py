"""A chat model's answer read as label, reason and rewrite, and what it is asked."""

import time
from dataclasses import replace

import pytest

from components import _against, _against_panel
from components._against import Opinion, parse, question, words
from components._models import Wanted
from inference.errors import LabError, MessageEmpty, ModelUnknown
from inference.records import Chunk, Scores

EN = {"positive": "positive", "negative": "negative"}
ZH = {"positive": "正面", "negative": "负面"}
STARS = {f"{n} star{'s' * (n > 1)}": f"{n} star{'s' * (n > 1)}" for n in range(1, 6)}


@pytest.mark.parametrize(
    "answer",
    [
        "Label: negative\nReason: It says cold.\nRewrite: The soup was hot.",
        "**Label:** Negative.\n**Reason:** It says cold.\n**Rewrite:** The soup was hot.",
        "**Label**: **negative**\n\n**Reason**: It says cold.\n\n**Rewrite**: The soup was hot.",
        "1. Label: negative\n2. Reason: It says cold.\n3. Rewrite: The soup was hot.",
        "- label : negative\n- reason : It says cold.\n- rewritten text : The soup was hot.",
        "### Label: negative\n### Reason: It says cold.\n### Rewrite: “The soup was hot.”",
        "Label: negative Reason: It says cold. Rewrite: The soup was hot.",
        "negative\nReason: It says cold.\nRewrite: The soup was hot.",
        "Here you are.\n\nLabel：negative\nReason：It says cold.\nRewrite：The soup was hot.",
        "Rewrite: The soup was hot.\nLabel: negative\nReason: It says cold.",
        "标签：negative\nReason: It says cold.\n改写：\nThe soup was hot.",
        "Label: The label is negative\nReason: It says cold.\nRewrite: The soup was hot.",
    ],
)
def test_an_english_answer_is_read_however_it_is_set(answer):
    assert parse(answer, EN) == Opinion("negative", "It says cold.", "The soup was hot.")


@pytest.mark.parametrize(
    "answer",
    [
        "标签：负面\n理由：提到“冷”。\n改写：汤很热。",
        "**标签：** 负面\n**理由：** 提到“冷”。\n**改写：** 汤很热。",
        "**标签**：负面。\n\n**理由**：提到“冷”。\n\n**改写**：“汤很热。”",
        "1、标签: 负面\n2、理由: 提到“冷”。\n3、改写: 汤很热。",
        "【标签】：负面\n【理由】：提到“冷”。\n【改写】：汤很热。",
        "标签：负面 理由：提到“冷”。 改写后：汤很热。",
        "负面\n原因：提到“冷”。\n改写：汤很热。",
        "情感：负面（negative）\n理由：提到“冷”。\n改写：汤很热。",
    ],
)
def test_a_chinese_answer_is_read_however_it_is_set(answer):
    assert parse(answer, ZH) == Opinion("negative", "提到“冷”。", "汤很热。")


def test_what_is_not_given_is_empty():
    assert parse("I am a demo model.", EN) == Opinion()
    assert parse("", EN) == Opinion()
    assert parse("Label: neutral\nReason: mixed", EN) == Opinion("", "mixed", "")
    assert parse("Label: positive or negative", EN).label == ""
    assert parse("Rewrite: Good.", EN) == Opinion("", "", "Good.")


def test_an_answer_is_read_while_it_is_written():
    whole = "Label: negative\nReason: It says cold.\nRewrite: The soup was hot."
    assert parse(whole[:3], EN) == Opinion()
    assert parse(whole[:20], EN) == Opinion("negative")
    assert parse(whole[:-10], EN).rewrite == "The sou"


def test_an_answer_that_is_given_twice_is_read_once():
    answer = "Label: negative\nReason: cold.\nRewrite: Hot soup.\n\n"
    twice = answer + answer.replace("negative", "positive")
    assert parse(twice, EN) == Opinion("negative", "cold.", "Hot soup.")


def test_words_of_the_rewritten_text_are_no_marks():
    answer = "Label: negative\nReason: cold.\nRewrite: My reason: it was hot."
    assert parse(answer, EN) == Opinion("negative", "cold.", "My reason: it was hot.")
    one_line = "Label: negative Rewrite: My reason: it was hot."
    assert parse(one_line, EN) == Opinion("negative", "", "My reason: it was hot.")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("5 stars", "5 stars"),
        ("I would say 5 stars, not fewer", "5 stars"),
        ("1 star", "1 star"),
        ("11 stars", ""),
        ("1 star or 2 stars", ""),
    ],
)
def test_labels_are_told_apart(said, label):
    assert parse(f"Label: {said}", STARS).label == label


def test_a_label_within_another_is_not_taken_for_it():
    names = {"positive": "positive", "very positive": "very positive"}
    assert parse("Label: it is very positive", names).label == "very positive"
    assert parse("标签：非常好评", {"好评": "好评", "非常好评": "非常好评"}).label == "非常好评"


def test_the_question_is_in_the_language_of_the_text_and_names_the_labels():
    labels = ("positive (stars 4 and 5)", "negative (stars 1, 2 and 3)")
    chinese = question("汤是冷的。", words(labels, "汤是冷的。"), {})
    assert "汤是冷的。" in chinese and "正面、负面" in chinese and "另一个标签" in chinese
    english = question("Cold soup.", words(labels, "Cold soup."), {})
    assert "Cold soup." in english and "positive, negative" in english and "the other" in english


def test_of_many_labels_the_least_likely_is_the_one_to_rewrite_for():
    scores = dict(zip(STARS, (0.01, 0.04, 0.1, 0.25, 0.6), strict=True))
    assert "“1 star” fits it" in question("Good.", STARS, scores)
    own = {"退款": "退款", "物流": "物流", "质量": "质量"}
    asked = question("什么时候到？", own, {"退款": 0.2, "物流": 0.7, "质量": 0.1})
    assert "符合标签“质量”" in asked


def test_a_long_text_has_room_to_be_written_again():
    assert _against.settings("word " * 900).max_new_tokens > 2 * 900
    assert _against.settings("好" * 5_000).max_new_tokens == _against.LONGEST
    assert not _against.settings("a").thinking and _against.settings("a").temperature == 0


@pytest.fixture
def sides(monkeypatch):
    """Stand-ins of the two engines; each can be told to fail."""
    answer = "Label: negative\nReason: cold.\nRewrite: Hot soup."
    fails: dict[str, LabError] = {}
    chunks = [Chunk(answer[:20]), Chunk(answer, finish_reason="stop")]

    def classify(services, wanted, texts):
        if "classify" in fails:
            raise fails["classify"]
        share = {"Hot soup.": 0.9}.get(texts[0], 0.2)
        label = "positive" if share > 0.5 else "negative"
        yield Scores(texts[0], label, {"positive": share, "negative": 1 - share})

    def chat(services, wanted, message, *more):
        if "chat" in fails:
            raise fails["chat"]
        return (it for it in chunks)

    monkeypatch.setattr(_against_panel._classifiers, "classify", classify)
    monkeypatch.setattr(_against_panel._models, "chat", chat)
    return fails


def last(services):
    left, right = Wanted(model="builtin/sentiment"), Wanted(model="builtin/chat")
    *_, found = _against_panel._compared(services, "Cold soup.", left, right)
    return found, _against_panel._shown(found, "en")


def test_both_sides_are_shown_and_the_rewrite_goes_back_to_the_classifier(services, sides):
    found, (scores, left, answer, right, _, raw, verdict) = last(services)
    assert scores == {"positive": 0.2, "negative": 0.8}
    assert "memory" in left and "“positive” (90%)" in left
    assert "Hot soup" in answer and "Hot soup" in raw
    assert "cannot do this task" in right  # a demo, and said to be one
    assert "Both say “negative”" in verdict
    assert found.right_cost.demo


def test_a_classifier_that_fails_leaves_the_chat_models_answer(services, sides):
    sides["classify"] = ModelUnknown(model="a/b")
    found, (_, left, answer, _, _, _, verdict) = last(services)
    assert isinstance(found.scores, ModelUnknown)
    assert "a/b" in left and "Hot soup" in answer and verdict == ""


def test_a_chat_model_that_fails_leaves_the_classifiers_label(services, sides):
    sides["chat"] = MessageEmpty()
    _, (scores, _, answer, right, fold, _, verdict) = last(services)
    assert scores == {"positive": 0.2, "negative": 0.8}
    assert "message is empty" in right and answer == verdict == "" and not fold.visible


def test_what_a_chat_model_did_not_give_is_said_once_it_is_done(services, sides):
    found, _ = last(services)
    silent = replace(found, chunk=Chunk("<b>Hello</b>"))
    assert _against_panel._answer(silent, "en") == ""
    silent.chunk = Chunk("<b>Hello</b>", finish_reason="stop")
    told = _against_panel._answer(silent, "zh")
    assert told.count("没有") == 3 and _against_panel._verdict(silent, "zh") == ""


def test_a_model_of_the_chat_server_takes_no_memory_here():
    cost = _against.Cost(None, demo=False, loaded=True)
    assert "no memory here" in _against_panel._cost(cost, 1.0, "en")
    assert "不占用这里的内存" in _against_panel._cost(cost, 1.0, "zh")


@pytest.mark.parametrize("answer", ["*" * 40_000, "label" + " " * 40_000, "`*_" * 20_000])
def test_a_line_of_nothing_but_marks_is_read_at_once(answer):
    started = time.process_time()
    _against.parse(answer, {"positive": "positive", "negative": "negative"})
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Label: not positive", {"positive": "positive", "negative": "negative"}),
        ("标签：不满意", {"满意": "满意", "失望": "失望"}),
    ],
)
def test_a_label_that_is_denied_is_not_said(said, names):
    assert _against.parse(said, names).label == ""
