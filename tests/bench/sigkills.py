"""Workers killed at random moments while they work: is every tile run ended once, as it would have been without?

python -m tests.bench.sigkills [--kills 300] [--engine sqlite|mysql] [--lease 5] [--seed 1]

Whole processes of the product: a home on SQLite, or two workers, a clock and the API on a MariaDB. SIGKILL goes to a
whole process with its children, or to one child, while sessions of an archive are captured and compared. Afterwards the
same pictures go through a home that nobody kills, and each tile run, alert and place is held against that one's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.support.running.client import Client
from tests.support.running.killed import Home, OneServer
from tests.support.running.pairs import BEFORE
from tests.support.running.patchwork import patchwork

AREAS, SIDE_M = 3, 800  # of 16 or so tiles each
GIVEN_UP = "without an answer"  # the reason of a tile run, or its message, that was tried five times
SETTLED_WITHIN_S = 300.0
PAUSE_S, PATIENCE_S = (0.0, 3.0), 1.0  # after some tile run has ended since the last kill, or after its patience


class Run:
    """Rounds of pictures through one installation."""

    def __init__(self, place, archive, land):
        self.place, self.archive, self.land = place, archive, land
        self.kills, self.in_hand, self.rounds = Counter(), 0, 0
        self._engine = create_engine(place.url)
        self._areas = []

    def rows(self, query):
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def begin_round(self):
        """Put the next picture of each area into the archive, and ask for a look at each."""
        which = "after" if self.rounds % 2 else "before"
        taken_at = BEFORE + timedelta(days=self.rounds)
        for pair in self.land:
            pair.put(self.archive, which, taken_at=taken_at, name=f"{pair.name}-{self.rounds:03}")
        client = Client(self.place.address)
        if not self._areas:
            # With hours of their own: else they are looked at by themselves, minutes after a picture came, and a run
            # that takes long has sessions that the one without kills has not.
            self._areas = [client.add_area(**pair.area, cadenceHours=24)["id"] for pair in self.land]
        for area in self._areas:
            client.call("POST", f"monitor/capture/{area}")
        self.rounds += 1

    def is_open(self):
        return bool(self.rows("SELECT id FROM alert_sessions WHERE open_area_id IS NOT NULL LIMIT 1"))

    def kill_until_done(self, most, chance):
        """Kill until the round's sessions have ended, or as often as is asked for."""
        ended = "SELECT COUNT(*) FROM session_tiles WHERE verdict IS NOT NULL"
        while self.is_open() and self.kills.total() < most:
            before, patience = self.rows(ended), time.monotonic() + PATIENCE_S
            while self.rows(ended) == before and self.is_open() and time.monotonic() < patience:
                time.sleep(0.05)  # killed before it has done anything, a machine that is slow shows nothing
            time.sleep(chance.uniform(*PAUSE_S))
            held = "SELECT COUNT(*) FROM session_tiles WHERE lease_until IS NOT NULL"
            self.in_hand += self.rows(held)[0][0] > 0
            self.kills[self.place.kill(chance)] += 1

    def settle(self):
        """Wait until nothing is on its way; give the seconds that took."""
        began = time.monotonic()
        waiting = (
            "SELECT (SELECT COUNT(*) FROM alert_sessions WHERE open_area_id IS NOT NULL),"
            " (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM deliveries WHERE status = 'PENDING')"
        )
        while any(left := self.rows(waiting)[0]):
            if time.monotonic() - began > SETTLED_WITHIN_S:
                print(f"NOT SETTLED after {SETTLED_WITHIN_S:.0f} s: sessions, messages, pushes {left}")
                break
            time.sleep(0.2)
        return time.monotonic() - began

    def outcome(self):
        """Give what became of each tile run and how many places there are, in names that two runs share."""
        runs = self.rows(
            "SELECT s.area_id, s.id, r.z, r.x, r.y, r.verdict, r.reason, (SELECT COUNT(*) FROM alert_details a"
            " WHERE a.tile_run_id = r.id) FROM session_tiles r JOIN alert_sessions s ON s.id = r.session_id"
        )
        order = {row[0]: row[1] for row in self.rows(
            "SELECT s.id, (SELECT COUNT(*) FROM alert_sessions o WHERE o.area_id = s.area_id AND o.id < s.id)"
            " FROM alert_sessions s"
        )}  # fmt: skip
        ended = {(run[0], order[run[1]], *run[2:5]): run[5:] for run in runs}
        return ended, self.rows("SELECT area_id, COUNT(*) FROM places WHERE merged_into_id IS NULL GROUP BY 1")

    def told(self):
        """Give how often each tile run's end and each push were told of in the log."""
        ends, pushes = Counter(), Counter()
        for path in (self.place.log.with_name(self.place.log.name + ".1"), self.place.log):
            for line in path.read_text(errors="replace").splitlines() if path.exists() else ():
                with contextlib.suppress(json.JSONDecodeError):  # a process that was killed while it wrote
                    about = json.loads(line)
                    if about["message"] == "tile run ended":
                        ends[about["tile_run_id"]] += 1
                    if about["message"] == "push recorded":
                        pushes[about["session_id"], about["kind"]] += 1
        return ends, pushes


