"""Where an image's ground lies on that of its reference, on land whose displacement is known."""

import cmath
import math

import cv2
import numpy as np
import pytest

from chalicelib.domain.misfits import MisfitKind
from chalicelib.vision.ground_match import GroundMatch, match_ground
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.similarity import IDENTITY, Similarity, laid_back
from tests.support.builders.land import house, village

GSD_M = 0.5
SIDE = 512


def match(one, two, gsd_m=GSD_M):
    return match_ground(to_pixels(one), to_pixels(two), gsd_m)


def farthest_off(found: Similarity, true: Similarity) -> float:
    corners = np.array([complex(x, y) for x in (-SIDE / 2, SIDE / 2) for y in (-SIDE / 2, SIDE / 2)])
    return float(np.abs((found.factor - true.factor) * corners + found.shift - true.shift).max())


def moved(turn_deg, stretch, east_m, south_m):
    """Show the village by a camera that is turned, nearer and elsewhere, and how."""
    true = Similarity((1 + stretch) * cmath.exp(1j * math.radians(turn_deg)), complex(east_m, south_m) / GSD_M)
    world = village(SIDE + 256, left=-128, top=-128)
    back = Similarity(1 / true.factor, -true.shift / true.factor)
    return laid_back(world, back, flags=cv2.INTER_CUBIC)[128:-128, 128:-128], true


@pytest.mark.parametrize("seed", range(3))
def test_the_same_ground_is_left_as_it_is(seed):
    assert match(village(seed=seed), village(seed=seed)) == GroundMatch(is_sure=True)


@pytest.mark.parametrize(
    "how",
    [
        *((0, 0, 30 * math.cos(way), 30 * math.sin(way)) for way in np.arange(8) * math.pi / 4),
        (0, 0, 12, 0),
        (3, 0, 0, 0),
        (-3, 0, 0, 0),
        (0, 0.02, 0, 0),
        (0, -0.02, 0, 0),
        (1, 0.005, 0, 0),
        (2, -0.01, 10, -15),
    ],
)
def test_what_can_be_corrected_is_found_to_half_a_pixel(how):
    image, true = moved(*how)
    found = match(village(), image)
    assert found.misfit is None
    assert farthest_off(found.similarity, true) < 0.5


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_shift_of_less_than_two_pixels_is_left_to_the_registration_of_the_pair(is_changed):
    image = village(left=2, top=-1)
    assert match(village(), house(image, 200, 200) if is_changed else image).similarity == IDENTITY


@pytest.mark.parametrize(
    ("east_px", "south_px", "says"),
    [
        (-72, 0, "36 m to the east"),
        (72, 0, "36 m to the west"),
        (0, 72, "36 m to the north"),
        (0, -120, "60 m to the south"),
    ],
)
def test_what_lies_too_far_off_is_told_with_where_its_ground_lies(east_px, south_px, says):
    found = match(village(), village(left=east_px, top=south_px))
    assert says in found.misfit.reason


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        (lambda a: a[:, ::-1], MisfitKind.MIRRORED),
        (lambda a: a[::-1], MisfitKind.MIRRORED),
        (lambda a: a.transpose(1, 0, 2), MisfitKind.MIRRORED),
        (lambda a: a[::-1, ::-1], MisfitKind.UPSIDE_DOWN),
        (np.rot90, MisfitKind.QUARTER_TURN),
        (lambda a: np.rot90(a, 3), MisfitKind.QUARTER_TURN),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_the_wrong_way_up_is_told_also_where_something_was_built(way, kind, seed):
    image = np.ascontiguousarray(way(house(village(seed=seed), 200, 120, width=60, height=50)))
    assert match(village(seed=seed), image).misfit.kind is kind


@pytest.mark.parametrize("seed", range(1, 5))
def test_another_place_of_the_same_kind_of_land_is_told(seed):
    assert match(village(), village(seed=seed)).misfit.kind is MisfitKind.ANOTHER_PLACE


