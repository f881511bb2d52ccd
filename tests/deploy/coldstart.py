"""What a first invocation costs, of each function, from what was packaged: python -m tests.deploy.coldstart.

The whole stage is deployed as in the deploy test, and every function is then started anew, with and without the .pyc
files of the package and the layers. The tiles are of 640 px, as the archive cuts them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from chalicelib.domain.tiles import position
from landscape.works import NORTH, WEST, ZOOM
from tests.deploy.stage import NAME, Stage, stage
from tests.support.running.client import Client
from tests.support.running.pairs import Pair, rendered_pairs

LON, LAT = position(WEST + 0.75, NORTH + 0.75, ZOOM)  # a quarter of the demo's first tile, where a yard is paved
REACH = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.06)  # of one tile of the archive
AREA = {"name": "the demo's", "centerLat": LAT, "centerLon": LON} | REACH
TARGETS = {"api_handler": (600, 130), "compare_tile": (900, 450)}  # ms of CPU, MiB
EVENTS = {"migrate": {}, "operate": {"command": "doctor"}}  # what an operator's own hand starts
ROUNDS = 2


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as dev:
        (land,) = rendered_pairs(folder, most=1)
        dev.operator.make("infra", NAME, *dev.given)
        dev.set(registration="open", tiles_per_day="10000")
        dev.operator.make("deploy", NAME)
        client = Client(dev.front())
        client.call("POST", "devices/", {"token": "phone", "platform": "android"}, status=201)
        costs: dict[tuple[str, bool], list[dict]] = {}
        for with_pyc in (True, False):
            if not with_pyc:
                dev.account.host.forget_pyc()
            for _ in range(ROUNDS):
                for report in first_invocations(dev, client, land):
                    costs.setdefault((report["function"], with_pyc), []).append(report)
        return table(costs)


def first_invocations(dev: Stage, client: Client, land: Pair) -> list[dict]:
    """Watch the demo's land before and after its change, with new processes for the second; give what those cost."""
    dev.take_away(land, "after")
    dev.put(land, "before")
    area = client.add_area(**AREA)["id"]
    dev.supervise(client, area)
    dev.put(land, "after")
    dev.account.host.stop()
    dev.account.host.reports.clear()
    client.call("GET", "area-configs")
    session = dev.supervise(client, area)
    assert session["status"] == "COMPLETED_CHANGES_DETECTED", session
    for function in ("capture_areas", "reconcile"):
        dev.pump.tick(function)
    for function, event in EVENTS.items():
        dev.account.client("lambda").invoke(FunctionName=f"bhuprahari-{NAME}-{function}", Payload=json.dumps(event))
    return [report | {"function": name} for name, report in dev.account.host.reports if "init" in report]


def table(costs: dict[tuple[str, bool], list[dict]]) -> int:
    """Print the least of each figure; 1 if a target is missed."""
    print("| function | .pyc | import, CPU ms | first invocation, CPU ms | wall ms | peak MiB |")
    print("|---|---|---|---|---|---|")
    missed = 0
    for (full, with_pyc), reports in sorted(costs.items(), key=lambda item: (item[0][0], not item[0][1])):
        name = full.removeprefix(f"bhuprahari-{NAME}").removeprefix("-") or "api_handler"
        least = {key: min(report["all"][key] for report in reports) for key in reports[0]["all"]}
        imports = min(report["init"]["cpu_ms"] for report in reports)
        over = ""
        if with_pyc and name in TARGETS:
            cpu, peak = TARGETS[name]
            is_over = least["cpu_ms"] > cpu or least["peak_mib"] > peak
            over, missed = f" (target {cpu} ms, {peak} MiB{': MISSED' if is_over else ''})", missed + is_over
        said = "with" if with_pyc else "without"
        figures = " | ".join(f"{least[key]:.0f}" for key in ("cpu_ms", "wall_ms", "peak_mib"))
        print(f"| {name} | {said} | {imports:.0f} | {figures}{over} |")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
