"""`make bench-queries` asks every route of the app, a new one too, or names it: a command that nobody runs breaks."""

import pytest

from chalicelib.api import place_export
from chalicelib.api.openapi import APIS
from tests.bench import queries


@pytest.fixture
def printed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(queries, "TIMES", 1)
    monkeypatch.setattr(place_export, "MOST_PLACES", 3)  # of six: a full database has more than one file holds
    queries.measure(f"sqlite:///{tmp_path / 'small.db'}", 60)
    return capsys.readouterr().out


def test_every_route_is_asked_or_named(printed):
    routes = [
        f"{route.method} {route.path}" for api in APIS for route in api.routes if route.name not in queries.NOT_ASKED
    ]
    asked = [line for line in printed.splitlines() if " statements " in line]
    (named,) = [line for line in printed.splitlines() if line.startswith("not asked")]
    of = {
        each: any(line.startswith(f"{each} ") for line in asked) + (each in named.split(": ")[1].split(", "))
        for each in routes
    }
    assert {each: count for each, count in of.items() if count != 1} == {}
    assert sum(line.startswith("tick: ") for line in asked) > 10
