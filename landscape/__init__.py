"""A rendered landscape: a function of the place and the day, with a script of changes in one small demo area.

The provider `sample` shows it wherever this package lies beside `chalicelib`: in a checkout, at home and on a server.
Chalice does not pack it, so a deployed stage is without it.
"""

from landscape.rendering import WrongScale, render, without_light
from landscape.script import (
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
    "WrongScale",
    "changes_between",
    "render",
    "truth",
    "without_light",
]
