"""Varied questions: never a held-out one, always from the topic's own words."""

import random

from finetune.pretrain.collection import Topic
from finetune.pretrain.phrasings import Phrasings, _keywords

LORA = Topic("lora", "en", "LoRA trains small matrices.", ("What is LoRA?", "Why LoRA?"), "held")
TOKEN = Topic("token", "zh", "词元是文字的小块。", ("什么是词元？", "词元是什么"), "留出")
NOISE = ["it was a fine day in the old town", "今天天气很好我们去公园"]


def test_drawing_is_seeded_and_never_empty():
    def drawn() -> list[str]:
        phrasings = Phrasings([LORA, TOKEN], NOISE, random.Random(5))
        return [phrasings.draw(topic) for topic in (LORA, TOKEN) for _ in range(200)]

    questions = drawn()
    assert questions == drawn()
    assert all(question.strip() for question in questions)
    assert "What is LoRA?" in questions and "什么是词元？" in questions
    assert len(set(questions)) > 150


def test_questions_made_up_for_a_topic_are_drawn_too():
    phrasings = Phrasings([LORA, TOKEN], NOISE, random.Random(5), {("lora", "en"): ["LoRA so why"]})
    drawn = [phrasings.draw(LORA).lower() for _ in range(200)]
    assert 40 < sum("lora so why" in question for question in drawn) < 120
    assert not any("lora so why" in phrasings.draw(TOKEN) for _ in range(100))


def test_keywords_of_a_topic_are_those_others_do_not_use():
    other = Topic("rank", "en", "A rank is a size.", ("What is the rank?",), "held")
    keywords, weights = _keywords([LORA, other])["lora", "en"]
    by_weight = dict(zip(keywords, weights, strict=True))
    assert max(by_weight, key=by_weight.__getitem__) == "LoRA"
    assert by_weight["What"] < by_weight["LoRA"] / 3
