"""Bands lie beside their image: both are there, or neither is. On both databases."""

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.captures import capture_of_bands
from chalicelib.domain.errors import Unavailable
from tests.support.shared_images import captures_of, keys_of, shared_keys, together
from tests.support.trip import Trip

BANDS = b"what was measured"


@pytest.fixture
def trip(engine):
    return Trip(engine)


def bands_key(trip):
    (key,) = (key for key in shared_keys(trip) if capture_of_bands(key) is not None)
    return key


def rows(trip, table):
    with trip.engine.connect() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def listen(trip, kind="compare"):
    """Return what the detector is given as bands, comparison by comparison."""
    heard = []
    own = getattr(trip, kind)

    def compare(before, after, **ground):
        heard.append(ground["bands"])
        return own(before, after, **ground)

    setattr(trip, kind, compare)
    return heard


def test_bands_are_stored_under_their_own_key_and_named_by_capture_and_image(trip):
    area = trip.add_area(tiles=1)
    trip.show("march", bands=BANDS)
    together(trip, area)
    key = bands_key(trip)
    assert trip.images.get(key) == BANDS
    (capture,), (image,) = captures_of(trip), rows(trip, t.image_tiles)
    assert (capture.bands_key, image.bands_key) == (key, key)
    assert capture.bands_sha256 == image.bands_sha256
    assert capture_of_bands(key) == capture.id
    assert keys_of(trip, area) | {key} == shared_keys(trip)


def test_the_detector_is_given_the_bands_of_both_images_where_they_have_them(trip):
    heard = listen(trip)
    area = trip.add_area(tiles=1)
    for days, bands in enumerate((None, b"of april", b"of may", None)):
        trip.show(f"scene {days}", days=days, bands=bands)
        together(trip, area)
        trip.wait(days=1)
    assert heard == [(None, b"of april"), (b"of april", b"of may"), (b"of may", None)]


def test_another_area_uses_the_bands_that_are_stored(trip):
    heard = listen(trip)
    first, second = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    trip.show("march", bands=BANDS)
    together(trip, first)
    together(trip, second)
    assert len(trip.imagery.fetched) == 1
    assert {row.bands_key for row in rows(trip, t.image_tiles)} == {bands_key(trip)}
    trip.show("april", days=30, bands=b"of april")
    together(trip, first, second)
    assert heard == [(BANDS, b"of april")] * 2


@pytest.mark.parametrize("instead", [None, b"half of it"], ids=["lost", "damaged"])
def test_an_image_whose_bands_are_lost_is_fetched_again_before_another_area_uses_it(trip, instead):
    first, second = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    trip.show("march", bands=BANDS)
    together(trip, first)
    before, key = shared_keys(trip), bands_key(trip)
    trip.images.delete([key])
    if instead is not None:
        trip.images.put(key, instead)
    together(trip, second)
    assert len(trip.imagery.fetched) == 2
    assert shared_keys(trip) == before
    assert trip.images.get(key) == BANDS


def test_nothing_is_said_of_ground_whose_bands_are_not_there(trip):
    area = trip.add_area(tiles=1)
    trip.show("march", bands=BANDS)
    together(trip, area)
    key = bands_key(trip)
    trip.images.delete([key])
    (session,) = together(trip, area)
    assert session.counts_by_verdict == {"NO_NEW_IMAGERY": 1}
    assert trip.images.get(key) == BANDS, "it was fetched again"


def test_a_reference_whose_bands_are_lost_is_never_used_again(trip):
    heard = listen(trip)
    area = trip.add_area(tiles=1)
    for days, name in enumerate(("march", "april")):
        trip.show(name, days=days, bands=name.encode())
        together(trip, area)
        trip.wait(days=1)
    trip.images.delete([rows(trip, t.image_tiles)[1].bands_key])
    trip.show("may", days=2, bands=b"may")
    together(trip, area)
    assert heard == [(b"march", b"april"), (b"march", b"may")]


def test_no_row_names_what_could_not_be_stored(trip):
    """The bands are stored first: where the image's object then cannot be, neither has a row."""
    area = trip.add_area(tiles=1)
    trip.show("march", bands=BANDS)
    put = trip.images.put
    kinds = []

    def refused(key, content):
        kinds.append(capture_of_bands(key) is not None)
        if len(kinds) > 1:
            raise Unavailable("the disk is full")
        put(key, content)

    trip.images.put = refused
    session = trip.capture_now(area)
    trip.work()
    assert kinds == [True, False]
    assert rows(trip, t.image_tiles) == []
    assert [(row.object_key, row.bands_key) for row in captures_of(trip)] == [(None, None)]
    left = bands_key(trip)
    trip.images.put = put
    trip.wait(minutes=5)
    trip.reconcile()
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}
    trip.wait(days=2)
    trip.reconcile()
    assert not trip.images.has(left) or left == captures_of(trip)[0].bands_key
    assert all(map(trip.images.has, (captures_of(trip)[0].bands_key, *keys_of(trip, area))))


def test_bands_stay_as_long_as_an_area_uses_their_image_and_go_with_the_last(trip):
    asha, other = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    trip.show("march", bands=BANDS)
    together(trip, asha, other)
    trip.wait(days=2)
    trip.reconcile()
    key = bands_key(trip)
    trip.delete(asha)
    trip.reconcile()
    assert trip.images.has(key)
    trip.delete(other)
    trip.reconcile()
    assert trip.images.keys_after("") == []
    assert captures_of(trip) == []


def test_bands_that_no_row_names_go_after_a_day(trip):
    area = trip.add_area(tiles=1)
    trip.show("march", bands=BANDS)
    together(trip, area)
    key = bands_key(trip)
    strays = [key.replace("-bands-", "-bands-00"), f"{key.partition('/')[0]}/999-17-1-1-bands-0123456789abcdef.png"]
    for stray in strays:
        trip.images.put(stray, b"x")
    trip.wait(days=2)
    trip.reconcile()
    assert [trip.images.has(each) for each in (key, *strays)] == [True, False, False]


def test_bands_that_nobody_came_to_use_go_with_their_image(trip):
    area = trip.add_area(tiles=1)
    trip.imagery.show("", None, lambda _view: b"the same", bands_of=lambda _view: BANDS)
    for _ in range(2):
        together(trip, area)
        trip.wait(hours=1)
    assert len(shared_keys(trip)) == 4
    trip.wait(days=2)
    trip.reconcile()
    (capture,) = captures_of(trip)
    assert shared_keys(trip) == {capture.object_key, capture.bands_key}


def test_the_same_picture_with_other_bands_is_another_image(trip):
    """A scene whose clouds were classified anew: what it shows of the ground is not what was compared."""
    heard = listen(trip)
    area = trip.add_area(tiles=1)
    for bands in (BANDS, b"classified anew", b"classified anew"):
        trip.imagery.show("", None, lambda _view: b"the same", bands_of=lambda _view, bands=bands: bands)
        together(trip, area)
        trip.wait(hours=1)
    assert heard == [(BANDS, b"classified anew")]


def test_the_baseline_is_compared_with_its_bands(trip):
    area = trip.add_area(tiles=1)
    heard = listen(trip, "compare_with_baseline")
    for days, name in enumerate(("march", "april", "may")):
        trip.show(name, days=days, bands=name.encode())
        together(trip, area)
        trip.wait(days=1)
    assert heard == [(b"march", b"may")]
