"""The web API, which is also the list of MCP tools: one function an endpoint, plain JSON types.

Sentences are English here: a program's language is not known. A run's id together with its owner
token is the only way to it; keep both.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args, get_origin

import gradio as gr
from gradio import FileData

from components import (
    _classifiers,
    _file_report,
    _models,
    _plans,
    _remote_models,
    _runs,
    _scored_file,
    _summarizers,
)
from components._feedback import errors_told, left_gently
from components._models import Wanted
from components._page import ENGINE_EVENTS
from components._plans import Reading
from components._services import Services
from components._slices import begin_or_continue
from inference import hardware
from inference.errors import ArgumentRefused
from inference.records import ChatSettings, SummarySettings

DEFAULTS = ChatSettings()
ENGINES = (
    "chat",
    "summarize",
    "classify",
    "classify_file",
    "compare",
)  # endpoints that compute with a model


def register(services: Services) -> None:
    """Offer every endpoint; called inside the Blocks."""
    for kind in (_Models, _Runs):
        endpoints = kind(services)
        for name, function in inspect.getmembers(endpoints, inspect.ismethod):
            if not name.startswith("_"):
                limits = ENGINE_EVENTS if name in ENGINES else {}
                gr.api(_in_english(function), api_name=name, **limits)


def _in_english(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its arguments checked and its errors told as text.

    Gradio reads the signature: of what is streamed it is told each piece, which may be several
    outputs.
    """
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def stream(*values: Any) -> Iterator[Any]:
            with errors_told("en", markup=False):
                _check(function, values)
                yield from left_gently(function(*values))

        signature = inspect.signature(function)
        (piece,) = get_args(signature.return_annotation)
        stream.__signature__ = signature.replace(return_annotation=piece)  # type: ignore[attr-defined]
        return stream

    @functools.wraps(function)
    def call(*values: Any) -> Any:
        with errors_told("en", markup=False):
            _check(function, values)
            return function(*values)

    return call


def _check(function: Callable[..., Any], values: tuple[Any, ...]) -> None:
    """What reads numbers and options checks them itself; text, lists and objects are checked here.

    Raises:
        ArgumentRefused: Gradio hands on whatever JSON a caller sent.
    """
    parameters = inspect.signature(function).parameters.values()
    for value, parameter in zip(values, parameters, strict=False):  # those left out are defaults
        kind = get_origin(parameter.annotation) or parameter.annotation
        wrong = kind in (str, list, dict) and not isinstance(value, kind)
        if wrong or (kind is str and not _is_text(value)):
            names = {str: "text", list: "a list", dict: "an object"}
            raise ArgumentRefused(name=parameter.name, kind=names[kind], value=repr(value)[:40])


