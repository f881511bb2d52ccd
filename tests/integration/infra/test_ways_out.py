"""A stage whose way out does not reach its provider is refused in a sentence, before anything is asked or made."""

import json
from dataclasses import replace

import pytest

from chalicelib.adapters.imagery.provider import Host
from chalicelib.adapters.imagery.registry import PROVIDERS
from chalicelib.composition import Ports
from chalicelib.settings import Settings
from infra.aws import infrastructure, ways_out
from infra.errors import OperatorError

OLD = replace(PROVIDERS["google_static"], hosts=(Host("pictures.example.org", speaks_ipv6=False),))
NO_SENTINEL2 = {"BHUPRAHARI_SENTINEL2_CATALOGUE": ""}


class NoCalls:
    """An account that must not be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"asked for {name}")


@pytest.mark.parametrize("way", ["none", "", "ipv4", "NAT-GATEWAY"])
def test_a_way_out_that_is_none_is_refused_before_any_call(checkout, way):
    with pytest.raises(OperatorError, match=f"Egress is ipv6, nat-instance, nat-gateway, not '{way}'"):
        infrastructure.make(NoCalls(), checkout, "dev", given=[f"Egress={way}"], firebase=None, dry_run=False)


def test_what_would_not_be_reached_is_named():
    with pytest.raises(OperatorError, match=r"google_static \(maps.googleapis.com\) could not be asked"):
        ways_out.check("none", [PROVIDERS["google_static"]])


def test_a_host_that_speaks_ipv4_alone_needs_a_nat_and_its_price_is_told():
    with pytest.raises(OperatorError) as refused:
        ways_out.check("ipv6", [PROVIDERS["archive"], OLD])
    says = str(refused.value)
    assert "google_static asks pictures.example.org, by IPv4 alone" in says
    assert "Egress=nat-instance (7." in says
    assert "Egress=nat-gateway (3" in says
    assert "\n" not in says
    for way in ("nat-instance", "nat-gateway"):
        ways_out.check(way, [OLD])


def test_the_providers_that_there_are_answer_by_every_way_but_those_of_free_scenes():
    others = [provider for name, provider in PROVIDERS.items() if name != "sentinel2"]
    ways_out.check("ipv6", others)
    for way in ("nat-instance", "nat-gateway"):
        ways_out.check(way, PROVIDERS.values())
    with pytest.raises(OperatorError, match=r"sentinel2 asks earth-search.*by IPv4 alone.*Egress=nat-instance"):
        ways_out.check("ipv6", PROVIDERS.values())


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"BHUPRAHARI_DEFAULT_PROVIDER": "archive"} | NO_SENTINEL2, ["archive"]),
        ({"BHUPRAHARI_ARCHIVE": "s3://b"} | NO_SENTINEL2, ["archive"]),
        ({"BHUPRAHARI_DEFAULT_PROVIDER": "archive", "BHUPRAHARI_GOOGLE_PERMISSION": "p"} | NO_SENTINEL2,
         ["archive", "google_static"]),
        ({"BHUPRAHARI_GOOGLE_PERMISSION": ""} | NO_SENTINEL2, []),
        ({"BHUPRAHARI_DEFAULT_PROVIDER": "sentinel2"} | NO_SENTINEL2, ["sentinel2"]),
        ({"BHUPRAHARI_SENTINEL2_CATALOGUE": "https://stac.example.org/v1"}, ["sentinel2"]),
        ({}, ["sentinel2"]),  # by its default: a user may name it
    ],
)  # fmt: skip
def test_a_stage_uses_what_is_set_up_there(environment, names):
    assert [provider.name for provider in ways_out.in_use(environment, PROVIDERS)] == names


def test_no_provider_is_to_be_had_without_the_setting_that_it_needs():
    for provider in PROVIDERS.values():
        assert provider.needs in ("", *provider.settings)
        if provider.needs:
            terms = Ports(Settings.of(**{provider.needs: ""})).provider_terms(provider.name)
            assert terms is None or not terms.licence.may_store


def test_the_machines_of_an_archives_pictures_are_asked_for():
    environment = {"BHUPRAHARI_ARCHIVE": "s3://bhuprahari-dev-archive"} | NO_SENTINEL2
    ways_out.check("ipv6", ways_out.in_use(environment, PROVIDERS))
    environment |= {"BHUPRAHARI_ARCHIVE_HOSTS": "cogs.example.org, https://land.example.org, s3://bhuprahari-more"}
    with pytest.raises(OperatorError, match=r"archive asks cogs\.example\.org, land\.example\.org, by IPv4 alone"):
        ways_out.check("ipv6", ways_out.in_use(environment, PROVIDERS))
    ways_out.check("nat-instance", ways_out.in_use(environment, PROVIDERS))
    environment |= {"BHUPRAHARI_ARCHIVE_IPV6_HOSTS": "cogs.example.org"}
    with pytest.raises(OperatorError, match=r"archive asks land\.example\.org, by IPv4 alone"):
        ways_out.check("ipv6", ways_out.in_use(environment, PROVIDERS))
    at_home = environment | {"BHUPRAHARI_ARCHIVE_HOSTS": "http://nas.local:8080"}
    with pytest.raises(OperatorError, match=r"archive asks nas\.local:8080: a stage's functions reach port 443 alone"):
        ways_out.check("nat-gateway", ways_out.in_use(at_home, PROVIDERS))
    with pytest.raises(OperatorError, match="BHUPRAHARI_ARCHIVE_HOSTS names hosts with commas"):
        ways_out.in_use(environment | {"BHUPRAHARI_ARCHIVE_HOSTS": "cogs.example.org/a.tif"}, PROVIDERS)


@pytest.mark.parametrize(
    "other", [{"BHUPRAHARI_ARCHIVE": "s3://land-office/flights"}, {"BHUPRAHARI_ARCHIVE_HOSTS": "s3://land-office"}]
)
def test_a_bucket_that_the_network_does_not_let_through_is_refused_before_any_call(checkout, other):
    file = checkout / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    config["stages"]["dev"]["environment_variables"] |= other
    file.write_text(json.dumps(config))
    with pytest.raises(OperatorError, match=r"s3://land-office is not reached.*called bhuprahari-\*") as refused:
        infrastructure.make(NoCalls(), checkout, "dev", given=[], firebase=None, dry_run=False)
    assert "\n" not in str(refused.value)


def test_a_service_of_the_operators_choice_is_asked_for_by_its_settings():
    environment = {"BHUPRAHARI_XYZ_URL": "https://tiles.example.org/{z}/{x}/{y}.png"} | NO_SENTINEL2
    with pytest.raises(OperatorError, match=r"xyz asks tiles\.example\.org, by IPv4 alone"):
        ways_out.check("ipv6", ways_out.in_use(environment, PROVIDERS))
    ways_out.check("nat-instance", ways_out.in_use(environment, PROVIDERS))
    ways_out.check("ipv6", ways_out.in_use(environment | {"BHUPRAHARI_XYZ_SPEAKS_IPV6": "yes"}, PROVIDERS))
    elsewhere = {"BHUPRAHARI_WMS_URL": "http://10.0.0.7:8080/wms"} | NO_SENTINEL2
    with pytest.raises(OperatorError, match=r"wms asks 10\.0\.0\.7:8080: a stage's functions reach port 443 alone"):
        ways_out.check("nat-gateway", ways_out.in_use(elsewhere, PROVIDERS))
