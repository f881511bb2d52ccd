"""A filled home of an earlier release: people, devices, areas, sessions, alerts, pushes, images, keys; on both engines.

It is filled by that release's own code, over HTTP, once for each engine; then it is kept under build/homes, and what
a test gets is a copy. `a_filled_home` is for every test that upgrades one.
"""

import contextlib
import hashlib
import json
import pickle
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pymysql
from sqlalchemy import make_url

from tests.same_as.processes import Client, Local
from tests.same_as.releases import RELEASE, ROOT, checked_out, commit_of
from tests.support.databases.mysql_server import find_server, start_server

ENGINES = ("sqlite", "mysql")
KEPT = ROOT / "build" / "homes"
OWNER = {"email": "asha@example.org", "password": "a-pond-and-a-road"}
OTHER = {"email": "ravi@example.org", "password": "two-fields-of-rice"}
PEOPLE = (OWNER, OTHER)
YEAR_H = 24 * 365  # no clock finds an area due, however old the home is
VILLAGE = {"name": "Village", "centerLat": 20.2975, "centerLon": 85.714, "cadenceHours": YEAR_H, "provider": "sample"}
VILLAGE |= dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.2)
UNSEEN = ("Village, March only", "Village, March only too")  # what changed there until June is still to be found
FIELD = VILLAGE | {"name": "Field", "northKm": 0.05, "southKm": 0.05, "eastKm": 0.05, "westKm": 0.05}
DAYS = (date(2025, 3, 10), date(2025, 6, 2), date(2025, 9, 15), date(2025, 12, 5))  # on which the landscape differs
QUIET = {"capture_schedule": "rate(1 day)", "compare_wait_s": 0}  # sessions are those that were asked for


@dataclass(frozen=True)
class Home:
    """A home that may be used up: its folder, and the address of its database, "" if that is the file in there."""

    folder: Path
    database_url: str

    @property
    def settings(self):
        """Say what a process of any release needs to run on it."""
        settings = QUIET | {"home": self.folder, "sample_clock": self.folder / "sample-clock.txt"}
        return settings | ({"database_url": self.database_url} if self.database_url else {})

    def show(self, day):
        """Let the rendered landscape's calendar stand at a day."""
        (self.folder / "sample-clock.txt").write_text(str((day - datetime.now(UTC).date()).days))


def a_filled_home(engine, folder, *, server=None, release=RELEASE):
    """Give a copy of a release's filled home in a folder; on MySQL its database is restored into a private server."""
    kept = KEPT / f"{commit_of(release)[:12]}-{engine}-{_digest()}"
    if not kept.exists():
        _keep(kept, engine, release)
    shutil.copytree(kept / "home", folder)
    url = ""
    if engine == "mysql":
        url = server.make(f"home_{secrets.token_hex(4)}")
        restore(url, pickle.loads((kept / "database.pickle").read_bytes()))
    home = Home(folder, url)
    home.show(DAYS[1])
    return home


def _digest():
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def _keep(kept, engine, release):
    KEPT.mkdir(parents=True, exist_ok=True)
    for older in KEPT.glob(f"{kept.name.rpartition('-')[0]}-*"):
        shutil.rmtree(older)  # filled otherwise than this file says now
    with tempfile.TemporaryDirectory(prefix="filling-", dir=KEPT) as made, checked_out(release) as tree:
        whole = Path(made) / "whole"
        folder = whole / "home"
        folder.mkdir(parents=True)
        server = start_server(find_server()) if engine == "mysql" else None
        try:
            home = Home(folder, server.make("filled") if server else "")
            fill(tree, home)
            if server:
                (whole / "database.pickle").write_bytes(pickle.dumps(dump(home.database_url)))
        finally:
            if server:
                server.stop()
        with contextlib.suppress(OSError):  # somebody else was faster, and kept the same
            whole.rename(kept)


def fill(tree, home):
    """Live in a home for a while, with a release's own code."""
    home.show(DAYS[0])
    with Local(tree, home.folder, "--no-demo", **_without_home(home.settings)) as running:
        clients = [_registered(running.url, person) for person in PEOPLE]
        owner, other = clients
        for token, platform in (("asha-phone", "android"), ("asha-tablet", "ios")):
            owner.call("POST", "api/devices", {"token": token, "platform": platform})
        village = owner.call("POST", "api/area-configs", VILLAGE)["id"]
        field = other.call("POST", "api/area-configs", FIELD)["id"]
        owner.call("PATCH", f"api/area-configs/{village}", {"sensitivity": "high"})
        looked(owner, village), looked(other, field)
        for name in UNSEEN:
            looked(owner, owner.call("POST", "api/area-configs", VILLAGE | {"name": name})["id"])
        home.show(DAYS[1])
        seen = looked(owner, village)
        looked(owner, village)  # nothing newer
        gone = other.call("POST", "api/area-configs", FIELD | {"name": "Given up"})["id"]
        looked(other, gone)
        other.call("DELETE", f"api/area-configs/{gone}")
    if seen["status"] != "COMPLETED_CHANGES_DETECTED":
        raise RuntimeError(f"the landscape did not change: {json.dumps(seen)[:500]}")


def _registered(url, person):
    client = Client(url)
    client.call("POST", "api/auth/register", person | {"profile": f"I am {person['email']}"})
    return client.sign_in(**person)


def _without_home(settings):
    return {name: value for name, value in settings.items() if name != "home"}  # the command line names it


def looked(client, area):
    """Look at an area now; give the session with its details once it has ended."""
    return client.until_ended(client.call("POST", f"api/monitor/capture/{area}")["session"]["id"])


def dump(url):
    """Give a MySQL database's tables: how each is made, and its rows."""
    with _connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        tables = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f"SHOW CREATE TABLE `{name}`")
            made = cursor.fetchone()[1]
            cursor.execute(f"SELECT * FROM `{name}`")
            tables[name] = (made, [column[0] for column in cursor.description], list(cursor.fetchall()))
        return tables


def restore(url, tables):
    """Make the tables of a dump in an empty database."""
    with _connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        for name, (made, columns, rows) in tables.items():
            cursor.execute(made)
            names, values = ", ".join(f"`{each}`" for each in columns), ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO `{name}` ({names}) VALUES ({values})", rows)
        connection.commit()


def _connected(url):
    place = make_url(url)
    who = {"user": place.username, "password": place.password, "database": place.database}
    return pymysql.connect(host=place.host, port=place.port, charset="utf8mb4", **who)
