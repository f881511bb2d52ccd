"""Servers that send a byte now and then, for ever: each answer has its time as a whole."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, read_body
from chalicelib.adapters.imagery.geotiff import http_ranges
from chalicelib.adapters.imagery.geotiff.http_ranges import HttpRanges, session
from chalicelib.adapters.imagery.item_store import Unreadable
from chalicelib.adapters.imagery.sentinel2 import client
from chalicelib.adapters.imagery.sentinel2.searching import REST
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.scenes import SINCE
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery
from tests.support.builders.products import product_of
from tests.support.standins.stac import StacServer

READ_S, DRIP_S = 0.5, 0.1
LONGEST_S = 10.0  # that a server goes on, and so what a test takes without the bound
HEADERS, CHUNKS = b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"


class Dripping:
    """A server that begins an answer, and then drips."""

    def __init__(self, begin):
        self.begin, self.asked = begin, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.url = self.host + "/v1"

    def serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self.drip, args=(connection,), daemon=True).start()

    def drip(self, connection):
        with connection, suppress(OSError):
            connection.recv(65_536)
            self.asked += 1
            if not self.begin:
                time.sleep(LONGEST_S)
                return
            connection.sendall(self.begin)
            for _ in range(int(LONGEST_S / DRIP_S)):
                time.sleep(DRIP_S)
                connection.sendall(b"a")


@contextmanager
def dripping(begin):
    server = Dripping(begin)
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.listening.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    for module in (client, http_ranges):
        monkeypatch.setattr(module, "READ_S", READ_S)
    monkeypatch.setattr(client, "BUDGET_S", 3.0)


@pytest.mark.parametrize("begin", [HEADERS, CHUNKS, b"HTTP"], ids=["headers", "chunks", "status"])
def test_a_part_of_a_file_that_drips_is_given_up(begin):
    with dripping(begin) as server, session() as kept:
        began = time.monotonic()
        with pytest.raises(Unreadable):
            HttpRanges(kept, server.host + "/a.tif", budget_s=1.0).head(10)
        assert time.monotonic() - began < LONGEST_S / 2


def test_a_body_that_ends_when_it_is_cut_is_not_taken_for_a_whole_one():
    with dripping(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n") as server, session() as kept:
        response = kept.get(server.host, stream=True, timeout=5)
        with pytest.raises(BrokenBody, match="too slowly"):
            read_body(response, most=1000, deadline=Deadline(READ_S))


@pytest.mark.parametrize("begin", [HEADERS, b""], ids=["drips", "hangs"])
def test_a_catalogue_that_does_not_come_to_an_end_gives_way_and_is_asked_last_for_a_while(begin, tmp_path):
    sentinel2.put(tmp_path, "one", taken="2024-05-01T05:30:00Z")
    product = product_of(tmp_path / "one", taken="2024-05-30T05:30:00Z", tile="45QUD")
    now = [datetime(2024, 6, 1, 12, tzinfo=UTC)]
    with dripping(begin) as slow, StacServer(product) as other:
        other.shown_at = now[0]
        made = imagery(slow, other, clock=lambda: now[0], sentinel2_signing="")
        began = time.monotonic()
        for _ in range(3):
            assert made.scenes(sentinel2.GROUND, since=SINCE, until=now[0]).scenes
        assert time.monotonic() - began < LONGEST_S / 2
        asked = slow.asked
        assert asked <= client.TRIES_IN_SILENCE, "and not again for each search"
        now[0] += REST
        assert made.scenes(sentinel2.GROUND, since=SINCE, until=now[0]).scenes
        assert slow.asked > asked, "it may be well again"
        other.how += [{"status": 503}] * 3
        with pytest.raises(ProviderUnavailable, match="does not answer in time"):
            made.scenes(sentinel2.GROUND, since=SINCE, until=now[0])
