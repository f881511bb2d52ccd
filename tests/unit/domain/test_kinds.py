"""Kinds of change: what people read, what an area wants to be told of, and what that makes of a comparison."""

from dataclasses import replace

import pytest

from chalicelib.domain.changes import Reason, change_log, ignored_of
from chalicelib.domain.errors import Invalid
from chalicelib.domain.kinds import (
    DEFAULT_ALERT_KINDS,
    SURE,
    WORKS,
    Kind,
    checked_alert_kinds,
    is_surely_unwanted,
    read_as,
    reading_kind,
)
from chalicelib.domain.pushes import Notice
from chalicelib.domain.thresholds import Thresholds
from tests.support.builders.domain import a_change, a_region

THRESHOLDS = Thresholds(min_changed_area_m2=25)
NOTICE = Notice(area_id=7, area_name="Hill", session_id=41, changes=2)


def test_people_read_five_words():
    words = {kind: reading_kind(kind).value for kind in Kind}
    assert words[Kind.BUILT] == words[Kind.ROAD] == "built"
    assert (words[Kind.BARE_EARTH], words[Kind.VEGETATION_LOST], words[Kind.WATER_LOST]) == (
        "earth moved",
        "plants lost",
        "water lost",
    )
    rest = {Kind.VEGETATION_GROWN, Kind.CROP_OR_SEASON, Kind.WATER_GAINED, Kind.OTHER}
    assert {words[kind] for kind in rest} == {"other"}
    assert reading_kind(None).value == reading_kind("a kind of a later release").value == "other"


def test_the_usual_kinds_are_works_and_what_was_lost():
    assert {"built", "road", "bare_earth"} == WORKS
    assert {*WORKS, "vegetation_lost", "water_lost"} == DEFAULT_ALERT_KINDS


def test_words_are_told_once_and_always_in_one_order():
    assert read_as(["other", "plants lost", "built", "other"]) == ("built", "plants lost", "other")
    assert read_as([]) == ()


@pytest.mark.parametrize(
    ("crop", "growth", "is_unwanted"),
    [(SURE, 0.0, True), (SURE / 2, SURE / 2, True), (SURE - 0.01, 0.0, False), (0.0, 0.0, False)],
)
def test_only_what_is_surely_of_no_kind_that_is_asked_for_is_ignored(crop, growth, is_unwanted):
    chances = {Kind.CROP_OR_SEASON: crop, Kind.VEGETATION_GROWN: growth, Kind.BUILT: 1 - crop - growth}
    assert is_surely_unwanted(chances, DEFAULT_ALERT_KINDS) is is_unwanted


def test_what_is_of_no_known_kind_makes_nobody_sure():
    assert not is_surely_unwanted({Kind.OTHER: 0.9, Kind.CROP_OR_SEASON: 0.1}, DEFAULT_ALERT_KINDS)
    assert is_surely_unwanted({Kind.OTHER: 1 - SURE, Kind.CROP_OR_SEASON: SURE}, DEFAULT_ALERT_KINDS)


def test_what_is_asked_for_is_never_ignored_however_sure_and_neither_is_what_is_not_known():
    assert not is_surely_unwanted({Kind.CROP_OR_SEASON: 1.0}, {Kind.CROP_OR_SEASON})
    assert is_surely_unwanted({Kind.BUILT: 1.0}, {Kind.CROP_OR_SEASON})
    assert not is_surely_unwanted({}, DEFAULT_ALERT_KINDS)


@pytest.mark.parametrize(
    ("names", "pointer", "says"),
    [
        (["built", "houses"], "/alertKinds/1", "built, road, bare_earth"),
        ([], "/alertKinds", "at least"),
        (["earth moved"], "/alertKinds/0", "not 'earth moved'"),
    ],
)
def test_kinds_that_are_none_are_refused_and_say_which_there_are(names, pointer, says):
    with pytest.raises(Invalid, match=says) as refused:
        checked_alert_kinds(names)
    assert refused.value.pointer == pointer


def test_kinds_that_are_said_twice_count_once():
    assert checked_alert_kinds(["road", "built", "road"]) == {Kind.BUILT, Kind.ROAD}


def test_each_choice_of_kinds_is_another_comparison_and_the_usual_one_keeps_its_name():
    choices = [DEFAULT_ALERT_KINDS, *({kind} for kind in Kind), frozenset(Kind), frozenset(Kind) - {Kind.OTHER}]
    keys = [replace(THRESHOLDS, alert_kinds=frozenset(choice)).key for choice in choices]
    assert len(set(keys)) == len(choices)
    assert keys[0] == "25/0.3/normal"
    assert max(map(len, keys)) <= 64, "as long as the column"


def test_a_region_says_its_kind_and_how_probable_it_is_in_alerts_and_among_what_is_ignored():
    built = replace(a_region(900), kind=Kind.BUILT, kind_probability=0.81249)
    dug = replace(a_region(300), kind=Kind.BARE_EARTH, kind_probability=0.5)
    crop = replace(a_region(500), kind=Kind.CROP_OR_SEASON, kind_probability=0.95, reason=Reason.KIND_NOT_ASKED_FOR)
    log = change_log(replace(a_change(), regions=(built, dug, a_region(40)), ignored=(crop,)), THRESHOLDS)
    said = [(region["kind"], region["kind_probability"]) for region in log["regions"]]
    assert said == [("built", 0.812), ("bare_earth", 0.5), ("other", None)]
    assert log["kinds"] == ("built", "earth moved", "other")
    (ignored,) = log["ignored"]
    assert (ignored["kind"], ignored["kind_probability"], ignored["reason"]) == (
        "crop_or_season",
        0.95,
        "kind not asked for",
    )


def test_what_the_area_does_not_ask_for_is_kept_with_its_reason():
    crop = replace(a_region(500), kind=Kind.CROP_OR_SEASON, kind_probability=0.95, reason=Reason.KIND_NOT_ASKED_FOR)
    (kept,) = ignored_of(replace(a_change(), ignored=(crop,)), THRESHOLDS)
    assert kept["reason"] == "kind not asked for"


def test_a_push_names_the_kinds_that_people_read():
    told = replace(NOTICE, kinds=read_as(["built", "plants lost"]))
    assert told.body == "2 tiles changed: built, plants lost"
    assert told.members["kinds"] == "built, plants lost"
    assert NOTICE.body == "2 tiles changed"
    assert "kinds" not in NOTICE.members
