"""A rendered landscape: a function of the place and the day, with a script of changes in one small demo area."""

from chalicelib.adapters.imagery.landscape.picture import picture, without_light
from chalicelib.adapters.imagery.landscape.script import (
    DEMO_CENTER_LAT,
    DEMO_CENTER_LON,
    DEMO_DATES,
    DEMO_REACH_KM,
    SCRIPT,
    Change,
    changes_between,
    truth,
)

__all__ = [
    "DEMO_CENTER_LAT",
    "DEMO_CENTER_LON",
    "DEMO_DATES",
    "DEMO_REACH_KM",
    "SCRIPT",
    "Change",
    "changes_between",
    "picture",
    "truth",
    "without_light",
]
