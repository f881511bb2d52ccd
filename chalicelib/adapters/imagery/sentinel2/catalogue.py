"""One catalogue of Sentinel-2: what it finds over some ground, how new it is, and how its files are asked for.

Source: STAC API 1.0, item search and sort; Planetary Computer, "Using tokens for data access".
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bounded_http import Deadline
from chalicelib.adapters.imagery.hosts import shown
from chalicelib.adapters.imagery.properties import time_of
from chalicelib.adapters.imagery.sentinel2.client import CatalogueClient
from chalicelib.adapters.imagery.sentinel2.files import Count
from chalicelib.adapters.imagery.sentinel2.products import Product, read_product, told_apart
from chalicelib.application.ports.clock import Clock
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, Item, Refused, day_of, shown_share
from chalicelib.domain.tiles import Bounds, centre_of

SIGNING_S = 20.0
TOKEN_SPARE = timedelta(minutes=2)  # before a token ends it is another one that is used
NO_SLACK = (0.0, 0.0)
SAME_PASS = timedelta(hours=1)  # a catalogue's time of a product is that of its middle, up to half an hour later
SAME_GROUND = 0.95  # of it
MOST_OF_DAY = 500  # products over one area: of a whole country's
FIRST = datetime(2015, 6, 1, tzinfo=UTC)  # the first satellite was launched in that month

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Finds:
    """What a search of one catalogue found over some ground."""

    products: list[Product] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    is_whole: bool = True  # there is nothing older


class Catalogue:
    """One catalogue. What it answers and cannot be used raises ProviderUnavailable, ProviderRefused."""

    def __init__(self, client: CatalogueClient, collections: tuple[str, ...], *, signing: str, clock: Clock) -> None:
        """Search these collections, the best first. Files are signed by the address `signing`, if there is one."""
        self._client, self._collections, self._signing, self._clock = client, collections, signing, clock
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Its host."""
        return self._client.name

    def search(
        self,
        ground: Bounds,
        *,
        since: datetime,
        until: datetime,
        days: int | None = None,
    ) -> Finds:
        """Return what was taken of some ground: of so many days at least, the newest ones, or of all."""
        wanted = self._wanted(since, until) | {"bbox": list(ground)}
        finds, times, lon = Finds(), list[datetime](), centre_of(ground)[0]
        products: list[Product] = []
        for page in self._client.search(wanted):
            for feature in page:
                try:
                    product = read_product(feature)
                except BadItem as bad:
                    logger.warning("catalogue item skipped", extra={"catalogue": self.name, "reason": str(bad)})
                    finds.refused += _refused(bad, ground, since, until)
                    continue
                if since <= product.item.captured_at <= until and shown_share(product.item, ground, NO_SLACK) > 0:
                    products.append(product)
            times += [time for time in map(_time_of, page) if time is not None and since <= time <= until]
            is_sorted = all(one >= other for one, other in pairwise(times))  # else what is newer may come yet
            if days is not None and len({day_of(time, lon) for time in times}) > days and is_sorted:
                finds.is_whole = False
                break
        finds.products = told_apart(products, self._collections)
        most = max(Counter(day_of(each.item.captured_at, lon) for each in finds.products).values(), default=0)
        if most > MOST_OF_DAY:
            raise ProviderUnavailable(f"{self.name} finds {most} pictures of one day: it cannot be what was asked")
        finds.refused = [each for each in finds.refused if not _is_there_otherwise(each, finds.products)]
        return finds

    def newest(self) -> datetime | None:
        """Return when the newest was taken of all that it has, of anywhere; None if it has nothing.

        What is dated in the future does not count: one such item would make a catalogue that has stopped look alive.
        """
        until = self._clock() + CLOCKS_MAY_DIFFER
        page = next(self._client.search(self._wanted(FIRST, until) | {"limit": 1}), [])
        return max((time for time in map(_time_of, page) if time is not None and time <= until), default=None)

    def _wanted(self, since: datetime, until: datetime) -> dict[str, object]:
        return {
            "collections": list(self._collections),
            "datetime": f"{_text(max(since, FIRST))}/{_text(until)}",
            "sortby": [{"field": "properties.datetime", "direction": "desc"}],
        }

    def signed(self, href: str, collection: str) -> str:
        """Return an address as it is asked for."""
        if not self._signing:
            return href
        return f"{href}{'&' if '?' in href else '?'}{self._token(collection)}"

    @property
    def count(self) -> Count:
        """What was asked of it until now, files apart."""
        return Count(self._client.requests, self._client.received)

    @property
    def signs(self) -> bool:
        """Whether its files are asked for with a token."""
        return bool(self._signing)

    def forget_token(self, collection: str) -> None:
        """Ask for another token: this one was refused."""
        with self._lock:
            self._tokens.pop(collection, None)

    def _token(self, collection: str) -> str:
        with self._lock:
            token, ends_at = self._tokens.get(collection, ("", None))
            if ends_at is not None and self._clock() < ends_at - TOKEN_SPARE:
                return token
            url = f"{self._signing.rstrip('/')}/{collection}"
            self._tokens[collection] = self._read_token(self._client.ask("GET", url, None, Deadline(SIGNING_S)))
            return self._tokens[collection][0]

    def _read_token(self, answer: Mapping[str, object]) -> tuple[str, datetime]:
        token = answer.get("token")
        with suppress(BadItem):
            if isinstance(token, str) and token.strip():
                return token.strip().lstrip("?"), time_of(answer.get("msft:expiry"), "msft:expiry")[0]
        raise ProviderUnavailable(f"{shown(self._signing)} answers something else than a token and its end")


def _is_there_otherwise(refused: Refused, products: list[Product]) -> bool:
    """Whether what cannot be used of one collection is there of another: the same pass over the same ground."""
    return any(
        refused.bounds is not None
        and abs(product.item.captured_at - refused.captured_at) <= SAME_PASS
        and shown_share(product.item, refused.bounds, NO_SLACK) >= SAME_GROUND
        for product in products
    )


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time_of(feature: object) -> datetime | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    try:
        return time_of(properties.get("datetime"), "datetime")[0] if isinstance(properties, dict) else None
    except BadItem:
        return None


def _refused(bad: BadItem, ground: Bounds, since: datetime, until: datetime) -> list[Refused]:
    """Return what cannot be used, where it may be of that time and show some of the ground."""
    at = min(bad.captured_at or until, until)
    if at < since:
        return []
    says = (
        f"the picture of {at:%Y-%m-%d} cannot be used" if bad.captured_at else "a picture that may be newer cannot be"
    )
    bounds = bad.grounds[0] if bad.grounds else None
    if bounds is not None and shown_share(Item("", at, "", bounds), ground, NO_SLACK) <= 0:
        return []
    return [Refused(at, bounds, f"{says}: {bad.says}")]
