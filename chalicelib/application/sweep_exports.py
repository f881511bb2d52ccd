"""Delete the archives of areas whose time is over."""

from __future__ import annotations

from chalicelib.application.ports.area_exports import AreaExports
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.images import Images

AT_ONCE = 100


def sweep_exports(*, exports: AreaExports, store: Images, clock: Clock) -> None:
    """Delete some of them at each call, the objects first. Safe to repeat, and by any number of processes at once."""
    expired = exports.expired(now=clock(), limit=AT_ONCE)
    if expired:
        store.delete([key for export in expired for key in export.keys])
        exports.forget([export.export_id for export in expired])
