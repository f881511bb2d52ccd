"""What may differ from 548a6ad, and nothing else: one table. A difference that is meant is added here, with its why.

`Rename`  a word of which this release has a new one; the old one may be there beside it, and with `stays` must be
`Line`    one line that reads otherwise, as the tool prints it after `- ` and after `+ `; "" where there is none
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rename:
    was: str
    now: str
    parts: tuple[str, ...]
    why: str
    stays: bool = False


@dataclass(frozen=True)
class Line:
    part: str
    was: str
    now: str
    why: str


_API = ("openapi", "answers", "refusals")
_MEMBER = "what a session is called everywhere else; the old member is still answered for one release"
_FUNCTION = "the minute's function reconciles"

ALLOWED = (
    Rename("costPerSweepUsd", "costPerSessionUsd", _API, _MEMBER, stays=True),
    Rename("sweepsPerMonth", "sessionsPerMonth", _API, _MEMBER, stays=True),
    Rename("Costpersweepusd", "Costpersessionusd", ("openapi",), "the title made of a member's name"),
    Rename("Sweepspermonth", "Sessionspermonth", ("openapi",), "the same"),
    Rename("SWEEP_SCHEDULE", "RECONCILE_SCHEDULE", ("settings",), "the old name is still read for one release"),
    Rename("BHUPRAHARI_SWEEP_SCHEDULE", "BHUPRAHARI_RECONCILE_SCHEDULE", ("troubleshooting",), "as in the settings"),
    Rename("function sweep", "function reconcile", ("functions", "logs"), _FUNCTION),
    Rename("first sweep", "first session", ("demo",), "the word of everywhere else"),
    Rename("second sweep", "second session", ("demo",), "the same"),
    Rename("`sweep`", "`reconcile`", ("openapi", "troubleshooting"), _FUNCTION),
    Line(
        "settings",
        "a start with min_clear_share=5: 1 cannot migrate: BHUPRAHARI_MIN_CLEAR_SHARE must be 0 to 1, not 5.0",
        "a start with min_clear_share=5: 1 cannot migrate: BHUPRAHARI_MIN_CLEAR_SHARE must be 0 to 1, not 5",
        "a refusal repeats what was written",
    ),
)
OWN_WORDS = ("description", "deprecated", "title", "examples[]")  # what a member that stays may say of itself


def in_old_words(part, lines, allowed=ALLOWED):
    """Say lines in the old words, so far as the table allows; without what an old member says beside its new name."""
    renames = _renames(part, allowed)
    said = [line for line in lines if not any(_stays_beside(rename, line, lines) for rename in renames)]
    for rename in renames:
        said = [_whole(rename.now).sub(rename.was, line) for line in said]
    return said


def lost(part, before, after, allowed=ALLOWED):
    """Give the old lines with a word that must stay and is nowhere any more."""
    words = [_whole(each.was) for each in _renames(part, allowed) if each.stays]
    gone = [word for word in words if not any(word.search(line) for line in after)]
    return [f"- {line} (the old name must stay)" for line in before if any(word.search(line) for word in gone)]


def not_listed(part, difference, allowed=ALLOWED):
    """Give what is left of a difference (lines that begin with `- ` or `+ `) once the listed lines are taken out."""
    left = list(difference)
    for each in allowed:
        if isinstance(each, Line) and each.part == part:
            told = [f"{sign} {text}" for sign, text in (("-", each.was), ("+", each.now)) if text]
            if all(line in left for line in told):
                left = [line for line in left if line not in told]
    return left


def _renames(part, allowed):
    return [each for each in allowed if isinstance(each, Rename) and part in each.parts]


def _stays_beside(rename, line, lines):
    """Is this what the old member says of itself where the new one is there as well: that it is deprecated, and why?"""
    path, equals, _ = line.partition(" = ")
    owner, _, own = path.rpartition(".")
    anew = _whole(rename.was).sub(rename.now, owner)
    return bool(equals) and own in OWN_WORDS and anew != owner and any(one.startswith(f"{anew}.") for one in lines)


def _whole(word):
    """Match a word that is no part of a longer one."""
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
