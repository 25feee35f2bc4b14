"""The conversations that are measured with."""

from finetune.pretrain.collection import (
    UNKNOWN,
    Topic,
    fallbacks,
    load_follow_ups,
    load_unrelated,
)
from finetune.pretrain.measure_chat import follow_ups, right, share

TOPICS = [
    Topic("lora", "en", "LoRA is small.", ("What is LoRA?", "Why LoRA?"), "held", "A patch."),
    Topic("lora", "zh", "LoRA很小。", ("什么是LoRA？", "为何LoRA？"), "留出", "一块补丁。"),
    Topic("loss", "en", "Loss falls.", ("What is loss?", "Why loss?"), "held"),
]


def test_only_topics_with_a_simpler_answer_are_followed_up():
    found = follow_ups(TOPICS)
    assert {kind: len(pairs) for kind, pairs in found.items()} == {
        "follow_up_other_language": 2,
        "follow_up_simpler": 2,
        "follow_up_new_question": 2,
        "follow_up_unrelated": 2,
    }


def test_a_follow_up_uses_new_wordings_and_wants_the_other_answer():
    (messages, wanted), (_, wanted_of_chinese) = follow_ups(TOPICS)["follow_up_other_language"]
    assert [m["content"] for m in messages[:2]] == ["What is LoRA?", "LoRA is small."]
    assert messages[2]["content"] in load_follow_ups().to["zh"].held_out
    assert (wanted, wanted_of_chinese) == ("LoRA很小。", "LoRA is small.")
    simpler = follow_ups(TOPICS)["follow_up_simpler"]
    assert [wanted for _, wanted in simpler] == ["A patch.", "一块补丁。"]


def test_another_question_is_of_the_same_language_as_often_as_of_the_other():
    topics = [
        Topic(str(n), language, f"{n} {language}", ("a", f"{n}{language}"), "h", "s")
        for n in range(10)
        for language in ("en", "zh")
    ]
    asked = follow_ups(topics)["follow_up_new_question"]
    same = [messages[1]["content"][-2:] == wanted[-2:] for messages, wanted in asked]
    assert sum(same) == len(asked) / 2
    assert all(messages[1]["content"] != wanted for messages, wanted in asked)


def test_a_question_about_something_else_is_new_and_wants_to_hear_what_the_model_is():
    for messages, wanted in follow_ups(TOPICS)["follow_up_unrelated"]:
        language = next(
            each
            for each, asked in load_unrelated().items()
            if messages[2]["content"] in asked.held_out
        )
        assert wanted == fallbacks()[UNKNOWN, language].answer


def test_a_reply_is_judged_without_its_thought():
    candidates = ["a cat sat", "a dog ran"]
    replies = ["<think>\na dog ran\n</think>\n\na cat sat", "a dog ran", "<think>\na cat sat"]
    assert right(replies, ["a cat sat"] * 3, candidates) == [True, False, False]


def test_a_share_is_of_those_asked():
    assert share([True, False, False]) == 0.333
    assert share([]) == 0.0
