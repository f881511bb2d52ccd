"""What a provider of coarse imagery takes and says before an area is kept."""

import pytest

from chalicelib.adapters.imagery.providers.archive import TERMS as ARCHIVE
from chalicelib.adapters.imagery.providers.sentinel2 import TERMS
from chalicelib.domain.areas import plan_area
from chalicelib.domain.cadences import Cadence
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Found, Grid, Item, Scene
from chalicelib.domain.thresholds import Sensitivity
from tests.support.builders.domain import NOON

TWO_KM = Extent(center_lat=19.0, center_lon=72.9, north_km=1, south_km=1, east_km=1, west_km=1)
GRID = Grid(zoom=13, tile_px=512, margin_px=64)


def planned(terms=TERMS, *, m2=None):
    asked = {
        "cadence": Cadence(120),
        "min_changed_area_m2": m2,
        "min_clear_share": 0.3,
        "sensitivity": Sensitivity.NORMAL,
    }
    return plan_area(TWO_KM, terms=terms, grid=GRID, most_tiles=100, tiles_per_day=100, **asked)


def test_the_smallest_change_worth_an_alert_is_the_providers_own():
    assert planned().thresholds.min_changed_area_m2 == 2_000
    assert planned(m2=5_000).thresholds.min_changed_area_m2 == 5_000
    assert 300 < planned(ARCHIVE).thresholds.min_changed_area_m2 < 400, "others go by their pixels"


def test_a_smaller_one_is_refused_with_what_would_be_right():
    with pytest.raises(Invalid, match=r"less than 2000 m2.*1999 m2 are asked for") as refused:
        planned(m2=1_999)
    assert refused.value.pointer == "/minChangedAreaM2"
    assert planned(ARCHIVE, m2=500).thresholds.min_changed_area_m2 == 500


def test_it_is_said_what_cannot_be_seen():
    for word in ("10 m", "2,000 m²", "400 m²", "clouds"):
        assert word in TERMS.unseen
    assert not ARCHIVE.unseen


def scene(name, year):
    taken = NOON.replace(year=year)
    return Scene(scene_id=name, captured_at=taken, items=(Item(name, taken, "1"),))


def test_older_scenes_are_added_in_their_order_and_none_twice():
    new, old, older = scene("new", 2026), scene("old", 2025), scene("older", 2024)
    found = Found(scenes=(new, old))
    assert found.with_older([older, old]).scenes == (new, old, older)
    assert found.with_older([scene("old", 2025)]) is found
