import logging
import shutil

import pytest

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.migrate import to_head
from tests.api_server import Server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """Give a database file at head, to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("api") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    to_head(engine)
    engine.dispose()
    return path


@pytest.fixture
def server(tmp_path, monkeypatch, migrated):
    """Give the API on a fresh database; every part of its world is plugged in at the sockets."""
    handlers = logging.getLogger().handlers[:]
    made = Server(shutil.copy(migrated, tmp_path / "bhuprahari.db"), monkeypatch.setattr)
    logging.getLogger().handlers[:] = handlers  # importing the app takes them over, as a Lambda wants it
    yield made
    made.engine.dispose()


@pytest.fixture
def asha(server):
    return server.user()


@pytest.fixture
def badri(server):
    return server.user("badri@example.org")
