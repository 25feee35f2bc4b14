"""A text of any length -> a summary, written by an encoder-decoder in batches of sections."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import torch
from transformers import (
    DynamicCache,
    EncoderDecoderCache,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
)

from inference import accelerator, fit, hardware, heap, hub, memory, summary_lengths
from inference.catalog import architecture_of
from inference.counting import counter
from inference.errors import DeadlinePassed, ModelBroken, OutOfMemory
from inference.generation import Generation
from inference.outline import Written, summaries
from inference.pool import Choice, Loaded, shared
from inference.records import Summary, SummarySettings
from inference.texts import Count, check_text, flowing, whole_sentences, without_gaps

__all__ = ["Choice", "Summary", "SummarySettings", "check_text", "summarize"]

# For a checkpoint that does not say how it searches.
SEARCH = {
    "num_beams": fit.BEAMS,
    "length_penalty": 2.0,
    "early_stopping": True,
    "no_repeat_ngram_size": 3,
}
TICKS_A_HEARTBEAT = 10
# Texts side by side, each beam one. A large model keeps both cores busy with a few, and its first
# section should not have to wait for many.
MOST_ROWS = 32
MOST_ROWS_SLOW = 8  # of a large model on a processor
MEMORY_SHARE = 0.25  # of what is free beside the weights
SCORES = 6  # rows of float32 scores that a step of beam search holds at once


def summarize(
    text: str, choice: Choice, settings: SummarySettings, deadline_seconds: float
) -> Iterator[Summary]:
    """Summarise `text`, which `check_text` has checked.

    It is cut at paragraph and sentence ends into sections the model can read, which are summarised
    in batches; their summaries are joined, and summarised again while they fill more than one
    section. Yields as `outline.summaries` does; closing it stops the model within a token. The
    deadline holds for one section: a batch of n has n times as long.

    Raises:
        DeadlinePassed, ModelDoesNotFit, ModelBroken, WrongModelForTask, AdapterRefused,
        OutOfMemory
    """
    yield from summaries(text, _Batches(choice, settings, deadline_seconds))


class _Batches:
    """Writes batch after batch; each takes the accelerator anew, so that others have their turn."""

    def __init__(self, choice: Choice, settings: SummarySettings, deadline_seconds: float) -> None:
        self.count: Count = counter(choice.folder)
        self.limit = self.goal = summary_lengths.section_tokens(choice.folder)
        self._choice = choice
        self._settings = settings
        self._deadline = deadline_seconds
        self._most = _at_once(choice, settings, self.limit)

    def write(self, texts: Sequence[str], again: bool) -> Iterator[Written]:
        done = 0
        while done < len(texts):
            left = len(texts) - done
            size = -(-left // -(-left // self._most))  # batches of about equal size
            batch = list(texts[done : done + size])
            found: list[str] = []
            try:
                with closing(_batch(batch, self._choice, self._settings, self._deadline)) as states:
                    for found in states:
                        yield Written({done: found[0]}, whole=False)
            except OutOfMemory:
                if size == 1:
                    raise
                self._most = size // 2
                continue
            heap.trim()  # or memory would grow with the number of sections
            yield Written(dict(enumerate(found, start=done)), whole=True)
            done += size


def _at_once(choice: Choice, settings: SummarySettings, tokens: int) -> int:
    """How many sections of that length are written side by side."""
    try:
        architecture = architecture_of(hub.read_config(choice.folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = type(error).__name__
        raise ModelBroken(model=hub.name_of(choice.folder), reason=reason) from error
    full = fit.number_format(architecture.parameters)
    beams = 1 if settings.fast else fit.BEAMS
    one = memory.to_run(architecture, choice.precision or full, full, tokens, beams)
    each = one.cache + one.activations + beams * SCORES * 4 * architecture.vocabulary
    room = int(MEMORY_SHARE * max(0, fit.available() - one.weights)) // each
    slow = hardware.accelerator() == "cpu" and architecture.parameters >= fit.SMALL
    rows = MOST_ROWS_SLOW if slow else MOST_ROWS
    return max(1, min(room, rows // beams))


@accelerator.gpu(duration=60)
def _batch(
    texts: list[str], choice: Choice, settings: SummarySettings, deadline_seconds: float
) -> Iterator[list[str]]:
    """The summaries of some sections: what there is of them now and then, last the whole."""
    with shared().borrow(choice, "summarization") as loaded:
        inputs = _encoded(loaded, texts)
        sources = inputs["attention_mask"].sum(1).tolist()
        limits = [_bounds(loaded, settings, source) for source in sources]
        config = _config(loaded, settings, limits)
        generation = Generation(
            loaded.model,
            accelerator.time_limit(deadline_seconds * len(texts)),
            stream=settings.fast,
            input_ids=inputs["input_ids"].to(loaded.device),
            attention_mask=inputs["attention_mask"].to(loaded.device),
            generation_config=config,
            logits_processor=LogitsProcessorList([_Bounds(limits, config)]),
            cache=_cache(loaded),
        )
        with generation:
            for tick, _ in enumerate(generation.ticks(), start=1):
                if tick % TICKS_A_HEARTBEAT == 0:
                    rows = _streamed(generation, len(texts))
                    yield [_decoded(loaded, row) for row in rows]
            if generation.late:
                raise DeadlinePassed(seconds=round(deadline_seconds))
            rows = generation.output.tolist()
        yield [
            _summary(loaded, row, config.eos_token_id, most)
            for row, (_, most) in zip(rows, limits, strict=True)
        ]


def _encoded(loaded: Loaded, texts: Sequence[str]) -> dict[str, torch.Tensor]:
    """`input_ids` and `attention_mask`, [texts, tokens of the longest], padded on the right."""
    with loaded.lock:
        return loaded.tokenizer(
            [_as_learned(loaded, text) for text in texts],
            split_special_tokens=True,  # "<mask>" in a text is six characters
            truncation=True,
            max_length=loaded.model.config.max_position_embeddings,
            padding=True,
            padding_side="right",
            return_tensors="pt",
        )


def _as_learned(loaded: Loaded, text: str) -> str:
    """The text in one line, after what the checkpoint wants before it: BART's a space, as its first
    word was learned. Adapters are trained on texts as they are."""
    if loaded.choice.adapter is not None:
        return text
    prefix = getattr(loaded.model.config, "prefix", None)
    return (prefix if isinstance(prefix, str) else "") + flowing(text)


def _bounds(loaded: Loaded, settings: SummarySettings, source_tokens: int) -> tuple[int, int]:
    choice = loaded.choice
    tuned = choice.adapter is not None
    return summary_lengths.bounds(choice.folder, settings.length, source_tokens, tuned)


def _config(
    loaded: Loaded, settings: SummarySettings, limits: Sequence[tuple[int, int]]
) -> GenerationConfig:
    """How to decode: the checkpoint's own search, within lengths that the visitor scales.

    Args:
        limits: the fewest and the most tokens of each summary.
    """
    known = loaded.model.generation_config
    told = {name: value for name in SEARCH if (value := getattr(known, name)) is not None}
    search = {"num_beams": SEARCH["num_beams"], **told} if told else dict(SEARCH)
    if settings.fast:
        search = {"no_repeat_ngram_size": search.get("no_repeat_ngram_size"), "num_beams": 1}
        search |= {"length_penalty": 1.0, "early_stopping": False}  # they are for beams
    return GenerationConfig(
        **search,
        encoder_repetition_penalty=known.encoder_repetition_penalty,
        max_length=max(most for _, most in limits),
        min_length=min(fewest for fewest, _ in limits),
        do_sample=False,
        bos_token_id=known.bos_token_id,
        eos_token_id=known.eos_token_id,
        pad_token_id=known.pad_token_id,
        decoder_start_token_id=known.decoder_start_token_id,
        forced_bos_token_id=known.forced_bos_token_id,
        forced_eos_token_id=known.forced_eos_token_id,
    )


class _OfTheSource(DynamicCache):
    """Keys and values of what the encoder read, the same for all beams of a text.

    Beams change places only among those of their text. Moving these along, as transformers does,
    took half of the time of beam search on a processor.
    """

    def reorder_cache(self, beam_idx: torch.LongTensor) -> None:
        """Nothing to do."""


def _cache(loaded: Loaded) -> EncoderDecoderCache:
    config = loaded.model.config.get_text_config(decoder=True)
    return EncoderDecoderCache(DynamicCache(config=config), _OfTheSource(config=config))


class _Bounds(LogitsProcessor):
    """Holds each summary of a batch to bounds of its own, as `min_length` and
    `forced_eos_token_id` would if it were alone."""

    def __init__(self, limits: Sequence[tuple[int, int]], config: GenerationConfig) -> None:
        self._limits = torch.tensor(limits).repeat_interleave(config.num_beams, dim=0)
        self._end = config.eos_token_id

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        fewest, most = self._limits.to(scores.device).unbind(1)
        written = input_ids.shape[1]
        scores[written < fewest, self._end] = -torch.inf
        full = written >= most - 1
        scores[full] = -torch.inf
        scores[full, self._end] = 0
        return scores


def _streamed(generation: Generation, rows: int) -> list[list[int]]:
    """The tokens of each row so far: they come a step of all rows at a time."""
    tokens = list(generation.tokens)
    return [tokens[row::rows] for row in range(rows)]


def _summary(loaded: Loaded, row: list[int], end: int, most: int) -> str:
    """The text of a row that ends in padding, without the first half of a last sentence."""
    # The first token is the decoder's start, which may be the same as the end.
    tokens = row[: row.index(end, 1) + 1] if end in row[1:] else row
    summary = _decoded(loaded, tokens)
    # Cut off by the length bound rather than ended: give whole sentences where possible.
    return whole_sentences(summary) if len(tokens) >= most else summary


def _decoded(loaded: Loaded, tokens: list[int]) -> str:
    """The text, without the halves of characters that a small model may write or be cut at."""
    text = loaded.tokenizer.decode(
        list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return without_gaps(text.replace("\ufffd", ""))
