"""Files of parcels in a real browser, on a real server: dropped, looked at, read again, kept, and what is refused."""

import json

import pytest

from tests.support import browser
from tests.support.running.client import Client, Server

EMAIL = "asha@example.org"
PASSWORD = "a-long-secret"
PLOT_DEG = 45 / 111_194.93
IN_UTM = "plot;WKT\n820/1;POLYGON((300000 2245000, 300045 2245000, 300045 2245045, 300000 2245045, 300000 2245000))\n"
IN_PERMITS = IN_UTM.replace("plot;", "plot;begin;end;file;").replace("820/1;", "820/1;05-04-2025;31-12-2026;BP 17;")
IS_AT_REST = "document.querySelector('.import-said').childElementCount === 0"


def parcel(number, corners):
    ring = [[85.8 + x * PLOT_DEG, 20.3 + y * PLOT_DEG] for x, y in corners]
    properties = {"plot": f"820/{number}", "mouza": "ରାମପୁର", "note": "<img src=x onerror=alert(1)>"}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def plots(whole=12):
    """Give a file of plots in a row, and one more whose ring crosses itself."""
    rows = [parcel(n, [(n, 0), (n + 1, 0), (n + 1, 1), (n, 1), (n, 0)]) for n in range(whole)]
    crossed = parcel(whole, [(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)])
    return json.dumps({"type": "FeatureCollection", "features": [*rows, crossed]})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("home"), "--no-demo") as running:
        yield running


@pytest.fixture
def page(server):
    path = browser.find()
    if path is None:
        pytest.skip(browser.HOW_TO_GET_ONE)
    Client(server.url, email=EMAIL, password=PASSWORD)
    opened = browser.Browser(path)
    try:
        opened.open(f"{server.url}/console#/layers/new")
        opened.fill(email=EMAIL, password=PASSWORD)
        opened.press("Sign in")
        opened.wait_for("Boolean(document.querySelector('.drop'))")
        yield opened
    finally:
        opened.close()


def drop(page, name, content):
    page.run(
        f"""(() => {{
            const given = new DataTransfer();
            given.items.add(new File([{json.dumps(content)}], {json.dumps(name)}));
            const event = new DragEvent('drop', {{ dataTransfer: given, bubbles: true, cancelable: true }});
            document.querySelector('.drop').dispatchEvent(event);
        }})()"""
    )


def keep(page):
    keeping = "[...document.querySelectorAll('button')].find((one) => one.innerText.startsWith('Keep '))"
    page.wait_for(f"{IS_AT_REST} && Boolean({keeping})")
    page.run(f"{keeping}.click()")
    page.wait_for("Boolean(document.querySelector('.layer-picture path'))")


def test_a_file_is_looked_at_row_by_row_and_kept_and_deleted(page, server):
    drop(page, "plots.geojson", plots())
    page.wait_for("document.querySelector('.import-shown h2')?.innerText === '12 parcels of 13 rows'")
    assert "crosses itself" in page.run("[...document.querySelectorAll('.import-shown table')].at(-1).innerText")
    page.fill(name="Ward 7, ରାମପୁର")
    assert not page.run("document.querySelector('.keep button').disabled")
    page.fill(shiftEastM="12")
    assert page.run("document.querySelector('.keep button').disabled"), "what is kept is what was read"
    page.run("document.querySelector('[name=tagColumns][value=note]').click()")
    page.press("Read it again like this")
    page.wait_for(f"{IS_AT_REST} && !document.querySelector('.import-shown table').innerText.includes('onerror')")
    page.fill(name="Ward 7, ରାମପୁର")
    keep(page)
    said = page.text()
    assert page.run("document.querySelector('h1').innerText") == "Ward 7, ରାମପୁର"
    assert "12 m east, 0 m north" in said
    assert page.run("document.querySelectorAll('.layer-picture path').length") == 12, "where two cross is no hole"
    assert "mouza: ରାମପୁର" in said
    assert len(Client(server.url, email=EMAIL, password=PASSWORD).call("GET", "layers")) == 1
    page.press("Rename")
    page.fill(layerName="Ward 7 of 2026")
    page.press("Rename it")
    page.wait_for("document.querySelector('h1').innerText === 'Ward 7 of 2026'")
    assert "Layers / Ward 7 of 2026" in page.text()
    assert Client(server.url, email=EMAIL, password=PASSWORD).call("GET", "layers")[0]["name"] == "Ward 7 of 2026"
    page.press("Import a newer version")
    page.wait_for("Boolean(document.querySelector('.drop'))")
    drop(page, "plots.geojson", plots(3))
    keep(page)
    page.wait_for("document.querySelector('.facts').innerText.includes('2, of')")
    page.press("Delete")
    page.press("Delete the layer")
    page.wait_for("document.body.innerText.includes('You have no layer yet')")
    assert page.complaints == []


