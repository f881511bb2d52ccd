"""Events become metrics that CloudWatch takes, and nothing else does."""

import io
import json
import logging

import pytest

from chalicelib import logs, metrics
from chalicelib.application.events import record
from chalicelib.domain import events
from chalicelib.domain.events import Event
from tests.support.emf import faults, metrics_of

ABOUT = {
    events.TILE_RUN_ENDED: {"verdict": "FAILED", "provider": "archive", "tile": "17/1/2", "session_id": 3},
    events.CATALOGUE_STALE: {"provider": "sentinel2", "catalogue": "stac.example.org"},
    events.SESSION_ENDED: {"seconds": 12.5, "session_id": 3},
    events.PUSHES_RECORDED: {"pushes": 4, "outcome": "SENT"},
    events.RECONCILE_DONE: {"backlog_age_s": 7.25, "overdue_areas": 2},
    events.PART_VERIFIED: {"broken": 3},
}


@pytest.fixture
def lines():
    """Give what is logged as the lines that a stage's stream gets, parsed."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines(stage="dev"))
    log = logging.getLogger("chalicelib.facts")
    level = log.level
    log.addHandler(handler)
    log.setLevel("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)
    log.setLevel(level)


def test_every_counted_fact_is_a_line_that_cloudwatch_takes(lines):
    for name in metrics.METRICS:
        record(Event(name, ABOUT[name]))
    assert [faults(line) for line in lines()] == [[]] * len(metrics.METRICS)
    assert sorted(metrics_of(lines()), key=str) == sorted(
        [
            ("TileRuns", {"Stage": "dev", "Verdict": "FAILED"}, 1),
            ("ProviderErrors", {"Stage": "dev", "Provider": "archive"}, 1),
            ("SessionSeconds", {"Stage": "dev"}, 12.5),
            ("Pushes", {"Stage": "dev", "Outcome": "SENT"}, 4),
            ("SweepRuns", {"Stage": "dev"}, 1),
            ("BacklogAgeSeconds", {"Stage": "dev"}, 7.25),
            ("OverdueAreas", {"Stage": "dev"}, 2),
            ("BrokenInvariants", {"Stage": "dev"}, 3),
            ("StaleCatalogues", {"Stage": "dev", "Provider": "sentinel2"}, 1),
        ],
        key=str,
    )
    assert {part["Namespace"] for line in lines() for part in line["_aws"]["CloudWatchMetrics"]} == {"Bhuprahari"}


def test_a_verdict_that_no_provider_is_to_blame_for_is_no_provider_error(lines):
    record(Event(events.TILE_RUN_ENDED, {"verdict": "CHANGED", "provider": None}))
    assert [name for name, _, _ in metrics_of(lines())] == ["TileRuns"]


def test_a_fact_that_is_not_counted_is_a_plain_line(lines):
    record(Event(events.SESSION_OPENED, {"session_id": 3}))
    (line,) = lines()
    assert "_aws" not in line
    assert line["session_id"] == 3


def test_a_log_line_of_somebody_elses_is_no_metric(lines):
    entry = logging.makeLogRecord({"name": "other", "msg": events.RECONCILE_DONE, "backlog_age_s": 1.0})
    assert "_aws" not in json.loads(logs.JsonLines(stage="dev").format(entry))


def test_a_quiet_log_level_does_not_silence_the_metrics():
    root = logging.getLogger()
    kept = root.handlers, root.level
    stream = io.StringIO()
    try:
        root.handlers = []
        logs.configure("ERROR", stream, stage="dev")
        logging.getLogger("chalicelib.domain").info("not seen")
        record(Event(events.RECONCILE_DONE, {"backlog_age_s": 0.0}))
    finally:
        root.handlers, _ = kept
        root.setLevel(kept[1])
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == [events.RECONCILE_DONE]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda line: line["_aws"].pop("Timestamp"), "Timestamp"),
        (lambda line: line.pop("Stage"), "the dimension Stage"),
        (lambda line: line.update(Stage=7), "the dimension Stage"),
        (lambda line: line.pop("SweepRuns"), "the metric SweepRuns"),
        (lambda line: line.update(SweepRuns="1"), "the metric SweepRuns"),
        (lambda line: line["_aws"]["CloudWatchMetrics"][0].update(Dimensions=[]), "Dimensions"),
        (lambda line: line["_aws"]["CloudWatchMetrics"][0].update(Namespace=""), "Namespace"),
        (lambda line: line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0].update(Unit="Sweeps"), "no unit"),
        (lambda line: line.pop("_aws"), "_aws"),
    ],
)
def test_a_line_that_cloudwatch_would_drop_is_noticed(spoil, says):
    line = metrics.embedded(events.RECONCILE_DONE, {"backlog_age_s": 1.0}, stage="dev", at_ms=1)
    assert faults(line) == []
    spoil(line)
    assert any(says in fault for fault in faults(line))
