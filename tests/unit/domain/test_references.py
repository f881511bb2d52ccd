"""Which stored image a new one is compared with, and which older ones a change is held against."""

from datetime import timedelta

import pytest

from chalicelib.domain.references import (
    MOST_OLDER,
    Candidate,
    choose_between,
    choose_older,
    choose_reference,
    newest_pair,
)
from tests.support.builders.domain import NOON, a_stored_image


def chosen(*days):
    return [
        image.image_id
        for image in choose_older([a_stored_image(days=one, image_id=one) for one in days], taken_at=NOON)
    ]


def test_few_pictures_are_all_chosen_newest_first():
    assert chosen(60, 20, 40) == [20, 40, 60]
    assert chosen() == []


def test_the_newest_are_chosen():
    assert chosen(*range(10, 200, 10)) == [10, 20, 30, 40, 50, 60]


@pytest.mark.parametrize("anniversary", [365, 345, 390, 731])
def test_two_of_the_same_season_are_among_them(anniversary):
    found = chosen(*range(10, 100, 10), anniversary - 5, anniversary, anniversary + 200)
    assert len(found) == MOST_OLDER
    assert {anniversary - 5, anniversary} <= set(found)
    assert found == sorted(found)


def test_a_picture_of_a_few_days_ago_is_no_anniversary():
    assert chosen(*range(1, 20), 500) == [1, 2, 3, 4, 5, 6]


def candidates(*images):
    """Give candidates of (id, days before NOON, clear share)."""
    return [Candidate(number, NOON - timedelta(days=days), share) for number, days, share in images]


def reference(*images, before=NOON):
    found = choose_reference(candidates(*images), taken_before=before)
    return found and found.image_id


def test_the_reference_is_the_newest_clear_image_before():
    assert reference((1, 30, 1.0), (2, 20, 0.95), (3, 10, 0.5)) == 2, "what the cloud of 3 hid would never be compared"
    assert reference((1, 30, 1.0), (2, 20, 0.9)) == 2, "from nine tenths on it is clear"


def test_one_that_was_compared_with_little_in_sight_is_none_where_another_is_there():
    march, april = candidates((1, 30, 1.0), (2, 20, 1.0))
    for compared, wanted in ((0.6, 2), (0.4, 1), (0.0, 1)):
        found = choose_reference([march, april._replace(compared_share=compared)], taken_before=NOON)
        assert found.image_id == wanted
    half, blind = candidates((1, 30, 0.5), (2, 20, 0.5))
    assert choose_reference([half, blind._replace(compared_share=0.0)], taken_before=NOON) == half


def test_without_a_clear_one_it_is_the_newest_usable_one():
    assert reference((1, 30, 0.4), (2, 20, 0.6), (3, 10, 0.5)) == 3


def test_where_none_was_compared_it_is_the_oldest_clear_one():
    unsettled = [candidate._replace(is_settled=False) for candidate in candidates((1, 40, 0.4), (2, 30, 1), (3, 9, 1))]
    found = choose_reference(unsettled, taken_before=NOON)
    assert found.image_id == 2, "what changed between the two would never be told"
    assert choose_reference([*unsettled, *candidates((4, 20, 0.4))], taken_before=NOON).image_id == 4


def test_what_was_taken_later_is_no_reference():
    assert reference((1, -1, 1.0)) is None
    assert reference() is None


def test_of_one_time_what_was_stored_before_is_an_earlier_version_and_the_reference():
    assert reference((1, 0, 1.0)) == 1
    one = candidates((1, 0, 1.0), (2, 0, 1.0))
    assert choose_reference(one, taken_before=NOON, stored_before=2).image_id == 1
    assert choose_reference(one, taken_before=NOON, stored_before=1) is None


def test_of_two_taken_at_once_the_one_stored_later_counts():
    assert reference((1, 10, 1.0), (2, 10, 1.0)) == 2


@pytest.mark.parametrize(
    ("images", "pair"),
    [
        ([(1, 20, 1.0), (2, 10, 1.0), (3, 0, 1.0)], (3, 2)),
        ([(1, 20, 1.0), (2, 10, 0.5), (3, 0, 0.5)], (3, 1)),
        ([(1, 0, 1.0), (2, 0, 1.0)], (2, 1)),  # of one time: the one stored later is the newer version
        ([(1, 10, 1.0), (2, 0, 1.0), (3, 0, 1.0)], (3, 1)),
        ([(1, 10, 1.0)], None),
        ([], None),
    ],
)
def test_the_newest_image_is_paired_with_its_reference(images, pair):
    assert newest_pair(candidates(*images)) == pair


class TestWhatASlowChangeIsHeldAgainst:
    @staticmethod
    def chosen(*days):
        images = [a_stored_image(days=day, image_id=day) for day in days]
        reference, *older = images
        between = choose_between(older, baseline=images[-1], reference=reference)
        return [image.image_id for image in between]

    def test_it_is_every_image_since_the_baseline_while_there_are_few(self):
        assert self.chosen(1, 2, 3, 9) == [1, 2, 3]
        assert self.chosen(1, 9) == [1]

    def test_it_is_the_reference_the_first_two_after_the_baseline_and_some_between(self):
        days = self.chosen(*range(1, 101))
        assert len(days) == 6
        assert (days[0], days[1], days[-2:]) == (1, 2, [98, 99])
        assert days == sorted(days), "the newest first"

    def test_what_is_older_than_the_baseline_is_no_witness(self):
        images = [a_stored_image(days=day, image_id=day) for day in (1, 2, 50, 60)]
        between = choose_between(images[1:], baseline=images[2], reference=images[0])
        assert [image.image_id for image in between] == [1, 2]
