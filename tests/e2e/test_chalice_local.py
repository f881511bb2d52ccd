"""`chalice local` and the worker as two processes on one SQLite file."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.support.running.client import PROJECT, Client, Server
from tests.support.running.patchwork import patchwork

WAITING = "jobs wait until a worker runs beside this: python -m infra.local --worker-only"


class ChaliceLocal(Server):
    """Chalice's own server, as its documentation starts it; it knows of a home by settings alone."""

    ready = ("Serving on ",)

    @property
    def command(self):
        chalice = Path(sys.executable).with_name("chalice")
        return [str(chalice), "local", "--no-autoreload", "--port", str(self.port), "--stage", "local"]

    @property
    def environment(self):
        return super().environment | {"BHUPRAHARI_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}


def a_free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def migrate(home):
    home.mkdir()
    environment = os.environ | {"BHUPRAHARI_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "infra.migrate"], cwd=PROJECT, env=environment, check=True, timeout=60)


def test_jobs_wait_for_a_worker_beside_chalice_local(tmp_path):
    home, archive = tmp_path / "home", tmp_path / "archive"
    archive.mkdir()
    land = patchwork(tmp_path, side_m=200)
    land.put(archive, "before")
    migrate(home)
    imagery = {"archive": archive, "default_provider": "archive"}
    with ChaliceLocal(home, port=a_free_port(), compare_wait_s=0, **imagery) as server:
        client = Client(server.url)
        area = client.add_area(**land.area)["id"]
        begun = client.call("POST", f"monitor/capture/{area}")["session"]
        server.wait_for(WAITING, within_s=10)
        time.sleep(1)  # a worker would have begun by now
        path = f"alerts/sessions/{begun['id']}"
        assert client.call("GET", path)["tilesDone"] == 0
        with Server(home, "--worker-only", **imagery) as worker:
            assert worker.url is None
            end = time.monotonic() + 60
            while (session := client.call("GET", path))["status"] == "IN_PROGRESS":
                assert time.monotonic() < end, session
                time.sleep(0.2)
            assert session["countsByVerdict"] == {"BASELINE": session["tilesPlanned"]}
            (tile, *_) = client.call("GET", f"monitor/image-tiles/area/{area}")
            assert requests.get(client.image_url(tile["imagePath"]), timeout=10).status_code == 200
            worker.stop()
            assert worker.process.returncode == 0
    assert sorted(path.name for path in home.glob("*.db")) == ["bhuprahari.db"]
