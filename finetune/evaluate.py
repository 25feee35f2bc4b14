"""The base and the tuned model on rows that were never trained on.

    classification  accuracy, macro_f1, confusion, per_label; beside them what always answering
                    the most frequent label would reach
    chat            loss (nats a trained token), perplexity, samples
    summarization   rouge1, rouge2, rougeL (F-measure), samples

The base is measured with the adapter off. Generation is greedy. Knows models and rows, not files.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from finetune.encode import IGNORE, Encoded, encode, render
from finetune.metrics import classification_metrics, majority, rouge
from inference.catalog import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Row = Mapping[str, Any]
Metrics = dict[str, Any]

# Rows measured at most: enough for a figure, few enough for a CPU. The report says how many.
ROWS: dict[Task, int] = {"chat": 200, "classification": 5_000, "summarization": 40}
SAMPLES = 5
BATCH = 16
ANSWER_TOKENS = 200
SUMMARY_TOKENS = 128


def never() -> bool:
    return False


def compare(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    held_out: Sequence[Row],
    task: Task,
    max_length: int,
    labels: Sequence[str] = (),
    should_stop: Callable[[], bool] = never,
) -> dict[str, Any] | None:
    """The report: `{"task", "rows", "held_out_rows", "base", "tuned", "samples", …}`.

    None when `should_stop` answered True before both sides were measured.
    """
    rows = spread(held_out, ROWS[task])
    report: dict[str, Any] = {"task": task, "rows": len(rows), "held_out_rows": len(held_out)}
    if not rows:
        return {**report, "base": {}, "tuned": {}, "samples": []}
    sides: dict[str, Metrics] = {}
    for side in ("base", "tuned"):
        with side_of(model, side):
            sides[side] = evaluate(model, tokenizer, rows, task, max_length, labels, should_stop)
        if should_stop():
            return None
    base_answers, tuned_answers = (sides[side].pop("answers", []) for side in ("base", "tuned"))
    samples = [
        {"prompt": prompt, "expected": expected, "base": base, "tuned": tuned}
        for (prompt, expected, base), (_, _, tuned) in zip(base_answers, tuned_answers, strict=True)
    ]
    if task == "classification":
        report["labels"] = list(labels)
        report["majority"] = majority(rows, labels)
    return {**report, **sides, "samples": samples}


@contextmanager
def side_of(model: "PreTrainedModel", side: str) -> Iterator[None]:
    """The model as base (adapter off) or tuned, in evaluation mode; as it was afterwards."""
    training = model.training
    model.eval()
    try:
        if side == "base":
            with model.disable_adapter():
                yield
        else:
            yield
    finally:
        model.train(training)


def spread(rows: Sequence[Row], most: int) -> list[Row]:
    """At most `most` rows, evenly over the whole."""
    if len(rows) <= most:
        return list(rows)
    return [rows[number * len(rows) // most] for number in range(most)]


def evaluate(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    held_out: Sequence[Row],
    task: Task,
    max_length: int,
    labels: Sequence[str] = (),
    should_stop: Callable[[], bool] = never,
) -> Metrics:
    """The figures of the model as it stands (see the module's table) on at least one row.

    They mean nothing once `should_stop`, asked before each batch, has answered True.

    chat and summarization also give `answers`: (prompt, expected, answer) of a few rows.
    """
    examples = encode(held_out, task, tokenizer, max_length, labels)
    if task == "classification":
        predicted = _predict(model, tokenizer, examples, should_stop)
        return classification_metrics([e["labels"] for e in examples], predicted, labels)
    if task == "chat":
        loss = held_out_loss(model, tokenizer, examples, should_stop)
        sampled = spread(held_out, SAMPLES)
        answers = [_chat_answer(model, tokenizer, row) for row in sampled if not should_stop()]
        return {"loss": loss, "perplexity": math.exp(min(loss, 700.0)), "answers": answers}
    summaries = _summaries(model, tokenizer, examples, should_stop)
    texts = [row["summary"] for row in held_out]
    scored = list(zip(texts, summaries, strict=False))
    answers = [
        (row["document"], row["summary"], summary)
        for row, summary in zip(held_out, summaries, strict=False)
    ]
    return {**rouge(scored), "answers": spread(answers, SAMPLES)}


@torch.no_grad()
def held_out_loss(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    examples: Sequence[Encoded],
    should_stop: Callable[[], bool] = never,
) -> float:
    """Mean cross-entropy over every trained token of `examples`, in nats."""
    total = tokens = 0.0
    for batch in _batches(sorted(examples, key=lambda example: len(example["input_ids"]))):
        if should_stop():
            break
        target = _padded([e["labels"] for e in batch], IGNORE).to(model.device)
        output = model(**_inputs(batch, tokenizer, model))
        total += functional.cross_entropy(
            output.logits[:, :-1].flatten(0, 1).float(),
            target[:, 1:].flatten(),
            ignore_index=IGNORE,
            reduction="sum",
        ).item()
        tokens += int((target[:, 1:] != IGNORE).sum())
    return total / max(1.0, tokens)


@torch.no_grad()
def _predict(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    examples: Sequence[Encoded],
    should_stop: Callable[[], bool],
) -> list[int]:
    order = sorted(range(len(examples)), key=lambda number: len(examples[number]["input_ids"]))
    found = [0] * len(examples)
    for batch in _batches(order):
        if should_stop():
            break
        inputs = _inputs([examples[number] for number in batch], tokenizer, model)
        for number, label in zip(batch, model(**inputs).logits.argmax(-1).tolist(), strict=True):
            found[number] = label
    return found


def _chat_answer(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", row: Row
) -> tuple[str, str, str]:
    """The last question of a row, its answer in the data, and the model's."""
    *before, last = row["messages"]
    prompt = render(before, tokenizer, answer_next=True)
    room = model.config.max_position_embeddings - ANSWER_TOKENS
    ids = torch.tensor([prompt[-max(1, room) :]], device=model.device)
    answer = _generate(model, tokenizer, {"input_ids": ids}, ANSWER_TOKENS)[0][ids.shape[1] :]
    text = tokenizer.decode(answer, skip_special_tokens=True).strip()
    return before[-1]["content"], last["content"], text


def _summaries(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    examples: Sequence[Encoded],
    should_stop: Callable[[], bool],
) -> list[str]:
    found: list[str] = []
    for batch in _batches(examples):
        if should_stop():
            break
        output = _generate(model, tokenizer, _inputs(batch, tokenizer, model), SUMMARY_TOKENS)
        found += tokenizer.batch_decode(output, skip_special_tokens=True)
    return [text.strip() for text in found]


@torch.no_grad()
def _generate(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    inputs: Mapping[str, torch.Tensor],
    most: int,
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


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _inputs(
    batch: Sequence[Encoded], tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel"
) -> dict[str, torch.Tensor]:
    """`input_ids` and `attention_mask`, [rows, longest], padded on the right."""
    return {
        "input_ids": _padded([e["input_ids"] for e in batch], tokenizer.pad_token_id).to(
            model.device
        ),
        "attention_mask": _padded([e["attention_mask"] for e in batch], 0).to(model.device),
    }


def _padded(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    tensors = [torch.tensor(row) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)
