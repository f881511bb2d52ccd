"""Layers: parcels by the thousand, each a row of a file that somebody gave, in versions that never change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.shapes import JoinedLand, Outlines
from chalicelib.domain.tiles import Bounds


class LayerKind(StrEnum):
    """What the parcels of a layer say of their ground."""

    PARCELS = "PARCELS"
    PERMITS = "PERMITS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParcel:
    """One row of a file: land with a name."""

    number: int  # of its row in the file, from 1
    name: str  # a plot number is a text: '820/1', '007'
    tags: dict[str, str]  # by column
    outlines: Outlines
    bounds: Bounds
    m2: float  # on the sphere of `M_PER_DEGREE`
    valid_from: date | None = None  # like the three behind it: of a permit
    valid_to: date | None = None
    reference: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel(NewParcel):
    """A parcel of one version of a layer."""

    parcel_id: int
    version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSource:
    """Where a version comes from, and how it was read."""

    file_name: str
    driver: str
    crs: str  # as the file or the person said it
    crs_is_assumed: bool = False  # neither did
    datum_note: str = ""  # what was converted, and how well
    encoding: str = ""
    shift_east_m: float = 0.0
    shift_north_m: float = 0.0
    name_column: str = ""
    tag_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What is known of a version when its last parcel is written."""

    parcels: int
    bounds: Bounds
    m2: float  # of all parcels together
    accuracy_m: float | None  # how far off its corners may lie; None: not known
    land: JoinedLand | None = None  # while it is written; never read with the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """A layer as one file has it: whole, and never changed."""

    version_id: int
    layer_id: int
    number: int  # from 1
    made_at: datetime
    extent: Extent
    source: LayerSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer, as its newest version has it."""

    layer_id: int
    name: str
    kind: LayerKind
    created_at: datetime
    current: LayerVersion
