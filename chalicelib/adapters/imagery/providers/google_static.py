"""The provider `google_static`: Google's Maps Static API. Off until the operator states to hold a permission."""

from __future__ import annotations

from chalicelib.adapters.imagery.provider import Host, Options, Provider, Services
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.scenes import Grid, Licence, ProviderTerms

TERMS = ProviderTerms(
    name="google_static",
    licence=Licence(
        name="Google Maps Platform Terms of Service",
        url="https://cloud.google.com/maps-platform/terms",
        attribution="Imagery: Google and its suppliers, as written in the picture",
        may_store=False,
        may_analyse=False,
    ),
    is_dated=False,
    sends_placeholders=True,
    cost_per_request_usd=0.002,
    usual_cadence_hours=24 * 7,
)
# A tile of zoom z is 512 logical pixels at zoom z + 1; 640 of them at scale 2 are the tile and a margin of one eighth,
# and the strip with Google's attribution lies in the margin.
GRID = Grid(zoom=17, tile_px=1024, margin_px=128)


def _make(options: Options, services: Services) -> Imagery:
    from chalicelib.adapters.imagery.geotiff.http_ranges import session
    from chalicelib.adapters.imagery.google_static import GoogleStaticImagery

    return GoogleStaticImagery(
        TERMS,
        GRID,
        key=lambda: services.secret(options["google_key_secret"]),
        signing_secret=lambda: services.secret(options["google_signing_secret"]),
        permission=options["google_permission"],
        endpoint=options["google_endpoint"],
        session=session(again=0),
        sleep=services.sleep,
        jitter=services.jitter,
    )


GOOGLE_STATIC = Provider(
    terms=TERMS,
    grid=GRID,
    settings=("google_permission", "google_key_secret", "google_signing_secret", "google_endpoint"),
    needs="google_permission",
    make=_make,
    hosts=(Host("maps.googleapis.com", speaks_ipv6=True),),
)
