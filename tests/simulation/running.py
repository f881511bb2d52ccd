"""Many histories, in as many processes as are asked for; and one told from its beginning to its end."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import get_context
from typing import NamedTuple

from tests.simulation.database import template
from tests.simulation.history import History, Seat
from tests.simulation.ports import installed
from tests.simulation.world import Violation

COLLECT_AFTER = (50_000, 20, 50)  # the collector's walks as Python has them cost a tenth of the time
_kept: list[bytes] = []


class Told(NamedTuple):
    """What a history is reported with."""

    seed: int
    queue: str
    violations: tuple[Violation, ...]
    steps: int
    faults: Counter[str]
    verdicts: Counter[str]
    sessions: Counter[str]


def content() -> bytes:
    """Return the template of the database, made once and inherited by the processes."""
    if not _kept:
        _kept.append(template())
    return _kept[0]


def tell(history: History) -> Told:
    """Sum a history up."""
    rows, world = history.database.rows, history.world
    return Told(
        seed=world.seed,
        queue=history.queue,
        violations=tuple(world.violations),
        steps=world.steps,
        faults=world.counts,
        verdicts=Counter(dict(rows("SELECT verdict, COUNT(*) FROM sim_ended GROUP BY 1"))),
        sessions=Counter(dict(rows("SELECT status, COUNT(*) FROM sim_said GROUP BY 1"))),
    )


def run_seeds(seeds: Iterable[int], *, queue: str | None = None, jobs: int = 1) -> Iterator[Told]:
    """Run a history for each seed; with several jobs they come in any order."""
    content()
    if jobs == 1:
        yield from _run(seeds, queue)
        return
    with get_context("fork").Pool(jobs, initializer=_sit) as pool:
        yield from pool.imap_unordered(partial(_one, queue=queue), seeds, chunksize=1)


def _run(seeds: Iterable[int], queue: str | None) -> Iterator[Told]:
    with installed() as stage:
        seat = Seat(content(), stage)
        thresholds = gc.get_threshold()
        gc.set_threshold(*COLLECT_AFTER)
        try:
            for seed in seeds:
                yield tell(History(seed, seat, queue=queue).run())
        finally:
            gc.set_threshold(*thresholds)


_seats: list[Seat] = []
_open_stages: list = []


def _sit() -> None:
    """Begin a process: it stays on stage until it ends."""
    _open_stages.append(installed())
    _seats.append(Seat(content(), _open_stages[0].__enter__()))
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _one(seed: int, *, queue: str | None) -> Told:
    return tell(History(seed, _seats[0], queue=queue).run())


def told(seed: int, *, queue: str | None = None) -> str:
    """Run one seed again and tell its history: what happened, with the faults marked `!!` and violations `**`."""
    with installed() as stage:
        history = History(seed, Seat(content(), stage), queue=queue, is_told=True).run()
    lines = [f"seed {seed}, queue {history.queue}, {len(history.areas)} areas, {history.most_workers} workers"]
    lines += [
        f"  {shown.item_id} {shown.captured_at:%d %H:%M}, there {shown.arrives_at:%d %H:%M},"
        f" shows {dict_of(shown.states)} hides {dict_of(shown.clear)}"
        for shown in history.land.items
    ]
    lines += map(str, history.world.journal)
    lines += [f"** {violation.invariant}: {violation.says}" for violation in history.world.violations]
    return "\n".join(lines)


def dict_of(values: dict) -> str:
    """Write a scene's tiles shortly."""
    return ", ".join(f"{tile.x}/{tile.y}: {value}" for tile, value in values.items()) or "nothing"
