"""How grave a change is: a table of how large it is and how sure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Severity(StrEnum):
    """How soon a person should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_ORDER = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
SURE, VERY_SURE = 0.6, 0.85  # scores at which the table's second and third column begin
TABLE = {  # m2 from which a row counts: severity by score, below SURE, from SURE, from VERY_SURE
    0.0: (Severity.LOW, Severity.LOW, Severity.MEDIUM),
    150.0: (Severity.LOW, Severity.MEDIUM, Severity.MEDIUM),
    600.0: (Severity.MEDIUM, Severity.MEDIUM, Severity.HIGH),
    3000.0: (Severity.MEDIUM, Severity.HIGH, Severity.HIGH),
}


def severity_of(area_m2: float, score: float) -> Severity:
    """Return the severity of one region.

    >>> [str(severity_of(m2, score)) for m2, score in ((120, 0.7), (120, 0.9), (800, 0.9), (5000, 0.4))]
    ['low', 'medium', 'high', 'medium']
    """
    row = TABLE[max(least for least in TABLE if least <= max(0.0, area_m2))]
    return row[(score >= SURE) + (score >= VERY_SURE)]


def raised(severity: Severity) -> Severity:
    """Return the next higher severity, or the highest.

    >>> raised(Severity.LOW), raised(Severity.HIGH)
    (<Severity.MEDIUM: 'medium'>, <Severity.HIGH: 'high'>)
    """
    return _ORDER[min(_ORDER.index(severity) + 1, len(_ORDER) - 1)]


def highest(severities: Iterable[str | None]) -> Severity | None:
    """Return the highest of some severities; None where there is none, as with alerts older than severities.

    >>> highest(["low", None, "high"]), highest([])
    (<Severity.HIGH: 'high'>, None)
    """
    known = [Severity(severity) for severity in severities if severity is not None]
    return max(known, key=_ORDER.index, default=None)
