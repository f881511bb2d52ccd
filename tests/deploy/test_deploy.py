"""A whole deploy, and a trip through what was deployed: Chalice's own command against moto, functions from their zips."""

import json
import sys

import pytest

from tests.aws_stand_in import REGION
from tests.deploy.account import Account, copy_of_the_project, layer, change_config
from tests.deploy.api_front import ApiFront
from tests.deploy.pump import Pump
from tests.e2e.client import Client
from tests.e2e.patchwork import patchwork
from tests.fcm_stand_in import FcmStandIn
from tests.mysql_server import find_server, start_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="Lambda runs 3.12, and so must these functions"),
]
STAGE = "dev"
NAME = f"bhuprahari-{STAGE}"
ARCHIVE = f"{NAME}-archive"
PHONE = "phone-of-the-owner"


@pytest.fixture(scope="module")
def fcm():
    with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def database_url():
    program = find_server()
    assert program, "the functions need a MySQL or MariaDB server: apt-get install mariadb-server"
    server = start_server(program)
    import pymysql

    with pymysql.connect(host="127.0.0.1", port=server.port, user="tests", password=server._password) as connection:
        connection.cursor().execute("CREATE DATABASE bhuprahari")
    yield f"{server.url}/bhuprahari"
    server.stop()


@pytest.fixture(scope="module")
def account(fcm, tmp_path_factory):
    made = Account(tmp_path_factory.mktemp("lambda"), functions_see={"STAND_IN_OF_FCM": fcm.url})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def project(account, fcm, database_url, tmp_path_factory):
    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    account.aws.make_queues(prefix=f"{NAME}-", visibility_s=660)
    account.aws.make_bucket(f"{NAME}-images")
    account.aws.make_bucket(ARCHIVE)
    bucket = account.aws.make_bucket(f"{NAME}-artifacts")
    secrets = {"database-url": database_url, "token-keys": json.dumps({"k": "x" * 32}), "link-key": "y" * 32}
    for name, text in (secrets | {"firebase-service-account": fcm.secret}).items():
        account.client("secretsmanager").create_secret(Name=f"bhuprahari/{STAGE}/{name}", SecretString=text)
    arns = {}
    for name in ("opencv", "firebase"):
        account.client("s3").upload_file(str(layer(name)), bucket, name)
        made = account.client("lambda").publish_layer_version(LayerName=name, Content={"S3Bucket": bucket, "S3Key": name})
        arns[name] = made["LayerVersionArn"]

    def change(config):
        stage = config["stages"][STAGE]
        stage["environment_variables"] |= {"BHUPRAHARI_REGISTRATION": "open", "BHUPRAHARI_ARCHIVE": f"s3://{ARCHIVE}", "BHUPRAHARI_DEFAULT_PROVIDER": "archive"}
        for function, name in {"capture_tile": "opencv", "compare_tile": "opencv", "notify_session": "firebase"}.items():
            stage["lambda_functions"][function]["layers"] = [arns[name]]

    change_config(project, change)
    return project


def put(account, folder, land, which):
    folder.mkdir()
    land.put(folder, which)
    for path in folder.iterdir():
        account.client("s3").upload_file(str(path), ARCHIVE, path.name)


def supervise(client, pump, area):
    first = client.call("POST", f"monitor/capture/{area}/")["session"]
    pump.settle()
    assert client.call("POST", f"monitor/compare/{area}/")["session"]["id"] == first["id"]
    assert not pump.failures
    return client.call("GET", f"alerts/sessions/{first['id']}/details")


def test_the_trip_through_what_was_deployed(account, project, fcm, tmp_path):
    print(account.chalice(project, "deploy", "--stage", STAGE))
    state = json.loads((project / ".chalice" / "deployed" / f"{STAGE}.json").read_text())
    api = next(each for each in state["resources"] if each["resource_type"] == "rest_api")
    functions = account.aws.own_client("lambda")
    from botocore.config import Config
    import boto3
    functions = boto3.client("lambda", endpoint_url=account.aws.endpoint_url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x", config=Config(read_timeout=130, retries={"total_max_attempts": 1}, max_pool_connections=20))
    answer = functions.invoke(FunctionName=f"{NAME}-migrate")
    print(answer["Payload"].read(), answer.get("FunctionError"))
    front = ApiFront(api["rest_api_id"], region=REGION, functions=functions)
    pump = Pump(lambda name: functions if name == "lambda" else account.client(name))
    client = Client(f"http://127.0.0.1:{front.port}/v1")
    client.call("POST", "devices/", {"token": PHONE, "platform": "android"}, status=201)
    land = patchwork(tmp_path, side_m=120)
    put(account, tmp_path / "before", land, "before")
    area = client.add_area(**land.area)["id"]
    assert supervise(client, pump, area)["countsByVerdict"].keys() == {"BASELINE"}
    put(account, tmp_path / "after", land, "after")
    session = supervise(client, pump, area)
    assert session["status"] == "COMPLETED_CHANGES_DETECTED"
    assert client.load(session["alert_details"][0]["currentImagePath"]).content.startswith(b"\x89PNG")
    pump.tick("sweep")
    assert [m["token"] for m in fcm.messages] == [PHONE]
    for name, report in account.host.reports:
        print(name, report)
    front.stop()
