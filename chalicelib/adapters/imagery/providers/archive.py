"""The provider `archive`: dated images that the operator has, described by STAC Items in a folder or a bucket."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.adapters.imagery.provider import Options, Provider, Services
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Licence, ProviderTerms

TERMS = ProviderTerms(
    name="archive",
    licence=Licence(name="Operator's own archive", url="", attribution="Archive", may_store=True, may_analyse=True),
    is_dated=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
)


def _make(options: Options, services: Services) -> Imagery:
    from chalicelib.adapters.imagery.archive import ArchiveImagery

    if not options["archive"]:
        raise Invalid("no archive is set up here: start with --archive DIR", pointer="/provider")
    place = urlsplit(options["archive"])
    if place.scheme == "s3":
        from chalicelib.adapters.imagery.s3_item_store import S3ItemStore

        client = services.aws_client("s3")
        return ArchiveImagery(TERMS, S3ItemStore(client, bucket=place.netloc, prefix=place.path.lstrip("/")))
    return ArchiveImagery(TERMS, Path(options["archive"]))


# Its grid is that of the item which covers the area.
ARCHIVE = Provider(terms=TERMS, grid=None, settings=("archive",), make=_make)
