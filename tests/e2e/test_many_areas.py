"""The console of somebody who watches 300 areas, in a real browser, on a real server: nothing untrue is said of any."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.adapters.database.engine import make_engine
from tests.support import browser
from tests.support.homes import DATABASE
from tests.support.many_areas import fill_areas
from tests.support.running.client import Client, Server

AREAS = 300
EMAIL = "office@example.org"
PASSWORD = "a-long-secret"
NAMES = {7: "मौज़ा रामपुर, खसरा 820/1", 8: "ଭୁବନେଶ୍ୱର ପ୍ଲଟ୍ 820/1", 29: "W" * 200}
ROWS = "[...document.querySelectorAll('.areas > li')]"
FOUND = "document.querySelector('.found')?.innerText"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with Server(home, "--no-demo") as running:
        Client(running.url, email=EMAIL, password=PASSWORD)
        engine = make_engine(f"sqlite:///{home / DATABASE}")
        fill_areas(engine, user_id=1, areas=AREAS, looks=3, names=NAMES, now=datetime.now(UTC))
        engine.dispose()
        yield running


@pytest.fixture
def page(server):
    path = browser.find()
    if path is None:
        pytest.skip(browser.HOW_TO_GET_ONE)
    opened = browser.Browser(path)
    try:
        opened.open(f"{server.url}/console")
        opened.fill(email=EMAIL, password=PASSWORD)
        opened.press("Sign in")
        opened.wait_for(f"{ROWS}.length === 50")
        yield opened
    finally:
        opened.close()


def find(page, text):
    page.fill(search=text)


def test_none_of_300_areas_that_were_looked_at_is_said_not_to_be(page):
    assert page.run(FOUND) == "300 areas"
    for shown in range(100, AREAS + 1, 50):
        page.press("Show more areas")
        page.wait_for(f"{ROWS}.length === {shown}")
    said = page.run(f"{ROWS}.map((one) => one.innerText)")
    assert not [text for text in said if "Not looked at yet" in text]
    assert all("No changes" in text or "Changes detected" in text or "Not fully checked" in text for text in said)
    words = ["Changed", "Not fully checked", "Not seen", "Partly not seen", "Changed before", "Nothing waits"]
    badges = page.run(f"{ROWS}.map((one) => one.querySelector('.waits .badge').innerText)")
    assert list(dict.fromkeys(badges)) == words, "what waits for somebody stands first"
    assert "1 place not settled" in said[0]
    chips = page.run("[...document.querySelectorAll('.chip')].map((one) => one.innerText.split('\\n').join(' '))")
    assert [chip.rsplit(None, 1)[-1] for chip in chips] == ["300", "5", "5", "5", "5", "5", "275"]
    assert page.complaints == []


def test_areas_are_found_by_name_and_by_what_waits_and_the_address_keeps_it(page):
    find(page, "plot 20")
    page.wait_for(f"{ROWS}.length === 11")
    for name in (NAMES[7], NAMES[8]):
        find(page, name[:6])
        page.wait_for(f"{ROWS}[0]?.querySelector('h2').innerText === {json.dumps(name)} && {ROWS}.length === 1")
    find(page, "nothing of that name")
    page.wait_for(f"{FOUND} === 'No area is like that.'")
    find(page, "")
    page.wait_for(f"{ROWS}.length === 50")
    page.run("[...document.querySelectorAll('.chip')].find((one) => one.innerText.startsWith('Not seen')).click()")
    page.wait_for(f"{ROWS}.length === 5 && {FOUND} === '5 areas'")
    assert page.run("document.activeElement.innerText").startswith("Not seen"), "the keyboard stays where it was"
    assert page.run("location.hash") == "#/areas?attention=blind"
    page.run("location.reload()")
    page.wait_for(f"{ROWS}.length === 5")


def test_one_question_asks_for_all_that_run(page, server):
    client = Client(server.url, email=EMAIL, password=PASSWORD)
    wait = "performance.getEntriesByType('resource').filter((one) => one.name.includes('ids=')).length"
    for number in (1, 2):
        page.run(f"{ROWS}[{number}].querySelector('button').click()")
    page.wait_for(f"{wait} >= 2")
    asked = page.run("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not [name for name in asked if "alerts/sessions" in name], "none for each row"
    page.wait_for(f"{ROWS}.slice(1, 3).every((one) => !one.querySelector('button').disabled)")
    assert client.call("GET", "area-configs/attention")["running"] == 0


def test_the_sessions_of_an_area_are_there_however_many_others_had_one_since(page):
    find(page, "Plot 1")
    page.wait_for(f"{ROWS}[0]?.querySelector('h2').innerText.startsWith('Plot 1')")
    page.press("Sessions")
    page.run("location.hash = '#/sessions/area/1'")
    page.wait_for("document.querySelectorAll('.sessions > li').length === 3")
    assert "Plot 1" in page.run("document.querySelector('h1').innerText")


def test_a_narrow_screen_shows_long_and_foreign_names_without_scrolling_sideways(page):
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    find(page, "WWW")
    page.wait_for(f"{ROWS}.length === 1")
    page.press("W" * 200)
    page.wait_for("document.querySelector('h1')?.innerText.startsWith('WWW')")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