def test_a_field_that_became_a_whole_village_is_not_another_place():
    field = np.clip(np.random.default_rng(1).normal(90, 6, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    cv2.line(field, (0, 200), (SIDE, 260), (150, 155, 160), 8)
    assert match(field, village()) == match(village(), field) == GroundMatch()


def rough(seed, cell_px):
    """Water, sand or a wood: grains of one size, other ones each time."""
    grains = np.random.default_rng(seed).normal(0, 12, (SIDE // cell_px + 1,) * 2).astype(np.float32)
    grey = 90 + cv2.resize(grains, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(np.dstack([grey + 20, grey, grey - 10]), 0, 255).astype(np.uint8)


def waves(seed):
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    grey = 70 + 15 * np.sin((0.9 * x + 0.4 * y) / 6 + 3 * seed) + np.random.default_rng(seed).normal(0, 3, x.shape)
    return np.clip(np.dstack([grey + 20, grey, grey - 10]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("make", [lambda n: rough(n, 4), lambda n: rough(n, 12), lambda n: rough(n, 40), waves])
def test_ground_without_anything_that_lasts_gives_no_answer(make):
    assert match(make(1), make(2)) == GroundMatch()


@pytest.mark.parametrize("image", [np.full((SIDE, SIDE, 3), 90, np.uint8), np.zeros((SIDE, SIDE, 3), np.uint8)])
def test_an_image_that_shows_nothing_gives_no_answer(image):
    assert match(village(), image) == match(image, image) == GroundMatch()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (47, 300), (64, 300), (901, 50), (513, 641)])
@pytest.mark.parametrize("gsd_m", [0.001, 0.3, 10.0, 1000.0])
def test_any_size_and_scale_is_answered(shape, gsd_m):
    image = np.random.default_rng(3).integers(0, 255, (*shape, 3), dtype=np.uint8)
    assert match(image, image, gsd_m).similarity == IDENTITY


def test_ground_that_one_image_does_not_show_does_not_count():
    image, true = moved(1.5, 0, 8, 0)
    image = image.copy()
    image[:, :160] = 0  # the end of a scene
    assert farthest_off(match(village(), image).similarity, true) < 0.7


@pytest.mark.parametrize("east_px", [2, 3])
def test_coarse_imagery_may_be_off_by_two_pixels(east_px):
    found = match(village(), village(left=-8 * east_px), gsd_m=10 / 8)
    assert (found.misfit is None) == (10 * east_px <= 30)


def strip(image, rows, columns):
    """Show a strip of an image; of the rest there is no data."""
    shown = np.zeros((*image.shape[:2], 1), np.uint8)
    shown[rows, columns] = 255
    return np.dstack([image, shown])


STRIPS = [np.s_[:, :180], np.s_[-180:, :], np.s_[:, 332:], np.s_[:160, :130], np.s_[200:260, 100:200]]


@pytest.mark.parametrize("part", STRIPS)
@pytest.mark.parametrize("seed", range(3))
def test_a_strip_of_the_same_ground_at_a_scenes_edge_is_never_refused(part, seed):
    noise = np.random.default_rng(seed).normal(0, 3, (SIDE, SIDE, 3))
    again = np.clip(village(seed=seed) + noise, 0, 255).astype(np.uint8)
    found = match(strip(village(seed=seed), *part), strip(again, *part))
    assert found == GroundMatch(is_sure=True)


@pytest.mark.parametrize("part", STRIPS[:3])
@pytest.mark.parametrize(("east_m", "south_m"), [(12, 0), (0, -20), (-14, 14)])
def test_a_strip_that_lies_a_little_off_is_corrected(part, east_m, south_m):
    image, true = moved(0, 0, east_m, south_m)
    found = match(strip(village(), *part), strip(image, *part))
    assert found.misfit is None
    assert farthest_off(found.similarity, true) < 1


@pytest.mark.parametrize("part", STRIPS[:3])
def test_a_strip_that_lies_too_far_off_is_told(part):
    image = village(left=-72 if part[0].start is None else 0, top=0 if part[0].start is None else -72)
    along = village(top=80) if part[0].start is None else village(left=80)
    for each in (image, along):
        assert match(strip(village(), *part), strip(each, *part)).misfit.kind is MisfitKind.SHIFTED


@pytest.mark.parametrize("part", [*STRIPS[:3], STRIPS[4]])
@pytest.mark.parametrize("seed", range(1, 5))
def test_of_a_strip_alone_nobody_can_tell_another_place(part, seed):
    assert match(strip(village(), *part), strip(village(seed=seed), *part)) == GroundMatch()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gamma", [0.6, 1.0, 1.5])
def test_a_negative_is_refused(seed, gamma):
    negative = np.round(255 * (1 - village(seed=seed) / 255) ** gamma).astype(np.uint8)
    for image in (negative, cv2.cvtColor(negative, cv2.COLOR_BGR2GRAY)):
        assert match(village(seed=seed), image).misfit.kind is MisfitKind.NEGATIVE
    assert match(negative, negative) == GroundMatch(is_sure=True)


def test_other_colours_are_no_negative():
    image = village()
    for other in (image[:, :, ::-1], image[:, :, [1, 2, 0]], cv2.applyColorMap(image[:, :, 1], cv2.COLORMAP_BONE)):
        assert match(image, np.ascontiguousarray(other)).misfit is None
