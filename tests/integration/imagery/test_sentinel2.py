"""Sentinel-2 by local catalogues: what is searched for, told apart, signed, read and laid together."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chalicelib.domain.bands import CLASS, LAYERS, ONE, ZERO
from chalicelib.domain.errors import BadImage, ImageryFailed, NoCoverage, ProviderUnavailable
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import tiles_covering
from chalicelib.intake.bands import check
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery
from tests.support.builders.products import C1, L2A, as_planetary, product_of
from tests.support.standins.stac import StacServer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
AREA = sentinel2.GROUND
UNTIL = NOW + timedelta(days=1)


def clock():
    return NOW


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    """One scene's files: every product here has these, whatever it says of itself."""
    folder = tmp_path_factory.mktemp("pixels")
    sentinel2.put(folder, "one", taken="2024-05-01T05:30:00Z", scl=sentinel2.classes())
    return folder / "one"


def product(pixels, day, **about):
    return product_of(pixels, taken=f"{day}T05:30:00Z", tile="45QUD", **about)


def serve(*products, **how):
    server = StacServer(*products, **how)
    server.shown_at = NOW - timedelta(hours=2)
    return server


def scenes_of(made, area=AREA):
    return made.scenes(area, since=SINCE, until=UNTIL).scenes


def fetched(made, scene):
    grid = made.grid(AREA)
    view = grid.view(next(iter(tiles_covering(AREA, grid.zoom))))
    return made.fetch(scene, view, AREA), view


def layers(made, scene):
    picture, view = fetched(made, scene)
    return check(picture.bands, view)


def test_a_search_is_read_page_by_page_the_newest_first(pixels):
    days = [f"2024-{month:02d}-{day:02d}" for month in range(1, 6) for day in range(1, 29, 3)]
    both = [product(pixels, day, collection=each) for day in days for each in (C1, L2A)]
    with serve(*both) as server:
        found = scenes_of(imagery(server, clock=clock))
        assert server.count("search")[0] >= 2
    assert [f"{scene.captured_at:%Y-%m-%d}" for scene in found][:36] == sorted(days, reverse=True)[:36]
    assert all(len(scene.items) == 1 for scene in found), "the same of two collections is one"


def test_a_catalogue_that_does_not_sort_is_read_to_its_end(pixels):
    days = [f"2024-{month:02d}-{day:02d}" for month in range(1, 6) for day in range(1, 29, 2)]
    with serve(*(product(pixels, day) for day in days)) as server:
        server.sorts = False
        found = scenes_of(imagery(server, clock=clock))
    assert f"{found[0].captured_at:%Y-%m-%d}" == max(days)


def test_of_two_collections_and_two_processings_the_better_one_is_taken(pixels):
    old, new = (product(pixels, "2024-05-01", collection=L2A, baseline=each) for each in ("04.00", "05.10"))
    c1 = product(pixels, "2024-05-01", baseline="05.00")
    with serve(old, new, new) as server:
        (scene,) = scenes_of(imagery(server, clock=clock))
        assert "_N0510_" in scene.scene_id
        server.products.append(c1)
        (scene,) = scenes_of(imagery(server, clock=clock))
        assert "_N0500_" in scene.scene_id


def test_what_one_collection_names_in_vain_is_no_loss_where_another_has_it(pixels):
    broken = product(pixels, "2024-05-01", collection=L2A)
    del broken.item["assets"]["nir"]
    with serve(broken) as server:

        def found():
            made = imagery(server, clock=clock, sentinel2_silent_days=99)
            return made.scenes(AREA, since=SINCE, until=UNTIL)

        assert len(found().refused) == 1
        server.products.append(product(pixels, "2024-05-01"))
        assert (len(found().scenes), found().refused) == (1, ())
        server.products[1] = product(pixels, "2024-04-26")
        assert len(found().refused) == 1


def test_the_first_picture_is_compared_with_one_of_a_year_before_where_a_search_does_not_reach_it(pixels):
    recent = [f"2024-{month:02d}-{day:02d}" for month in range(1, 6) for day in range(1, 29, 3)]
    before = [product(pixels, "2023-06-05"), product(pixels, "2023-06-10", cloud=90)]
    with serve(*(product(pixels, day) for day in recent), *before, product(pixels, "2021-06-05")) as server:
        found = scenes_of(imagery(server, clock=clock))
        assert [f"{scene.captured_at:%Y-%m-%d}" for scene in found][-1] == "2023-06-05"
        near = imagery(server, clock=clock).around(AREA, datetime(2021, 6, 1, tzinfo=UTC).date(), until=UNTIL)
        assert [f"{scene.captured_at:%Y-%m-%d}" for scene in near] == ["2021-06-05"]
        assert len(imagery(server, clock=clock).history(AREA, until=UNTIL).scenes) == len(recent) + 3


