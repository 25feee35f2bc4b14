"""What no topic answers: of the collection, made up, about something, or a sentence of a novel."""

import random

import pytest

from finetune.pretrain.collection import LANGUAGES, UNKNOWN, Topic, load_unrelated
from finetune.pretrain.phrasings import Phrasings
from finetune.pretrain.unrelated import Unrelated

TOPICS = [Topic("lora", language, "LoRA.", ("LoRA?",), "held") for language in LANGUAGES]
NOISE = ["it was a fine day. we went home.", "今天天气很好我们去公园。明天再来。"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_kinds_are_drawn(language):
    rng = random.Random(7)
    phrasings = Phrasings(TOPICS, NOISE, rng)
    unrelated = Unrelated(phrasings, NOISE, {(UNKNOWN, language): ["made up"]}, rng)
    drawn = [unrelated.draw(language) for _ in range(400)]
    asked = load_unrelated()[language]
    assert 80 < drawn.count("made up") < 160
    assert sum(each in asked.questions for each in drawn) > 140
    assert any(each in unrelated.statements[language] for each in drawn)
    about = ("Explain ", "Tell me about ") if language == "en" else ("讲讲", "介绍一下")
    assert any(each.startswith(about) for each in drawn)
    assert not set(asked.held_out) & set(drawn)


def test_statements_are_whole_sentences_of_their_language():
    rng = random.Random(7)
    unrelated = Unrelated(Phrasings(TOPICS, NOISE, rng), NOISE, {}, rng)
    assert unrelated.statements == {
        "en": ["it was a fine day.", "we went home."],
        "zh": ["今天天气很好我们去公园。", "明天再来。"],
    }
