"""What the Sentiment tab and the web API do with a model. Knows no Gradio."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from components._models import Wanted, find, reads
from components._services import Services
from components._throttle import COSTLY
from inference import fit, hub
from inference.catalog import Model
from inference.records import Candidate, Explanation, Scores
from inference.texts import check_text


def classify(services: Services, wanted: Wanted, texts: Sequence[str]) -> Iterator[Scores]:
    """The scores of each text, in order; checked as in `chat`."""
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    checked = [check_text(text, services.limits.classify_characters) for text in texts]
    found = find(services, "classification", wanted)
    from inference.sentiment import classify as engine

    return engine(checked, found.choice, services.limits.deadline_seconds, found.model.labels)


def classify_rows(
    services: Services, wanted: Wanted, texts: Sequence[str]
) -> Generator[Scores | None, None, None]:
    """As `classify`, of the cells of a file: one call counts once, blank cells have no scores, and
    long ones are cut."""
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    found = find(services, "classification", wanted)
    from inference.sentiment import classify as engine

    most = services.limits.classify_characters
    cells = [text.strip()[:most] for text in texts]
    filled = [cell for cell in cells if cell]
    seconds, labels = services.limits.deadline_seconds, found.model.labels
    return _in_their_places(cells, engine(filled, found.choice, seconds, labels))


def _in_their_places(
    cells: Sequence[str], scores: Generator[Scores, None, None]
) -> Generator[Scores | None, None, None]:
    with closing(scores):
        for cell in cells:
            yield next(scores) if cell else None


def explain(services: Services, wanted: Wanted, text: str) -> Explanation:
    """What each word of a text does to its scores; checked as in `chat`, but not charged for: it
    goes on from `classify`."""
    text = check_text(text, services.limits.classify_characters)
    found = find(services, "classification", wanted)
    from inference.explain import explain as engine

    return engine(text, found.choice, services.limits.deadline_seconds, found.model.labels)


def reader(services: Services, text: str) -> str:
    """The id of a classifier that reads the text and can be used at once; demos come last.

    Empty where there is none.
    """
    usable = [
        model
        for model in services.catalog.served("classification")
        if hub.is_here(model) and fit.fits(model).fits and reads(services, Wanted(model.id), text)
    ]
    return min(usable, key=lambda model: model.demo).id if usable else ""


def mask_models(services: Services) -> list[Model]:
    """The BERTs of the catalogue that can guess masked words, those first that are here, demos
    before those that are not. One that is not here is known to if it has no classifier."""
    bases = [it for it in services.catalog.bases("classification") if not it.served]
    others = [it for it in services.catalog.served("classification") if _has_mask_head(it)]
    found = [it for it in bases if not hub.is_here(it) or _has_mask_head(it)] + others
    return sorted(found, key=lambda it: (not hub.is_here(it), it.demo))


def _has_mask_head(model: Model) -> bool:
    if not hub.is_here(model):
        return False
    try:
        return hub.guesses_masked_words(hub.locate(model))
    except (OSError, ValueError):  # a damaged file, which is told when it is chosen elsewhere
        return False


def fill_mask(services: Services, wanted: Wanted, text: str) -> list[tuple[Candidate, ...]]:
    """The likeliest ten tokens for each [MASK] of the text, by the model itself even where a run
    trained on it is wanted; with neither, by one of `mask_models`. Checked as in `chat`."""
    services.throttle.charge(COSTLY, wanted.visitor or wanted.token)
    text = check_text(text, services.limits.classify_characters)
    if not wanted.model and not wanted.run_id:
        usable = mask_models(services)
        wanted = replace(wanted, model=usable[0].id if usable else "")
    found = find(services, "classification", wanted)
    from inference.fill_mask import fill_mask as engine

    return engine(text, found.choice.base)
