"""What a server's operator runs on the database: the user's grants, a backup, its restore. On MariaDB."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pymysql
import pytest
import yaml
from sqlalchemy import create_engine, func, insert, select, text

from chalicelib.adapters.database.schema.migrate import head
from chalicelib.adapters.database.tables import users
from tests.support.databases.copies import GIVEN, REQUIRED
from tests.support.databases.mysql_server import SEARCHED, find_server, start_server
from tests.support.running.stack import Stack

PARTS = Path(__file__).resolve().parents[2] / "infra" / "server"
TOOLS = [shutil.which(name, path=SEARCHED) for name in ("mariadb", "mariadb-dump", "rsync")]
A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ASHA = {"email": "asha@example.org", "email_key": "asha@example.org", "password_hash": "x"}


@pytest.fixture
def server():
    """Give a MariaDB of this test's own, whose root signs in through the socket, as on Debian."""
    program = find_server()
    if os.environ.get(GIVEN) or not program or not all(TOOLS):
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"no MariaDB with its tools, and {REQUIRED}=1 demands it: apt-get install mariadb-server rsync")
        pytest.skip("no MariaDB with its tools: apt-get install mariadb-server rsync")
    started = start_server(program)
    yield started
    started.stop()


@pytest.fixture
def as_root(server, tmp_path):
    """Give an environment in which `mariadb` is root's, and a way to run the server's scripts in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("mariadb", "mariadb-dump"):
        path = folder / tool
        path.write_text(f'#!/bin/sh\nexec {shutil.which(tool)} --socket={server.folder}/s --user=root "$@"\n')
        path.chmod(0o755)
    whole = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "OWNER": f"{os.getuid()}:{os.getgid()}"}

    def run(script, *arguments, given=None, **settings):
        command = ["mariadb"] if script == "mariadb" else [str(PARTS / script), *map(str, arguments)]
        environment = whole | {name: str(value) for name, value in settings.items()}
        done = subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


def test_the_user_may_do_what_the_server_needs_and_nothing_else(server, as_root, tmp_path):
    script = (PARTS / "database.sql").read_text()
    before = "GRANT SELECT, CREATE, ALTER, DROP ON bhuprahari.* TO 'bhuprahari'@'127.0.0.1';"  # by an earlier release
    for password in ("first", 'it\'s "second"'):
        quoted = password.replace("'", "''")
        assert as_root("mariadb", given=f"SET @password = '{quoted}';\n{script}") == (0, "", "")
        assert as_root("mariadb", given=before) == (0, "", "")
    given = f"SET @migration_password = '{quoted}';\n{script}"
    assert as_root("mariadb", given=given) == (0, "", ""), "the other password stays what it is"
    at = f"it%27s%20%22second%22@127.0.0.1:{server.port}/bhuprahari"
    stack = Stack(tmp_path, f"mysql+pymysql://bhuprahari:{at}")
    assert "denied" in stack.command("migrate").stderr
    migrating = Stack(tmp_path, f"mysql+pymysql://bhuprahari_migrate:{at}")
    assert migrating.command("migrate").stdout.endswith(f" is at revision {head()}\n")
    assert stack.command("migrate").stdout.endswith(f" is at revision {head()}\n"), "there is nothing to do"
    checked = stack.command("check")
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert checked.stdout.endswith("nothing stands in the way\n")
    who = {"host": "127.0.0.1", "port": server.port, "user": "bhuprahari", "password": password}
    with pymysql.connect(**who, database="bhuprahari") as connection, connection.cursor() as cursor:
        beyond = ("CREATE DATABASE other", "SELECT user FROM mysql.user", "CREATE USER 'x'@'localhost'")
        tables = ("CREATE TABLE x (id INT)", "ALTER TABLE users ADD x INT", "DROP TABLE users", "TRUNCATE users")
        for forbidden in (*beyond, *tables, "CREATE INDEX x ON users (created_at)"):
            with pytest.raises(pymysql.MySQLError, match="denied"):
                cursor.execute(forbidden)


WHOLE = "GRANT ALL PRIVILEGES ON `bhuprahari`.* TO 'bhuprahari'@'%';\n"  # as the image of the database made its user


@pytest.mark.parametrize("before", ["", f"CREATE USER 'bhuprahari'@'%' IDENTIFIED BY 'old';\n{WHOLE}"])
def test_in_containers_who_serves_changes_no_table_and_who_migrates_does(before, tmp_path):
    program = find_server()
    if os.environ.get(GIVEN) or not program:
        pytest.skip("no server of the test's own")
    made = _made_by_the_container(tmp_path, DATABASE_PASSWORD="one", MIGRATION_PASSWORD="two")
    started = start_server(program, sql=f"CREATE DATABASE IF NOT EXISTS bhuprahari;\n{before}{made}")
    try:
        at = f"@127.0.0.1:{started.port}/bhuprahari"
        serving = Stack(tmp_path, f"mysql+pymysql://bhuprahari:one{at}")
        assert "denied" in serving.command("migrate").stderr
        migrating = Stack(tmp_path, f"mysql+pymysql://bhuprahari_migrate:two{at}")
        assert migrating.command("migrate").stdout.endswith(f" is at revision {head()}\n")
        who = {"host": "127.0.0.1", "port": started.port, "user": "bhuprahari", "password": "one"}
        with pymysql.connect(**who) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW GRANTS")
            granted = [row[0].partition(" ON ")[0] for row in cursor.fetchall() if "`bhuprahari`.*" in row[0]]
        assert granted == ["GRANT SELECT, INSERT, UPDATE, DELETE"]
    finally:
        started.stop()


def _made_by_the_container(folder, **passwords):
    """Run what the database's container runs before its server; give the SQL that it starts the server with."""
    service = yaml.safe_load((PARTS / "compose.yaml").read_text())["services"]["database"]
    for name, says in (("chown", "exit 0"), ("docker-entrypoint.sh", 'echo "$@"')):
        (folder / name).write_text(f"#!/bin/sh\n{says}\n")
        (folder / name).chmod(0o755)
    shell, option, script = service["command"]
    mounted = {"/database.sql": PARTS / "database.sql", "/tmp/users.sql": folder / "users.sql"}
    for there, here in mounted.items():
        assert there in script
        script = script.replace(f" {there}", f" {here}")
    given = {"PATH": f"{folder}:{os.environ['PATH']}"} | passwords
    command = [shell, option, script.replace("$$", "$")]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mariadbd --init-file=/tmp/users.sql --character-set-server=utf8mb4 "), done.stdout
    assert (folder / "users.sql").stat().st_mode & 0o777 == 0o600
    return (folder / "users.sql").read_text()


