"""Whoever writes an archive takes too long, dies, or is one of several: it is written once, or ends with the reason."""

from datetime import timedelta

import pytest

from chalicelib.application.export_area import TOO_LONG
from chalicelib.application.settle_dead_letter import settle
from chalicelib.domain.errors import Busy, Unavailable
from chalicelib.domain.exports import GIVEN_UP
from chalicelib.domain.jobs import DeadLetter, ExportJob
from tests.support.exporting import archives, ask, load, path_of, shown, waiting, work
from tests.support.timing import at_once

ROUNDS = 12


def test_what_takes_too_long_ends_with_the_reason(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    times = iter([server.now] * 3)
    work(server, clock=lambda: next(times, server.now + timedelta(seconds=541)))
    assert shown(asha, area, export)["problem"] == TOO_LONG
    assert archives(server) == []


def test_a_worker_that_dies_is_followed_by_one_and_leaves_nothing(server, asha):
    area, other = asha.trip(), server.ports.area_exports
    export = ask(asha, area)
    waiting(server)
    job = ExportJob(export_id=export["id"])
    claim = other.claim(export["id"], now=server.now, lease_s=600)
    server.images.put(claim.export.key, b"put, and not said")
    with pytest.raises(Busy):
        work(server, job)
    server.later(seconds=601)
    work(server, job)
    assert shown(asha, area, export)["state"] == "READY"
    assert archives(server) == [f"{claim.export.stem}-2.zip"], "what was put before is deleted"
    with pytest.raises(Busy):
        other.end(claim, size_bytes=1, sha256="x", files=1, expires_at=server.now)
    assert load(server, shown(asha, area, export)).testzip() is None


def test_a_worker_that_was_given_up_ends_nothing_any_more(server, asha):
    area, exports = asha.trip(), server.ports.area_exports
    export = ask(asha, area)
    slow = exports.claim(export["id"], now=server.now, lease_s=600)
    server.later(seconds=601)
    quick = exports.claim(export["id"], now=server.now, lease_s=600)
    assert slow.export.key != quick.export.key
    whole = {"size_bytes": 1, "sha256": "x", "files": 1, "expires_at": server.now + timedelta(days=1)}
    with pytest.raises(Busy):
        exports.end(slow, **whole)
    with pytest.raises(Busy):
        exports.fail(slow, "too late")
    exports.release(slow)
    with pytest.raises(Busy):
        exports.claim(export["id"], now=server.now, lease_s=600)
    exports.end(quick, **whole)
    assert shown(asha, area, export)["state"] == "READY"


def test_after_two_deaths_it_is_given_up(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    waiting(server)
    for _ in range(2):
        assert server.ports.area_exports.claim(export["id"], now=server.now, lease_s=600) is not None
        server.later(seconds=601)
    work(server, ExportJob(export_id=export["id"]))
    assert (shown(asha, area, export)["state"], shown(asha, area, export)["problem"]) == ("FAILED", GIVEN_UP)
    assert ask(asha, area)["id"] != export["id"], "and another one can be asked for"


def test_a_store_that_is_away_uses_up_no_try(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    (message,) = waiting(server)
    server.images.away = True
    for _ in range(4):
        with pytest.raises(Unavailable):
            work(server, ExportJob.from_json(message.body))
    server.images.away = False
    work(server, ExportJob.from_json(message.body))
    assert shown(asha, area, export)["state"] == "READY"


def test_a_dead_letter_ends_an_export(server, asha):
    area = asha.trip()
    export = ask(asha, area)
    (message,) = waiting(server)
    ports = server.ports
    settle(
        DeadLetter(message=message, receipt="r", reason="killed"),
        runs=ports.tile_runs,
        deliveries=ports.deliveries,
        imports=ports.layer_imports,
        exports=ports.area_exports,
        jobs=server.jobs,
        clock=lambda: server.now,
    )
    assert shown(asha, area, export)["problem"] == GIVEN_UP


def test_of_workers_at_once_one_writes(server, asha):
    area = asha.trip()
    for _ in range(ROUNDS):
        export = ask(asha, area, images="none")
        waiting(server)
        claim = server.ports.area_exports.claim
        now = server.now
        claims = at_once(*[lambda e=export: claim(e["id"], now=now, lease_s=60)] * 4)
        assert sorted(isinstance(each, Busy) for each in claims) == [False, True, True, True], claims
        asha.call("DELETE", path_of(area, export))
