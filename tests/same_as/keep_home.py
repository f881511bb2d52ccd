"""Fill a small home with release 548a6ad's own code, and keep it: python -m tests.same_as.keep_home.

Writes `tests/support/old_home/kept`, what the permanent tests of an upgrade stand on. Needs that release in git, and a
MySQL or MariaDB server on the PATH. Both engines' homes have the same images and secrets; the secrets are drawn here,
and open nothing else.
"""

import hashlib
import json
import secrets
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pymysql
from sqlalchemy import make_url

from chalicelib.domain.extents import Extent
from chalicelib.domain.tiles import Tile, bounds_of
from tests.same_as.home import ENGINES, PEOPLE, QUIET, YEAR_H, looked
from tests.same_as.keeping import Held
from tests.same_as.processes import Client, Local
from tests.same_as.releases import RELEASE, checked_out, told
from tests.support.builders import archives
from tests.support.databases.mysql_server import find_server, start_server
from tests.support.old_home.restoring import KEPT, restore_database

GSD_M, BLOCK_PX = 0.5, 12
MARCH, JUNE = "2025-03-10T05:30:00Z", "2025-06-02T05:30:00Z"
REACH = {"northKm": 0.03, "southKm": 0.03, "eastKm": 0.06, "westKm": 0.06}
ROOF = slice(30, 70), slice(40, 90)  # 500 m2: an alert, on the western tile of the village
HUT = slice(60, 76), slice(180, 196)  # 64 m2: seen on the eastern one, and below what the owner wants to know
BARN = slice(14, 54), slice(128, 172)  # 440 m2 on the eastern one, for those who look on
ALEMBICS = """CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
"""
SPEAKS = """
import os
from chalicelib.adapters.database.engine import make_engine
from tests.old_code.recording import a_whole_trip, file_of, keep, record
from tests.trip import Trip

engine = make_engine(os.environ["BHUPRAHARI_DATABASE_URL"])
keep(record(engine, lambda: a_whole_trip(Trip(engine))), "0000", "beside")
print(file_of("0000", "beside"))
"""


def main():
    program = find_server()
    if program is None:
        sys.exit("there is no MySQL or MariaDB server on the PATH")
    server = start_server(program)
    try:
        with checked_out(RELEASE) as tree, tempfile.TemporaryDirectory(prefix="bhu-keep-") as made:
            kept = Path(made) / "kept"
            (kept / "secrets").mkdir(parents=True)
            (kept / "secrets" / "token-keys").write_text(json.dumps({"home-1": secrets.token_urlsafe(32)}))
            (kept / "secrets" / "link-key").write_text(secrets.token_urlsafe(32))
            for engine in ENGINES:
                keep(tree, engine, server, Path(made) / engine, kept)
            shutil.rmtree(KEPT, ignore_errors=True)
            shutil.copytree(kept, KEPT)
    finally:
        server.stop()
    sizes = [path.stat().st_size for path in KEPT.rglob("*") if path.is_file()]
    print(f"wrote {KEPT.name}: {len(sizes)} files, {sum(sizes) // 1024} KiB")


def keep(tree, engine, server, folder, kept):
    """Fill one engine's home, and add it to what is kept."""
    home, archive = folder / "home", folder / "archive"
    archive.mkdir(parents=True)
    shutil.copytree(kept / "secrets", home / "secrets")
    url = f"sqlite:///{home}/bhuprahari.db" if engine == "sqlite" else server.make("filled")
    held = fill(tree, home, archive, url)
    (kept / f"{engine}-held.json").write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n")
    schema = (tree / "docs" / "schema.sql").read_text(encoding="utf-8")
    dump = sqlite_dump(url) if engine == "sqlite" else mysql_dump(url, schema)
    (kept / f"{engine}.sql").write_text(dump, encoding="utf-8")
    copy = f"sqlite:///{folder}/beside.db" if engine == "sqlite" else server.make("beside")
    restore_database(copy, dump)
    shutil.copy(told(tree, SPEAKS, database_url=copy).split()[-1], kept / f"{engine}-statements.json")
    if not (kept / "images").exists():
        shutil.copytree(home / "images", kept / "images")
    if _contents(kept / "images") != _contents(home / "images"):
        raise RuntimeError("the two homes do not have the same images")


