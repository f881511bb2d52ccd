"""JSON as people's tools write it. What is wrong with a text is told by line and column, both counted from 1."""

from __future__ import annotations

import json
import re
from typing import Any

from chalicelib.adapters.imagery.bad_item import BadItem

MAX_DEPTH = 64
# A string without an end reaches to the end of the text: so no text is looked at twice.
_STRING = r'"(?:[^"\\]|\\.)*+"?'
_BRACKETS = re.compile(rf"{_STRING}|[{{}}\[\]]", re.DOTALL)
_TOKENS = re.compile(rf"{_STRING}|[{{}}\[\]]|-?\w[\w.+-]*", re.DOTALL)
_HIGH = re.compile(rb"[\x80-\xff]+")
_MARK = "\ufeff"
_WORD = re.compile(r"[A-Za-z_]\w*")
_MEANT = {"None": "null", "undefined": "null", "nil": "null", "True": "true", "False": "false"}
_BEGINNINGS = {
    "<<<<<<<": "a conflict of Git is not solved in it",
    "<!doctype html": "it is a web page",
    "<html": "it is a web page",
    "<": "it is XML",
    "version https://git-lfs": "it is a pointer of Git LFS: git lfs pull",
}
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})
_IS_KEY = re.compile(r"\s*:")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_MOST_DIGITS = 300


def parse(content: bytes) -> Any:  # noqa: ANN401 (any JSON)
    """Parse a text strictly: no key twice, no NaN, nesting at most MAX_DEPTH deep. Raises BadItem."""
    text = _decoded(content)
    if not text.strip():
        raise BadItem("it is no whole JSON text: it is empty, still being written, or damaged")
    _check_depth(text)
    flaws: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(members)
        if len(found) != len(members):
            flaws.append("twice")
        return found

    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_constant=flaws.append)
    except json.JSONDecodeError as error:
        raise BadItem(_wrong(error, text)) from None
    except ValueError:  # Python converts no whole number of thousands of digits
        flaws.append("long")
    if flaws:
        raise BadItem(_flaw(text))
    if _SURROGATE.search(text):
        _check_characters(document, text)
    return document


def _decoded(content: bytes) -> str:
    if content.startswith(b"\x1f\x8b"):
        raise BadItem("it is a gzip file: unpack it")
    if content.startswith(b"PK\x03\x04"):
        raise BadItem("it is a ZIP file: unpack it")
    if content and not content.strip(b"\x00"):
        raise BadItem("it is no whole JSON text: it holds nothing but zeros, still being copied, or damaged")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:4]:
        kind = "UTF-32" if content.startswith((b"\xff\xfe\x00\x00", b"\x00\x00")) else "UTF-16"
        raise BadItem(
            f"its text is {kind}, as PowerShell's Out-File and some editors write, from line 1, column 1 on: "
            "save it as UTF-8"
        )
    try:
        return content.decode("utf-8-sig").removeprefix(_MARK)  # some tools write one before the one that is there
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")  # the error's bytes: without the mark
        raise BadItem(
            f"its text is not UTF-8: byte 0x{error.object[error.start]:02X} at {_place(before, len(before))} "
            f"looks like {_encoding(error.object)}: save it as UTF-8"
        ) from None


def _encoding(content: bytes) -> str:
    """Say what a text looks like that is not UTF-8: accents stand alone among letters, other scripts in words."""
    runs = [len(run) for run in _HIGH.findall(content)]
    if sum(runs) > 1.5 * len(runs):
        return "an older encoding of another script, such as Windows-1251, GBK, Big5 or Shift-JIS"
    return "Latin-1 or Windows-1252"


def _check_depth(text: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match.group() in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise BadItem(f"it is nested more than {MAX_DEPTH} deep, at {_place(text, match.start())}")
        elif match.group() in "}]":
            depth -= 1


def _wrong(error: json.JSONDecodeError, text: str) -> str:
    at, rest = error.pos, text[error.pos :].lstrip()
    if not rest or error.msg.startswith("Unterminated string"):
        return f"it is no whole JSON text: it ends at {_place(text, len(text))}, still being written, or damaged"
    why = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
    before = text[:at].rstrip()
    if rest.startswith(("//", "/*", "#")):
        why = "JSON has no comments"
    elif (rest[0] in "}]" and before.endswith(",")) or "trailing comma" in error.msg:
        why = "there is a comma too many"
    elif error.msg == "Extra data":
        why = "something follows after its end (several items belong into one FeatureCollection)"
        if not rest.strip("\x00"):
            why = "zeros follow after its end: still being copied, or damaged"
    elif rest[0] == "'":
        why = "JSON has double quotes"
    elif (word := _WORD.match(rest)) and word.group() in _MEANT:
        why = f"{word.group()} is written {_MEANT[word.group()]}"
    elif at == 0 and (begin := next((each for each in _BEGINNINGS if rest[:30].lower().startswith(each)), None)):
        why = _BEGINNINGS[begin]
    return f"it is no JSON at {_place(text, at)}: {why}"


def _flaw(text: str) -> str:
    """Say what a well-formed text has that is not taken, and where."""
    keys: list[set[str] | None] = []
    for match in _TOKENS.finditer(text):
        word, at = match.group(), match.start()
        if word in "{[":
            keys.append(set() if word == "{" else None)
        elif word in "}]":
            keys.pop()
        elif word in _CONSTANTS:
            return f"it is no JSON at {_place(text, at)}: {word} is not a number"
        elif word[0] != '"' and len(word) > _MOST_DIGITS:
            return f"a number has too many digits, at {_place(text, at)}"
        elif word[0] == '"' and keys and (seen := keys[-1]) is not None and _IS_KEY.match(text, match.end()):
            key = json.loads(word)
            if key in seen:
                return f"it says {key!r:.60} twice, the second time at {_place(text, at)}"
            seen.add(key)
    return "it is no JSON"


def _check_characters(document: object, text: str) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        found = _SURROGATE.search(text)
        where = _place(text, found.start()) if found else "its end"
        raise BadItem(f"half a character is escaped, at {where} or after it") from None


def _place(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"
