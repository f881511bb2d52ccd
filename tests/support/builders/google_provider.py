"""The provider google_static on the stand-in of Google, as the tests ask it."""

import random

import pytest

from chalicelib.adapters.imagery.geotiff.http_ranges import session
from chalicelib.adapters.imagery.google_static import UNDATED, GoogleStaticImagery
from chalicelib.adapters.imagery.providers.google_static import GRID, TERMS
from chalicelib.domain.errors import ImageryFailed
from chalicelib.domain.tiles import Tile, View
from tests.support.standins.google import KEY, SIGNING_SECRET, silence

VIEW = View(tile=Tile(17, 93_640, 54_680), tile_px=1024, margin_px=128)
AREA = VIEW.bounds


def provider(google, *, naps=None, **changes) -> GoogleStaticImagery:
    given = {
        "key": lambda: KEY,
        "signing_secret": lambda: SIGNING_SECRET,
        "permission": "Letter of 3 May 2026",
        "endpoint": google.endpoint,
        "session": session(again=0),
        "sleep": (naps if naps is not None else []).append,
        "jitter": lambda most_s: random.uniform(0, most_s),
        "read_s": 0.5 if google.answers and google.answers[0] is silence else 5.0,
    }
    return GoogleStaticImagery(TERMS, GRID, **(given | changes))


def fetch(imagery):
    return imagery.fetch(UNDATED, VIEW, AREA)


def failure(imagery) -> ImageryFailed:
    with pytest.raises(ImageryFailed) as raised:
        fetch(imagery)
    return raised.value
