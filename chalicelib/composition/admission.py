"""The ports that answer how much more somebody may ask for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.composition.keeping import KeepingPorts

if TYPE_CHECKING:
    from chalicelib.application.admit import Limits
    from chalicelib.application.in_flight import InFlight
    from chalicelib.application.ports.audit import Audit
    from chalicelib.application.ports.buckets import Buckets
    from chalicelib.application.ports.invariants import Invariants
    from chalicelib.application.ports.layer_files import LayerFiles
    from chalicelib.application.ports.layer_imports import LayerImports
    from chalicelib.application.ports.layers import Layers
    from chalicelib.application.ports.parcels import Parcels
    from chalicelib.application.ports.removed_users import RemovedUsers


USUAL_ZOOM = 17  # of a provider whose grid depends on the area


class AdmissionPorts(KeepingPorts):
    """Buckets, in the database or in front of it, the audit log, users who are removed, and what recounts it all."""

    @cached_property
    def parcels(self) -> Parcels:
        """Parcels of layers."""
        from chalicelib.adapters.database.parcels import SqlParcels

        return SqlParcels(self.engine)

    @cached_property
    def audit(self) -> Audit:
        """The audit log."""
        from chalicelib.adapters.database.audit import SqlAudit

        return SqlAudit(self.engine)

    @cached_property
    def removed_users(self) -> RemovedUsers:
        """Users who are removed."""
        from chalicelib.adapters.database.removed_users import SqlRemovedUsers

        return SqlRemovedUsers(self.engine)

    @cached_property
    def invariants(self) -> Invariants:
        """Live data, as it is recounted."""
        from chalicelib.adapters.database.invariants import SqlInvariants

        return SqlInvariants(self.engine)

    @cached_property
    def layers(self) -> Layers:
        """Layers of parcels."""
        from chalicelib.adapters.database.layers import SqlLayers

        return SqlLayers(self.engine)

    @cached_property
    def layer_imports(self) -> LayerImports:
        """Files on their way to layers."""
        from chalicelib.adapters.database.layer_imports import SqlLayerImports

        return SqlLayerImports(self.engine)

    @property
    def layer_files(self) -> LayerFiles:
        """The reader of such files, with GDAL: only for the function that has its layer."""
        from chalicelib.adapters.layers.reading import GdalLayerFiles

        return GdalLayerFiles(most_rows=self.settings.layers.layer_parcels)

    @property
    def usual_zoom(self) -> tuple[str, int]:
        """The provider that areas have which name none, and the zoom of its grid."""
        from chalicelib.adapters.imagery.registry import provider_named

        name = self.settings.providers.usual
        grid = provider_named(name).grid
        return name, USUAL_ZOOM if grid is None else grid.zoom

    @property
    def has_database_server(self) -> bool:
        """Whether the database is a server that several processes share, and no file."""
        return self.settings.database.database_url.startswith("mysql") or (
            not self.settings.database.database_url and self.settings.secrets.secrets_store == "secretsmanager"
        )

    @cached_property
    def limits(self) -> Limits:
        """The limits of this deployment."""
        return self.settings.admission.limits

    @cached_property
    def in_flight(self) -> InFlight:
        """What this process is answering."""
        from chalicelib.application.in_flight import InFlight

        return InFlight(self.settings.admission.requests_at_once)

    @cached_property
    def buckets(self) -> Buckets:
        """Buckets in the database, each unit taken there: for what is rare, and must be exact."""
        from chalicelib.adapters.database.buckets import SqlBuckets

        return SqlBuckets(self.engine)

    @cached_property
    def shared_buckets(self) -> Buckets:
        """Buckets for every request: with a file as the database one process answers all, and needs nobody else's."""
        if not self.has_database_server:
            from chalicelib.adapters.buckets import MemoryBuckets

            return MemoryBuckets()
        from chalicelib.adapters.portioned_buckets import PortionedBuckets

        return PortionedBuckets(lambda: self.buckets, monotonic=self.monotonic)
