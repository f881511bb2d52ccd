"""The ports that answer how much more somebody may ask for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.composition.database import DatabasePorts

if TYPE_CHECKING:
    from chalicelib.application.admit import Limits
    from chalicelib.application.ports.audit import Audit
    from chalicelib.application.ports.buckets import Buckets


class AdmissionPorts(DatabasePorts):
    """Buckets, in the database or in front of it, and the audit log."""

    @cached_property
    def audit(self) -> Audit:
        """The audit log."""
        from chalicelib.adapters.database.audit import SqlAudit

        return SqlAudit(self.engine)

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
