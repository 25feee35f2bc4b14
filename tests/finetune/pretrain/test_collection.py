"""The collection, character F1 by hand, and when a reply is right."""

import json
import re
from collections import Counter

import pytest

from finetune.pretrain.collection import (
    LANGUAGES,
    character_f1,
    is_right,
    load_topics,
    overlap_f1,
)
from finetune.pretrain.corpus import words

TABBY, DOG = "a cat sat", "a dog ran"


def test_character_f1_by_hand():
    # abcc / bccd share b, c, c: 2 * 3 / (4 + 4)
    assert character_f1("ab cc", "bccd") == 0.75
    # 你好吗 / 你好 share two: 2 * 2 / (3 + 2)
    assert character_f1("你好吗", "你好") == pytest.approx(0.8)
    assert character_f1("same text", "sametext") == 1.0
    assert character_f1("abc", "xyz") == 0.0
    assert character_f1("", "") == 0.0


def test_overlap_f1_counts_each_word_as_often_as_it_stands():
    # the, the / the: one shared, 2 * 1 / (2 + 1)
    assert overlap_f1(["the", "the"], ["the"]) == pytest.approx(2 / 3)


def test_a_reply_is_right_when_its_own_answer_is_closest_and_close():
    answers = [TABBY, DOG]
    assert is_right("a cat sat", TABBY, answers)
    assert is_right("a cat sat.", TABBY, answers)  # 2 * 7 / (7 + 8) = 0.93
    assert not is_right("a dog ran", TABBY, answers)
    assert not is_right("a cat", TABBY, answers)  # 2 * 4 / (4 + 7) = 0.73
    assert not is_right("", TABBY, answers)


def test_every_topic_has_both_languages_and_four_phrasings():
    topics = load_topics()
    by_language = {
        language: {topic.id for topic in topics if topic.language == language}
        for language in LANGUAGES
    }
    assert by_language["en"] == by_language["zh"]
    assert len(by_language["en"]) >= 150
    for topic in topics:
        assert len(set(topic.questions)) >= 4
        assert topic.held_out not in topic.questions


def test_no_question_belongs_to_two_topics():
    asked = Counter(
        " ".join(words(question))
        for topic in load_topics()
        for question in {*topic.questions, topic.held_out}
    )
    assert [question for question, times in asked.items() if times > 1] == []


@pytest.mark.parametrize("topic", load_topics(), ids=lambda topic: f"{topic.id}-{topic.language}")
def test_an_answer_has_two_to_five_sentences_and_a_held_out_wording_is_new(topic):
    ends = re.findall(r"[.!?](?=\s|$)" if topic.language == "en" else "[。！？]", topic.answer)
    assert 2 <= len(ends) <= 5
    new = Counter(words(topic.held_out))
    for question in topic.questions:
        assert (new & Counter(words(question))).total() * 2 <= new.total(), question


def test_a_topic_given_twice_is_refused(tmp_path):
    side = {"answer": "a", "questions": ["q"], "held_out": "h"}
    topic = {"id": "one", "en": side, "zh": side}
    (tmp_path / "a.json").write_text(json.dumps([topic, topic]), encoding="utf-8")
    with pytest.raises(ValueError, match="one"):
        load_topics(tmp_path)
