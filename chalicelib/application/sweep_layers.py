"""Sweep what is left of layers: deleted ones, versions that nobody ended, files that nobody kept."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.layer_imports import LayerImports
from chalicelib.application.ports.layers import Layers
from chalicelib.domain.layer_imports import OFFER_HOURS

FILES_AT_ONCE = 100
ROWS_AT_ONCE, PARTS_AT_ONCE = 1000, 50  # the next minute goes on


def sweep_layers(*, layers: Layers, imports: LayerImports, store: Images, clock: Clock) -> None:
    """Delete some of it at each call. Safe to repeat, and by any number of processes at once."""
    old = imports.abandoned(before=clock() - timedelta(hours=OFFER_HOURS), limit=FILES_AT_ONCE)
    if old:
        store.delete([each.object_key for each in old])
        imports.forget([each.import_id for each in old])
    for _ in range(PARTS_AT_ONCE):
        if layers.purge(now=clock(), limit=ROWS_AT_ONCE) < ROWS_AT_ONCE:
            break
