"""Look after a running system: is it well, what is stuck, try again what died (redrive) or failed (replay).

Without --stage it works on this machine's home; with --stage inside that stage, through its function `operate`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from infra.errors import OperatorError, operator_errors
from infra.ops.show import exit_status, lines
from infra.ops.stage import Stage

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Run one command, print its answer; 1 if something is wrong, or could not be done."""
    options = _parse(arguments)
    try:
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
    where.add_argument("--home", default=".local", type=Path, help="at home: its folder (default %(default)s)")
    where.add_argument("--database", help="at home: an SQLAlchemy URL instead of the home's SQLite file")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="look at everything that a running system needs")
    commands.add_parser("archive", help="account for every file of the archive: used, or why not")
    commands.add_parser("stuck", help="list what has waited too long, and what will happen to it")
    audit = commands.add_parser("audit", help="check the audit log's chain, and name its first broken entry")
    audit.add_argument("--forget-user", type=int, help="instead, forget from where a user did what he did")
    redrive = commands.add_parser("redrive", help="put dead letters back on their queues")
    redrive.add_argument("--yes", action="store_true", help="do it; without, only say how many there are")
    replay = commands.add_parser("replay", help="try again what failed in a session, or its pushes")
    replay.add_argument("session", type=int, help="the session's number")
    replay.add_argument("--tile", help="only this tile of it: z/x/y")
    budget = commands.add_parser("budget", help="what a user spent today, and may; --set changes that")
    budget.add_argument("email", help="the user's e-mail address")
    budget.add_argument(
        "--set", action="append", type=_budget, metavar="KIND=NUMBER", help="tiles=20000; tiles= undoes"
    )
    return parser.parse_args(arguments)


def _budget(text: str) -> tuple[str, int | None]:
    name, _, amount = text.partition("=")
    return name, int(amount) if amount else None


def _command(options: argparse.Namespace) -> dict[str, Any]:
    wanted = {"command": options.command}
    for name in ("yes", "session", "tile", "email", "forget_user"):
        if getattr(options, name, None):
            wanted[name] = getattr(options, name)
    if getattr(options, "set", None):
        wanted["set"] = dict(options.set)
    return wanted


def _on_stage(options: argparse.Namespace, root: Path) -> dict[str, Any]:
    there = os.environ.get("BHUPRAHARI_AWS_ENDPOINT_URL")
    stage = Stage(options.stage, root=root, region=options.region, endpoint_url=there)
    command = _command(options)
    return stage.invoke(command | {"timeouts": stage.timeouts} if options.command == "doctor" else command)


def _at_home(options: argparse.Namespace) -> dict[str, Any]:
    home = options.home.resolve()
    if options.database:
        os.environ["BHUPRAHARI_DATABASE_URL"] = options.database
    elif not os.environ.get("BHUPRAHARI_DATABASE_URL") and not (home / "bhuprahari.db").is_file():
        raise OperatorError(f"nothing was ever started in {options.home}: name its folder with --home, or a --stage")
    os.environ["BHUPRAHARI_HOME"] = str(home)
    os.environ.setdefault("BHUPRAHARI_WORKER", "here")  # its own process works on what this one writes
    os.environ.setdefault("BHUPRAHARI_SAMPLE_CLOCK", str(home / "sample-clock.txt"))

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
        answer: dict[str, Any] = operate(_command(options), LambdaContext("operate", 512, 120_000))
    return answer


if __name__ == "__main__":
    sys.exit(main())
