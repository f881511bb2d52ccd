"""Two releases' lines, compared part by part."""

import difflib

from tests.same_as.allowed import ALLOWED, in_old_words, lost, not_listed

IN_ORDER = ("commands", "demo", "schema", "troubleshooting")
AS_SETS = (
    "answers",
    "functions",
    "logs",
    "openapi",
    "refusals",
    "settings",
)  # what they hold counts, not in which order
PARTS = tuple(sorted((*IN_ORDER, *AS_SETS)))


def difference(part, before, after, allowed=ALLOWED):
    """Give what differs and is not in the table: `- ` before a line that is gone, `+ ` before one that has come."""
    was, now = in_old_words(part, before, allowed), in_old_words(part, after, allowed)
    differing = _in_order(was, now) if part in IN_ORDER else _as_sets(was, now)
    return not_listed(part, differing, allowed) + lost(part, before, after, allowed)


def _in_order(was, now):
    told = list(difflib.unified_diff(was, now, n=0, lineterm=""))[2:]  # the first two name the files
    return [f"{line[0]} {line[1:]}" for line in told if line[0] in "-+"]


def _as_sets(was, now):
    gone, come = set(was) - set(now), set(now) - set(was)
    signs = dict.fromkeys(gone, "-") | dict.fromkeys(come, "+")
    return [f"{signs[line]} {line}" for line in sorted(signs)]
