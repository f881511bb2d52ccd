"""Notice what was uploaded to the archive's bucket, or removed from it, when it happens: not at the next minute."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chalicelib.application.ports.archive import Archive
from chalicelib.domain.errors import BadMessage
from chalicelib.domain.uploads import uploads_in

log = logging.getLogger(__name__)


def index_uploads(notifications: Sequence[str], *, archive: Archive | None, place: str) -> None:
    """Bring the archive's index to what the archive at `place` holds. Raises ProviderUnavailable, Unavailable.

    A notification is a hint. What came, changed or went is found by a listing, and nothing but that is read: whether
    an item can be used depends on the names beside it too. So doubled, late, lost and mixed notifications do no harm,
    a picture may come before its item or after it, and those of a batch succeed or fail together.
    """
    if archive is None:
        return
    inside = beside = strange = 0
    for body in notifications:
        try:
            uploads = uploads_in(body)
        except BadMessage as error:  # something happened, and nobody knows what: looking does no harm
            log.warning("notification not understood", extra={"reason": error.reason})
            strange += 1
            continue
        below = sum(upload.is_below(place) for upload in uploads)
        inside, beside = inside + below, beside + len(uploads) - below
    if inside or strange:
        archive.refresh()
    log.info("uploads noticed", extra={"objects": inside, "beside": beside})
