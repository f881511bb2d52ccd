"""What an upgrade must keep: what people see, what they hold, and sessions that come to their end."""

import re
import time
import traceback

from tests.same_as.home import OWNER, PEOPLE
from tests.same_as.normal import leaves
from tests.same_as.processes import Client

SIGNED = re.compile(r"\?expires=\d+&signature=[0-9a-f]+")


class Report:
    """What was compared, and what was wrong."""

    def __init__(self):
        self.right = self.wrong = 0

    def holds(self, is_right, what, why=""):
        self.right, self.wrong = self.right + bool(is_right), self.wrong + (not is_right)
        print(f"  {'ok   ' if is_right else 'WRONG'}  {what}{'' if is_right else f': {why}'}", flush=True)

    def within(self, deeds):
        """Do what may break off; that is wrong too."""
        try:
            deeds()
        except Exception as error:  # noqa: BLE001 (said, counted, and the other engine is still tried)
            traceback.print_exc()
            self.holds(False, "the upgrade went on to its end", error)

    def kept(self, what, before, after):
        """Is everything there that was, with the same values? What is new is named and does no harm."""
        was, now = set(leaves(before)), set(leaves(after))
        places = {line.partition(" = ")[0] for line in was}
        new = {re.sub(r"\[\d*\]", "[]", line.partition(" = ")[0]) for line in now - was} - places
        gone = sorted(was - now)
        added = sorted({path.rpartition(".")[2] for path in new}) if not gone else []
        self.holds(not gone, f"{what} ({len(was)} values{', new: ' + ', '.join(added) if added else ''})", gone[:5])

    @property
    def said(self):
        return f"{self.right} right, {self.wrong} wrong"


def shown(clients):
    """Give all that people see of what is theirs, but for the signatures of links."""
    return [_shown(client) for client in clients]


def _shown(client):
    seen = {}
    for name in ("auth/me", "devices", "area-configs", "alerts/sessions", "pushes"):
        seen[name] = client.call("GET", f"api/{name}")
    for area in seen["area-configs"]:
        for path in (f"area-configs/{area['id']}", f"monitor/image-tiles/area/{area['id']}"):
            seen[path] = client.call("GET", f"api/{path}")
    for session in seen["alerts/sessions"]:
        for what in ("details", "ignored"):
            path = f"alerts/sessions/{session['id']}/{what}"
            seen[path] = client.call("GET", f"api/{path}")
    return _plain(seen)


def _plain(value):
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return SIGNED.sub("?<signed>", value) if isinstance(value, str) else value


class Held:
    """What people held when the old code served alone: tokens, links with their images, and what they saw."""

    def __init__(self, url):
        self.clients = [Client(url).sign_in(**person) for person in PEOPLE]
        self.tokens = [client.credentials for client in self.clients]
        self.seen = shown(self.clients)
        self.areas = {area["name"]: area["id"] for area in self.clients[0].call("GET", "api/area-configs")}
        (changed, *_) = [
            each for each in self.clients[0].call("GET", "api/alerts/sessions") if each["totalChangesDetected"]
        ]
        alerts = self.clients[0].call("GET", f"api/alerts/sessions/{changed['id']}/details")["alert_details"]
        links = {alert[name] for alert in alerts for name in alert if name.endswith("ImagePath")}
        self.images = {link: self.clients[0].load(link) for link in sorted(links)}

    def at(self, url):
        """Give the clients with the access tokens they had, at another server."""
        return [Client(url, token=each["access_token"]) for each in self.tokens]


def same_people(held, url, report):
    """Hold what the new code shows to old tokens, passwords and links against what the old code showed."""
    report.holds(len(held.images) > 0 and all(image[0] == 200 for image in held.images.values()), "there are images")
    report.kept("old access tokens open the same areas, sessions, alerts, devices", held.seen, shown(held.at(url)))
    loaded = {link: Client(url).load(link) for link in held.images}
    other = {link: loaded[link][:2] for link in loaded if loaded[link] != held.images[link]}
    report.holds(not other, f"{len(loaded)} links of the old code load the same bytes", other)
    forged = [Client(url).load(link[:-1] + ("0" if link[-1] != "0" else "1"))[0] for link in list(loaded)[:1]]
    report.holds(forged in ([403], [404]), "a forged link does not", forged)
    again = [Client(url).sign_in(**person) for person in PEOPLE]
    report.kept("the old passwords sign in, and show the same", held.seen, shown(again))
    wrong = Client(url).ask("POST", "api/auth/login", OWNER | {"password": "another-one"}).status_code
    report.holds(wrong == 401, "another password does not", wrong)
    for person, had in zip(PEOPLE, held.tokens, strict=True):
        renewed = Client(url).ask("POST", "api/auth/refresh", {"refresh_token": had["refresh_token"]})
        is_right = renewed.status_code == 200
        report.holds(is_right, f"the old refresh token of {person['email']} is renewed", renewed.text[:200])
        if is_right:
            client = Client(url, token=renewed.json()["access_token"])
            report.kept("and what comes of it shows the same", held.seen[PEOPLE.index(person)], _shown(client))


def ended_well(client, session_id, what, report, *, finds=None):
    """Does a session come to its end, with every tile looked at, and people told of what it found?"""
    session = client.until_ended(session_id)
    done = session["tilesDone"] == session["tilesPlanned"] > 0 and not session["failures"]
    is_well = done and session["status"] in ("COMPLETED_CHANGES_DETECTED", "COMPLETED_NO_CHANGES")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(session["countsByVerdict"].items()))
    is_well = is_well and (finds is None or finds == bool(session["totalChangesDetected"]))
    report.holds(is_well, f"{what}: {session['status']}, {counts}", session["failures"] or session.get("reason"))
    if session["totalChangesDetected"]:
        report.holds(_are_told(client, session_id), "and people are told of it")


def _are_told(client, session_id, *, within_s=30):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        pushes = [one for one in client.call("GET", "api/pushes") if one["alertSessionId"] == session_id]
        if pushes and all(one["status"] == "SENT" for one in pushes):
            return True
        time.sleep(0.2)
    return False
