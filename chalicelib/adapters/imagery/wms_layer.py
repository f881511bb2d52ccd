"""How a layer of a Web Map Service 1.3.0 is asked for a view, as the settings say.

Source: OGC 06-042. It is asked in EPSG:3857, the grid's own system: of EPSG:4326 version 1.3.0 wants latitude first,
and not every server does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from chalicelib.adapters.imagery.map_services import Service, checked_address, setting
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tiles import Bounds, View, centre_of, gsd_m

NAME = "wms"
ZOOMS = range(8, 21)
TILE_PX, MARGIN_PX = 1024, 128
_HALF_WORLD_M = math.pi * 6_378_137  # of EPSG:3857
_OURS = frozenset(
    {
        *("service", "version", "request", "layers", "styles", "crs", "srs", "bbox"),
        *("width", "height", "format", "transparent", "exceptions"),
    }
)


class Layer(NamedTuple):
    """What is asked of the service."""

    url: str
    layer: str
    style: str
    format: str
    date_parameter: str
    gsd_m: float

    @classmethod
    def of(cls, service: Service, options: Mapping[str, object]) -> Layer:
        """Read what is asked from the settings. Raises Invalid."""
        said = {field: str(options[f"{NAME}_{field}"]).strip() for field in ("layer", "style", "format")}
        date_parameter = str(options[f"{NAME}_date_parameter"]).strip()
        made = cls(service.url, **said, date_parameter=date_parameter, gsd_m=float(str(options[f"{NAME}_gsd_m"])))
        name = setting(NAME, "url")
        checked_address(NAME, service.url)
        theirs = {key.lower() for key, _ in parse_qsl(urlsplit(service.url).query, keep_blank_values=True)}
        if theirs & _OURS or "#" in service.url or "{" in service.url:
            ours = f": without {', '.join(sorted(theirs & _OURS))}" if theirs & _OURS else ""
            raise Invalid(
                f"{name} must be the address that a request begins with, as https://maps.example.org/wms{ours}"
            )
        if not made.layer:
            raise Invalid(f"{setting(NAME, 'layer')} must name the layer that is shown")
        if date_parameter.lower() in _OURS:
            raise Invalid(f"{setting(NAME, 'date_parameter')} cannot be {date_parameter}: that says something else")
        tells_dates = bool(date_parameter) or "{date}" in made.layer
        if tells_dates and not service.dates:
            raise Invalid(f"name the days that the layer has in {setting(NAME, 'dates')}")
        if len(service.dates) > 1 and not tells_dates:
            raise Invalid(
                f"{setting(NAME, 'dates')} has several days: say how the service tells them apart, by "
                f"{setting(NAME, 'date_parameter')} (mostly TIME) or {{date}} in {setting(NAME, 'layer')}"
            )
        return made

    def grid(self, area: Bounds) -> Grid:
        """Return the grid whose pixels are about as large as the layer's, over an area."""
        latitude = centre_of(area)[1]
        zoom = min(ZOOMS, key=lambda z: abs(math.log(gsd_m(latitude, z, TILE_PX) / self.gsd_m)))
        return Grid(zoom=zoom, tile_px=TILE_PX, margin_px=MARGIN_PX)

    def address(self, view: View, date_name: str) -> str:
        """Return the request for a view, of a day."""
        tile_m, margin = 2 * _HALF_WORLD_M / 2**view.tile.z, view.margin_px / view.tile_px
        west, north = (view.tile.x - margin) * tile_m - _HALF_WORLD_M, _HALF_WORLD_M - (view.tile.y - margin) * tile_m
        side = tile_m * (1 + 2 * margin)
        parameters = {
            "SERVICE": "WMS",
            "VERSION": "1.3.0",
            "REQUEST": "GetMap",
            "LAYERS": self.layer.replace("{date}", date_name),
            "STYLES": self.style,
            "CRS": "EPSG:3857",
            "BBOX": ",".join(f"{metres:.6f}" for metres in (west, north - side, west + side, north)),
            "WIDTH": view.size_px,
            "HEIGHT": view.size_px,
            "FORMAT": self.format,
            "TRANSPARENT": "FALSE" if self.format == "image/jpeg" else "TRUE",
        }
        if self.date_parameter:
            parameters[self.date_parameter] = date_name
        begin = self.url.rstrip("?&")
        return f"{begin}{'&' if '?' in begin else '?'}{urlencode(parameters, safe=',:/', quote_via=quote)}"