@pytest.mark.parametrize("offset", [-0.1, 0.0])
def test_offset_and_scale_are_read_of_each_scene(tmp_path, offset):
    """The same ground, in the numbers of before and after January 2022: the same reflectance."""
    sentinel2.put(tmp_path, "it", taken="2024-05-01T05:30:00Z", scl=sentinel2.classes(), offset=offset)
    said = product(tmp_path / "it", "2024-05-01", offset=offset)
    applied = product(tmp_path / "it", "2024-05-06", offset=-0.1)
    if not offset:
        applied.item["properties"]["earthsearch:boa_offset_applied"] = True
    by_baseline = as_planetary(product(tmp_path / "it", "2024-05-11", baseline="03.01" if not offset else "05.10"))
    with serve(said, applied, by_baseline) as server:
        made = imagery(server, clock=clock)
        measured = [layers(made, scene) for scene in scenes_of(made)]
    blue = measured[0][LAYERS.index("blue")]
    assert 0.03 * ONE + ZERO - 5 <= np.median(blue[blue > 0]) <= 0.28 * ONE + ZERO + 5
    assert all(np.array_equal(each, measured[0]) for each in measured), "all three say the same"


def test_what_the_class_layer_calls_cloud_is_in_the_bands_for_the_gate(pixels, tmp_path):
    scl = sentinel2.classes()
    scl[:, :150] = sentinel2.CLOUD
    sentinel2.put(tmp_path, "it", taken="2024-05-06T05:30:00Z", scl=scl)
    with serve(product(tmp_path / "it", "2024-05-06")) as server:
        made = imagery(server, clock=clock)
        found = layers(made, scenes_of(made)[0])[LAYERS.index(CLASS)]
    assert 0.1 < (found == sentinel2.CLOUD).mean() < 0.9


def test_one_pass_over_two_tiles_of_the_grid_is_one_picture(tmp_path):
    """Western and eastern half lie in files of their own, as neighbouring tiles do."""
    values = sentinel2.reflectances()
    for name, hidden in (("west", slice(300, None)), ("east", slice(None, 300))):
        half = {}
        for key, band in values.items():
            half[key] = band.copy()
            scale = len(band) / 600
            half[key][:, slice(*(None if at is None else int(at * scale) for at in (hidden.start, hidden.stop)))] = 0
        sentinel2.put(tmp_path, name, taken="2024-05-01T05:30:00Z", bands=half, scl=sentinel2.classes())
    west = product(tmp_path / "west", "2024-05-01")
    east = product_of(tmp_path / "east", taken="2024-05-01T05:30:00Z", tile="45QVD")
    sentinel2.put(tmp_path, "whole", taken="2024-05-06T05:30:00Z", bands=values, scl=sentinel2.classes())
    with serve(west, east, product(tmp_path / "whole", "2024-05-06")) as server:
        made = imagery(server, clock=clock)
        whole, halves = scenes_of(made)
        one, other = (layers(made, scene)[LAYERS.index("red")] > 0 for scene in (whole, halves))
    assert len(halves.items) == 2
    assert (one & ~other).mean() < 0.005, "all but the seam, where both mix with nothing"
    assert one.mean() > 0.1


def test_another_process_finds_a_scenes_files_by_one_more_search(pixels):
    with serve(product(pixels, "2024-05-01")) as server:
        (scene,) = scenes_of(imagery(server, clock=clock))
        before = server.count("search")[0]
        other = imagery(server, clock=clock)
        assert fetched(other, scene)[0].scene == scene
        assert server.count("search")[0] == before + 1
        fetched(other, scene)
        assert server.count("search")[0] == before + 1


def test_what_one_catalogue_found_is_read_of_the_other_where_it_is_called_the_same(pixels):
    one = product(pixels, "2024-05-01", baseline="03.01")
    with serve(one) as first, serve(as_planetary(one), is_signed=True) as second:
        scenes = scenes_of(imagery(first, second, clock=clock))
        first.how += [{"status": 503}] * 3
        other = imagery(first, second, clock=clock)
        mirrored = fetched(other, scenes[0])[0]
        assert first.count("range")[0] == 0
        assert mirrored.bands == fetched(imagery(first, clock=clock), scenes[0])[0].bands


def test_what_the_fallback_alone_has_is_read_by_another_process_too(pixels):
    old, new = product(pixels, "2024-03-01"), product(pixels, "2024-05-28")
    with serve(old) as first, serve(old, as_planetary(new), is_signed=True) as second:
        first.shown_at = NOW - timedelta(days=90)
        scene = scenes_of(imagery(first, second, clock=clock))[0]
        assert fetched(imagery(first, second, clock=clock), scene)[0].content
        first.how += [{"status": 503}] * 3
        assert fetched(imagery(first, second, clock=clock), scene)[0].content
        first.how.clear()
        second.how += [{"status": 503}] * 3
        with pytest.raises(ProviderUnavailable, match="busy or in trouble"):
            fetched(imagery(first, second, clock=clock), scene)
        second.how.clear()
        second.products.clear()
        with pytest.raises(NoCoverage, match="any more"):
            fetched(imagery(first, second, clock=clock), scene)


