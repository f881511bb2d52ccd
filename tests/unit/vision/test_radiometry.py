"""What sun, haze and film did to a whole image is taken out; what changed at one place stays."""

import numpy as np
import pytest

from chalicelib.vision.radiometry import normalise_contrast, normalise_radiometry


def checkerboard(side, amplitude):
    return np.where(np.indices((side, side)).sum(axis=0) % 2, 100.0 + amplitude, 100.0 - amplitude).astype(np.float32)


@pytest.mark.parametrize("side", [32, 128])  # of small images the statistics are computed at full size
@pytest.mark.parametrize(("amplitude", "expected"), [(20, 20 / 29), (50, 50 / 65), (0, 0)])
def test_local_contrast_becomes_about_one(side, amplitude, expected):
    """Divided by the deviation, 5 grey levels and a fifth of the image's deviation: 20 / (20 + 5 + 4)."""
    found = normalise_contrast(checkerboard(side, amplitude))
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert np.allclose(np.abs(found), expected, atol=0.02)


def test_brightness_does_not_count():
    grey = np.random.default_rng(1).uniform(50, 150, (96, 96)).astype(np.float32)
    assert np.allclose(normalise_contrast(grey + 40), normalise_contrast(grey), atol=1e-3)


def test_a_slope_over_the_whole_image_is_levelled_and_a_step_stays():
    slope = np.tile(np.linspace(40, 200, 512, dtype=np.float32), (256, 1))
    assert np.abs(normalise_contrast(slope)[:, 100:-100]).max() < 0.05
    stepped = slope.copy()
    stepped[:, 256:] += 60
    levelled = normalise_contrast(stepped)
    assert levelled[:, 260].min() > 0.5
    assert levelled[:, 250].max() < -0.5


COLOURS = np.random.default_rng(2).uniform(40, 160, (40, 50, 3)).astype(np.float32)
EVERYWHERE = np.ones((40, 50), np.bool_)
MIX = np.float32([[0.9, 0.1, 0.0], [0.0, 1.1, 0.1], [0.1, 0.0, 0.8]])
EAST = np.linspace(-0.5, 0.5, 50, endpoint=False, dtype=np.float32)[None, :, None]
SOUTH = np.linspace(-0.5, 0.5, 40, endpoint=False, dtype=np.float32)[:, None, None]
SUN = 30 * EAST + 20 * SOUTH + 12 * EAST * SOUTH  # 30 levels from west to east, 20 from north to south
OTHER_LIGHT = COLOURS @ MIX.T + np.float32([12, -8, 20]) + SUN


def test_another_light_is_fitted():
    found = normalise_radiometry(COLOURS, OTHER_LIGHT, EVERYWHERE)
    assert found.dtype == np.float32
    assert np.abs(found - OTHER_LIGHT).max() < 0.5


def test_an_image_is_its_own_best_fit():
    assert np.abs(normalise_radiometry(COLOURS, COLOURS, EVERYWHERE) - COLOURS).max() < 0.01


def test_what_changed_does_not_pull_the_fit():
    changed = OTHER_LIGHT.copy()
    changed[5:20, 5:25] = (30, 30, 220)  # 15 % of the image
    found = normalise_radiometry(COLOURS, changed, EVERYWHERE)
    assert np.abs(found - OTHER_LIGHT).max() < 4
    assert np.abs(found - changed)[5:20, 5:25].max() > 60, "and so the change stands out"


def test_what_cannot_be_used_is_not_fitted():
    usable = EVERYWHERE.copy()
    usable[:, 25:] = False
    half_black = np.where(usable[..., None], OTHER_LIGHT, 0)
    assert np.abs(normalise_radiometry(COLOURS, half_black, usable) - OTHER_LIGHT)[usable].max() < 0.5


def test_too_few_pixels_to_fit_leave_it_as_it_is():
    usable = np.zeros((40, 50), np.bool_)
    usable.ravel()[:63] = True
    assert np.array_equal(normalise_radiometry(COLOURS, OTHER_LIGHT, usable), COLOURS)
    usable.ravel()[63] = True
    assert not np.array_equal(normalise_radiometry(COLOURS, OTHER_LIGHT, usable), COLOURS)
