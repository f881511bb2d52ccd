"""One image of the landscape: from a view and a day to pixels."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.tiles import View
from landscape import light, world
from landscape.ground import Ground, lay
from landscape.noise import Floats, Frame, Textures, textures
from landscape.script import works_on
from landscape.weather import weather_of
from landscape.works import TILE_PX, ZOOM

_BORDER = light.SHADOW_REACH_PX


class WrongScale(ValueError):
    """A view asks for another scale than the landscape is drawn at."""


def frame_of(view: View, *, border: int) -> Frame:
    """Return the frame of a view and a border around it. Raises WrongScale."""
    if view.tile.z < 0 or 2**view.tile.z * view.tile_px != 2**ZOOM * TILE_PX:
        raise WrongScale(f"the landscape is drawn at zoom {ZOOM} with {TILE_PX} pixels a tile, not as {view}")
    left = view.tile.x * view.tile_px - view.margin_px - border
    top = view.tile.y * view.tile_px - view.margin_px - border
    return Frame(left, top, view.size_px + 2 * border)


def _ground(frame: Frame, day: date) -> tuple[Ground, Textures]:
    noise = textures(frame)
    shapes, trees = world.around(frame)
    return lay(shapes, trees, frame, noise, works_on(day)), noise


def render(view: View, day: date) -> NDArray[np.uint8]:
    """Render a view on a day: rows and columns of the view's size, blue, green and red. Raises WrongScale."""
    frame, weather = frame_of(view, border=_BORDER), weather_of(day)
    ground, noise = _ground(frame, day)
    image = light.seen(light.lit(ground, frame, noise, weather), frame, weather)
    return light.photographed(image, frame, weather, border=_BORDER)


def without_light(view: View, day: date) -> Floats:
    """Render what stands on a view's ground on a day in the colours of one fixed season: no sun, air or sensor.

    Five planes: blue, green, red, the height of buildings and that of crowns in metres. Two days differ only where
    the script says so.
    """
    frame = frame_of(view, border=0)
    ground, noise = _ground(frame, day)
    colours = light.reflectance(ground, frame, noise, lushness=0.5, wetness=0.5)
    return np.dstack([colours, ground.built_m, ground.crown_m])
