"""The catalogues, collections and items of an archive: which are followed, and what is told of those that are not."""

import json

from chalicelib.domain.archives import Use
from tests.support.builders.archives import item, put
from tests.support.inventories import AREA, catalogue, ids, inventory, uses, write

USED, NOT_USED, ASIDE = Use.USED, Use.NOT_USED, Use.ASIDE


def test_catalogues_collections_and_items_below_each_other_are_read(folder):
    write(folder / "catalog.json", catalogue(("child", "./2024/collection.json"), ("child", "2025/catalog.json")))
    write(
        folder / "2024/collection.json",
        catalogue(("item", "./a/a.json"), ("root", "../catalog.json"), kind="Collection"),
    )
    write(
        folder / "2025/catalog.json", catalogue(("item", "../2025/b/b.JSON"), ("child", str(folder / "catalog.json")))
    )
    (folder / "2024/a").mkdir()
    (folder / "2025/b").mkdir(parents=True)
    put(folder / "2024/a", "a", AREA)
    put(folder / "2025/b", "b", AREA, taken="2025-05-01T10:30:00Z")
    (folder / "2025/b/b.json").rename(folder / "2025/b/b.JSON")
    assert set(uses(folder).values()) == {USED}
    assert ids(folder) == ["a", "b"]


def test_circles_of_links_and_links_to_oneself_do_no_harm(folder):
    write(folder / "a.json", catalogue(("child", "b.json"), ("child", "a.json"), ("child", ".")))
    write(folder / "b.json", catalogue(("child", "./a.json"), ("item", "../land/../land/b.json")))
    found = inventory(folder)
    assert found["a.json"].use is NOT_USED, "its third link is a folder"
    assert "1 lead to nothing, such as ." in found["a.json"].says


def test_a_link_out_of_the_archive_is_told_and_not_followed_and_one_to_nothing_is_wrong(folder, tmp_path):
    put(tmp_path, "outside", AREA)
    links = [("item", "https://example.org/a.json"), ("item", "s3://other/a.json"), ("item", "../outside.json")]
    write(folder / "catalog.json", catalogue(*links, ("item", "./gone.json"), ("item", str(tmp_path / "outside.json"))))
    told = inventory(folder)["catalog.json"]
    assert "2 lead out of the archive and are not followed, such as https://example.org/a.json" in told.says
    assert "3 lead to nothing, such as ../outside.json" in told.says
    assert told.use is NOT_USED
    assert ids(folder) == []


def test_an_item_that_a_catalogue_names_is_read_whatever_its_ending(folder):
    put(folder, "a", AREA)
    (folder / "a.json").rename(folder / "a.item")
    assert uses(folder) == {"a.item": ASIDE, "a.png": NOT_USED}
    write(folder / "catalog.json", catalogue(("item", "./a.item")))
    assert set(uses(folder).values()) == {USED}
    assert ids(folder) == ["a"]


def test_of_several_items_in_one_file_each_is_on_its_own(folder):
    put(folder, "a", AREA)
    features = [item(AREA, item_id=name, href="a.png", taken=f"2024-0{n}-01") for n, name in enumerate("pqrstu", 1)]
    for broken in features[1:5]:
        broken["bbox"][0] = "west"
    write(folder / "all.geojson", {"type": "FeatureCollection", "features": features})
    told = inventory(folder)["all.geojson"]
    assert told.use is NOT_USED
    assert told.says.startswith("a collection of 6 items, 2 used; #2: bbox: 'west' is text")
    assert told.says.endswith("; and 1 more")
    assert ids(folder) == ["a", "p", "u"]


def test_what_is_said_twice_counts_once_and_is_told(folder):
    put(folder, "a", AREA)
    same = json.loads((folder / "a.json").read_text())
    write(folder / "search.json", {"type": "FeatureCollection", "features": [same]})
    found = inventory(folder)
    assert (found["search.json"].use, found["search.json"].says) == (ASIDE, "the same item as in a.json")
    assert ids(folder) == ["a"]
