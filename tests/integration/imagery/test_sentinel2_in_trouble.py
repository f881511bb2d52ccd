"""Catalogues in trouble: whatever they answer is a failure with a name, and never nothing new."""

import json
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.imagery.sentinel2 import files
from chalicelib.domain import events
from chalicelib.domain.diagnostics import Level
from chalicelib.domain.errors import (
    BadImage,
    ImageryFailed,
    NoCoverage,
    ProviderRefused,
    ProviderUnavailable,
    Throttled,
)
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import Bounds, tiles_covering
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery
from tests.support.builders.products import as_planetary, product_of
from tests.support.standins.stac import StacServer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
AREA = sentinel2.GROUND
UNTIL = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pixels")
    sentinel2.put(folder, "one", taken="2024-05-01T05:30:00Z")
    return folder / "one"


@pytest.fixture
def server(pixels):
    with StacServer(product_of(pixels, taken="2024-05-30T05:30:00Z", tile="45QUD")) as made:
        made.shown_at = NOW - timedelta(hours=2)
        yield made


def over(server, *others, **settings):
    return imagery(server, *others, clock=lambda: NOW, **settings)


def search(made):
    return made.scenes(AREA, since=SINCE, until=UNTIL)


def fetch(made):
    (scene,) = search(made).scenes
    grid = made.grid(AREA)
    return made.fetch(scene, grid.view(next(iter(tiles_covering(AREA, grid.zoom)))), AREA)


def items(count, **about):
    """So many items that show the area."""
    one = {"type": "Feature", "bbox": list(AREA), "collection": "sentinel-2-l2a", "assets": {}}
    one["properties"] = {"datetime": "2024-05-30T05:30:00Z"}
    features = [one | {"id": f"it-{number}"} for number in range(count)]
    return json.dumps({"type": "FeatureCollection", "features": features, "links": [], **about}).encode()


HTML = b"<!DOCTYPE html><html><body>maintenance</body></html>"


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
def test_an_answer_that_is_none_is_a_failure_that_may_pass(server, answer, says):
    server.how += [answer] * 3
    with pytest.raises(ProviderUnavailable, match=says):
        search(over(server))
    server.how.clear()
    assert search(over(server)).scenes, "and is none any more once it answers"


@pytest.mark.parametrize("status", [403, 408, 429, 500, 502, 503, 504])
def test_one_that_is_busy_is_asked_again_and_says_when(server, status):
    server.how += [{"status": status, "headers": {"Retry-After": "2"}}] * 2
    waits = []
    assert search(over(server, sleep=waits.append)).scenes
    assert waits == [2.0, 2.0]
    server.how += [{"status": status, "headers": {"Retry-After": "7"}}] * 3
    with pytest.raises(ProviderUnavailable) as failure:
        search(over(server))
    assert failure.value.retry_after_s == 7.0
    assert isinstance(failure.value, Throttled) == (status in (403, 429, 503)), "these are meant for whoever asks"


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_one_that_says_no_is_refused_and_not_asked_again(server, status):
    server.how += [{"status": status}]
    with pytest.raises(ProviderRefused, match=str(status)):
        search(over(server))
    assert server.count("search")[0] == 1


def test_a_body_that_breaks_off_is_asked_for_again(server):
    server.how += [{"cut": 100}]
    assert search(over(server)).scenes
    assert server.count("search")[0] == 2


def test_a_page_that_links_to_itself_is_refused(server):
    server.turn_page = lambda _page, _link: {"rel": "next", "method": "GET", "href": server.url + "/search?page=1"}
    with pytest.raises(ProviderRefused, match="404"):
        search(over(server))
    asked = server.count("search")[0]
    same = {"rel": "next", "method": "POST", "href": server.url + "/search", "merge": True, "body": {}}
    server.turn_page = lambda _page, _link: same
    with pytest.raises(ProviderUnavailable, match="came before"):
        search(over(server))
    assert server.count("search")[0] == asked + 1


def test_pages_without_an_end_are_refused(server):
    server.turn_page = lambda _page, _link: {
        "rel": "next",
        "method": "POST",
        "href": server.url + "/search",
        "merge": True,
        "body": {"seen": len(server.asked)},
    }
    with pytest.raises(ProviderUnavailable, match="more than 10000 items"):
        search(over(server))
    assert server.count("search")[0] == 200


