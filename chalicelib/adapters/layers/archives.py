"""Zip files that people give, unpacked within bounds: no member leaves its folder, none grows without end."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from chalicelib.domain.errors import Invalid

MOST_MEMBERS = 500
MOST_RATIO = 200  # of what is unpacked to what was packed: text packs to a twentieth, a bomb to a thousandth
_READ = 2**20
_BOMB = "this zip file unpacks to far more than a layer has: it looks like a bomb"
_SLACK = 2**20  # bytes below which no ratio is looked at


def members(content: bytes, *, most_bytes: int) -> dict[str, bytes]:
    """Return the members of a zip file by their names, folders left out. Raises Invalid.

    What it says of itself is believed as far as it is refused for it: what is unpacked is counted. Nothing is written.
    """
    try:
        return _members(content, most_bytes)
    except (
        zipfile.BadZipFile,
        EOFError,
        ValueError,
        NotImplementedError,
        OSError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise Invalid(f"this zip file is damaged: {error}") from error


def _members(content: bytes, most_bytes: int) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        wanted = [each for each in archive.infolist() if not each.is_dir()]
        if len(wanted) > MOST_MEMBERS:
            raise Invalid(f"this zip file has {len(wanted)} members; at most {MOST_MEMBERS} are unpacked")
        found: dict[str, bytes] = {}
        left = min(most_bytes, max(_SLACK, len(content) * MOST_RATIO))
        if sum(member.file_size for member in wanted) > left:
            raise Invalid(_BOMB)
        for member in wanted:
            _check(member)
            unpacked = _unpacked(archive, member, left)
            left -= len(unpacked)
            found[member.filename] = unpacked
        return found


def _check(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in member.filename or "\0" in member.filename:
        raise Invalid(f"this zip file has a member that would leave its folder: {member.filename[:80]!r}")
    if member.flag_bits & 0x1:
        raise Invalid("this zip file is encrypted: pack it without a password")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    parts: list[bytes] = []
    left = most
    with archive.open(member) as stream:
        while part := stream.read(min(_READ, left + 1)):
            left -= len(part)
            if left < 0:
                raise Invalid(_BOMB)
            parts.append(part)
    return b"".join(parts)
