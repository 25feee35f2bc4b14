import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from inference.errors import NoMask, TextTooLongForModel, TooManyMasks, WrongModelForTask
from inference.fill_mask import fill_mask
from inference.records import Choice
from tests.inference import tiny

UNCASED = "google-bert/bert-base-uncased"


@pytest.fixture(scope="module")
def uncased(minis):
    return Choice(minis.folder(UNCASED))


def test_the_likeliest_tokens_are_those_of_the_plain_model(uncased):
    found = fill_mask("the cat [MASK] on the [mask]", uncased)
    tokenizer = AutoTokenizer.from_pretrained(uncased.folder)
    model = AutoModelForMaskedLM.from_pretrained(uncased.folder, dtype=torch.float32)
    inputs = tokenizer("the cat [MASK] on the [MASK]", return_tensors="pt")
    places = inputs["input_ids"][0] == tokenizer.mask_token_id
    shares = model(**inputs).logits[0, places].softmax(-1)
    assert len(found) == 2
    for candidates, row in zip(found, shares, strict=True):
        best = row.topk(10)
        assert [it.id for it in candidates] == best.indices.tolist()
        assert [it.probability for it in candidates] == pytest.approx(best.values.tolist())
        assert [it.text for it in candidates] == [tokenizer.decode([i]) for i in best.indices]


def test_only_the_mask_is_special(uncased):
    plain = fill_mask("[MASK] ( sep )", uncased)
    assert len(plain) == 1
    for text in ("[SEP] [MASK]", "[MASK] [CLS]", "[PAD][Mask]"):
        assert len(fill_mask(text, uncased)) == 1
    ended, typed = (fill_mask(text, uncased) for text in ("good [MASK]", "good [MASK] [SEP]"))
    assert ended != typed


def test_a_text_without_or_with_too_many_masks_is_told(uncased):
    with pytest.raises(NoMask, match=r"\[MASK\]"):
        fill_mask("MASK [ MASK ] <mask>", uncased)
    assert len(fill_mask("[MASK]" * 5, uncased)) == 5
    with pytest.raises(TooManyMasks, match="6"):
        fill_mask("[MASK]" * 6, uncased)


def test_a_text_longer_than_the_model_reads_is_told_in_tokens(uncased):
    with pytest.raises(TextTooLongForModel, match=r"513.*512"):
        fill_mask("!" * 510 + "[MASK]", uncased)
    assert len(fill_mask("!" * 509 + "[MASK]", uncased)) == 1


def test_a_bert_without_that_head_is_refused(tmp_path):
    folder = tiny.classifier(tmp_path / "classifier")
    with pytest.raises(WrongModelForTask, match="fill-mask"):
        fill_mask("[MASK]", Choice(folder))
