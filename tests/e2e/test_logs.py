"""One trip over the whole machine, and what its log says of it: one search by session tells the whole story."""

import json

import pytest

from tests.support.emf import faults, metrics_of
from tests.support.running.client import Client, Server
from tests.support.running.patchwork import patchwork

SETTINGS = {"capture_schedule": "rate(1 day)", "compare_wait_s": 0}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Give the lines of a log, and the session that a tap opened and that found a change."""
    folder = tmp_path_factory.mktemp("logs")
    land, archive, home = patchwork(folder, side_m=200), folder / "archive", folder / "home"
    archive.mkdir()
    with Server(home, "--archive", str(archive), "--no-demo", fcm_default_targets="/topics/ours", **SETTINGS) as server:
        client = Client(server.url)
        land.put(archive, "before")
        area = client.add_area(**land.area)["id"]
        client.supervise_now(area)
        land.put(archive, "after")
        session = client.supervise_now(area)
        assert session["status"] == "COMPLETED_CHANGES_DETECTED"
        server.stop()
    lines = [json.loads(line) for line in (home / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return lines, session


def of_session(told):
    lines, session = told
    return [line for line in lines if line.get("session_id") == session["id"]]


def test_one_session_is_told_from_the_tap_to_the_push(told):
    story = of_session(told)
    stops = list(dict.fromkeys((line["function"], line["message"]) for line in story))
    assert stops[0] == ("api_handler", "session opened")
    assert {("capture_tile", "tile captured"), ("compare_tile", "tile run ended")} <= set(stops)
    assert "session ended" in [message for _, message in stops]  # by the tile that ended last, whatever came of it
    assert ("notify_session", "pushes recorded") in stops  # another process: it may write its line first


def test_one_request_id_follows_the_tap_through_every_function(told):
    lines, session = told
    (opened,) = [line for line in of_session(told) if line["message"] == "session opened"]
    (answered,) = [
        line for line in lines if line["message"] == "request answered" and line["request_id"] == opened["request_id"]
    ]
    assert answered["route"] == "/api/monitor/capture/{area_id}"
    followed = [line for line in lines if line.get("request_id") == opened["request_id"]]
    assert {line["function"] for line in followed} == {
        "api_handler",
        "capture_tile",
        "compare_tile",
        "notify_session",
    }
    assert {line["session_id"] for line in followed if "session_id" in line} == {session["id"]}
    assert [line for line in of_session(told) if line.get("request_id") != opened["request_id"]] == []


def test_every_line_of_a_session_has_its_ids(told):
    for line in of_session(told):
        assert line["function"], line
        assert line["aws_request_id"], line
        if line["function"] in ("capture_tile", "compare_tile"):
            assert line["tile"].count("/") == 2, line
            assert line["tile_run_id"], line


def test_the_log_of_the_trip_is_what_cloudwatch_counts(told):
    lines, session = told
    counted = [line for line in lines if "_aws" in line]
    assert [faults(line) for line in counted if faults(line)] == []
    runs = [dimensions["Verdict"] for name, dimensions, _ in metrics_of(of_session(told)) if name == "TileRuns"]
    assert {verdict: runs.count(verdict) for verdict in set(runs)} == session["countsByVerdict"]
    names = {name for name, _, _ in metrics_of(lines)}
    of_ticks = {"SweepRuns", "BacklogAgeSeconds", "OverdueAreas", "BrokenInvariants"}
    assert names == {"TileRuns", "SessionSeconds", "Pushes"} | of_ticks


def test_nothing_in_the_log_is_secret(told):
    lines, _ = told
    text = json.dumps(lines)
    for word in ("Bearer", "access_token", "signature=", "password"):
        assert word not in text
