"""Which older pictures a change is held against."""

from datetime import timedelta

import pytest

from chalicelib.domain.images import StoredImage
from chalicelib.domain.references import MOST_OLDER, choose_older
from tests.builders import CORNER, GRID, NOON


def an_image(days):
    """Give a picture that was taken so many days before NOON."""
    return StoredImage(
        image_id=days,
        area_id=1,
        session_id=1,
        view=GRID.view(CORNER),
        provider="scripted",
        scene_id=f"{days} days ago",
        captured_at=NOON - timedelta(days=days),
        fetched_at=NOON,
        key="1/1",
        sha256="0",
        attribution="",
        clear_share=1.0,
    )


def chosen(*days):
    return [image.image_id for image in choose_older([an_image(one) for one in days], taken_at=NOON)]


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
