"""What a model makes of each held-out row: its class, its loss, its summary. Models, not files.

    classification  {"class": number}
    chat            {"loss": nats over the trained tokens, "tokens": how many} and, for a few
                    rows, {"answer": text}
    summarization   {"summary": text}

Generation is greedy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from finetune.batches import next_tokens
from finetune.encode import IGNORE, Encoded, encode, render
from finetune.estimate import MEASURED_AT_ONCE as BATCH
from inference.catalog import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Row = Mapping[str, Any]
Answer = dict[str, Any]

ANSWER_TOKENS = 200
SUMMARY_TOKENS = 128


def answers(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[Row],
    task: Task,
    max_length: int,
    labels: Sequence[str],
    asked: Sequence[int],
    known: Mapping[int, Answer],
    should_stop: Callable[[], bool],
    batch: int = BATCH,
) -> Iterator[tuple[int, Answer]]:
    """(row number, answer) of every row not in `known`, until `should_stop`, asked before each
    batch, says so.

    Args:
        asked: numbers of the rows whose question is also answered in words (chat only).
    """
    left = [number for number in range(len(rows)) if number not in known]
    examples = dict(
        zip(left, encode([rows[n] for n in left], task, tokenizer, max_length, labels), strict=True)
    )
    left.sort(key=lambda number: len(examples[number]["input_ids"]))
    find = {"chat": _losses, "classification": _classes, "summarization": _summaries}[task]
    for start in range(0, len(left), batch):
        if should_stop():
            return
        numbers = left[start : start + batch]
        found = find(model, tokenizer, [examples[number] for number in numbers])
        yield from zip(numbers, found, strict=True)
    if task == "chat":
        for number in asked:
            if should_stop():
                return
            if "answer" not in known.get(number, {}):
                yield number, {"answer": _reply(model, tokenizer, rows[number])}


@torch.no_grad()
def _losses(model: Any, tokenizer: Any, batch: Sequence[Encoded]) -> list[Answer]:
    target = next_tokens(_padded([e["labels"] for e in batch], IGNORE).to(model.device))
    trained = target != IGNORE
    inputs = _inputs(batch, tokenizer, model)
    logits = model(**inputs, logits_to_keep=trained).logits  # [trained tokens, vocabulary]
    each = torch.zeros(target.shape, device=logits.device)
    each[trained] = functional.cross_entropy(logits.float(), target[trained], reduction="none")
    return [
        {"loss": loss, "tokens": count}
        for loss, count in zip(each.sum(1).tolist(), trained.sum(1).tolist(), strict=True)
    ]


@torch.no_grad()
def _classes(model: Any, tokenizer: Any, batch: Sequence[Encoded]) -> list[Answer]:
    logits = model(**_inputs(batch, tokenizer, model)).logits
    return [{"class": number} for number in logits.argmax(-1).tolist()]


def _summaries(model: Any, tokenizer: Any, batch: Sequence[Encoded]) -> list[Answer]:
    output = _generate(model, tokenizer, _inputs(batch, tokenizer, model), SUMMARY_TOKENS)
    texts = tokenizer.batch_decode(output, skip_special_tokens=True)
    return [{"summary": text.strip()} for text in texts]


def _reply(model: Any, tokenizer: Any, row: Row) -> str:
    """The model's answer to the last question of a conversation."""
    prompt = render(row["messages"][:-1], tokenizer, answer_next=True)
    room = model.config.max_position_embeddings - ANSWER_TOKENS
    ids = torch.tensor([prompt[-max(1, room) :]], device=model.device)
    answer = _generate(model, tokenizer, {"input_ids": ids}, ANSWER_TOKENS)[0][ids.shape[1] :]
    return tokenizer.decode(answer, skip_special_tokens=True).strip()


@torch.no_grad()
def _generate(
    model: Any, tokenizer: Any, inputs: Mapping[str, torch.Tensor], most: int
) -> torch.Tensor:
    taken = 1 if model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    most = max(1, min(most, model.config.max_position_embeddings - taken))
    ends = model.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends]) | {tokenizer.eos_token_id}
    inputs = {"attention_mask": torch.ones_like(inputs["input_ids"]), **inputs}
    return model.generate(
        **inputs,
        max_new_tokens=most,
        max_length=None,
        do_sample=False,
        num_beams=1,
        temperature=None,
        top_p=None,
        top_k=None,
        eos_token_id=sorted(end for end in ends if end is not None),
        pad_token_id=tokenizer.pad_token_id,
    )


def _inputs(batch: Sequence[Encoded], tokenizer: Any, model: Any) -> dict[str, torch.Tensor]:
    """`input_ids` and `attention_mask`, [rows, longest], padded on the right."""
    parts = {"input_ids": tokenizer.pad_token_id, "attention_mask": 0}
    return {
        name: _padded([e[name] for e in batch], value).to(model.device)
        for name, value in parts.items()
    }


def _padded(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)
