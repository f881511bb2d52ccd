"""Files that become layers: how one is to be read, what it shows read so, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.layers import LayerKind
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import Bounds

MOST_ERRORS = 50  # that are told one by one
MOST_ROWS = 20  # of a preview
MOST_TAGS = 40  # columns
DRAWN_M = 250.0  # how far a preview's drawing reaches on all sides: about two tiles at zoom 17
MOST_DRAWN = 300  # parcels of it
GIVEN_UP = (
    "this file could not be read: it takes too long, or more memory than there is for it. Try once more, or cut it"
)
OFFER_HOURS = 24  # so long a file that was not kept is there


class ImportState(StrEnum):
    """How far a file has come."""

    WAITING = "WAITING"  # for its bytes, and to be read
    READING = "READING"
    READY = "READY"  # its preview is there
    FAILED = "FAILED"  # `problem` says why
    KEEPING = "KEEPING"  # a version of its layer is being written
    KEPT = "KEPT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is to be read; what is empty is taken from the file, or assumed and said."""

    kind: LayerKind | None = None  # None: of the layer that it is for, else PARCELS
    file_layer: str = ""  # of a file that has several
    name_column: str = ""
    tag_columns: tuple[str, ...] | None = None  # None: all
    crs: str = ""  # EPSG:4326, or a name that PROJ knows
    encoding: str = ""
    buffer_m: float | None = None  # how far a point or a line reaches
    accuracy_m: float | None = None
    shift_east_m: float = 0.0
    shift_north_m: float = 0.0
    draw_at: tuple[float, float] | None = (
        None  # (lon, lat): the middle of the preview's drawing; None: amid the parcels
    )
    from_column: str = ""  # like the three behind it: of permits
    to_column: str = ""
    reference_column: str = ""
    state_column: str = ""


class DrawnParcel(NamedTuple):
    """A parcel as a preview draws it: simplified by no more than can be seen."""

    row: int
    name: str
    outlines: Outlines


class RowError(NamedTuple):
    """Why a row is no parcel."""

    row: int  # from 1; 0: not of one row
    reason: str
    position: tuple[float, float] | None = None  # (lon, lat) of the fault


class ShownRow(NamedTuple):
    """A row as it would be kept."""

    row: int
    name: str
    tags: dict[str, str]
    m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file shows when it is read with its options."""

    driver: str
    file_layers: tuple[str, ...] = ()
    file_layer: str = ""
    columns: tuple[str, ...] = ()
    name_column: str = ""
    encoding: str = ""
    encoding_is_assumed: bool = False
    crs: str = ""
    crs_is_assumed: bool = False
    datum_note: str = ""
    accuracy_m: float | None = None
    accuracy_is_assumed: bool = False
    needs: tuple[str, ...] = ()  # options without which it cannot be kept: "crs"
    rows: int = 0
    parcels: int = 0
    bounds: Bounds | None = None
    m2: float = 0.0
    tiles: int = 0  # of one look at all of it, at `zoom` of `provider`
    zoom: int = 0
    provider: str = ""
    first: tuple[ShownRow, ...] = ()
    drawn_at: tuple[float, float] | None = None  # (lon, lat); None: there is nothing to draw
    drawn: tuple[DrawnParcel, ...] = ()  # the parcels within `DRAWN_M` of it, the nearest first
    error_count: int = 0
    errors: tuple[RowError, ...] = ()  # the first ones
    notes: tuple[str, ...] = ()


class Problem(NamedTuple):
    """Why a file could not be read: a sentence, and the option that would help."""

    reason: str
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImport:
    """A file that is to come."""

    user_id: int
    object_key: str
    file_name: str
    layer_id: int | None = None  # that is to have a new version; None: a layer of its own
    name: str = ""  # of the layer, when it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerImport(NewImport):
    """A file on its way to a layer."""

    import_id: int
    state: ImportState
    created_at: datetime
    options: ImportOptions = field(default_factory=ImportOptions)
    preview: Preview | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportClaim:
    """A worker's hold on a file: only with its fence is anything written."""

    given: LayerImport
    fence: int
