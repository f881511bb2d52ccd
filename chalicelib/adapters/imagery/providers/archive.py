"""The provider `archive`: dated images that the operator has, described by STAC Items in a folder or a bucket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.adapters.imagery.provider import Options, Provider, Services
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Licence, ProviderTerms

if TYPE_CHECKING:
    from chalicelib.adapters.imagery.archive import ArchiveImagery
    from chalicelib.adapters.imagery.holdings import Holdings
    from chalicelib.adapters.imagery.item_store import ItemStore

TERMS = ProviderTerms(
    name="archive",
    licence=Licence(name="Operator's own archive", url="", attribution="Archive", may_store=True, may_analyse=True),
    is_dated=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
)


def archive_at(place: str, aws_client: Callable[[str], Any]) -> ArchiveImagery:
    """Return the archive in a folder, or at `s3://bucket/prefix`, to be looked at without an index."""
    from chalicelib.adapters.imagery.archive import ArchiveImagery

    return ArchiveImagery(TERMS, _store_at(place, aws_client))


def indexed_archive_at(place: str, services: Services) -> ArchiveImagery:
    """Return the archive in a folder, or at `s3://bucket/prefix`, with its index."""
    from chalicelib.adapters.imagery.archive import ArchiveImagery
    from chalicelib.adapters.imagery.indexed import Indexed

    def indexed(store: ItemStore) -> Holdings:
        return Indexed(
            store,
            services.archive_index(),
            place=place,
            clock=services.clock,
            sleep=services.sleep,
            monotonic=services.monotonic,
        )

    return ArchiveImagery(TERMS, _store_at(place, services.aws_client), indexed)


def _store_at(place: str, aws_client: Callable[[str], Any]) -> ItemStore:
    parts = urlsplit(place)
    if parts.scheme == "s3":
        from chalicelib.adapters.imagery.s3_item_store import S3ItemStore

        return S3ItemStore(aws_client("s3"), bucket=parts.netloc, prefix=parts.path.lstrip("/"))
    from chalicelib.adapters.imagery.item_store import FolderItemStore

    return FolderItemStore(Path(place))


def _make(options: Options, services: Services) -> Imagery:
    if not options["archive"]:
        raise Invalid("no archive is set up here: start with --archive DIR", pointer="/provider")
    return indexed_archive_at(options["archive"], services)


# Its grid is that of the item which covers the area.
ARCHIVE = Provider(terms=TERMS, grid=None, settings=("archive",), make=_make)
