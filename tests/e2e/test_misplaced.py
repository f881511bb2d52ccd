"""Pictures that do not lie where they say, by a whole process on an archive folder: the cases from the field."""

import math
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from chalicelib.domain.tiles import Tile, bounds_of
from tests.support.builders.archives import put, square
from tests.support.builders.land import house, village
from tests.support.running.client import Client, Server

SIDE_PX, GSD_M = 512, 0.5
FIRST_TILE = (17, 96_774, 57_965)  # with the others three tiles apart
TIMES = [f"2025-{month:02d}-15T05:30:00Z" for month in range(1, 10)]
PLOT = (60, 300)  # where nothing stands on any of the villages used here
_places = count()


class Case(NamedTuple):
    """An area of its own in the shared archive."""

    client: Client
    folder: Path
    area_id: int
    name: str
    bounds: object
    seed: int

    def ground(self, **how):
        return village(SIDE_PX, seed=self.seed, **how)

    def look(self, month, pixels):
        noise = np.random.default_rng(month).normal(0, 2, pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
        put(self.folder, f"{self.name}-{month}", self.bounds, pixels=pixels, taken=TIMES[month])
        return self.client.supervise_now(self.area_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("misplaced")
    folder = place / "archive"
    folder.mkdir()
    with Server(place / "home", "--archive", str(folder), "--no-demo", capture_schedule="rate(1 day)") as running:
        yield Client(running.url), folder


@pytest.fixture
def case(server):
    return laid_out(server)


def laid_out(server, **first):
    """Give an area of its own whose first picture has been looked at."""
    client, folder = server
    number = next(_places)
    z, x, y = FIRST_TILE
    tile = bounds_of(Tile(z, x + 3 * number, y))
    lat, lon = (tile.south + tile.north) / 2, (tile.west + tile.east) / 2
    bounds = square(lat, lon, width_px=SIDE_PX, height_px=SIDE_PX, gsd_m=GSD_M).bounds
    made = Case(client, folder, 0, f"case-{number}", bounds, number)
    put(folder, f"{made.name}-0", bounds, pixels=made.ground(**first), taken=TIMES[0])
    reach = {f"{way}Km": 0.1 for way in ("north", "south", "east", "west")}
    area = client.add_area(name=made.name, provider="archive", centerLat=lat, centerLon=lon, **reach)
    made = made._replace(area_id=area["id"])
    assert set(client.supervise_now(made.area_id)["countsByVerdict"]) == {"BASELINE"}
    return made


def sentences(session):
    return {failure["reason"] for failure in session["failures"]}


def turned(image, turn_deg=0.0, scale=1.0):
    middle = ((SIDE_PX - 1) / 2,) * 2
    matrix = cv2.getRotationMatrix2D(middle, turn_deg, scale)
    return cv2.warpAffine(image, matrix, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_CONSTANT)


@pytest.mark.parametrize(("east_m", "north_m"), [(12, 0), (0, -12), (-20, 15)])
def test_c10_a_picture_that_lies_a_little_off_is_no_change(case, east_m, north_m):
    image = case.ground(left=round(east_m / GSD_M), top=-round(north_m / GSD_M))
    session = case.look(1, image)
    assert set(session["countsByVerdict"]) == {"NO_CHANGE"}, session


@pytest.mark.parametrize(("turn_deg", "scale"), [(3, 1), (-3, 1), (1, 1.005), (0, 1.02), (0, 0.98)])
def test_c12_a_picture_that_is_turned_or_stretched_a_little_is_no_change(case, turn_deg, scale):
    session = case.look(1, turned(case.ground(), turn_deg, scale))
    assert "CHANGED" not in session["countsByVerdict"], session
    assert "FAILED" not in session["countsByVerdict"], session


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda case: case.ground(left=-72), ("about 36 m to the east", "about 35 m to the east")),  # C11
        (lambda case: case.ground()[:, ::-1], ("mirrored",)),
        (lambda case: case.ground()[::-1], ("mirrored",)),
        (lambda case: case.ground()[::-1, ::-1], ("upside down",)),  # C13
        (lambda case: np.rot90(case.ground()), ("turned by a quarter",)),
        (lambda case: village(SIDE_PX, seed=case.seed + 50), ("another place",)),  # C14
        (lambda case: 255 - case.ground(), ("a negative, light and dark are exchanged",)),
    ],
)
def test_c11_c13_c14_a_picture_that_does_not_fit_is_refused_and_the_next_is_compared_with_the_last_good_one(
    case, make, says
):
    session = case.look(1, np.ascontiguousarray(make(case)))
    assert session["status"] == "COMPLETED_ERROR"
    assert sentences(session) in [{f"does not fit its reference: {each}"} for each in says]
    assert set(session["countsByVerdict"]) == {"FAILED"}
    session = case.look(2, case.ground())
    assert session["status"] == "COMPLETED_NO_CHANGES"
    assert set(session["countsByVerdict"]) == {"NO_CHANGE"}
    session = case.look(3, house(case.ground(), *PLOT, width=40, height=30))
    assert "CHANGED" in session["countsByVerdict"]


