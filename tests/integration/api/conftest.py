import shutil

import pytest

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import to_head
from tests.support.api_server import Server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """Give a database file at head, to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("api") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    to_head(engine)
    engine.dispose()
    return path


@pytest.fixture
def server_with(tmp_path, migrated):
    """Give a way to make the API on a fresh database, with ports that the test gives and settings that it says."""
    made = []

    def make(**settings):
        copy = shutil.copy(migrated, tmp_path / f"bhuprahari-{len(made)}.db")
        made.append(Server(f"sqlite:///{copy}", **settings))
        return made[-1]

    yield make
    for server in made:
        server.engine.dispose()


@pytest.fixture
def server(server_with):
    """Give the API on a fresh database, with the settings of home."""
    return server_with()


@pytest.fixture
def asha(server):
    return server.user()


@pytest.fixture
def badri(server):
    return server.user("badri@example.org")
