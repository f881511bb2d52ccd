"""Look after a running system: is it well, what is stuck, try again what died or failed; back it up, and go back.

Without --stage it works on this machine's home; with --stage inside that stage, through its function `operate`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.errors import OperatorError, operator_errors
from infra.ops.show import exit_status, lines
from infra.ops.stage import Stage

DIGITS = 18  # of a number that is no mistake
FILES = ("backup", "restore", "upgrade")
ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Run one command, print its answer; 1 if something is wrong, or could not be done."""
    options = _parse(arguments)
    try:
        if options.command in FILES or (options.command == "verify" and options.backup):
            print(_with_files(options))
            return 0
        answer = _on_stage(options, root) if options.stage else _at_home(options)
    except OperatorError as error:
        print(f"cannot do that: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines(answer)))
    return exit_status(answer)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.ops", description=__doc__)
    where = parser.add_argument_group("where")
    where.add_argument("--stage", help="a deployed stage of .chalice/config.json, with your AWS credentials")
    where.add_argument("--region", help="the stage's region (default: your AWS profile's)")
    where.add_argument("--home", default=".local", type=_folder, help="at home: its folder (default %(default)s)")
    where.add_argument("--database", help="at home: an SQLAlchemy URL instead of the home's SQLite file")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="look at everything that a running system needs")
    commands.add_parser("archive", help="account for every file of the archive: used, or why not")
    verify = commands.add_parser("verify", help="recount what always holds of what is stored, or read a backup whole")
    verify.add_argument("backup", nargs="?", type=_folder, help="a backup's folder; without it, what is live")
    backup = commands.add_parser("backup", help="back up a home while it runs, or a server's database and images")
    backup.add_argument("to", type=_folder, help="the folder in which each backup gets a folder of its own")
    restore = commands.add_parser("restore", help="put a backup in the place of a home, which is kept beside it")
    restore.add_argument("backup", type=_folder, help="the backup's folder")
    restore.add_argument("--yes", action="store_true", help="also where something is already")
    upgrade = commands.add_parser("upgrade", help="back up, migrate and check, or back to where it was")
    upgrade.add_argument("to", type=_folder, help="the folder for the backup")
    commands.add_parser("stuck", help="list what has waited too long, and what will happen to it")
    audit = commands.add_parser("audit", help="check the audit log's chain, and name its first broken entry")
    audit.add_argument("--noted", metavar="NUMBER:HASH", help="and that it goes on from the end that was noted then")
    audit.add_argument("--forget-user", type=int, help="instead, forget from where a user did what he did")
    redrive = commands.add_parser("redrive", help="put dead letters back on their queues")
    redrive.add_argument("--yes", action="store_true", help="do it; without, only say how many there are")
    replay = commands.add_parser("replay", help="try again what failed in a session, or its pushes")
    replay.add_argument("session", type=int, help="the session's number")
    replay.add_argument("--tile", help="only this tile of it: z/x/y")
    remove = commands.add_parser("remove-user", help="remove a user, with everything that was ever his")
    remove.add_argument("email", help="the user's e-mail address")
    remove.add_argument("--yes", action="store_true", help="do it; without, only say who that is")
    budget = commands.add_parser("budget", help="what a user spent today, and may; --set changes that")
    budget.add_argument("email", help="the user's e-mail address")
    budget.add_argument(
        "--set", action="append", type=_budget, metavar="KIND=NUMBER", help="tiles=70000; area_tiles= undoes"
    )
    return parser.parse_args(arguments)


def _budget(text: str) -> tuple[str, int | None]:
    name, says, amount = text.partition("=")
    if not says or (amount and not (amount.isascii() and amount.isdigit() and len(amount) <= DIGITS)):
        raise argparse.ArgumentTypeError(f"a budget is KIND=NUMBER, or KIND= for everybody's, and not '{text}'")
    return name, int(amount) if amount else None


def _folder(text: str) -> Path:
    if not text.strip():  # a variable of the shell that holds nothing: it would be the folder that one is in
        raise argparse.ArgumentTypeError("name a folder: this one has no name")
    return Path(text)


def _command(options: argparse.Namespace) -> dict[str, Any]:
    wanted = {"command": options.command}
    for name in ("yes", "session", "tile", "email", "forget_user", "noted"):
        if getattr(options, name, None) is not None:
            wanted[name] = getattr(options, name)
    if getattr(options, "set", None):
        wanted["set"] = dict(options.set)
    return wanted


