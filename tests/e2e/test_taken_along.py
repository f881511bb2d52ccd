"""An area is taken along in a real browser, on a real server: its archive by its link, its places, and a hold."""

import base64
import hashlib
import io
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES
from tests.support import browser
from tests.support.running.client import Client, Server

LAND = {"name": "A village", "centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON, "provider": "sample"}
REACH = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.25)
EMAIL = "asha@example.org"
PASSWORD = "a-long-secret"
DIALOG = "Boolean(document.querySelector('dialog [name=reason]'))"
LOADED = "document.querySelector('[aria-label=\"Take it along\"] a[download]')"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("home"), "--no-demo") as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    made = Client(server.url, email=EMAIL, password=PASSWORD)
    made.area = made.add_area(**LAND, **REACH)
    for day in DEMO_DATES[:2]:
        (Path(server.home) / "sample-clock.txt").write_text(str((day - datetime.now(UTC).date()).days))
        made.session = made.supervise_now(made.area["id"])
    assert made.session["status"] == "COMPLETED_CHANGES_DETECTED", made.session
    return made


@pytest.fixture
def page(server, client):
    path = browser.find()
    if path is None:
        pytest.skip(browser.HOW_TO_GET_ONE)
    opened = browser.Browser(path)
    try:
        opened.open(f"{server.url}/console#/areas/{client.area['id']}")
        opened.fill(email=EMAIL, password=PASSWORD)
        opened.press("Sign in")
        yield opened
        assert opened.complaints == []
    finally:
        opened.close()


def say_why(page, reason, label):
    page.wait_for(DIALOG)
    page.fill(reason=reason)
    page.press(label)
    page.wait_for(f"!{DIALOG}")


def picture(page, name):
    """Keep what the page looks like, where somebody asked for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        taken = page.send("Page.captureScreenshot", captureBeyondViewport=True)
        (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(taken["data"]))


def test_an_area_is_written_into_an_archive_and_loaded(server, client, page):
    page.press("Write the archive")
    address = page.wait_for(f"{LOADED} && {LOADED}.href", within_s=60)
    picture(page, "taken-along")
    loaded = requests.get(address, timeout=60)
    assert (loaded.status_code, loaded.headers["Content-Type"]) == (200, "application/zip")
    assert int(loaded.headers["Content-Length"]) == len(loaded.content)
    assert hashlib.sha256(loaded.content).hexdigest() in page.text()
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    assert page.run("document.documentElement.scrollWidth") == 390, "nothing of it makes a telephone scroll sideways"
    archive = zipfile.ZipFile(io.BytesIO(loaded.content))
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["images"]["whole"] > 0
    assert manifest["images"]["lost"] == manifest["images"]["damaged"] == 0
    assert requests.head(address, timeout=60).headers["Content-Length"] == str(len(loaded.content))
    assert requests.get(address[:-1] + "x", timeout=60).status_code == 403
    page.press("Delete")
    page.wait_for(f"!{LOADED}")
    assert requests.get(address, timeout=60).status_code == 404
    exports = Path(server.home) / "images" / "exports"
    assert [each for each in exports.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(("label", "name"), [("GeoJSON", "geojson"), ("CSV", "csv"), ("GeoPackage", "gpkg")])
def test_its_places_are_saved_as_a_file(page, label, name):
    keeps = "HTMLAnchorElement.prototype.click = function () { if (this.download) window.saved.push(this.download); }"
    page.run(f"window.saved = []; {keeps};")
    page.press(label)
    assert page.wait_for("window.saved[0]") == f"places.{name}"


def test_a_place_and_a_session_are_held_and_let_go(server, client, page):
    place = "[aria-label=Places]"
    page.wait_for(f"Boolean(document.querySelector('{place} button'))")
    assert page.run(f"document.querySelector('{place} td[data-name=State]').innerText") == "not settled"
    page.press("Legal hold")
    say_why(page, "case 12", "Place the hold")
    page.wait_for(f"document.querySelector('{place}').innerText.includes('Lift the hold')")
    picture(page, "place-held")
    (held,) = client.call("GET", "holds")
    assert (held["placeId"] is not None, held["reason"], held["liftedAt"]) == (True, "case 12", None)
    page.press("Lift the hold")
    say_why(page, "settled", "Lift it")
    page.wait_for(f"!document.querySelector('{place}').innerText.includes('Lift the hold')")
    page.open(f"{server.url}/console#/sessions/{client.session['id']}")
    page.press("Legal hold")
    say_why(page, "case 13", "Place the hold")
    page.press("Lift the hold")
    say_why(page, "settled too", "Lift it")
    page.wait_for("document.getElementById('told').innerText.includes('is lifted')")
    assert {each["liftReason"] for each in client.call("GET", "holds")} == {"settled", "settled too"}


def test_a_file_that_cannot_be_had_says_why_in_words_and_an_ended_sign_in_asks_for_another(page):
    page.wait_for("Boolean(document.querySelector('[aria-label=\"Take it along\"]'))")
    page.send("Network.enable")
    there = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.send("Network.emulateNetworkConditions", offline=True, **there)
    page.press("CSV")
    assert page.wait_for("document.getElementById('told').innerText").startswith("The server cannot be reached.")
    page.send("Network.emulateNetworkConditions", offline=False, **there)
    page.run("sessionStorage.setItem('bhuprahari.token', 'of.long.ago')")
    page.press("CSV")
    page.wait_for("document.querySelector('form')?.getAttribute('aria-label') === 'Sign in'")
    assert "has ended" in page.run("document.querySelector('form [role=alert]').innerText"), "it stays"
    page.complaints.clear()
