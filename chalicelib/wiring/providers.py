"""Which provider answers to which name, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.domain.errors import Invalid
from chalicelib.settings import PROVIDERS, Settings

if TYPE_CHECKING:
    from chalicelib.domain import ports


def make(
    name: str,
    knobs: Settings,
    *,
    aws: Callable[[str], Any],
    secrets: Callable[[], ports.Secrets],
    clock: ports.Clock,
) -> ports.Imagery:
    """Make a provider. Raises Invalid, with the pointer `/provider`, for one that is not known or not set up here."""
    if name == "sample":
        from chalicelib.adapters.imagery.sample import SampleImagery

        return SampleImagery(today=lambda: _landscape_day(knobs.sample_clock, clock))
    if name == "archive":
        from chalicelib.adapters.imagery.archive import ArchiveImagery

        if not knobs.archive:
            raise Invalid("no archive is set up here: start with --archive DIR", pointer="/provider")
        place = urlsplit(knobs.archive)
        if place.scheme == "s3":
            from chalicelib.adapters.imagery.s3_item_store import S3ItemStore

            return ArchiveImagery(S3ItemStore(aws("s3"), bucket=place.netloc, prefix=place.path.lstrip("/")))
        return ArchiveImagery(Path(knobs.archive))
    if name == "google_static":
        import requests

        from chalicelib.adapters.imagery.google_static import GoogleStaticImagery

        return GoogleStaticImagery(
            key=lambda: secrets().get(knobs.google_key_secret),
            signing_secret=lambda: secrets().get(knobs.google_signing_secret),
            permission=knobs.google_permission,
            endpoint=knobs.google_endpoint,
            session=requests.Session(),
        )
    raise Invalid(f"there is no provider {name!r}: choose one of {', '.join(PROVIDERS)}", pointer="/provider")


def _landscape_day(clock_file: str, clock: ports.Clock) -> date:
    """Give the sample landscape's calendar day: today, moved by the days in the file of the setting."""
    today = clock().date()
    try:
        return today + timedelta(days=int(Path(clock_file).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return today
