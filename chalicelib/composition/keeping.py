"""The ports to what is kept: where, for how long and why."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.composition.area_lists import AreaListPorts

if TYPE_CHECKING:
    from chalicelib.application.ports.holds import Holds
    from chalicelib.application.ports.image_history import ImageHistory
    from chalicelib.application.ports.images import Images
    from chalicelib.application.ports.retention import Retention
    from chalicelib.domain.retention import Policy


class KeepingPorts(AreaListPorts):
    """The image store, retention, the history of images with their pins, and legal holds."""

    @cached_property
    def retention_policy(self) -> Policy:
        """How long images are kept."""
        return self.settings.keeping.policy

    @cached_property
    def images(self) -> Images:
        """The image store."""
        if self.settings.images.images_store == "s3":
            from chalicelib.adapters.images.s3 import S3Images

            return S3Images(self.aws_client("s3"), bucket=self.settings.images.bucket)
        from chalicelib.adapters.images.folder import FolderImages

        return FolderImages(Path(self.settings.process.home) / "images")

    def made_images(self) -> Images:
        """Return the image store at a start: a folder is made, if there is none yet. Raises Unavailable."""
        from chalicelib.adapters.images.folder import FolderImages

        if isinstance(self.images, FolderImages):
            self.images.make(is_used=self.image_rows.is_any_stored())
        return self.images

    @cached_property
    def retention(self) -> Retention:
        """Images that are kept no longer."""
        from chalicelib.adapters.database.retention import SqlRetention

        return SqlRetention(self.engine)

    @cached_property
    def image_history(self) -> ImageHistory:
        """The images of areas, with what they are kept for."""
        from chalicelib.adapters.database.image_history import SqlImageHistory

        return SqlImageHistory(self.engine, policy=self.retention_policy)

    @cached_property
    def holds(self) -> Holds:
        """Legal holds."""
        from chalicelib.adapters.database.holds import SqlHolds

        return SqlHolds(self.engine)
