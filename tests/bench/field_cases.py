"""The handed-over cases that are archives growing step by step, walked by a whole process each.

    python -m tests.bench.field_cases [C01 D13 ...]

For each case beside the repository (`../shared/field-cases`; without them this says so and ends): what its README
expects, and after each step the verdicts, the m2 that alert, and the share of the ground that was seen, with reasons.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support.running.client import Client, Server
from tests.support.running.pairs import SHARED

CASES = SHARED / "field-cases"
AREA = re.compile(r"make the area (\{.*?\})")
EXPECTED = re.compile(r"^expect: (.*)$", re.MULTILINE)


def walked(case: Path, place: Path) -> list[str]:
    """Walk one case: a line for each of its steps."""
    archive = place / "archive"
    archive.mkdir()
    said = (case / "README.md").read_text()
    area = json.loads(AREA.search(said)[1])
    lines = []
    with Server(place / "home", "--archive", str(archive), "--no-demo", capture_schedule="rate(1 day)") as server:
        client = Client(server.url)
        for number, step in enumerate(sorted(case.glob("step*"))):
            shutil.copytree(step, archive, dirs_exist_ok=True)
            if number == 0:
                area = client.add_area(name=case.name, provider="archive", **area)
            lines.append(f"  {step.name}: {_told(client.supervise_now(area['id']))}")
    return lines


def _told(session: dict[str, object]) -> str:
    verdicts = " ".join(f"{count} {verdict}" for verdict, count in sorted(session["countsByVerdict"].items()))
    alerts = [round(alert["changedAreaM2"]) for alert in session.get("alerts", ())]
    reasons = sorted({failure["reason"] for failure in session.get("failures", ())} | {session.get("reason") or ""})
    seen = session.get("clearShare")
    parts = [session["status"], verdicts, f"alerts {alerts} m2" if alerts else "", f"seen {seen}" if seen else ""]
    return "; ".join(filter(None, [*parts, *reasons]))


def main() -> int:
    """Walk the cases that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.field_cases", description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="the beginnings of their names; else all of them")
    asked = parser.parse_args()
    if not CASES.is_dir():
        print(f"the cases are not here: {CASES}")
        return 1
    for case in sorted(CASES.iterdir()):
        if not (case / "step1").is_dir() or (asked.cases and not case.name.startswith(tuple(asked.cases))):
            continue
        with tempfile.TemporaryDirectory() as folder:
            print(f"{case.name}\n  expect: {EXPECTED.search((case / 'README.md').read_text())[1]}", flush=True)
            print("\n".join(walked(case, Path(folder))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
