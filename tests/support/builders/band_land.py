"""Land as a sensor with bands measures it, for tests: fields of plants and soil, and what is built or filled."""

import cv2
import numpy as np

from chalicelib.domain.bands import CLASS, LAYERS, MEASURED, ONE, ZERO

# Reflectance of blue, green, red, nir, swir16, swir22; as spectral libraries have them, to two digits.
PLANTS = (0.03, 0.06, 0.04, 0.42, 0.20, 0.09)
MEADOW = (0.05, 0.09, 0.09, 0.30, 0.27, 0.17)
SOIL = (0.08, 0.12, 0.17, 0.24, 0.33, 0.28)
WATER = (0.05, 0.06, 0.04, 0.02, 0.01, 0.01)
ROOF = (0.30, 0.32, 0.34, 0.36, 0.38, 0.36)
CLEAR, CLOUD = 5, 9  # of the class layer


def fields(side, *, seed=1, cell=12):
    """Give patches of plants, meadow and soil, with a finer pattern: reflectance, (rows, columns, bands)."""
    random = np.random.default_rng(seed)
    cells = -(-side // cell) + 1
    which = random.integers(0, 3, (cells, cells))
    mixed = random.uniform(0.8, 1.2, (cells, cells, 1))
    small = np.array([PLANTS, MEADOW, SOIL], np.float32)[which] * mixed
    patches = np.repeat(np.repeat(small, cell, axis=0), cell, axis=1)[:side, :side]
    detail = cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 1.5)
    return (patches * (1 + 0.3 * detail[..., None])).clip(0.005, 1).astype(np.float32)


def seen(ground, *, seed, gain=1.0, haze=0.0, noise=0.003):
    """Give the ground as a pass sees it: another sun, haze that is bluest, noise of the sensor."""
    random = np.random.default_rng(seed)
    air = haze * np.array([1, 0.7, 0.5, 0.25, 0.1, 0.1])
    return ground * gain + air + random.normal(0, noise, ground.shape)


def painted(ground, box, material):
    """Give the ground with a square (left, top, width, height) of a material on it."""
    left, top, width, height = box
    ground = ground.copy()
    ground[top : top + height, left : left + width] = material
    return ground


def layers_of(reflectance, *, classes=CLEAR, without=()):
    """Code reflectance as layers are stored."""
    side = len(reflectance)
    layers = np.zeros((len(LAYERS), side, side), np.uint16)
    for number, name in enumerate(MEASURED):
        if name not in without:
            layers[number] = np.rint(reflectance[..., number] * ONE + ZERO).clip(1, 65_535)
    layers[LAYERS.index(CLASS)] = classes
    return layers


def picture_of(reflectance):
    """Give the true colour of some ground, 8 bits, blue first."""
    return np.clip(np.rint(reflectance[..., :3] / 0.3558 * 254 + 1), 1, 255).astype(np.uint8)
