"""A head of a BERT at work on a sentence: a heat map, and the numbers behind each square."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from components import _look_inside_parts as parts
from components import _look_inside_pictures as pictures
from components import _models, _plots
from components._models import Wanted
from components._page import ENGINE_EVENTS, Page
from components._services import Services
from components._texts import i18n, plain, say
from components._throttle import COSTLY
from components._visitor import Language
from inference.texts import check_text

if TYPE_CHECKING:
    from inference.look_attention import Head

FORMULA = r"$$\mathrm{softmax}\left(\frac{QK^{\top}}{\sqrt{d}}\right)V$$"
MOST_CHARACTERS = 300
NUMBERS = 4  # of a vector that are shown
# A square says which it is; anything else in the picture does nothing.
PICK = """element.addEventListener('click', (event) => {
  const square = event.target.closest('td[data-query]');
  if (square) trigger('click', {query: +square.dataset.query, key: +square.dataset.key});
});"""


@dataclass(frozen=True)
class _Parts:
    """What is asked, the picture, and the numbers of one of its squares."""

    text: gr.Textbox
    model: gr.Dropdown
    layer: gr.Radio
    head: gr.Radio
    go: gr.Button
    picture: gr.HTML
    query: gr.Dropdown
    key: gr.Dropdown
    told: gr.Markdown
    row: gr.Dataframe
    seen: gr.State

    @property
    def pair(self) -> list[Any]:
        return [self.query, self.key]

    @property
    def numbers(self) -> list[Any]:
        return [self.picture, self.told, self.row]

    @property
    def found(self) -> list[Any]:
        """What `_looked` fills in."""
        return [self.seen, self.layer, self.head, *self.pair, *self.numbers]


def build(page: Page, opened: Sequence[Any]) -> None:
    gr.Markdown(i18n("look_attention_info"), elem_classes="lab-note")
    gr.Markdown(FORMULA, elem_id="look-formula")
    it = _place()
    _wire_asking(page, it, opened)
    _wire_squares(page, it)


def _place() -> _Parts:
    with gr.Row():
        text = gr.Textbox(label=i18n("look_sentence"), scale=3, min_width=240, elem_id="look-read")
        model = gr.Dropdown([], label=i18n("look_model"), filterable=False, min_width=200)
    with gr.Row():
        layer = gr.Radio([("1", 0)], value=0, label=i18n("look_layer"), elem_id="look-layer")
        head = gr.Radio([("1", 0)], value=0, label=i18n("look_head"), elem_id="look-head")
    go = gr.Button(i18n("look_go"), size="sm", elem_id="look-go")
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            picture = gr.HTML(js_on_load=PICK, elem_id="look-heat")
        with gr.Column(scale=2, min_width=300):
            with gr.Row():
                query = gr.Dropdown([], label=i18n("look_from"), filterable=False, min_width=120)
                key = gr.Dropdown([], label=i18n("look_to"), filterable=False, min_width=120)
            told = gr.Markdown(elem_id="look-pair")
            row = gr.Dataframe(
                label=i18n("look_row"), visible=False, interactive=False, max_height=320
            )
    return _Parts(text, model, layer, head, go, picture, query, key, told, row, gr.State(None))


def _wire_asking(page: Page, it: _Parts, opened: Sequence[Any]) -> None:
    services = page.services

    def look(language: Language, owner: str, *asked: Any) -> list[Any]:
        return _looked(services, language, owner, *asked)

    def look_from_the_first(language: Language, owner: str, text: str, model: str) -> list[Any]:
        """Another model may have fewer layers and heads."""
        return look(language, owner, text, model, 0, 0)

    def show(language: Language, owner: str, text: str, model: str) -> list[Any]:
        text = parts.or_example(text, "look_attention_example", language)
        ids = parts.here(services, "classification")
        model = parts.taken(ids, model)
        field = gr.Dropdown(choices=ids, value=model)
        return [text, field, *look_from_the_first(language, owner, text, model)]

    given = [page.owner, it.text, it.model]
    shown = [it.text, it.model, *it.found]
    parts.fill_when_opened(page, opened, show, given, shown, **ENGINE_EVENTS)
    page.on(it.model.input, look_from_the_first, given, it.found, **ENGINE_EVENTS)
    for trigger in (it.go.click, it.text.submit, it.layer.input, it.head.input):
        page.on(trigger, look, [*given, it.layer, it.head], it.found, **ENGINE_EVENTS)


def _wire_squares(page: Page, it: _Parts) -> None:
    def pick(language: Language, seen: "Head | None", query: int, key: int) -> list[Any]:
        if seen is None:
            return [gr.skip()] * len(it.numbers)
        return _numbers(seen, query, key, language)

    def click(language: Language, square: gr.EventData, seen: Any) -> list[Any]:
        """`seen` is a `Head`, of which Gradio, that reads these annotations, knows nothing yet."""
        of, at = square._data.get("query"), square._data.get("key")
        places = range(len(seen.tokens)) if seen else ()
        if of not in places or at not in places:
            return [gr.skip()] * (2 + len(it.numbers))
        return [of, at, *_numbers(seen, of, at, language)]

    for field in it.pair:
        page.on(field.input, pick, [it.seen, *it.pair], it.numbers)
    page.on(it.picture.click, click, [it.seen], [*it.pair, *it.numbers])


def _looked(
    services: Services,
    language: Language,
    owner: str,
    text: str,
    model: str,
    layer: int,
    head: int,
) -> list[Any]:
    """A new picture, on the pair whose share is greatest: updates of `_Parts.found`."""
    services.throttle.charge(COSTLY, owner)
    text = check_text(text, MOST_CHARACTERS)
    found = _models.find(services, "classification", Wanted(model=model))
    from inference.look_attention import head as engine

    seen = engine(text, found.choice, layer, head)
    places = [(f"{n + 1}. {token}", n) for n, token in enumerate(seen.tokens)]
    squares = (
        (share, n, m)
        for n, shares in enumerate(seen.weights[1:-1], start=1)
        for m, share in enumerate(shares)
    )
    _, of, at = max(squares, default=(0.0, 0, 0))  # of a text that is no token to the model
    fields = [gr.Dropdown(choices=places, value=value) for value in (of, at)]
    chosen = ((seen.layers, layer), (seen.heads, head))
    counts = [gr.Radio(choices=_numbered(count), value=value) for count, value in chosen]
    return [seen, *counts, *fields, *_numbers(seen, of, at, language)]


def _numbered(count: int) -> list[tuple[str, int]]:
    return [(str(number + 1), number) for number in range(count)]


def _numbers(seen: "Head", query: int, key: int, language: Language) -> list[Any]:
    """The picture, the sentence about one square, and its whole row."""
    from inference.look_attention import MOST_TOKENS, scores

    found = scores(seen, query)
    score = found[key]
    told = say(
        "look_pair",
        language,
        asking=plain(seen.tokens[query]),
        asked=plain(seen.tokens[key]),
        product=score.product,
        size=seen.size,
        root=math.sqrt(seen.size),
        scaled=score.scaled,
        power=math.exp(score.scaled),
        total=sum(math.exp(it.scaled) for it in found),
        weight=score.weight,
    )
    vectors = {
        "q": _begin(seen.queries[query]),
        "k": _begin(seen.keys[key]),
        "output": _begin(seen.output[query]),
    }
    told = f"{told}\n\n{say('look_vectors', language, size=seen.size, **vectors)}"
    if seen.cut:
        told = f"{told}\n\n{say('look_cut', language, most=MOST_TOKENS)}"
    headers = [say("look_token", language), "q·k", "q·k/√d", "e^", say("look_share", language)]
    rows = [
        (
            token,
            f"{it.product:.3f}",
            f"{it.scaled:.3f}",
            f"{math.exp(it.scaled):.4f}",
            f"{it.weight:.1%}",
        )
        for token, it in zip(seen.tokens, found, strict=True)
    ]
    table = gr.Dataframe(_plots.table(headers, rows), visible=True)
    return [pictures.heat_map(seen.tokens, seen.weights, (query, key)), told, table]


def _begin(vector: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in vector[:NUMBERS]) + ", …)"
