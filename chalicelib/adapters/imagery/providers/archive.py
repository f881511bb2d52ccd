"""The provider `archive`: dated images that the operator has, described by STAC Items in a folder or a bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.adapters.imagery.provider import Host, Options, Provider, Services
from chalicelib.application.ports.clock import Monotonic
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
    has_bands=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
    tells_arrivals=True,
)


def archive_at(place: str, hosts: str, *, aws_client: Callable[[str], Any], monotonic: Monotonic) -> ArchiveImagery:
    """Return the archive in a folder, or at `s3://bucket/prefix`, to be looked at without an index.

    `hosts` are those whose pictures its items may name, with commas. Raises Invalid.
    """
    from chalicelib.adapters.imagery.archive import ArchiveImagery

    return ArchiveImagery(TERMS, _store_at(place, hosts, aws_client, monotonic))


def indexed_archive_at(place: str, hosts: str, services: Services) -> ArchiveImagery:
    """Return the archive in a folder, or at `s3://bucket/prefix`, with its index. Raises Invalid."""
    from chalicelib.adapters.imagery.archive import ArchiveImagery
    from chalicelib.adapters.imagery.indexed import Indexed

    def indexed(store: ItemStore) -> Holdings:
        return Indexed(
            store,
            services.archive_index(),
            place="\n".join([place, *sorted(_each(hosts))]),  # with others it is read anew
            clock=services.clock,
            sleep=services.sleep,
            monotonic=services.monotonic,
        )

    store = _store_at(place, hosts, services.aws_client, services.monotonic)
    return ArchiveImagery(TERMS, store, indexed)


def _each(hosts: str) -> list[str]:
    return [each.strip() for each in hosts.split(",") if each.strip()]


def _store_at(place: str, hosts: str, aws_client: Callable[[str], Any], monotonic: Monotonic) -> ItemStore:
    from chalicelib.adapters.imagery.hosts import Hosts

    store = _store_of(place, aws_client)
    if not _each(hosts):
        return store
    from chalicelib.adapters.imagery.elsewhere import WithElsewhere

    return WithElsewhere(store, Hosts(_each(hosts)), aws_client=aws_client, monotonic=monotonic)


def _store_of(place: str, aws_client: Callable[[str], Any]) -> ItemStore:
    parts = urlsplit(place)
    if parts.scheme == "s3":
        from chalicelib.adapters.imagery.s3_item_store import S3ItemStore

        return S3ItemStore(aws_client("s3"), bucket=parts.netloc, prefix=parts.path.lstrip("/"))
    from chalicelib.adapters.imagery.item_store import FolderItemStore

    return FolderItemStore(Path(place))


def _make(options: Options, services: Services) -> Imagery:
    if not options["archive"]:
        raise Invalid("no archive is set up here: start with --archive DIR", pointer="/provider")
    return indexed_archive_at(options["archive"], options["archive_hosts"], services)


def _hosts_of(options: Mapping[str, str]) -> tuple[Host, ...]:
    """Return the machines that its items may name; buckets are AWS's own."""
    from chalicelib.adapters.imagery.hosts import Hosts

    over_ipv6 = Hosts(_each(options.get("archive_ipv6_hosts", "")), setting="BHUPRAHARI_ARCHIVE_IPV6_HOSTS")
    machines = [each for each in Hosts(_each(options.get("archive_hosts", ""))) if each.scheme != "s3"]
    return tuple(Host(each.host, speaks_ipv6=each in over_ipv6, port=each.port) for each in machines)


# Its grid is that of the item which covers the area.
ARCHIVE = Provider(
    terms=TERMS,
    grid=None,
    settings=("archive", "archive_hosts", "archive_ipv6_hosts"),
    needs="archive",
    make=_make,
    hosts_of=_hosts_of,
)
