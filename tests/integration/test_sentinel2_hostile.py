"""Items and files of Sentinel-2 that are not what they say: the tile run's verdict with its reason, and nothing else.

On both databases, by the whole trip.
"""

import pytest

from tests.support.builders.catalogues import imagery

HTML = b"<!DOCTYPE html><html>maintenance</html>"


def files(**how):
    """Answer ranges otherwise."""
    return lambda server, _item: server.how_of_files.extend([how] * 5_000)


def each_asset(**said):
    """Say something else of each asset."""
    return lambda _server, item: [asset.update(said) for asset in item["assets"].values()]


def offset(_server, item):
    for name in ("red", "nir"):
        item["assets"][name]["raster:bands"][0]["offset"] = -1e9


def undated(server, item):
    del item["properties"]["s2:product_uri"]
    item["properties"]["datetime"] = None
    server.found = lambda _wanted: server.features()[::-1]  # it cannot be sorted


def cloudy_without_classes(_server, item):
    del item["assets"]["scl"]
    item["properties"]["eo:cloud_cover"] = 20


def in_two_places(_server, item):
    item["geometry"]["coordinates"] = [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (files(status=200, body=HTML), "sends a web page in its place"),
        (files(headers={"Content-Range": "bytes 0-65535/*"}), "another part of it than was asked for"),
        (files(headers={"Content-Encoding": "gzip"}), "packs what it sends"),
        (files(status=302, headers={"Location": "http://169.254.169.254/latest"}), "sends elsewhere (302)"),
        (each_asset(href="file:///etc/passwd"), "not among BHUPRAHARI_SENTINEL2_HOSTS"),
        (each_asset(**{"proj:shape": [3, 3]}), "of another size than its item says"),
        (offset, "make no reflectance of its numbers"),
        (undated, "datetime is missing"),
        (cloudy_without_classes, "20.0% of it is cloud, and it has no class layer"),
        (in_two_places, "its geometry lies elsewhere than its bbox"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_fails_its_tiles_with_the_reason_and_touches_nothing(watched, trouble, says):
    watched.shows("clear")
    watched.look()
    rows = watched.stored()
    watched.trip.wait(days=5)
    watched.shows("clear")
    trouble(watched.server, watched.server.products[-1].item)
    session = watched.given_up(watched.look())
    assert says in session.failures[0].reason
    assert watched.stored() == rows
    watched.server.how_of_files.clear()
    watched.server.products.pop()
    watched.trip.wait(days=1)
    watched.shows("clear")
    assert watched.look().is_all_clear is True


def test_tokens_that_end_in_the_middle_of_a_scene_are_asked_for_anew(watched):
    server = watched.server
    server.is_signed = True
    watched.trip.imagery = imagery(server, clock=watched.trip.clock, sentinel2_signing=server.signing)
    watched.shows("clear")
    watched.look()
    watched.trip.wait(days=5)
    watched.shows("clear")
    tokens = server.tokens
    server.how_of_files += [{}] * 2 + [{"status": 403}]  # one: of several the same file may be refused twice
    assert watched.look().is_all_clear is True
    assert tokens < server.tokens