def test_parcels_are_moved_until_they_lie_on_a_picture(page, server):
    client = Client(server.url, email=EMAIL, password=PASSWORD)
    land = {
        "type": "Polygon",
        "coordinates": [[[85.7995, 20.2995], [85.803, 20.2995], [85.803, 20.302], [85.7995, 20.2995]]],
    }
    area = client.call("POST", "area-configs", {"name": "Seen", "geometry": land, "provider": "sample"}, status=201)
    client.supervise_now(area["id"])
    drop(page, "plots.geojson", plots())
    page.wait_for("document.querySelectorAll('.alignment path').length > 4")
    page.wait_for("[...document.querySelectorAll('[name=under] option')].some((one) => one.innerText === 'Seen')")
    assert page.run("document.querySelectorAll('.alignment image').length") == 0
    page.run("document.querySelector('[name=under]').selectedIndex = 1")
    page.run("document.querySelector('[name=under]').dispatchEvent(new Event('change'))")
    page.wait_for(f"{IS_AT_REST} && document.querySelectorAll('.alignment image').length > 1")
    page.run("document.querySelector('.alignment').scrollIntoView({ block: 'center' })")
    box = json.loads(page.run("JSON.stringify(document.querySelector('.alignment').getBoundingClientRect())"))
    x, y, metre = box["left"] + 100, box["top"] + 100, box["width"] / 500
    for kind, right, down in (("mousePressed", 0, 0), ("mouseMoved", 60, 30), ("mouseReleased", 60, 30)):
        at = {"x": x + right * metre, "y": y + down * metre}
        page.send("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, clickCount=1, **at)
    page.key("ArrowUp")
    moved = [page.run(f"Number(document.querySelector('[name=shift{way}M]').value)") for way in ("East", "North")]
    assert moved == pytest.approx([60, -29.5], abs=1)
    assert page.run("document.querySelector('.keep button').disabled"), "what is kept is what was read"
    plot = "[...document.querySelectorAll('.alignment path')].find((one) => one.textContent === '820/3')"
    before = page.run(f"{plot}.getBoundingClientRect().left")
    page.press("Read it again like this")
    page.wait_for(f"{IS_AT_REST} && !document.querySelector('.keep button').disabled")
    assert page.run("document.querySelectorAll('.alignment image').length") > 1
    after = page.run(f"{plot}.getBoundingClientRect().left")
    assert after == pytest.approx(before, abs=2), "it is read as it was drawn"
    keep(page)
    assert f"{moved[0]:g} m east, {moved[1]:g} m north" in page.text()
    assert page.complaints == []


def test_what_a_file_does_not_say_is_asked_for(page):
    drop(page, "plots.csv", IN_UTM)
    page.wait_for("document.querySelector('.notice.warn')?.innerText.includes('in which coordinate system')")
    assert page.run("document.activeElement.name") == "crs"
    assert "Keep " not in page.text()
    page.fill(crs="EPSG:9999999")
    page.press("Read it again like this")
    page.wait_for("document.querySelector('#fault-crs')?.innerText.length > 10")
    page.fill(crs="EPSG:32645")
    page.press("Read it again like this")
    page.wait_for("document.querySelector('.import-shown h2')?.innerText === '1 parcel of 1 row'")
    assert page.run("document.querySelector('.keep button').innerText") == "Keep 1 parcel"


def test_a_layer_of_permits_says_how_each_day_was_understood(page):
    drop(page, "permits.csv", IN_PERMITS)
    page.wait_for(f"Boolean(document.querySelector('[data-needed]')) && {IS_AT_REST}")
    chosen = {
        "kind": "PERMITS",
        "crs": "EPSG:32645",
        "fromColumn": "begin",
        "toColumn": "end",
        "referenceColumn": "file",
    }
    for name, value in chosen.items():
        field = f"document.querySelector('[name={name}]')"
        page.run(f"{field}.value = '{value}'; {field}.dispatchEvent(new Event('change', {{ bubbles: true }}))")
    page.press("Read it again like this")
    keep(page)
    said = page.run("document.querySelector('td[data-name=Permit]').innerText")
    assert said == "approved from 2025-04-05 to 2026-12-31, BP 17", "the fifth of April, and no state is an approval"


def test_a_reason_names_the_field_that_helps(page):
    drop(page, "wells.csv", "well;lat;lon\n1;20.3;85.8\n")
    page.wait_for(f"Boolean(document.querySelector('.keep, [data-needed]')) && {IS_AT_REST}")
    assert "say “Points and lines reach”, how far it reaches" in page.text()
    assert "bufferM" not in page.text()


def test_a_file_that_is_none_says_why_and_another_one_can_be_given(page):
    drop(page, "plots.gpkg", "no database at all")
    assert len(page.wait_for("document.querySelector('[role=alert]')?.innerText")) > 30
    drop(page, "plots.geojson", plots(1))
    page.wait_for("document.querySelector('.import-shown h2')?.innerText === '1 parcel of 2 rows'")


def test_a_narrow_screen_does_not_scroll_sideways(page):
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    drop(page, "plots.geojson", plots(2))
    page.wait_for("Boolean(document.querySelector('.keep'))")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")


def test_parcels_of_a_pasted_list_are_watched(page, server):
    twice = json.loads(plots(6))
    twice["features"][5]["properties"]["plot"] = "820/1"
    drop(page, "ward.geojson", json.dumps(twice))
    keep(page)
    page.press("Watch parcels")
    page.wait_for("document.querySelector('[type=submit]')?.innerText === 'Watch 6 parcels'")
    page.fill(text="820/2\n820/1\n820 / 3\n820/99\n21ABC4567890XY")
    page.press("Find them")
    counts = "2 found, 1 ambiguous, 1 not found, 1 not compared."
    page.wait_for(f"document.querySelector('.import-shown')?.innerText.includes('{counts}')")
    assert "this layer has no ULPINs" in page.text()
    choice = "document.querySelector('.matched select')"
    page.run(f"{choice}.selectedIndex = 1; {choice}.dispatchEvent(new Event('change'))")
    page.fill(name="Three plots")
    page.wait_for("document.querySelector('.side').innerText.includes('a look')")
    page.press("Watch 3 parcels")
    page.wait_for("document.querySelector('h1')?.innerText === 'Three plots'")
    area = Client(server.url, email=EMAIL, password=PASSWORD).call("GET", "area-configs")[-1]
    assert area["hasShape"]
    assert area["areaM2"] == pytest.approx(3 * 45 * 45 * 0.938, rel=0.02)
    assert page.complaints == []