def _is_text(value: str) -> bool:
    """Half a surrogate pair is valid JSON and cannot be written anywhere."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Models:
    """Endpoints about models."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def environment(self) -> dict:
        """Facts about the machine the app runs on: processor, memory, GPUs, versions, limits.

        Returns:
            JSON; sizes in bytes.
        """
        return {**hardware.facts(), "limits": asdict(self._services.limits)}

    def models(self) -> list[dict]:
        """The models on offer, and for each whether it is on this machine, fits and can be trained.

        Those that a chat server of the operator has are marked as remote, and take nothing here.

        Returns:
            A list of JSON objects; sizes in bytes.
        """
        local = [_models.record(model) for model in self._services.catalog.models]
        return local + _remote_models.records(self._services)

    def chat(
        self,
        message: str,
        history: list[dict] = [],  # noqa: B006  (shown as the default in the API's description)
        model: str = "",
        run_id: str = "",
        token: str = "",
        system: str = "",
        max_new_tokens: int = DEFAULTS.max_new_tokens,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        repetition_penalty: float = DEFAULTS.repetition_penalty,
        seed: int | None = DEFAULTS.seed,
        thinking: bool = DEFAULTS.thinking,
    ) -> Iterator[str]:
        """Chat with a model, or with an adapter trained here. The reply is streamed.

        Args:
            message: The new message.
            history: Earlier turns, each {"role": "user" or "assistant", "content": text}.
            model: Id from /models; empty for the one that fits best.
            run_id: A finished run to chat with instead of a model.
            token: The run's owner token, or the token of its share link.
            system: System prompt.
            max_new_tokens: Longest reply, in tokens.
            temperature: 0 for the likeliest reply, up to 2 for varied ones; like top_p and top_k,
                null for what is recommended for thinking or not.
            top_p: Choose among the likeliest words that together reach this probability.
            top_k: Choose among this many likeliest words; 0 for no bound.
            repetition_penalty: Above 1, words already used become less likely.
            seed: The same seed gives the same reply; null draws a new one.
            thinking: Let a thinking model reason first; the reasoning is not part of the reply.

        Returns:
            The whole reply so far, each time.
        """
        settings = ChatSettings(
            max_new_tokens, temperature, top_p, top_k, repetition_penalty, seed, bool(thinking)
        )
        wanted = Wanted(model, run_id, token)
        replies = _models.chat(self._services, wanted, message, history, system, settings)
        with closing(replies):
            for chunk in replies:
                yield chunk.text

    def summarize(
        self,
        text: str,
        model: str = "",
        run_id: str = "",
        token: str = "",
        length: str = SummarySettings.length,
        fast: bool = SummarySettings.fast,
    ) -> Iterator[str]:
        """Summarize a text of any length, section by section. The summary is streamed.

        Args:
            text: The text.
            model: Id from /models; empty for the default. A chat model's id works too.
            run_id: A finished run to use instead of a model.
            token: The run's owner token, or the token of its share link.
            length: short, medium or long.
            fast: Greedy decoding instead of the model's own beam search.

        Returns:
            The whole summary so far, each time.
        """
        settings, wanted = SummarySettings(length, bool(fast)), Wanted(model, run_id, token)
        pieces = _summarizers.summarize(self._services, wanted, text, settings)
        with closing(pieces):
            for summary in pieces:
                yield summary.text

    def classify(
        self, text: str, model: str = "", run_id: str = "", token: str = ""
    ) -> dict[str, float]:
        """Classify a text: sentiment, or the labels of an adapter trained here.

        Args:
            text: The text.
            model: Id from /models; empty for the default.
            run_id: A finished run to use instead of a model.
            token: The run's owner token, or the token of its share link.

        Returns:
            Label -> probability.
        """
        (scores,) = _classifiers.classify(self._services, Wanted(model, run_id, token), [text])
        return scores.probabilities

    def classify_file(
        self,
        file: dict,
        text_column: str = "",
        label_column: str = "",
        model: str = "",
        run_id: str = "",
        token: str = "",
    ) -> Iterator[tuple[dict, FileData | None]]:
        """Classify every row of an uploaded table, and check the model where the labels are known.

        Args:
            file: The uploaded file (in Python: gradio_client.handle_file).
            text_column: The column with the texts; empty to find it.
            label_column: A column with the right labels, to check the model against; empty for
                none. 0 and 1, pos and neg, 好评 and 差评, or stars are understood.
            model: Id from /models; empty for the default.
            run_id: A finished run to use instead of a model.
            token: The run's owner token, or the token of its share link.

        Returns:
            JSON: rows, skipped (without text), labels (label -> rows), text_column, label_column;
                with a label column also matched (value -> label it was taken for), not_matched
                (value -> rows), and figures (rows, labels, accuracy, macro_f1, per_label,
                confusion) or null. While it runs: rows done, and rows_to_score.
            A CSV: every column, then the label and the probability of each; null while it runs.
        """
        wanted = Wanted(model, run_id, token)
        found = _scored_file.sheet(
            self._services, file, Reading(), text_column, label_column, visitor=token
        )
        with closing(_scored_file.score(self._services, wanted, found)) as steps:
            for now in steps:
                yield {"rows": now.done, "rows_to_score": now.total}, None
        path = Path(_scored_file.as_csv(self._services, now.scored))
        parcel = FileData(path=str(path), orig_name=path.name, size=path.stat().st_size)
        yield _file_report.summary(now.scored), parcel