def test_a_backup_brings_back_what_was_there(server, as_root, tmp_path):
    url = server.make("kept")
    home, to = tmp_path / "home", tmp_path / "backups"
    stack = Stack(tmp_path, url)
    assert stack.command("migrate").returncode == 0
    where = {"BHUPRAHARI_HOME": home, "DATABASE": "kept"}
    code, _, why = as_root("backup.sh", to, **where)
    assert (code, why) == (1, f"backup.sh: there is no folder {to}: make it, mode 700\n")
    (home / "images" / "1").mkdir(parents=True)
    (home / "images" / "1" / "a.png").write_bytes(b"picture")
    to.mkdir()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(users).values(**ASHA, created_at=A_MOMENT, updated_at=A_MOMENT))
    first = _backed_up(as_root("backup.sh", to, **where))
    (home / "images" / "1" / "b.png").write_bytes(b"newer")
    second = _again(as_root, to, where, first)
    same = [folder / "images" / "1" / "a.png" for folder in (first, second)]
    assert same[0].stat().st_ino == same[1].stat().st_ino, "a picture that both have is stored once"
    with engine.begin() as connection:
        connection.execute(users.delete())
    (home / "images" / "1" / "a.png").unlink()
    code, _, why = as_root("restore.sh", first, **where)
    assert (code, why) == (1, "restore.sh: the database kept is in use: say --yes to put the backup in its place\n")
    code, said, why = as_root("restore.sh", first, "--yes", **where)
    assert (code, why) == (0, ""), why
    assert said.startswith(f"restored from {first}")
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(users)).scalar_one() == 1
    assert [path.name for path in (home / "images" / "1").iterdir()] == ["a.png"]
    assert same[0].read_bytes() == b"picture", "the backup is still whole"
    code, _, why = as_root("restore.sh", tmp_path / "nowhere", **where)
    assert (code, why) == (1, f"restore.sh: there is no backup in '{tmp_path}/nowhere': ls /var/backups/bhuprahari\n")
    engine.dispose()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"), reason="root and setpriv")
