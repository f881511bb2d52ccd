"""Catalogues in trouble: whatever they answer is a failure with a name, and never nothing new."""

import json
import logging
from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.domain import events
from chalicelib.domain.diagnostics import Level
from chalicelib.domain.errors import (
    BadImage,
    ImageryFailed,
    ProviderRefused,
    ProviderUnavailable,
    Throttled,
)
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import Bounds
from tests.support.asked_sentinel2 import AREA, HTML, NOW, UNTIL, fetch, over, search
from tests.support.builders.products import as_planetary, product_of
from tests.support.standins.stac import StacServer


def items(count, **about):
    """So many items that show the area."""
    one = {"type": "Feature", "bbox": list(AREA), "collection": "sentinel-2-l2a", "assets": {}}
    one["properties"] = {"datetime": "2024-05-30T05:30:00Z"}
    features = [one | {"id": f"it-{number}"} for number in range(count)]
    return json.dumps({"type": "FeatureCollection", "features": features, "links": [], **about}).encode()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"body": HTML}, "web page"),
        ({"body": items(3)[:80]}, "cannot be read"),
        ({"body": b""}, "nothing"),
        ({"body": b"[1, 2]"}, "another kind"),
        ({"body": b'{"features": "none"}'}, "something else than items"),
        ({"body": b'{"type": "FeatureCollection"}'}, "something else than items"),
        ({"body": b"[" * 100_000}, "cannot be read"),
        ({"body": items(5_000)}, "5000 items"),
        ({"body": b" " * 4_000_001}, "longer than"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "sends elsewhere"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_is_none_is_a_failure_that_may_pass(catalogue, answer, says):
    catalogue.how += [answer] * 3
    with pytest.raises(ProviderUnavailable, match=says):
        search(over(catalogue))
    catalogue.how.clear()
    assert search(over(catalogue)).scenes, "and is none any more once it answers"


@pytest.mark.parametrize("status", [403, 408, 429, 500, 502, 503, 504])
def test_one_that_is_busy_is_asked_again_and_says_when(catalogue, status):
    catalogue.how += [{"status": status, "headers": {"Retry-After": "2"}}] * 2
    waits = []
    assert search(over(catalogue, sleep=waits.append)).scenes
    assert waits == [2.0, 2.0]
    catalogue.how += [{"status": status, "headers": {"Retry-After": "7"}}] * 3
    with pytest.raises(ProviderUnavailable) as failure:
        search(over(catalogue))
    assert failure.value.retry_after_s == 7.0
    assert isinstance(failure.value, Throttled) == (status in (403, 429, 503)), "these are meant for whoever asks"


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_one_that_says_no_is_refused_and_not_asked_again(catalogue, status):
    catalogue.how += [{"status": status}]
    with pytest.raises(ProviderRefused, match=str(status)):
        search(over(catalogue))
    assert catalogue.count("search")[0] == 1


def test_a_body_that_breaks_off_is_asked_for_again(catalogue):
    catalogue.how += [{"cut": 100}]
    assert search(over(catalogue)).scenes
    assert catalogue.count("search")[0] == 2


def test_a_page_that_links_to_itself_is_refused(catalogue):
    catalogue.turn_page = lambda _page, _link: {
        "rel": "next",
        "method": "GET",
        "href": catalogue.url + "/search?page=1",
    }
    with pytest.raises(ProviderRefused, match="404"):
        search(over(catalogue))
    asked = catalogue.count("search")[0]
    same = {"rel": "next", "method": "POST", "href": catalogue.url + "/search", "merge": True, "body": {}}
    catalogue.turn_page = lambda _page, _link: same
    with pytest.raises(ProviderUnavailable, match="came before"):
        search(over(catalogue))
    assert catalogue.count("search")[0] == asked + 1


def test_pages_without_an_end_are_refused(catalogue):
    catalogue.turn_page = lambda _page, _link: {
        "rel": "next",
        "method": "POST",
        "href": catalogue.url + "/search",
        "merge": True,
        "body": {"seen": len(catalogue.asked)},
    }
    with pytest.raises(ProviderUnavailable, match="more than 10000 items"):
        search(over(catalogue))
    assert catalogue.count("search")[0] == 200


@pytest.mark.parametrize(("count", "says"), [(40, "40 pictures of one day show this ground"), (600, "600 pictures")])
def test_a_day_of_more_pictures_than_there_can_be_is_none(catalogue, count, says):
    item = catalogue.item(catalogue.products[0])
    del item["properties"]["s2:product_uri"]
    features = [item | {"id": f"it-{number}"} for number in range(count)]
    pages = [features[first : first + 50] for first in range(0, count, 50)]

    def turned(page, _link):
        page["features"] = pages.pop(0)
        body = {"left": len(pages)}
        return (
            {"rel": "next", "method": "POST", "href": catalogue.url + "/search", "merge": True, "body": body}
            if pages
            else None
        )

    catalogue.turn_page = turned
    with pytest.raises((BadImage, ProviderUnavailable), match=says):
        fetch(over(catalogue))
    assert catalogue.count("range")[0] == 0


def test_a_next_page_on_another_machine_is_not_asked_for(catalogue):
    with StacServer() as other:
        catalogue.turn_page = lambda _page, _link: {"rel": "next", "href": other.url + "/search"}
        with pytest.raises(ProviderUnavailable, match="another machine"):
            search(over(catalogue))
        assert other.asked == []


def test_a_catalogue_that_cannot_be_reached_gives_way_to_the_other(catalogue, pixels):
    gone = StacServer()
    gone.server.server_close()
    with StacServer(as_planetary(product_of(pixels, taken="2024-05-30T05:30:00Z")), is_signed=True) as other:
        other.shown_at = NOW
        made = over(gone, other)
        assert fetch(made).content
        assert made.check().level is Level.WARN
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        search(over(gone))


def test_a_catalogue_without_anything_new_of_anywhere_gives_way_and_is_told(catalogue, pixels, caplog):
    catalogue.shown_at = NOW - timedelta(days=20)
    catalogue.products.clear()
    with StacServer(as_planetary(product_of(pixels, taken="2024-05-30T05:30:00Z"))) as other:
        other.shown_at = NOW
        with caplog.at_level(logging.INFO):
            found = search(over(catalogue, other, sentinel2_signing=""))
        assert [scene.captured_at.day for scene in found.scenes] == [30]
        assert found.refused == ()
        (told,) = [record for record in caplog.records if record.message == events.CATALOGUE_STALE]
        assert (told.provider, told.catalogue) == ("sentinel2", "127.0.0.1")


def test_where_all_are_behind_it_is_a_reason_on_the_ground_and_never_nothing_new(catalogue, pixels):
    catalogue.products = [product_of(pixels, taken="2024-05-20T05:30:00Z", tile="45QUD")]
    catalogue.shown_at = NOW - timedelta(days=10)
    found = search(over(catalogue))
    assert [scene.captured_at.day for scene in found.scenes] == [20], "what there is can be used"
    (refused,) = found.refused
    assert (
        refused.reason
        == "127.0.0.1 has had nothing new of anywhere since 2024-05-22: what was taken later is not known"
    )
    assert refused.bounds == AREA
    assert refused.captured_at > NOW
    finding = over(catalogue).check()
    assert finding.level is Level.FAIL
    assert "2024-05-22" in finding.says


@pytest.mark.parametrize("keeps_to_until", [True, False])
def test_an_item_of_a_day_to_come_does_not_make_a_catalogue_alive(catalogue, pixels, keeps_to_until):
    catalogue.products = [product_of(pixels, taken="2024-05-20T05:30:00Z", tile="45QUD")]
    catalogue.shown_at = NOW + timedelta(days=2000)
    if not keeps_to_until:
        catalogue.found = lambda _wanted: catalogue.features()[::-1]
    made = over(catalogue)
    (refused,) = search(made).refused
    assert "has nothing of anywhere" in refused.reason or "since 2024-05-20" in refused.reason
    assert made.check().level is Level.FAIL


def test_a_catalogue_that_is_not_behind_is_asked_once(catalogue):
    search(over(catalogue))
    assert catalogue.count("search")[0] == 1
    catalogue.products.clear()
    assert search(over(catalogue)).scenes == ()
    assert search(over(catalogue)).refused == (), "of this ground there is nothing, of others there is"


@pytest.mark.parametrize(
    "flaw",
    [
        {"properties": None},
        {"properties": {"datetime": "yesterday"}},
        {"assets": {}},
        {"bbox": None, "geometry": None},
        {"id": None, "properties": {"datetime": "2024-05-28T05:30:00Z"}},
        {"properties": {"s2:product_uri": "S2A_MSIL2A_20241399T053000_N0500_R105_T45QUD_20240528T053000.SAFE"}},
        {"properties": {"s2:product_uri": "S2A_MSIL2A_20240528T053060_N0500_R105_T45QUD_20240528T053000.SAFE"}},
    ],
    ids=str,
)
def test_an_item_that_cannot_be_read_is_told_and_harms_no_other(catalogue, pixels, flaw):
    bad = product_of(pixels, taken="2024-05-28T05:30:00Z", tile="45QUD")
    if "s2:product_uri" in (flaw.get("properties") or {}):
        flaw = {"properties": {**bad.item["properties"], **flaw["properties"]}}
    bad = bad._replace(item={**bad.item, **flaw})
    good = catalogue.item(catalogue.products[0])
    page = {
        "type": "FeatureCollection",
        "features": [catalogue.item(bad) if flaw.get("assets") != {} else bad.item, good],
    }
    catalogue.how += [{"body": json.dumps(page).encode()}] * 2
    found = search(over(catalogue))
    assert len(found.scenes) == 1
    assert len(found.refused) >= 1
    assert all("cannot be" in refused.reason for refused in found.refused)


@pytest.mark.parametrize("time", ["0001-01-01T01:00:00Z", "9999-12-31T23:00:00Z"])
def test_items_of_other_times_than_were_asked_for_harm_no_other(catalogue, pixels, time):
    """Also of times that no day can be told of at every longitude; the second one lacks its bands."""
    far, broken = (catalogue.item(product_of(pixels, taken="2024-05-28T05:30:00Z", tile="45QUD")) for _ in range(2))
    for item in (far, broken):
        item["properties"] = {**item["properties"], "datetime": time}
        del item["properties"]["s2:product_uri"]
    broken["assets"] = {}
    west = [each - 170 * (at % 2 == 0) for at, each in enumerate(AREA)]
    page = {"type": "FeatureCollection", "features": [far, broken, catalogue.item(catalogue.products[0])]}
    catalogue.how += [{"body": json.dumps(page).encode()}] * 2
    found = search(over(catalogue))
    assert len(found.scenes) == 1
    assert all(SINCE <= refused.captured_at <= UNTIL for refused in found.refused)
    assert over(catalogue).scenes(Bounds(*west), since=SINCE, until=UNTIL).scenes == ()


def test_only_failures_with_a_name_come_out(catalogue):
    """Whatever byte of an answer is another one."""
    whole = json.dumps({"type": "FeatureCollection", "features": catalogue.features(), "links": []}).encode()
    for place in range(0, len(whole), 97):
        catalogue.how[:] = [{"body": whole[:place] + b"\x00" + whole[place + 1 :]}] * 3
        with suppress(ImageryFailed):
            search(over(catalogue))
        catalogue.how.clear()


def test_the_look_back_is_asked_of_whoever_answers(catalogue, pixels):
    days = [NOW - timedelta(days=number) for number in range(1, 41)] + [NOW - timedelta(days=365)]
    catalogue.products = [product_of(pixels, taken=f"{day:%Y-%m-%d}T05:30:00Z", tile="45QUD") for day in days]
    with StacServer(*catalogue.products) as other:
        other.shown_at = catalogue.shown_at
        made = over(catalogue, other)
        newest = made.catalogues.newest

        def then_throttled(*asked):
            found = newest(*asked)
            catalogue.how += [{"status": 403}] * 9
            return found

        made.catalogues.newest = then_throttled
        found = [scene.captured_at.year for scene in search(made).scenes]
    assert (min(found), max(found)) == (2023, 2024)


def test_the_tiles_of_an_area_do_not_ask_one_after_the_other_who_wants_to_be_left_alone(catalogue):
    made, day = over(catalogue), NOW.date() - timedelta(days=365)
    catalogue.how += [{"status": 403}] * 9
    asked = []
    for _ in range(3):
        with pytest.raises(Throttled):
            made.around(AREA, day, until=NOW)
        asked.append(catalogue.count("search"))
    assert asked == asked[:1] * 3
    catalogue.how.clear()
    assert made.around(AREA, day, until=NOW + timedelta(minutes=6)) == ()
    assert catalogue.count("search") > asked[-1]
