"""Which images are looked at, by a whole process on an archive folder that grows: the cases from the field."""

import json
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tests.support.builders.archives import put, square
from tests.support.builders.land import house, land
from tests.support.running.client import Client, Server

SIDE_PX, GSD_M = 400, 0.5
JANUARY, FEBRUARY, MARCH = (f"2025-0{month}-15T05:30:00Z" for month in (1, 2, 3))
NOT_YET = "2062-01-15T05:30:00Z"
_places = count()


class Case(NamedTuple):
    """An area of its own in the shared archive, and what is there without and with a house."""

    client: Client
    home: Path
    folder: Path
    area_id: int
    name: str
    bounds: object
    before: np.ndarray
    after: np.ndarray

    def put(self, name, *, pixels, taken, bounds=None):
        put(self.folder, f"{self.name}-{name}", bounds or self.bounds, pixels=pixels, taken=taken)

    def quads(self, day, *, pixels, taken):
        """Lay the western and the eastern half of a flight into the archive, as two items."""
        middle = (self.bounds.west + self.bounds.east) / 2
        half = SIDE_PX // 2
        self.put(f"{day}-west", pixels=pixels[:, :half], taken=taken, bounds=self.bounds._replace(east=middle))
        self.put(f"{day}-east", pixels=pixels[:, half:], taken=taken, bounds=self.bounds._replace(west=middle))

    def look(self):
        return self.client.supervise_now(self.area_id)

    def verdicts(self):
        return set(self.look()["countsByVerdict"])

    def told(self):
        return [line for line in (self.home / "log.jsonl").read_text().splitlines() if self.name in line]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("images")
    folder = place / "archive"
    folder.mkdir()
    options = ("--archive", str(folder), "--no-demo")
    with Server(place / "home", *options, capture_schedule="rate(1 day)") as running:
        yield Client(running.url), running.home, folder


@pytest.fixture
def case(server):
    client, home, folder = server
    number = next(_places)
    extent = square(20.35 + 0.02 * number, 85.8, width_px=SIDE_PX, height_px=SIDE_PX, gsd_m=GSD_M)
    picture = land(SIDE_PX, seed=number)
    built = house(picture, 290, 120, width=36, height=28)
    reach = {f"{way}Km": getattr(extent, f"{way}_km") for way in ("north", "south", "east", "west")}
    centre = {"centerLat": extent.center_lat, "centerLon": extent.center_lon}
    put(folder, "grid", extent.bounds, pixels=picture, taken=JANUARY)  # an area's grid is that of what is there
    area = client.add_area(name=f"case-{number}", provider="archive", **centre, **reach)
    for name in ("grid.json", "grid.png"):
        (folder / name).unlink()
    return Case(client, home, folder, area["id"], area["name"], extent.bounds, picture, built)


