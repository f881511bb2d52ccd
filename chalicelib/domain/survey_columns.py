"""What the columns of lists and layers hold, by what they are called: the parts of a survey number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum

_AROUND = re.compile(r"\s*([/\\-])\s*")
_ALIKE = str.maketrans(dict.fromkeys("\u2044\u2215", "/") | dict.fromkeys("\u2010\u2012\u2013\u2014\u2015\u2212", "-"))
_MARKS = "'`\u2018\u2019"  # a spreadsheet puts one before a number that is to stay a text
_CALLED = re.compile(r"(?:plot|survey|khasra)[ .]*(?:number|num|no)?[ .:#-]*(?=\d)")
_ULPIN = re.compile(r"(?=.*\d)[0-9a-z]{14}")  # of 14 letters and digits


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
    Part.MOUZA: ("mouza", "mauza", "mouja", "moujha", "mouzaname", "village", "villagename", "revenuevillage", "gram"),
    Part.PLOT: ("plot", "plotno", "plotnumber", "surveyno", "surveynumber", "khasra", "khasrano", "name"),
    Part.ULPIN: ("ulpin", "bhuaadhaar", "bhuaadhar", "alpin"),
}


def spelled(text: str) -> str:
    """Return a word or a number as it is compared: any digits, any case, any blanks, any dash, any slash.

    What makes a plot another one stays: '820/1' is neither '820' nor '820-1', '007' is not '7'.

    >>> spelled(" ୮୨୦ / ୧ "), spelled("Chandaka  MOUZA"), spelled("८२०/१क"), spelled("'820 \N{EN DASH} 1")
    ('820/1', 'chandaka mouza', '820/1क', '820-1')
    """
    letters = []
    for letter in unicodedata.normalize("NFKC", text).translate(_ALIKE):
        kind = unicodedata.category(letter)
        letters.append(str(unicodedata.decimal(letter)) if kind == "Nd" else "" if kind == "Cf" else letter)
    return _AROUND.sub(r"\1", " ".join("".join(letters).strip().lstrip(_MARKS).casefold().split()))


def plot_spelled(text: str) -> str:
    """Return a plot number as it is compared: without what only says that it is one.

    >>> plot_spelled("Plot No. 820/1"), plot_spelled("Khasra 12"), plot_spelled("Plot A")
    ('820/1', '12', 'plot a')
    """
    word = spelled(text)
    called = _CALLED.match(word)
    return word[called.end() :] if called else word


def ulpin_spelled(text: str) -> str:
    """Return an ULPIN as it is compared: also without the blanks and dashes that part it in groups; else nothing.

    >>> ulpin_spelled("21-ABC-4567 890XY"), ulpin_spelled("820/1")
    ('21abc4567890xy', '')
    """
    together = spelled(text).replace(" ", "").replace("-", "")
    return together if _ULPIN.fullmatch(together) else ""


def ulpin_in(text: str) -> str:
    """Return the ULPIN that a text looks like, where nothing says that it is one; else nothing.

    In groups it begins with two digits: a mouza and a plot are fourteen letters and digits now and then.

    >>> ulpin_in("2145 6789 0123 45"), ulpin_in("Khandagiri 820-1")
    ('21456789012345', '')
    """
    ulpin, word = ulpin_spelled(text), spelled(text)
    return ulpin if ulpin == word or word[:2].isdecimal() else ""


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
