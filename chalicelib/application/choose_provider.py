"""Choose who shows an area whose owner names nobody: never an invented landscape, unless the operator has said so."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.errors import Invalid, NoCoverage
from chalicelib.domain.extents import Extent

NONE = "none"


def provider_of(
    extent: Extent, *, named: str | None, archive: str | None, default: str, imagery: Callable[[str], Imagery]
) -> Imagery:
    """Return whoever is named; else the archive, if there is one, where it shows some of an area; else the default.

    Raises Invalid for a provider that is not set up here, or where there is no default; ProviderUnavailable for an
    archive that cannot say what it shows just now.
    """
    if named is not None:
        return imagery(named)
    if archive is not None and default != archive:
        found = imagery(archive)
        if default == NONE or _shows(found, extent):
            return found
    if default == NONE:
        raise Invalid(
            "nobody shows this area unless its provider is named: there is no archive here, and no default is set",
            pointer="/provider",
        )
    return imagery(default)


def _shows(imagery: Imagery, extent: Extent) -> bool:
    try:
        imagery.grid(extent.bounds)
    except NoCoverage:
        return False
    return True
