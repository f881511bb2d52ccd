"""An area's pictures in the console: what each is kept for, a pin, and a legal hold that stops the area's deletion."""

import pytest

from tests.support import browser
from tests.support.running.client import Client, Server

LAND = {"name": "Lake shore", "centerLat": 20.3, "centerLon": 85.8, "provider": "sample", "isPlaceConfirmed": True}
REACH = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.05)
EMAIL = "asha@example.org"
PASSWORD = "a-long-secret"
IS_IN_ITS_CARD = "(list => list.scrollWidth <= list.parentElement.clientWidth)(document.querySelector('.list'))"
DIALOG = "Boolean(document.querySelector('dialog [name=reason]'))"


def say_why(page, reason, label):
    page.wait_for(DIALOG)
    page.fill(reason=reason)
    page.press(label)
    page.wait_for(f"!{DIALOG}")


def test_pictures_are_pinned_and_an_area_is_held_and_let_go(tmp_path):
    chromium = browser.find()
    if chromium is None:
        pytest.skip(browser.HOW_TO_GET_ONE)
    with Server(tmp_path, "--no-demo") as server:
        client = Client(server.url, email=EMAIL, password=PASSWORD)
        area = client.add_area(**LAND, **REACH)
        client.supervise_now(area["id"])
        page = browser.Browser(chromium)
        try:
            page.open(f"{server.url}/console")
            page.fill(email=EMAIL, password=PASSWORD)
            page.press("Sign in")
            page.press("Lake shore")
            page.press("Pictures")
            page.wait_for("document.querySelector('.list')?.innerText.includes('the baseline')")
            page.press("Pin")
            say_why(page, "evidence of March", "Pin it")
            page.wait_for("document.querySelector('.list').innerText.includes('evidence of March')")
            page.press("Legal hold")
            say_why(page, f"case {'12' * 80}", "Place the hold")
            page.wait_for("document.getElementById('told').innerText.includes('stands on')")
            assert "hold 1 on area" in client.call("DELETE", f"area-configs/{area['id']}", status=409)["message"]
            page.press("All legal holds")
            page.wait_for("document.querySelector('.list')?.innerText.includes('case 12')")
            assert page.run(IS_IN_ITS_CARD), "a reason without blanks pushes the button to lift it out of sight"
            page.press("Lift")
            say_why(page, "settled", "Lift it")
            page.wait_for("document.querySelector('.list').innerText.includes('settled')")
            client.call("DELETE", f"area-configs/{area['id']}", status=204)
            assert page.complaints == []
        finally:
            page.close()
