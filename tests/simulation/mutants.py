"""Mutants: each guard of the trip taken out, by name. The simulation is worth as much as it misses them.

A mutant is one function, class or constant of the product with one piece of its source replaced, for the time of a run.
Those that one writer at a time hides (`hidden`) are caught elsewhere; the reason says where.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

from tests.simulation.guard import Guard
from tests.simulation.guards import GUARDS
from tests.simulation.running import Told, run_seeds


class OutOfDateError(Exception):
    """The product no longer has what the mutant would replace."""


@contextmanager
def removed(guard: Guard) -> Iterator[None]:
    """Take a guard out of the product, wherever it was imported to; put it back at the end."""
    module = import_module(guard.module)
    before = getattr(module, guard.target, None)
    if before is None:
        raise OutOfDateError(f"{guard.name}: {guard.module} has no {guard.target}")
    after = guard.new if guard.old is None else _rewritten(guard, module, before)
    places = [
        (each, guard.target)
        for name, each in list(sys.modules.items())
        if name.startswith(("chalicelib.", "infra.")) and getattr(each, guard.target, None) is before
    ]
    if (module, guard.target) not in places:
        places.append((module, guard.target))
    for place, name in places:
        setattr(place, name, after)
    try:
        yield
    finally:
        for place, name in places:
            setattr(place, name, before)


def _rewritten(guard: Guard, module: Any, before: Any) -> Any:
    source = textwrap.dedent(inspect.getsource(before))
    if source.count(guard.old) < 1:
        raise OutOfDateError(f"{guard.name}: {guard.target} has no {guard.old!r}")
    changed = source.replace(guard.old, str(guard.new))
    code = compile(f"from __future__ import annotations\n{changed}", f"<{guard.name}>", "exec")
    found: dict[str, Any] = {}
    exec(code, module.__dict__, found)  # the module's own names; what is defined lands in `found`
    return found[guard.target]


@dataclass
class Hunt:
    """How one mutant fared."""

    guard: Guard
    histories: int
    caught: Told | None
    trouble: str = ""

    def __str__(self) -> str:
        if self.trouble:
            return f"OUT OF DATE   {self.trouble}"
        if self.caught is None and self.guard.hidden:
            return f"{'hidden':13} {self.guard.name}: {self.histories} histories ({self.guard.hidden})"
        if self.caught is None:
            return f"{'NOT CAUGHT':13} {self.guard.name}: {self.histories} histories"
        first = self.caught.violations[0]
        return f"{'caught':13} {self.guard.name}: {first.invariant}, after {self.histories} (seed {self.caught.seed})"


def hunt(names: Sequence[str], *, seeds: int, first: int, jobs: int) -> int:
    """Run histories against each mutant until one is caught; 1 if a mutant that is not hidden was missed."""
    hunts = []
    list(run_seeds([first]))  # what is imported only now would keep the mutant
    for guard in GUARDS:
        if names and guard.name not in names:
            continue
        began = time.perf_counter()
        hunts.append(_one(guard, seeds=seeds, first=first, jobs=jobs))
        print(f"{hunts[-1]}  [{time.perf_counter() - began:.0f} s]", flush=True)
    missed = [each for each in hunts if each.trouble or (each.caught is None and not each.guard.hidden)]
    caught = sum(each.caught is not None for each in hunts)
    print(f"{len(hunts)} mutants: {caught} caught, {len(missed)} missed or out of date")
    return 1 if missed else 0


def _one(guard: Guard, *, seeds: int, first: int, jobs: int) -> Hunt:
    ran, found = 0, []
    try:
        with removed(guard):
            for told in run_seeds(range(first, first + seeds), jobs=jobs):
                ran += 1
                if told.violations:
                    found.append(told)
                    break
    except OutOfDateError as lack:
        return Hunt(guard, 0, None, str(lack))
    for told in found:
        if _is_broken_anyway(told.seed):
            later = _one(guard, seeds=first + seeds - told.seed - 1, first=told.seed + 1, jobs=jobs)
            return replace(later, histories=ran + later.histories)
        return Hunt(guard, ran, told)
    return Hunt(guard, ran, None)


@cache
def _is_broken_anyway(seed: int) -> bool:
    """Whether this seed breaks an invariant with every guard in its place: then it says nothing of a mutant."""
    return any(told.violations for told in run_seeds([seed]))
