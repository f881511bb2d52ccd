"""Text that others will read: what was typed, without what changes how the text around it is shown."""

from __future__ import annotations

import unicodedata
from bisect import bisect

# They join and part letters in the scripts of India, Iran and others, and in emoji: they change nothing around them.
_JOINERS = frozenset("\u200c\u200d")
_OF_EMOJI = frozenset("\ufe0e\ufe0f")  # whether a sign is drawn as an emoji
# Seen by nobody, though they count as letters and marks: fillers, and selectors of variants, which can spell a text
# that is hidden in another.
_FIRST_UNSEEN = (0x034F, 0x115F, 0x17B4, 0x180B, 0x2065, 0x3164, 0xFE00, 0xFFA0, 0xE0000)
_LAST_UNSEEN = (0x034F, 0x1160, 0x17B5, 0x180F, 0x206F, 0x3164, 0xFE0D, 0xFFA0, 0xE0FFF)
# Signs that are drawn as nothing: of braille without dots, of music without a head, of hieroglyphs.
_BLANKS = frozenset("\u2800\U0001d159\U00013441\U00013442")
_MOST_MARKS = 8  # on one letter; more of them reach into the lines above and below


def plain(text: str) -> str:
    r"""Return a text on one line, as it is seen: without what is not, and what changes the text around it.

    Those are control characters, those that turn the direction of writing, and marks by the dozen on one letter.

    >>> plain("Lake\u202e\nshore\x07 \u3164\U000e0041")
    'Lake shore'
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept: list[str] = []
    marks = 0
    for letter in text:
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if letter.isspace() or kind in ("Zl", "Zp") or letter in _BLANKS:
            kept.append(" ")
        elif letter in _JOINERS or letter in _OF_EMOJI:  # they belong to what is seen before them
            before = kept[-1] if kept else " "
            if before != " " and before not in _JOINERS and (letter in _JOINERS or before not in _OF_EMOJI):
                kept.append(letter)
        elif kind not in ("Cc", "Cf", "Cs", "Co", "Cn") and marks <= _MOST_MARKS and not _is_unseen(letter):
            kept.append(letter)
    return " ".join("".join(kept).split())


def plain_name(name: str, area_id: int) -> str:
    """Return an area's name as others read it: by its number where nothing of it can be seen."""
    return plain(name) or f"area {area_id}"


def _is_unseen(letter: str) -> bool:
    place = bisect(_FIRST_UNSEEN, ord(letter)) - 1
    return place >= 0 and ord(letter) <= _LAST_UNSEEN[place]
