"""A backup of a home: a folder with the database, its images, the keys, and a manifest that knows each file's hash."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from chalicelib.adapters.database.schema.migrate import head
from chalicelib.adapters.images.keys import is_storable
from infra.errors import OperatorError

FORMAT = 1
MANIFEST, DATABASE, IMAGES, SECRETS = "manifest.json", "bhuprahari.db", "images", "secrets"
PART = 1 << 20
NAMING = {  # by column of keys, the one with the hash of the object's bytes: NULL where the row has none
    "image_tiles": {"object_key": "sha256", "bands_key": "bands_sha256"},
    "captures": {"object_key": "sha256", "bands_key": "bands_sha256"},
    "alert_details": {"mask_key": "NULL", "overlay_key": "NULL"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself.

    `files` are hashes by the path inside it; `missing` are images that the home did not have as its rows say.
    """

    made_at: str
    revision: str
    files: dict[str, str]
    missing: list[str]
    format: int = FORMAT

    def text(self) -> str:
        """Return it as it is written, with a hash of its own."""
        body = asdict(self)
        return json.dumps(body | {"sha256": _hash_of(body)}, indent=1, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest. Raises OperatorError if it is none, is damaged, or of a newer version."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OperatorError(f"there is no backup in {folder}: it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise OperatorError(f"the backup {folder} is damaged: its {MANIFEST} cannot be read ({error})") from error
    if isinstance(found, dict) and isinstance(found.get("format"), int) and found["format"] > FORMAT:
        raise OperatorError(f"the backup {folder} was made by a newer version of this program: install that one first")
    kept = found.pop("sha256", None) if isinstance(found, dict) else None
    if kept is None or kept != _hash_of(found):
        raise OperatorError(f"the backup {folder} is damaged: its {MANIFEST} is not what was written")
    manifest = Manifest(**found)
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in manifest.files):
        raise OperatorError(f"the backup {folder} is damaged: it names files that are not in it")
    if manifest.revision > head():
        newer = f"its database is at revision {manifest.revision}, this version knows {head()}"
        raise OperatorError(f"the backup {folder} is of a newer version ({newer}): install that one first")
    return manifest


def check(folder: Path) -> Manifest:
    """Read a whole backup and hold it against its manifest. Raises OperatorError, with the first file that is wrong."""
    manifest = read_manifest(folder)
    for path, kept in manifest.files.items():
        try:
            now = sha256_of(folder / path)
        except OSError as error:
            raise OperatorError(
                f"the backup {folder} is damaged: {path} cannot be read ({error.strerror}); use another one"
            ) from error
        if now != kept:
            raise OperatorError(f"the backup {folder} is damaged: {path} is not what was written; use another one")
    return manifest


def named_images(database: Path) -> dict[str, str | None]:
    """Return the keys of the objects that a database's rows name, with the hash of their bytes where a row has one."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        found: dict[str, str | None] = {}
        for table, columns in NAMING.items():
            there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}  # fewer in an old home
            for column, of_hash in columns.items():
                if column not in there:
                    continue
                for key, kept in connection.execute(f"SELECT {column}, {of_hash} FROM {table}"):  # noqa: S608 (ours)
                    if key is not None and is_storable(key):
                        found[key] = kept or found.get(key)
        return found


def state_of(database: Path) -> str:
    """Return the revision of a whole database file. Raises OperatorError for one that is not whole, or of no home."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            (says,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if says != "ok":
                raise OperatorError(f"the database {database.name} is damaged: {says}")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise OperatorError(f"the database {database.name} is no whole database of a home: {error}") from error
    return str(revision)


def rows_of(database: Path) -> dict[str, int]:
    """Return how many rows each table of a database file has."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        ours = [name for name in names if not name.startswith("sqlite_")]
        return {name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in ours}  # noqa: S608 (its own names)


def sha256_of(path: Path) -> str:
    """Return a file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def held(path: Path, *, otherwise: str) -> Iterator[IO[bytes]]:
    """Hold a lock file as long as this goes on. Raises OperatorError with that sentence if somebody else does."""
    with path.open("ab") as file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise OperatorError(otherwise) from None
        yield file


def _hash_of(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
