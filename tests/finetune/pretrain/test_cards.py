"""The committed models: small enough, described, measured, and answering."""

import re
from dataclasses import replace

import pytest

from components._sentences import SENTENCES
from finetune.pretrain.cards import CARDS, START, STOP, parameters
from finetune.pretrain.collection import (
    LANGUAGES,
    UNKNOWN,
    Topic,
    character_f1,
    fallbacks,
    load_topics,
)
from finetune.pretrain.measure import scores, summaries
from finetune.pretrain.measure_chat import after_a_turn, answers
from finetune.pretrain.training import BUILTIN

MEGABYTE = 1_000_000
# Buttons below the empty conversation, and the topics of their questions.
STARTERS = {
    "starter_1": "who-are-you",
    "starter_2": "lora",
    "starter_3": "what-is-a-token",
    "starter_4": "learning-rate",
}
KINDS = ("trained", "held_out", "unrelated")
FIGURES = {
    "chat": {
        *(f"{kind}_{language}" for kind in KINDS for language in ("en", "zh")),
        *(f"follow_up_{kind}" for kind in ("other_language", "simpler", "new_question")),
        "thinking_held_out",
        "thinking_thought",
    },
    "sentiment": {
        f"{figure}_{language}"
        for figure in ("rows", "accuracy", "ece", "tfidf")
        for language in ("en", "zh")
    },
    "summary": {
        f"{name}_{figure}"
        for name in ("cnndm", "scitldr", "csl", "vcsum")
        for figure in (
            "words_from_input",
            "length",
            "repeats_4gram",
            "complete",
            "rouge1",
            "rouge1_random",
            "rouge1_over_random",
        )
    }
    | {"en_rouge1_over_random", "zh_rouge1_over_random"},
}


def test_files_are_small():
    sizes = {p: p.stat().st_size for p in BUILTIN.rglob("*") if p.is_file()}
    assert sizes and max(sizes.values()) < 10 * MEGABYTE
    assert sum(sizes.values()) < 30 * MEGABYTE
    assert not [p for p in sizes if p.suffix in {".bin", ".pt", ".pkl"}]


@pytest.mark.parametrize("name", CARDS)
def test_a_card_has_its_figures_licence_and_command(name):
    card = (BUILTIN / name / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert f"{parameters(BUILTIN / name):,} parameters" in card
    assert f"python -m finetune.pretrain {name}" in card
    table = card.partition(START)[2].partition(STOP)[0]
    measured = dict(re.findall(r"^\| (\w+) \| (-?[\d.]+) \|$", table, re.M))
    assert measured.keys() >= FIGURES[name]


@pytest.mark.parametrize(("name", "low", "high"), [("chat", 3, 5), ("sentiment", 1, 1.3)])
def test_parameters_in_millions(name, low, high):
    assert low * 1e6 <= parameters(BUILTIN / name) <= high * 1e6


def topics_in(language) -> dict[str, Topic]:
    return {topic.id: topic for topic in load_topics() if topic.language == language}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chat_model_answers_the_pages_starters_and_says_them_more_simply(language):
    topics = [topics_in(language)[topic_id] for topic_id in STARTERS.values()]
    asked = [SENTENCES[key][LANGUAGES.index(language)] for key in STARTERS]
    assert answers(BUILTIN / "chat", asked) == [topic.answer for topic in topics]
    wish = {"en": "Say it more simply", "zh": "再说简单一点"}[language]
    turns = [
        after_a_turn(replace(topic, questions=(question,)), wish)
        for question, topic in zip(asked, topics, strict=True)
    ]
    assert answers(BUILTIN / "chat", turns) == [topic.simple for topic in topics]


@pytest.mark.parametrize(
    ("language", "greetings"), [("en", ["Hello", "hello"]), ("zh", ["你好", "您好"])]
)
def test_the_chat_model_greets_in_the_visitors_language(language, greetings):
    wanted = topics_in(language)["greetings"].answer
    assert answers(BUILTIN / "chat", greetings) == [wanted] * len(greetings)


def test_the_chat_model_says_what_it_is_when_it_cannot_know():
    asked = ["What is the capital of France?", "北京今天天气怎么样？"]
    wanted = [fallbacks()[UNKNOWN, language].answer for language in LANGUAGES]
    assert answers(BUILTIN / "chat", asked) == wanted


@pytest.mark.parametrize(
    ("language", "wish", "wanted"),
    [
        ("en", "And in Chinese?", lambda topics: topics["zh"].answer),
        ("zh", "用英文怎么说？", lambda topics: topics["en"].answer),
        ("en", "Say it more simply", lambda topics: topics["en"].simple),
        ("zh", "再说简单一点", lambda topics: topics["zh"].simple),
    ],
)
def test_the_chat_model_puts_the_turn_before_differently(language, wish, wanted):
    by_id: dict[str, dict[str, Topic]] = {}
    for topic in load_topics():
        if topic.simple:
            by_id.setdefault(topic.id, {})[topic.language] = topic
    common = list(by_id.values())[::5]
    replies = answers(BUILTIN / "chat", [after_a_turn(each[language], wish) for each in common])
    right = [
        character_f1(reply, wanted(topics)) > 0.8
        for reply, topics in zip(replies, common, strict=True)
    ]
    assert len(right) >= 18
    assert sum(right) >= 0.85 * len(right)


def test_the_chat_model_writes_a_thought_of_its_own_where_asked_to():
    (reply,) = answers(BUILTIN / "chat", ["什么是LoRA？"], thinking=True)
    thought, _, answer = reply.partition("</think>")
    assert thought.startswith("<think>\n这个我学过：LoRA")
    assert answer.strip()


def test_the_sentiment_model_tells_plain_sentences_apart():
    texts = ["I love it, great quality.", "Terrible, a waste of money.", "非常满意", "太差了，失望"]
    assert scores(BUILTIN / "sentiment", texts).argmax(-1).tolist() == [1, 0, 1, 0]


def test_the_summary_model_copies_from_a_passage():
    text = (
        "The town built a new bridge over the river. The bridge was paid for by the town. "
        "It rained all day. People of the town were glad to cross the river by the bridge. "
        "A dog slept in the sun and nobody minded it at all."
    )
    ((read, made),) = summaries(BUILTIN / "summary", [text])
    assert read == text
    assert 0 < len(made) < len(text) * 0.7
