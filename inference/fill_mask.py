"""[MASK] in a text -> the tokens that a BERT expects there: what it was pre-trained to do.

Masked language modelling: Devlin et al. 2019, arXiv:1810.04805, section 3.1.
"""

import re

import torch

from inference import accelerator
from inference.errors import NoMask, TextTooLongForModel, TooManyMasks
from inference.generation import set_threads
from inference.inside import text_of
from inference.pool import Choice, Loaded, shared
from inference.records import MASK, MOST_MASKS, Candidate
from inference.sentiment import tokens_read

CANDIDATES = 10
SECONDS = 30  # of a ZeroGPU call: one short text, and a model to load


@accelerator.gpu(duration=SECONDS)
def fill_mask(text: str, choice: Choice) -> list[tuple[Candidate, ...]]:
    """For each [MASK] of `text`, in any case or as the model itself writes it, the likeliest ten
    tokens, best first. Everything else in the text is plain text. An adapter is not looked at.

    Raises:
        NoMask, TooManyMasks, TextTooLongForModel, ModelDoesNotFit, ModelBroken,
        WrongModelForTask, OutOfMemory
    """
    with shared().borrow(choice.base, "fill-mask") as loaded, torch.inference_mode():
        set_threads(loaded.model)
        ids = _ids(loaded, text)
        scores = loaded.model(input_ids=torch.tensor([ids], device=loaded.device)).logits[0]
        masked = [place for place, it in enumerate(ids) if it == loaded.tokenizer.mask_token_id]
        best = (
            scores[masked]
            .float()
            .cpu()
            .double()
            .softmax(-1)
            .topk(min(CANDIDATES, scores.shape[-1]))
        )
        return [
            tuple(
                Candidate(text_of(loaded.tokenizer, token), token, share)
                for token, share in zip(tokens, shares, strict=True)
            )
            for tokens, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]


def _ids(loaded: Loaded, text: str) -> list[int]:
    """[CLS] the text [SEP], with the model's mask for every [MASK]."""
    tokenizer = loaded.tokenizer
    pieces = re.split(rf"(?i:{re.escape(MASK)})|{re.escape(tokenizer.mask_token)}", text)
    masks = len(pieces) - 1
    if not masks:
        raise NoMask()
    if masks > MOST_MASKS:
        raise TooManyMasks(masks=masks, most=MOST_MASKS)
    with loaded.lock:
        plain = {"add_special_tokens": False, "split_special_tokens": True}
        parts = tokenizer(pieces, verbose=False, **plain).input_ids  # its length is checked below
    ids = [tokenizer.cls_token_id, *parts[0]]
    for part in parts[1:]:
        ids += [tokenizer.mask_token_id, *part]
    ids.append(tokenizer.sep_token_id)
    if len(ids) > tokens_read(loaded):
        raise TextTooLongForModel(tokens=len(ids), limit=tokens_read(loaded))
    return ids
