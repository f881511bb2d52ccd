"""Two dates: which scenes are near which of them, the clearest first, and what is said where there is none."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.scenes import Found, Item, Refused, day_of, scene_of
from chalicelib.domain.tiles import Bounds
from chalicelib.domain.two_dates import (
    MOST_NAMED,
    TwoDates,
    checked_day,
    covered_share,
    days_of,
    near,
    scenes_of,
    spans_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AREA = Bounds(85.0, 20.0, 85.01, 20.01)


def a_scene(day, *, cloud=None, bounds=AREA, hour=5):
    at = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
    return scene_of([Item(day, at, "1", bounds, 0.5, cloud)])


def chosen(before, after, *scenes, refused=()):
    dates = TwoDates(before=date.fromisoformat(before), after=date.fromisoformat(after))
    return [scene.scene_id for scene in scenes_of(dates, Found(scenes=scenes, refused=refused), lon=85.0).scenes]


def a_refusal(day, reason, *, bounds=AREA):
    return Refused(datetime.fromisoformat(day).replace(hour=5, tzinfo=UTC), bounds, reason)


def test_the_nearest_is_looked_at_first_where_nothing_is_known_of_clouds():
    scenes = [a_scene(day) for day in ("2024-01-01", "2024-01-20", "2025-02-01", "2025-01-10")]
    assert chosen("2024-01-15", "2025-01-15", *scenes) == ["2024-01-20", "2024-01-01", "2025-01-10", "2025-02-01"]


def test_one_that_is_known_to_be_clear_goes_before_a_nearer_one_under_cloud():
    scenes = [a_scene("2024-01-15", cloud=0.8), a_scene("2024-02-10", cloud=0.05), a_scene("2025-01-15", cloud=0.5)]
    assert chosen("2024-01-15", "2025-01-15", *scenes) == ["2024-02-10", "2024-01-15", "2025-01-15"]
    scenes = [a_scene("2024-01-15", cloud=0.08), a_scene("2024-02-10", cloud=0.0), a_scene("2025-01-15")]
    assert chosen("2024-01-15", "2025-01-15", *scenes)[0] == "2024-01-15", "a little haze is worth four weeks"


def test_no_scene_is_of_both_dates():
    scenes = [a_scene("2025-01-10"), a_scene("2025-01-20")]
    assert chosen("2025-01-12", "2025-01-18", *scenes) == ["2025-01-10", "2025-01-20"]
    with pytest.raises(Conflict) as refused:
        chosen("2025-01-12", "2025-01-13", scenes[0])
    assert refused.value.pointer == "/after"


def test_where_nothing_is_near_the_days_that_there_are_are_named():
    many = [a_scene(str(date(2020, 1, 1) + timedelta(days=30 * number))) for number in range(40)]
    with pytest.raises(Conflict) as refused:
        chosen("2010-01-01", "2021-01-01", *many)
    assert "within 45 days of 2010-01-01" in refused.value.reason
    assert "2020-01-01, 2020-01-31" in refused.value.reason
    assert f"and of {40 - MOST_NAMED} other days" in refused.value.reason
    assert len(refused.value.reason) < 500
    with pytest.raises(Conflict, match="there is none of any date"):
        chosen("2010-01-01", "2021-01-01")


@given(st.lists(st.dates(date(2024, 1, 1), date(2025, 12, 31)), max_size=30), st.data())
def test_each_scene_is_of_the_date_that_is_nearer(days, data):
    before, after = sorted(data.draw(st.lists(st.dates(date(2024, 1, 1), date(2025, 12, 31)), min_size=2, max_size=2)))
    if before == after:
        with pytest.raises(Invalid):
            TwoDates(before=before, after=after)
        return
    dates = TwoDates(before=before, after=after)
    earlier, later = dates.sides([a_scene(str(day)) for day in days], lon=85.0)
    assert len(earlier) + len(later) == len(days)
    assert all(scene.captured_at < other.captured_at for scene in earlier for other in later)
    assert {scene.scene_id for scene in near(earlier, before, lon=85.0)} <= {str(day) for day in days}


@pytest.mark.parametrize(
    "text", ["2025-1-15", "20250115", "2025-W03-3", "2025-02-29", "x", "", "2025-01-15 ", "2026-03-03"]
)
def test_what_is_no_day_is_refused_where_it_stands(text):
    with pytest.raises(Invalid) as refused:
        checked_day(text, now=NOW, pointer="/before")
    assert refused.value.pointer == "/before"


def test_today_is_a_day_wherever_it_has_begun():
    assert checked_day("2026-03-02", now=NOW, pointer="") == date(2026, 3, 2)


def test_a_day_says_how_much_of_the_area_it_shows():
    west, east = Bounds(84.0, 19.0, 85.004, 21.0), Bounds(85.002, 19.0, 86.0, 20.005)
    whole, part = days_of(Found(scenes=(a_scene("2024-01-01", bounds=west), a_scene("2025-01-01"))), AREA)
    assert (whole.shown_share, str(whole.day), whole.cloud_share) == (1.0, "2025-01-01", None)
    assert part.shown_share == pytest.approx(0.4)
    assert covered_share([west, east], AREA) == pytest.approx(0.4 + 0.6 * 0.5)
    assert covered_share([Bounds(0, 0, 1, 1)], AREA) == 0


@given(st.lists(st.tuples(*[st.integers(-2, 6)] * 4), max_size=8))
def test_what_boxes_cover_together_is_what_a_count_of_cells_says(corners):
    boxes = [Bounds(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    cells = {(x, y) for x in range(4) for y in range(4) for w, s, e, n in boxes if w <= x < e and s <= y < n}
    assert covered_share(boxes, Bounds(0, 0, 4, 4)) == pytest.approx(len(cells) / 16 if boxes else 1.0)


# When a picture is of a day

INSTANTS = st.datetimes(datetime(2025, 12, 30), datetime(2026, 1, 4), timezones=st.just(UTC))  # noqa: DTZ001
MIDNIGHTS = st.integers(-2, 2).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days))


@given(INSTANTS | MIDNIGHTS, st.floats(-180, 180))
def test_a_picture_is_in_the_spans_of_its_own_day_and_of_no_other(taken_at, lon):
    own = day_of(taken_at, lon)
    around = [own + timedelta(days=days) for days in (-2, -1, 0, 1, 2)]
    spans = {day: spans_of(day, lon) for day in around}
    assert [day for day in around if any(s.since <= taken_at < s.until for s in spans[day])] == [own]
