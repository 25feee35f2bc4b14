"""What a plan will take, and what is wrong with it, before it starts."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from components import _plots
from components._form import MAIN
from components._plans import Foreseen
from components._refusals import problem_sentences
from components._texts import i18n, plain, say
from components._visitor import Language
from finetune.estimate import ZERO_GPU_DAY
from inference.units import readable_bytes


@dataclass(frozen=True)
class PlanView:
    estimate: gr.Markdown
    advice: gr.Markdown
    fit: gr.Button
    changed: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        return [self.estimate, self.advice, self.fit]

    @property
    def told(self) -> list[Any]:
        """What `fitted` fills in."""
        return [self.changed]


def place() -> PlanView:
    estimate = gr.Markdown(elem_classes="lab-note", elem_id="finetune-estimate")
    advice = gr.Markdown(visible=False, elem_classes="lab-advice", elem_id="finetune-advice")
    fit = gr.Button(i18n("make_fit"), visible=False, elem_id="finetune-fit")
    changed = gr.Markdown(elem_classes="lab-note", elem_id="finetune-fitted")
    return PlanView(estimate, advice, fit, changed)


def nothing() -> list[Any]:
    return ["", gr.Markdown(visible=False), gr.Button(visible=False)]


def refused(sentence: str) -> list[Any]:
    return [plain(sentence), gr.Markdown(visible=False), gr.Button(visible=False)]


def shown(found: Foreseen, language: Language) -> list[Any]:
    lines = []
    for it in found.advice:
        what, advice = problem_sentences(it.to_dict(), language)
        lines.append(f"- **{plain(what)}** {plain(advice)}")
    if found.smaller is not None:
        lines.append(f"- {say('smaller_base', language, model=plain(found.smaller))}")
    return [
        _estimate(found, language),
        gr.Markdown("\n".join(lines), visible=bool(lines)),
        gr.Button(visible=bool(found.fitting)),
    ]


def _estimate(found: Foreseen, language: Language) -> str:
    it = found.estimate
    told = say(
        "estimate",
        language,
        steps=it.steps,
        rows=it.rows_per_step,
        memory=readable_bytes(it.memory_bytes or 0),
        measuring=readable_bytes(it.measuring_bytes or 0),
        time=_plots.duration(it.seconds or 0, language),
    )
    told = f"{told} {_values(found, language)}"
    if it.gpu_seconds is None:
        return told
    day = ZERO_GPU_DAY["free"]
    share = round(100 * it.gpu_seconds / day)
    return f"{told} {say('estimate_gpu', language, seconds=it.gpu_seconds, share=share, day=day)}"


def _values(found: Foreseen, language: Language) -> str:
    """What the main knobs are on: those left empty have the preset's values."""
    values = [f"`{name}` = {getattr(found.recipe, name):g}" for name in MAIN]
    return say("plan_values", language, values=_plots.COMMA[language].join(values))


def fitted(found: Foreseen, language: Language) -> list[Any]:
    """What was changed so that the plan fits."""
    if not found.fitting:
        return [""]
    changes = [f"`{name}` = {value}" for name, value in found.fitting.items()]
    return [say("made_to_fit", language, changes=_plots.COMMA[language].join(changes))]