def test_d01_an_item_overwritten_with_a_newer_date_and_another_picture(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    assert case.verdicts() == {"BASELINE"}
    case.put("a", pixels=case.after, taken=FEBRUARY)
    assert "CHANGED" in case.verdicts()
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


def test_d02_a_picture_corrected_under_its_id_and_date(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    case.put("a", pixels=case.after, taken=JANUARY)
    assert "CHANGED" in case.verdicts()
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


def test_a_file_that_was_only_touched_is_nothing_new(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    case.put("a", pixels=case.before, taken=JANUARY)
    assert case.verdicts() == {"NO_NEW_IMAGERY"}
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


def test_d03_two_quads_of_one_flight_are_one_image(case):
    case.quads("january", pixels=case.before, taken=JANUARY)
    session = case.look()
    assert set(session["countsByVerdict"]) == {"BASELINE"}
    assert session["clearShare"] == 1.0
    case.quads("february", pixels=case.after, taken=FEBRUARY)
    assert "CHANGED" in case.verdicts()


def test_two_halves_of_a_flight_over_midnight_utc_are_one_image(case):
    case.quads("january", pixels=case.before, taken=JANUARY)
    case.look()
    middle = (case.bounds.west + case.bounds.east) / 2
    half = SIDE_PX // 2
    west, east = case.bounds._replace(east=middle), case.bounds._replace(west=middle)
    case.put("b-west", pixels=case.after[:, :half], taken="2025-02-14T23:50:00Z", bounds=west)
    case.put("b-east", pixels=case.after[:, half:], taken="2025-02-15T00:10:00Z", bounds=east)
    session = case.look()
    assert "CHANGED" in session["countsByVerdict"]
    assert session["clearShare"] == 1.0
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


@pytest.mark.parametrize("is_cut_first", [True, False])
def test_a_cut_between_two_quads_is_no_change(case, is_cut_first):
    noise = np.random.default_rng(5).normal(0, 2, case.before.shape)
    again = np.clip(case.before + noise, 0, 255).astype(np.uint8)
    lay = (case.quads, case.put) if is_cut_first else (case.put, case.quads)
    lay[0]("a", pixels=case.before, taken=JANUARY)
    case.look()
    lay[1]("b", pixels=again, taken=FEBRUARY)
    assert case.verdicts() == {"NO_CHANGE"}


def test_d04_a_newest_image_of_cloud_does_not_hide_the_clear_one(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    case.put("b", pixels=case.after, taken=FEBRUARY)
    case.put("c", pixels=np.full_like(case.before, 245), taken=MARCH)
    assert "CHANGED" in case.verdicts()
    assert case.verdicts() == {"OBSCURED"}, "and of March nothing is known"


def test_d05_two_dates_from_the_start_are_compared_at_once(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.put("b", pixels=case.after, taken=FEBRUARY)
    assert case.look()["status"] == "COMPLETED_CHANGES_DETECTED"
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


def test_d06_an_older_date_that_is_added_later_becomes_the_reference(case):
    case.put("b", pixels=case.after, taken=FEBRUARY)
    assert case.verdicts() == {"BASELINE"}
    case.put("a", pixels=case.before, taken=JANUARY)
    assert "CHANGED" in case.verdicts()
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


@pytest.mark.parametrize("name", ["b", "0"])
def test_d07_a_second_item_of_the_same_time_is_compared(case, name):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    case.put(name, pixels=case.after, taken=JANUARY)
    assert "CHANGED" in case.verdicts()
    assert case.verdicts() == {"NO_NEW_IMAGERY"}


def test_d08_a_date_that_has_not_come_blinds_nobody_and_is_told(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    case.put("b", pixels=case.before, taken=NOT_YET)
    case.put("c", pixels=case.after, taken=FEBRUARY)
    assert "CHANGED" in case.verdicts()
    assert any("2062-01-15, which has not come yet" in line for line in case.told())
    session = case.look()
    assert session["status"] == "COMPLETED_ERROR", "it may be newer than that"
    assert "it is dated 2062-01-15, which has not come yet" in session["failures"][0]["reason"]


def test_d09_finer_imagery_moves_the_grid_to_a_new_baseline_and_says_so(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    finer = cv2.resize(case.after, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    case.put("b", pixels=finer, taken=FEBRUARY)
    assert "CHANGED" in case.verdicts(), "what changed until now is told on the old grid"
    session = case.look()
    assert set(session["countsByVerdict"]) == {"BASELINE"}
    assert session["tilesPlanned"] > 4
    told = [line for line in (case.home / "log.jsonl").read_text().splitlines() if "area grid moved" in line]
    assert [json.loads(line)["zoom"] for line in told] == [19]
    case.put("c", pixels=finer, taken=MARCH)
    assert case.verdicts() == {"NO_NEW_IMAGERY"}, "the same bytes: and the grid stays"


def test_c20_a_much_coarser_picture_is_no_change_and_hides_none(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    coarse = cv2.resize(case.before, None, fx=1 / 16, fy=1 / 16, interpolation=cv2.INTER_AREA)
    case.put("b", pixels=coarse, taken=FEBRUARY)
    assert case.verdicts() == {"NO_CHANGE"}
    case.put("c", pixels=case.after, taken=MARCH)
    assert "CHANGED" in case.verdicts()


@pytest.mark.parametrize("seed", [2, 7])
def test_d10_what_creeps_by_a_strip_at_each_date_is_found_at_the_third(case, seed):
    """A strip as in the case from the field, 8 by 12 pixels a step; by half of it: `test_slow_change.py`."""
    noise = np.random.default_rng(seed)

    def step(number):
        picture = case.before.copy()
        if number:
            cv2.rectangle(picture, (290, 120), (290 + 8 * number - 1, 120 + 11), (198, 206, 210), -1)
        return np.clip(picture + noise.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)

    case.put("0", pixels=step(0), taken=JANUARY)
    case.look()
    said = []
    for number in range(1, 5):
        case.put(str(number), pixels=step(number), taken=f"2025-02-{number:02}T05:30:00Z")
        said.append("CHANGED" in case.verdicts())
    assert any(said[:3]), said


def test_a35_a_date_that_has_not_come_beside_the_only_good_one(case):
    case.put("good", pixels=case.before, taken=JANUARY)
    case.put("typo", pixels=case.before, taken=NOT_YET)
    session = case.look()
    assert set(session["countsByVerdict"]) == {"BASELINE"}
    assert "newer scene could not be used" in session["reason"]


def test_a_date_that_has_not_come_alone_is_a_reason_to_its_user(case):
    case.put("typo", pixels=case.before, taken=NOT_YET)
    failures = case.look()["failures"]
    assert all("it is dated 2062-01-15, which has not come yet" in each["reason"] for each in failures)
    assert failures


def test_a90_of_two_items_with_one_id_the_newest_is_used(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.put("b", pixels=case.after, taken=FEBRUARY)
    file = case.folder / f"{case.name}-b.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"id": f"{case.name}-a"}))
    assert "CHANGED" in case.verdicts()


@pytest.mark.parametrize("damage", ["no picture", "another system", "half a picture", "no date", "no JSON"])
def test_d12_a_newer_item_that_cannot_be_used_is_no_all_clear(case, damage):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    case.put("b", pixels=case.after, taken=FEBRUARY)
    picture, item = (case.folder / f"{case.name}-b.{kind}" for kind in ("png", "json"))
    if damage == "no picture":
        picture.unlink()
    elif damage == "another system":
        item.write_text(item.read_text().replace('"datetime"', '"proj:code": "EPSG:32645", "datetime"'))
    elif damage == "no date":
        item.write_text(item.read_text().replace(FEBRUARY, "15/02/2025"))
    elif damage == "no JSON":
        item.write_text(item.read_text().replace("}", ",}", 1))
    else:
        picture.write_bytes(picture.read_bytes()[:5000])
    session = case.look()
    assert session["status"] == "COMPLETED_ERROR"
    which = "a picture that may be newer" if damage == "no date" else "the picture of 2025-02-15"
    assert f"{which} cannot be used" in session["failures"][0]["reason"]
    case.put("b", pixels=case.after, taken=FEBRUARY)
    assert "CHANGED" in case.verdicts()


def test_a_file_of_no_known_ground_fails_no_area_and_is_no_all_clear(case):
    case.put("a", pixels=case.before, taken=JANUARY)
    case.look()
    broken = case.folder / f"{case.name}-broken.json"
    broken.write_text("{")
    session = case.look()
    broken.unlink()
    assert (session["status"], session["allClear"]) == ("COMPLETED_NO_CHANGES", False)
    assert "a file of the archive cannot be used, nor is it known of which ground" in session["reason"]
    assert case.look()["allClear"]
