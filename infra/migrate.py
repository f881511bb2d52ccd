"""Bring the database of the settings to the newest schema, and make the images' folder: python -m infra.migrate."""

import sys

from chalicelib.composition import process_ports
from infra.errors import OperatorError, operator_errors


def main() -> int:
    """Migrate, and print the new revision or what stands in the way."""
    try:
        with operator_errors():
            ports = process_ports()
            print(f"{ports.engine.url.render_as_string()} is at revision {ports.migrate()}")
            if not ports.has_database_server:  # a server makes it as it starts: its images may be on another machine
                ports.made_images()
    except OperatorError as error:
        print(f"cannot migrate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
