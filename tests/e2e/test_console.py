"""The console in a real browser, on a real server: signing in, the whole trip, and what is no all-clear."""

import json
import re

import cv2
import numpy as np
import pytest

from tests.support import browser
from tests.support.builders.archives import put, square
from tests.support.builders.land import land
from tests.support.running.client import Client, Server
from tests.support.running.pairs import Pair

SIZE_PX, GSD_M = 360, 0.6
IS_IDLE = "[...document.querySelectorAll('button')].some((one) => one.innerText === 'Supervise now' && !one.disabled)"
NAME = "<img src=x onerror=alert(1)> & Lake shore"  # as somebody might well call it


@pytest.fixture(scope="module")
def chromium():
    path = browser.find()
    if path is None:
        pytest.skip(browser.HOW_TO_GET_ONE)
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Draw a place before and after somebody built on it."""
    folder = tmp_path_factory.mktemp("pictures")
    rough = np.random.default_rng(5).normal(size=(SIZE_PX // 6, SIZE_PX // 6, 3)).astype(np.float32)
    ground = cv2.resize(rough, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC) * 22 + (70, 110, 90)
    pictures = {"before": ground, "after": ground.copy()}
    pictures["after"][150:210, 140:220] = (225, 230, 235) + ground[:60, :80] / 10  # one exact value would be no ground
    paths = {}
    for name, picture in pictures.items():
        paths[name] = folder / f"{name}.png"
        cv2.imwrite(str(paths[name]), np.clip(picture, 0, 255).astype(np.uint8))
    changed_m2 = 60 * 80 * GSD_M**2
    return Pair("lake", paths["before"], paths["after"], SIZE_PX, SIZE_PX, GSD_M, changed_m2, 20.3, 85.8)


@pytest.fixture(scope="module")
def archive(tmp_path_factory, pair):
    folder = tmp_path_factory.mktemp("archive")
    pair.put(folder, "before")
    return folder


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory, archive):
    home = tmp_path_factory.mktemp("home")
    with Server(home, "--archive", str(archive), "--no-demo") as running:
        yield running


@pytest.fixture
def page(chromium, server):
    opened = browser.Browser(chromium)
    try:
        opened.open(f"{server.url}/console")
        opened.wait_for("Boolean(document.querySelector('form'))")
        yield opened
    finally:
        opened.close()


def enter(page, email, *, is_new):
    if is_new:
        page.press("Register")
        page.wait_for("document.querySelector('form').getAttribute('aria-label') === 'Register'")
    page.fill(email=email, password="a-long-secret")
    page.press("Register" if is_new else "Sign in")


def test_somebody_who_is_not_known_is_told_so(page):
    enter(page, "nobody@example.org", is_new=False)
    said = page.wait_for("document.querySelector('[role=alert]')?.innerText")
    assert "did not work" in said
    assert page.run("sessionStorage.length") == 0
    assert all("401" in complaint for complaint in page.complaints), page.complaints


def middle_of(page, selector):
    return page.run(f"(box => box.left + box.width / 2)(document.querySelector('{selector}').getBoundingClientRect())")


KNOB_IS_CLEAR = """((handle) => {
    const knob = handle.getBoundingClientRect().top + parseFloat(getComputedStyle(handle, '::after').top);
    const places = [...document.querySelectorAll('before-after .changed, before-after .pin')];
    return places.length > 0 && places.every((place) => place.getBoundingClientRect().bottom < knob);
})(document.querySelector('[role=slider]'))"""


def divided_at(page):
    return int(page.run("document.querySelector('[role=slider]').getAttribute('aria-valuenow')"))


def move_the_slider(page):
    page.run("document.querySelector('input[value=slider]').click()")
    page.run("document.querySelector('[role=slider]').focus()")
    assert middle_of(page, "[role=slider]") == pytest.approx(middle_of(page, ".pin"), abs=12), "through what changed"
    assert page.run(KNOB_IS_CLEAR), "of what changed, which it would hide"
    page.key("Home")
    page.key("ArrowRight")
    assert divided_at(page) == 2
    page.key("End")
    assert divided_at(page) == 100


def test_the_whole_trip_is_made_in_the_console(page, pair, archive):
    enter(page, "asha@example.org", is_new=True)
    page.press("Add your first area")
    fields = {name: value for name, value in pair.area.items() if name != "name"}
    page.fill(name=NAME, **fields)
    page.wait_for("document.querySelector('.estimate').innerText.includes('Tiles')")
    page.run("document.querySelector('[name=isToldToOperator]').click()")
    page.press("Watch this area")
    page.wait_for(f"document.querySelector('.area h2')?.innerText === {json.dumps(NAME)}")

    page.press("Supervise now")
    page.wait_for("document.querySelector('.state').innerText.includes('Baseline taken')")
    pair.put(archive, "after")
    page.wait_for(IS_IDLE)
    page.press("Supervise now")
    page.wait_for("document.querySelector('.state').innerText.includes('Changes detected')")

    page.wait_for(IS_IDLE)
    page.press("Supervise now")
    page.wait_for("document.querySelector('.state').innerText.includes('No new imagery')")
    assert "Found before: 1 tile changed" in page.run("document.querySelector('.state').innerText"), "still in sight"

    page.run("document.querySelector('.earlier a').click()")
    page.wait_for("Boolean(document.querySelector('.alert'))")
    name, severity = page.run("['h1', '.alert .badge'].map((one) => document.querySelector(one).innerText)")
    assert (name, severity in {"Low", "Medium", "High"}) == (NAME, True)
    assert page.run("document.querySelector('.alert-title').innerText").endswith("m² changed: built")
    kind = page.run("document.querySelector('.regions td[data-name=Kind]').innerText")
    assert re.search(r"Built \d+\s%", kind), kind
    for view, pictures in (("slider", 2), ("side", 2), ("overlay", 1)):
        page.run(f"document.querySelector('input[value={view}]').click()")
        page.wait_for(
            f"[...document.querySelectorAll('.stage img')].filter((one) => one.naturalWidth > 0).length === {pictures}"
        )
        assert page.run(
            "[...document.querySelectorAll('.stage .attribution')].every((one) => one.innerText.length > 10)"
        )

    move_the_slider(page)
    position = page.run("document.querySelector('.regions a').href").removeprefix("geo:").split(",")
    assert [float(degrees) for degrees in position] == pytest.approx([pair.lat, pair.lon], abs=1e-4)
    assert page.run("document.querySelectorAll('img[onerror]').length") == 0

    page.press("Pushes")
    page.wait_for("document.querySelector('.list')?.innerText.includes('Change detected')")
    page.press("Areas")
    page.press(NAME)
    page.press("Delete the area…")
    page.press("Delete the area")
    page.wait_for("document.body.innerText.includes('You watch no land yet')")
    page.press("Sign out")
    page.wait_for("Boolean(document.querySelector('[name=password]'))")
    assert page.run("sessionStorage.length") == 0
    assert page.complaints == [], "the policy refuses nothing, no script fails"


LONGEST_STATE_FITS = """import('./words.js').then((words) => {
    const place = document.querySelector('.area-page .facts dd');
    place.replaceChildren(words.areaBadge('failing'));
    return place.scrollWidth <= place.clientWidth;
})"""


def test_an_area_says_how_it_stands_and_what_of_it_was_not_seen(page, server, archive):
    client = Client(server.url, email="badri@example.org", password="a-long-secret")
    extent = square(21.3, 85.8, width_px=400, height_px=400, gsd_m=0.5)
    picture = land(400, seed=3)
    put(archive, "badri-a", extent.bounds, pixels=picture, taken="2025-01-15T05:30:00Z")
    reach = {f"{way}Km": getattr(extent, f"{way}_km") for way in ("north", "south", "east", "west")}
    centre = {"centerLat": extent.center_lat, "centerLon": extent.center_lon}
    area = client.add_area(name="Grove", provider="archive", **centre, **reach)
    client.supervise_now(area["id"])
    picture[:, :160] = 250
    put(archive, "badri-b", extent.bounds, pixels=picture, taken="2025-02-15T05:30:00Z")
    client.supervise_now(area["id"])
    enter(page, "badri@example.org", is_new=False)
    assert "Partly not seen" in page.wait_for("document.querySelector('.area .waits')?.innerText")
    page.press("Grove")
    shown = page.wait_for("document.querySelector('.area-page .facts')?.innerText")
    assert "Partly not seen since" in " ".join(shown.split())
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    assert page.run(LONGEST_STATE_FITS), "it lay over what stands beside it"
    assert re.search(r"Not seen \d+ % of it, [\d ]+ m²( \([\d.]+ ha\))?, since \d", " ".join(shown.split()))
    assert page.complaints == []


SEEN = [
    {
        "area_m2": 40.0,
        "score": 0.8,
        "reason": "shadow-like",
        "centroid": [85.8, 20.3],
        "bounds": [85.7999, 20.2999, 85.8001, 20.3001],
        "outline": {"type": "Polygon", "coordinates": [[[85.7999, 20.3001], [85.8001, 20.3001], [85.8, 20.2999]]]},
    }
]


def test_what_was_seen_and_ignored_is_listed_with_its_reason(page):
    tile = {"bounds": [85.799, 20.299, 85.801, 20.301], "attribution": "own", "capturedAt": None}
    tile |= {"fetchedAt": "2026-01-01T00:00:00Z", "uniqueKey": "17/1/2"}
    seen = {"regions": SEEN, "current_tile_info": tile} | dict.fromkeys(
        ("previousImagePath", "currentImagePath"), "captured_images/1/x.png"
    )
    shown = page.run(  # in one go: soon the picture, which is none, is found missing
        f"""import('./alert.js').then((alert) => {{
            const view = alert.ignoredView({json.dumps(seen)}, {{ before: null, area: null }});
            document.body.append(view);
            const drawn = () => getComputedStyle(view.querySelector('.outlines .ignored')).display;
            const before = drawn();
            [...view.querySelectorAll('.check input')].at(-1).click();
            return [view.querySelector('.regions').innerText, before, drawn()];
        }})"""
    )
    assert "shadow-like · a shadow that moved with the sun" in shown[0]
    assert shown[1:] == ["inline", "none"]


def test_somebody_sees_where_he_is_signed_in_ends_one_and_changes_the_password(page, server):
    enter(page, "chitra@example.org", is_new=True)
    page.wait_for("document.body.innerText.includes('You watch no land yet')")
    elsewhere = Client(server.url, email="chitra@example.org", password="a-long-secret")
    third = Client(server.url, email="chitra@example.org", password="a-long-secret")
    page.press("Account")
    rows = "[...document.querySelectorAll('.account tbody tr')]"
    page.wait_for(f"{rows}.length === 3")
    shown = page.run(f"{rows}.map((row) => row.innerText)")
    assert ["This one" in row for row in shown] == [False, False, True], "the newest stands first"
    assert "A browser on Linux" in shown[2]
    assert "A program" in shown[0]
    page.run(f"{rows}[0].querySelector('button').click()")
    page.press("Sign it out")
    page.wait_for(f"{rows}.length === 2")
    assert third.call("GET", "auth/me", status=401)
    assert elsewhere.call("GET", "auth/me")

    page.fill(oldPassword="not-the-old-one", newPassword="another-long-secret")
    page.press("Change the password")
    assert "The old password is wrong" in page.wait_for("document.querySelector('[role=alert]')?.innerText")
    page.fill(oldPassword="a-long-secret", newPassword="password")
    page.press("Change the password")
    page.wait_for("document.querySelector('[name=newPassword]').getAttribute('aria-invalid') === 'true'")
    page.fill(newPassword="another-long-secret")
    page.press("Change the password")
    page.wait_for("document.getElementById('told').innerText.includes('The password is changed')")
    page.wait_for(f"{rows}.length === 1")
    assert page.run("document.querySelector('[name=newPassword]').value") == ""
    assert elsewhere.call("GET", "auth/me", status=401), "changing it ends all others"
    page.press("Areas")
    page.wait_for("document.body.innerText.includes('You watch no land yet')"), "and this one goes on"
    assert all(" 403 " in complaint or " 400 " in complaint for complaint in page.complaints), page.complaints


LOOKS = [
    ("COMPLETED_ERROR", {"FAILED": 1}, "Not fully checked", "bad"),
    ("COMPLETED_ERROR", {"OBSCURED": 4}, "Not fully checked", "bad"),
    ("COMPLETED_ERROR", {"NO_CHANGE": 8, "FAILED": 1}, "Not fully checked", "bad"),
    ("COMPLETED_NO_CHANGES", {"BASELINE": 4}, "Baseline taken", "plain"),
    ("COMPLETED_NO_CHANGES", {"NO_NEW_IMAGERY": 4}, "No new imagery", "plain"),
    ("COMPLETED_NO_CHANGES", {"NO_CHANGE": 4}, "No changes", "good"),
    ("SOMETHING_NEW", {}, "SOMETHING_NEW", "warn"),
]


def test_only_land_that_was_compared_looks_like_an_all_clear(page):
    for status, counts, word, tone in LOOKS:
        session = json.dumps({"status": status, "countsByVerdict": counts, "tilesPlanned": 9, "tilesDone": 9})
        badge = f"import('./words.js').then((words) => words.sessionBadge({session}))"
        shown = page.run(f"{badge}.then((badge) => [badge.innerText, badge.className])")
        assert shown == [word, f"badge {tone}"], status
        assert page.run(f"{badge}.then((badge) => badge.querySelectorAll('svg path').length)") == 2, "a shape as well"


LINES = [
    ({"severity": "high"}, "high · 2 places · tile 17/1/2"),
    ({"severity": "low", "likelyAuthorised": True}, "low · likely authorised · 2 places · tile 17/1/2"),
    ({"severity": None, "toldBefore": True}, "told before · 2 places · tile 17/1/2"),
]


def test_the_list_of_alerts_says_of_which_nobody_was_told(page):
    for alert, line in LINES:
        whole = json.dumps({"changeLog": {"regions": [{}, {}]}, "current_tile_info": {"uniqueKey": "17/1/2"}} | alert)
        assert page.run(f"import('./alert.js').then((alerts) => alerts.inOneLine({whole}))") == line


def test_a_place_that_looks_exchanged_is_asked_about_and_can_be_meant(page):
    enter(page, "polar@example.org", is_new=True)
    page.wait_for("document.body.innerText.includes('Watch')")
    page.run("location.hash = '#/areas/new'")
    page.wait_for("Boolean(document.querySelector('.area-form'))")
    page.fill(name="Svalbard", centerLat="78.2", centerLon="20.3")
    page.wait_for("document.body.innerText.includes('exchanged it would be latitude 20.3')")
    assert "The place is meant as it is" in page.text()
    page.run("document.querySelector('[name=isPlaceConfirmed]').click()")
    page.wait_for("!document.body.innerText.includes('exchanged it would be latitude 20.3')")
    page.fill(centerLat="20.3", centerLon="85.8")
    page.wait_for("!document.body.innerText.includes('The place is meant as it is')")


def test_a_narrow_screen_does_not_scroll_sideways(page):
    enter(page, "narrow@example.org", is_new=True)
    page.wait_for("document.body.innerText.includes('You watch no land yet')")
    page.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    for address in ("#/areas", "#/areas/new", "#/sessions", "#/pushes", "#/account"):
        page.run(f"location.hash = '{address}'")
        page.wait_for("Boolean(document.querySelector('h1'))")
        assert page.run("document.documentElement.scrollWidth <= innerWidth"), address
