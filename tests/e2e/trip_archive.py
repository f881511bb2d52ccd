"""The whole trip over HTTP, as the existing client makes it, on real pairs: A alone, then B, then nothing new.

python -m tests.e2e.trip_archive [--pairs N] [--seed N] [--database URL]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import requests

from tests.support.running.client import Client, Server
from tests.support.running.pairs import real_pairs, rendered_pairs

WORTH_FINDING_M2 = 400


def walk(pairs, folder, *, say=print, **settings):
    """Walk the trip for every pair; give what was found. Raises AssertionError for a promise that is not kept."""
    archive, found, slowest = Path(folder) / "archive", {}, 0.0
    archive.mkdir()
    with Server(Path(folder) / "home", "--archive", str(archive), "--no-demo", **settings) as server:
        client = Client(server.url)
        areas = {}
        for pair in pairs:
            pair.put(archive, "before")
            areas[pair.name] = client.add_area(**pair.area)["id"]
        for sweep, expected in (("before", "BASELINE"), ("after", None), ("again", "NO_NEW_IMAGERY")):
            for pair in pairs:
                if sweep == "after":
                    pair.put(archive, "after")
                began = time.monotonic()
                session = client.supervise_now(areas[pair.name])
                slowest = max(slowest, time.monotonic() - began)
                check(session, expected)
                if sweep == "after":
                    found[pair.name] = look_at(client, session)
                    say(
                        f"  {pair.name:28} {pair.changed_m2:9.0f} m2 labelled  {found[pair.name]:9.0f} m2 found",
                        flush=True,
                    )
        pushes = client.call("GET", "pushes")
        sessions = client.call("GET", "alerts/sessions")
    assert len(sessions) == 3 * len(pairs), "each tap is one session"
    alerted = sum(m2 > 0 for m2 in found.values())
    assert len(pushes) == alerted, (len(pushes), alerted)
    missed = [pair.name for pair in pairs if pair.changed_m2 > WORTH_FINDING_M2 and not found[pair.name]]
    say(f"  {len(pairs)} areas, {len(sessions)} sessions, {alerted} with alerts, {len(pushes)} pushes")
    say(f"  slowest tap {slowest:.1f} s")
    return missed


def check(session, expected):
    """Hold a session to what it promises."""
    promised = {"COMPLETED_NO_CHANGES", "COMPLETED_CHANGES_DETECTED"}
    if session["unseenM2"]:
        promised.add("COMPLETED_ERROR")  # ground that was not seen is no all-clear
    assert session["status"] in promised, session
    verdicts = set(session["countsByVerdict"])
    if expected:
        assert verdicts == {expected}, session["countsByVerdict"]
        assert session["alert_details"] == []
    else:
        assert verdicts <= {"CHANGED", "NO_CHANGE"}, session["countsByVerdict"]


def look_at(client, session):
    """Load the alerts' pictures through their links; give the m2 that changed."""
    for alert in session["alert_details"]:
        before, after = (client.load(alert[name]) for name in ("previousImagePath", "currentImagePath"))
        assert before.status_code == after.status_code == 200
        assert before.content.startswith(b"\x89PNG")
        assert before.content != after.content
        address = client.image_url(alert["currentImagePath"])
        for wrong in (address[:-1] + ("0" if address[-1] != "0" else "1"), address.partition("?")[0]):
            assert requests.get(wrong, timeout=30).status_code in (403, 404)
    return sum(alert["changeLog"]["changed_area_m2"] for alert in session["alert_details"])


def main():
    """Walk it, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12, help="how many (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which (default %(default)s)")
    parser.add_argument("--database", default="", help="an SQLAlchemy URL; SQLite if not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = real_pairs(options.pairs, seed=options.seed)
        if not pairs:
            print("the real pairs are not here (../shared/change-pairs): a small rendered archive takes their place")
            pairs = rendered_pairs(folder)
        missed = walk(pairs, folder, database_url=options.database)
    print(f"missed: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
