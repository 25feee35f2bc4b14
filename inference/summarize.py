"""A text of any length -> a summary, section by section."""

import functools
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from transformers import GenerationConfig, PreTrainedTokenizerBase

from inference import accelerator
from inference.errors import DeadlinePassed
from inference.generation import Generation
from inference.loading import load_tokenizer
from inference.pool import Choice, Loaded, shared
from inference.records import Summary, SummaryLength, SummarySettings
from inference.texts import check_text, joined, sections, whole_sentences, without_gaps

__all__ = ["Choice", "Summary", "SummarySettings", "check_text", "summarize"]

# At most this share of the section's tokens, and at least half of it.
SHARES: dict[SummaryLength, float] = {"short": 0.12, "medium": 0.25, "long": 0.4}
SHORTEST = 8
BEAMS = 4
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
                text,
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
        # The first token of the output is the decoder's start token.
        cut_off = len(tokens) > config.max_new_tokens
        yield whole_sentences(summary) if cut_off else summary


def _config(loaded: Loaded, settings: SummarySettings, source_tokens: int) -> GenerationConfig:
    longest = max(SHORTEST, int(source_tokens * SHARES[settings.length]))
    known = loaded.model.generation_config
    return GenerationConfig(
        max_new_tokens=longest,
        min_new_tokens=min(longest // 2, source_tokens // 4),
        num_beams=1 if settings.fast else BEAMS,
        do_sample=False,
        early_stopping=not settings.fast,
        length_penalty=1.0 if settings.fast else 2.0,
        no_repeat_ngram_size=3,
        bos_token_id=known.bos_token_id,
        eos_token_id=known.eos_token_id,
        pad_token_id=known.pad_token_id,
        decoder_start_token_id=known.decoder_start_token_id,
        forced_bos_token_id=known.forced_bos_token_id,
        forced_eos_token_id=known.forced_eos_token_id,
    )


def _decoded(loaded: Loaded, tokens: list[int]) -> str:
    """The text, without the halves of characters that a small model may write or be cut at."""
    text = loaded.tokenizer.decode(
        list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
    )
    return without_gaps(text.replace("\ufffd", ""))


def _tokens(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[int]:
    if not texts:
        return []
    encoded = tokenizer(texts, add_special_tokens=False, verbose=False)
    return [len(ids) for ids in encoded["input_ids"]]


@functools.lru_cache(maxsize=4)
def _reader(folder: Path) -> tuple[PreTrainedTokenizerBase, int]:
    """A tokenizer for counting, of its own, and how many tokens one section may have."""
    tokenizer = load_tokenizer(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    special = tokenizer.num_special_tokens_to_add()
    return tokenizer, config["max_position_embeddings"] - special - 2
