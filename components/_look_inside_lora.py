"""W + BA in numbers: what a LoRA of the chosen rank trains of the chosen base."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from components import _look_inside_parts as parts
from components import _look_inside_pictures as pictures
from components import _plots
from components._page import Page
from components._texts import i18n, say
from components._visitor import Language
from inference import look_lora, memory
from inference.look_lora import Counted
from inference.units import readable_bytes

RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LAYERS = {
    "all": "look_layers_all",
    "attention": "look_layers_attention",
    "query_value": "look_layers_query_value",
}
FIRST = "Qwen/Qwen3-0.6B"


def build(page: Page, opened: Sequence[Any]) -> None:
    bases = [it.id for it in page.services.catalog.models if it.trainable]
    gr.Markdown(i18n("look_lora_info"), elem_classes="lab-note")
    with gr.Row():
        base = gr.Dropdown(
            bases,
            value=FIRST if FIRST in bases else bases[0],
            label=i18n("look_base"),
            filterable=False,
            min_width=240,
            elem_id="look-base",
        )
        rank = gr.Dropdown(
            [(str(it), it) for it in RANKS],
            value=memory.RANK,
            label=i18n("look_rank"),
            filterable=False,
            min_width=100,
            elem_id="look-rank",
        )
    layers = gr.Radio(
        [(i18n(key), name) for name, key in LAYERS.items()],
        value="all",
        label=i18n("look_layers"),
        elem_id="look-layers",
    )
    picture = gr.HTML(elem_id="look-lora-picture")
    told = gr.Markdown(elem_id="look-lora-told")
    table = gr.Dataframe(visible=False, interactive=False, wrap=True, elem_id="look-lora-table")

    def show(language: Language, base: str, rank: int, layers: str) -> list[Any]:
        model = page.services.catalog.find(base)
        found = look_lora.count(model.architecture, model.task, rank, layers)
        modules = ",".join(look_lora.modules(model.task, layers))
        return [
            pictures.lora(found, language),
            "\n\n".join(_told(found, model.architecture, modules, language)),
            gr.Dataframe(_table(found, language), visible=True),
        ]

    given, outputs = [base, rank, layers], [picture, told, table]
    parts.fill_when_opened(page, opened, show, given, outputs)
    for field in given:
        page.on(field.input, show, given, outputs)


def _told(found: Counted, architecture: Any, modules: str, language: Language) -> list[str]:
    sizes = {
        "file": found.file_bytes,
        "training": found.training_bytes,
        "full": found.full_training_bytes,
        "half": memory.weights(architecture, "bfloat16"),
        "four": memory.weights(architecture, "int4"),
    }
    told = [
        say(
            "look_lora_told",
            language,
            trained=found.trained,
            share=found.share,
            frozen=found.frozen,
            **{name: readable_bytes(size) for name, size in sizes.items()},
        )
    ]
    if found.head:
        told.append(say("look_new_head", language, head=found.head))
    return [*told, say("look_modules", language, modules=modules)]


def _table(found: Counted, language: Language) -> _plots.Table:
    keys = ("look_matrix", "look_shape", "look_times", "look_numbers", "look_added")
    rows = [
        (
            it.name,
            f"{it.rows:,} × {it.columns:,}",
            f"{it.count:,}",
            f"{it.numbers:,}",
            f"{it.added(found.rank):,}",
        )
        for it in found.matrices
    ]
    return _plots.table([say(key, language) for key in keys], rows)
