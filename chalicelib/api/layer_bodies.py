"""What is said of a file of parcels: when it is announced, read and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, field_validator

from chalicelib.api.http import LARGEST_ID, ApiModel, Body
from chalicelib.domain.layer_imports import ImportOptions, LayerImport, Preview, Problem
from chalicelib.domain.layers import LayerKind
from chalicelib.domain.shapes import BUFFER_M
from chalicelib.domain.tiles import MAX_LATITUDE

MOST_SHIFT_M = 2000.0

Column = Annotated[str, Field(max_length=200)]
Metres = Annotated[float, Field(ge=-MOST_SHIFT_M, le=MOST_SHIFT_M)]


class ImportDraft(Body):
    """A file that is to come."""

    file_name: Annotated[str, Field(min_length=1, max_length=255, examples=["plots.zip"])]
    bytes: Annotated[int, Field(ge=1, description="its size: no other is taken", examples=[250_000])]
    layer_id: Annotated[
        int | None, Field(ge=1, le=LARGEST_ID, description="the layer that is to have a new version")
    ] = None


class ReadOptions(Body):
    """How a file is to be read; what is left out is taken from the file, or assumed and said."""

    kind: Annotated[
        str | None, Field(max_length=20, examples=[*LayerKind], description="null: of the layer that it is for")
    ] = None
    file_layer: Annotated[Column, Field(description="of a file that has several; else its largest")] = ""
    name_column: Column = ""
    tag_columns: Annotated[list[Column] | None, Field(max_length=100, description="null: all")] = None
    crs: Annotated[str, Field(max_length=120, examples=["EPSG:32645", "Kalianpur 1975"])] = ""
    encoding: Annotated[str, Field(max_length=40, examples=["cp1252"])] = ""
    buffer_m: Annotated[float | None, Field(ge=BUFFER_M[0], le=BUFFER_M[1], description="of points and lines")] = None
    accuracy_m: Annotated[float | None, Field(gt=0, le=MOST_SHIFT_M)] = None
    shift_east_m: Annotated[Metres, Field(description="all of it is moved by so much before it is kept")] = 0.0
    shift_north_m: Metres = 0.0
    draw_at: Annotated[
        list[float] | None,
        Field(
            min_length=2,
            max_length=2,
            examples=[[85.8, 20.3]],
            description="longitude, latitude: the middle of the preview's drawing; null: amid the parcels",
        ),
    ] = None
    from_column: Annotated[Column, Field(description="like the three behind it: of permits")] = ""
    to_column: Column = ""
    reference_column: Column = ""
    state_column: Column = ""

    @field_validator("kind")
    @classmethod
    def _is_known(cls, kind: str | None) -> str | None:
        if kind is not None and kind not in LayerKind.__members__:
            raise ValueError(f"a layer's kind is {' or '.join(LayerKind)}")
        return kind

    @field_validator("draw_at")
    @classmethod
    def _is_on_the_map(cls, at: list[float] | None) -> list[float] | None:
        if at is not None and not (abs(at[0]) <= 180 and abs(at[1]) <= MAX_LATITUDE):
            raise ValueError("it is a longitude and a latitude, in degrees")
        return at

    @property
    def options(self) -> ImportOptions:
        """What the domain calls it."""
        said: dict[str, Any] = self.model_dump()
        tags = None if self.tag_columns is None else tuple(self.tag_columns)
        kind = None if self.kind is None else LayerKind(self.kind)
        at = None if self.draw_at is None else (self.draw_at[0], self.draw_at[1])
        return ImportOptions(**said | {"kind": kind, "tag_columns": tags, "draw_at": at})


class KeepDraft(Body):
    """What the layer is called; empty: as it was, or as its file."""

    name: Annotated[str, Field(max_length=200)] = ""


class UploadOut(ApiModel):
    """How the file's bytes are sent: once, as they are, with these headers."""

    method: str = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: datetime | None = None


class ProblemOut(ApiModel):
    """Why a file could not be read, and the option that would help."""

    reason: str
    pointer: str

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Show it."""
        return cls(reason=problem.reason, pointer=problem.pointer)


class RowErrorOut(ApiModel):
    """Why a row is no parcel."""

    row: int  # from 1
    reason: str
    position: list[float] | None  # longitude, latitude


class ShownRowOut(ApiModel):
    """A row as it would be kept."""

    row: int
    name: str
    tags: dict[str, str]
    m2: float


class DrawnParcelOut(ApiModel):
    """A parcel as it is drawn."""

    row: int
    name: str
    coordinates: list[list[list[list[float]]]]  # of a MultiPolygon of degrees


class PreviewOut(ApiModel):
    """What a file shows, read with its options."""

    driver: str
    file_layers: list[str]
    file_layer: str
    columns: list[str]
    name_column: str
    encoding: str
    encoding_is_assumed: bool
    crs: str
    crs_is_assumed: bool
    datum_note: str
    accuracy_m: float | None
    accuracy_is_assumed: bool
    needs: list[str]  # options without which it cannot be kept
    rows: int
    parcels: int
    bounds: list[float] | None  # west, south, east, north
    m2: float
    tiles: int  # of one look at all of it, of `provider` at `zoom`
    zoom: int
    provider: str
    first: list[ShownRowOut]
    drawn_at: list[float] | None  # longitude, latitude; null: there is nothing to draw
    drawn: list[DrawnParcelOut]  # what lies within 250 m of it, at most 300 parcels, the nearest first
    error_count: int
    errors: list[RowErrorOut]  # the first fifty
    notes: list[str]

    @classmethod
    def of(cls, shown: Preview) -> Self:
        """Show it."""
        said: dict[str, Any] = {name: getattr(shown, name) for name in cls.model_fields}
        said |= {name: list(said[name]) for name in ("file_layers", "columns", "needs", "notes")}
        said["bounds"] = None if shown.bounds is None else list(shown.bounds)
        said["first"] = [ShownRowOut(**each._asdict()) for each in shown.first]
        said["drawn_at"] = shown.drawn_at and list(shown.drawn_at)
        said["drawn"] = [
            DrawnParcelOut(
                row=each.row,
                name=each.name,
                coordinates=[[[list(at) for at in ring] for ring in outline] for outline in each.outlines],
            )
            for each in shown.drawn
        ]
        said["errors"] = [
            RowErrorOut(row=each.row, reason=each.reason, position=each.position and list(each.position))
            for each in shown.errors
        ]
        return cls(**said)


class ImportOut(ApiModel):
    """A file on its way to a layer."""

    id: int
    state: str  # WAITING, READING, READY, FAILED, KEEPING, KEPT
    file_name: str
    created_at: datetime
    layer_id: int | None  # that it becomes a version of; of a layer of its own, once it is kept
    preview: PreviewOut | None
    problem: ProblemOut | None
    upload: UploadOut | None = None  # in the answer that the import is made with

    @classmethod
    def of(cls, given: LayerImport, upload: UploadOut | None = None) -> Self:
        """Show it."""
        return cls(
            id=given.import_id,
            state=given.state.value,
            file_name=given.file_name,
            created_at=given.created_at,
            layer_id=given.layer_id,
            preview=None if given.preview is None else PreviewOut.of(given.preview),
            problem=None if given.problem is None else ProblemOut.of(given.problem),
            upload=upload,
        )
