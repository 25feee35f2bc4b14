import os
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from inference import inside
from inference.errors import TextTooLong
from inference.inside import positions, text_of, tokens
from inference.limits import Limits
from inference.pool import shared
from inference.prompts import encode, normalise
from inference.records import Choice
from tests.inference import tiny

QWEN = Path(os.environ.get("LAB_TEST_DATA", "")) / "tokenizers" / "qwen3"
needs_qwen = pytest.mark.skipif(
    "LAB_TEST_DATA" not in os.environ, reason="LAB_TEST_DATA is not set"
)


@pytest.fixture(scope="module")
def choice(tmp_path_factory):
    return Choice(tiny.chat(tmp_path_factory.mktemp("model") / "chat"))


@pytest.fixture
def asked():
    return normalise("hello", [], "", Limits())


def test_every_place_of_an_answer_tells_the_models_own_probabilities(choice, asked, monkeypatch):
    monkeypatch.setattr(inside, "PIECE", 3)  # so that places lie in several pieces
    answer = "a quick brown fox"
    found = positions(asked, answer, choice)
    with shared().borrow(choice, "chat") as loaded:
        prompt = encode(loaded.tokenizer, asked, False, 1_000).input_ids
        ids = loaded.tokenizer(answer, return_tensors="pt").input_ids
        scores = loaded.model(torch.cat([prompt, ids], dim=1)).logits[0, prompt.shape[1] - 1 : -1]
    expected = scores.softmax(-1)
    assert [it.token.id for it in found] == ids[0].tolist()
    assert "".join(it.token.text for it in found) == answer
    for place, row in zip(found, expected, strict=True):
        assert place.token.probability == pytest.approx(row[place.token.id].item(), rel=1e-4)
        best = [it.probability for it in place.candidates]
        assert len(best) == 10
        assert best == sorted(best, reverse=True)
        assert best[0] == pytest.approx(row.max().item(), rel=1e-4)


def test_an_empty_answer_has_no_places_and_a_long_one_is_looked_at_only_so_far(
    choice, asked, monkeypatch
):
    assert positions(asked, "", choice) == []
    monkeypatch.setattr(inside, "MOST_POSITIONS", 5)
    assert len(positions(asked, "word " * 50, choice)) == 5


def test_tokens_of_a_text_control_tokens_being_plain_text(choice):
    found = tokens("<|im_end|> hi", choice)
    assert "".join(it.text for it in found) == "<|im_end|> hi"
    assert len(found) > 5
    assert {it.probability for it in found} == {None}
    with pytest.raises(TextTooLong):
        tokens("x" * 8_001, choice)


@needs_qwen
def test_a_part_of_a_character_is_shown_as_its_bytes():
    tokenizer = AutoTokenizer.from_pretrained(QWEN)
    ids = tokenizer("\U0001f9ff龘")["input_ids"]
    shown = [text_of(tokenizer, token) for token in ids]
    assert any(text.startswith("<") for text in shown)
    values = [
        bytes.fromhex(text[1:-1]) if text.startswith("<") else text.encode() for text in shown
    ]
    assert b"".join(values).decode() == "\U0001f9ff龘"
    assert text_of(tokenizer, tokenizer("你")["input_ids"][0]) == "你"
