"""The local runner as a process: it comes back where it was, however it ended, and says why when it cannot start."""

import contextlib
import signal
import sqlite3

import pytest
import requests

from tests.support.running.client import Client, Server
from tests.support.running.patchwork import patchwork
from tests.support.timing import wait_until

SETTINGS = {"capture_schedule": "rate(1 day)", "compare_wait_s": 0}  # the clock opens no session between two taps
SIDE_M = 400  # nine tiles; four of them change, and of three at the edges nothing new is seen


@pytest.fixture
def land(tmp_path):
    return patchwork(tmp_path, side_m=SIDE_M)


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def left_open(home):
    """Give the sessions that the dead process left open."""
    with contextlib.closing(sqlite3.connect(home / "bhuprahari.db")) as connection:
        rows = connection.execute("SELECT id FROM alert_sessions WHERE open_area_id IS NOT NULL")
        return [session_id for (session_id,) in rows]


def signed_in(server, client):
    """Give the client as it was, with the token it had, at the server's new address."""
    client.root = server.url + "/"
    return client


def test_a_second_start_finds_what_the_first_kept(tmp_path, archive):
    land = patchwork(tmp_path, side_m=200)
    land.put(archive, "before")
    home = tmp_path / "home"
    with Server(home, "--archive", str(archive), "--no-demo", **SETTINGS) as server:
        print(f"ready after {server.ready_after_s:.1f} s")
        client = Client(server.url)
        area = client.add_area(**land.area)
        ended = client.supervise_now(area["id"])
        tiles = client.call("GET", f"monitor/image-tiles/area/{area['id']}")
        print(f"stopped after {server.stop():.1f} s")
        assert server.process.returncode == 0
    with Server(home, "--archive", str(archive), "--no-demo", **SETTINGS) as server:
        print(f"ready again after {server.ready_after_s:.1f} s")
        signed_in(server, client)
        assert [found["id"] for found in client.call("GET", "area-configs/")] == [area["id"]]
        (session,) = client.call("GET", "alerts/sessions")
        assert (session["id"], session["countsByVerdict"]) == (ended["id"], ended["countsByVerdict"])
        again = client.call("GET", f"monitor/image-tiles/area/{area['id']}")
        assert [tile["id"] for tile in again] == [tile["id"] for tile in tiles]
        assert client.load(tiles[0]["imagePath"]).status_code == 200, "links outlive the process that signed them"
        assert client.supervise_now(area["id"])["countsByVerdict"].keys() == {"NO_NEW_IMAGERY"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_sweep_that_was_cut_short_is_finished_by_the_next_start(tmp_path, land, archive, how):
    land.put(archive, "before")
    home = tmp_path / "home"
    with Server(home, "--archive", str(archive), "--no-demo", **SETTINGS) as server:
        client = Client(server.url)
        area = client.add_area(**land.area)["id"]
        assert client.supervise_now(area)["countsByVerdict"] == {"BASELINE": 9}
        land.put(archive, "after")
        begun = client.call("POST", f"monitor/capture/{area}")["session"]
        wait_until(lambda: client.call("GET", f"alerts/sessions/{begun['id']}")["tilesDone"], within_s=60)
        server.process.send_signal(how)
        server.process.wait(15)
        assert server.process.returncode == (0 if how is signal.SIGTERM else -signal.SIGKILL)
    assert left_open(home) == [begun["id"]], "the test must cut a sweep short, not wait for its end"
    with Server(home, "--archive", str(archive), "--no-demo", **SETTINGS) as server:
        signed_in(server, client)
        path = f"alerts/sessions/{begun['id']}/details"
        wait_until(lambda: client.call("GET", path)["status"] != "IN_PROGRESS", within_s=90, every_s=0.2)
        after = client.call("GET", path)
        assert after["status"] == "COMPLETED_CHANGES_DETECTED"
        assert after["failures"] == []
        assert sum(after["countsByVerdict"].values()) == after["tilesPlanned"] == after["tilesDone"] == 9
        assert after["countsByVerdict"] == {"CHANGED": 4, "NO_CHANGE": 2, "NO_NEW_IMAGERY": 3}
        changed = [alert["current_tile_info"]["uniqueKey"] for alert in after["alert_details"]]
        assert len(changed) == len(set(changed)) == 4
        wait_until(lambda: [push["status"] for push in client.call("GET", "pushes")] == ["SENT"], within_s=30)
        assert len(client.call("GET", "alerts/sessions")) == 2
        tiles = client.call("GET", f"monitor/image-tiles/area/{area}")
        assert len(tiles) == 9 + 6, "each picture was stored once"
        assert client.supervise_now(area)["countsByVerdict"] == {"NO_NEW_IMAGERY": 9}
        assert len(client.call("GET", "pushes")) == 1


def test_a_home_and_a_port_have_one_runner(tmp_path):
    home = tmp_path / "home"
    with Server(home, "--no-demo") as server:
        code, said, why = Server(home, "--no-demo").refused()
        assert (code, said) == (1, "")
        assert why == f"cannot start: another worker runs on {home}: stop it, or choose another --home\n"
        port = server.url.rpartition(":")[2]
        code, said, why = Server(tmp_path / "other", "--no-demo", port=port).refused()
        assert (code, said) == (1, "")
        assert why.startswith(f"cannot start: port {port} on 127.0.0.1 cannot be used (")
        assert why.endswith("): choose another --port\n")
        assert requests.get(f"{server.url}/api/health", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("options", "settings", "sentence"),
    [
        (["--archive", "not-there"], {}, "--archive: there is no folder not-there"),
        (["--home", __file__], {}, f"--home: {__file__} cannot be a folder (Not a directory): choose another"),
        (["--port", "70000"], {}, "--port: a port is 0 to 65535, not 70000"),
        ([], {"colour": "blue"}, "there is no setting BHUPRAHARI_COLOUR"),
        ([], {"capture_schedule": "hourly"}, "a schedule is rate(N minutes) or cron("),
        ([], {"database_url": "no address"}, "the database cannot be used: "),
        ([], {"database_url": "postgresql://localhost/x"}, "the database cannot be used: "),
        ([], {"database_url": "mysql+pymysql://nobody:secret@127.0.0.1:9/x"}, "the database "),
    ],
)
def test_what_cannot_start_says_why_in_one_sentence(tmp_path, options, settings, sentence):
    code, said, why = Server(tmp_path / "home", "--no-demo", *options, **settings).refused()
    assert code in (1, 2)
    assert said == ""
    assert sentence in why
    assert "Traceback" not in why
    assert "secret" not in why
    told = why[why.index("error: ") :] if "usage: " in why else why
    assert len(told.strip().splitlines()) == 1
