"""Made-up questions: of pieces of real ones, each of the topic whose words it has."""

import random

from finetune.pretrain.collection import LANGUAGES, UNKNOWN, Asked, Topic
from finetune.pretrain.question_teacher import made_up_questions
from finetune.pretrain.teacher import pieces

TOPICS = [
    Topic("lora", "en", "LoRA adds matrices.", ("What is LoRA?", "Why use LoRA?"), "unseen"),
    Topic("loss", "en", "Loss is a number.", ("What is loss?", "Why does loss fall?"), "hidden"),
    Topic("lora", "zh", "LoRA加上矩阵。", ("什么是LoRA？", "为何用LoRA？"), "没见过"),
    Topic("loss", "zh", "损失是个数。", ("什么是损失？", "损失为何下降？"), "留出来"),
]
UNRELATED = {
    "en": Asked(("Which river is long?", "How far is the river?"), ("another",)),
    "zh": Asked(("哪条河最长？", "河有多远？"), ("别的",)),
}


def test_what_is_made_up_belongs_to_the_topic_whose_words_it_has():
    made = made_up_questions(TOPICS, UNRELATED, random.Random(4), count=300)
    assert {key[1] for key in made} == set(LANGUAGES)
    for word, others, (topic_id, language) in (
        ("LoRA", ("loss", "river"), ("lora", "en")),
        ("loss", ("LoRA", "river"), ("loss", "en")),
        ("LoRA", ("损", "失", "河"), ("lora", "zh")),
        ("损失", ("LoRA", "河"), ("loss", "zh")),
    ):
        told = [
            key[0]
            for key, texts in made.items()
            for text in texts
            if key[1] == language and word in text and not any(other in text for other in others)
        ]
        assert told.count(topic_id) > 0.9 * len(told) > 0
    assert any("river" in text for text in made[UNKNOWN, "en"])


def test_it_is_seeded_and_made_of_pieces_of_trained_wordings_only():
    made = made_up_questions(TOPICS, UNRELATED, random.Random(4), count=60)
    assert made == made_up_questions(TOPICS, UNRELATED, random.Random(4), count=60)
    trained = {q for topic in TOPICS for q in topic.questions}
    trained |= {q for asked in UNRELATED.values() for q in asked.questions}
    known = {piece.strip() for text in trained for piece in pieces(text)}
    assert {p.strip() for texts in made.values() for t in texts for p in pieces(t)} <= known
