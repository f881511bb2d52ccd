"""The provider `wms`: a layer of a Web Map Service 1.3.0 that the operator names in the settings."""

from __future__ import annotations

from functools import partial

from chalicelib.adapters.imagery.map_services import FIELDS, Service, host_of
from chalicelib.adapters.imagery.provider import Options, Provider, Services
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.scenes import Licence, ProviderTerms

TERMS = ProviderTerms(
    name="wms",
    licence=Licence(name="As the operator states", url="", attribution="", may_store=False, may_analyse=False),
    is_dated=False,
    sends_placeholders=True,
    cost_per_request_usd=0.0,
    usual_cadence_hours=24 * 7,
)
SETTINGS = tuple(f"wms_{field}" for field in (*FIELDS, "layer", "style", "format", "date_parameter", "gsd_m"))


def _terms(options: Options) -> ProviderTerms:
    return Service.of("wms", options).terms(requests=1)


def _make(options: Options, services: Services) -> Imagery:
    from chalicelib.adapters.imagery.geotiff.http_ranges import session
    from chalicelib.adapters.imagery.wms import WmsImagery
    from chalicelib.adapters.imagery.wms_layer import Layer

    service = Service.of("wms", options)
    layer = Layer.of(service, options)
    return WmsImagery(service, layer, session=session(again=0), sleep=services.sleep, jitter=services.jitter)


WMS = Provider(
    terms=TERMS,
    grid=None,
    settings=SETTINGS,
    needs="wms_url",
    terms_of=_terms,
    make=_make,
    hosts_of=partial(host_of, "wms"),
)
