"""Map services of the operator's choice: what the settings say of one, whose settings have its name before them.

Nobody else can say where it lies: no address comes from a user, an item or an answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from chalicelib.adapters.imagery.hosts import Address, address_of, shown
from chalicelib.adapters.imagery.provider import Host
from chalicelib.domain.errors import Invalid, LicenceRefused
from chalicelib.domain.scenes import Found, Item, Licence, ProviderTerms, Scene

UNDATED = Scene(scene_id="", captured_at=None)
FIELDS = (
    "url",
    "dates",
    "licence",
    "licence_url",
    "attribution",
    "may_store",
    "may_analyse",
    "cost_usd",
    "speaks_ipv6",
)
"""The settings that every service has, without its name before them."""

_PREFIX = "BHUPRAHARI_"
_MAX_LETTERS = 160
_ADDRESSES = re.compile(r"\S+://\S+")


class Taken(NamedTuple):
    """A day of which a service has imagery, and what the service calls it."""

    day: date
    name: str

    @property
    def at(self) -> datetime:
        """The day as a scene's time: a date without a time of day."""
        return datetime.combine(self.day, time(tzinfo=UTC))


class Service(NamedTuple):
    """A service as its settings describe it."""

    name: str
    url: str
    dates: tuple[Taken, ...]  # newest first; none: it does not say when its imagery was taken
    licence: Licence
    cost_usd: float  # of one request
    speaks_ipv6: bool

    @classmethod
    def of(cls, name: str, options: Mapping[str, object]) -> Service:
        """Read a service from its settings. Raises Invalid, naming the setting."""
        said = {field: options[f"{name}_{field}"] for field in FIELDS}
        if not said["url"]:
            raise Invalid(f"no {name} service is set up here: set {setting(name, 'url')}", pointer="/provider")
        for field in ("licence", "attribution"):
            if not str(said[field]).strip():
                raise Invalid(f"{setting(name, field)} must say {_WANTED[field]}")
        return cls(
            name=name,
            url=str(said["url"]).strip(),
            dates=_dates(name, str(said["dates"])),
            licence=Licence(
                name=str(said["licence"]).strip(),
                url=str(said["licence_url"]).strip(),
                attribution=str(said["attribution"]).strip(),
                may_store=said["may_store"] == "yes",
                may_analyse=said["may_analyse"] == "yes",
            ),
            cost_usd=float(str(said["cost_usd"])),
            speaks_ipv6=said["speaks_ipv6"] == "yes",
        )

    def terms(self, *, requests: int) -> ProviderTerms:
        """Return its terms, where a tile's image takes so many requests."""
        return ProviderTerms(
            name=self.name,
            licence=self.licence,
            is_dated=bool(self.dates),
            sends_placeholders=True,
            cost_per_request_usd=self.cost_usd * requests,
            usual_cadence_hours=24 * 7,
        )

    def check_licence(self) -> None:
        """Raise LicenceRefused where what the settings say of its licence does not let an area be watched."""
        forbids = [
            word
            for word, may in (("storing", self.licence.may_store), ("analysing", self.licence.may_analyse))
            if not may
        ]
        if forbids:
            settings = f"{setting(self.name, 'may_store')} and {setting(self.name, 'may_analyse')}"
            raise LicenceRefused(
                f"{self.name} is off: its licence ({self.licence.name}) is not stated to allow {' and '.join(forbids)} "
                f"its imagery; if it does, set {settings} to yes"
            )

    def found(self, *, since: datetime, until: datetime) -> Found:
        """Return the scenes that it has between two times: one of each day, or the one that is of no day."""
        if not self.dates:
            return Found(scenes=(UNDATED,))
        return Found(scenes=tuple(self._scene(taken) for taken in self.dates if since <= taken.at <= until))

    def _scene(self, taken: Taken) -> Scene:
        scene_id = f"{self.name}-{taken.day.isoformat()}"
        content = hashlib.sha256(f"{self.url}\n{taken.name}".encode()).hexdigest()
        return Scene(scene_id=scene_id, captured_at=taken.at, items=(Item(scene_id, taken.at, content),))

    def date_name(self, scene: Scene) -> str | None:
        """Return what the service calls a scene's day; empty for the undated one, None for a scene that it has not."""
        if not self.dates:
            return "" if scene == UNDATED else None
        return next((taken.name for taken in self.dates if self._scene(taken).version == scene.version), None)

    def without_secrets(self, text: str) -> str:
        """Return a text of the service's as one short line, without addresses, and without what its own has in it."""
        for _, value in parse_qsl(urlsplit(self.url).query):
            if value and "{" not in value:
                text = text.replace(value, "...")
        return " ".join(_ADDRESSES.sub("...", text).split())[:_MAX_LETTERS]


_WANTED = {"licence": "by which licence its imagery may be used", "attribution": "whose imagery it is"}


def setting(name: str, field: str) -> str:
    """Return the environment variable of a service's setting."""
    return f"{_PREFIX}{name.upper()}_{field.upper()}"


def checked_address(name: str, url: str) -> Address:
    """Return what a service's address names, its placeholders filled in. Raises Invalid."""
    address = address_of(url)
    if address is None or address.scheme not in ("http", "https"):
        raise Invalid(
            f"{setting(name, 'url')} must be an address such as https://maps.example.org/..., without a name and a "
            f"password in it, not {shown(url)!r}"
        )
    return address


def host_of(name: str, options: Mapping[str, str]) -> tuple[Host, ...]:
    """Return the host that a service's settings name; none where there is none, or it cannot be read."""
    address = address_of(options.get(f"{name}_url", "").partition("{")[0])
    if address is None:
        return ()
    return (Host(address.host, speaks_ipv6=options.get(f"{name}_speaks_ipv6") == "yes", port=address.port),)


def _dates(name: str, text: str) -> tuple[Taken, ...]:
    taken = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        day, _, called = part.partition("=")
        try:
            taken.append(Taken(date.fromisoformat(day.strip()), called.strip() or day.strip()))
        except ValueError:
            raise Invalid(
                f"{setting(name, 'dates')} must be days with commas between them, such as 2024-01-12, or "
                f"2024-01-12=ortho2024 where the service calls it so, not {part!r}"
            ) from None
    if len({each.day for each in taken}) != len(taken):
        raise Invalid(f"{setting(name, 'dates')} names a day twice")
    return tuple(sorted(taken, reverse=True))
