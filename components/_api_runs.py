"""Endpoints about uploaded tables and training runs."""

from collections.abc import Iterator
from typing import Any

from gradio import FileData

from components import _models, _plans, _runs
from components._models import Wanted
from components._plans import Reading
from components._services import Services
from components._slices import begin_or_continue
from inference.records import ChatSettings


class RunEndpoints:
    """One method an endpoint; each docstring is what the API and the MCP tool say of it."""

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
