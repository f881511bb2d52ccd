"""Local servers that speak as a tile server and a Web Map Service do, and fail as they are told to.

Both show one invented ground, by its place in EPSG:3857: a tile, a view of many tiles and a GetMap of it are alike.
"""

import hashlib
import math
import re
import threading
from datetime import date
from functools import lru_cache

import cv2
import numpy as np

from chalicelib.domain.tiles import Tile, View
from landscape import render
from tests.support.standins.google import GoogleStandIn

HALF_WORLD_M = math.pi * 6_378_137
_ONE_AT_A_TIME = threading.Lock()


def ground(west_m, north_m, side_m, side_px, day=""):
    """The ground of a square of EPSG:3857 by its north-west corner, as BGR pixels; each date has other colours."""
    step = side_m / side_px
    east, south = (np.arange(side_px) + 0.5) * step + west_m, north_m - (np.arange(side_px) + 0.5) * step
    shift = int(hashlib.sha256(day.encode()).hexdigest()[:4], 16) / 65_535 * 80 if day else 0
    east, south = east[None, :], south[:, None]
    waves = [np.sin(east / 7) * np.cos(south / 9), np.sin((east + south) / 5), np.cos((east - 2 * south) / 23)]
    return np.dstack([np.rint(110 + 60 * wave + shift) for wave in waves]).clip(0, 255).astype(np.uint8)


def tile_ground(z, x, y, side_px, day=""):
    """The ground of a tile."""
    side_m = 2 * HALF_WORLD_M / 2**z
    return ground(x * side_m - HALF_WORLD_M, HALF_WORLD_M - y * side_m, side_m, side_px, day)


def view_ground(view, day=""):
    """The ground of a view, margin included."""
    side_m = 2 * HALF_WORLD_M / 2**view.tile.z
    margin = view.margin_px / view.tile_px
    west, north = (view.tile.x - margin) * side_m - HALF_WORLD_M, HALF_WORLD_M - (view.tile.y - margin) * side_m
    return ground(west, north, side_m * (1 + 2 * margin), view.size_px, day)


@lru_cache(maxsize=256)
def _tile_png(z, x, y, side_px, day):
    return png(tile_ground(z, x, y, side_px, day))


@lru_cache(maxsize=8)
def _map_image(west_m, north_m, side_m, side_px, day, extension):
    return cv2.imencode(extension, ground(west_m, north_m, side_m, side_px, day))[1].tobytes()


def png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


def flat(side_px, grey=255):
    return png(np.full((side_px, side_px, 3), grey, np.uint8))


def clear(side_px):
    return png(np.zeros((side_px, side_px, 4), np.uint8))


def card(side_px):
    """A picture that says that there is none."""
    pixels = np.full((side_px, side_px, 3), 230, np.uint8)
    cv2.putText(pixels, "no imagery", (8, side_px // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (90, 90, 90), 2)
    return png(pixels)


class TileServer(GoogleStandIn):
    """A tile server; `odd` are its tiles that are other than the ground: (z, x, y) -> content, or a status."""

    def __init__(self, tile_px=256, *, is_tms=False) -> None:
        super().__init__()
        self.tile_px, self.is_tms = tile_px, is_tms
        self.odd: dict[tuple[int, int, int], bytes | int] = {}
        self.every: bytes | int | None = None  # the same of every tile
        self.host = self.endpoint.removesuffix("/maps/api/staticmap")
        self.template = f"{self.host}/ortho/{{z}}/{{x}}/{'{-y}' if is_tms else '{y}'}.png"

    @property
    def asked(self) -> list[tuple[int, int, int]]:
        """The tiles that were asked for, as XYZ counts them."""
        return [self._cell(path.partition("?")[0]) for path, _ in self.requests]

    def _cell(self, path):
        z, x, y = map(int, re.fullmatch(r".*/(\d+)/(\d+)/(\d+)\.\w+", path).groups())
        return z, x, (2**z - 1 - y if self.is_tms else y)

    def picture(self, path, query):
        before = path.split("/")[1]
        return _tile_png(*self._cell(path), self.tile_px, before if before != "ortho" else "")

    def otherwise(self, handler, query) -> None:
        path = handler.path.partition("?")[0]
        answer = self.odd.get(self._cell(path), self.every)
        if isinstance(answer, int):
            handler.reply(answer, "text/plain", b"")
        else:
            handler.reply(200, "image/png", self.picture(path, query) if answer is None else answer)


def an_exception(code, words, *, status=200):
    """What a WMS says in XML."""
    text = (
        '<?xml version="1.0"?><ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc">'
        f"<ServiceException{f' code={chr(34)}{code}{chr(34)}' if code else ''}>{words}</ServiceException>"
        "</ServiceExceptionReport>"
    )
    return lambda handler, _: handler.reply(status, "text/xml; charset=UTF-8", text.encode())


class MapService(GoogleStandIn):
    """A WMS of version 1.3.0 with one layer, strict about what it is asked."""

    def __init__(self, *, days=(), layer="ortho", form="image/png") -> None:
        super().__init__()
        self.days, self.layer, self.form = days, layer, form
        self.url = self.endpoint.removesuffix("/maps/api/staticmap") + "/wms"

    def picture(self, path, query):
        west, south, east, north = map(float, query["BBOX"].split(","))
        side_px = int(query["WIDTH"])
        assert abs((east - west) - (north - south)) < 1e-3
        extension = "." + query["FORMAT"].removeprefix("image/")
        return _map_image(west, north, east - west, side_px, query.get("TIME", ""), extension)

    def otherwise(self, handler, query) -> None:
        wanted = {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "CRS": "EPSG:3857"}
        wrong = {name: query.get(name) for name, value in wanted.items() if query.get(name) != value}
        west, south, east, north = map(float, query.get("BBOX", "0,0,0,0").split(","))
        if wrong or not {"WIDTH", "HEIGHT", "FORMAT", "LAYERS"} <= query.keys():
            an_exception("OperationNotSupported", f"not asked as 1.3.0 is: {wrong}")(handler, query)
        elif query["LAYERS"] != self.layer:
            an_exception("LayerNotDefined", f"there is no layer {query['LAYERS']}")(handler, query)
        elif self.days and query.get("TIME") not in self.days:
            an_exception("InvalidDimensionValue", "no such day")(handler, query)
        elif not (west < east and south < north and max(map(abs, (west, south, east, north))) <= HALF_WORLD_M * 1.1):
            an_exception(None, "the box is none")(handler, query)
        else:
            handler.reply(200, query["FORMAT"], self.picture("", query))


class Landscape(TileServer):
    """A tile server of the landscape that is rendered, at zoom 19, of any day: `{date}` is its ISO date."""

    def __init__(self) -> None:
        super().__init__()
        self.template = self.template.replace("ortho", "{date}")

    def picture(self, path, query):
        return _land(*self._cell(path), date.fromisoformat(path.split("/")[1]))


@lru_cache(maxsize=2000)
def _land(z, x, y, day):
    with _ONE_AT_A_TIME:
        return png(render(View(tile=Tile(z, x, y), tile_px=256, margin_px=0), day))
