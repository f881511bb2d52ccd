"""The demo: from a fresh home to the table of what changed, and the same table again without sweeping anew."""

import re

from infra.local.demo import EMAIL, PASSWORD
from tests.support.running.client import Client, Server

ROW = re.compile(r"^ +(\d+) +(-?\d+\.\d{5}) +(-?\d+\.\d{5}) ")


def the_table(server, *, within_s):
    server.wait_for("kept in: ", within_s=within_s)
    return [row.groups() for line in server.said if (row := ROW.match(line))]


def test_the_demo_ends_with_what_changed_and_where(tmp_path):
    home = tmp_path / "home"
    with Server(home) as server:
        rows = the_table(server, within_s=240)
        text = "\n".join(line for line in server.said if line)
        print(text)
        assert re.search(r"first session .*\n.* (\d+)/\1 tiles .*\n  COMPLETED_NO_CHANGES: \1 BASELINE", text)
        assert re.search(r"second session.*\n.* (\d+)/\1 tiles .*\n  COMPLETED_CHANGES_DETECTED: ", text)
        assert len(rows) >= 10
        assert f"the page:  {server.url}/console" in text
        pictures = sorted(path.name for path in (home / "demo").iterdir())
        assert pictures[:3] == ["1-after.png", "1-before.png", "1-overlay.png"]
        assert all((home / "demo" / name).read_bytes().startswith(b"\x89PNG") for name in pictures)
        sessions = Client(server.url, email=EMAIL, password=PASSWORD).call("GET", "alerts/sessions")
        assert len(sessions) == 2
    with Server(home) as server:
        assert the_table(server, within_s=60) == rows, "the same table"
        again = Client(server.url, email=EMAIL, password=PASSWORD).call("GET", "alerts/sessions")
        assert again == sessions, "and nothing swept anew"
