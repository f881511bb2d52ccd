"""The port `LayerFiles`: a file of any kind that is read here, to parcels and to what a preview shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import shapely
from typing_extensions import override

from chalicelib.adapters.layers.columns import check_size, columns_left_out
from chalicelib.adapters.layers.drawing import drawing_of, middle_of
from chalicelib.adapters.layers.gdal import read_rows, texts_of
from chalicelib.adapters.layers.land import Land, closed, same_names
from chalicelib.adapters.layers.permits import permit_notes, permit_of
from chalicelib.adapters.layers.sources import Source, source_of
from chalicelib.adapters.layers.systems import Placed, system_of
from chalicelib.adapters.layers.tables import geometries_of, name_column_of, read_table
from chalicelib.adapters.shapes.cover import KEPT_DIGITS, joined_land, outlines_of
from chalicelib.application.ports.layer_files import LayerFile, LayerFiles
from chalicelib.domain.errors import Invalid
from chalicelib.domain.layer_imports import (
    MOST_ERRORS,
    MOST_ROWS,
    MOST_TAGS,
    DrawnParcel,
    ImportOptions,
    Preview,
    ShownRow,
)
from chalicelib.domain.layers import LayerSource, NewParcel
from chalicelib.domain.plain_text import plain
from chalicelib.domain.shapes import JoinedLand
from chalicelib.domain.tiles import Bounds

MOST_TEXT, MOST_NAME = 500, 200


class GdalLayerFiles(LayerFiles):
    """The port `LayerFiles`, by GDAL, PROJ and GEOS."""

    def __init__(self, *, most_rows: int) -> None:
        self._most_rows = most_rows

    @override
    def read(self, content: bytes, file_name: str, options: ImportOptions) -> LayerFile:
        try:
            return self._read(content, file_name, options)
        except UnicodeError as error:
            raise Invalid("its texts are not in that encoding: say another one", pointer="/encoding") from error

    def _read(self, content: bytes, file_name: str, options: ImportOptions) -> LayerFile:
        source = source_of(content, file_name, options.encoding)
        if source.driver == "CSV":
            table = read_table(source.parts[".csv"].decode("utf-8"), self._most_rows)
            found = _Found([], "", "", table.columns, table.rows, geometries_of(table.land))
        else:
            rows = read_rows(source, options.file_layer, self._most_rows)
            geometries = shapely.from_wkb(rows.geometries, on_invalid="ignore")
            geometries = closed(geometries) if source.driver == "DXF" else geometries
            found = _Found(rows.layers, rows.layer, rows.crs, rows.columns, list(texts_of(rows)), geometries)
        if name := next((name for name in found.columns if len(name) > MOST_NAME), None):
            raise Invalid(f"a column is called {name[:60]!r}…: at most {MOST_NAME} letters are read of its name")
        if not found.texts:
            raise Invalid("this file has no rows")
        return ReadFile(source, file_name, options, found)


class _Found(NamedTuple):
    """What is in a file: of its layers, and of each row of the one that is read."""

    layers: list[str]
    layer: str
    crs: str
    columns: list[str]
    texts: list[dict[str, str]]
    geometries: Any  # an array


class ReadFile(LayerFile):
    """A file that was read."""

    def __init__(self, source: Source, file_name: str, options: ImportOptions, found: _Found) -> None:
        self._file, self._name, self._options, self._texts = source, file_name, options, found.texts
        self._layers, self._layer, self._columns = found.layers, found.layer, found.columns
        self._name_column = self._column(options.name_column, "/nameColumn") or name_column_of(self._columns)
        tags = self._columns if options.tag_columns is None else options.tag_columns
        self._tags = [self._column(tag, "/tagColumns") for tag in tags][:MOST_TAGS]
        self._column(options.from_column, "/fromColumn")
        self._column(options.to_column, "/toColumn")
        self._column(options.reference_column, "/referenceColumn")
        self._column(options.state_column, "/stateColumn")
        self._system, self._system_is_assumed = system_of(options.crs, found.crs, source.driver, found.geometries)
        self._land = Land(found.geometries)
        self._land.check_types(options.buffer_m)
        self._placed = self._place()

    def _column(self, name: str, pointer: str) -> str:
        if name and name not in self._columns:
            raise Invalid(
                f"this file has no column {name[:60]!r}; it has {', '.join(self._columns[:20])[:300]}", pointer=pointer
            )
        return name

    def _place(self) -> Placed | None:
        if self._system is None:
            return None
        placed = self._land.place(self._system)
        self._land.shift(self._options.shift_east_m, self._options.shift_north_m)
        if self._options.buffer_m is not None:
            self._land.widen(self._options.buffer_m)
        self._land.check()
        for row, tags in enumerate(self._texts):
            if self._land.geometries[row] is not None:
                try:
                    permit_of(tags, self._options)
                    check_size(tags, partial(self._tags_of, row))
                except ValueError as error:
                    self._land.refuse(row, str(error))
        return placed

    @cached_property
    def _rows(self) -> list[int]:
        """The rows that are parcels."""
        return [int(row) for row in np.flatnonzero(~shapely.is_missing(self._land.geometries))]

    @cached_property
    def _m2(self) -> Any:  # noqa: ANN401 (an array)
        return self._land.m2

    @property
    @override
    def preview(self) -> Preview:
        is_placed = self._placed is not None
        rows = self._rows if is_placed else []
        errors = self._land.all_errors()
        options, file = self._options, self._file
        doubt = self._land.doubt()
        notes = [
            doubt,
            *file.notes,
            *self._land.notes,
            *permit_notes(options, len(rows)),
            columns_left_out(self._columns if options.tag_columns is None else options.tag_columns, self._tags),
            same_names([self._name_of(row) for row in self._rows]),
        ]
        if len(self._layers) > 1:
            notes.append(f"this file has {len(self._layers)} layers; {self._layer!r} is shown")
        at = (options.draw_at or middle_of(self._land.geometries[rows])) if rows else None
        is_asked = self._system_is_assumed or not is_placed or (doubt and not options.crs)
        return Preview(
            driver=file.driver,
            file_layers=tuple(self._layers[:50]) if self._layer else (),
            file_layer=self._layer,
            columns=tuple(self._columns),
            name_column=self._name_column,
            encoding=file.encoding,
            encoding_is_assumed=file.encoding_is_assumed,
            crs=self._system.name if self._system else "",
            crs_is_assumed=self._system_is_assumed,
            datum_note=self._placed.note if self._placed else "",
            accuracy_m=self._accuracy_m,
            accuracy_is_assumed=options.accuracy_m is None and (not self._placed or self._placed.accuracy_is_assumed),
            needs=("crs",) if is_asked else (),
            rows=len(self._texts),
            parcels=len(rows),
            bounds=self._bounds if rows else None,
            m2=float(self._m2[rows].sum()) if rows else 0.0,
            first=tuple(self._shown(row) for row in self._rows[:MOST_ROWS]),
            drawn_at=at,
            drawn=self._drawn(at) if at else (),
            error_count=len(errors),
            errors=tuple(errors[:MOST_ERRORS]),
            notes=tuple(note for note in notes if note),
        )

    @property
    @override
    def source(self) -> LayerSource:
        options = self._options
        return LayerSource(
            file_name=self._name,
            driver=self._file.driver,
            crs=self._system.name if self._system else "",
            crs_is_assumed=self._system_is_assumed,
            datum_note=self._placed.note if self._placed else "",
            encoding=self._file.encoding,
            shift_east_m=options.shift_east_m,
            shift_north_m=options.shift_north_m,
            name_column=self._name_column,
            tag_columns=tuple(self._tags),
        )

    @override
    def boxes(self) -> Iterator[Bounds]:
        for box in shapely.bounds(self._land.geometries)[self._rows].tolist():
            yield Bounds(*box)

    @override
    def land(self) -> JoinedLand:
        return joined_land(self._land.geometries[self._rows])

    @override
    def parcels(self) -> Iterator[NewParcel]:
        for row, box in zip(self._rows, self.boxes(), strict=True):
            yield NewParcel(
                number=row + 1,
                name=self._name_of(row),
                tags=self._tags_of(row),
                outlines=outlines_of(self._land.geometries[row], KEPT_DIGITS),
                bounds=box,
                m2=round(float(self._m2[row]), 2),
                **permit_of(self._texts[row], self._options),
            )

    @property
    def _accuracy_m(self) -> float | None:
        if self._options.accuracy_m is not None:
            return self._options.accuracy_m
        return self._placed.accuracy_m if self._placed else None

    @property
    def _bounds(self) -> Bounds:
        return Bounds(*(float(each) for each in shapely.total_bounds(self._land.geometries)))

    def _shown(self, row: int) -> ShownRow:
        m2 = round(float(self._m2[row]), 1) if self._placed else 0.0
        return ShownRow(row + 1, self._name_of(row), self._tags_of(row), m2)

    def _drawn(self, at: tuple[float, float]) -> tuple[DrawnParcel, ...]:
        drawn = drawing_of(self._land.geometries, at)
        return tuple(DrawnParcel(row + 1, self._name_of(row), outlines) for row, outlines in drawn)

    def _name_of(self, row: int) -> str:
        text = plain(self._texts[row].get(self._name_column, ""))[:MOST_NAME]
        return text or str(row + 1)

    def _tags_of(self, row: int) -> dict[str, str]:
        said = {tag: plain(self._texts[row][tag])[:MOST_TEXT] for tag in self._tags if tag != self._name_column}
        return {tag: text for tag, text in said.items() if text}
