"""Pictures of the look inside, as HTML of numbers and escaped tokens. Pure."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from components._texts import say, visible
from components._visitor import Language
from inference.look_lora import Counted

if TYPE_CHECKING:
    from inference.look_tokens import Step, Steps

SIDE = 150  # pixels of the longest side of a matrix
THINNEST = 2


def sentence(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def steps(found: "Steps", language: Language) -> str:
    """A step a row: the pieces of the word, the new one marked, and why it was made."""
    if len(found.steps) == 1 and not found.words:
        return ""
    cut = ""
    if len(found.words) > 1:
        words = " · ".join(visible(word) for word in found.words)
        cut = sentence(say("look_words_first", language, words=words))
    rows = "".join(
        f"<tr><th>{_why(step, found.kind, language)}</th><td>{_chips(step)}</td></tr>"
        for step in found.steps
    )
    return f'<div class="lab-steps">{cut}<table>{rows}</table></div>'


def _why(step: "Step", kind: str, language: Language) -> str:
    if step.made is None:
        return say("look_bytes" if kind == "BPE" else "look_begin", language)
    if step.rank is not None:
        return say("look_rule", language, rank=step.rank)
    return say("look_tried", language, tried=step.tried)


def _chips(step: "Step") -> str:
    chips = [
        f'<span class="{"lab-new" if place == step.made else ""}">{html.escape(visible(piece))}'
        "</span>"
        for place, piece in enumerate(step.pieces)
    ]
    return "".join(chips) + (f"<i>{html.escape(step.rest)}</i>" if step.rest else "")


def heat_map(
    tokens: Sequence[str], weights: Sequence[Sequence[float]], chosen: tuple[int, int]
) -> str:
    """Rows look at columns; a square holds its share in percent."""
    names = [html.escape(token) for token in tokens]
    head = "".join(f"<th><span>{name}</span></th>" for name in names)
    body = "".join(
        f"<tr><th>{names[of]}</th>"
        + "".join(_square(of, at, share, (of, at) == chosen) for at, share in enumerate(row))
        + "</tr>"
        for of, row in enumerate(weights)
    )
    return f'<div class="lab-heat"><table><tr><td></td>{head}</tr>{body}</table></div>'


def _square(query: int, key: int, share: float, chosen: bool) -> str:
    mark = ' class="lab-chosen"' if chosen else ""
    return (
        f'<td{mark} data-query="{query}" data-key="{key}" '
        f'style="background: rgba(79, 70, 229, {0.85 * share:.3f})">{100 * share:.0f}</td>'
    )


def lora(found: Counted, language: Language) -> str:
    """The first matrix W beside its B and A, and the trained share of the whole model."""
    it = found.matrices[0]
    scale = SIDE / max(it.rows, it.columns)
    tall, wide = max(THINNEST, it.rows * scale), max(THINNEST, it.columns * scale)
    thin = max(THINNEST, found.rank * scale)
    frozen, trained = say("look_frozen", language), say("look_trained", language)
    figures = (
        _matrix("W", it.rows, it.columns, tall, wide, frozen, "lab-frozen"),
        "<b>+</b>",
        _matrix("B", it.rows, found.rank, tall, thin, trained, "lab-trained"),
        "<b>×</b>",
        _matrix("A", found.rank, it.columns, thin, wide, trained, "lab-trained"),
    )
    title = say("look_to_scale", language, name=it.name)
    return (
        f"{sentence(title)}"
        f'<div class="lab-lora">{"".join(figures)}</div>'
        f'<div class="lab-bar"><i style="width: {100 * found.share:.3f}%"></i></div>'
    )


def _matrix(
    name: str, rows: int, columns: int, tall: float, wide: float, state: str, kind: str
) -> str:
    return (
        f'<figure><i class="{kind}" style="height: {tall:.1f}px; width: {wide:.1f}px"></i>'
        f"<figcaption><b>{name}</b> {rows:,} × {columns:,}<br>= {rows * columns:,}<br>{state}"
        "</figcaption></figure>"
    )
