import logging

import pytest

from tests.api_server import Server


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Give the API on a fresh database; every part of its world is plugged in at the sockets."""
    handlers = logging.getLogger().handlers[:]
    made = Server(tmp_path, monkeypatch.setattr)
    logging.getLogger().handlers[:] = handlers  # importing the app takes them over, as a Lambda wants it
    yield made
    made.engine.dispose()


@pytest.fixture
def asha(server):
    return server.user()


@pytest.fixture
def badri(server):
    return server.user("badri@example.org")
