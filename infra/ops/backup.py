"""Back up a home while it runs: the database by SQLite's own backup, the images that its rows name, and the keys."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from infra.errors import OperatorError
from infra.ops.backups import (
    DATABASE,
    IMAGES,
    MANIFEST,
    PART,
    SECRETS,
    Manifest,
    check,
    held,
    named_images,
    read_manifest,
    sha256_of,
    state_of,
)

TRIES = 5  # a home that deletes areas all the time
SPARE_BYTES = 16 << 20
BESIDE = ("sample-clock.txt",)  # small files of a home that are worth keeping


def back_up(home: Path, to: Path) -> tuple[Path, Manifest]:
    """Back up a home into a new folder of `to`, read it back whole, and return it. Raises OperatorError.

    The folder has its name once all of it was written and read back; what was cut short is removed by the next backup.
    """
    if not (home / DATABASE).is_file():
        raise OperatorError(f"there is no home in {home}: nothing was ever started there")
    if to.resolve() == home.resolve() or home.resolve() in to.resolve().parents:
        raise OperatorError(f"{to} lies in the home: a backup there goes when the home does; name another folder")
    try:
        os.umask(0o077)
        to.mkdir(mode=0o700, exist_ok=True)
        with held(to / ".lock", otherwise=f"another backup is being written to {to}: wait for its end"):
            for left in to.glob("*.part"):
                shutil.rmtree(left)
            now = datetime.now(UTC)
            made = to / f"{now:%Y%m%d-%H%M%S-%f}"
            return made, _write(home, to, made, now)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OperatorError(
                f"the disk of {to} is full: the backup was not kept; make room, or use another"
            ) from error
        raise OperatorError(f"the backup cannot be written to {to}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise OperatorError(f"the home's database cannot be read: {error}") from error


def _write(home: Path, to: Path, made: Path, now: datetime) -> Manifest:
    part = made.with_name(f"{made.name}.part")
    part.mkdir(mode=0o700)
    try:
        files, missing = _copy_all(home, part, _last(to))
        revision = state_of(part / DATABASE)
        manifest = Manifest(made_at=now.isoformat(), revision=revision, files=files, missing=missing)
        _put(part / MANIFEST, manifest.text().encode())
        check(part)
        _synced(part)
        part.rename(made)
        _synced(to)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return manifest


def _copy_all(home: Path, part: Path, last: tuple[Path, Manifest] | None) -> tuple[dict[str, str], list[str]]:
    """Copy the database, then what its rows name; return the files' hashes, and what is not stored as its row says.

    An image that came later is left out. One that went meanwhile is looked for again by what the rows name by then.
    """
    files: dict[str, str] = {}
    images: dict[str, str | None] = {}
    missing: set[str] = set()
    for _ in range(TRIES):
        _copy_database(home / DATABASE, part / DATABASE)
        images = named_images(part / DATABASE)
        wanted = sorted(images.keys() - _images_of(files))
        _make_room(home, part, wanted, last)
        before, missing = missing, {key for key in wanted if not _copy_image(home, part, key, files, last)}
        if missing <= before:
            break
    for key in _images_of(files) - images.keys():  # deleted between two looks
        (part / IMAGES / key).unlink()
        del files[f"{IMAGES}/{key}"]
    unlike = {key for key in images.keys() - missing if images[key] not in (None, files[f"{IMAGES}/{key}"])}
    files[DATABASE] = sha256_of(part / DATABASE)
    secrets = sorted((home / SECRETS).glob("*"))
    for path in (*secrets, *(home / name for name in BESIDE)):
        if path.is_file():
            name = path.relative_to(home).as_posix()
            files[name] = _put(part / name, path.read_bytes())
    return files, sorted(missing | unlike)


def _images_of(files: dict[str, str]) -> set[str]:
    return {name.removeprefix(f"{IMAGES}/") for name in files if name.startswith(f"{IMAGES}/")}


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database that is written to meanwhile: one moment of it, whole."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source, timeout=60)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)  # in one step: a writer meanwhile would have it begin anew, without end
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, and nothing beside it


def _copy_image(home: Path, part: Path, key: str, files: dict[str, str], last: tuple[Path, Manifest] | None) -> bool:
    """Copy one image, or link that of the last backup: an image never changes. Return whether it is stored at all."""
    name, target = f"{IMAGES}/{key}", part / IMAGES / key
    target.parent.mkdir(parents=True, exist_ok=True)
    if last is not None and name in last[1].files and (home / name).is_file():
        with contextlib.suppress(OSError):  # a disk without links, or one that lost the file: copied
            if sha256_of(last[0] / name) == last[1].files[name]:
                os.link(last[0] / name, target)
                files[name] = last[1].files[name]
                return True
    try:
        files[name] = _put(target, (home / name).read_bytes())
    except FileNotFoundError:
        return False
    return True


def _make_room(home: Path, part: Path, wanted: list[str], last: tuple[Path, Manifest] | None) -> None:
    known = last[1].files if last is not None else {}
    new = [home / IMAGES / key for key in wanted if f"{IMAGES}/{key}" not in known]
    needed = sum(path.stat().st_size for path in new if path.is_file()) + SPARE_BYTES
    free = shutil.disk_usage(part).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed >> 20} MiB are needed, {free >> 20} are free")


def _last(to: Path) -> tuple[Path, Manifest] | None:
    """Return the newest backup that can be read, whose images are linked."""
    for folder in sorted((path for path in to.glob("[0-9]*-[0-9]*") if path.is_dir()), reverse=True):
        try:
            return folder, read_manifest(folder)
        except OperatorError:
            continue
    return None


def _put(path: Path, content: bytes) -> str:
    """Write a file through to the disk and return its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for start in range(0, len(content), PART):
            file.write(content[start : start + PART])
        file.flush()
        os.fsync(file.fileno())
    return sha256_of(path)


def _synced(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
