"""Sentences, words, and a split whose two sides share nothing."""

from finetune.pretrain import corpus
from finetune.pretrain.corpus import Labelled


def test_sentences_are_the_text_again_when_joined():
    text = "Mr. Bennet came. “Is it let?” she said! 你好。“走吧！”他说"
    parts = corpus.sentences(text)
    assert "".join(parts) == text
    assert parts == [
        "Mr. Bennet came. ",
        "“Is it let?” ",
        "she said! ",
        "你好。",
        "“走吧！”",
        "他说",
    ]


def test_words_are_lower_case_and_chinese_characters_stand_alone():
    assert corpus.words("LoRA 微调, r=8!") == ["lora", "微", "调", "r", "8"]


def test_is_chinese():
    assert corpus.is_chinese("今天 weather 好")
    assert not corpus.is_chinese("The word 好 means good.")


def test_the_split_is_seeded_stratified_and_disjoint():
    rows = [
        Labelled(f"{language} {label} {n}", label, language)
        for language in corpus.LANGUAGES
        for label in (0, 1)
        for n in range(50)
    ]
    train, held_out = corpus.split_reviews(rows)
    assert (train, held_out) == corpus.split_reviews(rows)
    assert not set(train) & set(held_out)
    assert set(train) | set(held_out) == set(rows)
    for language in corpus.LANGUAGES:
        for label in (0, 1):
            group = [r for r in held_out if (r.language, r.label) == (language, label)]
            assert len(group) == 10


def test_no_review_stands_on_both_sides_in_the_same_words(lab_data):
    train, held_out = corpus.split_reviews(corpus.reviews(lab_data / "data"))
    seen = {tuple(corpus.words(row.text)) for row in train}
    assert not seen & {tuple(corpus.words(row.text)) for row in held_out}
    assert len(held_out) > 700


def test_own_sentences_are_balanced_and_unique():
    rows = corpus.own_sentences()
    assert len(rows) == len({row.text for row in rows}) == 300
    assert sum(row.label for row in rows) == 150


def test_novels_carry_no_publisher_text(lab_data):
    for language in corpus.LANGUAGES:
        text = " ".join(corpus.book_paragraphs(lab_data / "data", language))
        assert len(text) > 100_000
        assert "Gutenberg" not in text and "Chapter 1 " not in text


def test_common_characters():
    found = corpus.common_characters()
    assert len(found) == len(set(found)) == 3755
    assert found[0] == "啊" and "微" in found
