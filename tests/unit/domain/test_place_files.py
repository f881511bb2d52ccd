"""Places as text: no cell of a spreadsheet is a formula, whatever an area is called."""

import csv
import io
from datetime import UTC, datetime

import pytest

from chalicelib.domain.export_files import Counts, InArchive, licences_text, readme_text
from chalicelib.domain.place_files import NamedPlace, csv_of, wkt_of
from chalicelib.domain.places import Place, PlaceState
from chalicelib.domain.tiles import Bounds

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SQUARE = [[(-60.1, -12.8), (-60.1, -12.7), (-60.0, -12.7), (-60.1, -12.8)]]


def a_place():
    return Place(
        place_id=1,
        area_id=2,
        state=PlaceState.OPEN,
        first_seen_at=NOON,
        last_seen_at=NOON,
        area_m2=900.04,
        severity=None,
        bounds=Bounds(-60.1, -12.8, -60.0, -12.7),
        outlines=(SQUARE,),
    )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1+1", "\uff0b1"])
def test_a_name_that_a_spreadsheet_takes_for_a_formula_is_text(name):
    (row,) = csv.DictReader(io.StringIO(csv_of([NamedPlace(a_place(), name)])[1:], newline=""))
    assert row["area"] == f"'{name}"
    assert (row["longitude"], row["latitude"], row["area_m2"], row["severity"]) == ("-60.05", "-12.75", "900.0", "")


def test_what_others_open_has_no_control_and_no_direction_characters():
    typed = "Lake\u202e\r\nNothing is missing\x1b[2J\u3164"
    counts = Counts(dict.fromkeys(InArchive, 0))
    readme = readme_text(area_id=2, name=typed, made_at=NOON, pictures=counts, asked="all")
    assert readme.splitlines()[:2] == ["Bhuprahari: Lake Nothing is missing[2J", "=" * 38]
    licences = licences_text({}, ["© Survey\u202e\n- of nobody", "\u3164"])
    assert [line for line in licences.splitlines() if line.startswith("- ")] == ["- © Survey - of nobody"]


def test_outlines_are_wkt():
    assert wkt_of([]) == "MULTIPOLYGON EMPTY"
    assert wkt_of([SQUARE]).startswith("MULTIPOLYGON (((-60.1000000 -12.8000000, -60.0000000 -12.7000000, ")
