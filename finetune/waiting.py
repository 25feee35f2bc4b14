"""Whose turn it is: the order in which waiting runs start, and when each of them will.

Owners stand in one line. Each has one run trained, then goes to its end. Read from the run
folders alone, so every server comes to the same order. Knows files; knows nothing of models.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from finetune import events
from finetune.errors import RunNotFound
from finetune.estimate import COMPARING, total_steps, trained_rows
from finetune.run import Run

LAST = 1 << 63  # nanoseconds; later than any ticket


def in_turn(
    waiting: Iterable[tuple[int, Run]],
    runs: Iterable[Run],
    turns: Mapping[str, int] | None = None,
) -> list[Run]:
    """The runs in the order they will start: an owner's k-th run in the k-th round, and in a round
    the owner who has been in line longest first.

    An owner is in line from the ticket of the first run, or from the end of the run trained last:
    while one trains, its owner stands behind all others.

    Args:
        waiting: ticket (nanoseconds since 1970) and run.
        runs: all of them, to know what was trained for whom.
        turns: owner -> when a run of theirs was launched last (nanoseconds since 1970): whoever
            deletes it afterwards has had the turn all the same.
    """
    waiting = sorted(((ticket, run.id, run) for ticket, run in waiting), key=lambda it: it[:2])
    owners = {run_id: owner_of(run) for _, run_id, run in waiting}
    if len(set(owners.values())) < 2:
        return [run for _, _, run in waiting]
    served = _served(set(owners.values()), runs, turns or {})
    in_line: dict[str, int] = {}
    rounds: Counter[str] = Counter()
    places = []
    for ticket, run_id, run in waiting:
        owner = owners[run_id]
        rounds[owner] += 1
        since = in_line.setdefault(owner, max(ticket, served.get(owner, 0)))
        places.append(((rounds[owner], since, ticket, run_id), run))
    return [run for _, run in sorted(places, key=lambda it: it[0])]


def place(run: Run, queue: Sequence[Run]) -> int | None:
    """1 for the run that is next; None for one that does not wait."""
    ids = [waiting.id for waiting in queue]
    return ids.index(run.id) + 1 if run.id in ids else None


def starts_in(
    run: Run, queue: Sequence[Run], training: Iterable[Run], now: float, longest: float
) -> float | None:
    """Seconds until a waiting run starts; None where it does not wait, or where nobody can tell.

    Args:
        queue: as `in_turn` has it.
        training: what trains now.
        now: seconds since 1970.
        longest: seconds after which any run makes way.
    """
    before = place(run, queue)
    if before is None:
        return None
    needed = [left(it, now) for it in training] + [needs(it) for it in queue[: before - 1]]
    return None if None in needed else sum(min(seconds, longest) for seconds in needed)


def needs(run: Run) -> float | None:
    """Seconds that a waiting run will train and compare, as estimated when it was made; of one
    that goes on, its share of the steps."""
    try:
        facts, recipe = run.facts, run.recipe
        rows = facts["data"]["train_rows"]
    except (RunNotFound, OSError, ValueError, KeyError, TypeError):  # broken: it fails at once
        return 0.0
    whole, last = facts.get("estimated_seconds"), run.last_event
    if whole is None or last is None:
        return whole
    steps = total_steps(recipe, trained_rows(recipe, rows))
    return whole * max(0.0, 1 - last.fields.get("step", 0) / steps)


def left(run: Run, now: float) -> float | None:
    """Seconds that a run under way still needs: at its own pace once it has one, as estimated
    before."""
    happened = run.events()
    began = happened and happened[-1].type not in events.FINAL  # else it loads, to go on
    if began and (seconds := events.time_left(happened, now, COMPARING)) is not None:
        return seconds
    if not began:
        return needs(run)
    whole, first = run.facts.get("estimated_seconds"), events.since_start(happened)[0]
    if whole is None:
        return None
    ahead = 1 - first.fields.get("resumed_at", 0) / first.fields.get("total_steps", 1)
    return max(0.0, whole * ahead - (now - first.time))


def _served(owners: set[str], runs: Iterable[Run], turns: Mapping[str, int]) -> dict[str, int]:
    """Owner -> when a run was last trained for them, in nanoseconds since 1970; `LAST` while one
    trains."""
    served = {owner: turns[owner] for owner in owners if owner in turns}
    for run in runs:
        owner = owner_of(run)
        if owner not in owners:
            continue
        with suppress(RunNotFound, OSError, ValueError):  # deleted just now, or broken
            if run.locked:
                served[owner] = LAST
            elif run.facts.get("ran"):
                ended = int(run.last_activity * 1e9)
                served[owner] = max(served.get(owner, 0), ended)
    return served


def owner_of(run: Run) -> str:
    """Whose turn the run takes; one that nobody owns takes its own."""
    with suppress(OSError):  # broken
        return run.owner or run.id
    return run.id
