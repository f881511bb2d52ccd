"""One server without AWS, whole: the real nginx with the shipped site, gunicorn, two workers, a clock, MariaDB."""

import os
import socket
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, func, select, text

from chalicelib.adapters.database.schema.migrate import head
from chalicelib.adapters.database.tables import outbox, session_tiles
from chalicelib.composition import process_ports
from infra.server.__main__ import main
from landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES
from tests.bench.server_load import put_load
from tests.e2e.trip_sample import block_area
from tests.support.databases.copies import REQUIRED
from tests.support.processes import forget
from tests.support.running.stack import HOW_TO_GET_NGINX, NGINX, Stack, make_certificate, verifying
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
    if not NGINX:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"no nginx, and {REQUIRED}=1 demands it: {HOW_TO_GET_NGINX}", pytrace=False)
        pytest.skip(f"no nginx: {HOW_TO_GET_NGINX}")
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
        assert 100 <= statuses.count(400) <= 120 + came_back, "what 6,000 units are worth, in two processes together"
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


def test_fifty_clients_at_once_are_all_answered(stack, owner):
    area = owner.add_area(**block_area(11.2, 76.9, 1, "Asked for"))
    load = put_load(stack, owner, area, clients=50, requests_each=8)
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


def _waiting(engine):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(outbox)).scalar_one()


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["worker"], {"queues_service": "sqs"}, "on a server the database carries the jobs"),
        (["api"], {"database_url": "no address"}, "a server's processes share a MySQL or MariaDB: set "),
        (["worker"], {"database_url": "mysql+pymysql://nobody:secret@127.0.0.1:9/x"}, "the database cannot be used: "),
        (["clock"], {"colour": "blue"}, "there is no setting BHUPRAHARI_COLOUR"),
        (["clock"], {"reconcile_schedule": "hourly"}, "a schedule is rate(N minutes) or cron("),
        (["worker"], {"home": "/dev/null/home"}, "the image folder cannot be written: Not a directory"),
        (["api"], {"secret_link_key": "short"}, "the key of the image links must have at least "),
        (["api"], {"push_service": "fcm"}, "there is no secret firebase-service-account"),
        (["api", "--bind", "nowhere"], {}, "--bind is HOST:PORT or unix:/path, not 'nowhere'"),
        (["api", "--proxies", "the cat"], {}, "--proxies takes addresses or networks with commas: "),
        (["api", "--threads", "0"], {}, "a number from 1 to 256, not '0'"),
    ],
)
def test_what_cannot_start_says_why_in_one_sentence(asked, arguments, settings, sentence):
    code, said, why = asked(arguments, settings)
    assert code in (1, 2)
    assert said == ""
    assert sentence in why
    assert "secret@" not in why
    told = why[why.index("error: ") :] if "usage: " in why else why
    assert len(told.strip().splitlines()) == 1


@pytest.fixture
def asked(monkeypatch, capsys, mysql_url, tmp_path):
    """Give a way to run a command in this process, where anything but its own refusal would be raised."""
    usual = {"home": str(tmp_path), "database_url": mysql_url, "worker": "here", "database_connections": "3"}

    def ask(arguments, settings):
        for name, value in (usual | settings).items():
            monkeypatch.setenv(f"BHUPRAHARI_{name.upper()}", value)
        forget()
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse's own
            code = end.code
        return code, *capsys.readouterr()

    yield ask
    if process_ports.cache_info().currsize and "engine" in vars(process_ports()):  # none, where a setting was refused
        process_ports().engine.dispose()
    monkeypatch.undo()
    forget()


@pytest.fixture
def migrated(mysql_url, tmp_path):
    """Give a server that is not started, with settings of the test's own."""
    return lambda **settings: Stack(tmp_path, settings.pop("database_url", mysql_url), **settings)


def test_a_port_that_is_taken_is_said(migrated):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = migrated().command("api", "--bind", bind)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cannot start: {bind} cannot be used (Address already in use): choose another --bind\n"


def test_an_empty_database_is_not_served(mysql, tmp_path):
    url = mysql.empty(tmp_path)
    stack = Stack(tmp_path, url)
    done = stack.command("api")
    assert (done.returncode, done.stdout) == (1, "")
    needed = f"the database is at revision none and this version needs {head()}: run python -m infra.server migrate\n"
    assert done.stderr == f"cannot start: {needed}"
    assert stack.command("migrate").stdout.endswith(f" is at revision {head()}\n")
    checked = stack.command("check", "--processes", "20", "--certificate", str(tmp_path / "none.pem"))
    assert checked.stdout.endswith("2 to put right\n"), checked.stdout
    assert f"WRONG  certificate  {tmp_path}/none.pem cannot be read: No such file or directory" in checked.stdout
    assert "WRONG  connections  the processes may open too many connections, at most 354 " in checked.stdout
    mysql.done(url)


def test_a_check_without_a_finding_says_so(migrated, tmp_path):
    make_certificate(tmp_path)
    done = migrated().command("check", "--certificate", str(tmp_path / "fullchain.pem"))
    assert "WRONG  certificate  the certificate " in done.stdout, "it lasts for two days: see make_certificate"
    assert done.stdout.count("ok     ") == 7
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "1 to put right")


def test_a_database_that_is_ahead_belongs_to_an_upgrade(migrated, mysql_url):
    """The version before runs on it: while an upgrade is under way, and after it was undone."""
    engine = create_engine(mysql_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    stack = migrated()
    done = stack.command("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f" is at revision 9999, ahead of this version's {head()}: it stays there\n")
    assert "revision 9999\n" in stack.command("check").stdout
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{head()}'"))
    engine.dispose()
