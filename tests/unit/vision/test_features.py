"""Each map against images whose answer is plain. The greys are given as they are compared: normalised to about 1."""

import math

import numpy as np
import pytest

from chalicelib.vision.features import feature_maps, normalised_greys

SIDE = 64
ROWS, COLUMNS = np.indices((SIDE, SIDE)).astype(np.float32)
MIDDLE = (32, 32)
PATCH = np.s_[24:40, 24:40]
FLAT = np.zeros((SIDE, SIDE), np.float32)
BOARD = np.where((ROWS + COLUMNS) % 2, 1, -1).astype(np.float32)  # a deviation of 1
COARSE = np.where((ROWS // 2 + COLUMNS // 2) % 2, 1, -1).astype(np.float32)  # the same at half size
EAST, SOUTH = 0.5 * COLUMNS, 0.5 * ROWS  # slopes: their gradient is 1 (Scharr over 16 counts two pixels)
GROUND = np.full((SIDE, SIDE, 3), 100, np.float32)


def maps(grey_one=FLAT, grey_two=FLAT, one=GROUND, two=GROUND):
    usable = np.ones((SIDE, SIDE), np.bool_)
    return dict(feature_maps(one, two, grey_one, grey_two, usable))


def middle(found, name):
    return float(found[name][MIDDLE])


def painted(*, blue=0, green=0, red=0):
    """The ground with other colours on a patch in its middle, a sixteenth of it."""
    image = GROUND.copy()
    image[PATCH] += (blue, green, red)
    return image


@pytest.mark.parametrize(("scale", "grey"), [(5, BOARD), (9, BOARD), (17, COARSE), (31, COARSE)])
def test_a_pattern_is_unlike_another_by_its_correlation(scale, grey):
    """1 - NCC, weighted by 1 / (1 + 2 * 0.15): there is structure enough to compare."""
    same, inverted, gone = maps(grey, grey), maps(grey, -grey), maps(grey, FLAT)
    name = f"unlike_{scale}"
    assert middle(same, name) == pytest.approx(0.022 / 1.3, abs=0.01), "0.15 squared is taken for noise"
    assert middle(inverted, name) == pytest.approx(1.978 / 1.3, abs=0.02)
    assert middle(gone, name) == pytest.approx(1 / 1.3, abs=0.02)
    assert middle(maps(FLAT, FLAT), name) == 0


@pytest.mark.parametrize(("scale", "grey"), [(5, BOARD), (9, BOARD), (17, COARSE), (31, COARSE)])
def test_contrast_is_the_stronger_images_and_calm_the_weaker_ones(scale, grey):
    for found in (maps(grey, FLAT), maps(FLAT, grey)):
        assert middle(found, f"contrast_{scale}") == pytest.approx(math.log(1.15), abs=0.02)
        assert middle(found, f"calm_{scale}") == pytest.approx(math.log(0.15), abs=0.02)


def test_large_windows_are_looked_at_at_half_size_where_a_fine_pattern_is_none():
    found = maps(BOARD, BOARD)
    assert middle(found, "contrast_9") == pytest.approx(math.log(1.15), abs=0.02)
    assert middle(found, "contrast_17") == pytest.approx(math.log(0.15), abs=0.02)


@pytest.mark.parametrize("scale", [5, 9, 17])
@pytest.mark.parametrize(
    ("other", "expected"),
    [(EAST, 0.0025), (EAST + 1, 0.0025), (SOUTH, 1), (-EAST, 2), (FLAT, 1)],
    ids=["same", "brighter", "across", "against", "none"],
)
def test_gradients_are_turned_by_their_angle(scale, other, expected):
    """1 - cosine, weighted by 1 / (1 + 2 * 0.05)."""
    assert middle(maps(EAST, other), f"turned_{scale}") == pytest.approx(expected / 1.1, abs=0.005)


def test_gradients_from_north_to_south_are_turned_likewise():
    diagonal = (EAST + SOUTH) / math.sqrt(2)
    assert middle(maps(SOUTH, SOUTH), "turned_9") == pytest.approx(0.0025 / 1.1, abs=0.005)
    assert middle(maps(SOUTH, diagonal), "turned_9") == pytest.approx((1 - math.sqrt(0.5)) / 1.1, abs=0.005)


@pytest.mark.parametrize("scale", [5, 9, 17])
def test_edges_are_the_stronger_images_and_the_weaker_ones(scale):
    for found in (maps(EAST, 0.25 * EAST), maps(0.25 * EAST, EAST)):
        assert middle(found, f"edges_{scale}") == pytest.approx(math.log(1.05), abs=0.01)
        assert middle(found, f"edges_least_{scale}") == pytest.approx(math.log(0.30), abs=0.01)


def test_the_turn_around_a_place_and_the_turn_of_the_pair():
    assert middle(maps(EAST, SOUTH), "turned_around") == pytest.approx(1 / 1.1, abs=0.05)
    mixed = EAST + 0.9 * SOUTH
    assert float(maps(EAST, mixed)["turned_normal"]) == pytest.approx(1 / 1.1 * (1 - 1 / math.hypot(1, 0.9)), abs=0.03)
    quarter = EAST.copy()
    quarter[:32, :32] = SOUTH[:32, :32]
    assert float(maps(EAST, quarter)["turned_normal"]) < 0.01, "the calmer third decides"


def test_a_pair_that_is_new_as_a_whole_is_not_its_own_background():
    new = np.random.default_rng(5).uniform(0, 255, (SIDE, SIDE, 3)).astype(np.float32)
    found = maps(EAST, SOUTH, GROUND, new)
    assert float(found["turned_normal"]) == pytest.approx(0.6)
    assert float(found["colour_normal"]) == pytest.approx(math.log(28 + 2), abs=0.01)
    assert float(found["tint_normal"]) == pytest.approx(math.log(9 + 2), abs=0.01)


def test_straight_is_what_has_one_direction():
    cross = np.where(ROWS > 31, EAST, SOUTH)  # two directions meet in the middle
    diagonal = (EAST + SOUTH) / math.sqrt(2)
    for grey in (EAST, SOUTH, diagonal):
        assert middle(maps(grey, grey), "straight_most") == pytest.approx(math.log(1.05), abs=0.01)
    assert middle(maps(EAST, FLAT), "straight_least") == pytest.approx(math.log(0.05), abs=0.01)
    assert middle(maps(cross, cross), "straight_most") < math.log(0.8)


def test_a_new_colour_stands_out_by_its_distance():
    """100 levels of red over a background of 0, of which 4 are taken for noise: 100 / 4."""
    found = maps(one=GROUND, two=painted(red=100))
    assert middle(found, "colour_3") == pytest.approx(math.log(26), abs=0.2), "the fit takes a little"
    assert middle(found, "colour_9") == pytest.approx(math.log(26), abs=0.2)
    assert found["colour_3"][4, 4] == pytest.approx(0, abs=0.2)
    assert float(found["colour_normal"]) == pytest.approx(math.log(2), abs=0.1)
    assert middle(found, "tint_3") == pytest.approx(math.log(1 + 100 * math.sqrt(2 / 3) / 4), abs=0.2)
    assert 0.1 < middle(found, "colour_around") < 1.5, "a sixteenth of the surroundings, and its edges"


def test_a_brighter_place_has_another_colour_and_the_same_tint():
    found = maps(one=GROUND, two=painted(blue=50, green=50, red=50))
    assert middle(found, "colour_most") == pytest.approx(math.log(1 + 50 * math.sqrt(3) / 4), abs=0.15)
    assert middle(found, "tint_most") == pytest.approx(0, abs=0.2)


def test_an_image_that_is_darker_as_a_whole_has_no_other_colour():
    noise = np.random.default_rng(3).normal(0, 8, (SIDE, SIDE, 3)).astype(np.float32)
    found = maps(one=GROUND + noise, two=0.8 * (GROUND + noise) + 5)
    assert found["colour_3"].max() < 0.2


def test_green_and_warm_are_what_the_ground_became():
    greener = maps(one=GROUND, two=painted(green=100))
    for name, expected in (("green_off", 2000 / 430), ("green_most", 2000 / 430), ("green_least", 0)):
        assert middle(greener, name) == pytest.approx(expected, abs=0.01), "10 * (2 * 200 - 100 - 100) / (400 + 30)"
        assert greener[name][4, 4] == 0
    warmer = maps(one=GROUND, two=painted(blue=-50, red=50))
    for name, expected in (("warm_off", 1000 / 330), ("warm_most", 1000 / 330), ("warm_least", 0), ("green_off", 0)):
        assert middle(warmer, name) == pytest.approx(expected, abs=0.01), "10 * (150 - 50) / (300 + 30)"
    colder = maps(one=GROUND, two=painted(blue=50, red=-50))
    assert middle(colder, "warm_least") == pytest.approx(-1000 / 330, abs=0.01)


def test_bright_is_the_grey_around():
    found = maps(FLAT + 0.25, FLAT + 1.75)
    assert [middle(found, f"bright_{which}") for which in ("off", "most", "least")] == pytest.approx([1.5, 1.75, 0.25])


def test_either_order_gives_the_same_maps():
    random = np.random.default_rng(4)
    greys = [random.normal(0, 1, (SIDE, SIDE)).astype(np.float32) for _ in range(2)]
    colours = [random.uniform(20, 200, (SIDE, SIDE, 3)).astype(np.float32) for _ in range(2)]
    forth, back = maps(*greys, *colours), maps(*greys[::-1], *colours[::-1])
    assert list(forth) == list(back)
    for name, values in forth.items():
        assert values.shape in {(SIDE, SIDE), ()}
        assert np.allclose(values, back[name], atol=1e-5), name


def test_greys_are_normalised_each_by_itself():
    one, two = normalised_greys(GROUND + 30 * BOARD[..., None], GROUND + 60)
    assert np.allclose(np.abs(one), 30 / 41, atol=0.02), "30 / (30 + 5 + 6)"
    assert np.abs(two).max() < 0.01


def test_maps_leave_the_images_and_each_other_as_they_are():
    random = np.random.default_rng(3)
    images = [random.uniform(0, 255, GROUND.shape).astype(np.float32) for _ in range(2)]
    given = [*images, *normalised_greys(*images)]
    before = [image.copy() for image in given]
    kept, told = [], []
    for one in feature_maps(*given, np.ones((SIDE, SIDE), np.bool_)):
        kept.append(one.values)
        told.append(one.values.copy())
    assert all(map(np.array_equal, given, before))
    assert all(map(np.array_equal, kept, told)), "a map was used up for a later one"
