"""Put a backup in the place of a home, and bring a home to this version of the program, or back."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.adapters.images.folder import MARK
from chalicelib.adapters.private_home import FOLDERS, OURS
from infra.errors import OperatorError
from infra.ops.backups import DATABASE, Manifest, check, held, sha256_of, state_of


def restore(backup: Path, home: Path, *, is_meant: bool) -> str:
    """Put a backup in the place of a home that does not run, and say where that one lies. Raises OperatorError.

    The home is made whole beside its place and read back first: until then nothing of the one of before is touched.
    """
    manifest = check(backup)
    is_there = home.exists() and any(home.iterdir())
    if is_there:
        foreign = sorted({path.name for path in home.iterdir()} - {*OURS, *FOLDERS})
        if foreign:
            raise OperatorError(f"{foreign[0]} in {home} is not of a home: move it out, or restore into another --home")
        if not is_meant:
            raise OperatorError(f"{home} is in use: say --yes to put the backup in its place; it is kept beside it")
    try:
        os.umask(0o077)
        home.mkdir(parents=True, exist_ok=True)
        with held(home / "worker.lock", otherwise=f"{home} is running: stop it first"):
            new = home.with_name(f"{home.name}.restoring")
            shutil.rmtree(new, ignore_errors=True)
            try:
                _copy(backup, new, manifest)
                kept = _exchange(new, home) if is_there else _replace(new, home)
            except BaseException:
                shutil.rmtree(new, ignore_errors=True)
                raise
    except OSError as error:
        raise OperatorError(
            f"the backup cannot be restored to {home}: {error.strerror or error}; the home of before is as it was"
        ) from error
    return f"restored {backup.name} to {home}" + (f"; what was there is in {kept}" if kept else "")


def put_database_back(backup: Path, home: Path) -> None:
    """Put a backup's database in the place of the home's, in one step; the images stay, as nothing has run since."""
    new = home / f"{DATABASE}.restoring"
    shutil.copyfile(backup / DATABASE, new)
    new.chmod(0o600)
    _sync(new)
    for name in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (home / name).unlink(missing_ok=True)
    new.replace(home / DATABASE)


def _copy(backup: Path, new: Path, manifest: Manifest) -> None:
    for name, kept in manifest.files.items():
        target = new / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(backup / name, target)  # no link: the home's files are its own
        _sync(target)
        if sha256_of(target) != kept:
            raise OperatorError(f"{name} did not arrive as it is in the backup: is the disk well?")
    (new / "images").mkdir(exist_ok=True, mode=0o700)
    (new / "images" / MARK).touch(mode=0o600)
    state_of(new / DATABASE)


def _exchange(new: Path, home: Path) -> Path:
    kept = home.with_name(f"{home.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    home.rename(kept)
    try:
        new.rename(home)
    except OSError:
        kept.rename(home)
        raise
    return kept


def _replace(new: Path, home: Path) -> None:
    shutil.rmtree(home)  # empty, but for the lock
    new.rename(home)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
