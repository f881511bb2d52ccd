"""Records events as log lines. Which events are counted, and as what, is decided where logs are written."""

from __future__ import annotations

import logging

from chalicelib.domain.events import Event

log = logging.getLogger("chalicelib.facts")  # the name that deployed log searches know


def record(event: Event) -> None:
    """Record an event. Call it after the commit: a transaction that is run again must not record it twice."""
    log.info(event.name, extra={key: value for key, value in event.about.items() if value is not None})
