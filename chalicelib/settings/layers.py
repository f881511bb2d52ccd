"""The settings of layers of parcels."""

from __future__ import annotations

from pydantic import Field

from chalicelib.settings.values import Count, Group, Mib, Seconds


class Layers(Group):
    """Layers of parcels, and the files that they are read from."""

    layer_file_mib: Mib = Field(default=32, gt=0, description="The largest file that is read, as it is sent.")
    layer_parcels: Count = Field(default=65_000, gt=0, description="Parcels of one layer.")
    layers_per_user: Count = Field(
        default=100, gt=0, le=1000, description="Layers that one user keeps; an alert is held against all of them."
    )
    imports_waiting: Count = Field(
        default=20, gt=0, description="Files of one user that are not kept yet; a day later they are forgotten."
    )
    import_limit_s: Seconds = Field(
        default=600.0,
        gt=0,
        description="How long reading, or keeping, one file may take; at home and on a server its process is killed "
        "then. No other worker takes the file before.",
    )

    @property
    def layer_file_bytes(self) -> int:
        """The largest file, in bytes."""
        return self.layer_file_mib * 2**20
