"""A catalogue that goes on, and has nothing new of some ground: that is not "nothing new". On both databases."""

from datetime import timedelta

import pytest

from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import Bounds
from tests.support.builders.catalogues import imagery
from tests.support.builders.products import as_planetary, product_of
from tests.support.notices import sentences, told
from tests.support.standins.stac import StacServer

SAYS = "127.0.0.1 has had nothing new of this ground since 2026-03-01"


def standing(watched):
    return watched.trip.areas.standings([watched.area.area_id])[watched.area.area_id]


def settle(watched):
    watched.trip.wait(hours=1)
    watched.trip.reconcile()
    watched.trip.work()


def test_months_of_silence_are_one_message_and_never_an_all_clear(watched):
    watched.shows("clear")
    watched.look()
    sessions = []
    for _ in range(18):
        watched.trip.wait(days=5)
        watched.server.shown_at = watched.trip.now - timedelta(hours=1)
        sessions.append(watched.look())
        settle(watched)
    verdicts = [next(iter(session.counts_by_verdict)) for session in sessions]
    assert verdicts == [Verdict.NO_NEW_IMAGERY] * 2 + [Verdict.FAILED] * 16
    assert {session.status for session in sessions[2:]} == {SessionStatus.ERROR}
    assert [session.is_all_clear for session in sessions[2:]] == [False] * 16
    assert SAYS in sessions[-1].failures[0].reason
    assert f"{standing(watched).clearly_seen_at:%Y-%m-%d}" == "2026-03-01"
    assert told(watched.trip) == ["Could not be looked at: Hill"]
    (body,) = sentences(watched.trip)
    assert "the source of the pictures has nothing new of it. It was last clearly seen in pictures of 1 March" in body
    watched.shows("clear")
    assert watched.look().is_all_clear is True


def test_clouds_are_no_silence(watched):
    watched.shows("clear")
    watched.look()
    for _ in range(6):
        watched.trip.wait(days=5)
        watched.shows("cloud")
        assert set(watched.look().counts_by_verdict) == {Verdict.OBSCURED}


def test_what_the_other_catalogue_has_of_the_ground_is_looked_at(watched):
    watched.shows("clear")
    watched.look()
    watched.trip.wait(days=20)
    watched.server.shown_at = watched.trip.now
    with StacServer(is_signed=True) as other:
        watched.trip.imagery = imagery(watched.server, other, clock=watched.trip.clock)
        taken = f"{watched.trip.now - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
        other.products.append(as_planetary(product_of(watched.scenes / "clear", taken=taken, tile="45QUD")))
        other.shown_at = watched.trip.now
        assert watched.look().is_all_clear is True
        watched.trip.wait(days=20)
        for each in (watched.server, other):
            each.shown_at = watched.trip.now
        session = watched.look()
    assert set(session.counts_by_verdict) == {Verdict.FAILED}
    assert "since 2026-03-21" in session.failures[0].reason


def test_of_an_area_the_ground_alone_fails_that_is_silent(watched):
    made, product = watched.trip.imagery, None
    for days in (-20, -1):
        taken = f"{watched.trip.now + timedelta(days=days):%Y-%m-%dT05:30:00Z}"
        product = product_of(watched.scenes / "clear", taken=taken, tile="45QUD")
        watched.server.products.append(product)
    watched.server.shown_at = watched.trip.now
    west, south, east, north = product.item["bbox"]
    middle = (west + east) / 2
    product.item["bbox"] = [west, south, middle, north]  # the newest shows the west of it
    ring = [[west, south], [middle, south], [middle, north], [west, north], [west, south]]
    product.item["geometry"]["coordinates"] = [ring]
    ground = Bounds(west + 0.01, south + 0.01, east - 0.01, north - 0.01)
    found = made.scenes(ground, since=watched.trip.now - timedelta(days=99), until=watched.trip.now)
    (refused,) = found.refused
    assert "nothing new of this ground" in refused.reason
    assert refused.bounds.west == pytest.approx(middle, abs=0.006)
    assert refused.bounds[1:] == ground[1:]
