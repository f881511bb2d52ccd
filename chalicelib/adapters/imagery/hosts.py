"""The other machines whose pictures an archive may read: those that the operator named, and no others.

Items may come from anybody's catalogue, and an address in one must not make this process ask what it alone can reach:
a service of its own network, the addresses from which a cloud gives credentials. So a host is asked only if it is named
in the settings, over TLS unless it is named with `http://`, and the address asked is put together from the parts that
were checked. A name's owner can point it elsewhere, but what answers there has no certificate for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from chalicelib.domain.errors import Invalid

_PORTS = {"http": 80, "https": 443}
_S3 = re.compile(r"[sS]3://([a-z0-9][a-z0-9.-]+)(?:/(.*))?")
_ODD = re.compile(r"[\x00-\x20\x7f\\]")  # which programs read differently


class Address(NamedTuple):
    """A file on another machine, by the parts of its address."""

    scheme: str  # http, https or s3
    host: str  # of s3 the bucket
    port: int  # 0 of s3
    path: str  # with the query, as it is asked for; of s3 the key

    @property
    def url(self) -> str:
        """As it is asked for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port in (0, _PORTS.get(self.scheme)) else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def named(self) -> str:
        """As the settings name its machine."""
        of_https = self._replace(scheme="https", path="").url.removeprefix("https://")
        return of_https if self.scheme == "https" else self._replace(path="").url


def address_of(href: str) -> Address | None:
    """Return what an address names; None if it is none that can be asked.

    >>> address_of("https://Cogs.example.org/a.tif?v=1")
    Address(scheme='https', host='cogs.example.org', port=443, path='/a.tif?v=1')
    >>> address_of("https://cogs.example.org@10.0.0.1/a.tif")
    """
    if in_bucket := _S3.fullmatch(href.strip()):
        return Address("s3", in_bucket[1], 0, in_bucket[2] or "")
    if _ODD.search(href.strip()):
        return None
    try:
        parts = urlsplit(href.strip())
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    if not host or "@" in parts.netloc or scheme not in _PORTS:
        return None
    return Address(scheme, host, _PORTS[scheme] if port is None else port, _asked(parts))


def _asked(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def shown(href: str) -> str:
    """Return an address without what may be a secret in it: a query, somebody's name and password.

    >>> shown("https://a.example/b.tif?sig=secret"), shown("2025/a.tif")
    ('https://a.example/b.tif', '2025/a.tif')
    """
    scheme, found, rest = href.partition("://")
    if not found:
        return href
    host, slash, path = re.split(r"[?#]", rest)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


class Hosts:
    """The machines that may be asked."""

    def __init__(self, named: Iterable[str] = (), *, setting: str = "BHUPRAHARI_ARCHIVE_HOSTS") -> None:
        """Take `cogs.example.org`, `cogs.example.org:8443`, `http://nas.local:8080`, `s3://bucket`. Raises Invalid."""
        self._named = frozenset(_named(each, setting) for each in named)

    def __contains__(self, address: Address) -> bool:
        return address._replace(path="") in self._named

    def __iter__(self) -> Iterator[Address]:
        return iter(sorted(self._named))

    def __bool__(self) -> bool:
        return bool(self._named)

    def __str__(self) -> str:
        return ", ".join(sorted(each.named for each in self._named))


def _named(text: str, setting: str) -> Address:
    address = address_of(text if "://" in text else f"https://{text}")
    if address is None or address.path not in ("", "/"):
        raise Invalid(
            f"{setting} names hosts with commas between them, such as cogs.example.org, "
            f"http://nas.local:8080 or s3://bucket, not {shown(text)!r}"
        )
    return address._replace(path="")
