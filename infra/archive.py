"""Look at an archive of images: python -m infra.archive check [FOLDER or s3://bucket/prefix].

Lists every file that lies there: used, or why not and what to do. Needs no database. The exit status is 1 where a file
is not used that should be, 2 where the archive cannot be looked at.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.domain.archives import FileUse, Use, summary
from infra.errors import OperatorError, operator_errors
from infra.ops.show import file_lines


def main(arguments: list[str] | None = None) -> int:
    """Check an archive and print its inventory."""
    parser = argparse.ArgumentParser(prog="python -m infra.archive", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="list each file: used, or why not and what to do")
    check.add_argument("place", nargs="?", default="", help="a folder or s3://bucket/prefix (default: the settings')")
    check.add_argument("--json", action="store_true", help="as JSON, for machines")
    options = parser.parse_args(arguments)
    logging.getLogger("chalicelib").addHandler(logging.NullHandler())  # its table says what the log would
    try:
        uses = _inventory(options.place)
    except OperatorError as error:
        print(f"cannot look at it: {error}", file=sys.stderr)
        return 2
    files = [asdict(each) for each in uses]
    if options.json:
        print(json.dumps({"files": files, "summary": summary(uses)}, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*file_lines(files), summary(uses)]))
    return int(any(each.use is Use.NOT_USED for each in uses))


def _inventory(place: str) -> list[FileUse]:
    from chalicelib.composition import Ports
    from chalicelib.settings import settings

    with operator_errors():
        if place and "://" not in place and not Path(place).is_dir():
            raise OperatorError(f"there is no folder {place}")
        return Ports(settings()).archive(place).inventory(now=datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
