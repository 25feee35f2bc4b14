"""Several texts, one a line: the label of each, in a table."""

from collections import Counter
from typing import Any

import gradio as gr

from components import _classifiers, _labels, _picker, _plots
from components._page import ENGINE_EVENTS, Page
from components._picker import Picker
from components._reading_note import ReadingNote
from components._texts import i18n, plain, say
from components._visitor import Language
from inference.errors import TextEmpty, TooManyLines

MOST = 200  # lines; for more there are files


def build(page: Page, picker: Picker, reading: ReadingNote) -> None:
    services = page.services
    info = gr.Markdown(elem_classes="lab-note")
    text = gr.Textbox(
        label=i18n("lines_text"), lines=7, max_lines=16, elem_id="sentiment-lines-text"
    )
    with gr.Row():
        run = gr.Button(i18n("sentiment_run"), variant="primary", elem_id="sentiment-lines-run")
        example = gr.Button(i18n("example"), elem_id="sentiment-lines-example")
    told = gr.Markdown(elem_id="sentiment-lines-told")
    table = gr.Dataframe(
        interactive=False,
        visible=False,
        wrap=True,
        datatype=["str", "str", "number"],
        column_widths=["50%", "27%", "23%"],
        max_height=520,
        show_label=False,
        elem_id="sentiment-lines",
    )

    def classify(language: Language, source: str, *picked: Any) -> tuple[str, Any]:
        found = list(_classifiers.classify(services, _picker.wanted(*picked), lines(source)))
        names = _labels.named(found[0].probabilities, language)
        headers = [say(f"lines_{it}", language) for it in ("label", "probability")]
        rows = [
            (it.text, names[it.label], round(100 * it.probabilities[it.label], 1)) for it in found
        ]
        shown = _plots.table((say("sentiment_text", language), *headers), rows)
        counted = Counter(name for _, name, _ in rows).most_common()
        counts = _plots.COMMA[language].join(
            say("lines_count", language, count=count, label=plain(name)) for name, count in counted
        )
        done = say("lines_done", language, count=len(rows), counts=counts)
        return done, gr.Dataframe(shown, visible=True)

    page.on(
        run.click,
        classify,
        [text, *picker.inputs],
        [told, table],
        **{"show_progress": "minimal", **ENGINE_EVENTS},
    )
    filled = page.on(example.click, _example, [], [text])
    reading.watch(text, [text.blur, run.click, filled.then])
    page.on_shown(lambda language: say("lines_info", language, most=MOST), [], [info])


def _example(language: Language) -> str:
    return "\n".join(say(f"sentiment_example_{number}", language) for number in (1, 2, 3))


def lines(source: str) -> list[str]:
    """The lines that are not blank.

    Raises:
        TextEmpty: there is none.
        TooManyLines: there are more than `MOST`.
    """
    found = [line.strip() for line in source.splitlines() if line.strip()]
    if not found:
        raise TextEmpty()
    if len(found) > MOST:
        raise TooManyLines(lines=len(found), most=MOST)
    return found
