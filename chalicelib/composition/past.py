"""The ports to what is stored of the past: for dry runs and exports."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.composition.admission import AdmissionPorts

if TYPE_CHECKING:
    from chalicelib.application.ports.archive_files import ArchiveOf
    from chalicelib.application.ports.area_contents import AreaContents
    from chalicelib.application.ports.area_exports import AreaExports
    from chalicelib.application.ports.dry_runs import DryRuns
    from chalicelib.application.ports.geopackage import GeopackageOf
    from chalicelib.domain.scenes import Licence


class PastPorts(AdmissionPorts):
    """What the database answers of the past."""

    @cached_property
    def dry_runs(self) -> DryRuns:
        """Stored comparisons, for dry runs."""
        from chalicelib.adapters.database.dry_runs import SqlDryRuns

        return SqlDryRuns(self.engine)

    @cached_property
    def geopackage_of(self) -> GeopackageOf:
        """What writes places as a GeoPackage."""
        from chalicelib.adapters.geopackage import geopackage_of

        return geopackage_of

    @cached_property
    def area_exports(self) -> AreaExports:
        """Exports of areas."""
        from chalicelib.adapters.database.area_exports import SqlAreaExports

        return SqlAreaExports(self.engine)

    @cached_property
    def area_contents(self) -> AreaContents:
        """What is known of areas, all of it."""
        from chalicelib.adapters.database.area_contents import SqlAreaContents

        return SqlAreaContents(self.engine, policy=self.retention_policy)

    @cached_property
    def archive_of(self) -> ArchiveOf:
        """What begins an archive."""
        from chalicelib.adapters.zip_archive import zip_archive

        return zip_archive

    def licence_of(self, provider: str) -> Licence | None:
        """Return a provider's licence as it is here, without making what asks it; None if it is not set up here."""
        from chalicelib.adapters.imagery.registry import licence_of

        return licence_of(provider, self.settings.by_name())
