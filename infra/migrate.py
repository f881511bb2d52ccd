"""Bring the database of the settings to the newest schema: python -m infra.migrate."""

import sys

from sqlalchemy.exc import SQLAlchemyError

from chalicelib import wiring
from chalicelib.adapters.database.migrate import to_head


def main() -> int:
    """Migrate, and say where to, or what stands in the way."""
    try:
        engine = wiring.engine()
        print(f"{engine.url.render_as_string()} is at revision {to_head(engine)}")
    except (SQLAlchemyError, TimeoutError, ModuleNotFoundError) as error:  # a driver that is not installed
        print(f"cannot migrate: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
