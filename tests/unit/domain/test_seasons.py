"""Which images of the same season of earlier years are asked for, and which a comparison is given."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.changes import change_log
from chalicelib.domain.scenes import Item, Scene
from chalicelib.domain.seasons import (
    MOST_OF_A_YEAR,
    WANTED,
    YEAR,
    choose_of_seasons,
    lacking,
    season_of,
    worth_fetching,
    years_of,
)
from chalicelib.domain.thresholds import Thresholds
from tests.support.builders.domain import a_change

TODAY = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)


class Image(NamedTuple):
    taken_at: datetime


def at(days, *, years=0):
    return TODAY - years * YEAR - timedelta(days=days)


def scene(days, *, years=1, cloud=0.0):
    item = Item(f"{years}-{days}", at(days, years=years), "1", cloud_share=cloud)
    return Scene(scene_id=item.item_id, captured_at=item.captured_at, items=(item,))


def test_it_is_held_against_the_season_of_three_years():
    every_fifth_day = [Image(at(days)) for days in range(0, 5 * 365, 5)]
    chosen = choose_of_seasons(every_fifth_day, taken_at=TODAY)
    assert len(chosen) == 3 * MOST_OF_A_YEAR
    for years in (1, 2, 3):
        assert sum(at(20, years=years) <= each.taken_at <= at(-20, years=years) for each in chosen) == MOST_OF_A_YEAR
    assert years_of(chosen, TODAY) == 3
    assert years_of(chosen[:3], TODAY) == 1


def test_images_of_other_seasons_and_of_older_years_say_nothing():
    assert choose_of_seasons([Image(at(180)), Image(at(0, years=4)), Image(TODAY), Image(at(5))], taken_at=TODAY) == []


def test_each_year_that_has_less_than_is_wanted_lacks_the_rest():
    stored = [at(days, years=1) for days in (-10, -5, 0, 5)] + [at(3, years=2), at(30, years=3)]
    assert lacking(stored, day=TODAY) == {2: WANTED - 1, 3: WANTED}


def test_the_clearest_are_fetched_first_then_the_nearest_and_none_beside_another():
    scenes = [scene(1, cloud=0.5), scene(15), scene(-8), scene(6, cloud=0.9), scene(60), scene(11)]
    found = worth_fetching(scenes, [at(12, years=1)], day=TODAY, years_ago=1)
    assert [each.scene_id for each in found] == ["1--8", "1-1"]


def test_scenes_without_a_time_or_a_word_of_clouds_are_borne():
    undated = Scene(scene_id="", captured_at=None)
    silent = Scene(scene_id="plain", captured_at=at(2, years=2))
    assert worth_fetching([undated, silent], [], day=TODAY, years_ago=2) == [silent]


def test_a_leap_day_has_a_season_every_year():
    leap = datetime(2024, 2, 29, 5, 30, tzinfo=UTC)
    assert season_of(leap, 1).holds(datetime(2023, 2, 28, tzinfo=UTC))


def test_an_alert_says_how_many_years_judged():
    thresholds = Thresholds(min_changed_area_m2=25)
    assert change_log(a_change(900.0), thresholds)["earlier_years"] == 0
    assert change_log(replace(a_change(900.0), earlier_years=3), thresholds)["earlier_years"] == 3
