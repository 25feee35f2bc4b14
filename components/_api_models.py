"""Endpoints about models: what is here, and replies, summaries and classifications of them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from gradio import FileData

from components import (
    _classifiers,
    _file_report,
    _models,
    _remote_models,
    _scored_file,
    _summarizers,
)
from components._models import Wanted
from components._plans import Reading
from components._services import Services
from inference.records import ChatSettings, SummarySettings

DEFAULTS = ChatSettings()


class ModelEndpoints:
    """One method an endpoint; each docstring is what the API and the MCP tool say of it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def environment(self) -> dict:
        """Facts about the machine the app runs on: processor, memory, GPUs, versions, whether the
        source of models answers, what is downloaded, limits.

        Returns:
            JSON; sizes in bytes.
        """
        facts = self._services.machine.facts(self._services.catalog)
        return {**facts, "limits": asdict(self._services.limits)}

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
            history: Earlier turns, each {"role": "user" or "assistant", "content": text}. The
                demo reads no more than the last of them.
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