def test_a_backup_needs_no_more_of_roots_rights_than_its_unit_leaves_it(server, as_root, tmp_path):
    unit = (PARTS / "systemd" / "bhuprahari-backup.service").read_text()
    kept = re.search(r"^CapabilityBoundingSet=(.+)$", unit, re.MULTILINE)[1].lower().replace("cap_", "").split()
    server.make("kept")
    home, to = tmp_path / "home", tmp_path / "backups"
    (home / "images" / "1").mkdir(parents=True)
    (home / "images" / "1" / "a.png").write_bytes(b"picture")
    (home / "secrets").mkdir()
    (home / "secrets" / "token-keys").write_text("{}")
    for path in (home, *home.rglob("*")):
        os.chown(path, 4711, 4711)
        path.chmod(0o700 if path.is_dir() else 0o600)
    to.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    where = {"BHUPRAHARI_HOME": home, "DATABASE": "kept"}

    def held(rights):
        few = ",".join(["-all", *(f"+{name}" for name in rights)])
        script = tmp_path / "held.sh"
        script.write_text(f'#!/bin/sh\nexec setpriv --bounding-set={few} --inh-caps=-all {PARTS}/backup.sh "$@"\n')
        script.chmod(0o755)
        return as_root(script, to, **where)

    first = _backed_up(held(kept))
    for part in (first / "images" / "1" / "a.png", first / "secrets" / "token-keys"):
        assert (part.stat().st_uid, part.stat().st_mode & 0o777) == (4711, 0o600)
    assert held([])[0] != 0, "without them it says so"
    assert [path for path in to.iterdir() if not path.name.startswith(".")] == [first]


def test_only_the_newest_backups_are_kept(server, as_root, tmp_path):
    server.make("kept")
    to = tmp_path / "backups"
    for day in ("20260101-000000", "20260102-000000", "20260103-000000"):
        (to / day).mkdir(parents=True)
    home = tmp_path / "home"
    home.mkdir()
    made = _backed_up(as_root("backup.sh", to, 2, BHUPRAHARI_HOME=home, DATABASE="kept"))
    assert sorted(path.name for path in to.glob("[0-9]*")) == ["20260103-000000", made.name]


@pytest.fixture
def backed_up(server, as_root, tmp_path):
    """Give a server with two users and an image, and a backup of it that has one of the users."""
    engine = create_engine(server.make("kept"))
    stack = Stack(tmp_path, engine.url.render_as_string(hide_password=False))
    assert stack.command("migrate").returncode == 0
    home, to = tmp_path / "home", tmp_path / "backups"
    (home / "images" / "1").mkdir(parents=True)
    (home / "images" / "1" / "a.png").write_bytes(b"picture")
    to.mkdir()
    where = {"BHUPRAHARI_HOME": home, "DATABASE": "kept"}
    row = {"created_at": A_MOMENT, "updated_at": A_MOMENT, "password_hash": "x"}
    with engine.begin() as connection:
        connection.execute(insert(users).values(**row, email="a@example.org", email_key="a@example.org"))
    made = _backed_up(as_root("backup.sh", to, **where))
    with engine.begin() as connection:
        connection.execute(insert(users).values(**row, email="b@example.org", email_key="b@example.org"))
    yield made, home, engine, where
    engine.dispose()


def _users(engine):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(users)).scalar_one()


@pytest.mark.parametrize("name", ["database.sql.gz", "images/1/a.png", "SHA256SUMS"])
def test_a_damaged_backup_is_not_restored_and_nothing_is_touched(backed_up, as_root, name):
    made, home, engine, where = backed_up
    with (made / name).open("r+b") as file:
        file.seek(5)
        file.write(b"!!!!")
    code, _, why = as_root("restore.sh", made, "--yes", **where)
    assert code == 1
    assert why.startswith(f"restore.sh: the backup {made} is damaged: ")
    assert _users(engine) == 2
    assert (home / "images" / "1" / "a.png").read_bytes() == b"picture"
    assert sorted(path.name for path in home.iterdir()) == ["images"]


def test_a_backup_of_a_newer_version_is_not_restored(backed_up, as_root, tmp_path):
    _, _, engine, where = backed_up
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = _again(as_root, tmp_path / "backups", where, None)
    code, _, why = as_root("restore.sh", newer, "--yes", **where)
    assert code == 1
    assert "is of a newer version (its database is at revision 9999, this version knows " in why
    assert _users(engine) == 2


def test_a_backup_inside_the_home_is_refused(backed_up, as_root):
    _, home, _, where = backed_up
    (home / "backups").mkdir()
    code, _, why = as_root("backup.sh", home / "backups", **where)
    assert (code, "lies in" in why) == (1, True)
    assert not list((home / "backups").glob("[0-9]*"))


def _backed_up(answer):
    code, said, why = answer
    assert (code, why) == (0, "")
    return Path(said.removeprefix("backed up to ").rpartition(": ")[0])


def _again(as_root, to, where, first):
    """Back up once more, in another second: the folders are named after it."""
    while True:
        code, said, why = as_root("backup.sh", to, **where)
        if code == 0 and (made := _backed_up((code, said, why))) != first:
            return made
