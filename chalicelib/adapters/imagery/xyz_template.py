"""Where a tile server has its tiles: its address as the settings give it, and which of them a view is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from chalicelib.adapters.imagery.map_services import Service, checked_address, setting
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tiles import View

NAME = "xyz"
TILE_PX, MARGIN_PX = 1024, 128
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_KNOWN = frozenset({"{z}", "{x}", "{y}", "{-y}", "{date}"})


class Cell(NamedTuple):
    """One of the server's tiles, and where its north-west corner lies in the view, in pixels."""

    z: int
    x: int
    y: int
    left: int
    top: int


class Template(NamedTuple):
    """Where the server's tiles are."""

    url: str
    zoom: int  # the deepest at which they are not just enlarged
    tile_px: int

    @classmethod
    def of(cls, service: Service, options: Mapping[str, object]) -> Template:
        """Read a service's address as a template, with what else the settings say. Raises Invalid."""
        zoom, tile_px = (int(str(options[f"{NAME}_{field}"])) for field in ("zoom", "tile_px"))
        name, found = setting(NAME, "url"), _PLACEHOLDER.findall(service.url)
        unknown = sorted(set(found) - _KNOWN)
        if unknown:
            raise Invalid(f"{name} has {', '.join(unknown)}, which is not filled in: {', '.join(sorted(_KNOWN))} are")
        rest = _PLACEHOLDER.sub("", service.url)
        if "{" in rest or "}" in rest or "#" in rest:
            raise Invalid(f"{name} has a brace without its other one, or a #: nothing after it would be asked for")
        if _PLACEHOLDER.search(urlsplit(service.url).netloc):
            raise Invalid(f"{name} must name one host, without placeholders in it")
        if not {"{z}", "{x}"} <= set(found) or ("{y}" in found) == ("{-y}" in found):
            raise Invalid(
                f"{name} must have {{z}}, {{x}}, and {{y}} or {{-y}} (TMS: counted from the south), such as "
                "https://tiles.example.org/ortho/{z}/{x}/{y}.jpg"
            )
        if "{date}" in found and not service.dates:
            raise Invalid(f"{name} has {{date}}: name the days in {setting(NAME, 'dates')}")
        if "{date}" not in found and len(service.dates) > 1:
            raise Invalid(f"{setting(NAME, 'dates')} has several days, and {name} no {{date}} to tell them apart")
        made = cls(service.url, zoom, tile_px)
        checked_address(NAME, made.address(Cell(zoom, 0, 0, 0, 0), "date"))
        return made

    @property
    def grid(self) -> Grid:
        """The grid whose tiles have the server's pixels."""
        return Grid(zoom=self.zoom - self._deeper, tile_px=TILE_PX, margin_px=MARGIN_PX)

    @property
    def _deeper(self) -> int:
        """By how many zooms the server's tiles lie deeper than ours of the same pixels."""
        return (TILE_PX // self.tile_px).bit_length() - 1

    @property
    def requests(self) -> int:
        """How many tiles of the server's a view is made of."""
        return (TILE_PX // self.tile_px + 2 * -(-MARGIN_PX // self.tile_px)) ** 2

    def cells(self, view: View) -> Iterator[Cell]:
        """Yield the server's tiles that a view is made of: around the world from east to west, not beyond the poles."""
        of_tile, reach = TILE_PX // self.tile_px, -(-MARGIN_PX // self.tile_px)
        zoom = view.tile.z + self._deeper  # as the area was drawn: the setting may be another by now
        last = 2**zoom
        for row in range(-reach, of_tile + reach):
            for column in range(-reach, of_tile + reach):
                x, y = view.tile.x * of_tile + column, view.tile.y * of_tile + row
                left, top = (MARGIN_PX + place * self.tile_px for place in (column, row))
                if 0 <= y < last:
                    yield Cell(zoom, x % last, y, left, top)

    def address(self, cell: Cell, date_name: str) -> str:
        """Return where a tile is, of a day."""
        filled = {"{z}": cell.z, "{x}": cell.x, "{y}": cell.y, "{-y}": 2**cell.z - 1 - cell.y}
        url = self.url.replace("{date}", quote(date_name, safe=""))
        for placeholder, number in filled.items():
            url = url.replace(placeholder, str(number))
        return url
