"""The settings of an area in a real browser, on a real server: each is changed, refused at its field, or tried."""

import pytest

from tests.support import browser
from tests.support.running.client import Client, Server

EMAIL = "asha@example.org"
PASSWORD = "a-long-secret"
AREA = {"centerLat": 20.3, "centerLon": 85.8, "northKm": 0.2, "southKm": 0.2, "eastKm": 0.2, "westKm": 0.2}
TOLD = "document.getElementById('told').innerText"
TAGS = "[...document.querySelectorAll('.areas .tag')]"
LIES_IN_ITS_ROW = """((tag) => {
    const [own, row] = [tag, tag.closest('li')].map((node) => node.getBoundingClientRect());
    return own.height > 0 && own.top >= row.top && own.bottom <= row.bottom;
})"""
TAKES = "document.querySelector('.area-form .side').innerText"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("home"), "--no-demo") as running:
        yield running


@pytest.fixture
def client(server):
    return Client(server.url, email=EMAIL, password=PASSWORD)


@pytest.fixture
def area(client):
    return client.add_area(name="Lake shore", **AREA)


@pytest.fixture
def page(server, area):
    path = browser.find()
    if path is None:
        pytest.skip(browser.HOW_TO_GET_ONE)
    opened = browser.Browser(path)
    try:
        opened.open(f"{server.url}/console#/areas/{area['id']}")
        opened.fill(email=EMAIL, password=PASSWORD)
        opened.press("Sign in")
        opened.wait_for(f"document.querySelector('.area-form') && {TAKES}.includes('a look')")
        yield opened
    finally:
        opened.close()


def choose(page, name, value):
    field = f"document.querySelector('[name={name}]')"
    page.run(f"{field}.value = '{value}'; {field}.dispatchEvent(new Event('change', {{ bubbles: true }}))")
    page.run(f"{field}.dispatchEvent(new Event('input', {{ bubbles: true }}))")


def tick(page, label):
    labels = "[...document.querySelectorAll('label')]"
    page.run(f"{labels}.find((one) => one.innerText.trim() === '{label}').querySelector('input').click()")


def test_tags_are_seen_in_the_list_beside_their_area(page, client, area):
    client.call("PATCH", f"area-configs/{area['id']}", {"tags": ["bank", "वन"]})
    page.run("location.hash = '#/areas'")
    tags = page.wait_for(f"{TAGS}.length > 0 && {TAGS}.map((one) => [one.innerText, {LIES_IN_ITS_ROW}(one)])")
    assert sorted(tags) == [["bank", True], ["वन", True]]


def test_every_setting_is_changed_in_one_form(page, client, area):
    assert page.run("document.querySelector('.area-form [type=submit]').disabled"), "nothing to save"
    page.fill(name="ଭୁବନେଶ୍ୱର ହ୍ରଦ", tags="bank, वन", minChangedAreaM2="200", unseenTolerance="12.5")
    page.fill(compareSince="2024-01-15", timeZone="Asia/Kolkata", at="07:15")
    choose(page, "often", "weekdays")
    choose(page, "sensitivity", "high")
    for label in ("Wed", "Built"):
        tick(page, label)
    tick(page, "Tell a change only when a second picture shows it as well")
    page.wait_for(f"{TAKES}.includes('on Monday, Wednesday at 07:15')")
    page.press("Save")
    page.wait_for(f"{TOLD}.includes('is watched like this')")
    kept = client.call("GET", f"area-configs/{area['id']}")
    assert (kept["name"], sorted(kept["tags"])) == ("ଭୁବନେଶ୍ୱର ହ୍ରଦ", ["bank", "वन"])
    assert kept["schedule"] == {
        "weekdays": ["mon", "wed"],
        "everyDays": None,
        "at": "07:15",
        "timeZone": "Asia/Kolkata",
    }
    assert (kept["minChangedAreaM2"], kept["unseenTolerance"], kept["sensitivity"]) == (200, 0.125, "high")
    assert (kept["compareSince"], kept["confirmBySecondImage"]) == ("2024-01-15", True)
    assert "built" not in kept["alertKinds"]
    page.wait_for("document.querySelector('h1')?.innerText.startsWith('ଭୁବ')")
    choose(page, "often", "hours")
    page.fill(cadenceHours="48", compareSince="")
    page.press("Save")
    page.wait_for("document.querySelector('.area-part .facts') && document.body.innerText.includes('every 2 days')")
    kept = client.call("GET", f"area-configs/{area['id']}")
    assert (kept["schedule"], kept["cadenceHours"], kept["compareSince"]) == (None, 48, None)
    assert page.complaints == []


