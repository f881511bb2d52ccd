"""What keeps a server's processes from starting is said in one sentence."""

import socket

import pytest
from sqlalchemy import create_engine, text

from chalicelib.adapters.database.schema.migrate import head
from chalicelib.composition import process_ports
from infra.server.__main__ import main
from tests.support.processes import forget
from tests.support.running.stack import Stack, make_certificate


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
