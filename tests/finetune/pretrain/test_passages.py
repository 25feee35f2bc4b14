"""Pseudo-summaries: which sentences are central, and where each target token comes from."""

import random

import pytest

from finetune.pretrain.passages import Passages, central
from finetune.pretrain.vocabularies import summary_tokenizer

TEXT = "The cat sat on the mat. A dog ran by. The cat saw the dog and the mat. Rain fell. " * 4


@pytest.fixture(scope="module")
def tokenizer():
    return summary_tokenizer([TEXT], 4500, 128)


@pytest.fixture
def passages(tokenizer):
    return Passages([("en", TEXT)], tokenizer, random.Random(3))


def test_the_sentence_that_shares_most_is_central():
    # 0 and 1 share one word with the rest each, 2 shares four.
    words = [[1, 9, 8], [2, 7, 6], [1, 2, 3, 4], [3, 4, 5, 5, 5]]
    assert central(words, words) == [2]


def test_a_summary_stays_within_its_share_and_in_order():
    words = [[1, 2]] * 10
    assert central(words, words) == [0, 1, 2]  # 3.5 sentences would fit, three are the most


def test_a_target_is_copied_from_where_it_says(passages):
    for _ in range(20):
        pair = passages.summary(60)
        assert pair.target == [pair.passage[k] for k in pair.source]
        assert pair.source == sorted(pair.source)
        assert len(pair.target) < len(pair.passage) / 2


def test_a_denoised_passage_is_whole_and_its_gaps_point_at_masks(passages, tokenizer):
    for _ in range(20):
        pair = passages.noised(60)
        assert len(pair.source) == len(pair.target)
        for target, k in zip(pair.target, pair.source, strict=True):
            assert pair.passage[k] in (target, tokenizer.mask_token_id)
