"""One server without AWS, whole: the real nginx with the shipped site, gunicorn, two workers, a clock, MariaDB."""

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, func, make_url, select, text

from chalicelib.adapters.database.schema.migrate import head
from chalicelib.adapters.database.tables import outbox, session_tiles
from landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES
from tests.bench.server_load import people_of, put_load
from tests.e2e.trip_sample import block_area
from tests.support.databases.copies import REQUIRED
from tests.support.databases.mysql_server import SEARCHED
from tests.support.running.client import PROJECT
from tests.support.running.stack import Stack, need_nginx, verifying
from tests.support.timing import wait_until

SETTINGS = {"capture_schedule": "rate(1 day)", "compare_wait_s": 0, "lease_s": 15}
VILLAGE = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.25)


@pytest.fixture(scope="module")
def database(mysql, tmp_path_factory):
    url = mysql.empty(tmp_path_factory.getbasetemp())
    yield url
    mysql.done(url)


@pytest.fixture(scope="module")
def stack(database, tmp_path_factory):
    """Give the running server, on a database that its own command migrated."""
    need_nginx()
    folder = tmp_path_factory.mktemp("server")
    clock, targets = folder / "sample-clock.txt", "/topics/bhuprahari"
    with Stack(folder, database, sample_clock=clock, fcm_default_targets=targets, **SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def owner(stack):
    return stack.client()


@pytest.fixture
def engine(database):
    made = create_engine(database)
    yield made
    made.dispose()


def let_it_be(stack, day):
    (stack.folder / "sample-clock.txt").write_text(str((day - datetime.now(UTC).date()).days))


def test_the_trip_goes_over_https(stack, owner):
    let_it_be(stack, DEMO_DATES[0])
    place = {"centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON, "provider": "sample"}
    area = owner.add_area(name="A village", **place, **VILLAGE)
    first = owner.supervise_now(area["id"])
    assert first["countsByVerdict"] == {"BASELINE": first["tilesPlanned"]}
    let_it_be(stack, DEMO_DATES[1])
    second = owner.supervise_now(area["id"])
    assert second["status"] == "COMPLETED_CHANGES_DETECTED", second
    assert second["failures"] == []
    for alert in second["alert_details"]:
        pictures = [owner.load(alert[f"{which}ImagePath"]) for which in ("previous", "current", "overlay")]
        assert {(picture.status_code, picture.headers["Content-Type"]) for picture in pictures} == {(200, "image/png")}
        assert len({picture.content for picture in pictures}) == 3
        assert all(picture.content.startswith(b"\x89PNG") for picture in pictures)
    link = owner.image_url(second["alert_details"][0]["currentImagePath"])
    with verifying(str(stack.certificate)) as bare:
        assert bare.get(link[:-1] + ("0" if link[-1] != "0" else "1"), timeout=30).status_code == 403
    wait_until(lambda: [push["status"] for push in owner.call("GET", "pushes")] == ["SENT"], within_s=30)
    assert owner.supervise_now(area["id"])["countsByVerdict"] == {"NO_NEW_IMAGERY": first["tilesPlanned"]}
    assert len(owner.call("GET", "pushes")) == 1
    log = stack.log.read_text()
    assert log.count('"message": "push recorded"') == 1
    assert "signature=" not in log + (stack.folder / "error.log").read_text(), "a link opens an image: it is no log's"


def test_a_users_limit_holds_over_all_processes_and_no_header_passes_it_by(stack, owner):
    greedy = stack.client(email="greedy@example.org")
    path, body = f"{stack.url}/api/area-configs/estimate", {"centerLat": "no number"}
    began, statuses = time.monotonic(), []
    with verifying(str(stack.certificate)) as bare:
        bare.headers["Authorization"] = greedy.http.headers["Authorization"]
        for number in range(200):
            forged = {"X-Forwarded-For": f"192.0.2.{number}"}
            answer = bare.post(path, json=body, headers=forged, timeout=30)
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                break
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["message"].startswith("too many requests: try again in ")
        came_back = 2 * (time.monotonic() - began)  # an estimate costs 50 units, of 100 a second
        assert 25 <= statuses.count(400) <= 30 + came_back, "what 1,500 units are worth, in two processes together"
        assert bare.post(f"{stack.url}/api/auth/login;x", json=body, timeout=30).status_code == 400
    assert owner.call("GET", "auth/me")["email"], "the others go on"


REFUSALS = [
    ("GET", "/api/nowhere", 404, None),
    ("GET", "//elsewhere/api/health", 404, None),
    ("PUT", "/api/auth/me", 405, None),
    ("POST", "/api/auth/login", 415, b"plain words"),
    ("POST", "/api/auth/login", 413, b"x" * 290 * 1024),  # nginx lets it pass, the app does not
    ("POST", "/api/auth/login", 413, b"x" * 400 * 1024),  # nginx does not
    ("GET", "/api/auth/me", 401, None),
]


def refused(stack, bare, method, path, status, body):
    """Hold a refusal to the shape that all have, whoever refuses."""
    kind = "text/plain" if status == 415 else "application/json"
    answer = bare.request(method, stack.url + path, data=body, headers={"Content-Type": kind}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), path
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail", "message", "errors"} <= problem.keys()
    assert len(problem["instance"]) == 32, "the id that nginx gave it"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_edge_does_what_an_edge_does(stack, owner):
    with verifying(str(stack.certificate)) as bare:
        moved = bare.get(f"http://localhost:{stack.http}/console", allow_redirects=False, timeout=30)
        assert (moved.status_code, moved.headers["Location"]) == (301, "https://localhost/console")
        head = bare.head(f"{stack.url}/api/health", timeout=30)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["Content-Length"]) == len(bare.get(f"{stack.url}/api/health", timeout=30).content)
        page = bare.get(f"{stack.url}/console/index.html", timeout=30)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Content-Encoding"] == "gzip"
        assert bare.options(f"{stack.url}/api/area-configs", timeout=30).status_code == 204
        me = bare.get(f"{stack.url}/api/auth/me", headers=owner.http.headers, timeout=30)
        assert "Content-Encoding" not in me.headers
        assert len(me.headers["X-Request-Id"]) == 32
        for refusal in REFUSALS:
            refused(stack, bare, *refusal)
        # Nobody guesses passwords for long.
        body = {"email": "nobody@example.org", "password": "a guess too many"}
        answers = [bare.post(f"{stack.url}/api/auth/refresh", json=body, timeout=30) for _ in range(15)]
        assert {answer.status_code for answer in answers} <= {400, 429}
        too_many = next(answer for answer in answers if answer.status_code == 429)
        assert too_many.headers["Retry-After"] == "60"
        assert too_many.json()["message"] == "too many tries from this address: wait a minute"
        assert bare.get(f"{stack.url}/api/health", timeout=30).status_code == 200, "the rest goes on"


def test_a_version_that_nginx_weakened_by_compressing_it_is_one_to_change(stack, owner):
    where = {"centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON, "provider": "sample"} | VILLAGE
    place = owner.add_area(name="Versions", **where)
    path = f"{stack.url}/api/area-configs/{place['id']}"
    for name, version in (("Once", 1), ("Twice", 2)):
        shown = owner.http.get(path, headers={"Accept-Encoding": "gzip"}, timeout=30)
        assert (shown.headers["Content-Encoding"], shown.headers["ETag"]) == ("gzip", f'W/"{version}"')
        headers = {"If-Match": shown.headers["ETag"]}
        changed = owner.http.patch(path, json={"name": name}, headers=headers, timeout=30)
        assert (changed.status_code, changed.json()["version"]) == (200, version + 1), changed.text
        late = owner.http.patch(path, json={"name": "Late"}, headers=headers, timeout=30)
        assert (late.status_code, late.headers["ETag"].removeprefix("W/")) == (412, f'"{version + 1}"')
    owner.http.delete(path, timeout=30)


def test_fifty_clients_of_ten_people_at_once_are_all_answered(stack):
    load = put_load(stack, people_of(stack), clients=50, requests_each=8)
    print(load)
    assert set(load.statuses) == {200, 201}


def test_a_kill_and_a_restart_lose_no_job(stack, owner, engine):
    area = owner.add_area(**block_area(26.4, 80.3, 4, "Quiet"))
    assert area["tiles"] == 16
    begun = owner.call("POST", f"monitor/capture/{area['id']}")["session"]
    path = f"alerts/sessions/{begun['id']}/details"
    wait_until(lambda: owner.call("GET", path)["tilesDone"] >= 1, within_s=60)
    stack.kill("worker-1")
    assert stack.stop(within_s=60) == {"api": 0, "worker-2": 0, "clock": 0}
    with engine.connect() as connection:
        left = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
    assert left, "the test must cut a sweep short, not wait for its end"
    with verifying(str(stack.certificate)) as bare:
        away = bare.get(f"{stack.url}/api/health", timeout=30)
        assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
        assert away.json()["message"] == "the server starts again: try once more"
    stack.start_app()
    stack.wait_until_up()
    wait_until(lambda: owner.call("GET", path)["status"] != "IN_PROGRESS", within_s=120, every_s=0.2)
    after = owner.call("GET", path)
    assert after["failures"] == []
    assert after["countsByVerdict"] == {"BASELINE": 16}
    assert after["tilesDone"] == after["tilesPlanned"] == 16
    tiles = owner.call("GET", f"monitor/image-tiles/area/{area['id']}")
    assert len({tile["uniqueKey"] for tile in tiles}) == len(tiles) == 16, "each picture was stored once"
    with engine.connect() as connection:
        runs = connection.execute(select(session_tiles).where(session_tiles.c.session_id == begun["id"])).all()
        assert len({(run.z, run.x, run.y) for run in runs}) == len(runs) == 16
    wait_until(lambda: _waiting(engine) == 0, within_s=60)


@pytest.fixture
def scripts(mysql_tools, stack, database, tmp_path):
    """Give a way to run the server's own commands, as its root would."""
    url = make_url(database)
    folder = tmp_path / "bin"
    folder.mkdir()
    login = f"--host={url.host} --port={url.port} --user={url.username} --password={url.password}"
    for tool in mysql_tools:
        (folder / tool).write_text(f'#!/bin/sh\nexec {shutil.which(tool, path=SEARCHED)} --no-defaults {login} "$@"\n')
    (folder / "bhuprahari").write_text(
        f'#!/bin/sh\ncd {PROJECT}\n[ "$1" = ops ] || exec {sys.executable} -m infra.server "$@"\n'
        f'shift; exec {sys.executable} -m infra.ops --home {stack.home} "$@"\n'
    )
    for path in folder.iterdir():
        path.chmod(0o755)
    whole = stack.environment | {"PATH": f"{folder}:{os.environ['PATH']}", "OWNER": f"{os.getuid()}:{os.getgid()}"}

    def ops(*arguments):
        command = [sys.executable, "-m", "infra.ops", "--home", str(stack.home), *map(str, arguments)]
        done = subprocess.run(command, cwd=PROJECT, env=whole, capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout, done.stderr

    return ops


@pytest.fixture
def mysql_tools():
    tools = ("mariadb", "mariadb-dump")
    if not all(shutil.which(tool, path=SEARCHED) for tool in (*tools, "rsync", "flock")):
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"no MariaDB with its tools, and {REQUIRED}=1 demands it", pytrace=False)
        pytest.skip("no MariaDB with its tools: apt-get install mariadb-server rsync")
    return tools


def areas_of(owner):
    return [area["id"] for area in owner.call("GET", "area-configs/")]


def test_a_server_is_backed_up_while_it_runs_goes_back_and_is_upgraded(stack, owner, engine, scripts, tmp_path):
    """Runs last: what people did after the backup is gone then, and they are signed in as they were."""
    to = tmp_path / "backups"
    to.mkdir()
    kept = areas_of(owner)
    code, said, why = scripts("backup", to)
    assert (code, why) == (0, "")
    (made,) = to.glob("[0-9]*")
    assert said.startswith(f"backed up to {made}: ")
    assert scripts("verify", made)[0] == 0
    after = owner.add_area(**block_area(11.2, 77.4, 1, "After the backup"))["id"]
    assert areas_of(owner) != kept
    assert stack.stop(within_s=60).keys() == {"api", "worker-1", "worker-2", "clock"}
    code, _, why = scripts("restore", made)
    assert (code, "is in use: say --yes to put the backup in its place" in why) == (1, True)
    code, said, why = scripts("restore", made, "--yes")
    assert (code, why) == (0, ""), why
    code, said, why = scripts("upgrade", to)
    assert (code, why) == (0, ""), why
    assert said.startswith("upgraded; its backup is ")
    stack.start_app()
    stack.wait_until_up()
    assert areas_of(owner) == kept, "whoever was signed in still is"
    assert after not in kept
    assert scripts("verify")[:2] == (0, "all that is stored agrees\n")
    area = owner.add_area(**block_area(11.2, 77.4, 1, "After the restore"))["id"]
    assert owner.supervise_now(area)["status"] == "COMPLETED_NO_CHANGES"


def test_an_upgrade_of_a_server_that_fails_is_taken_back(stack, owner, engine, scripts, tmp_path):
    to = tmp_path / "backups"
    to.mkdir()
    kept = owner.add_area(**block_area(11.4, 77.6, 1, "Before the upgrade"))["id"]
    assert stack.stop(within_s=60)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))  # of no release
    code, _, why = scripts("upgrade", to)
    assert (code, "did not come out well, and all is as it was" in why) == (1, True)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0000"
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})
    stack.start_app()
    stack.wait_until_up()
    assert kept in areas_of(owner)


def _waiting(engine):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(outbox)).scalar_one()
