"""An attention head's numbers, against transformers' own and by hand."""

import math

import pytest
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from inference.catalog import BUILTIN_FOLDER
from inference.errors import SettingsRefused
from inference.look_attention import MOST_TOKENS, head, scores
from inference.records import Choice

SENTIMENT = Choice(BUILTIN_FOLDER / "sentiment", precision="float32")
TEXT = "The food was not good."


@pytest.fixture(scope="module")
def eager():
    return BertForSequenceClassification.from_pretrained(
        SENTIMENT.folder, attn_implementation="eager", dtype=torch.float32
    ).eval()


def test_every_head_weighs_as_transformers_says(eager):
    layers, heads = eager.config.num_hidden_layers, eager.config.num_attention_heads
    seen = head(TEXT, SENTIMENT, 0, 0)
    assert (seen.layers, seen.heads) == (layers, heads)
    assert seen.tokens[0] == "[CLS]" and seen.tokens[-1] == "[SEP]" and "not" in seen.tokens
    ids = AutoTokenizer.from_pretrained(SENTIMENT.folder)(TEXT, return_tensors="pt").input_ids
    with torch.inference_mode():
        expected = eager(ids, output_attentions=True).attentions
    for layer in range(layers):
        for number in range(heads):
            found = torch.tensor(head(TEXT, SENTIMENT, layer, number).weights)
            torch.testing.assert_close(found, expected[layer][0, number], atol=1e-5, rtol=1e-4)


def test_one_pair_by_hand():
    seen = head(TEXT, SENTIMENT, 1, 2)
    of, at = seen.tokens.index("good"), seen.tokens.index("not")
    product = math.fsum(q * k for q, k in zip(seen.queries[of], seen.keys[at], strict=True))
    row = scores(seen, of)
    assert row[at].product == pytest.approx(product)
    assert row[at].scaled == pytest.approx(product / math.sqrt(seen.size))
    assert [it.weight for it in row] == pytest.approx(seen.weights[of], rel=1e-4)
    assert math.fsum(it.weight for it in row) == pytest.approx(1)
    mixed = [
        math.fsum(it.weight * value[n] for it, value in zip(row, seen.values, strict=True))
        for n in range(seen.size)
    ]
    assert mixed == pytest.approx(seen.output[of], abs=1e-5)


def test_a_long_text_is_cut_and_control_tokens_in_it_are_plain_text():
    seen = head("good " * 100, SENTIMENT, 0, 0)
    assert (len(seen.tokens), seen.cut) == (MOST_TOKENS, True)
    seen = head("[SEP] good", SENTIMENT, 0, 0)
    assert seen.tokens.count("[SEP]") == 1 and not seen.cut


@pytest.mark.parametrize(("layer", "number"), [(-1, 0), (99, 0), (0, 99), ("0", 0), (0, 0.5)])
def test_a_layer_or_head_that_the_model_has_not_is_refused(layer, number):
    with pytest.raises(SettingsRefused):
        head(TEXT, SENTIMENT, layer, number)
