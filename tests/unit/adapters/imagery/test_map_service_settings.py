"""What the settings of a tile server and of a WMS have to say, in the words of the setting."""

import pytest

from chalicelib.adapters.imagery.map_services import Service, host_of
from chalicelib.adapters.imagery.registry import cost_per_request_usd
from chalicelib.settings import BadSetting, Settings
from tests.support.builders.map_services import LICENSED, options

TILES, MAPS = "https://tiles.example.org/{z}/{x}/{y}.jpg", "https://maps.example.org/wms"


def refusal(name, **said) -> str:
    with pytest.raises(BadSetting) as refused:
        Settings.of(**{f"{name}_{field}": value for field, value in (LICENSED | said).items()})
    return str(refused.value)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"url": "https://t.example.org/{z}/{x}.png"}, "XYZ_URL must have {z}, {x}, and {y} or {-y}"),
        ({"url": "https://t.example.org/{z}/{x}/{y}/{-y}.png"}, "XYZ_URL must have {z}, {x}, and {y} or {-y}"),
        ({"url": "https://{s}.example.org/{z}/{x}/{y}.png"}, "XYZ_URL has {s}, which is not filled in"),
        ({"url": "https://t{x}.example.org/{z}/{x}/{y}.png"}, "XYZ_URL must name one host"),
        ({"url": "https://t{z}.example.org/{z}/{x}/{y}.png"}, "XYZ_URL must name one host"),
        ({"url": "https://t.example.org:8{x}/{z}/{x}/{y}.png"}, "XYZ_URL must name one host"),
        ({"url": TILES + "?key=${key"}, "XYZ_URL has a brace without its other one"),
        ({"url": TILES + "#{z}"}, "XYZ_URL has a brace without its other one, or a #"),
        ({"url": "https://{date}/{z}/{x}/{y}.png", "dates": "2024-01-12"}, "XYZ_URL must name one host"),
        ({"url": "ftp://t.example.org/{z}/{x}/{y}.png"}, "XYZ_URL must be an address such as https://"),
        ({"url": "https://me:secret@t.example.org/{z}/{x}/{y}.png"}, "XYZ_URL must be an address such as https://"),
        ({"url": "/tiles/{z}/{x}/{y}.png"}, "XYZ_URL must be an address such as https://"),
        ({"url": TILES + "?d={date}"}, "XYZ_URL has {date}: name the days in BHUPRAHARI_XYZ_DATES"),
        ({"url": TILES, "dates": "2023-01-01,2024-01-12"}, "XYZ_DATES has several days"),
        ({"url": TILES, "dates": "12.1.2024"}, "XYZ_DATES must be days with commas between them"),
        ({"url": TILES + "?d={date}", "dates": "2024-01-12=a,2024-01-12=b"}, "XYZ_DATES names a day twice"),
        ({"url": TILES, "licence": " "}, "XYZ_LICENCE must say by which licence"),
        ({"url": TILES, "attribution": ""}, "XYZ_ATTRIBUTION must say whose imagery it is"),
        ({"url": TILES, "may_store": "maybe"}, "XYZ_MAY_STORE must be yes or no"),
        ({"url": TILES, "zoom": "3"}, "XYZ_ZOOM must be 4 to 22"),
        ({"url": TILES, "tile_px": "300"}, "XYZ_TILE_PX must be 256 or 512"),
        ({"url": TILES, "cost_usd": "-1"}, "XYZ_COST_USD must be"),
    ],
)
def test_a_tile_server_that_cannot_be_asked_stops_the_start(said, reason):
    says = refusal("xyz", **said)
    assert f"BHUPRAHARI_{reason}" in says
    assert "me:" not in says


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"url": MAPS}, "WMS_LAYER must name the layer"),
        (
            {"url": MAPS + "?SERVICE=WMS&layers=a", "layer": "a"},
            "WMS_URL must be the address that a request begins with",
        ),
        ({"url": MAPS + "/{z}", "layer": "a"}, "WMS_URL must be the address that a request begins with"),
        ({"url": MAPS + "#a", "layer": "a"}, "WMS_URL must be the address that a request begins with"),
        ({"url": "maps.example.org", "layer": "a"}, "WMS_URL must be an address such as https://"),
        ({"url": MAPS, "layer": "a", "date_parameter": "TIME"}, "WMS_DATES"),
        ({"url": MAPS, "layer": "a_{date}"}, "WMS_DATES"),
        ({"url": MAPS, "layer": "a", "dates": "2023-01-01,2024-01-12"}, "WMS_DATES has several days"),
        ({"url": MAPS, "layer": "a", "date_parameter": "bbox", "dates": "2023-01-01"}, "WMS_DATE_PARAMETER cannot be"),
        ({"url": MAPS, "layer": "a", "format": "image/gif"}, "WMS_FORMAT must be"),
        ({"url": MAPS, "layer": "a", "gsd_m": "0"}, "WMS_GSD_M must be"),
    ],
)
def test_a_map_service_that_cannot_be_asked_stops_the_start(said, reason):
    assert f"BHUPRAHARI_{reason}" in refusal("wms", **said)


def test_one_day_needs_no_place_in_the_address():
    (taken,) = Service.of("xyz", options("xyz", url=TILES, dates="2024-01-12")).dates
    assert str(taken.at) == "2024-01-12 00:00:00+00:00"


def test_an_address_is_never_shown():
    assert "hush" not in repr(Settings.of(xyz_url=TILES + "?key=hush", **{f"xyz_{k}": v for k, v in LICENSED.items()}))


def test_a_price_is_that_of_all_the_tiles_of_a_view():
    assert cost_per_request_usd("xyz", options("xyz", url=TILES, cost_usd="0.001")) == pytest.approx(0.036)
    assert cost_per_request_usd("wms", options("wms", url=MAPS, layer="a", cost_usd="0.001")) == 0.001
    assert cost_per_request_usd("xyz", Settings.of().by_name()) == 0
    assert cost_per_request_usd("google_static", Settings.of().by_name()) == 0.002
    assert cost_per_request_usd("balloon", {}) == 0


def test_its_host_is_told_to_a_stages_way_out():
    (host,) = host_of("xyz", {"xyz_url": TILES, "xyz_speaks_ipv6": "yes"})
    assert (host.name, host.speaks_ipv6, host.port) == ("tiles.example.org", True, 443)
    (host,) = host_of("wms", {"wms_url": "http://10.0.0.7:8080/wms?map=a"})
    assert (host.name, host.speaks_ipv6, host.port) == ("10.0.0.7", False, 8080)
    assert host_of("xyz", {}) == ()
