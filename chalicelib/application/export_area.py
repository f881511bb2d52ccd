"""Write the archive of an area: the work of a message of `imports` that names an export."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from chalicelib.application.ports.archive_files import ArchiveOf
from chalicelib.application.ports.area_contents import AreaContents
from chalicelib.application.ports.area_exports import AreaExports
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.images import Images
from chalicelib.application.write_archive import ArchiveWriter
from chalicelib.domain.errors import Busy, Invalid, NotFound, Unavailable
from chalicelib.domain.exports import ExportClaim
from chalicelib.domain.jobs import ExportJob
from chalicelib.domain.scenes import Licence

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/zip"
WORKED = 0.9  # of its time: what is left is for storing it
TOO_LONG = "this archive takes too long to write: ask for fewer pictures, or for none"
TOO_MUCH = "writing this archive takes more memory than there is for it: ask for fewer pictures, or for none"
AREA_GONE = "this area was deleted meanwhile"


def export_area(
    job: ExportJob,
    *,
    exports: AreaExports,
    contents: AreaContents,
    store: Images,
    archive_of: ArchiveOf,
    licence_of: Callable[[str], Licence | None],
    clock: Clock,
    limit_s: float,
    most_bytes: int,
    kept_for: timedelta,
) -> None:
    """Write an area's archive, within so many seconds and bytes, and put it into the store for so long.

    Safe to repeat: an export is claimed before the work, each claim has an object of its own, and only the latest ends
    it. Nothing is in the store before the archive is whole.
    """
    claim = exports.claim(job.export_id, now=clock(), lease_s=limit_s)
    if claim is None:
        return
    export = claim.export
    too_late_at = clock() + timedelta(seconds=limit_s * WORKED)

    def check_time() -> None:
        if clock() > too_late_at:
            raise Invalid(TOO_LONG)

    try:
        store.delete(export.keys[:-1])  # what a worker before put, and did not come to say
        with archive_of(most_bytes=most_bytes) as archive:
            writer = ArchiveWriter(archive, export, contents=contents, store=store, made_at=clock(), check=check_time)
            writer.write(licence_of, most_bytes=most_bytes)
            whole = archive.end()
            store.put_file(export.key, whole.content, media_type=MEDIA_TYPE)
        exports.end(
            claim,
            size_bytes=whole.size_bytes,
            sha256=whole.sha256,
            files=len(archive.files),
            expires_at=clock() + kept_for,
        )
    except Busy:  # it was given up, or deleted: what was put is nobody's
        store.delete([export.key])
        raise
    except Exception as error:
        _fail(claim, error, exports)
        if not isinstance(error, Invalid | NotFound | MemoryError):
            raise
        return
    log.info("area exported", extra={"size_bytes": whole.size_bytes, "files": len(archive.files)})


def _fail(claim: ExportClaim, error: Exception, exports: AreaExports) -> None:
    """End an export that cannot be written; let one go that may be the next time."""
    if isinstance(error, Invalid):
        exports.fail(claim, error.reason)
    elif isinstance(error, NotFound):
        exports.fail(claim, AREA_GONE)
    elif isinstance(error, MemoryError):
        exports.fail(claim, TOO_MUCH)
    else:
        with suppress(Unavailable):
            exports.release(claim)
