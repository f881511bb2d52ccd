"""What a guard is, and where the product's rooms are."""

from __future__ import annotations

from typing import NamedTuple

DB = "chalicelib.adapters.database"
APPLICATION = "chalicelib.application"
DOMAIN = "chalicelib.domain"
ONE_WRITER = "SQLite has one writer at a time; tests/integration/test_races.py catches it on MySQL"


class Guard(NamedTuple):
    """A guard: `old` in the source of `target` becomes `new`; without `old`, the target itself does."""

    name: str
    module: str
    target: str
    old: str | None
    new: object
    hidden: str = ""  # why this simulation cannot see it
