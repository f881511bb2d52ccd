from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import BadImage, NoCoverage, ProviderUnavailable
from chalicelib.domain.tiles import Tile, bounds_of
from tests.support.builders.scenes import newest
from tests.support.fakes.imagery import ScriptedImagery

TILE, OTHER = Tile(17, 5, 5), Tile(17, 6, 5)
AREA = bounds_of(TILE)
A_DAY = datetime(2024, 5, 1, tzinfo=UTC)


def fetch(imagery, tile=TILE):
    view = imagery.grid(AREA).view(tile)
    return imagery.fetch(newest(imagery, view, AREA), view, AREA)


def test_nothing_shown_is_no_coverage():
    with pytest.raises(NoCoverage):
        fetch(ScriptedImagery())


def test_the_latest_scene_is_the_newest_and_older_ones_can_still_be_fetched():
    imagery = ScriptedImagery().show("b", A_DAY + timedelta(1), lambda view: str(view.tile).encode())
    imagery.show("a", A_DAY, lambda _: b"a")
    view = imagery.grid(AREA).view(TILE)
    assert fetch(imagery).content == b"17/5/5"
    older = newest(ScriptedImagery().show("a", A_DAY), view, AREA)
    assert imagery.fetch(older, view, AREA).content == b"a"


def test_an_undated_provider_shows_its_latest_picture():
    imagery = ScriptedImagery().show("", None, lambda _: b"old").show("", None, lambda _: b"new")
    assert fetch(imagery).content == b"new"


def test_a_tile_fails_as_often_as_told_and_others_do_not():
    imagery = ScriptedImagery().show("a", A_DAY).fail(TILE, ProviderUnavailable("away"), times=2)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            fetch(imagery)
    assert fetch(imagery)
    assert fetch(imagery, OTHER)
    assert imagery.fetched == [(TILE, "a")] * 3 + [(OTHER, "a")]


def test_everything_fails_until_healed():
    imagery = ScriptedImagery().show("a", A_DAY).fail(None, BadImage("no picture"))
    for tile in (TILE, OTHER):
        with pytest.raises(BadImage):
            fetch(imagery, tile)
    assert fetch(imagery.heal())
