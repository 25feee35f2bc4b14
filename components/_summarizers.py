"""What the Summarize tab and the web API do with a model. Knows no Gradio."""

from collections.abc import Generator

from components import _models, _remote_models
from components._models import Found, Wanted
from components._services import Services
from components._throttle import COSTLY
from inference import summary_lengths
from inference.catalog import BUILTIN_TASKS
from inference.records import Summary, SummaryLength, SummarySettings
from inference.texts import check_text, encodable


def summarize(
    services: Services, wanted: Wanted, text: str, settings: SummarySettings
) -> Generator[Summary, None, None]:
    """The summary so far, section by section; checked as in `chat`.

    A chat model, of this machine or the chat server's, may be asked for too. The places in the
    outline are those in `text` as it was given.

    Raises:
        WrongModelForTask: the demo of the chat, which only answers questions. Also as `find`.
    """
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    return summarize_row(services, wanted, text, settings)


def summarize_row(
    services: Services, wanted: Wanted, text: str, settings: SummarySettings
) -> Generator[Summary, None, None]:
    """`summarize` without a charge: of a row of a file, which was charged for as a whole."""
    check_text(text, services.limits.summary_characters)
    text, seconds = encodable(text), services.limits.deadline_seconds
    if _remote_models.is_named(services, wanted):
        from inference.summarize_chat import summarize_remote

        served = _remote_models.chosen(services, wanted)
        return summarize_remote(text, services.chat_server, served, settings, seconds)
    found = _summarizer(services, wanted)
    if found.model.task == "chat":
        from inference.summarize_chat import summarize as engine
    else:
        from inference.summarize import summarize as engine

    return engine(text, found.choice, settings, seconds)


def is_chat(services: Services, wanted: Wanted) -> bool:
    """Whether a chat model is to write the summary, which searches no wordings. The demo of the
    chat answers questions and nothing else: it is refused as a summariser.

    Raises:
        ModelUnknown
    """
    if wanted.run_id or not wanted.model:
        return False
    if _remote_models.is_named(services, wanted):
        return True
    model = services.catalog.find(wanted.model)
    return model.task == "chat" and not model.demo


def reader(services: Services, text: str) -> str:
    """The id of a summariser that reads the text: the chat's own model, and where that is but the
    demo the built-in one, which knows both languages."""
    found = _remote_models.default_model(services, "chat")
    if is_chat(services, Wanted(found)):
        return found
    return next(name for name, task in BUILTIN_TASKS.items() if task == "summarization")


def summary_tokens(services: Services, wanted: Wanted, length: SummaryLength) -> tuple[int, int]:
    """The fewest and the most tokens of a summary of one whole section of a long text.

    Raises:
        as `summarize`
    """
    found = None if _remote_models.is_named(services, wanted) else _summarizer(services, wanted)
    if found is None or found.model.task == "chat":
        return summary_lengths.chat_bounds(length)
    folder, tuned = found.choice.folder, found.choice.adapter is not None
    section = summary_lengths.section_tokens(folder)
    return summary_lengths.bounds(folder, length, section, tuned)


def _summarizer(services: Services, wanted: Wanted) -> Found:
    """One of this machine."""
    task = "chat" if is_chat(services, wanted) else "summarization"
    return _models.find(services, task, wanted)