def test_what_is_refused_is_said_at_its_field(page):
    choose(page, "often", "days")
    page.fill(timeZone="Asia/Nowhere")
    page.press("Save")
    assert "no time zone" in page.wait_for("document.querySelector('#fault-timeZone')?.innerText")
    assert page.run("document.activeElement.name") == "timeZone"
    assert page.run("document.activeElement.getAttribute('aria-describedby')") == "fault-timeZone"


def test_what_somebody_else_changed_meanwhile_is_not_written_over(page, client, area):
    client.call("PATCH", f"area-configs/{area['id']}", {"name": "Theirs"})
    page.fill(name="Mine")
    page.press("Save")
    alerts = "[...document.querySelectorAll('[role=alert]')]"
    page.wait_for(f"{alerts}.some((one) => one.innerText.includes('Somebody else changed this area meanwhile'))")
    assert client.call("GET", f"area-configs/{area['id']}")["name"] == "Theirs"
    page.press("Load it")
    page.wait_for("document.querySelector('h1')?.innerText === 'Theirs'")


def test_an_area_is_paused_and_resumed(page, client, area):
    page.press("Pause")
    page.wait_for("document.body.innerText.includes('Paused: no session is planned.')")
    assert client.call("GET", f"area-configs/{area['id']}")["nextSessionAt"] is None
    page.press("Areas")
    page.wait_for("[...document.querySelectorAll('.area .due')].some((one) => one.innerText.includes('paused'))")
    page.run("history.back()")
    page.press("Resume")
    page.wait_for(f"{TOLD}.includes('is watched again')")
    assert not client.call("GET", f"area-configs/{area['id']}")["isPaused"]


def test_a_narrow_screen_does_not_scroll_sideways(page):
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    assert page.run("document.documentElement.scrollWidth <= innerWidth")


def test_its_land_is_changed_as_a_new_areas_is_said(page, client, area):
    page.run("document.querySelector('.other-land').open = true")
    assert page.run("document.querySelector('.land-form [type=submit]').disabled"), "nothing to save"
    page.fill(northKm="0.5")
    page.wait_for("document.querySelector('.land-form .side').innerText.includes('Tiles')")
    page.press("Save the land")
    page.press("Change the land")
    page.wait_for(f"{TOLD}.includes('has other land from now on')")
    assert client.call("GET", f"area-configs/{area['id']}")["northKm"] == 0.5
    ring = [[85.8, 20.3], [85.81, 20.3], [85.8, 20.31], [85.8, 20.3]]
    page.wait_for("document.querySelector('.land-form [name=northKm]')?.value === '0.5'")
    page.run("document.querySelector('.other-land').open = true")
    page.fill(geometry=f'{{"type": "Polygon", "coordinates": {ring[:3]}}}'.replace("[[", "[[[").replace("]]", "]]]"))
    assert page.run("document.querySelector('.land-form [name=northKm]').disabled"), "there is a shape"
    page.press("Save the land")
    page.press("Change the land")
    assert "not closed" in page.wait_for("document.querySelector('#fault-geometry')?.innerText")
    page.fill(geometry=f'{{"type": "Polygon", "coordinates": [{ring}]}}')
    page.press("Save the land")
    page.press("Change the land")
    page.wait_for("Boolean(document.querySelector('.area-part .shape-drawing'))")
    assert client.call("GET", f"area-configs/{area['id']}")["hasShape"]
