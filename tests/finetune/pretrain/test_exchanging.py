"""Tokens that stand for others throughout a passage."""

import random

import pytest

from finetune.pretrain import exchanging
from finetune.pretrain.exchanging import Exchange
from finetune.pretrain.segmentation import ending_tokens
from finetune.pretrain.vocabularies import summary_tokenizer

TEXT = "小猫坐在屋里的地毯上。大雨下了整整一天一夜。小猫看雨。"


@pytest.fixture(scope="module")
def tokenizer():
    return summary_tokenizer([TEXT, "The cat sat in the house."], 4500, 128)


@pytest.fixture
def exchange(tokenizer, monkeypatch):
    monkeypatch.setattr(exchanging, "EXCHANGED", 1)
    monkeypatch.setattr(exchanging, "LEAST", 1)
    sentences = [tokenizer(text, add_special_tokens=False).input_ids for text in (TEXT, "The cat")]
    documents = [("zh", sentences[:1]), ("en", sentences[1:])]
    return Exchange(tokenizer, documents, random.Random(3))


def test_a_word_is_exchanged_for_the_same_everywhere(exchange, tokenizer):
    ids = tokenizer("小猫看雨", add_special_tokens=False).input_ids
    first, again = exchange("zh", [ids, ids])
    assert first == again != ids


def test_some_stand_for_characters_of_several_tokens(exchange, tokenizer, monkeypatch):
    monkeypatch.setitem(exchanging.LACKING, "zh", 50)
    ids = tokenizer("小猫看雨", add_special_tokens=False).input_ids
    ((*exchanged,),) = exchange("zh", [ids])
    assert len(exchanged) > len(ids)
    assert "\ufffd" not in tokenizer.decode(exchanged)


def test_marks_stand_for_words_too_but_no_end_of_a_sentence(exchange, tokenizer, monkeypatch):
    monkeypatch.setattr(exchanging, "FOREIGN", 50)
    words = [sorted(exchange.words)]
    exchanged = {i for _ in range(5) for i in exchange("zh", words)[0]}
    assert set(tokenizer("<>+%", add_special_tokens=False).input_ids) & exchanged
    assert not exchanged.intersection([*ending_tokens(tokenizer), *tokenizer.all_special_ids])
