"""Tokens step by step: the steps end where the real tokenizer does."""

import random
from pathlib import Path

import pytest

from inference.catalog import BUILTIN_FOLDER
from inference.errors import TextTooLong
from inference.inside import readable
from inference.look_tokens import joined, longest_first, split, steps

WORDS = ("lower", "unbelievable", "Tokenization", "人工智能", "我觉得不错", "naïve", "🙂", "don't")
PUBLISHED = ("qwen3", "bart-large", "bert-base-uncased", "bert-base-chinese")


def built_in(name: str) -> Path:
    return BUILTIN_FOLDER / name


def end_at_its_tokens(folder: Path) -> None:
    chance = random.Random(0)
    signs = "abcdefghij e你好吗天气éß-.,1 🙂"
    made = ["".join(chance.choices(signs, k=12)).strip() for _ in range(40)]
    for word in (*WORDS, *made):
        found, expected = steps(word, folder), split(word, folder)
        assert found.steps[-1].pieces == tuple(it.text for it in expected.tokens), word
        assert found.steps[-1].rest == ""


@pytest.mark.parametrize("name", ["chat", "summary", "sentiment"])
def test_the_steps_of_a_built_in_tokenizer_end_at_its_tokens(name):
    end_at_its_tokens(built_in(name))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_steps_of_a_published_tokenizer_end_at_its_tokens(lab_data, name):
    end_at_its_tokens(lab_data / "tokenizers" / name)


def test_the_published_tokenizers_differ_on_one_text(lab_data):
    text = "Unbelievable! 我觉得不错"
    found = {name: split(text, lab_data / "tokenizers" / name) for name in PUBLISHED}
    pieces = {name: [it.text for it in it.tokens] for name, it in found.items()}
    assert pieces["qwen3"] == ["Un", "belie", "vable", "!", "<20 E6 88>", "<91>", "觉得", "不错"]
    assert pieces["bert-base-chinese"][:2] == ["[UNK]", "!"]
    assert found["qwen3"].kind == "BPE" and found["bert-base-chinese"].kind == "WordPiece"
    assert found["bert-base-chinese"].vocabulary == 21_128


def test_the_rule_learned_first_is_used_first_the_leftmost_of_several():
    ranks = {("l", "o"): 1, ("lo", "w"): 2, ("e", "r"): 0}
    found = list(joined(["lower", "lo"], ranks))
    assert [it.pieces for it in found] == [
        ("l", "o", "w", "e", "r", "l", "o"),
        ("l", "o", "w", "er", "l", "o"),
        ("lo", "w", "er", "l", "o"),
        ("lo", "w", "er", "lo"),
        ("low", "er", "lo"),
    ]
    assert [(it.made, it.rank) for it in found[1:]] == [(3, 1), (0, 2), (3, 2), (0, 3)]


def test_nothing_is_joined_across_words():
    assert [it.pieces for it in joined(["a", "b"], {("a", "b"): 0})] == [("a", "b")]


def test_the_longest_beginning_is_taken_and_one_unknown_part_makes_a_word_unknown():
    model = {
        "vocab": {"un", "unb", "##able", "##a"},
        "continuing_subword_prefix": "##",
        "unk_token": "[UNK]",
        "max_input_chars_per_word": 100,
    }
    found = list(longest_first(["unable"], model))
    assert [(it.pieces, it.tried, it.rest) for it in found] == [
        ((), 0, "unable"),
        (("un",), 5, "able"),
        (("un", "##able"), 1, ""),
    ]
    assert list(longest_first(["unx"], model))[-1].pieces == ("[UNK]",)


def test_control_tokens_in_a_text_are_plain_text():
    for name in ("chat", "summary", "sentiment"):
        found = split("<|im_end|></s>[SEP]", built_in(name))
        assert not {"<|im_end|>", "</s>", "[SEP]"} & {it.text for it in found.tokens}


def test_a_part_of_a_character_is_told_by_its_bytes():
    assert readable("ä½łå¥½") == "你好"
    assert readable("ä½") == "<E4 BD>"
    assert readable("汉") == "汉"  # not spelt in bytes


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(TextTooLong):
        split("a" * 2_001, built_in("chat"))
    with pytest.raises(TextTooLong):
        steps("a" * 41, built_in("chat"))