def report(run, expected, settled_s):
    """Print the recount; give how many things are lost or doubled."""
    ended, places = run.outcome()
    other, other_places = expected
    planned = sum(count for (count,) in run.rows("SELECT tiles_planned FROM alert_sessions"))
    ends, pushes = run.told()
    two = "SELECT image_id, reference_id FROM alert_details GROUP BY image_id, reference_id HAVING COUNT(*) > 1"
    owed = run.rows("SELECT id FROM alert_sessions WHERE status = 'COMPLETED_CHANGES_DETECTED'")
    sent = Counter(session for (session,) in run.rows("SELECT session_id FROM deliveries WHERE status = 'SENT'"))
    unlike = {
        key: (is_now, other.get(key))
        for key, is_now in ended.items()
        if (is_now[0], is_now[2]) != other.get(key, ())[::2]
    }
    given_up = {key for key, is_now in ended.items() if is_now[0] == "FAILED" and GIVEN_UP in is_now[1]}
    unlike = {key: of for key, of in unlike.items() if key not in given_up}
    lost = {
        "tile runs without a verdict": planned - sum(now[0] is not None for now in ended.values()),
        "tile runs that ended otherwise than without kills": len(unlike),
        "sessions with changes and without a push": sum(sent[session] == 0 for (session,) in owed),
        "places that are not those without kills": int(places != other_places),
    }
    doubled = {
        "verdicts": sum(count - 1 for count in ends.values()),
        "alerts of a pair of images": len(run.rows(two)),
        "pushes of a session": sum(count - 1 for count in sent.values() if count > 1),
        "pushes handed to the service twice": sum(count - 1 for count in pushes.values()),
    }
    whom = ", ".join(f"{count} of {what}" for what, count in sorted(run.kills.items()))
    print(f"{run.kills.total()} SIGKILLs ({whom}), {run.in_hand} with tiles in hand; {run.rounds} rounds")
    verdicts = Counter(now[0] for now in ended.values())
    print(f"{planned} tile runs planned: {dict(verdicts)}; {sent.total()} pushes; settled after {settled_s:.0f} s")
    print(f"{len(given_up)} given up FAILED, as killed too often: the next session looks again")
    for what, counts in (("lost", lost), ("doubled", doubled)):
        print(f"{what:8} {sum(counts.values())}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    for key, (now, without) in list(unlike.items())[:20]:
        print(f"         {key} is {now}, and {without} without kills")
    return sum(lost.values()) + sum(doubled.values())


def main() -> int:
    """Kill, settle, recount; 1 if anything is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--engine", choices=("sqlite", "mysql"), default="sqlite")
    parser.add_argument("--lease", type=float, default=5.0, help="seconds (default %(default)s)")
    parser.add_argument("--tries", type=int, default=5, help="of a message, as in the settings (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        archives = [Path(folder) / name for name in ("killed", "whole")]
        for archive in archives:
            archive.mkdir()
        drawn = patchwork(Path(folder), side_m=SIDE_M)
        land = [replace(drawn, name=f"land-{number}", lat=drawn.lat + number) for number in range(AREAS)]
        make = Home if options.engine == "sqlite" else OneServer
        place = make(Path(folder), archives[0], lease_s=options.lease, max_receives=options.tries)
        try:
            place.start()
            run = Run(place, archives[0], land)
            while run.kills.total() < options.kills:
                run.begin_round()
                run.kill_until_done(options.kills, chance)
                settled_s = run.settle()
                print(f"round {run.rounds}: {run.kills.total()} kills, settled in {settled_s:.0f} s", flush=True)
            expected = _without_kills(Path(folder) / "unhurt", archives[1], land, rounds=run.rounds)
            return int(report(run, expected, settled_s) > 0)
        finally:
            place.stop()


def _without_kills(folder, archive, land, *, rounds):
    place = Home(folder, archive)
    try:
        place.start()
        run = Run(place, archive, land)
        for _ in range(rounds):
            run.begin_round()
            while run.is_open():
                time.sleep(0.2)
            run.settle()
        return run.outcome()
    finally:
        place.stop()


if __name__ == "__main__":
    sys.exit(main())
