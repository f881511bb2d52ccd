"""The one error of the operator's commands, which print its sentence and end with status 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.domain.errors import DomainError

DATABASE_PACKAGES = ("sqlalchemy", "pymysql", "alembic")


class OperatorError(Exception):
    """Something stands in the way, and the message says what to do about it."""


@contextmanager
def operator_errors() -> Iterator[None]:
    """Turn what settings, database, image store and secrets raise into OperatorError; anything else is a defect."""
    try:
        yield
    except (DomainError, OSError, ValueError) as error:
        raise OperatorError(str(error)) from error
    except Exception as error:
        is_of_database = type(error).__module__.partition(".")[0] in DATABASE_PACKAGES
        if not is_of_database and not isinstance(error, ModuleNotFoundError):  # a driver that is not installed
            raise
        raise OperatorError(f"the database cannot be used: {str(error).splitlines()[0]}") from error
