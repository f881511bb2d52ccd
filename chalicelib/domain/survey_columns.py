"""What the columns of lists and layers hold, by what they are called: the parts of a survey number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum

_AROUND = re.compile(r"\s*([/\\-])\s*")


class Part(StrEnum):
    """What a survey number is made of, from the widest."""

    DISTRICT = "district"
    TAHASIL = "tahasil"
    MOUZA = "mouza"
    PLOT = "plot"
    ULPIN = "ulpin"


_WORDS = {  # what the columns of files and lists are called, spelled as by `_word`
    Part.DISTRICT: ("district", "dist", "districtname", "distname", "jilla", "zilla"),
    Part.TAHASIL: ("tahasil", "tahsil", "tehsil", "tahasilname", "tehsilname", "taluk", "taluka", "circle"),
    Part.MOUZA: ("mouza", "mauza", "moujha", "mouzaname", "village", "villagename", "revenuevillage", "gram"),
    Part.PLOT: ("plot", "plotno", "plotnumber", "surveyno", "surveynumber", "khasra", "khasrano", "name"),
    Part.ULPIN: ("ulpin", "bhuaadhaar", "bhuaadhar", "alpin"),
}


def spelled(text: str) -> str:
    """Return a word or a number as it is compared: any digits, any case, any blanks.

    What makes a plot another one stays: '820/1' is not '820', '007' is not '7'.

    >>> spelled(" ୮୨୦ / ୧ "), spelled("Chandaka  MOUZA"), spelled("८२०/१क")
    ('820/1', 'chandaka mouza', '820/1क')
    """
    letters = []
    for letter in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(letter)
        letters.append(str(unicodedata.decimal(letter)) if kind == "Nd" else "" if kind == "Cf" else letter)
    return _AROUND.sub(r"\1", " ".join("".join(letters).casefold().split()))


def part_of(column: str) -> Part | None:
    """Return what a column holds, by what it is called; None of any other."""
    word = _word(column)
    return next((part for part, words in _WORDS.items() if word in words), None)


def columns_of(names: Iterable[str], wanted: Mapping[Part, str]) -> dict[Part, str]:
    """Return which of some columns hold what: of several those called as is wanted, else by the likelier word.

    >>> columns_of(["Village", "Mouza", "Name", "Plot"], {})
    {<Part.MOUZA: 'mouza'>: 'Mouza', <Part.PLOT: 'plot'>: 'Plot'}
    """

    def unlikeness(name: str, part: Part) -> tuple[bool, int]:
        return _word(name) != _word(wanted.get(part, "")), _WORDS[part].index(_word(name))

    columns: dict[Part, str] = {}
    for name in names:
        part = part_of(name)
        if part is not None and (part not in columns or unlikeness(name, part) < unlikeness(columns[part], part)):
            columns[part] = name
    return columns


def _word(column: str) -> str:
    return "".join(letter for letter in spelled(column) if letter.isalnum())
