"""What two comparisons of one tile say together: what is told, what is only seen."""

from dataclasses import replace

import pytest

from chalicelib.domain.changes import Reason, change_log
from chalicelib.domain.kinds import Kind
from chalicelib.domain.places import KnownPart
from chalicelib.domain.slow_changes import judge_together, told_together
from chalicelib.domain.thresholds import Thresholds
from tests.support.builders.domain import a_change, a_region

THRESHOLDS = Thresholds(min_changed_area_m2=25)


def outline(west, east):
    """Give a box between two distances east of a corner, in about metres."""
    degrees = [85.0 + metres / 104_000 for metres in (west, east)]
    return [[(degrees[0], 20.0), (degrees[1], 20.0), (degrees[1], 20.0001), (degrees[0], 20.0001), (degrees[0], 20.0)]]


def region(m2, *, at=0, reason=None):
    return replace(a_region(m2), outline=outline(at, at + 10), reason=reason)


def change(*regions):
    shown = [each for each in regions if each.reason is None]
    return replace(a_change(), regions=tuple(shown), ignored=tuple(each for each in regions if each.reason is not None))


def known(told_m2, *, last_m2=None, known_m2=None, at=0, place_id=7, is_here=True, is_told_since=False):
    return KnownPart(
        is_here=is_here,
        place_id=place_id,
        outlines=(outline(at, at + 10),),
        told_m2=told_m2,
        area_m2=told_m2 if last_m2 is None else last_m2,
        known_m2=told_m2 if known_m2 is None else known_m2,
        is_told_since=is_told_since,
    )


def judged(pair, slow, *parts):
    return judge_together(pair, slow, known=parts, thresholds=THRESHOLDS)


def told(result):
    return [each.area_m2 for each in result.slow.regions]


def test_what_only_the_baseline_shows_is_told_once_it_is_large_enough():
    assert told(judged(change(), change(region(36)))) == [36]
    assert told(judged(change(), change(region(24)))) == []


@pytest.mark.parametrize("reason", [Reason.NOT_YET_SURE, Reason.COMES_BACK, Reason.SEASON_LIKE])
def test_what_the_images_between_do_not_hold_is_not_told(reason):
    result = judged(change(), change(region(90, reason=reason)))
    assert (told(result), result.sightings) == ([], ())
    assert [each.reason for each in result.slow.ignored] == [reason]


def test_what_the_image_before_speaks_against_is_not_told():
    result = judged(change(region(80, reason=Reason.SEASON_LIKE)), change(region(90)))
    assert (told(result), result.sightings) == ([], ())


def test_what_the_pair_tells_is_told_once_with_all_that_the_baseline_shows_of_it():
    result = judged(change(region(48)), change(region(200)))
    assert told(result) == []
    assert [(each.area_m2, each.is_told, each.place_id) for each in result.sightings] == [(200, True, None)]


@pytest.mark.parametrize(
    ("told_m2", "last_m2", "now_m2", "is_told"),
    [(200, 200, 205, False), (200, 245, 239, False), (200, 241, 245, True), (200, 210, 300, False), (40, 66, 66, True)],
)
def test_a_known_place_is_told_again_when_two_images_show_that_it_grew(told_m2, last_m2, now_m2, is_told):
    result = judged(change(), change(region(now_m2, reason=Reason.NOT_YET_SURE)), known(told_m2, last_m2=last_m2))
    assert [(each.place_id, each.area_m2, each.is_told) for each in result.sightings] == [(7, now_m2, is_told)]
    assert told(result) == ([now_m2] if is_told else [])


def test_the_growth_is_told_with_what_it_was_before():
    pair, slow = change(), change(region(260))
    slow = judged(pair, slow, known(200, last_m2=250)).slow
    log = change_log(told_together(pair, slow, THRESHOLDS), THRESHOLDS)
    assert log["message"] == "260 m2 changed in 1 place; one grew from 200 to 260 m2"
    assert [(each["compared_with"], each["grew_from_m2"]) for each in log["regions"]] == [("baseline", 200)]


def test_a_place_in_two_pieces_is_measured_whole():
    pieces = [region(130), region(125, at=12)]
    assert judged(change(), change(*pieces), known(250)).sightings[0].area_m2 == 255


def test_a_change_of_a_known_place_from_one_image_to_the_next_is_told():
    result = judged(change(region(60)), change(region(260)), known(200))
    assert [(each.place_id, each.area_m2, each.is_told) for each in result.sightings] == [(7, 260, True)]
    assert told(result) == []