class _Runs:
    """Endpoints about files and training runs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def inspect_table(
        self,
        file: dict,
        encoding: str = "",
        delimiter: str = "",
        quotechar: str = "",
        has_header: bool | None = None,
    ) -> dict:
        """Read an uploaded table: encoding, delimiter, columns, first rows, what it is fit for.

        Args:
            file: The uploaded file (in Python: gradio_client.handle_file).
            encoding: How to decode it; empty to find out.
            delimiter: One character; empty to find out.
            quotechar: One character; empty to find out.
            has_header: Whether the first row is a header; null to find out.

        Returns:
            JSON: encoding, delimiter, header, row_count, first_rows, guessed task and mapping,
            problems (row, column, what, value, advice, severity).
        """
        reading = Reading(encoding or None, delimiter or None, quotechar or None, has_header)
        return _plans.inspect(self._services, file, reading)

    def estimate(
        self,
        file: dict,
        task: str,
        mapping: dict,
        base: str,
        settings: dict,
        reading: dict = {},  # noqa: B006  (shown as the default in the API's description)
    ) -> dict:
        """What a training run would take, what is wrong with its plan, and what would make it fit.

        Args:
            file: The uploaded file (in Python: gradio_client.handle_file).
            task: chat, classification or summarization.
            mapping: Part of an example -> column, as /inspect_table guesses it.
            base: Id of a trainable model from /models; it need not be on this machine yet.
            settings: As /start_run takes them.
            reading: encoding, delimiter, quotechar, has_header, where the guess was wrong.

        Returns:
            JSON: steps, rows_per_step, passes, memory_bytes (training, evaluation), seconds,
            roughly; gpu_seconds and the share of a visitor's day they are on a ZeroGPU Space (null
            elsewhere); fits, make_fit (settings to change, or null), smaller_base, problems (code,
            what, advice, severity, details).
        """
        plan = _plans.plan_from(task, mapping, base, settings)
        return _plans.estimated(self._services, file, _plans.reading_from(reading), plan)

    def start_run(
        self,
        file: dict,
        task: str,
        mapping: dict,
        base: str,
        settings: dict,
        name: str,
        owner_token: str,
        reading: dict = {},  # noqa: B006  (shown as the default in the API's description)
    ) -> Iterator[str]:
        """Train a LoRA adapter on an uploaded table, in the background.

        On ZeroGPU within this request: the id is there at once, and to leave is to interrupt.

        Args:
            file: The uploaded file (in Python: gradio_client.handle_file).
            task: chat, classification or summarization.
            mapping: Part of an example -> column, as /inspect_table guesses it.
            base: Id of a trainable model from /models.
            settings: Training settings that differ from the preset, by the names of transformers'
                TrainingArguments and peft's LoraConfig; "preset" is quick, balanced or thorough.
            name: What to call the run.
            owner_token: A secret of your own, at least 16 characters: the key to the run.
            reading: encoding, delimiter, quotechar, has_header, where the guess was wrong.

        Returns:
            The run's id.
        """
        plan = _plans.plan_from(task, mapping, base, settings)
        run = _runs.start(
            self._services, file, _plans.reading_from(reading), plan, name, owner_token
        )
        yield run.id
        for _ in begin_or_continue(self._services, run):
            yield run.id

    def run_status(self, run_id: str, owner_token: str, since: int = 0) -> dict:
        """Where a run stands.

        Args:
            run_id: The run.
            owner_token: Its owner's token.
            since: How many events are known already; only later ones are returned.

        Returns:
            JSON: status, step, total_steps, loss, eta_seconds, metrics, events; of a run that waits
                queue_position and starts_in_seconds; kept_until, in seconds since 1970.
        """
        return _runs.status(self._services, run_id, owner_token, since)

    def stop_run(self, run_id: str, owner_token: str) -> str:
        """Stop a run; what it has learned so far is kept.

        Returns:
            The run's status.
        """
        run = self._own(run_id, owner_token)
        self._services.jobs.stop(run)
        return run.status()

    def resume_run(self, run_id: str, owner_token: str) -> Iterator[str]:
        """Go on with a run that was stopped, interrupted or failed; on ZeroGPU, in this request.

        Returns:
            The run's status.
        """
        run = _runs.resume(self._services, run_id, owner_token)
        yield run.status()
        for _ in begin_or_continue(self._services, run):
            yield run.status()

    def delete_run(self, run_id: str, owner_token: str) -> str:
        """Delete a run and everything in it, for good.

        Returns:
            The id of the run that is gone.
        """
        self._own(run_id, owner_token).delete()
        return run_id

    def list_runs(self, owner_token: str) -> list[dict]:
        """The runs of one owner, newest first.

        Returns:
            JSON objects: id, name, task, base, status, queue_position, has_adapter, created,
                kept_until.
        """
        return _runs.listed(self._services, owner_token)

    def run_report(self, run_id: str, owner_token: str) -> dict:
        """How base and tuned model compare on the rows held out of training.

        Args:
            run_id: The run.
            owner_token: Its owner's token, or the token of its share link.

        Returns:
            JSON: base and tuned figures, samples; empty before there is a report.
        """
        return self._services.store.for_reader(run_id, owner_token).report() or {}

    def download_adapter(self, run_id: str, owner_token: str) -> FileData:
        """The trained adapter as a zip: safetensors, JSON, a card with a snippet that runs.

        Returns:
            The file.
        """
        path = _runs.download(self._services, run_id, owner_token)
        return FileData(path=str(path), orig_name=path.name, size=path.stat().st_size)

    def share_run(self, run_id: str, owner_token: str) -> str:
        """Let others chat with a finished run and read its report, nothing more.

        Returns:
            The token of the share link: the page opens it with ?run=…&share=….
        """
        return self._own(run_id, owner_token).share()

    def unshare_run(self, run_id: str, owner_token: str) -> str:
        """Withdraw every share link of a run.

        Returns:
            The run's id.
        """
        self._own(run_id, owner_token).unshare()
        return run_id

    def compare(self, prompt: str, run_id: str, owner_token: str) -> dict:
        """The same prompt, answered by the base and by the tuned model of a chat run.

        Args:
            prompt: The message.
            run_id: The run.
            owner_token: Its owner's token, or the token of its share link.

        Returns:
            JSON: base and tuned, the two answers, both greedy.
        """
        run = self._services.store.for_reader(run_id, owner_token)
        sides = {
            "base": Wanted(model=run.recipe.base),
            "tuned": Wanted(run_id=run_id, token=owner_token),
        }
        settings = ChatSettings(temperature=0.0)
        return {
            side: [*_models.chat(self._services, wanted, prompt, [], "", settings)][-1].text
            for side, wanted in sides.items()
        }

    def _own(self, run_id: str, owner_token: str) -> Any:
        return self._services.store.for_owner(run_id, owner_token)
