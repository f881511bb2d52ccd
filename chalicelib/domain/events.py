"""Events: what became true, recorded once, after the transaction that made it true was committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SESSION_OPENED = "session opened"
SESSION_REFUSED = "session refused"
SESSION_ENDED = "session ended"
TILE_RUN_ENDED = "tile run ended"
PUSHES_RECORDED = "pushes recorded"
CATALOGUE_STALE = "catalogue stale"
PART_VERIFIED = "part verified"
RECONCILE_DONE = "sweep done"  # the text that deployed dashboards and log searches know it by


@dataclass(frozen=True, slots=True)
class Event:
    """A past-tense event and what it is about: ids, words and numbers, never an address or a secret."""

    name: str
    about: Mapping[str, object] = field(default_factory=dict)
