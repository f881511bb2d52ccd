"""Choose who shows an area whose owner names nobody: never an invented landscape, unless the operator has said so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.errors import Invalid, NoCoverage
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import SINCE

NONE = "none"
COVERS = 0.5  # of an area, on its fullest day: who shows less leaves most of it unseen


def provider_of(
    extent: Extent,
    *,
    named: str | None,
    archive: str | None,
    default: str,
    imagery: Callable[[str], Imagery],
    now: datetime,
) -> Imagery:
    """Return whoever is named; else the archive, if there is one, where it shows most of an area; else the default.

    Where there is no default the archive is asked for what it shows, however little. Raises Invalid for a provider that
    is not set up here, or where there is no default; ProviderUnavailable for an archive that cannot say what it shows
    just now.
    """
    if named is not None:
        return imagery(named)
    if archive is not None and default != archive:
        found = imagery(archive)
        if default == NONE or _shows(found, extent, now):
            return found
    if default == NONE:
        raise Invalid(
            "nobody shows this area unless its provider is named: there is no archive here, and no default is set",
            pointer="/provider",
        )
    return imagery(default)


def _shows(imagery: Imagery, extent: Extent, now: datetime) -> bool:
    try:
        imagery.grid(extent.bounds)
    except NoCoverage:
        return False
    scenes = imagery.scenes(extent.bounds, since=SINCE, until=now).scenes
    return any(scene.shown_share(extent.bounds, slack=(0.0, 0.0)) >= COVERS for scene in scenes)
