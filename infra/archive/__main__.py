"""Look at an archive of images, and add to it: python -m infra.archive check [PLACE], … add FILE… --date DAY.

`check` lists every file that lies there: used, or why not and what to do. Needs no database. The exit status is 1 where
a file is not used that should be, 2 where the archive cannot be looked at.

`add` puts pictures into an archive: each as a GeoTIFF that is read by window, with the item that says when it was
taken, and a small one to look at. The exit status is 1 where one was not added.
"""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.adapters.imagery.dates import FILE
from chalicelib.domain.archives import FileUse, Use, summary
from infra.archive.adding import add
from infra.archive.bar import Bar
from infra.archive.places import Folder, check_said, place_at
from infra.archive.plan import Wanted, planned
from infra.archive.times import time_taken
from infra.errors import OperatorError, operator_errors
from infra.ops.show import file_lines


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands."""
    options = _parser().parse_args(arguments)
    logging.getLogger("chalicelib").addHandler(logging.NullHandler())  # what is printed says what the log would
    return _check(options) if options.command == "check" else _add(options)


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m infra.archive", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="list each file: used, or why not and what to do")
    check.add_argument("place", nargs="?", default="", help="a folder or s3://bucket/prefix (default: the settings')")
    check.add_argument("--json", action="store_true", help="as JSON, for machines")
    more = commands.add_parser("add", help="put pictures into an archive, with their items")
    more.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what GDAL reads: GeoTIFF, JPEG 2000, PNG …")
    more.add_argument("--date", default="", help="when they were taken: 2024-03-01, or 2024-03-01T05:30:00Z")
    more.add_argument("--name", default="", help="of the picture and its item (default: the file's)")
    more.add_argument("--to", default="", help="a folder or s3://bucket/prefix (default: the settings')")
    more.add_argument("--crs", default="", help="where neither the file nor a .prj says it: EPSG:32645")
    more.add_argument("--attribution", default="", help="whose picture it is, as users see it")
    return parser


def _check(options: argparse.Namespace) -> int:
    try:
        uses = _inventory(options.place)
    except OperatorError as error:
        print(f"cannot look at it: {error}", file=sys.stderr)
        return 2
    files = [asdict(_to_type(each, options.place)) for each in uses]
    if options.json:
        print(json.dumps({"files": files, "summary": summary(uses)}, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*file_lines(files), summary(uses)]))
    return int(any(each.use is Use.NOT_USED for each in uses))


def _inventory(place: str) -> list[FileUse]:
    from chalicelib.composition import Ports
    from chalicelib.settings import settings

    with operator_errors():
        check_said(place)
        if place and "://" not in place and not Path(place).is_dir():
            raise OperatorError(f"there is no folder {place}")
        return Ports(settings()).archive(place).inventory(now=datetime.now(UTC))


def _to_type(use: FileUse, asked: str) -> FileUse:
    """Let what is to be typed name the file where it lies, if on this machine, and the archive that was asked for.

    What `add` would refuse there is not offered: its words stand in the place of the command.
    """
    from chalicelib.settings import settings

    place = asked or settings().providers.archive
    to = f" --to {shlex.quote(asked)}" if asked else ""
    if f" add {FILE} " not in use.remedy:
        return use
    if "://" in place:
        return replace(use, remedy=use.remedy.replace(f" add {FILE} ", f" add {FILE}{to} "))
    file = Path(place) / use.name
    try:
        with operator_errors():
            planned(Wanted(file=file), Folder(Path(place)))
    except OperatorError as refused:
        return replace(use, remedy=f"`add` does not take it: {refused}")
    return replace(use, remedy=use.remedy.replace(f" add {FILE} ", f" add {shlex.quote(str(file))}{to} "))


def _add(options: argparse.Namespace) -> int:
    from chalicelib.composition import Ports
    from chalicelib.settings import settings

    if options.name and len(options.files) > 1:
        print("nothing was added: --name is for one file, and several are named as their files are", file=sys.stderr)
        return 1
    twice = [name for name, count in Counter(file.stem for file in options.files).items() if count > 1]
    if twice:
        says = f"several of them would be called {twice[0]}: add each alone, with --name"
        print(f"nothing was added: {says}", file=sys.stderr)
        return 1
    try:
        with operator_errors():
            ports = Ports(settings())
            place = place_at(options.to or ports.settings.providers.archive, ports.aws_client)
            date = time_taken(options.date, now=datetime.now(UTC)) if options.date else None
    except OperatorError as error:
        print(f"nothing was added: {error}", file=sys.stderr)
        return 1
    refused = 0
    for file in options.files:
        wanted = Wanted(
            file=file,
            name=options.name,
            date=date,
            crs=options.crs,
            attribution=options.attribution,
            to=options.to,
        )
        try:
            with operator_errors(), Bar(file.name) as bar:
                says = add(wanted, place, bar)
        except OperatorError as error:
            print(f"not added: {file}: {error}", file=sys.stderr)
            refused += 1
        else:
            print(says)
    return int(refused > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped: nothing half lies in the archive.")
