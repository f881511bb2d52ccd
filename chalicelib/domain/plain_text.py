"""Text that others will read: what was typed, without what changes how the text around it is shown."""

from __future__ import annotations

import unicodedata

# They join and part letters in the scripts of India, Iran and others, and in emoji: they change nothing around them.
_JOINERS = frozenset("\u200c\u200d")


def plain(text: str) -> str:
    r"""Return a text on one line, without control characters and without those that turn the direction of writing.

    >>> plain("Lake\u202e\nshore\x07")
    'Lake shore'
    """
    kept = []
    for letter in text:
        kind = unicodedata.category(letter)
        if letter.isspace() or kind in ("Zl", "Zp"):
            kept.append(" ")
        elif kind not in ("Cc", "Cf", "Cs", "Co", "Cn") or letter in _JOINERS:
            kept.append(letter)
    return " ".join("".join(kept).split())
