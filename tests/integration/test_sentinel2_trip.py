"""The trip on Sentinel-2 by a local catalogue, with a clock that is driven: a monsoon, and catalogues in trouble.

On both databases: the real provider and gate; sessions end, reconcile decides, the worker pushes.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.seasons import YEAR
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import Verdict
from tests.support.builders.catalogues import imagery
from tests.support.notices import told

HTML = b"<!DOCTYPE html><html>maintenance</html>"


def test_the_same_season_of_earlier_years_is_fetched_beside_the_look(watched):
    at, found = watched.trip.now, {}
    for years, days in ((1, -4), (1, 6), (2, -9), (2, 1), (2, 11), (3, 3), (3, 30)):
        watched.trip.now = at - years * YEAR + timedelta(days=days)
        watched.shows("clear")
    watched.trip.now = at
    watched.shows("clear")
    watched.look()
    searches = watched.server.count("search")[0]
    with watched.trip.engine.connect() as connection:
        rows = connection.execute(select(t.image_tiles.c.taken_at, t.image_tiles.c.is_apart)).all()
    for taken_at, is_apart in rows:
        found.setdefault(round((at - taken_at) / YEAR), []).append(bool(is_apart))
    tiles = len(found[0])
    assert {years: sum(each) / tiles for years, each in found.items()} == {0: 0, 1: 2, 2: 2, 3: 1}
    assert searches == 1 + 3, "once for all tiles"


def test_four_months_of_cloud_are_one_message_and_never_an_all_clear(watched):
    watched.shows("clear")
    watched.look()
    for _ in range(24):
        watched.trip.wait(days=5)
        watched.shows("cloud")
        session = watched.look()
        assert session.status is SessionStatus.ERROR
        assert session.is_all_clear is False
        watched.trip.wait(hours=1)
        watched.trip.reconcile()
        watched.trip.work()
    assert told(watched.trip) == ["Not seen: Hill"]
    watched.trip.wait(days=5)
    watched.shows("clear")
    assert watched.look().is_all_clear is True


def test_a_catalogue_that_has_stopped_fails_the_tiles_with_its_reason_and_is_never_nothing_new(watched):
    watched.shows("clear")
    watched.look()
    watched.trip.wait(days=10)
    session = watched.look()
    assert set(session.counts_by_verdict) == {Verdict.FAILED}
    assert session.is_all_clear is False
    assert "has had nothing new of anywhere since 2026-03-01" in session.failures[0].reason
    watched.shows("clear")
    watched.trip.wait(hours=1)
    assert watched.look().is_all_clear is True


def test_a_scene_that_lacks_a_file_is_passed_over_with_its_reason_and_nothing_waits_for_it(watched):
    watched.shows("clear")
    watched.trip.wait(days=5)
    watched.shows("gone")
    session = watched.look()
    assert set(session.counts_by_verdict) == {Verdict.BASELINE}, "the next one was taken"
    assert session.reason == "in 2 of 2 tiles a newer scene could not be used"
    assert session.is_all_clear is False
    watched.trip.wait(days=1)
    session = watched.look()
    assert set(session.counts_by_verdict) == {Verdict.FAILED}
    assert "is not there (404)" in session.failures[0].reason
    watched.trip.wait(days=4)
    watched.shows("clear")
    assert watched.look().is_all_clear is True


def test_a_catalogue_that_is_not_behind_and_has_nothing_new_of_here_is_nothing_new(watched):
    watched.shows("clear")
    watched.look()
    watched.trip.wait(days=10)
    watched.server.shown_at = watched.trip.now
    session = watched.look()
    assert set(session.counts_by_verdict) == {Verdict.NO_NEW_IMAGERY}


@pytest.mark.parametrize("answer", [{"body": HTML}, {"status": 403}, {"body": b'{"features": [{"id"'}], ids=str)
def test_tiles_wait_for_a_catalogue_in_trouble_and_say_why_if_it_does_not_come_back(watched, answer):
    watched.shows("clear")
    watched.look()
    stored = len(watched.trip.tiles(watched.area))
    watched.trip.wait(days=5)
    watched.shows("clear")
    watched.server.how += [answer] * 1_000
    session = watched.look()
    assert session.is_open, "it may pass"
    ended = watched.given_up(session)
    assert "127.0.0.1" in ended.failures[0].reason
    assert len(watched.trip.tiles(watched.area)) == stored, "nothing else was touched"
    watched.server.how.clear()
    watched.trip.wait(hours=1)
    assert watched.look().status is SessionStatus.NO_CHANGES


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (lambda _asked: {}, "names a page as its next one that came before"),
        (lambda asked: {"seen": asked}, "finds more than 10000 items"),
    ],
    ids=["a page that names itself", "pages without an end"],
)
def test_pages_that_never_end_fail_the_tiles_with_their_reason_and_touch_nothing(watched, body, says):
    watched.shows("clear")
    watched.look()
    rows = watched.stored()
    watched.trip.wait(days=5)
    watched.shows("clear")
    there = {"rel": "next", "method": "POST", "href": watched.server.url + "/search", "merge": True}
    watched.server.turn_page = lambda _page, _link: there | {"body": body(len(watched.server.asked))}
    ended = watched.given_up(watched.look())
    assert says in ended.failures[0].reason
    assert watched.stored() == rows
    watched.server.turn_page = None
    watched.trip.wait(hours=1)
    assert watched.look().is_all_clear is True


def test_a_token_that_is_refused_fails_the_tiles_with_its_reason_and_touches_nothing(watched):
    server = watched.server
    server.is_signed = True
    watched.trip.imagery = imagery(server, clock=watched.trip.clock, sentinel2_signing=server.signing)
    watched.shows("clear")
    watched.look()
    rows = watched.stored()
    watched.trip.wait(days=5)
    watched.shows("clear")
    server.refuses_tokens = True
    ended = watched.given_up(watched.look())
    assert "does not let us read" in ended.failures[0].reason
    assert watched.stored() == rows
    server.refuses_tokens = False
    watched.trip.wait(hours=1)
    assert watched.look().is_all_clear is True


def test_a_file_elsewhere_than_its_item_says_fails_its_tiles_and_the_next_scene_is_looked_at(watched):
    watched.shows("clear")
    watched.look()
    watched.trip.wait(days=5)
    watched.shows("clear")
    for asset in watched.server.products[-1].item["assets"].values():
        asset["proj:transform"][2] += 10_000
    session = watched.look()
    assert set(session.counts_by_verdict) == {Verdict.FAILED}
    assert "lies elsewhere than its item says" in session.failures[0].reason
    watched.trip.wait(days=5)
    watched.shows("clear")
    assert watched.look().is_all_clear is True
