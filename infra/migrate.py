"""Bring the database of the settings to the newest schema: python -m infra.migrate."""

import sys

from chalicelib import wiring
from chalicelib.adapters.database.migrate import to_head
from infra.starting import CannotStart, one_sentence


def main() -> int:
    """Migrate, and say where to, or what stands in the way."""
    try:
        with one_sentence():
            engine = wiring.engine()
            print(f"{engine.url.render_as_string()} is at revision {to_head(engine)}")
    except CannotStart as error:
        print(f"cannot migrate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
