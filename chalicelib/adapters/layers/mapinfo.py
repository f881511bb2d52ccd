"""MapInfo's character sets: what a table says of its texts, and how GDAL is kept from turning them by itself.

GDAL turns texts of the sets that it knows to UTF-8, and leaves those of others as they are; whoever says an encoding
would have them turned twice.
"""

from __future__ import annotations

import re

_SAYS = re.compile(rb'(charset\s+"?)([\w.-]{1,40})', re.IGNORECASE)
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


def _python_of(charset: str) -> str:
    """Return the name of a set as Python has it; empty: it says none."""
    name = charset.lower()
    if name.startswith("windows"):
        return _WINDOWS.get(name.removeprefix("windows"), "")
    if name.startswith("codepage"):
        return f"cp{name.removeprefix('codepage')}"
    return "" if name == "neutral" else name.replace("_", "-")
