"""The demo: an account and an area, a first session, a landscape that changes, a second session, a table.

It goes over HTTP like any client, and continues what an earlier start has begun.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import requests

from landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES, DEMO_REACH_KM

EMAIL, PASSWORD = "demo@bhuprahari.example", "watch-the-land"
AREA = "Demo: a village and its fields"
BAR_WIDTH = 28
TIMEOUT_S = 60
PICTURES = ("before", "after", "overlay")


def show(url: str, home: Path, stopping: threading.Event) -> None:
    """Run the demo and print its result. It never ends the server: an error is printed and logged."""
    try:
        Demo(url, home, stopping).run()
    except (requests.RequestException, KeyError, OSError, RuntimeError) as error:
        if not stopping.is_set():
            print(f"the demo stopped: {''.join(traceback.format_exception_only(error)).strip()}", flush=True)
            logging.getLogger(__name__).exception("demo failed")


class Demo:
    """One client that watches the demo area."""

    def __init__(self, url: str, home: Path, stopping: threading.Event) -> None:
        self._url, self._home, self._stopping = url, home, stopping
        self._http = requests.Session()

    def run(self) -> None:
        """Run what is left of the demo, then print the table."""
        self._sign_in()
        area = self._area()
        for number, day in enumerate(DEMO_DATES[:2]):
            if self._newest_day(area) >= day:
                continue
            what = "first session (baselines)" if number == 0 else "second session, after the landscape changed"
            print(f"{what}: the landscape on {day:%d %B %Y}", flush=True)
            (self._home / "sample-clock.txt").write_text(str((day - datetime.now(UTC).date()).days))
            session = self._call("POST", f"api/monitor/capture/{area}")["session"]
            self._watch(session["id"])
        self._table(area)
        print(f"\nthe page:  {self._url}/console   sign in as {EMAIL} with {PASSWORD}", flush=True)
        print(f"kept in:   {self._shown(self._home)}   Ctrl-C stops, the next start goes on from here", flush=True)

    def _call(self, method: str, path: str, **json: object) -> Any:  # noqa: ANN401 (JSON)
        answer = self._http.request(method, f"{self._url}/{path}", json=json or None, timeout=TIMEOUT_S)
        if not answer.ok:
            raise RuntimeError(f"{method} /{path} answered {answer.status_code}: {answer.text[:200]}")
        return answer.json()

    def _sign_in(self) -> None:
        answer = self._http.post(
            f"{self._url}/api/auth/register", json={"email": EMAIL, "password": PASSWORD}, timeout=TIMEOUT_S
        )
        if answer.status_code not in (201, 409):
            raise RuntimeError(f"the demo account could not be made: {answer.text[:200]}")
        token = self._call("POST", "api/auth/login", email=EMAIL, password=PASSWORD)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def _area(self) -> int:
        for area in self._call("GET", "api/area-configs"):
            if area["name"] == AREA:
                return int(area["id"])
        (self._home / "sample-clock.txt").write_text(str((DEMO_DATES[0] - datetime.now(UTC).date()).days))
        reach = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), DEMO_REACH_KM)
        extent = {"centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON, **reach}
        return int(
            self._call("POST", "api/area-configs", name=AREA, provider="sample", isToldToOperator=True, **extent)["id"]
        )

    def _newest_day(self, area: int) -> date:
        tiles = self._call("GET", f"api/monitor/image-tiles/area/{area}")
        is_open = any(s["status"] == "IN_PROGRESS" and s["areaConfigId"] == area for s in self._sessions())
        if not tiles or is_open:
            return date.min  # begun and not ended: asking again answers with the open session
        return datetime.fromisoformat(tiles[0]["captureTime"]).date()

    def _sessions(self) -> list[dict[str, Any]]:
        sessions: list[dict[str, Any]] = self._call("GET", "api/alerts/sessions")
        return sessions

    def _watch(self, session_id: int) -> None:
        began = time.monotonic()
        while not self._stopping.is_set():
            session = self._call("GET", f"api/alerts/sessions/{session_id}")
            done, planned = session["tilesDone"], session["tilesPlanned"]
            filled = BAR_WIDTH * done // max(planned, 1)
            bar, took = "#" * filled + "." * (BAR_WIDTH - filled), time.monotonic() - began
            is_ended = session["status"] != "IN_PROGRESS"
            is_live = sys.stdout.isatty()  # a file gets only the last state
            if is_live or is_ended:
                line = f"  [{bar}] {done}/{planned} tiles  {took:4.0f} s"
                print(f"\r{line}" if is_live else line, end="\n" if is_ended else "", flush=True)
            if is_ended:
                counts = ", ".join(f"{count} {verdict}" for verdict, count in session["countsByVerdict"].items())
                print(f"  {session['status']}: {counts}", flush=True)
                return
            self._stopping.wait(0.5)

    def _table(self, area: int) -> None:
        sessions = [s for s in self._sessions() if s["areaConfigId"] == area and s["totalChangesDetected"]]
        if not sessions:
            print("nothing has changed in the demo area", flush=True)
            return
        session = self._call("GET", f"api/alerts/sessions/{sessions[0]['id']}/details")
        alerts = session["alert_details"]
        print(f"\nwhat changed in “{AREA}”: {len(alerts)} of {session['tilesPlanned']} tiles", flush=True)
        print(f"  {'m2':>6}  {'latitude':>9} {'longitude':>9}  pictures (before, after, overlay)", flush=True)
        folder = self._home / "demo"
        folder.mkdir(exist_ok=True)
        for number, alert in enumerate(alerts, 1):
            links = (alert["previousImagePath"], alert["currentImagePath"], alert["overlayImagePath"])
            for name, link in zip(PICTURES, links, strict=True):
                path = link.partition("captured_images/")[2]
                picture = requests.get(f"{self._url}/static_images/{path}", timeout=TIMEOUT_S)
                picture.raise_for_status()
                (folder / f"{number}-{name}.png").write_bytes(picture.content)
            pictures = self._shown(folder / f"{number}-{{{','.join(PICTURES)}}}.png")
            for region in alert["changeLog"]["regions"]:
                lon, lat = region["centroid"]
                print(f"  {region['area_m2']:6.0f}  {lat:9.5f} {lon:9.5f}  {pictures}", flush=True)
                pictures = '  "'

    @staticmethod
    def _shown(path: Path) -> str:
        return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
