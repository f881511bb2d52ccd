"""Files of Sentinel-2 in trouble: whatever comes in their place harms their scene alone, or may pass."""

import os

import pytest

from chalicelib.adapters.imagery.sentinel2 import files
from chalicelib.domain.errors import (
    BadImage,
    NoCoverage,
    ProviderUnavailable,
)
from chalicelib.domain.tiles import tiles_covering
from tests.support.asked_sentinel2 import AREA, HTML, NOW, fetch, over, search
from tests.support.builders import sentinel2
from tests.support.builders.products import as_planetary, product_of
from tests.support.standins.stac import StacServer


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
def test_a_file_that_does_not_come_is_a_failure_that_may_pass(catalogue, how, says):
    made = over(catalogue)
    search(made)
    catalogue.how_of_files += [how] * 7
    with pytest.raises(ProviderUnavailable, match=says):
        fetch(made)
    catalogue.how_of_files.clear()
    assert fetch(made).content


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("is_begun", [False, True])
def test_a_file_that_is_not_there_harms_its_scene_alone(catalogue, pixels, status, is_begun):
    made = over(catalogue)
    (scene,) = search(made).scenes
    if is_begun:
        made.reader.bands(*made._those_known(scene.items)[scene.items[0].item_id])
    catalogue.how_of_files += [{"status": status}] * 7
    with pytest.raises(BadImage, match=rf"cannot be used: .* is not there \({status}\)"):
        fetch(made)
    catalogue.how_of_files.clear()
    assert fetch(made).content, "and it may come"


def test_a_file_that_is_no_geotiff_harms_its_scene_alone(catalogue, pixels, tmp_path):
    sentinel2.put(tmp_path, "it", taken="2024-05-30T05:30:00Z")
    (tmp_path / "it" / "red.tif").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    broken = product_of(pixels, taken="2024-05-30T05:30:00Z", tile="45QUD")._replace(folder=tmp_path / "it")
    catalogue.products = [broken]
    with pytest.raises(BadImage, match="cannot be used"):
        fetch(over(catalogue))


def test_a_file_that_becomes_another_one_meanwhile_is_not_mixed_with_the_first(catalogue, pixels):
    made = over(catalogue)
    fetch(made)
    folder = catalogue.products[0].folder
    old = {file: file.read_bytes() for file in folder.glob("*.tif")}
    made = over(catalogue)
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
def test_a_token_that_is_none_is_a_failure_that_may_pass(catalogue, pixels, token):
    catalogue.how += [{"status": 503}] * 100
    with StacServer(as_planetary(product_of(pixels, taken="2024-05-30T05:30:00Z")), is_signed=True) as other:
        other.shown_at = NOW
        made = over(catalogue, other)
        search(made)
        other.token = token
        with pytest.raises(ProviderUnavailable):
            fetch(made)


def test_files_in_use_are_known_however_many_others_are_read_meanwhile(catalogue, pixels, monkeypatch):
    monkeypatch.setattr(files, "_KEPT", 8)  # one scene, and a band of the next
    days = [f"2024-05-{day}T05:30:00Z" for day in (26, 27, 28, 29)]
    catalogue.products = [product_of(pixels, taken=day, tile="45QUD") for day in days]
    made = over(catalogue)
    scenes, grid = search(made).scenes, made.grid(AREA)
    view = grid.view(next(iter(tiles_covering(AREA, grid.zoom))))
    for scene in (*scenes, *scenes[::-1], *scenes):
        assert made.fetch(scene, view, AREA).bands


@pytest.mark.parametrize("is_all_shut", [False, True])
def test_a_file_that_is_never_let_read_harms_its_scene_alone_and_a_server_that_throttles_none(
    catalogue, pixels, monkeypatch, is_all_shut
):
    catalogue.products.append(product_of(pixels, taken="2024-05-20T05:30:00Z", tile="45QUD"))
    made = over(catalogue)
    newest, older = search(made).scenes
    view = made.grid(AREA).view(next(iter(tiles_covering(AREA, made.grid(AREA).zoom))))
    assert made.fetch(older, view, AREA).content
    shut = "" if is_all_shut else catalogue.products[0].name
    monkeypatch.setattr(catalogue, "refuses", lambda name: name.startswith(shut))
    with pytest.raises(ProviderUnavailable if is_all_shut else BadImage, match="does not let us read"):
        made.fetch(newest, view, AREA)
    monkeypatch.undo()
    assert made.fetch(newest, view, AREA).content
