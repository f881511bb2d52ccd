"""Read a file that is to become a layer, or keep it as one: the work of one message of `imports`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.layer_files import LayerFile, LayerFiles
from chalicelib.application.ports.layer_imports import LayerImports
from chalicelib.domain.errors import Busy, Invalid, NotFound, Unavailable
from chalicelib.domain.jobs import ImportJob
from chalicelib.domain.layer_imports import ImportClaim, ImportState, Preview, Problem
from chalicelib.domain.layers import Extent, NewParcel
from chalicelib.domain.tiles import Tile, count_covering, tiles_covering

log = logging.getLogger(__name__)
AT_ONCE = 1000  # parcels of one transaction
MOST_TILES = 1_000_000  # that are counted one by one
TOO_MUCH = "reading this file takes more memory than there is for it: cut it into several"
UNFORESEEN = "something in this file was not foreseen, and it could not be read: save it in another format"
NOT_KEPT = "what is kept of this file was deleted meanwhile: import it again"


def import_layer(
    job: ImportJob,
    *,
    imports: LayerImports,
    store: Images,
    files: LayerFiles,
    clock: Clock,
    lease_s: float,
    looked_at: tuple[str, int],
    most_bytes: int,
) -> None:
    """Do what was asked of a file. `looked_at` is the provider, and its zoom, for which a preview counts tiles.

    Safe to repeat: a file is claimed before the work, and only the claim's holder ends it; of a version that was begun
    and not ended nobody finds anything, and `reconcile` sweeps it.
    """
    claim = imports.claim(job.import_id, now=clock(), lease_s=lease_s)
    if claim is None:
        return
    try:
        content = _checked(store.get(claim.given.object_key), most_bytes)
        file = files.read(content, claim.given.file_name, claim.given.options)
        if claim.given.state is ImportState.READING:
            imports.show(claim, _with_tiles(file, looked_at))
        else:
            _keep(claim, file, imports=imports, clock=clock, lease_s=lease_s)
            store.delete([claim.given.object_key])
    except Invalid as error:
        imports.fail(claim, Problem(error.reason, error.pointer))
    except NotFound:
        there = claim.given.state is ImportState.READING
        imports.fail(claim, Problem("the file has not arrived: send it by its link first" if there else NOT_KEPT))
    except MemoryError:
        imports.fail(claim, Problem(TOO_MUCH))
    except Busy:
        raise
    except Exception as error:
        # Whoever takes it next may at once: a lease that nobody works under would look like a worker that was killed.
        with suppress(Unavailable):
            if claim.given.state is ImportState.READING and not isinstance(error, Unavailable):
                imports.fail(claim, Problem(UNFORESEEN))
            else:
                imports.release(claim)
        raise
    log.info("file imported", extra={"state": claim.given.state.value})


def _checked(content: bytes, most_bytes: int) -> bytes:
    if len(content) > most_bytes:
        raise Invalid(f"this file has {len(content)} bytes; at most {most_bytes} are read: cut it, or zip it")
    return content


def _keep(claim: ImportClaim, file: LayerFile, *, imports: LayerImports, clock: Clock, lease_s: float) -> None:
    shown = file.preview
    if shown.needs or shown.bounds is None:
        raise Invalid("this file cannot be kept as it is: look at its preview", pointer="/crs" if shown.needs else "")
    land = file.land()  # before anything is written: it takes seconds
    version = imports.begin_version(claim, file.source, name=claim.given.name, now=clock(), lease_s=lease_s)
    levels = 0
    for parcels in _parts(file.parcels()):
        levels |= imports.add_parcels(version, parcels, now=clock(), lease_s=lease_s)
    extent = Extent(parcels=shown.parcels, bounds=shown.bounds, m2=shown.m2, accuracy_m=shown.accuracy_m, land=land)
    imports.end_version(claim, version, extent, levels=levels)


def _parts(parcels: Iterator[NewParcel]) -> Iterator[Sequence[NewParcel]]:
    while part := list(islice(parcels, AT_ONCE)):
        yield part


def _with_tiles(file: LayerFile, looked_at: tuple[str, int]) -> Preview:
    """Count the tiles of one look at all parcels: those that their boxes touch."""
    provider, zoom = looked_at
    shown = file.preview
    if shown.bounds is None:
        return shown
    tiles: set[Tile] = set()
    for box in file.boxes():
        if len(tiles) + count_covering(box, zoom) > MOST_TILES:
            break
        tiles.update(tiles_covering(box, zoom))
    return replace(shown, provider=provider, zoom=zoom, tiles=len(tiles))
