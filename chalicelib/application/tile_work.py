"""What capturing and comparing one tile share: a claim that is released if the work fails, and objects stored once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chalicelib.application.ports.images import Images
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.images import object_key
from chalicelib.domain.tile_runs import Claim


@contextmanager
def released_on_failure(runs: TileRuns, claim: Claim) -> Iterator[None]:
    """Release a claim whose work failed: else each redelivery within its lease is Busy, and soon a dead letter."""
    try:
        yield
    except Exception:
        with suppress(Unavailable):  # then the lease ends by itself
            runs.release(claim)
        raise


def put_object(images: Images, claim: Claim, kind: str, content: bytes) -> str:
    """Store an object of a tile run and return its key."""
    key = object_key(
        area_id=claim.area_id, session_id=claim.session_id, tile=claim.view.tile, kind=kind, content=content
    )
    images.put(key, content)
    return key
