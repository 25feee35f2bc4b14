"""Examples -> token ids and loss mask, made together, per task; and a view of the result.

`labels` is what the loss sees: IGNORE (-100) at tokens that are read but not trained. Knows
tokenizers; knows nothing of models, files or runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.errors import NoChatTemplate, TemplateUnusable
from inference.catalog import Task
from inference.hub import name_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORE = -100  # torch.nn.CrossEntropyLoss's ignore_index
Row = Mapping[str, Any]
Encoded = dict[str, Any]


def encode(
    rows: Sequence[Row],
    task: Task,
    tokenizer: "PreTrainedTokenizerBase",
    max_length: int,
    labels: Sequence[str] | None = None,
) -> list[Encoded]:
    """Every row as `input_ids` (at most `max_length`), `attention_mask` and `labels`.

    chat: `labels` as long as `input_ids`, IGNORE outside the assistant's turns.
    classification: `labels` is the index of the row's label in `labels`.
    summarization: `labels` is the summary's token ids, at most `max_length`.

    Raises:
        NoChatTemplate, TemplateUnusable: the model cannot be trained on conversations.
    """
    return list(encoded(rows, task, tokenizer, max_length, labels))


def encoded(
    rows: Sequence[Row],
    task: Task,
    tokenizer: "PreTrainedTokenizerBase",
    max_length: int,
    labels: Sequence[str] | None = None,
) -> Iterator[Encoded]:
    """`encode`, one row at a time."""
    if task == "chat" and not tokenizer.chat_template:
        raise NoChatTemplate(model=name_of(Path(tokenizer.name_or_path)))
    index = {label: number for number, label in enumerate(labels or ())}
    for row in rows:
        if task == "chat":
            yield _chat(row["messages"], tokenizer, max_length)
        elif task == "classification":
            yield _record(_ids(row["text"], tokenizer, max_length), index[row["label"]])
        else:
            yield _summary(row, tokenizer, max_length)


def view(
    example: Encoded, tokenizer: "PreTrainedTokenizerBase", labels: Sequence[str] | None = None
) -> list[tuple[str, bool]]:
    """One encoded example as text, piece by piece: (piece, whether it is trained).

    Args:
        labels: the label names of a classification; its label is then the last, trained piece.
    """
    ids, target = example["input_ids"], example["labels"]
    if isinstance(target, int):
        name = labels[target] if labels else str(target)
        return [(tokenizer.decode(ids), False), (name, True)]
    if (
        target
        and len(target) == len(ids)
        and all(wanted in (IGNORE, token) for wanted, token in zip(target, ids, strict=True))
    ):
        return _pieces(ids, target, tokenizer)
    return [(tokenizer.decode(ids), False), (tokenizer.decode(target), True)]


def _pieces(
    ids: Sequence[int], target: Sequence[int], tokenizer: "PreTrainedTokenizerBase"
) -> list[tuple[str, bool]]:
    pieces, start = [], 0
    for end in range(1, len(ids) + 1):
        trained = target[start] != IGNORE
        if end == len(ids) or (target[end] != IGNORE) != trained:
            pieces.append((tokenizer.decode(ids[start:end]), trained))
            start = end
    return pieces


def _record(ids: list[int], labels: Any) -> Encoded:
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}


def _summary(row: Row, tokenizer: "PreTrainedTokenizerBase", max_length: int) -> Encoded:
    document = _ids(row["document"], tokenizer, max_length)
    return _record(document, _ids(row["summary"], tokenizer, max_length))


def _ids(text: str, tokenizer: "PreTrainedTokenizerBase", max_length: int) -> list[int]:
    """Cut at `max_length`; what looks like a control token in a row is plain text.

    bart-large-cnn has no embedding for `<mask>`, which its tokenizer knows.
    """
    encoded = tokenizer(text, truncation=True, max_length=max_length, split_special_tokens=True)
    return encoded["input_ids"]


def _chat(
    messages: Sequence[Mapping[str, str]], tokenizer: "PreTrainedTokenizerBase", max_length: int
) -> Encoded:
    """A conversation through the model's own template, every assistant turn trained.

    A turn is trained from its first token to its end token. Too long: the oldest turns go first,
    then the middle of the prompt, then the end of an answer longer than half of `max_length`.
    """
    kept = [_with_reasoning(message) for message in messages]
    while len(render(kept, tokenizer, answer_next=False)) > max_length:
        shorter = _without_oldest_turn(kept)
        if shorter is None:
            break
        kept = shorter
    while True:
        ids, spans = _spans(kept, tokenizer)
        if len(ids) <= max_length:
            break
        shorter = _without_oldest_turn(kept)
        if shorter is None:
            return _cut(ids, spans[-1], max_length)
        kept = shorter
    labels = [IGNORE] * len(ids)
    for start, end in spans:
        labels[start:end] = ids[start:end]
    return _record(ids, labels)


def _with_reasoning(message: Mapping[str, str]) -> Mapping[str, str]:
    """Reasoning typed into an answer, handed to the template as such (Qwen3's own convention)."""
    content = message["content"]
    if message["role"] != "assistant" or not content.startswith("<think>"):
        return message
    reasoning, closed, answer = content.removeprefix("<think>").partition("</think>")
    if not closed:
        return message
    reasoning, answer = reasoning.strip("\n"), answer.lstrip("\n")
    return {"role": "assistant", "content": answer, "reasoning_content": reasoning}


def render(
    messages: Sequence[Mapping[str, str]],
    tokenizer: "PreTrainedTokenizerBase",
    answer_next: bool,
    thinking: bool = False,
) -> list[int]:
    """Token ids; control tokens typed by a person stay plain text."""
    return tokenizer.apply_chat_template(
        list(messages),
        tokenize=True,
        return_dict=False,
        add_generation_prompt=answer_next,
        enable_thinking=thinking,
        sanitize_control_tokens=True,
    )


def _spans(
    messages: Sequence[Mapping[str, str]], tokenizer: "PreTrainedTokenizerBase"
) -> tuple[list[int], list[tuple[int, int]]]:
    """The ids of a conversation and, of each assistant turn, where what it said begins and ends.

    A turn begins where the ids part from the prompt that asks for it, so that training sees what
    generation will: Qwen3's empty think block belongs to the last prompt; earlier turns have none.
    """
    ids = render(messages, tokenizer, answer_next=False)
    special = set(tokenizer.all_special_ids)
    spans = []
    for number, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = render(messages[:number], tokenizer, answer_next=True)
        start = _common(ids, prompt)
        if start < len(prompt):
            if start < len(render(messages[:number], tokenizer, answer_next=False)):
                raise TemplateUnusable(model=name_of(Path(tokenizer.name_or_path)))
            last = number == len(messages) - 1
            if last and start == len(render(messages[:number], tokenizer, True, thinking=True)):
                # The template adds the empty think block to prompts only: so does training.
                ids, start = prompt + ids[start:], len(prompt)
        end = next((at + 1 for at in range(start, len(ids)) if ids[at] in special), len(ids))
        spans.append((start, end))
    return ids, spans


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two sequences share at their beginning."""
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return at
    return min(len(left), len(right))


def _without_oldest_turn(messages: list[Mapping[str, str]]) -> list[Mapping[str, str]] | None:
    """The conversation without its first question and answer; None when one turn is left."""
    system = messages[:1] if messages[0]["role"] == "system" else []
    turns = messages[len(system) :]
    later = [at for at, message in enumerate(turns) if at and message["role"] == "user"]
    return system + turns[later[0] :] if later else None


def _cut(ids: list[int], span: tuple[int, int], max_length: int) -> Encoded:
    """One turn cut to `max_length`: at least half of it is the answer, or the whole answer."""
    start, end = span
    prompt, answer = ids[:start], ids[start:end]
    answer = answer[: max(max_length // 2, max_length - len(prompt))]
    room = max_length - len(answer)
    if len(prompt) > room:
        head = room // 3  # the role header and how the question begins
        prompt = prompt[:head] + prompt[len(prompt) - (room - head) :]
    return _record(prompt + answer, [IGNORE] * len(prompt) + answer)