def test_a_mosaic_of_which_one_half_is_misplaced_is_no_change_and_no_all_clear(case):
    image = case.ground()
    image[:, SIDE_PX // 2 :] = case.ground(left=48)[:, SIDE_PX // 2 :]
    session = case.look(1, image)
    assert "CHANGED" not in session["countsByVerdict"], session
    assert not session["allClear"], session
    session = case.look(2, house(case.ground(), *PLOT, width=40, height=30))
    assert "CHANGED" in session["countsByVerdict"], session


def test_a_house_on_a_misplaced_picture_is_told_where_it_stands(case):
    east_px = 24
    image = house(case.ground(left=east_px), PLOT[0] - east_px, PLOT[1], width=40, height=30)
    session = case.look(1, image)
    assert "CHANGED" in session["countsByVerdict"]
    bounds = case.bounds
    west = bounds.west + (bounds.east - bounds.west) * PLOT[0] / SIDE_PX
    north = bounds.north - (bounds.north - bounds.south) * PLOT[1] / SIDE_PX
    (region,) = [region for alert in session["alert_details"] for region in alert["changeLog"]["regions"]]
    found_west, _, _, found_north = region["bounds"]
    metre = 1 / 111_320
    assert abs(found_west - west) < 6 * metre / math.cos(math.radians(20.35))
    assert abs(found_north - north) < 6 * metre


def test_a_picture_that_does_not_fit_is_said_again_until_a_good_one_comes(case):
    mirrored = np.ascontiguousarray(case.ground()[:, ::-1])
    assert case.look(1, mirrored)["status"] == "COMPLETED_ERROR"
    assert case.client.supervise_now(case.area_id)["status"] == "COMPLETED_ERROR"
    assert case.look(2, case.ground())["status"] == "COMPLETED_NO_CHANGES"


def test_a_first_picture_that_is_misplaced_is_outvoted_by_two_later_ones(server):
    made = laid_out(server, left=-72)
    session = made.look(1, made.ground())
    assert (session["status"], len(sentences(session))) == ("COMPLETED_ERROR", 1)
    session = made.look(2, house(made.ground(), *PLOT, width=40, height=30))
    assert "CHANGED" in session["countsByVerdict"], "against the one before"
    assert "FAILED" not in session["countsByVerdict"]
    session = made.look(3, house(made.ground(), *PLOT, width=40, height=30))
    assert session["allClear"], session


def test_a_misplaced_picture_unseats_no_two_that_agree(case):
    assert case.look(1, case.ground())["allClear"]
    for month in (2, 3):
        assert set(case.look(month, case.ground(left=-72))["countsByVerdict"]) == {"FAILED"}
    assert case.look(4, case.ground())["allClear"]
