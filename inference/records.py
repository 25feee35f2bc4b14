"""What the engines are asked for and what they yield: plain frozen records, no torch.

The web server and the tabs read these without loading an engine. Nothing here knows how a
record is shown.
"""

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Literal

from inference.errors import (
    LabError,
    SettingChoiceRefused,
    SettingsRefused,
    StopTextsRefused,
)
from inference.memory import Precision

# The files of an adapter's folder: peft's two, and what ours says of its base and labels.
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_RECORD = "lab.json"

# What stands for a word that a BERT is to guess, and how many of them one text may have.
MASK = "[MASK]"
MOST_MASKS = 5

FinishReason = Literal["stop", "length", "cancelled", "deadline"]
FetchState = Literal["waiting", "probing", "downloading", "checking", "done", "failed", "cancelled"]
SummaryLength = Literal["short", "medium", "long"]
SUMMARY_LENGTHS: tuple[SummaryLength, ...] = ("short", "medium", "long")


@dataclass(frozen=True)
class Choice:
    """Which weights to use: a local model folder and, on top of it, an adapter's folder.

    `version` tells an adapter from one written later in the same folder (a run that went on).
    `precision` is the format to load them in; None for the one this machine computes best in.
    """

    folder: Path
    adapter: Path | None = None
    version: int = 0
    precision: Precision | None = None

    @property
    def base(self) -> "Choice":
        """The same without the adapter."""
        return Choice(self.folder, precision=self.precision)


@dataclass(frozen=True)
class ChatSettings:
    """How a reply is sampled. The names are those of transformers' `GenerationConfig`.

    What of `temperature`, `top_p` and `top_k` is None takes the value that Qwen recommends for the
    mode, thinking or not (https://huggingface.co/Qwen/Qwen3-8B, "Best Practices"). `temperature` 0
    is greedy; `top_k` 0 and `top_p` 1 switch these filters off; `seed` None draws a new one for
    each reply. The first of the `stop` texts that the answer comes to ends it, and is left out.
    Whole numbers sent as 512.0 are accepted as 512.

    Raises:
        SettingsRefused: a value is no number or lies outside `BOUNDS`.
        StopTextsRefused: too many, too long, or no texts.
    """

    max_new_tokens: int = 512
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float = 1.0
    seed: int | None = None
    thinking: bool = False
    stop: tuple[str, ...] = ()

    RECOMMENDED: ClassVar[dict[bool, dict[str, float | int]]] = {
        True: {"temperature": 0.6, "top_p": 0.95, "top_k": 20},
        False: {"temperature": 0.7, "top_p": 0.8, "top_k": 20},
    }
    MOST_STOPS: ClassVar[int] = 4
    MOST_STOP_CHARACTERS: ClassVar[int] = 64
    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {
        "max_new_tokens": (1, 32_768),
        "temperature": (0.0, 2.0),
        "top_p": (0.01, 1.0),
        "top_k": (0, 1_000),
        "repetition_penalty": (0.5, 2.0),
        "seed": (0, 2**32 - 1),
    }

    def __post_init__(self) -> None:
        for name, value in self.RECOMMENDED[bool(self.thinking)].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        for field in fields(self):
            if field.name in self.BOUNDS:
                value = self._checked(field.name, getattr(self, field.name))
                object.__setattr__(self, field.name, value)
        object.__setattr__(self, "stop", self._stops())

    def _stops(self) -> tuple[str, ...]:
        stops = self.stop if isinstance(self.stop, list | tuple) else (self.stop,)
        good = len(stops) <= self.MOST_STOPS and all(
            isinstance(it, str) and 0 < len(it) <= self.MOST_STOP_CHARACTERS for it in stops
        )
        if not good:
            raise StopTextsRefused(most=self.MOST_STOPS, characters=self.MOST_STOP_CHARACTERS)
        return tuple(stops)

    def _checked(self, name: str, value: object) -> float | int | None:
        if name == "seed" and value is None:
            return None
        low, high = self.BOUNDS[name]
        whole = isinstance(low, int)
        good = (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and low <= value <= high
            and (not whole or float(value).is_integer())
        )
        if not good:
            raise SettingsRefused(name=name, value=str(value)[:40], low=low, high=high)
        return int(value) if whole else float(value)