def _on_stage(options: argparse.Namespace, root: Path) -> dict[str, Any]:
    there = os.environ.get("BHUPRAHARI_AWS_ENDPOINT_URL")
    stage = Stage(options.stage, root=root, region=options.region, endpoint_url=there)
    command = _command(options)
    if options.command == "verify":
        return _verified(stage.invoke)
    return stage.invoke(command | {"timeouts": stage.timeouts} if options.command == "doctor" else command)


def _verified(ask: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Ask for one part of a verification after another, until there is none left; return what all of them found."""
    cursor: str | None = ""
    broken: list[dict[str, str]] = []
    left = 0
    while cursor is not None:
        answer = ask({"command": "verify", "cursor": cursor})
        if "refused" in answer:
            return answer
        broken, left, cursor = broken + answer["broken"], left + answer["left"], answer["next"]
    return {"broken": broken, "left": left}


def _with_files(options: argparse.Namespace) -> str:
    """Carry out what works on files, and so on this machine alone. Raises OperatorError."""
    if options.stage:
        raise OperatorError("a stage is backed up by AWS: docs/restore.md says how to go back")
    from infra.ops.server_scripts import SUMS, check_sums, run

    home = options.home.resolve()
    if options.command == "verify" and (options.backup / SUMS).is_file():
        return check_sums(options.backup)
    url = options.database or os.environ.get("BHUPRAHARI_DATABASE_URL", "")
    if url and options.command != "verify":
        return run(options, url=url, home=home)
    from infra.ops.backup import back_up
    from infra.ops.backups import check
    from infra.ops.restore import restore
    from infra.ops.upgrade import upgrade

    if options.command == "backup":
        made, manifest = back_up(home, options.to.resolve())
        missing = f"; {len(manifest.missing)} images are not as their rows say: see `verify`" * bool(manifest.missing)
        return f"backed up to {made}: {len(manifest.files)} files, read back{missing}"
    if options.command == "restore":
        return restore(options.backup.resolve(), home, is_meant=options.yes)
    if options.command == "upgrade":
        return upgrade(home, options.to.resolve(), migrate=lambda: _migrated(home))
    found = check(options.backup.resolve())
    return f"{options.backup} is whole: {len(found.files)} files of {found.made_at}, revision {found.revision}"


def _migrated(home: Path) -> str:
    """Migrate a home, read all of it with this code, and return the revision reached."""
    os.environ["BHUPRAHARI_HOME"] = str(home)
    from chalicelib.composition import process_ports

    with operator_errors():
        ports = process_ports()
        try:
            reached = ports.migrate()
            ports.made_images()
            cursor: str | None = ""
            while cursor is not None:
                broken, cursor = ports.verifier.part(cursor, now=ports.clock())
                for each in broken:
                    print(f"BROKEN  {each.rule}: {each.says}", file=sys.stderr)
        finally:
            ports.engine.dispose()  # nothing holds the file any more, whatever becomes of it
    return reached


def _at_home(options: argparse.Namespace) -> dict[str, Any]:
    home = options.home.resolve()
    if options.database:
        os.environ["BHUPRAHARI_DATABASE_URL"] = options.database
    elif not os.environ.get("BHUPRAHARI_DATABASE_URL") and not (home / "bhuprahari.db").is_file():
        raise OperatorError(f"nothing was ever started in {options.home}: name its folder with --home, or a --stage")
    os.environ["BHUPRAHARI_HOME"] = str(home)
    os.environ.setdefault("BHUPRAHARI_WORKER", "here")  # its own process works on what this one writes
    os.environ.setdefault("BHUPRAHARI_SAMPLE_CLOCK", str(home / "sample-clock.txt"))
    if not os.environ.get("BHUPRAHARI_DATABASE_URL"):  # a home of `make run`, not a server's
        os.environ.setdefault("BHUPRAHARI_DEFAULT_PROVIDER", "sample")

    from chalice.local import LambdaContext

    from chalicelib import logs
    from chalicelib.adapters.private_home import make_private
    from chalicelib.functions.operate import operate
    from chalicelib.settings import settings

    with operator_errors():
        chosen = settings()
    os.umask(0o077)
    try:
        make_private(home)
        kept = (home / "log.jsonl").open("a", buffering=1, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"the log in {options.home} cannot be written: {error.strerror}") from error
    logs.configure(chosen.process.log_level, kept, stage=chosen.process.stage)
    with operator_errors():
        context = LambdaContext("operate", 512, 120_000)
        if options.command == "verify":
            return _verified(lambda command: operate(command, context))
        answer: dict[str, Any] = operate(_command(options), context)
    return answer


if __name__ == "__main__":
    sys.exit(main())
