"""What a tile's next comparison begins with is kept, by the rules that choose it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.holds import Held, Hold, check_free, checked_reason
from chalicelib.domain.retention import Kept, Policy, Use, UsedBy, standings

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=5000)
POLICY = Policy(image_days=400, images_per_tile=50, bands_days=1461, newest_per_tile=1)


def image(number, *, clear=1.0, **others):
    at = START + timedelta(days=number)
    facts = {"is_usable": clear >= 0.3, "is_settled": True, "is_baseline": number == 0, "is_apart": False}
    facts |= {"has_bands": False, "used_by": frozenset()} | others
    return Kept(image_id=number + 1, taken_at=at, stored_at=at, clear_share=clear, **facts)


def kept(images, *, policy=POLICY, now=NOW, accepted_at=None, compare_since=None):
    found = standings(images, policy, accepted_at=accepted_at, compare_since=compare_since)
    return {image_id - 1 for image_id, standing in found.items() if not standing.is_due(now)}


def test_the_baseline_and_the_newest_are_kept():
    assert kept([image(n) for n in range(6)]) == {0, 5}


def test_what_was_accepted_is_the_baseline_from_then_on():
    assert kept([image(n) for n in range(6)], accepted_at=START + timedelta(days=3)) == {0, 3, 5}


def test_the_first_one_since_a_day_is_a_baseline_and_so_is_the_first_of_all():
    images = [image(100 * n) for n in range(6)]
    assert kept(images, compare_since=date(2024, 12, 1)) == {0, 300, 500}


def test_what_was_compared_with_next_to_nothing_in_sight_takes_no_place_of_a_reference():
    blind = [image(n, answered_share=share) for n, share in ((3, 0.4), (4, 0.0))]
    assert kept([image(0), image(1), image(2), *blind, image(5, clear=0.1)]) == {0, 2, 3, 4, 5}


def test_under_a_haze_the_clear_reference_is_kept_and_the_newest_usable_one_too():
    hazy = [image(n, clear=0.5) for n in (3, 4)]
    assert kept([image(0), image(1), image(2), *hazy, image(5, clear=0.1)]) == {0, 2, 4, 5}


def test_one_that_was_never_compared_does_not_hide_the_one_that_was():
    assert kept([image(n, is_settled=n < 4) for n in range(6)]) == {0, 3, 5}


def test_what_somebody_asked_for_beside_it_counts_for_nothing_and_goes_by_its_days():
    images = [image(0), image(3), image(4, is_apart=True)]
    few = Policy(image_days=400, images_per_tile=1, bands_days=1461, newest_per_tile=1)
    assert kept(images, policy=few, now=START + timedelta(days=404)) == {0, 3}
    assert kept(images, policy=few, now=START + timedelta(days=403)) == {0, 3, 4}


def test_an_image_says_until_when_it_is_kept_unless_something_uses_it():
    pinned = frozenset({UsedBy(Use.PIN)})
    found = standings(
        [image(0), image(1), image(2, used_by=pinned), image(3, has_bands=True), image(4)],
        POLICY,
        accepted_at=None,
        compare_since=None,
    )
    until = {image_id - 1: standing.until and (standing.until - START).days for image_id, standing in found.items()}
    assert until == {0: None, 1: 401, 2: None, 3: 1464, 4: None}
    assert [use.use for use in found[3].in_order] == [Use.PIN]


@pytest.mark.parametrize("held", [{}, {"area_id": 1, "place_id": 2}, {"area_id": 1, "place_id": 2, "session_id": 3}])
def test_a_hold_is_on_one_thing(held):
    with pytest.raises(Invalid, match="say one of"):
        Held(**held)


def test_a_refusal_names_the_holds_and_not_all_of_many():
    holds = [Hold(hold_id=n, area_id=7, place_id=None, session_id=n, reason="x", placed_at=NOW) for n in range(1, 8)]
    with pytest.raises(Conflict, match=r"area 7 .*hold 1 on session 1.*hold 5 on session 5 and 2 more\)"):
        check_free("area 7", holds)
    check_free("area 7", [])


def test_a_reason_is_one_line_and_not_empty():
    assert checked_reason(" case\n12 ") == "case 12"
    for text in ("", " \n", "x" * 501):
        with pytest.raises(Invalid, match="say why"):
            checked_reason(text)