@pytest.mark.parametrize(("count", "says"), [(40, "40 pictures of one day show this ground"), (600, "600 pictures")])
def test_a_day_of_more_pictures_than_there_can_be_is_none(server, count, says):
    item = server.item(server.products[0])
    del item["properties"]["s2:product_uri"]
    features = [item | {"id": f"it-{number}"} for number in range(count)]
    pages = [features[first : first + 50] for first in range(0, count, 50)]

    def turned(page, _link):
        page["features"] = pages.pop(0)
        body = {"left": len(pages)}
        return (
            {"rel": "next", "method": "POST", "href": server.url + "/search", "merge": True, "body": body}
            if pages
            else None
        )

    server.turn_page = turned
    with pytest.raises((BadImage, ProviderUnavailable), match=says):
        fetch(over(server))
    assert server.count("range")[0] == 0


def test_a_next_page_on_another_machine_is_not_asked_for(server):
    with StacServer() as other:
        server.turn_page = lambda _page, _link: {"rel": "next", "href": other.url + "/search"}
        with pytest.raises(ProviderUnavailable, match="another machine"):
            search(over(server))
        assert other.asked == []


def test_a_catalogue_that_cannot_be_reached_gives_way_to_the_other(server, pixels):
    gone = StacServer()
    gone.server.server_close()
    with StacServer(as_planetary(product_of(pixels, taken="2024-05-30T05:30:00Z")), is_signed=True) as other:
        other.shown_at = NOW
        made = over(gone, other)
        assert fetch(made).content
        assert made.check().level is Level.WARN
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        search(over(gone))


def test_a_catalogue_without_anything_new_of_anywhere_gives_way_and_is_told(server, pixels, caplog):
    server.shown_at = NOW - timedelta(days=20)
    server.products.clear()
    with StacServer(as_planetary(product_of(pixels, taken="2024-05-30T05:30:00Z"))) as other:
        other.shown_at = NOW
        with caplog.at_level(logging.INFO):
            found = search(over(server, other, sentinel2_signing=""))
        assert [scene.captured_at.day for scene in found.scenes] == [30]
        assert found.refused == ()
        (told,) = [record for record in caplog.records if record.message == events.CATALOGUE_STALE]
        assert (told.provider, told.catalogue) == ("sentinel2", "127.0.0.1")


def test_where_all_are_behind_it_is_a_reason_on_the_ground_and_never_nothing_new(server, pixels):
    server.products = [product_of(pixels, taken="2024-05-20T05:30:00Z", tile="45QUD")]
    server.shown_at = NOW - timedelta(days=10)
    found = search(over(server))
    assert [scene.captured_at.day for scene in found.scenes] == [20], "what there is can be used"
    (refused,) = found.refused
    assert (
        refused.reason
        == "127.0.0.1 has had nothing new of anywhere since 2024-05-22: what was taken later is not known"
    )
    assert refused.bounds == AREA
    assert refused.captured_at > NOW
    finding = over(server).check()
    assert finding.level is Level.FAIL
    assert "2024-05-22" in finding.says


@pytest.mark.parametrize("keeps_to_until", [True, False])
def test_an_item_of_a_day_to_come_does_not_make_a_catalogue_alive(server, pixels, keeps_to_until):
    server.products = [product_of(pixels, taken="2024-05-20T05:30:00Z", tile="45QUD")]
    server.shown_at = NOW + timedelta(days=2000)
    if not keeps_to_until:
        server.found = lambda _wanted: server.features()[::-1]
    made = over(server)
    (refused,) = search(made).refused
    assert "has nothing of anywhere" in refused.reason or "since 2024-05-20" in refused.reason
    assert made.check().level is Level.FAIL


