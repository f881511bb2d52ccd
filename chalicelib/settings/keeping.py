"""The group of the settings that say how long images and archives are kept, as those in `groups.py`."""

from __future__ import annotations

from pydantic import Field

from chalicelib.domain.retention import Policy
from chalicelib.domain.seasons import LEAST_DAYS
from chalicelib.settings.values import Count, Days, Group, Mib


class Keeping(Group):
    """How long images are kept that no alert, place or baseline uses, and archives of areas."""

    image_days: Days = Field(
        default=400, gt=0, description="Days for which an image is kept, since it was stored; then it is dropped."
    )
    images_per_tile: Count = Field(
        default=50, gt=0, description="Images that are kept of one tile of an area; those beyond it are dropped."
    )
    bands_days: Days = Field(
        default=1461,
        ge=LEAST_DAYS,  # less, and the seasons of earlier years would be dropped and fetched again for ever
        description="Days for which an image that has bands is kept instead, however many there are of its tile.",
    )

    export_mib: Mib = Field(
        default=400, gt=0, description="The largest archive of an area; on AWS its function has space for 500."
    )
    export_days: Days = Field(default=7, gt=0, description="Days for which the archive of an area is there.")
    exports_kept: Count = Field(default=5, gt=0, description="Archives that one user may have at a time.")

    @property
    def export_bytes(self) -> int:
        """The largest archive, in bytes."""
        return self.export_mib * 2**20

    @property
    def policy(self) -> Policy:
        """How long what is kept."""
        return Policy(image_days=self.image_days, images_per_tile=self.images_per_tile, bands_days=self.bands_days)
