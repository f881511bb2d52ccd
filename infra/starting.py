"""What stands in the way of a start, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chalicelib.composition import Ports
from chalicelib.domain.errors import DomainError
from chalicelib.domain.jobs import Queue

DATABASE_PACKAGES = ("sqlalchemy", "pymysql", "alembic")


class CannotStart(Exception):
    """Something stands in the way, and the message says what to do."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what settings, database, image store and secrets raise into CannotStart; anything else is a defect."""
    try:
        yield
    except (DomainError, OSError, ValueError) as error:
        raise CannotStart(str(error)) from error
    except Exception as error:
        is_of_database = type(error).__module__.partition(".")[0] in DATABASE_PACKAGES
        if not is_of_database and not isinstance(error, ModuleNotFoundError):  # a driver that is not installed
            raise
        raise CannotStart(f"the database cannot be used: {str(error).splitlines()[0]}") from error


def queues_of(ports: Ports) -> Mapping[str, Queue]:
    """Return each queue by its name."""
    return {name: queue for queue, name in ports.queue_names.items()}
