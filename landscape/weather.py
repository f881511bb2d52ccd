"""A day over the landscape: where the sun stood, how green the land was, and how the sensor saw it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date

_LATITUDE = math.radians(20.0)  # the sun of Odisha shines on the whole rendered world


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What differs from one image of the same ground to the next."""

    sun_azimuth: float  # radians, clockwise from north
    sun_elevation: float
    lushness: float  # 0 at the end of the dry months, 1 after the rains
    wetness: float
    haze: float  # share of the light that comes from the air
    gain: tuple[float, float, float]  # blue, green, red
    gamma: float
    blur_px: float
    noise: float  # deviation in grey levels
    shift_px: tuple[float, float]  # error of registration
    seed: int


def weather_of(day: date) -> Weather:
    """Work out a day's weather: the same for the same day, everywhere.

    The sun stands where it does over 20 N some time between 9:50 and 11:10, as passes differ.
    """
    chance = random.Random(day.toordinal() * 7675)
    year = 2 * math.pi * (day.timetuple().tm_yday - 80) / 365.25
    declination = math.radians(23.44) * math.sin(year)
    hour_angle = math.radians(-15 * chance.uniform(0.85, 2.15))
    elevation = math.asin(
        math.sin(_LATITUDE) * math.sin(declination) + math.cos(_LATITUDE) * math.cos(declination) * math.cos(hour_angle)
    )
    azimuth = math.atan2(
        -math.cos(declination) * math.sin(hour_angle),
        math.sin(declination) * math.cos(_LATITUDE)
        - math.cos(declination) * math.sin(_LATITUDE) * math.cos(hour_angle),
    )
    rains = 0.5 + 0.5 * math.cos(year - math.radians(180))  # fullest in late September
    bright = chance.uniform(1.04, 1.20)
    white = [bright * chance.uniform(0.97, 1.03) for _ in range(3)]
    turn = chance.uniform(0, 2 * math.pi)
    off = chance.uniform(0.2, 0.8)
    return Weather(
        sun_azimuth=azimuth,
        sun_elevation=max(elevation, math.radians(36)),
        lushness=min(1.0, max(0.0, rains + chance.uniform(-0.06, 0.06))),
        wetness=rains * chance.uniform(0.5, 1.0),
        haze=chance.uniform(0.0, 0.10),
        gain=(white[0], white[1], white[2]),
        gamma=chance.uniform(0.98, 1.14),
        blur_px=chance.uniform(0.7, 1.05),
        noise=chance.uniform(1.2, 2.8),
        shift_px=(off * math.cos(turn), off * math.sin(turn)),
        seed=day.toordinal(),
    )
