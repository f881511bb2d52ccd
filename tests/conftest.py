"""The fixtures for databases, and the account that both engines were tested alike.

`database_url`        a fresh database at head; the test runs once on SQLite and once on MySQL
`engine`              the product's engine on it
`empty_database_url`  a fresh database without a table, for the tests of the migrations themselves
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.exc import SQLAlchemyError

from tests.support.databases.copies import GIVEN, REQUIRED, MySqlDatabases, NoServer, SqliteDatabases, migrate
from tests.support.databases.mysql_server import HOW_TO_GET_ONE
from tests.support.running.containers import NOT_RUN

ENGINES = ("sqlite", "mysql")
FIXTURES = ("database_url", "empty_database_url")
SKIPPED = "MYSQL HALF SKIPPED"

# How long an example takes, or is drawn, is the machine's: on a busy one a plain sum took more than Hypothesis' 200 ms.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(scope="session")
def databases(tmp_path_factory):
    """Give the databases of an engine by its name, started when first asked for."""
    started = {}

    def start(name):
        if name == "sqlite":
            return SqliteDatabases(tmp_path_factory.mktemp(name), migrate)
        return MySqlDatabases(migrate, os.environ.get(GIVEN))

    def of(name):
        if name not in started:
            try:
                started[name] = start(name)
            except (
                NoServer,
                RuntimeError,
                SQLAlchemyError,
            ) as trouble:  # every test of this engine says so; not one of them waits for it again
                started[name] = trouble
        if isinstance(started[name], Exception):
            raise started[name]
        return started[name]

    yield of
    for each in started.values():
        if not isinstance(each, Exception):
            each.close()


@pytest.fixture(params=ENGINES)
def database_url(request, databases, tmp_path):
    source = _source(request, databases)
    url = source.migrated(tmp_path)
    yield url
    source.done(url)


@pytest.fixture(params=ENGINES)
def empty_database_url(request, databases, tmp_path):
    source = _source(request, databases)
    url = source.empty(tmp_path)
    yield url
    source.done(url)


@pytest.fixture(scope="session")
def mysql(databases):
    """Give the MySQL half's databases, for what SQLite has no counterpart of."""
    try:
        return databases("mysql")
    except NoServer as lack:
        _refuse(lack)


@pytest.fixture
def mysql_url(mysql, tmp_path):
    """Give a fresh database at head, on MySQL only."""
    url = mysql.migrated(tmp_path)
    yield url
    mysql.done(url)


@pytest.fixture
def engine(database_url):
    from chalicelib.adapters.database.engine import make_engine

    made = make_engine(database_url)
    yield made
    made.dispose()


def _source(request, databases):
    try:
        source = databases(request.param)
    except NoServer as lack:
        _refuse(lack)
    request.node.user_properties.append(("product", source.product))
    return source


def _refuse(lack):
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{lack}, and {REQUIRED}=1 demands it: {HOW_TO_GET_ONE}", pytrace=False)
    pytest.skip(SKIPPED)


def pytest_collection_modifyitems(items):
    """Mark every database test with its engine; the mark travels with its reports, also between processes."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        item.user_properties += [("database", parameters[name]) for name in FIXTURES if name in parameters]


class Account:
    """How many database tests ran and passed on each engine."""

    def __init__(self, reports):
        self.ran, self.passed, self.products, self.skipped = Counter(), Counter(), {}, 0
        self.names = {name: set() for name in ENGINES}
        for report in reports:
            properties = dict(getattr(report, "user_properties", ()))
            name = properties.get("database")
            if name is None:
                continue
            self.products[name] = properties.get("product", self.products.get(name))
            self.ran[name] += report.when == "setup"
            if report.when == "call" and report.passed:
                self.passed[name] += 1
                self.names[name].add(report.nodeid)
            self.skipped += report.when == "setup" and report.skipped and SKIPPED in str(report.longrepr)

    def __str__(self):
        mysql = self.products.get("mysql") or "MySQL"
        return f"database tests: {self.passed['sqlite']} on SQLite, {self.passed['mysql']} on {mysql}"

    def only(self):
        """Name the tests that passed on one engine only."""
        sides = [{test.replace(f"[{name}", "[") for test in self.names[name]} for name in ENGINES]
        return "".join(f"\n  {test}" for test in sorted(sides[0] ^ sides[1]))

    @property
    def uneven(self):
        """Did one engine see more tests, or pass more, than the other?"""
        return any(counts["sqlite"] != counts["mysql"] for counts in (self.ran, self.passed))


def pytest_configure(config):
    config.pluginmanager.register(Bookkeeper(), "database-account")


class Bookkeeper:
    """Collects every report and tells the sum at the end."""

    def __init__(self):
        self.reports = []

    def pytest_runtest_logreport(self, report):
        self.reports.append(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput"):
            return  # a worker of pytest-xdist sees only its share
        account = Account(self.reports)
        if account.uneven and not account.skipped and not _narrowed(session) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        for report in self.reports:
            if report.skipped and NOT_RUN in str(report.longrepr):
                terminalreporter.section(str(report.longrepr[2]), sep="!", red=True, bold=True)
        account = Account(self.reports)
        if not account.ran:
            return
        if account.skipped:
            terminalreporter.section(f"{SKIPPED}: {account.skipped} TESTS DID NOT RUN", sep="!", red=True, bold=True)
            terminalreporter.line(f"No MySQL server was found ({GIVEN} is not set). To run this half:")
            terminalreporter.line(HOW_TO_GET_ONE)
        elif account.uneven:
            terminalreporter.line(f"The engines were not tested alike: see the two counts.{account.only()}", red=True)
        terminalreporter.line(str(account), bold=True)


def _narrowed(session):
    """Was only part of the suite asked for, so that the counts need not agree?"""
    options = session.config.option
    named = any("::" in argument for argument in session.config.args)
    return bool(named or options.keyword or session.shouldstop or session.shouldfail)