def _contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill(tree, home, archive, url):
    """Live in a home for a while, with the release's own code; give what people hold and see at the end."""
    village, field = _places()
    put_land(archive, MARCH)
    settings = QUIET | {"database_url": url}
    with Local(tree, home, "--no-demo", "--archive", str(archive), **settings) as running:
        owner, other = (_registered(running.url, person) for person in PEOPLE)
        for token, platform in (("asha-phone", "android"), ("asha-tablet", "ios")):
            owner.call("POST", "api/devices", {"token": token, "platform": platform})
        seen = owner.call("POST", "api/area-configs", _area("Village", village) | {"minChangedAreaM2": 400})["id"]
        quiet = other.call("POST", "api/area-configs", _area("Field", field))["id"]
        owner.call("PATCH", f"api/area-configs/{seen}", {"sensitivity": "high"})
        looked(owner, seen), looked(other, quiet)
        put_land(archive, JUNE, ROOF, HUT)
        found = looked(owner, seen)
        looked(owner, seen)  # nothing newer
        gone = other.call("POST", "api/area-configs", _area("Given up", field))["id"]
        looked(other, gone)
        other.call("DELETE", f"api/area-configs/{gone}")
        if found["status"] != "COMPLETED_CHANGES_DETECTED":
            raise RuntimeError(f"the land did not change: {json.dumps(found)[:500]}")
        return _held(running.url)


def _registered(url, person):
    client = Client(url)
    client.call("POST", "api/auth/register", person | {"profile": f"I am {person['email']}"})
    return client.sign_in(**person)


def _places():
    """Give the middle of a village on two tiles, and that of a field within one."""
    west, south, east, north = bounds_of(Tile(17, 96_788, 57_975))
    return (north / 2 + south / 2, east), (north / 2 + south / 2, 3.5 * east - 2.5 * west)


def _area(name, place):
    return {"name": name, "centerLat": place[0], "centerLon": place[1], "cadenceHours": YEAR_H} | REACH


def put_land(archive, taken, *built):
    """Lay a picture of each place, in blocks of one colour, which make small files; `built` stands in the village."""
    width, height = round(2000 * REACH["eastKm"] / GSD_M), round(2000 * REACH["northKm"] / GSD_M)
    reach = {"north_km": REACH["northKm"], "south_km": REACH["southKm"], "east_km": REACH["eastKm"]}
    for number, (lat, lon) in enumerate(_places()):
        land = np.random.default_rng(number).integers(60, 170, (height // BLOCK_PX, width // BLOCK_PX, 3), np.uint8)
        land = cv2.resize(land, (width, height), interpolation=cv2.INTER_NEAREST)
        for ground in built if number == 0 else ():  # with grain: one exact value would be no ground
            land[ground] = (225, 225, 240) + np.random.default_rng(number).integers(-3, 4, land[ground].shape)
        bounds = Extent(center_lat=lat, center_lon=lon, west_km=REACH["westKm"], **reach).bounds
        archives.put(archive, f"{taken[:10]}-{number}", bounds, pixels=land, taken=taken, gsd=GSD_M)


def _held(url):
    """Give the credentials, links and views that people have now, all of it JSON."""
    held = Held(url)
    links = set(held.images)
    for client in held.clients:
        for area in client.call("GET", "api/area-configs"):
            tiles = client.call("GET", f"api/monitor/image-tiles/area/{area['id']}")
            links |= {tile["imagePath"] for tile in tiles}
    images = {}
    for link in sorted(links):
        status, kind, content = Client(url).load(link)
        images[link] = [status, kind, hashlib.sha256(content).hexdigest()]
    at = datetime.now(UTC).isoformat()
    return {"at": at, "people": list(PEOPLE), "tokens": held.tokens, "seen": held.seen, "images": images}


def sqlite_dump(url):
    with closing(sqlite3.connect(make_url(url).database)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def mysql_dump(url, schema):
    """Write the rows behind the release's own schema, so that any MySQL or MariaDB takes them."""
    place = make_url(url)
    who = {"user": place.username, "password": place.password, "database": place.database, "charset": "utf8mb4"}
    lines = ["SET foreign_key_checks = 0;", schema, ALEMBICS]
    counters = "SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE()"
    with pymysql.connect(host=place.host, port=place.port, **who) as connection, connection.cursor() as cursor:
        cursor.execute(counters)
        for table, counter in sorted(cursor.fetchall()):
            cursor.execute(f"SELECT * FROM {table}")
            names = ", ".join(f"`{column[0]}`" for column in cursor.description)
            slots = ", ".join(["%s"] * len(cursor.description))
            insert = f"INSERT INTO {table} ({names}) VALUES ({slots});"
            lines += [cursor.mogrify(insert, row) for row in cursor.fetchall()]
            if counter:
                lines.append(f"ALTER TABLE {table} AUTO_INCREMENT = {counter};")
    return "\n".join([*lines, "SET foreign_key_checks = 1;"]) + "\n"


if __name__ == "__main__":
    main()
