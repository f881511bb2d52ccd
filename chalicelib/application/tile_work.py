"""What capturing and comparing one tile share: a claim that is released if the work fails, and objects stored once."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.images import object_key
from chalicelib.domain.jobs import Message
from chalicelib.domain.retries import Retry
from chalicelib.domain.tile_runs import Claim

log = logging.getLogger(__name__)


@contextmanager
def released_on_failure(runs: TileRuns, claim: Claim) -> Iterator[None]:
    """Release a claim whose work raised: else each redelivery within its lease is Busy. The try counts."""
    try:
        yield
    except Exception as error:
        with suppress(Unavailable):  # then the lease ends by itself
            runs.release(claim, reason="".join(traceback.format_exception_only(error)).strip())
        raise


def postpone(claim: Claim, retry: Retry, *, runs: TileRuns, clock: Clock) -> list[Message]:
    """Put a tile run back whose work met trouble that may pass."""
    waits_s = round((retry.retry_at - clock()).total_seconds(), 1)
    log.info("tile postponed", extra={"tile": str(claim.view.tile), "reason": retry.reason, "wait_s": waits_s})
    return runs.postpone(claim, retry, now=clock())


def put_object(images: Images, claim: Claim, kind: str, content: bytes) -> str:
    """Store an object of a tile run and return its key."""
    key = object_key(
        area_id=claim.area_id, session_id=claim.session_id, tile=claim.view.tile, kind=kind, content=content
    )
    images.put(key, content)
    return key
