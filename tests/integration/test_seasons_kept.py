"""Images of the same season of earlier years are kept four years, bands and all, and then go whole; on S3 too."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.images.s3 import S3Images
from chalicelib.domain.captures import SHARED, capture_of_bands
from chalicelib.domain.holds import Held
from chalicelib.domain.seasons import YEAR
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.retained import FEW, POLICY, KeepingTrip
from tests.support.standins.aws import aws

DAYS = (-18, -9, 0, 9, 18)  # about the day of a year before
FOUR_YEARS = POLICY.bands_days


class SeasonTrip(KeepingTrip):
    """A trip over a provider with five scenes of the season of each of three earlier years."""

    def __init__(self, engine):
        super().__init__(engine)
        self.imagery = ScriptedImagery(has_seasons=True)
        for years in (1, 2, 3):
            for days in DAYS:
                taken_at = self.now - years * YEAR + timedelta(days=days)
                self.imagery.show_earlier(f"{years}-{days}", taken_at, lambda _view: b"of an earlier year")

    def look(self, area, day, *, bands=b"bands"):
        self.show(f"scene {day}", days=day, bands=bands)
        session = self.capture_now(area)
        self.work()
        self.wait(days=1)
        return session

    def apart(self, area, *, is_dropped=False):
        rows = [row for row in self.rows(area) if row.is_apart and (row.dropped_at is not None) == is_dropped]
        return sorted(row.scene_id for row in rows)

    def stored(self):
        return {item.key for item in self.images.keys_after("", prefix=f"{SHARED}/")}


@pytest.fixture(params=["memory", "s3"])
def trip(engine, request):
    trip = SeasonTrip(engine)
    if request.param == "s3":
        trip.images = S3Images(aws().client("s3"), bucket=aws().make_bucket())
    return trip


def test_they_stay_four_years_whatever_their_count_and_go_with_their_bands(trip):
    area = trip.add_area(tiles=1)
    for day in range(2):
        trip.look(area, day)
    assert len(trip.apart(area)) == 12
    before = trip.stored()
    assert len(before) == 2 * (12 + 2), "a picture, and bands, of each"
    trip.round(replace(FEW, images_per_tile=1), later_days=FOUR_YEARS - 3)
    assert trip.apart(area, is_dropped=True) == []
    assert trip.stored() == before
    trip.round(replace(FEW, images_per_tile=1), later_days=3)
    assert trip.apart(area) == []
    assert len(trip.apart(area, is_dropped=True)) == 12
    left = trip.stored()
    assert len(left) == 2 * 2, "the baseline and the newest of its own"
    assert sum(capture_of_bands(key) is not None for key in left) == 2
    assert trip.broken() == []


def test_they_take_no_place_of_the_areas_own_among_those_that_are_kept(trip):
    area = trip.add_area(tiles=1)
    for day in range(6):
        trip.look(area, day, bands=None)
    fetched = trip.apart(area)
    trip.round(FEW)
    assert trip.apart(area) == fetched
    assert len(fetched) >= 12
    assert trip.dropped(area) == ["scene 1", "scene 2"], "of six of its own three are kept, and the baseline"


def test_what_is_left_of_a_season_is_what_a_comparison_is_given(trip):
    area = trip.add_area(tiles=1)
    trip.look(area, 0)
    trip.set_image("2-0", fetched_at=trip.now - timedelta(days=FOUR_YEARS))
    trip.round()
    assert trip.apart(area, is_dropped=True) == ["2-0"]
    trip.imagery.around = lambda *_asked, **_until: ()  # nothing more is there to be fetched
    given = []
    trip.compare = lambda *_pair, seasons=None, **_ground: given.append(seasons) or trip.change
    trip.look(area, 50)
    [seasons] = given
    assert [read() for read in seasons.images] == [b"of an earlier year"] * 5


def test_what_two_areas_share_goes_with_the_last_of_them(trip):
    one, other = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    for area in (one, other):
        trip.look(area, 0)
    shared = trip.apart(one)
    assert shared == trip.apart(other)
    objects = len(trip.stored())
    trip.holds.place(Held(area_id=other.area_id), user_id=other.user_id, reason="a case", now=trip.now, most_holds=9)
    trip.round(later_days=FOUR_YEARS)
    assert (trip.apart(one), trip.apart(other)) == ([], shared), "a hold on an area keeps all of it"
    assert len(trip.stored()) == objects
    assert trip.broken() == []
