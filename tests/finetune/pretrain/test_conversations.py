"""What the chat model is trained on: every answer belongs to its question."""

import random

import pytest

from finetune.pretrain import conversations as drawing
from finetune.pretrain.collection import (
    LANGUAGES,
    UNKNOWN,
    Topic,
    fallbacks,
    load_follow_ups,
    load_topics,
    load_unrelated,
)
from finetune.pretrain.conversations import Conversations, thought_of

TOPICS = [
    Topic("lora", "en", "LoRA is small. It is fast.", ("What is LoRA?",), "held", "A patch."),
    Topic("lora", "zh", "LoRA很小。它很快。", ("什么是LoRA？",), "留出", "一块补丁。"),
    Topic("loss", "en", "Loss falls. Good.", ("What is loss?",), "held"),
    Topic("loss", "zh", "损失下降。很好。", ("什么是损失？",), "留出"),
]
NOISE = ["it was a fine day in the old town. we went home.", "今天天气很好我们去公园。明天再来。"]


@pytest.fixture
def conversations():
    return Conversations(TOPICS, NOISE, random.Random(3))


def test_drawing_is_seeded():
    drawn = [Conversations(TOPICS, NOISE, random.Random(3)) for _ in range(2)]
    one, other = ([c.alone() for _ in range(50)] for c in drawn)
    assert one == other


def test_without_a_simple_answer_its_first_sentence_is_the_simpler_one():
    assert [topic.simpler for topic in TOPICS] == [
        "A patch.",
        "一块补丁。",
        "In short: Loss falls.",
        "简单说：损失下降。",
    ]


def test_a_question_alone_ends_with_a_topics_answer_or_with_what_the_model_is(conversations):
    known = {topic.answer for topic in TOPICS}
    unknown = {fallbacks()[UNKNOWN, language].answer for language in LANGUAGES}
    seen = [conversations.alone() for _ in range(300)]
    assert {messages[-1]["content"] for messages in seen} == known | unknown
    assert all(messages[-2]["role"] == "user" for messages in seen)


def test_a_follow_up_is_about_the_turn_before(conversations):
    wishes = load_follow_ups()
    by_key = {(topic.id, topic.language): topic for topic in TOPICS} | fallbacks()
    about = {
        reply: topic.id for topic in by_key.values() for reply in (topic.answer, topic.simpler)
    }
    checked = 0
    for _ in range(600):
        *_, earlier, wish, reply = conversations.after_a_turn()
        assert earlier["role"] == reply["role"] == "assistant"
        asked_for_the_other = any(wish["content"] in to.questions for to in wishes.to.values())
        if asked_for_the_other and earlier["content"] in about:
            assert about[reply["content"]] == about[earlier["content"]]
            checked += 1
    assert checked > 20


def test_a_wish_after_a_topics_turn_is_fulfilled_and_one_after_anything_else_is_not(conversations):
    wishes = {q for asked in load_follow_ups().simpler.values() for q in asked.questions}
    own = {reply for topic in TOPICS for reply in (topic.answer, topic.simpler)}
    unknown = {fallbacks()[UNKNOWN, language].answer for language in LANGUAGES}
    seen = {True: 0, False: 0}
    for _ in range(1500):
        *_, earlier, wish, reply = conversations.after_a_turn()
        if wish["content"] in wishes:
            after_own = earlier["content"] in own
            seen[after_own] += 1
            assert (reply["content"] in own) == after_own
            assert (reply["content"] in unknown) <= (not after_own)
    assert seen[True] > 50 and seen[False] > 5


def test_some_replies_are_thought_about_first(conversations):
    thoughts = {conversations.alone()[-1].get("reasoning_content", "") for _ in range(400)}
    assert {"", thought_of(TOPICS[0]), thought_of(TOPICS[1])} <= thoughts
    assert thought_of(TOPICS[0]) == "I know this: LoRA is small. It is …"
    assert thought_of(TOPICS[1]) == "这个我学过：LoRA很小。它……"


def test_no_held_out_wording_is_trained_on():
    for asked in [
        *load_unrelated().values(),
        *(each for kind in vars(load_follow_ups()).values() for each in kind.values()),
    ]:
        assert asked.questions and asked.held_out
        assert not set(asked.questions) & set(asked.held_out)


def test_nothing_unrelated_is_a_topics_question():
    own = {question.lower() for topic in load_topics() for question in topic.questions}
    for asked in load_unrelated().values():
        assert not own & {question.lower() for question in (*asked.questions, *asked.held_out)}


def test_questions_are_worded_as_in_the_collection_where_that_is_asked_for(conversations):
    known = {topic.answer for topic in TOPICS}
    for _ in range(100):
        *_, question, reply = conversations.alone(as_written=1.0)
        if reply["content"] in known:
            assert any(question["content"] in topic.questions for topic in TOPICS)


def test_a_first_wording_is_dressed_and_never_taken_apart(monkeypatch):
    monkeypatch.setattr(drawing, "FIRST_WORDING_SHARE", 1.0)
    topic = Topic("lora", "en", "LoRA is small. It is fast.", ("What is LoRA?", "Other"), "held")
    conversations = Conversations([topic], NOISE, random.Random(3))
    drawn = [conversations.alone()[-2:] for _ in range(100)]
    asked = [question["content"] for question, reply in drawn if reply["content"] == topic.answer]
    assert len(asked) > 50
    assert all("what is lora" in question.lower() for question in asked)
