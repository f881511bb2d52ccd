"""Bring a home to this version of the program: back it up, migrate it, check it, or put it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from infra.errors import OperatorError
from infra.ops.backup import back_up
from infra.ops.backups import DATABASE, held, rows_of, state_of
from infra.ops.restore import put_database_back


def upgrade(home: Path, to: Path, *, migrate: Callable[[], str]) -> str:
    """Upgrade a home that does not run, and say to which revision. Raises OperatorError, and then it is as it was.

    `migrate` returns the revision that it reached, once the new code has read all that is stored.
    """
    if not (home / DATABASE).is_file():
        raise OperatorError(f"there is no home in {home}: nothing was ever started there")
    with held(home / "worker.lock", otherwise=f"{home} is running: stop it first, and start it again afterwards"):
        before = state_of(home / DATABASE)
        backup, _ = back_up(home, to)
        try:
            after = migrate()
            _check(home / DATABASE, backup / DATABASE, after)
        except BaseException as error:
            put_database_back(backup, home)
            what = f"the home is at revision {before} again, as it was; its backup is {backup}"
            raise OperatorError(f"the upgrade did not come out well ({error}): {what}") from error
    return f"upgraded {home} from revision {before} to {after}; its backup is {backup}"


def _check(database: Path, backup: Path, reached: str) -> None:
    """Hold a migrated database against the one of before. Raises OperatorError."""
    if state_of(database) != reached:
        raise OperatorError(f"the database is not at revision {reached}")
    now = rows_of(database)
    for table, count in rows_of(backup).items():
        if now.get(table, count) < count:  # a table that went is a contraction's
            raise OperatorError(f"of {count} rows of {table} there are {now[table]}")
