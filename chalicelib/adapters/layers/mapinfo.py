"""MapInfo's character sets: what a table says of its texts, which of its columns are texts, and whose turning they are.

GDAL turns texts of the sets that it knows to UTF-8, and leaves those of others as they are; whoever says an encoding
would have them turned twice.
"""

from __future__ import annotations

import re
from itertools import accumulate

_SAYS = re.compile(rb'(charset\s+"?)([\w.-]{1,40})', re.IGNORECASE)
_COLUMN = re.compile(
    rb"^\s+\S.*?\s(char|decimal|integer|smallint|largeint|float|date|time|datetime|logical)\b[^;\n]*;\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = 4096  # bytes: what follows is the land
_WINDOWS = {
    "latin1": "cp1252",
    "latin2": "cp1250",
    "cyrillic": "cp1251",
    "greek": "cp1253",
    "turkish": "cp1254",
    "hebrew": "cp1255",
    "arabic": "cp1256",
    "balticrim": "cp1257",
    "vietnamese": "cp1258",
    "thai": "cp874",
    "japanese": "cp932",
    "simpchinese": "cp936",
    "korean": "cp949",
    "tradchinese": "cp950",
}


def without_charset(head: bytes) -> tuple[bytes, str]:
    r"""Return the head of a table with a set by which GDAL leaves texts as they are, and what its own is called.

    >>> without_charset(b'Version 300\nCharset "WindowsLatin1"')
    (b'Version 300\nCharset "Neutral"', 'cp1252')
    >>> without_charset(b"!table\\n!charset Neutral")[1]
    ''
    """
    said = _SAYS.search(head, 0, _HEAD)
    neutral = _SAYS.sub(rb"\1Neutral", head[:_HEAD]) + head[_HEAD:]
    return neutral, "" if said is None else _python_of(said[2].decode("ascii"))


def texts_of_table(head: bytes, table: bytes) -> bytes:
    """Return what is text in the rows of a table: its numbers are no letters of any character set.

    `head` is the .tab, which says what is in a column; `table` the .dat, which says how wide it is. All of the rows
    where the two do not agree.
    """
    begin, width = (int.from_bytes(table[a : a + 2], "little") for a in (8, 10))
    kinds = [kind.lower() for kind in _COLUMN.findall(head)]
    widths = [table[at + 16] for at in range(32, begin - 31, 32) if at + 16 < len(table)]
    if len(kinds) != len(widths) or sum(widths) + 1 != width:  # a byte before them says whether the row is deleted
        return table[begin:]
    ends = [*accumulate(widths, initial=1)]
    columns = [slice(a, b) for a, b, kind in zip(ends, ends[1:], kinds, strict=False) if kind == b"char"]
    rows = (table[at : at + width] for at in range(begin, len(table), width))
    return b"\n".join(row[column].rstrip(b"\0 ") for row in rows for column in columns)


def _python_of(charset: str) -> str:
    """Return the name of a set as Python has it; empty: it says none."""
    name = charset.lower()
    if name.startswith("windows"):
        return _WINDOWS.get(name.removeprefix("windows"), "")
    if name.startswith("codepage"):
        return f"cp{name.removeprefix('codepage')}"
    return "" if name == "neutral" else name.replace("_", "-")
