"""Bring the database of the settings to the newest schema, and make the images' folder: python -m infra.migrate."""

import sys
from contextlib import suppress

from chalicelib.composition import process_ports
from chalicelib.domain.errors import Unavailable
from infra.errors import OperatorError, operator_errors


def main() -> int:
    """Migrate, and print the new revision or what stands in the way."""
    try:
        with operator_errors():
            ports = process_ports()
            print(f"{ports.engine.url.render_as_string()} is at revision {ports.migrate()}")
            with suppress(Unavailable):  # its images may be on another machine: whoever needs them says so
                ports.made_images()
    except OperatorError as error:
        print(f"cannot migrate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
