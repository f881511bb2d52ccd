"""What a first invocation costs, of each function, from what was packaged: python -m tests.deploy.coldstart.

The whole stage is deployed as in the deploy test, and every function is then started anew, with and without the .pyc
files of the package and the layers. The tiles are of 1280 px.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.adapters.imagery.landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES
from tests.deploy.stage import NAME, Stage, stage
from tests.e2e.client import Client

REACH = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.12)  # of one tile, where an orchard is cleared
LAND = {"name": "the demo's", "centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON} | REACH
TARGETS = {"api_handler": (600, 130), "compare_tile": (900, 450)}  # ms of CPU, MiB
EVENTS = {"migrate": {}, "operate": {"command": "doctor"}}  # what an operator's own hand starts
ROUNDS = 2


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as dev:
        clock = Path(folder) / "clock"
        clock.write_text("0")
        dev.operator.make("infra", NAME, *dev.given)
        dev.set(registration="open", default_provider="sample", sample_clock=str(clock), tiles_per_day="10000")
        dev.operator.make("deploy", NAME)
        client = Client(dev.front())
        client.call("POST", "devices/", {"token": "phone", "platform": "android"}, status=201)
        costs: dict[tuple[str, bool], list[dict]] = {}
        for with_pyc in (True, False):
            if not with_pyc:
                dev.account.host.forget_pyc()
            for _ in range(ROUNDS):
                for report in first_invocations(dev, client, clock):
                    costs.setdefault((report["function"], with_pyc), []).append(report)
        return table(costs)


def first_invocations(dev: Stage, client: Client, clock: Path) -> list[dict]:
    """Watch the demo's land before and after its change, with new processes for the second; give what those cost."""
    before, after = (str((day - datetime.now(UTC).date()).days) for day in DEMO_DATES[:2])
    clock.write_text(before)
    area = client.add_area(**LAND)["id"]
    dev.supervise(client, area)
    clock.write_text(after)
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
