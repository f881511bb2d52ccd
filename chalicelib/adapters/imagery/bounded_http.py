"""Read HTTP responses within bounds of bytes and time: a response may be too long, too slow, or break off."""

from __future__ import annotations

import logging
import math
import time
from email.utils import parsedate_to_datetime

import requests
import urllib3

from chalicelib.adapters.imagery.bounded_connections import cut_after
from chalicelib.domain.errors import ProviderUnavailable, Throttled

CHUNK_BYTES = 64 * 1024
_THROTTLES = frozenset({403, 429, 503})


def hide_addresses() -> None:
    """Keep whole URLs, in which keys and signatures stand, out of the logs of the library below."""
    for name in ("connection", "connectionpool", "util.retry"):
        logging.getLogger(f"urllib3.{name}").setLevel(logging.ERROR)


class BrokenBody(Exception):
    """A body did not arrive whole; the message says how, in words that follow "the picture"."""


class Deadline:
    """The time that a request may still take, all tries and waits together."""

    def __init__(self, budget_s: float) -> None:
        self._ends_s = time.monotonic() + budget_s

    @property
    def left_s(self) -> float:
        """Seconds left; at least a millisecond, since some libraries take a timeout of 0 for none at all."""
        return max(0.001, self._ends_s - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Has the time run out?"""
        return time.monotonic() >= self._ends_s


def read_body(response: requests.Response, *, most: int, deadline: Deadline) -> bytes:
    """Read a streamed body whole. Raises BrokenBody if it is longer than `most` bytes, too slow, or breaks off."""
    chunks: list[bytes] = []
    length = 0
    broken = ""
    too_slow = "comes too slowly: {} bytes when the time was up"
    # What lies between the parts of a chunked body is read in one go, however slowly it drips: cut from outside.
    with cut_after(deadline.left_s, response.raw.shutdown) as is_cut:
        try:
            # read1 returns what has arrived: reading a full chunk would wait for ever on a body that drips.
            while not broken and (chunk := response.raw.read1(CHUNK_BYTES)):
                chunks.append(chunk)
                length += len(chunk)
                if length > most:
                    broken = f"is longer than {most} bytes"
                elif deadline.is_over:
                    broken = too_slow.format(length)
        except (urllib3.exceptions.HTTPError, OSError):
            broken = f"broke off after {length} bytes"
    if is_cut.is_set():
        broken = too_slow.format(length)
    stated = response.headers.get("Content-Length", "")
    if not broken and stated.isdecimal() and int(stated) != length:
        broken = f"broke off after {length} of {stated} bytes"
    if broken:
        raise BrokenBody(broken)
    return b"".join(chunks)


def kind_of_trouble(response: requests.Response) -> type[ProviderUnavailable]:
    """Return whom a status that may pass is meant for: by these a server turns away whoever asks too much."""
    return Throttled if response.status_code in _THROTTLES else ProviderUnavailable


def retry_after_s(response: requests.Response) -> float | None:
    """Return the wait in seconds that a response's Retry-After asks for; None if it is missing or cannot be read.

    A date is counted from the response's own Date: our clock may differ from theirs.
    """
    asked = response.headers.get("Retry-After", "").strip()
    try:
        if asked.isdecimal():
            seconds = float(asked[:9])
        else:
            since = parsedate_to_datetime(response.headers.get("Date", ""))
            seconds = (parsedate_to_datetime(asked) - since).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