def test_a_catalogue_that_is_not_behind_is_asked_once(server):
    search(over(server))
    assert server.count("search")[0] == 1
    server.products.clear()
    assert search(over(server)).scenes == ()
    assert search(over(server)).refused == (), "of this ground there is nothing, of others there is"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"status": 503}, "busy or in trouble"),
        ({"status": 500}, "busy or in trouble"),
        ({"status": 403}, "does not let us read"),
        ({"cut": 500}, "broke off"),
        ({"headers": {"Content-Range": "bytes 5-9/100"}}, "another part"),
        ({"body": HTML, "headers": {"Content-Range": f"bytes 0-{len(HTML) - 1}/{len(HTML)}"}}, "web page"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_does_not_come_is_a_failure_that_may_pass(server, how, says):
    made = over(server)
    search(made)
    server.how_of_files += [how] * 7
    with pytest.raises(ProviderUnavailable, match=says):
        fetch(made)
    server.how_of_files.clear()
    assert fetch(made).content


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("is_begun", [False, True])
def test_a_file_that_is_not_there_harms_its_scene_alone(server, pixels, status, is_begun):
    made = over(server)
    (scene,) = search(made).scenes
    if is_begun:
        made.reader.bands(*made._those_known(scene.items)[scene.items[0].item_id])
    server.how_of_files += [{"status": status}] * 7
    with pytest.raises(BadImage, match=rf"cannot be used: .* is not there \({status}\)"):
        fetch(made)
    server.how_of_files.clear()
    assert fetch(made).content, "and it may come"


def test_a_file_that_is_no_geotiff_harms_its_scene_alone(server, pixels, tmp_path):
    sentinel2.put(tmp_path, "it", taken="2024-05-30T05:30:00Z")
    (tmp_path / "it" / "red.tif").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    broken = product_of(pixels, taken="2024-05-30T05:30:00Z", tile="45QUD")._replace(folder=tmp_path / "it")
    server.products = [broken]
    with pytest.raises(BadImage, match="cannot be used"):
        fetch(over(server))


def test_a_file_that_becomes_another_one_meanwhile_is_not_mixed_with_the_first(server, pixels):
    made = over(server)
    fetch(made)
    folder = server.products[0].folder
    old = {file: file.read_bytes() for file in folder.glob("*.tif")}
    made = over(server)
    (scene,) = search(made).scenes
    grid = made.grid(AREA)
    view = grid.view(next(iter(tiles_covering(AREA, grid.zoom))))
    bands = made.reader.bands(*made._those_known(scene.items)[scene.items[0].item_id])
    assert len(bands) == 6
    try:
        for file, content in old.items():
            file.write_bytes(content)
            os.utime(file, (NOW.timestamp(), NOW.timestamp()))
        with pytest.raises((NoCoverage, ProviderUnavailable)):
            made.fetch(scene, view, AREA)
    finally:
        for file, content in old.items():
            file.write_bytes(content)


@pytest.mark.parametrize(
    "token", [b"{}", b'{"token": "", "msft:expiry": "2030-01-01T00:00:00Z"}', b'{"token": "a=b"}', HTML, b'{"token":']
)
def test_a_token_that_is_none_is_a_failure_that_may_pass(server, pixels, token):
    server.how += [{"status": 503}] * 100
    with StacServer(as_planetary(product_of(pixels, taken="2024-05-30T05:30:00Z")), is_signed=True) as other:
        other.shown_at = NOW
        made = over(server, other)
        search(made)
        other.token = token
        with pytest.raises(ProviderUnavailable):
            fetch(made)


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
def test_an_item_that_cannot_be_read_is_told_and_harms_no_other(server, pixels, flaw):
    bad = product_of(pixels, taken="2024-05-28T05:30:00Z", tile="45QUD")
    if "s2:product_uri" in (flaw.get("properties") or {}):
        flaw = {"properties": {**bad.item["properties"], **flaw["properties"]}}
    bad = bad._replace(item={**bad.item, **flaw})
    good = server.item(server.products[0])
    page = {"type": "FeatureCollection", "features": [server.item(bad) if flaw.get("assets") != {} else bad.item, good]}
    server.how += [{"body": json.dumps(page).encode()}] * 2
    found = search(over(server))
    assert len(found.scenes) == 1
    assert len(found.refused) >= 1
    assert all("cannot be" in refused.reason for refused in found.refused)


@pytest.mark.parametrize("time", ["0001-01-01T01:00:00Z", "9999-12-31T23:00:00Z"])
def test_items_of_other_times_than_were_asked_for_harm_no_other(server, pixels, time):
    """Also of times that no day can be told of at every longitude; the second one lacks its bands."""
    far, broken = (server.item(product_of(pixels, taken="2024-05-28T05:30:00Z", tile="45QUD")) for _ in range(2))
    for item in (far, broken):
        item["properties"] = {**item["properties"], "datetime": time}
        del item["properties"]["s2:product_uri"]
    broken["assets"] = {}
    west = [each - 170 * (at % 2 == 0) for at, each in enumerate(AREA)]
    page = {"type": "FeatureCollection", "features": [far, broken, server.item(server.products[0])]}
    server.how += [{"body": json.dumps(page).encode()}] * 2
    found = search(over(server))
    assert len(found.scenes) == 1
    assert all(SINCE <= refused.captured_at <= UNTIL for refused in found.refused)
    assert over(server).scenes(Bounds(*west), since=SINCE, until=UNTIL).scenes == ()


def test_only_failures_with_a_name_come_out(server):
    """Whatever byte of an answer is another one."""
    whole = json.dumps({"type": "FeatureCollection", "features": server.features(), "links": []}).encode()
    for place in range(0, len(whole), 97):
        server.how[:] = [{"body": whole[:place] + b"\x00" + whole[place + 1 :]}] * 3
        with suppress(ImageryFailed):
            search(over(server))
        server.how.clear()


def test_files_in_use_are_known_however_many_others_are_read_meanwhile(server, pixels, monkeypatch):
    monkeypatch.setattr(files, "_KEPT", 8)  # one scene, and a band of the next
    days = [f"2024-05-{day}T05:30:00Z" for day in (26, 27, 28, 29)]
    server.products = [product_of(pixels, taken=day, tile="45QUD") for day in days]
    made = over(server)
    scenes, grid = search(made).scenes, made.grid(AREA)
    view = grid.view(next(iter(tiles_covering(AREA, grid.zoom))))
    for scene in (*scenes, *scenes[::-1], *scenes):
        assert made.fetch(scene, view, AREA).bands


def test_the_look_back_is_asked_of_whoever_answers(server, pixels):
    days = [NOW - timedelta(days=number) for number in range(1, 41)] + [NOW - timedelta(days=365)]
    server.products = [product_of(pixels, taken=f"{day:%Y-%m-%d}T05:30:00Z", tile="45QUD") for day in days]
    with StacServer(*server.products) as other:
        other.shown_at = server.shown_at
        made = over(server, other)
        newest = made.catalogues.newest

        def then_throttled(*asked):
            found = newest(*asked)
            server.how += [{"status": 403}] * 9
            return found

        made.catalogues.newest = then_throttled
        found = [scene.captured_at.year for scene in search(made).scenes]
    assert (min(found), max(found)) == (2023, 2024)


@pytest.mark.parametrize("is_all_shut", [False, True])
def test_a_file_that_is_never_let_read_harms_its_scene_alone_and_a_server_that_throttles_none(
    server, pixels, monkeypatch, is_all_shut
):
    server.products.append(product_of(pixels, taken="2024-05-20T05:30:00Z", tile="45QUD"))
    made = over(server)
    newest, older = search(made).scenes
    view = made.grid(AREA).view(next(iter(tiles_covering(AREA, made.grid(AREA).zoom))))
    assert made.fetch(older, view, AREA).content
    shut = "" if is_all_shut else server.products[0].name
    monkeypatch.setattr(server, "refuses", lambda name: name.startswith(shut))
    with pytest.raises(ProviderUnavailable if is_all_shut else BadImage, match="does not let us read"):
        made.fetch(newest, view, AREA)
    monkeypatch.undo()
    assert made.fetch(newest, view, AREA).content


def test_the_tiles_of_an_area_do_not_ask_one_after_the_other_who_wants_to_be_left_alone(server):
    made, day = over(server), NOW.date() - timedelta(days=365)
    server.how += [{"status": 403}] * 9
    asked = []
    for _ in range(3):
        with pytest.raises(Throttled):
            made.around(AREA, day, until=NOW)
        asked.append(server.count("search"))
    assert asked == asked[:1] * 3
    server.how.clear()
    assert made.around(AREA, day, until=NOW + timedelta(minutes=6)) == ()
    assert server.count("search") > asked[-1]
