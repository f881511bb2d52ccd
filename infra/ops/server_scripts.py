"""The same commands on a server, whose database and images its own scripts know best: infra/server/*.sh."""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from infra.errors import OperatorError
from infra.ops.backups import sha256_of

SUMS = "SHA256SUMS"
SCRIPTS = Path(__file__).resolve().parents[1] / "server"


def run(options: argparse.Namespace, *, url: str, home: Path) -> str:
    """Run a command's script, which prints, and return its last line. Raises OperatorError with its own words."""
    try:
        database = make_url(url)
    except ArgumentError as error:
        raise OperatorError("the database's URL cannot be read") from error
    if not database.drivername.startswith("mysql"):
        raise OperatorError("a database file elsewhere is no home: name the home's folder with --home alone")
    given = [str(getattr(options, name).resolve()) for name in ("to", "backup") if getattr(options, name, None)]
    if getattr(options, "yes", False):
        given.append("--yes")
    where = {"BHUPRAHARI_HOME": str(home), "DATABASE": str(database.database), "BHUPRAHARI_DATABASE_URL": url}
    command = [str(SCRIPTS / f"{options.command}.sh"), *given]
    done = subprocess.run(command, env=os.environ | where, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
        raise OperatorError(words[-1].removeprefix(f"{options.command}.sh: "))
    return done.stdout.strip().splitlines()[-1]


def check_sums(folder: Path) -> str:
    """Read a server's backup whole and hold each file against its hash. Raises OperatorError, with the first wrong."""
    sums = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    for line in sums:
        kept, _, name = line.partition("  ")
        try:
            is_whole = sha256_of(folder / name) == kept
        except OSError:
            is_whole = False
        if not is_whole:
            raise OperatorError(f"the backup {folder} is damaged: {name} is not what was written; use another one")
    return f"{folder} is whole: {len(sums)} files"
