"""What an archive cannot use and may be newer: told to those whose ground it can be, and to nobody as an all-clear."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.item_store import FolderItemStore, LeftOut
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.archives import Use
from tests.support.builders.archives import item, noise, put, square
from tests.support.builders.scenes import search

AREA = square(28.6, 77.2, width_px=80, height_px=60, gsd_m=1.0).bounds
ELSEWHERE = square(-10, 20, width_px=80, height_px=60, gsd_m=1.0).bounds
UNTIL = datetime.now(UTC) + timedelta(days=1)
LOST = "a file of the archive cannot be used, nor is it known of which ground, and may be newer: "


@pytest.fixture
def folder(tmp_path):
    put(tmp_path, "a", AREA, pixels=noise(80, 60))
    return tmp_path


def text_of(**members):
    return json.dumps(item(AREA, item_id="b", href="a.png", taken="2025-02-15T00:00:00Z") | members)


def dated(value):
    return text_of(properties={"datetime": value})


def refused(folder, area=AREA):
    return search(ArchiveImagery(TERMS, folder), area, until=UNTIL).refused


@pytest.mark.parametrize("date", ["15.02.2025", "2025-02-30T00:00:00Z", 20250215, None, "2062-01-15", "0205-01-15"])
def test_a_date_that_is_none_may_be_newer_than_all_until_its_file_was_there(folder, date):
    (folder / "b.json").write_text(dated(date))
    (told,) = refused(folder)
    assert told.reason.startswith("a picture that may be newer cannot be used: ")
    assert abs(told.captured_at - datetime.now(UTC)) < timedelta(minutes=10)
    assert told.bounds is not None
    assert refused(folder, ELSEWHERE) == ()


@pytest.mark.parametrize(
    "broken", [lambda text: text[:-1], lambda text: text.replace("}", ",}", 1), lambda t: f"[{t}]"]
)
def test_a_text_that_is_no_json_is_of_the_ground_and_the_day_that_can_be_read(folder, broken):
    (folder / "b.json").write_text(broken(text_of()))
    (told,) = refused(folder)
    assert told.reason.startswith("the picture of 2025-02-15 cannot be used: it is ")
    assert refused(folder, ELSEWHERE) == ()


@pytest.mark.parametrize(
    "content", [b"", b"{", text_of(bbox=None, geometry=None).encode(), text_of(bbox=[9e6, 2e6, 9.1e6, 2.1e6]).encode()]
)
def test_what_is_of_no_known_ground_is_told_once_to_all(folder, content):
    (folder / "b.json").write_bytes(content)
    for area in (AREA, ELSEWHERE):
        (told,) = refused(folder, area)
        assert (told.bounds, told.reason.startswith(LOST)) == (None, True)
    (folder / "c.json").write_bytes(b"{")
    (told,) = refused(folder)
    assert told.reason.startswith(LOST.replace("a file", "2 files"))
    assert "b.json" not in told.reason
    uses = {each.name: each.use for each in ArchiveImagery(TERMS, folder).inventory(now=datetime.now(UTC))}
    assert (uses["b.json"], uses["c.json"], uses["a.json"]) == (Use.NOT_USED, Use.NOT_USED, Use.USED)


def test_the_time_that_a_tool_set_back_is_no_time_when_it_came_to_lie_there(folder):
    (folder / "b.json").write_text(dated("soon"))
    os.utime(folder / "b.json", (315_532_800, 315_532_800))  # 1980, as in a ZIP that is made to be the same each time
    (told,) = refused(folder)
    assert abs(told.captured_at - datetime.now(UTC)) < timedelta(minutes=10)


def test_of_a_collection_each_item_counts_by_itself(folder):
    good, bad = (json.loads(each) for each in (text_of(id="good"), dated("soon")))
    nowhere = json.loads(text_of(bbox=None))
    collection = {"type": "FeatureCollection", "features": [good, bad, nowhere, "no item"]}
    (folder / "b.json").write_text(json.dumps(collection))
    lost, undated = refused(folder)
    assert lost.reason.startswith("2 files of the archive")
    assert undated.reason.startswith("a picture that may be newer")
    assert len(search(ArchiveImagery(TERMS, folder), AREA, until=UNTIL).scenes) == 2


class ClosedFolder(FolderItemStore):
    """A store with a folder in it that may not be read."""

    def list_files(self):
        found = super().list_files()
        return found._replace(left_out=[LeftOut("2026", "it cannot be read: Permission denied", True, True)])


def test_a_folder_that_may_not_be_read_is_told_to_all(folder):
    (told,) = refused(ClosedFolder(folder))
    assert told.reason == LOST + "it cannot be read"


def test_what_lies_elsewhere_and_what_is_another_file_is_told_to_nobody(folder):
    put(folder, "far", ELSEWHERE)
    (folder / "far.json").write_text((folder / "far.json").read_text().replace("2024-05-01", "soon"))
    (folder / "notes.json").write_text('{"of": "the pilot"}')
    (folder / "fields.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    assert refused(folder) == ()
