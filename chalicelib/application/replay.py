"""Replay: try again what failed in a session."""

from __future__ import annotations

import logging

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.replays import Replays
from chalicelib.domain.tiles import Tile

log = logging.getLogger(__name__)


def replay(session_id: int, *, tile: Tile | None, replays: Replays, jobs: Jobs, clock: Clock, request_id: str) -> str:
    """Try again what failed in a session, and return a sentence on it. Twice makes no second alert or push."""
    done = replays.replay(session_id, tile=tile, now=clock(), request_id=request_id)
    jobs.send(done.messages)
    log.info("session replayed", extra={"session_id": session_id, "outcome": done.says})
    return done.says
