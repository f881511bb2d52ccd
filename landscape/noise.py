"""Noise that is a function of the position in the world: the same ground always gets the same values.

Positions are world pixels: pixels of the whole Mercator square, from its north-west corner (about 0.28 m at 20 N).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Positions = NDArray[np.float64]
_STEP = 16  # a smooth field is worked out at every 16th pixel and drawn out in between


class Frame(NamedTuple):
    """The part of the world that is being drawn: its north-west corner in world pixels, and its size."""

    left: int
    top: int
    size: int


def hashed(seed: int, column: NDArray[np.int64], row: NDArray[np.int64]) -> Positions:
    """Hash each lattice point to a number from 0 to 1; neighbours have nothing in common (splitmix64)."""
    # arrays, not scalars: those would warn that they overflow, which is the point here
    columns, rows = np.atleast_1d(column).astype(np.uint64), np.atleast_1d(row).astype(np.uint64)
    mixed = columns * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= rows * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed += np.uint64(seed * 0x165667B19E3779F9 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return ((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53).reshape(np.shape(column))


def smooth(seed: int, places: Positions, wavelength: float) -> Positions:
    """Return smooth noise from -1 to 1 at places of shape (..., 2)."""
    scaled = places / wavelength
    cell = np.floor(scaled)
    part = scaled - cell
    part = part * part * (3 - 2 * part)
    column, row = cell[..., 0].astype(np.int64), cell[..., 1].astype(np.int64)
    u, v = part[..., 0], part[..., 1]
    north = hashed(seed, column, row) * (1 - u) + hashed(seed, column + 1, row) * u
    south = hashed(seed, column, row + 1) * (1 - u) + hashed(seed, column + 1, row + 1) * u
    value: Positions = 2 * (north * (1 - v) + south * v) - 1
    return value


def lattice(frame: Frame) -> Positions:
    """Return the places at which `drawn_out` wants its values, shape (rows, columns, 2)."""
    first = np.array([frame.left // _STEP - 1, frame.top // _STEP - 1])
    count = frame.size // _STEP + 4
    columns, rows = np.meshgrid(first[0] + np.arange(count), first[1] + np.arange(count))
    return np.stack([columns, rows], -1) * float(_STEP) + (_STEP - 1) / 2


def drawn_out(values: Positions, frame: Frame) -> Floats:
    """Interpolate values at the places of `lattice` over the frame, one for each pixel."""
    whole = cv2.resize(values.astype(np.float32), None, fx=_STEP, fy=_STEP, interpolation=cv2.INTER_LINEAR)
    left = frame.left - (frame.left // _STEP - 1) * _STEP
    top = frame.top - (frame.top // _STEP - 1) * _STEP
    return np.ascontiguousarray(whole[top : top + frame.size, left : left + frame.size])


@cache
def _texture(seed: int, period: int, shortest: float, longest: float, slope: float) -> Floats:
    frequency = np.hypot(np.fft.fftfreq(period)[:, None], np.fft.rfftfreq(period)[None, :])
    frequency[0, 0] = 1
    band = np.exp(-((frequency * shortest) ** 2)) * (1 - np.exp(-((frequency * longest) ** 2)))
    white = np.random.default_rng(seed).standard_normal((period, period))
    wave = np.fft.irfft2(np.fft.rfft2(white) * band * frequency**-slope, s=(period, period))
    texture: Floats = ((wave - wave.mean()) / wave.std()).astype(np.float32)
    return texture


def _window(texture: Floats, frame: Frame) -> Floats:
    """Copy a texture block by block: take(mode="wrap") subtracts the period 100 000 times for each pixel out here."""
    window = np.empty((frame.size, frame.size, *texture.shape[2:]), np.float32)
    for rows, from_rows in _pieces(frame.top, frame.size, len(texture)):
        for columns, from_columns in _pieces(frame.left, frame.size, len(texture)):
            window[rows, columns] = texture[from_rows, from_columns]
    return window


def _pieces(start: int, size: int, period: int) -> Iterator[tuple[slice, slice]]:
    done = 0
    while done < size:
        at = (start + done) % period
        step = min(period - at, size - done)
        yield slice(done, done + step), slice(at, at + step)
        done += step


class Textures(NamedTuple):
    """The noise of a frame of ground, each of deviation about 1."""

    grain: Floats  # waves of 2 to 8 pixels
    clumps: Floats  # of 5 to 40: tufts, stains, puddles
    patches: Floats  # of 20 to 600: damp hollows, thin growth


def textures(frame: Frame) -> Textures:
    """Return a frame's noise. The periods of the patches have no short common multiple: nothing repeats in sight."""
    wide = _window(_texture(3, 1350, 10, 320, 1.1), frame)
    wide += _window(_texture(4, 1372, 16, 680, 1.2), frame)
    wide *= np.float32(0.71)
    return Textures(
        grain=_window(_texture(1, 1000, 1.3, 9, 0.3), frame),
        clumps=_window(_texture(2, 1152, 3.5, 45, 0.8), frame),
        patches=wide,
    )


@cache
def furrow_profile() -> Floats:
    """Return the light and dark across 128 furrows, 16 values each: no two are alike, some strips were sown later."""
    frequency = np.maximum(np.fft.rfftfreq(2048), 1 / 2048)
    white = np.random.default_rng(9).standard_normal(2048)
    streaks = np.fft.irfft(np.fft.rfft(white) * frequency**-0.75 * np.exp(-((frequency * 9) ** 2)), n=2048)
    profile = 1.15 * streaks / streaks.std() + 0.45 * np.sin(np.arange(2048) * (2 * np.pi / 16))
    return np.asarray(profile, np.float32)


def sensor_noise(frame: Frame, seed: int) -> Floats:
    """Return a sensor's noise for an image, three colours of deviation 1: another seed is another stretch of it."""
    return _window(_speckle(), Frame(seed % 997 * 7, seed % 991 * 13, frame.size))


@cache
def _speckle() -> Floats:
    common = _texture(5, 600, 0.55, 60, 0.0)
    own = [_texture(seed, 600, 0.7, 60, 0.0) for seed in (6, 7, 8)]
    return np.dstack([0.75 * common + 0.6 * colour for colour in own])