def test_where_there_is_no_baseline_the_pair_speaks_alone():
    result = judge_together(change(region(60)), None, known=[known(200)], thresholds=THRESHOLDS)
    assert result.slow is None
    assert [(each.place_id, each.area_m2) for each in result.sightings] == [(None, 60)]


def test_an_alert_tells_of_both_comparisons():
    pair, slow = change(region(60)), change(region(60), region(90, at=50))
    slow = judged(pair, slow).slow
    log = change_log(told_together(pair, slow, THRESHOLDS), THRESHOLDS)
    assert [(each["area_m2"], each["compared_with"]) for each in log["regions"]] == [(90, "baseline"), (60, "previous")]


def test_what_lies_beyond_the_seam_is_the_same_place_and_not_measured_here():
    result = judged(change(), change(region(70)), known(40, last_m2=70), known(300, at=10, is_here=False))
    assert (told(result), [each.place_id for each in result.sightings]) == ([70], [7])


def test_a_place_whose_middle_has_come_over_the_seam_is_measured_here():
    whole = replace(region(200), outline=outline(0, 30))
    assert told(judged(change(), change(whole), known(190, at=2, is_here=False))) == []
    assert told(judged(change(), change(whole), known(100, last_m2=200, at=2, is_here=False))) == [200]


def test_a_known_place_that_grew_by_what_nobody_asks_for_is_seen_and_not_told():
    grown = region(900, reason=Reason.KIND_NOT_ASKED_FOR)
    result = judged(change(), change(grown), known(400, last_m2=900))
    assert told(result) == []
    (sighting,) = result.sightings
    assert (sighting.place_id, sighting.area_m2, sighting.is_told) == (7, 900, False)
    assert [each.reason for each in result.slow.ignored] == [Reason.KIND_NOT_ASKED_FOR]


def test_a_sighting_is_of_the_kind_of_its_largest_region():
    parts = [
        replace(region(90), kind=Kind.BUILT, kind_probability=0.7),
        replace(region(300, at=2), kind=Kind.BARE_EARTH),
    ]
    result = judged(change(), change(*parts), known(100, last_m2=400))
    (sighting,) = result.sightings
    assert (sighting.kind, sighting.kind_probability) == (Kind.BARE_EARTH, None)


def news(pair, slow, *parts):
    """Give what people know already of a pair's change, and what is kept of the places that it is of."""
    result = judged(pair, slow, *parts)
    return [each.area_m2 for each in result.told_before], [(s.place_id, s.area_m2, s.is_news) for s in result.sightings]


@pytest.mark.parametrize("slow", [None, change()], ids=["no baseline", "a baseline that shows nothing"])
@pytest.mark.parametrize(
    ("part", "is_known"),
    [
        (known(100, is_told_since=True), True),
        (known(100), False),
        (known(100, at=20, is_told_since=True), False),
        (known(100, is_here=False, is_told_since=True), True),
        (known(80, is_told_since=True), False),
        (known(0, known_m2=100, is_told_since=True), True),
        (known(0, is_told_since=True), False),
    ],
    ids=[
        *("told since the reference", "told before it", "elsewhere", "of the tile beside", "a step smaller"),
        *("accepted", "seen and never told"),
    ],
)
def test_what_was_told_since_the_reference_is_not_told_again(slow, part, is_known):
    found, sightings = news(change(region(110)), slow, part)
    assert found == ([110] if is_known else [])
    assert sightings == [(7, 110, False) if is_known else (None, 110, True)]


def test_what_is_new_beside_what_is_known_is_told():
    found, sightings = news(change(region(110), region(60, at=40)), None, known(100, is_told_since=True))
    assert (found, sightings) == ([110], [(7, 110, False), (None, 60, True)])


def test_the_part_of_a_place_on_the_next_tile_is_news_there():
    beside = known(100, at=11, is_here=False, is_told_since=True)
    assert news(change(region(110)), None, beside) == ([], [(None, 110, True)])


def test_the_baseline_tells_nothing_again_that_the_pair_shows_as_known():
    result = judged(change(region(110)), change(region(150)), known(100, last_m2=140, is_told_since=True))
    assert told(result) == []
    assert [(each.place_id, each.is_news) for each in result.sightings] == [(7, False)]
