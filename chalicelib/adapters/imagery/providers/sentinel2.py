"""The provider `sentinel2`: Copernicus Sentinel-2, free, of all land every five days, at 10 m a pixel."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from chalicelib.adapters.imagery.provider import Host, Options, Provider, Services
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.errors import Invalid
from chalicelib.domain.image_take import ImageTake
from chalicelib.domain.scenes import Licence, ProviderTerms

TERMS = ProviderTerms(
    name="sentinel2",
    licence=Licence(
        name="Copernicus Sentinel data: free, full and open access",
        url="https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice",
        attribution="Contains modified Copernicus Sentinel data",
        may_store=True,
        may_analyse=True,
    ),
    is_dated=True,
    has_bands=True,
    has_seasons=True,
    # `tests/bench/sentinel2_windows.py`: of a tile of 6 km, headers not kept, 200 ms a request.
    season_image=ImageTake(requests=16, received_bytes=17_000_000, stored_bytes=3_000_000, seconds=3.0),
    sends_placeholders=False,
    cost_per_request_usd=0.0,
    usual_cadence_hours=120,  # two satellites pass every fifth day at the equator, more often elsewhere
    shows_arrivals=True,
    smallest_alert_m2=2_000.0,
    unseen=(
        "A pixel is 10 m wide. Nobody is alerted of a change smaller than 2,000 m²; from 400 m² on it may be seen and "
        "is kept without an alert. A house, a wall, a well, a path, a road of fewer than two lanes or single trees "
        "cannot be seen, nor can anything under clouds: in a monsoon for months. A harvest may be taken for a change "
        "until two looks have fetched images of the same season of three earlier years, six a tile and look beside "
        "their own; as the season moves on about a hundred a tile follow in the first year, at no cost and off your "
        "budget."
    ),
)
COLLECTIONS = ("sentinel-2-c1-l2a", "sentinel-2-l2a")  # the first is processed anew by one baseline, with gaps
SETTINGS = (
    "sentinel2_catalogue",
    "sentinel2_fallback",
    "sentinel2_signing",
    "sentinel2_hosts",
    "sentinel2_stale_days",
    "sentinel2_silent_days",
)


def _make(options: Options, services: Services) -> Imagery:
    from chalicelib.adapters.imagery.geotiff import http_ranges
    from chalicelib.adapters.imagery.hosts import Hosts, address_of
    from chalicelib.adapters.imagery.sentinel2.catalogue import Catalogue
    from chalicelib.adapters.imagery.sentinel2.client import CatalogueClient
    from chalicelib.adapters.imagery.sentinel2.imagery import Sentinel2Imagery
    from chalicelib.adapters.imagery.sentinel2.reading import ProductReader
    from chalicelib.adapters.imagery.sentinel2.searching import Catalogues

    places = [options["sentinel2_catalogue"].strip(), options["sentinel2_fallback"].strip()]
    if not places[0]:
        raise Invalid("no catalogue of Sentinel-2 is set up here: name one in BHUPRAHARI_SENTINEL2_CATALOGUE")
    session = http_ranges.session()

    def catalogue(place: str) -> Catalogue:
        root = address_of(place)
        if root is None or root.scheme == "s3":
            raise Invalid(f"a catalogue of Sentinel-2 is an address such as https://stac.example.org/v1, not {place!r}")
        client = CatalogueClient(root, session, sleep=services.sleep, jitter=services.jitter)
        signing = options["sentinel2_signing"].strip()
        signs = bool(signing) and _machine(signing) == _machine(place)
        return Catalogue(client, COLLECTIONS, signing=signing if signs else "", clock=services.clock)

    catalogues = [catalogue(place) for place in places if place]
    named = [each.strip() for each in options["sentinel2_hosts"].split(",") if each.strip()]
    machines = [*named, *(_machine(place) for place in places if place)]
    hosts = Hosts(machines, setting="BHUPRAHARI_SENTINEL2_HOSTS")
    stale_after, silent_after = (
        timedelta(days=options[name]) for name in ("sentinel2_stale_days", "sentinel2_silent_days")
    )
    return Sentinel2Imagery(
        TERMS,
        Catalogues(catalogues, clock=services.clock, stale_after=stale_after, silent_after=silent_after),
        ProductReader(session, hosts),
    )


def _machine(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


# Its grid is by the latitude: Web Mercator's tiles are smaller towards the poles.
SENTINEL2 = Provider(
    terms=TERMS,
    grid=None,
    settings=SETTINGS,
    needs="sentinel2_catalogue",
    make=_make,
    hosts=tuple(
        Host(name, speaks_ipv6=False)
        for name in (
            "earth-search.aws.element84.com",
            "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
            "sentinel-cogs.s3.us-west-2.amazonaws.com",
            "planetarycomputer.microsoft.com",
            "sentinel2l2a01.blob.core.windows.net",
        )
    ),
)
