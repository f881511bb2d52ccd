"""The provider `xyz`: a tile server (XYZ, or TMS) that the operator names in the settings."""

from __future__ import annotations

from functools import partial

from chalicelib.adapters.imagery.map_services import FIELDS, Service, host_of
from chalicelib.adapters.imagery.provider import Options, Provider, Services
from chalicelib.adapters.imagery.xyz_template import Template
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.scenes import Licence, ProviderTerms

TERMS = ProviderTerms(
    name="xyz",
    licence=Licence(name="As the operator states", url="", attribution="", may_store=False, may_analyse=False),
    is_dated=False,
    sends_placeholders=True,
    cost_per_request_usd=0.0,
    usual_cadence_hours=24 * 7,
)
SETTINGS = tuple(f"xyz_{field}" for field in (*FIELDS, "zoom", "tile_px"))


def _terms(options: Options) -> ProviderTerms:
    service = Service.of("xyz", options)
    return service.terms(requests=Template.of(service, options).requests)


def _make(options: Options, services: Services) -> Imagery:
    from chalicelib.adapters.imagery.geotiff.http_ranges import session
    from chalicelib.adapters.imagery.xyz import XyzImagery

    service = Service.of("xyz", options)
    template = Template.of(service, options)
    return XyzImagery(service, template, session=session(again=0), sleep=services.sleep, jitter=services.jitter)


XYZ = Provider(
    terms=TERMS,
    grid=None,
    settings=SETTINGS,
    needs="xyz_url",
    terms_of=_terms,
    make=_make,
    hosts_of=partial(host_of, "xyz"),
)