def test_a_scene_whose_products_lie_in_two_catalogues_is_whole(pixels):
    one = product(pixels, "2024-05-28")
    other = product_of(pixels, taken="2024-05-28T05:30:00Z", tile="45QVD")
    with serve(one, other) as both, serve(one) as first, serve(other) as second:
        (scene,) = scenes_of(imagery(both, clock=clock))
        made = imagery(first, second, clock=clock, sentinel2_signing="")
        assert len(scene.items) == 2
        assert fetched(made, scene)[0].content


def test_files_are_signed_by_one_token_until_it_ends(pixels):
    now = [NOW]
    with (
        serve(product(pixels, "2024-05-01")) as broken,
        serve(as_planetary(product(pixels, "2024-05-01")), is_signed=True) as server,
    ):
        broken.how += [{"status": 503}] * 20
        server.tokens = 0
        made = imagery(broken, server, clock=lambda: now[0])
        (scene,) = scenes_of(made)
        fetched(made, scene)
        assert server.tokens == 1
        now[0] = datetime.now(UTC) + timedelta(minutes=44)  # of 45
        server.shown_at = now[0]
        fetched(made, scene)


def test_another_token_is_asked_for_once_where_one_is_refused(pixels):
    one = product(pixels, "2024-05-01")
    with serve(one) as broken, serve(as_planetary(one), is_signed=True) as server:
        broken.how += [{"status": 503}] * 20
        made = imagery(broken, server, clock=clock)
        (scene,) = scenes_of(made)
        server.refuses_tokens = True
        with pytest.raises(ImageryFailed, match="does not let us read"):
            fetched(made, scene)
        assert server.tokens >= 2
        server.refuses_tokens = False
        assert fetched(made, scene)[0].bands


def test_a_file_elsewhere_than_its_item_says_is_refused_and_harms_no_other(pixels, tmp_path):
    moved = product(pixels, "2024-05-06")
    for asset in moved.item["assets"].values():
        asset["proj:transform"][2] += 10_000
    by_box = product(pixels, "2024-05-11")
    for asset in by_box.item["assets"].values():
        del asset["proj:transform"]
    by_box.item["bbox"] = [value + (0.02, 0)[at % 2] for at, value in enumerate(by_box.item["bbox"])]
    del by_box.item["geometry"]
    by_code = product(pixels, "2024-05-16", **{"proj:code": "EPSG:32644"})
    by_size, coarse = product(pixels, "2024-05-21"), product(pixels, "2024-05-26")
    by_size.item["assets"]["red"]["proj:shape"] = [10_980, 10_980]
    coarse.item["assets"]["red"] |= {"file": "swir16.tif", "proj:shape": [300, 300]}
    with serve(moved, by_box, by_code, by_size, coarse, product(pixels, "2024-05-01")) as server:
        made = imagery(server, clock=clock)
        found = scenes_of(made)
        for scene, says in zip(found, ("lies", "size", "lies", "lies", "lies"), strict=False):
            with pytest.raises(BadImage, match=says):
                fetched(made, scene)
        assert fetched(made, found[5])[0].content


def test_an_item_that_says_two_places_is_refused_where_it_was_found(pixels):
    both = product(pixels, "2024-05-28")
    both.item["geometry"]["coordinates"] = [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]
    with serve(both, product(pixels, "2024-05-23")) as server:
        found = imagery(server, clock=clock).scenes(AREA, since=SINCE, until=UNTIL)
    (refused,) = found.refused
    assert "its geometry lies elsewhere than its bbox" in refused.reason
    assert [scene.captured_at.day for scene in found.scenes] == [23]


def test_a_file_on_a_machine_that_nobody_named_is_not_asked_for(pixels):
    other = product(pixels, "2024-05-01")
    with serve() as elsewhere, serve(other) as server:
        for asset in other.item["assets"].values():
            asset["href"] = f"{elsewhere.host}/files/x/{asset['file']}"
        made = imagery(server, clock=clock)
        with pytest.raises(BadImage, match="BHUPRAHARI_SENTINEL2_HOSTS"):
            fetched(made, scenes_of(made)[0])
        assert elsewhere.asked == []


def test_a_scene_that_has_gone_is_no_coverage(pixels):
    with serve(product(pixels, "2024-05-01")) as server:
        (scene,) = scenes_of(imagery(server, clock=clock))
        server.products.clear()
        with pytest.raises(NoCoverage, match="any more"):
            fetched(imagery(server, clock=clock), scene)


def test_a_scene_is_read_in_few_requests(pixels):
    with serve(product(pixels, "2024-05-01")) as server:
        made = imagery(server, clock=clock)
        (scene,) = scenes_of(made)
        fetched(made, scene)
        cold = server.count("range")[0]
        fetched(made, scene)
        assert server.count("range")[0] == cold, "what was unpacked is kept"
    assert cold <= 7 + 7 * 2
