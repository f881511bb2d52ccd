"""Work that crashes, hangs, eats memory or raises costs its own tile, and nothing else: a whole machine."""

import sys
import time
from pathlib import Path

import pytest

from chalicelib.domain.tiles import Tile, bounds_of, centre_of, grid_position
from tests.support.misbehaving import KINDS, PICTURES
from tests.support.running.client import Client, Server
from tests.support.running.patchwork import patchwork
from tests.support.timing import wait_until

ZOOM = 17  # the grid of an archive
SIDE_M = 120  # one tile, if it lies in the middle of it, with one change
WELL = 20  # a latitude at which nothing misbehaves
LIMITS = {"job_limit_s": 6, "lease_s": 7, "job_memory_mib": 400}
SETTINGS = {"capture_schedule": "rate(1 day)", "compare_wait_s": 0, **LIMITS}
APP = "tests.support.misbehaving:app"
WITH_THE_APP = f"import sys; from infra.local.__main__ import main; sys.exit(main(app_path={APP!r}))"
GIVEN_UP = "given up after repeated failures: "
WITHOUT_AN_ANSWER = f"{GIVEN_UP}received 5 times without an answer: "
REASONS = {
    "crash": f"{WITHOUT_AN_ANSWER}its process was ended by SIGSEGV",
    "hang": f"{WITHOUT_AN_ANSWER}no answer within 6 s",
    "eat_memory": f"{GIVEN_UP}MemoryError",
    "fail": f"{GIVEN_UP}ValueError: it does not like this land",
}


class Misbehaving(Server):
    """`python -m infra.local`, with the detector of the tests."""

    @property
    def command(self):
        return [sys.executable, "-c", WITH_THE_APP, *super().command[3:]]

    def children(self):
        """Give the process ids of this home's children."""
        mine, found = str(self.home / "log.jsonl").encode(), []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = each.read_bytes().split(b"\0")
            except OSError:
                continue  # it has ended meanwhile
            if b"infra.runtime.child" in words and mine in words:
                found.append(int(each.parent.name))
        return found


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def land_at(folder, lat):
    """Render the land in the middle of a tile near that latitude."""
    x, y = grid_position(77.2, lat + 0.1, ZOOM)
    lon, lat = centre_of(bounds_of(Tile(ZOOM, int(x), int(y))))
    return patchwork(folder, side_m=SIDE_M, name=f"land-{lat:.0f}", lat=lat, lon=lon)


def test_broken_work_ends_its_own_tile_and_nothing_else(tmp_path, archive):
    lands = {lat: land_at(tmp_path, lat) for lat in (*KINDS, WELL)}
    for land in lands.values():
        land.put(archive, "before")
    options = ("--archive", str(archive), "--no-demo")
    with Misbehaving(tmp_path / "home", *options, **SETTINGS) as server:
        client = Client(server.url)
        areas = {lat: client.add_area(**land.area)["id"] for lat, land in lands.items()}
        for area in areas.values():
            assert client.supervise_now(area)["countsByVerdict"] == {"BASELINE": 1}
        assert len(server.children()) >= 3, "two threads and the clock have a child each"
        for land in lands.values():
            land.put(archive, "after")
        open_ones = {
            KINDS[lat].__name__: client.call("POST", f"monitor/capture/{areas[lat]}")["session"]["id"] for lat in KINDS
        }
        began = time.monotonic()
        well = client.supervise_now(areas[WELL])
        print(f"the well area took {time.monotonic() - began:.1f} s beside the others")
        assert well["countsByVerdict"] == {"CHANGED": 1}
        seen = {}
        for kind, session_id in open_ones.items():
            path = f"alerts/sessions/{session_id}/details"
            wait_until(lambda: client.call("GET", path)["status"] != "IN_PROGRESS", within_s=240, every_s=0.5)
            session = client.call("GET", path)
            assert (session["status"], session["countsByVerdict"]) == ("COMPLETED_ERROR", {"FAILED": 1})
            [failure] = session["failures"]
            seen[kind] = failure["reason"]
        print(f"all were given up after {time.monotonic() - began:.1f} s")
        assert seen == REASONS
        assert server.process.poll() is None
        assert client.supervise_now(areas[WELL])["countsByVerdict"] == {"NO_NEW_IMAGERY": 1}
        assert server.children()
        server.stop()
        assert server.process.returncode == 0
        assert server.children() == []


def test_a_hostile_picture_ends_its_own_tile_and_nothing_else(tmp_path, archive):
    lands = {lat: land_at(tmp_path, lat) for lat in (*PICTURES, WELL)}
    for land in lands.values():
        land.put(archive, "before")
    with Misbehaving(tmp_path / "home", "--archive", str(archive), "--no-demo", **SETTINGS) as server:
        client = Client(server.url)
        areas = {lat: client.add_area(**land.area)["id"] for lat, land in lands.items()}
        sessions = {
            kind.__name__: client.call("POST", f"monitor/capture/{areas[lat]}")["session"]["id"]
            for lat, kind in PICTURES.items()
        }
        assert client.supervise_now(areas[WELL])["countsByVerdict"] == {"BASELINE": 1}
        for kind, session_id in sessions.items():
            path = f"alerts/sessions/{session_id}/details"
            wait_until(lambda path=path: client.call("GET", path)["status"] != "IN_PROGRESS", within_s=240, every_s=0.5)
            session = client.call("GET", path)
            assert session["countsByVerdict"] == {"FAILED": 1}
            assert [failure["reason"] for failure in session["failures"]] == [REASONS[kind]]
        assert server.process.poll() is None
        assert client.supervise_now(areas[WELL])["countsByVerdict"] == {"NO_NEW_IMAGERY": 1}


def test_a_machine_that_is_killed_leaves_no_child(tmp_path):
    with Misbehaving(tmp_path / "home", "--no-demo", **SETTINGS) as server:
        wait_until(lambda: len(server.children()) >= 3, within_s=30)
        server.kill()
        wait_until(lambda: server.children() == [], within_s=10)


def test_a_stop_waits_for_no_job_that_hangs(tmp_path, archive):
    [lat] = [lat for lat, kind in KINDS.items() if kind.__name__ == "hang"]
    land = land_at(tmp_path, lat)
    land.put(archive, "before")
    patient = SETTINGS | {"job_limit_s": 600, "lease_s": 601}
    with Misbehaving(tmp_path / "home", "--archive", str(archive), "--no-demo", **patient) as server:
        client = Client(server.url)
        area = client.add_area(**land.area)["id"]
        assert client.supervise_now(area)["countsByVerdict"] == {"BASELINE": 1}
        land.put(archive, "after")
        session = client.call("POST", f"monitor/capture/{area}")["session"]["id"]
        server.wait_for("it hangs", within_s=60)
        assert client.call("GET", f"alerts/sessions/{session}/details")["status"] == "IN_PROGRESS"
        print(f"stopped after {server.stop():.1f} s")
        assert server.process.returncode == 0
        wait_until(lambda: server.children() == [], within_s=10)
