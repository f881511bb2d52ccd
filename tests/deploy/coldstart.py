"""What a first invocation costs, of each function, from what was packaged: python -m tests.deploy.coldstart.

The whole stage is deployed as in the deploy test, and every function is then started anew, with and without the .pyc
files of the package and the layers. The tiles are of 1280 px.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.deploy.stage import NAME, stage
from tests.e2e.client import Client

LAND = {
    "name": "one tile",
    "centerLat": 28.6,
    "centerLon": 77.2,
    "northKm": 0.02,
    "southKm": 0.02,
    "eastKm": 0.02,
    "westKm": 0.02,
}
TARGETS = {"api_handler": (600, 130), "compare_tile": (900, 450)}  # ms of CPU, MiB
ROUNDS = 3


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as dev:
        clock = Path(folder) / "clock"
        clock.write_text("0")
        dev.operator.make("infra", NAME, *dev.given)
        dev.set(registration="open", default_provider="sample", sample_clock=str(clock), tiles_per_day="10000")
        dev.operator.make("deploy", NAME)
        client = Client(dev.front())
        costs: dict[tuple[str, bool], list[dict]] = {}
        client.call("POST", "devices/", {"token": "phone", "platform": "android"}, status=201)
        for with_pyc in (True, False):
            if not with_pyc:
                dev.account.host.forget_pyc()
            for again in range(ROUNDS):
                clock.write_text("0")
                area = client.add_area(**LAND)["id"]
                dev.supervise(client, area)
                clock.write_text(str(400 + 100 * again))
                dev.account.host.stop()  # whatever comes next is a first invocation
                dev.account.host.reports.clear()
                client.call("GET", "area-configs")
                session = dev.supervise(client, area)
                dev.pump.tick("capture_areas")
                dev.pump.tick("sweep")
                dev.account.client("lambda").invoke(FunctionName=f"bhuprahari-{NAME}-migrate", Payload="{}")
                print(
                    f"round {again + 1}, {'with' if with_pyc else 'without'} .pyc: {session['status']}", file=sys.stderr
                )
                for name, report in dev.account.host.reports:
                    if "init" in report:
                        costs.setdefault((name, with_pyc), []).append(report)
        return table(costs)


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
