"""The whole trip over HTTP on a tile server of two flights: an area, a look that compares them, alerts, nothing new.

python -m tests.e2e.trip_map_services [--out FOLDER]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES
from tests.support import browser
from tests.support.builders.map_services import LICENSED
from tests.support.running.client import Client, Server
from tests.support.standins.map_services import Landscape

BEFORE, AFTER = DEMO_DATES[0].isoformat(), DEMO_DATES[3].isoformat()
REACH_KM = 0.1
AREA = {"name": "Lake shore", "centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON} | {
    f"{way}Km": REACH_KM for way in ("north", "south", "east", "west")
}
PAGES = {"areas": "#/areas", "sessions": "#/sessions"}


def walk(folder, *, pictures=None, say=print):
    """Walk it; give the sessions, the last one first. Raises AssertionError for a promise that is not kept."""
    with Landscape() as tiles:
        settings = {"url": tiles.template, "zoom": 19, "dates": f"{BEFORE},{AFTER}"} | LICENSED
        given = {f"xyz_{name}": value for name, value in settings.items()}
        with Server(Path(folder) / "home", "--no-demo", **given, default_provider="xyz") as server:
            client = Client(server.url)
            providers = {each["name"]: each for each in client.call("GET", "providers")}
            assert providers["xyz"]["isDated"]
            assert "wms" not in providers
            area = client.add_area(**AREA)
            assert (area["provider"], area["attribution"]) == ("xyz", LICENSED["attribution"])
            first = client.supervise_now(area["id"])
            say(f"  first look: {first['countsByVerdict']}, {len(first['alert_details'])} alerts")
            asked = len(tiles.requests)
            again = client.supervise_now(area["id"])
            say(f"  again: {again['countsByVerdict']}, {len(tiles.requests) - asked} requests")
            if pictures is not None:
                look(server.url, Path(pictures), first)
        return again, first


def look(url, folder, session):
    """Photograph the console's pages."""
    import base64

    folder.mkdir(parents=True, exist_ok=True)
    page = browser.Browser(browser.find(), height=1400)
    try:
        page.open(url)
        page.fill(email="owner@example.org", password="secret-land")
        page.press("Sign in")
        page.wait_for("document.body.innerText.includes('The land you watch')")
        pages = PAGES | {"session": f"#/sessions/{session['id']}", "new": "#/areas/new"}
        if session["alert_details"]:
            pages["alert"] = f"#/alerts/{session['alert_details'][0]['id']}"
        for name, address in pages.items():
            page.run(f"location.hash = {address!r}")
            page.run("new Promise((done) => setTimeout(done, 4000))")
            data = page.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
            (folder / f"{name}.png").write_bytes(base64.b64decode(data))
        assert page.complaints == []
    finally:
        page.close()


def main():
    """Walk it, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="a folder for pictures of the console")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        walk(folder, pictures=options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