@dataclass(frozen=True)
class Chunk:
    """A reply so far.

    `text` and `reasoning` are whole, not increments. `tokens` counts what the model has
    generated, reasoning included. `seconds_to_first_token` is None until there is one;
    `tokens_per_second` is measured after the first token (prefill excluded), 0.0 until there
    are two. Only the last chunk has a `finish_reason`; "cancelled" is for whoever closes the
    engine's generator and keeps the chunk it had. `dropped_turns` earlier questions were left
    out because the conversation is longer than the model can read. Of the `context` tokens it can
    hold, `prompt_tokens` and `tokens` are used; `reused_tokens` of the prompt were known from the
    turn before.
    """

    text: str
    reasoning: str = ""
    tokens: int = 0
    seconds_to_first_token: float | None = None
    tokens_per_second: float = 0.0
    finish_reason: FinishReason | None = None
    dropped_turns: int = 0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    context: int = 0


@dataclass(frozen=True)
class Candidate:
    """A token as text, its id, and its probability, 0 to 1, before any sampling setting."""

    text: str
    id: int
    probability: float | None = None


@dataclass(frozen=True)
class Position:
    """A place in an answer: the token that stands there and the likeliest ones, best first."""

    token: Candidate
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class SummarySettings:
    """`length` scales what the model was tuned to write, or bounds it relative to its source.

    `fast` is greedy; else the model searches as it was published to, with four beams if it says
    nothing.

    Raises:
        SettingChoiceRefused: `length` is none of `SUMMARY_LENGTHS`.
    """

    length: SummaryLength = "medium"
    fast: bool = False

    def __post_init__(self) -> None:
        if self.length not in SUMMARY_LENGTHS:
            raise SettingChoiceRefused(
                name="length", value=str(self.length)[:40], choices=", ".join(SUMMARY_LENGTHS)
            )


@dataclass(frozen=True)
class Section:
    """Characters `start` to `end` of a text and their summary: "" until it is written."""

    start: int
    end: int
    summary: str = ""


@dataclass(frozen=True)
class Summary:
    """The summary so far; the last one has `sections_done == sections_total`.

    `sections_total` grows each time the sections' summaries are summarised again. `outline` holds
    the sections of the text itself, in order, from the beginning.
    """

    text: str
    sections_done: int
    sections_total: int
    outline: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Scores:
    """One classified text: every label's probability (they sum to 1) and the likeliest label."""

    text: str
    label: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class WordEffect:
    """A word of a text, from character `start` to `end`, and what it does to the label.

    `effect` is the label's probability with the word less that without it: above 0 the word speaks
    for the label, below 0 against it.
    """

    start: int
    end: int
    effect: float


@dataclass(frozen=True)
class Explanation:
    """Why a text got its label: the effect of each word, and the tokens that the model read.

    `cut`: the text is longer than the model reads; what lies beyond has no words here.
    """

    scores: Scores
    words: tuple[WordEffect, ...]
    tokens: tuple[Candidate, ...]
    cut: bool = False


@dataclass(frozen=True)
class FetchProgress:
    """How far the download of a model is.

    `waiting` for its turn, `probing` what there is to fetch; `bytes_total` is the catalogue's
    figure until that is known. What an earlier attempt left behind counts as done. The speed is
    that of the last seconds; `eta_seconds` is None while nothing arrives. `error` is set where
    the state is "failed".
    """

    state: FetchState
    bytes_done: int
    bytes_total: int
    bytes_per_second: float = 0.0
    eta_seconds: float | None = None
    error: LabError | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")
