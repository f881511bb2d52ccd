"""The provider `sample`: a rendered landscape with scripted change. No account, no key, no network."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from chalicelib.adapters.imagery.provider import Options, Provider, Services
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Grid, Licence, ProviderTerms

TERMS = ProviderTerms(
    name="sample",
    licence=Licence(
        name="Rendered by Bhuprahari; free to use for anything",
        url="",
        attribution="Rendered landscape, not a real place",
        may_store=True,
        may_analyse=True,
    ),
    is_dated=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
)
GRID = Grid(zoom=17, tile_px=1024, margin_px=128)  # 0.28 m a pixel at 20 N


def _make(options: Options, services: Services) -> Imagery:
    from importlib.util import find_spec

    from chalicelib.adapters.imagery.sample import SampleImagery

    if find_spec("landscape") is None:  # looked for, not imported: the API has no OpenCV
        raise Invalid(
            "the landscape of the provider sample is not here: a deployed stage is packed without it, choose another",
            pointer="/provider",
        )
    return SampleImagery(TERMS, GRID, today=lambda: _landscape_day(options["sample_clock"], services.clock))


def _landscape_day(clock_file: str, clock: Clock) -> date:
    """Return the landscape's calendar day: today, moved by the days in the file of the setting."""
    today = clock().date()
    try:
        return today + timedelta(days=int(Path(clock_file).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return today


SAMPLE = Provider(terms=TERMS, grid=GRID, settings=("sample_clock",), make=_make)
