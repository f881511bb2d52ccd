"""Facts: what became true, said once, after the transaction that made it true was committed.

A fact is a log line with its numbers. Which facts are counted, and as what, is decided where logs are written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

log = logging.getLogger("chalicelib.facts")

SESSION_OPENED = "session opened"
SESSION_ENDED = "session ended"
TILE_RUN_ENDED = "tile run ended"
PUSHES_RECORDED = "pushes recorded"
SWEEP_DONE = "sweep done"


@dataclass(frozen=True, slots=True)
class Fact:
    """A past-tense event and what it is about: ids, words and numbers, never an address or a secret."""

    name: str
    about: Mapping[str, object] = field(default_factory=dict)

    def say(self) -> None:
        """Write it down. Call it after the commit: a transaction that is run again must not say it twice."""
        log.info(self.name, extra={key: value for key, value in self.about.items() if value is not None})
