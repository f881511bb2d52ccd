"""From ground to image: colours of the season, sun and shadow, haze, and the sensor."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.blocks import PX_PER_M
from landscape.ground import Ground
from landscape.noise import (
    Floats,
    Frame,
    Textures,
    drawn_out,
    furrow_profile,
    lattice,
    sensor_noise,
    smooth,
)
from landscape.surfaces import palette, roughness
from landscape.weather import Weather

SHADOW_REACH_PX = 72  # the tallest thing, under the lowest sun there is
_SKY = np.array([0.38, 0.32, 0.28], np.float32)  # light in the shade, of that in the sun: blue, green, red
_AIR = np.array([158, 152, 146], np.float32)
_STEPS = 24  # between a material's two colours


def _of(column: Floats, index: NDArray[np.int32]) -> Floats:
    return column.astype(np.float32).take(index, mode="clip")


def reflectance(ground: Ground, frame: Frame, textures: Textures, *, lushness: float, wetness: float) -> Floats:
    """Return the ground's colours in even light: (rows, columns, 3), 0 to 255."""
    table, index = ground.surfaces, ground.index
    one, other = palette(lushness, wetness)
    material = table[:, 0].astype(int)
    tint = table[:, 1:2] * (1 + table[:, 2:3] * np.array([-1.0, 0.0, 1.0], np.float32))
    rough = roughness()[material]
    mix = textures.clumps * np.float32(0.45)
    mix += textures.patches
    mix += _of(table[:, 8], index)
    mix *= _of(rough[:, 2] * (_STEPS / 2), index)
    mix += np.float32(_STEPS / 2)
    np.clip(mix, 0, _STEPS - 1, out=mix)
    share = (np.arange(_STEPS, dtype=np.float32) / (_STEPS - 1))[None, :, None]
    colours = (one[material] * tint)[:, None] * (1 - share) + (other[material] * tint)[:, None] * share
    image: Floats = (
        colours.astype(np.float32).reshape(-1, 3).take(index * _STEPS + mix.astype(np.int32), 0, mode="clip")
    )
    texture = _rows(ground, frame, textures)
    texture += textures.grain * _of(rough[:, 0], index)
    texture += textures.clumps * _of(rough[:, 1], index)
    texture += np.float32(1)
    np.clip(texture, 0.45, 1.6, out=texture)
    image *= texture[..., None]
    return image


def _rows(ground: Ground, frame: Frame, textures: Textures) -> Floats:
    """Draw the light and dark of furrows, crop rows and roof ribs."""
    table, index = ground.surfaces, ground.index
    start = (table[:, 5].astype(float) * frame.left + table[:, 6].astype(float) * frame.top) % 128.0
    phase = _of(table[:, 5], index)
    phase *= np.arange(frame.size, dtype=np.float32)[None, :]
    down = _of(table[:, 6], index)
    down *= np.arange(frame.size, dtype=np.float32)[:, None]
    phase += down
    phase += _of(start, index)
    phase += np.float32(0.1) * textures.clumps
    phase *= np.float32(16)
    furrows: Floats = furrow_profile().take(phase.astype(np.int32) & 2047, mode="clip")
    furrows *= _of(table[:, 7], index)
    return furrows


def shadow(heights_m: Floats, weather: Weather) -> Floats:
    """Return how much of the sun is hidden, 0 to 1: heights are carried away from the sun and compared.

    At half the resolution: shadows have soft edges, and it is four times as fast.
    """
    low = np.asarray(cv2.resize(heights_m, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    step_x, step_y = -math.sin(weather.sun_azimuth), math.cos(weather.sun_azimuth)
    fall = 2 * math.tan(weather.sun_elevation) / PX_PER_M
    carried = low
    for doubling in (1, 2, 4, 8, 16):
        move = np.array([[1, 0, step_x * doubling], [0, 1, step_y * doubling]], np.float32)
        moved = cv2.warpAffine(carried, move, low.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        carried = np.asarray(cv2.max(carried, moved - np.float32(fall * doubling)), np.float32)
    hidden = np.clip((carried - low - np.float32(0.2)) * np.float32(2), 0, 1)
    return np.asarray(cv2.resize(hidden, heights_m.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _facing(ground: Ground, weather: Weather) -> Floats:
    """Return the sun on every surface, 1 on level ground: roofs by their slope, crowns by their form."""
    table, crown = ground.surfaces, ground.crown_m
    east, south = math.sin(weather.sun_azimuth), -math.cos(weather.sun_azimuth)
    slant = 1 / math.tan(weather.sun_elevation)
    roof = (1 + slant * (table[:, 3] * east + table[:, 4] * south)) / np.sqrt(1 + table[:, 3] ** 2 + table[:, 4] ** 2)
    sun = _of(roof, ground.index)
    scale = -slant * 0.42 * PX_PER_M / 8
    form = np.asarray(cv2.Sobel(crown, cv2.CV_32F, 1, 0, ksize=3, scale=scale * east), np.float32)
    form += np.asarray(cv2.Sobel(crown, cv2.CV_32F, 0, 1, ksize=3, scale=scale * south), np.float32)
    form += np.float32(1)
    np.clip(form, 0.2, 1.8, out=form)
    form *= np.float32(0.66) + np.float32(0.068) * np.minimum(crown, np.float32(5))
    np.copyto(sun, form, where=crown > 0)
    return sun


def lit(ground: Ground, frame: Frame, textures: Textures, weather: Weather) -> Floats:
    """Light the ground with the day's sun, in clear air."""
    image = reflectance(ground, frame, textures, lushness=weather.lushness, wetness=weather.wetness)
    sun = _facing(ground, weather)
    sun *= 1 - shadow(np.asarray(cv2.max(ground.crown_m, ground.built_m), np.float32), weather)
    image *= cv2.transform(sun, np.stack([1 - _SKY, _SKY], -1))  # sun and sky in three colours at once
    return image


def seen(image: Floats, frame: Frame, weather: Weather) -> Floats:
    """Look at a lit ground through the day's air, in the sensor's balance of colours. Changes the image in place."""
    places = lattice(frame)
    uneven = smooth(weather.seed * 2, places, 9000.0) + 0.5 * smooth(weather.seed * 2 + 1, places, 3100.0)
    haze = drawn_out(np.clip(weather.haze * (1 + 0.4 * uneven), 0, 0.4), frame)
    gain = np.array(weather.gain, np.float32)
    image *= cv2.transform(haze, np.stack([-gain, gain], -1))
    image += cv2.transform(haze, np.stack([_AIR * gain, 0 * gain], -1))
    return image


def photographed(image: Floats, frame: Frame, weather: Weather, *, border: int) -> NDArray[np.uint8]:
    """Blur, shift, crop off the border, add noise and quantise: what the file holds."""
    size = frame.size - 2 * border
    blurred = cv2.GaussianBlur(image, (7, 7), weather.blur_px)
    move = np.array([[1, 0, weather.shift_px[0] - border], [0, 1, weather.shift_px[1] - border]], np.float32)
    still = np.asarray(cv2.warpAffine(blurred, move, (size, size), flags=cv2.INTER_LINEAR), np.float32)
    seed = frame.left * 31 + frame.top * 17 + weather.seed
    still += np.float32(weather.noise) * sensor_noise(Frame(0, 0, size), seed)
    np.clip(still, 0, 255, out=still)
    curve = np.round(255 * (np.arange(256) / 255) ** weather.gamma).astype(np.uint8)
    return np.asarray(cv2.LUT((still + np.float32(0.5)).astype(np.uint8), curve), np.uint8)
