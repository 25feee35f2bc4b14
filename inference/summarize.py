"""A text of any length -> a summary, section by section."""

import functools
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from transformers import GenerationConfig, PreTrainedTokenizerBase

from inference import accelerator, fit
from inference.errors import DeadlinePassed
from inference.generation import Generation
from inference.loading import load_tokenizer
from inference.pool import Choice, Loaded, shared
from inference.records import Summary, SummaryLength, SummarySettings
from inference.texts import check_text, joined, sections, whole_sentences, without_gaps

__all__ = ["Choice", "Summary", "SummarySettings", "check_text", "summarize"]

# Times the lengths the checkpoint was tuned to write (its `max_length` and `min_length`) ...
SCALES: dict[SummaryLength, float] = {"short": 0.5, "medium": 1.0, "long": 1.5}
# ... and at most this share of the section's tokens, or a short text would be padded out.
CEILINGS: dict[SummaryLength, float] = {"short": 0.3, "medium": 0.5, "long": 0.7}
# Where the checkpoint names no lengths: at most this share of the section's tokens.
SHARES: dict[SummaryLength, float] = {"short": 0.12, "medium": 0.25, "long": 0.4}
SHORTEST = 8
# For a checkpoint that does not say how it searches.
SEARCH = {
    "num_beams": fit.BEAMS,
    "length_penalty": 2.0,
    "early_stopping": True,
    "no_repeat_ngram_size": 3,
}
TICKS_A_HEARTBEAT = 10


def summarize(
    text: str, choice: Choice, settings: SummarySettings, deadline_seconds: float
) -> Iterator[Summary]:
    """Summarise `text`, which `check_text` has checked.

    It is cut at sentence ends into sections the model can read; their summaries are joined, and
    summarised again while they fill more than one section. Yields after every section, and about
    every second so that a reader who left is noticed. The deadline holds for one section.

    Raises:
        DeadlinePassed, ModelDoesNotFit, ModelBroken, WrongModelForTask, AdapterRefused,
        OutOfMemory
    """
    tokenizer, limit = _reader(choice.folder)
    count = functools.partial(_tokens, tokenizer)
    parts = sections(text, limit, count)
    done, total, current = 0, len(parts), ""
    while True:
        before = sum(count(parts))
        finished: list[str] = []
        for part in parts:
            with closing(_section(part, choice, settings, deadline_seconds)) as pieces:
                for piece in pieces:
                    current = joined([*finished, piece])
                    yield Summary(current, done, total)
            finished.append(piece)
            done += 1
        (tokens,) = count([current])
        # A model that does not shorten would go round for ever.
        if len(parts) == 1 or tokens <= limit or tokens > 0.8 * before:
            yield Summary(current, done, total)
            return
        parts = sections(current, limit, count)
        total += len(parts)


@accelerator.gpu(duration=60)
def _section(
    text: str, choice: Choice, settings: SummarySettings, deadline_seconds: float
) -> Iterator[str]:
    """The summary of one section: what there is of it now and then, last the whole."""
    with shared().borrow(choice, "summarization") as loaded:
        with loaded.lock:
            inputs = loaded.tokenizer(
                _prefix(loaded) + text,
                split_special_tokens=True,  # "<mask>" in a text is six characters
                truncation=True,
                max_length=loaded.model.config.max_position_embeddings,
                return_tensors="pt",
            )
        config = _config(loaded, settings, inputs["input_ids"].shape[1])
        generation = Generation(
            loaded.model,
            accelerator.time_limit(deadline_seconds),
            stream=settings.fast,
            input_ids=inputs["input_ids"].to(loaded.device),
            attention_mask=inputs["attention_mask"].to(loaded.device),
            generation_config=config,
        )
        with generation:
            for tick, _ in enumerate(generation.ticks(), start=1):
                if tick % TICKS_A_HEARTBEAT == 0:
                    yield _decoded(loaded, generation.tokens)
            if generation.late:
                raise DeadlinePassed(seconds=round(deadline_seconds))
            tokens = generation.output[0].tolist()
        summary = _decoded(loaded, tokens)
        # Cut off by the length bound rather than ended: give whole sentences where possible.
        cut_off = len(tokens) >= config.max_length
        yield whole_sentences(summary) if cut_off else summary


def _prefix(loaded: Loaded) -> str:
    """What the checkpoint wants before a text: BART's a space, as its first word was learned.

    Adapters are trained without.
    """
    prefix = getattr(loaded.model.config, "prefix", None)
    return prefix if isinstance(prefix, str) and loaded.choice.adapter is None else ""


def _config(loaded: Loaded, settings: SummarySettings, source_tokens: int) -> GenerationConfig:
    """How to decode: the checkpoint's own search, within lengths that the visitor scales."""
    known = loaded.model.generation_config
    told = {name: value for name in SEARCH if (value := getattr(known, name)) is not None}
    search = {"num_beams": SEARCH["num_beams"], **told} if told else dict(SEARCH)
    if settings.fast:
        search = {"no_repeat_ngram_size": search.get("no_repeat_ngram_size"), "num_beams": 1}
        search |= {"length_penalty": 1.0, "early_stopping": False}  # they are for beams
    longest, shortest = _lengths(loaded, settings.length, source_tokens)
    return GenerationConfig(
        **search,
        max_length=longest,
        min_length=shortest,
        do_sample=False,
        bos_token_id=known.bos_token_id,
        eos_token_id=known.eos_token_id,
        pad_token_id=known.pad_token_id,
        decoder_start_token_id=known.decoder_start_token_id,
        forced_bos_token_id=known.forced_bos_token_id,
        forced_eos_token_id=known.forced_eos_token_id,
    )


def _lengths(loaded: Loaded, length: SummaryLength, source_tokens: int) -> tuple[int, int]:
    """The most and the fewest tokens, counted as `GenerationConfig` does: with the start token.

    For a section long enough, "medium" is what the checkpoint itself says; never more than the
    section has. An adapter was taught lengths of its own: it is only bounded.
    """
    known, tuned = loaded.model.generation_config, loaded.choice.adapter is not None
    least = min(SHORTEST, source_tokens)
    if known.max_length is None or tuned:
        longest = max(least, int(source_tokens * SHARES[length]))
        shortest = 0 if tuned else min(longest // 2, source_tokens // 4)
        return longest + 1, shortest + 1
    wanted = int(known.max_length * SCALES[length])
    longest = min(wanted, max(least, int(source_tokens * CEILINGS[length])) + 1)
    return longest, longest * (known.min_length or 0) // known.max_length


def _decoded(loaded: Loaded, tokens: list[int]) -> str:
    """The text, without the halves of characters that a small model may write or be cut at."""
    text = loaded.tokenizer.decode(
        list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return without_gaps(text.replace("\ufffd", ""))


def _tokens(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[int]:
    if not texts:
        return []
    encoded = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)
    return [len(ids) for ids in encoded["input_ids"]]


@functools.lru_cache(maxsize=4)
def _reader(folder: Path) -> tuple[PreTrainedTokenizerBase, int]:
    """A tokenizer for counting, of its own, and how many tokens one section may have."""
    tokenizer = load_tokenizer(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    special = tokenizer.num_special_tokens_to_add()
    return tokenizer, config["max_position_embeddings"] - special - 2
