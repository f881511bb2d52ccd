"""Long lists come in pages, without a gap or a double."""

import re
from itertools import chain

import pytest

NEXT = re.compile(r'<(\?cursor=[A-Za-z0-9_-]+&limit=[0-9]+)>; rel="next"')


def pages(person, path, limit, name="id"):
    """Follow the links from the first page; give each page's ids, or what else names its items."""
    query, found = f"?limit={limit}", []
    while query:
        answer = person.get(path + query)
        assert answer.status == 200
        found.append([item[name] for item in answer.json])
        link = answer.headers.get("Link")
        query = NEXT.fullmatch(link)[1] if link else None
        assert len(found) < 50
    return found


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (100, [5])])
def test_areas_come_in_pages(asha, limit, lengths):
    ids = [asha.area()["id"] for _ in range(5)]
    found = pages(asha, "/api/area-configs", limit)
    assert [len(page) for page in found] == lengths
    assert list(chain(*found)) == ids
    answer = asha.get(f"/api/area-configs?limit={limit}")
    assert answer.headers["X-Total-Count"] == "5"


def test_without_a_limit_the_list_is_whole(asha):
    ids = [asha.area()["id"] for _ in range(3)]
    answer = asha.get("/api/area-configs")
    assert [area["id"] for area in answer.json] == ids
    assert answer.headers["X-Total-Count"] == "3"
    assert "Link" not in answer.headers


def test_sessions_and_images_come_in_pages_newest_first(asha):
    area = asha.trip()
    for path in ("/api/alerts/sessions", f"/api/monitor/image-tiles/area/{area['id']}"):
        whole = [item["id"] for item in asha.get(path).json]
        assert len(whole) >= 2
        assert list(chain(*pages(asha, path, 1))) == whole
    times = [tile["captureTime"] for tile in asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json]
    assert times == sorted(times, reverse=True)


def test_what_was_ignored_comes_in_pages_tile_by_tile(asha):
    asha.trip(changed_m2=24, northKm=0.4)
    newest = asha.get("/api/alerts/sessions").json[0]
    path = f"/api/alerts/sessions/{newest['id']}/ignored"
    whole = asha.get(path)
    tiles = [tile["imageTileId"] for tile in whole.json]
    assert len(set(tiles)) == newest["tilesDone"] >= 2
    assert whole.headers["X-Total-Count"] == str(len(tiles))
    assert list(chain(*pages(asha, path, 1, "imageTileId"))) == tiles
    assert asha.get(f"{path}?limit=0").status == 400


def test_what_is_added_meanwhile_makes_no_double(asha):
    first = asha.area()["id"]
    second = asha.area()["id"]
    link = asha.get("/api/area-configs?limit=1").headers["Link"]
    third = asha.area()["id"]
    following = asha.get("/api/area-configs" + NEXT.fullmatch(link)[1].replace("limit=1", "limit=9")).json
    assert [area["id"] for area in following] == [second, third]
    assert first not in [area["id"] for area in following]
