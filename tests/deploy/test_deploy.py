"""A whole deploy and the life after it: Chalice's own command against moto, functions from their zips and layers."""

import json
import sys

import pytest

from tests.aws_stand_in import REGION
from tests.deploy.stage import NAME, stage
from tests.e2e.client import Client
from tests.e2e.patchwork import patchwork

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="the functions run on 3.12, and here in this Python"),
]
PHONE = "phone-of-the-owner"


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


def test_the_life_of_a_stage(dev, tmp_path, capsys):
    """In one test, because each step stands on the one before."""
    operator = dev.operator
    print(dev.make_infra())
    dev.set(registration="open", archive=f"s3://bhuprahari-{NAME}-archive", default_provider="archive")
    print(operator.make("deploy", NAME))
    client = Client(dev.front())
    client.call("POST", "devices/", {"token": PHONE, "platform": "android"}, status=201)
    land = patchwork(tmp_path, side_m=120)
    dev.put(land, "before")
    area = client.add_area(**land.area)["id"]
    assert dev.supervise(client, area)["countsByVerdict"].keys() == {"BASELINE"}
    dev.put(land, "after")
    session = dev.supervise(client, area)
    assert session["status"] == "COMPLETED_CHANGES_DETECTED"
    assert client.load(session["alert_details"][0]["currentImagePath"]).content.startswith(b"\x89PNG")
    dev.pump.tick("sweep")
    assert [m["token"] for m in dev.fcm.messages] == [PHONE]
    for name, report in dev.account.host.reports:
        print(name, report)
    print(operator.make("smoke", dev.front()))
    print(operator.make("destroy", NAME, "--yes"))
