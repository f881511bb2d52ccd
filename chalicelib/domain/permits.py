"""Permits: what one means for a change inside it on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.domain.plain_text import plain
from chalicelib.domain.severity import Severity, highest, raised

INSIDE = 0.9  # of a change: so much of it inside of what is permitted makes it likely authorised
SURELY = 0.5  # of it, that must be inside however the layer is off by its accuracy
AGAINST = 0.1  # of it, or what the area alerts on, inside of all that is revoked or disputed: nothing allows it


class PermitState(StrEnum):
    """What was decided of a permit."""

    APPROVED = "approved"
    REVOKED = "revoked"
    DISPUTED = "disputed"
    EXPIRED = "expired"


class Standing(StrEnum):
    """What a permit is on a day."""

    VALID = "valid"
    REVOKED = "revoked"
    DISPUTED = "disputed"
    EXPIRED = "expired"
    NOT_YET = "not yet valid"

    @property
    def is_against(self) -> bool:
        """Whether it makes a change inside it graver."""
        return self in (Standing.REVOKED, Standing.DISPUTED)


def standing_on(day: date, *, state: str | None, valid_from: date | None, valid_to: date | None) -> Standing:
    """Return what a permit is on a day; both its days are of it, and one that is not said is no bound.

    Without a state, or with one that is not known, it allows nothing.

    >>> bounds = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 3, 31)}
    >>> [str(standing_on(date(2026, month, 31), state="approved", **bounds)) for month in (3, 5)]
    ['valid', 'expired']
    >>> str(standing_on(date(2026, 5, 1), state="revoked", **bounds))
    'revoked'
    """
    if state in (PermitState.REVOKED, PermitState.DISPUTED):
        return Standing(state)
    if state != PermitState.APPROVED or (valid_to is not None and day > valid_to):
        return Standing.EXPIRED
    return Standing.NOT_YET if valid_from is not None and day < valid_from else Standing.VALID


class Bearing(NamedTuple):
    """What the permits on a change's ground mean for it."""

    standing: Standing
    references: tuple[str, ...]  # of those permits, the largest share first


def told_under(change_log: Mapping[str, Any], bearings: Iterable[Bearing | None]) -> dict[str, Any]:
    """Return an alert's change log with what permits mean for each of its regions, in their order.

    What lies in a revoked or disputed one is graver by a step. `permit` says what the whole of it comes to: `valid`
    only where all of it is allowed.
    """
    regions, found = [], list(bearings)
    for region, bearing in zip(change_log["regions"], found, strict=True):
        if bearing is None:
            regions.append(region)
            continue
        said = {"permit": str(bearing.standing), "permit_references": list(bearing.references)}
        if bearing.standing.is_against:
            said["severity"] = raised(Severity(region["severity"]))
        regions.append(region | said)
    known = [bearing for bearing in found if bearing is not None]
    against = next((bearing.standing for bearing in known if bearing.standing.is_against), None)
    is_allowed = bool(found) and all(each is not None and each.standing is Standing.VALID for each in found)
    whole = Standing.VALID if is_allowed else against
    return {
        **change_log,
        "message": change_log["message"] + "".join(dict.fromkeys(map(_sentence, known))),
        "severity": highest(region["severity"] for region in regions),
        "regions": regions,
        **({} if whole is None else {"permit": str(whole)}),
    }


def _sentence(bearing: Bearing) -> str:
    first, *others = bearing.references
    permit = f"permit {short(first)}" + (f" and {len(others)} more" if others else "")
    match bearing.standing:
        case Standing.VALID:
            return f"; inside {permit}"
        case Standing.EXPIRED:
            return f"; {permit} there has expired"
        case Standing.NOT_YET:
            return f"; {permit} there is not valid yet"
        case _:
            return f"; inside {permit}, which is {bearing.standing}"


def short(name: str) -> str:
    """Return a name of somebody's file as it stands in a sentence."""
    kept = plain(name)
    return kept if len(kept) <= 40 else f"{kept[:39]}…"
