"""The providers xyz and wms on local servers, as the tests ask them."""

import random

from chalicelib.adapters.imagery.geotiff.http_ranges import session
from chalicelib.adapters.imagery.map_services import Service
from chalicelib.adapters.imagery.wms import WmsImagery
from chalicelib.adapters.imagery.wms_layer import Layer
from chalicelib.adapters.imagery.xyz import XyzImagery
from chalicelib.adapters.imagery.xyz_template import Template
from chalicelib.domain.tiles import Tile, View
from chalicelib.settings import Settings
from tests.support.standins.google import silence

LICENSED = {
    "licence": "State open data",
    "attribution": "Survey of the state",
    "may_store": "yes",
    "may_analyse": "yes",
}
VIEW = View(tile=Tile(16, 46_820, 27_340), tile_px=1024, margin_px=128)
AREA = VIEW.bounds


def options(name, **said):
    """All settings, with a service's: `name`, and its fields without it before them."""
    return Settings.of(**{f"{name}_{field}": value for field, value in (LICENSED | said).items()}).by_name()


def _port(server, naps, changes):
    given = {
        "session": session(again=0),
        "sleep": (naps if naps is not None else []).append,
        "jitter": lambda most_s: random.uniform(0, most_s),
        "read_s": 1.5 if silence in server.answers else 5.0,
    }
    return given | changes


def xyz(server, *, naps=None, changes=None, **said) -> XyzImagery:
    chosen = options("xyz", **({"url": server.template, "tile_px": str(server.tile_px)} | said))
    service = Service.of("xyz", chosen)
    return XyzImagery(service, Template.of(service, chosen), **_port(server, naps, changes or {}))


def wms(server, *, naps=None, changes=None, **said) -> WmsImagery:
    chosen = options("wms", **({"url": server.url, "layer": server.layer, "format": server.form} | said))
    service = Service.of("wms", chosen)
    return WmsImagery(service, Layer.of(service, chosen), **_port(server, naps, changes or {}))
