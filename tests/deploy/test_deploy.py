"""A stage's whole life: made, deployed, used, changed, removed, by Chalice's own command against moto.

The functions run from their zips and layers. The tests stand on each other, in this order; what the commands said is in
build/deploy-test.txt.
"""

import io
import json
import zipfile

import pytest
import requests

from tests.deploy import rights_without_a_call
from tests.deploy.stage import NAME, stage
from tests.support import iam
from tests.support.builders import layer_files
from tests.support.running.client import Client
from tests.support.running.patchwork import patchwork

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("lambda_python")]
PHONE = "phone-of-the-owner"
LAYERED = {
    "api_handler": "shapely",
    "capture_tile": "opencv",
    "compare_tile": "opencv",
    "notify_session": "firebase",
    "import_areas": "gdal",
}
MIGRATION = '''"""One column more, which the code before does not know."""

from alembic import op
import sqlalchemy as sa

revision, down_revision, branch_labels, depends_on = "0099", "{head}", None, None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("note", sa.String(40), nullable=True))
'''


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    with stage(tmp_path_factory.mktemp("stage"), records=True) as made:
        yield made


@pytest.fixture(scope="module")
def life():
    """What one test leaves to the next."""
    return {}


def functions_of(dev):
    found = dev.account.client("lambda").list_functions()["Functions"]
    return {
        each["FunctionName"].removeprefix(f"bhuprahari-{NAME}").removeprefix("-") or "api_handler": each
        for each in found
    }


def test_before_anything_is_there(dev):
    refused = dev.operator.refused
    assert "make infra STAGE=dev comes first" in refused("deploy", NAME)
    assert "there is nothing of the stage dev" in refused("destroy", NAME, "--yes")
    assert "there is nothing of the stage dev" in refused("destroy", NAME, "--yes", "--everything")
    assert "there is no stage live in .chalice/config.json: say one of dev, prod" in refused("deploy", "live")
    assert "two to twelve small letters" in refused("infra", "Dev!")
    assert "there is no region nowhere-1" in refused("deploy", NAME, AWS_DEFAULT_REGION="nowhere-1")
    assert "no region is set" in refused("deploy", NAME, AWS_DEFAULT_REGION="", AWS_CONFIG_FILE="/nowhere")
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    assert "no credentials: sign in" in refused("infra", NAME, **nobody, AWS_SHARED_CREDENTIALS_FILE="/nowhere")
    assert "AWS does not answer" in refused("infra", NAME, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert "has no parameter Colour" in refused("infra", NAME, "--set", "Colour=red")
    assert "a parameter is given as Name=value" in refused("infra", NAME, "--set", "Colour")
    assert dev.account.client("cloudformation").list_stacks()["StackSummaries"] == []


def test_infra_feeds_the_configuration(dev):
    before = dev.operator.config
    assert "none made (DRY_RUN)" in dev.operator.make("infra", NAME, *dev.given, "--dry-run")
    assert dev.operator.config == before
    with dev.operator.without_layers():
        said = dev.operator.make("infra", NAME, *dev.given)
    assert "so not published: the layers opencv and firebase and shapely and gdal: make layers ARCH=" in said
    made = dev.operator.config["stages"][NAME]
    assert len(made["subnet_ids"]) == 2
    assert made["security_group_ids"][0].startswith("sg-")
    assert made["environment_variables"]["BHUPRAHARI_BUCKET"] == "bhuprahari-dev-images"
    assert dev.operator.config["stages"]["prod"] == before["stages"]["prod"]
    secrets = {
        name: dev.secret(name) for name in ("database-url", "token-keys", "link-key", "firebase-service-account")
    }
    assert all(secrets.values())
    assert [name for name, text in secrets.items() if text in said or text in json.dumps(dev.operator.config)] == []
    again = dev.operator.make("infra", NAME, *dev.given[:2])
    assert "nothing to change" in again
    layers = ("opencv", "firebase", "shapely", "gdal")
    assert again.count(": version 1 published") == len(layers)
    assert dev.operator.make("infra", NAME, *dev.given[:2]).count(": version 1 has these bytes") == len(layers)
    assert "written" not in again
    assert f"uploads: s3://bhuprahari-{NAME}-archive tells of them now\n" in said
    assert f"uploads: s3://bhuprahari-{NAME}-archive tells of them\n" in again
    assert {name: dev.secret(name) for name in secrets} == secrets


def test_chalice_deploy_alone_comes_up_after_infra(dev):
    assert "chalice deploy --stage dev comes first" in dev.operator.refused("finish", NAME)
    dev.operator.chalice("deploy", "--stage", NAME)
    found = functions_of(dev)
    assert {name: each["Layers"][0]["Arn"].split(":")[6] for name, each in found.items() if each.get("Layers")} == {
        name: f"bhuprahari-{NAME}-{layer}" for name, layer in LAYERED.items()
    }
    said = dev.operator.make("finish", NAME)  # the migration shows that the package has the certificates
    for line in ("functions: IPv6 allowed", "gateway answers, rateLimit", "migrate: the database is at", "deployed: "):
        assert line in said
    assert dev.operator.make("finish", NAME) == said
    assert requests.get(dev.front(), timeout=30).json()["message"] == "Bhuprahari is running"


def schedulers(dev):
    """Give the functions that rules start, and those with a permission to be started by one."""
    events, functions = dev.account.client("events"), dev.account.client("lambda")
    rules = [each["Name"] for each in events.list_rules()["Rules"]]
    targets = [each["Arn"] for rule in rules for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    started = [arn.rpartition("-")[2] for arn in targets]
    for name in started:
        permitted = json.loads(functions.get_policy(FunctionName=f"bhuprahari-{NAME}-{name}")["Policy"])["Statement"]
        assert [each["Principal"]["Service"] for each in permitted] == ["events.amazonaws.com"]
    assert len(rules) == len(started)
    return sorted(started)


@pytest.mark.parametrize("way", ["chalice deploy", "make deploy", "chalice deploy without its state"])
def test_a_stage_of_the_release_before_goes_on_with_one_scheduler(dev, way):
    """That release called `reconcile` sweep: its function, schedule, permission and role end with the deploy."""
    with dev.operator.at_the_release_before():
        dev.operator.chalice("deploy", "--stage", NAME)
    assert schedulers(dev) == ["capture_areas", "sweep"]
    if way == "make deploy":
        assert "function sweep: would be removed" in dev.operator.make("deploy", NAME, "--dry-run")
        said = dev.operator.make("deploy", NAME)
    else:
        if way != "chalice deploy":  # it names the function no more, as one that was written anew would not
            dev.operator.forget("sweep")
        said = dev.operator.chalice("deploy", "--stage", NAME)
        assert ("Deleting function" in said) == (way == "chalice deploy")
        said = dev.operator.make("finish", NAME)
    assert schedulers(dev) == ["capture_areas", "reconcile"]
    assert ("function sweep: removed, it is called reconcile now" in said) == (way != "chalice deploy")
    assert functions_of(dev).keys() == dev.operator.config["stages"][NAME]["lambda_functions"].keys()
    assert [
        name for kind in ("functions", "roles", "rules") for name in dev.account.left()[kind] if "sweep" in name
    ] == []
    dev.pump.tick("reconcile")
    assert not dev.pump.failures


def test_chalice_delete_leaves_no_function(dev):
    dev.operator.chalice("delete", "--stage", NAME)
    assert functions_of(dev) == {}


def test_a_deploy_needs_its_layers(dev):
    with dev.operator.without_layers():
        assert "the layer opencv for x86_64 is not built" in dev.operator.refused("deploy", NAME).replace(
            "arm64", "x86_64"
        )
    assert functions_of(dev) == {}


def test_a_deploy_that_failed_half_way_goes_on(dev, life):
    assert "would be made" in dev.operator.make("deploy", NAME, "--dry-run")
    assert functions_of(dev) == {}
    dev.set(registration="open", archive=f"s3://bhuprahari-{NAME}-archive", default_provider="archive")
    with dev.account.failing("apigateway", "create_deployment"):
        assert "chalice deploy failed" in dev.operator.refused("deploy", NAME)
    life["api"] = dev.operator.api_id
    assert not (dev.operator.folder / ".chalice" / "deployed" / f"{NAME}.json").exists()
    assert "migrate: the database is at" in dev.operator.make("deploy", NAME)
    assert dev.operator.api_id == life["api"], "a second API beside the first"
    assert len(dev.mappings) == 5


def test_each_function_is_as_the_configuration_says(dev, life):
    life["functions"] = functions_of(dev).keys()
    wanted, found = dev.operator.config["stages"][NAME], functions_of(dev)
    assert found.keys() == wanted["lambda_functions"].keys()
    for name, own in wanted["lambda_functions"].items():
        has = found[name]
        assert (has["MemorySize"], has["Timeout"]) == (own["lambda_memory_size"], own["lambda_timeout"])
        assert [each["Arn"] for each in has.get("Layers", [])] == own.get("layers", [])
        assert [each["Arn"].split(":")[6] for each in has.get("Layers", [])] == [
            f"bhuprahari-{NAME}-{layer}" for layer in [LAYERED.get(name)] if layer
        ]
        assert has["VpcConfig"]["SubnetIds"] == wanted["subnet_ids"]
        assert has["Environment"]["Variables"].items() >= wanted["environment_variables"].items()
        assert has["TracingConfig"]["Mode"] == "Active"
    assert len({each["Role"] for each in found.values()}) == len(found)
    late = dev.account.client("lambda").get_function_event_invoke_config(FunctionName=f"bhuprahari-{NAME}-reconcile")
    assert (late["MaximumEventAgeInSeconds"], late["MaximumRetryAttempts"]) == (60, 0)
    assert sorted(each["BatchSize"] for each in dev.mappings) == [1, 1, 1, 1, 1000]
    assert {each["ScalingConfig"]["MaximumConcurrency"] for each in dev.mappings} == {2, 4}


def indexed(dev):
    """Give the items of the archive's index, as a tile would find them."""
    return sorted(name for (name,) in dev.sql("SELECT item_id FROM bhuprahari.archive_items WHERE item_id != ''"))


def test_an_upload_is_indexed_when_it_comes_and_dropped_when_it_goes(dev, tmp_path):
    """By S3's notification alone: no session, no minute."""
    land = patchwork(tmp_path, side_m=120, name="uploaded 1+1")
    dev.pump.settle()  # S3's own test
    assert indexed(dev) == []
    dev.put(land, "before")
    dev.pump.settle()
    (name,) = indexed(dev)
    dev.put(land, "after")
    dev.pump.settle()
    assert len(indexed(dev)) == 2
    assert name in indexed(dev)
    for which in ("before", "after"):
        dev.take_away(land, which)
    dev.pump.settle()
    assert indexed(dev) == []
    assert not dev.pump.failures
    assert set(dev.pump.delivered) == {f"bhuprahari-{NAME}-reconcile", f"bhuprahari-{NAME}-index_uploads"}


def test_the_trip_through_what_was_deployed(dev, life, tmp_path):
    client = life["client"] = Client(dev.front())
    client.call("POST", "devices/", {"token": PHONE, "platform": "android"}, status=201)
    land = patchwork(tmp_path, side_m=120)
    dev.put(land, "before")
    area = life["area"] = client.add_area(**land.area)["id"]
    assert dev.supervise(client, area)["countsByVerdict"].keys() == {"BASELINE"}
    assert dev.fcm.messages == []
    dev.put(land, "after")
    session = dev.supervise(client, area)
    assert session["status"] == "COMPLETED_CHANGES_DETECTED"
    assert session["notificationSent"] is True
    assert [message["token"] for message in dev.fcm.messages] == [PHONE]
    for name in ("previousImagePath", "currentImagePath", "overlayImagePath"):
        assert client.load(session["alert_details"][0][name]).content.startswith(b"\x89PNG")
    dev.pump.tick("capture_areas")
    dev.pump.settle()
    dev.pump.tick("reconcile")
    assert not dev.pump.failures
    assert {name.removeprefix("bhuprahari-dev-") for name in dev.pump.delivered} == {
        *(LAYERED.keys() - {"api_handler", "import_areas"}),  # one answers requests, of the other no file is sent here
        "index_uploads",
        "capture_areas",
        "reconcile",
    }
    assert len(dev.fcm.messages) == 1
    for name, report in dev.account.host.reports:
        assert (
            report["all"]["peak_mib"]
            < functions_of(dev)[name.removeprefix("bhuprahari-dev-").replace("bhuprahari-dev", "api_handler")][
                "MemorySize"
            ]
        )


def test_a_file_becomes_a_layer_and_an_area_an_archive(dev, life):
    client, content = life["client"], layer_files.field(3)
    made = client.call("POST", "layers/imports", {"fileName": "plots.geojson", "bytes": len(content)}, status=201)
    upload, path = made["upload"], f"layers/imports/{made['id']}"
    requests.put(upload["url"], data=content, headers=upload["headers"], timeout=30).raise_for_status()
    for step, state in (("read", "READY"), ("keep", "KEPT")):
        client.call("POST", f"{path}/{step}", {}, status=202)
        dev.pump.settle()
        assert client.call("GET", path)["state"] == state
    asked = client.call("POST", f"area-configs/{life['area']}/exports", {}, status=202)
    dev.pump.settle()
    export = client.call("GET", f"area-configs/{life['area']}/exports/{asked['id']}")
    assert export["state"] == "READY"
    loaded = requests.get(f"{client.root}{export['url'][1:]}", timeout=30)
    assert zipfile.ZipFile(io.BytesIO(loaded.content)).testzip() is None
    for what in (path, f"area-configs/{life['area']}/exports/{asked['id']}"):
        client.call("DELETE", what, status=204)
    assert not dev.pump.failures


def test_the_database_is_reached_over_tls_alone_and_without_the_masters_rights(dev):
    url = dev.secret("database-url")
    assert "ssl_ca=rds-ca.pem" in url
    assert "bhuprahari_master" not in url
    granted = dev.sql("SHOW GRANTS FOR 'bhuprahari_app'@'%'")
    assert [line for (line,) in granted if "ALL PRIVILEGES" in line or ("*.*" in line and "USAGE" not in line)] == []


def test_smoke_walks_the_contract(dev, life):
    account = {"SMOKE_EMAIL": "owner@example.org", "SMOKE_PASSWORD": "secret-land"}
    with dev.pumping():
        said = dev.operator.make("smoke", dev.front(), **account)
    assert "the stage answers as the contract has it" in said
    assert "the session ended" in said
    assert "takes the slash away" in dev.operator.refused("smoke", dev.front(drops_slash=False))
    assert "does not answer" in dev.operator.refused("smoke", "http://127.0.0.1:9")
    assert "URL must be the stage's address" in dev.operator.refused("smoke", "bhuprahari")


def test_a_browser_can_read_the_gateways_own_refusal(dev):
    answer = requests.get(f"{dev.front()}/api/no-such-thing", timeout=10)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["message"] == "there is nothing at this path"


def test_the_old_code_serves_on_the_new_schema(dev, life):
    folder = dev.operator.folder / "chalicelib"
    versions = folder / "adapters" / "database" / "schema" / "migrations" / "versions"
    head = max(path.name for path in versions.glob("[0-9]*.py"))[:4]
    (versions / "0099_a_note.py").write_text(MIGRATION.format(head=head), encoding="utf-8")
    console = folder / "api" / "console.py"
    console.write_text(
        console.read_text(encoding="utf-8").replace("Bhuprahari is running", "Bhuprahari runs anew"), encoding="utf-8"
    )
    with dev.account.failing("events", "put_rule"):  # after the migration, and before the API's function
        assert "chalice deploy failed" in dev.operator.refused("deploy", NAME)
    assert ("note",) in [row[:1] for row in dev.sql("SHOW COLUMNS FROM bhuprahari.area_configs")]
    url = life["client"].root
    assert requests.get(url, timeout=30).json()["message"] == "Bhuprahari is running"
    assert dev.supervise(life["client"], life["area"])["countsByVerdict"].keys() == {"NO_NEW_IMAGERY"}

    assert "would get new code" in dev.operator.make("deploy", NAME, "--dry-run")
    assert "migrate: the database is at 0099" in dev.operator.make("deploy", NAME)
    assert requests.get(url, timeout=30).json()["message"] == "Bhuprahari runs anew"
    assert dev.supervise(life["client"], life["area"])["countsByVerdict"].keys() == {"NO_NEW_IMAGERY"}
    assert dev.operator.api_id == life["api"]


def test_a_lost_memory_makes_no_second_api(dev, life):
    memory = dev.operator.folder / ".chalice" / "deployed" / f"{NAME}.json"
    before = json.loads(memory.read_text(encoding="utf-8"))
    memory.unlink()
    dev.operator.make("deploy", NAME)
    assert dev.operator.api_id == life["api"]
    assert len(dev.mappings) == 5
    assert {each["name"] for each in json.loads(memory.read_text(encoding="utf-8"))["resources"]} == {
        each["name"] for each in before["resources"]
    }


def test_chalice_deploy_alone_does_too(dev, life):
    dev.operator.chalice("deploy", "--stage", NAME)
    assert dev.operator.api_id == life["api"]
    assert requests.get(life["client"].root, timeout=30).status_code == 200


def kill_all(sqs, bodies):
    """Lay a message into each queue of dead letters."""
    for queue, body in bodies.items():
        url = sqs.get_queue_url(QueueName=f"bhuprahari-{NAME}-{queue}-dead")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body)


def test_what_comes_seldom_comes(dev, life, tmp_path):
    """Due areas, unsent jobs, dead letters, a purge and the operator's commands: so that their calls are known too."""
    client, sqs = life["client"], dev.account.client("sqs")
    dev.sql("UPDATE bhuprahari.area_configs SET next_due_at = '2020-01-01'")
    dev.pump.tick("capture_areas")
    live = sqs.get_queue_url(QueueName=f"bhuprahari-{NAME}-captures")["QueueUrl"]
    (message, *_) = sqs.receive_message(QueueUrl=live, MaxNumberOfMessages=1)["Messages"]
    sqs.delete_message(QueueUrl=live, ReceiptHandle=message["ReceiptHandle"])
    session = json.loads(message["Body"])["session_id"]
    bodies = dict.fromkeys(("captures", "comparisons"), message["Body"])
    bodies["notifications"] = json.dumps({"session_id": session})
    bodies["imports"] = json.dumps({"import_id": 1})
    kill_all(sqs, bodies)
    assert dev.operate(command="redrive")["dead_letters"]
    assert dev.operate(command="redrive", yes=True)["redriven"]
    dev.pump.settle()
    kill_all(sqs, bodies)
    for queue, body in bodies.items():
        dev.sql(
            "INSERT INTO bhuprahari.outbox (queue, body, session_id, created_at, available_at, receives, reason) "
            f"VALUES ('{queue}', '{body}', {session}, '2020-01-01', '2020-01-01', 0, '')"
        )
    dev.put(patchwork(tmp_path, side_m=120, name="late"), "before")  # for the index, without a session
    dev.pump.tick("reconcile")
    for command in ("doctor", "archive", "stuck"):
        assert "refused" not in dev.operate(command=command)
    dev.operate(command="replay", session=session)
    client.call("DELETE", f"area-configs/{life['area']}/", status=204)
    dev.sql("UPDATE bhuprahari.outbox SET available_at = '2020-01-01', created_at = '2020-01-01'")
    for _ in range(3):
        dev.pump.tick("reconcile")
    assert not [failure for failure in dev.pump.failures if "reconcile" in failure]


def test_each_call_is_granted_and_each_right_is_used_or_has_its_reason(dev, life):
    complaints = []
    for function in life["functions"]:
        name = f"bhuprahari-{NAME}" if function == "api_handler" else f"bhuprahari-{NAME}-{function}"
        calls, policy = [call for whose, *call in dev.account.host.calls if whose == name], dev.policy(function)
        assert calls, f"nothing of {function} was recorded"
        complaints += [f"{function} is denied: {each}" for each in iam.refused(calls, policy)]
        for action, pattern in iam.unused(calls, policy):
            if not rights_without_a_call.reason(function, action, pattern):
                complaints.append(f"{function} never used {action} on {pattern}: take it away, or give the reason")
    assert not complaints, "\n".join(complaints)


def test_production_would_go_by_cloudformation(dev, life):
    """It is not deployed: moto has no SAM transform."""
    assert "next: make deploy STAGE=prod\n" in dev.operator.make("infra", "prod", *dev.given[:2])
    assert "leaves nothing to finish" in dev.operator.refused("finish", "prod")
    said = dev.operator.make("deploy", "prod", "--dry-run")
    assert said.count("(AWS::Serverless::Function)") == len(functions_of(dev))
    assert "none made (DRY_RUN)" in said
    assert functions_of(dev).keys() == life["functions"], "those of the stage dev"
    assert "bhuprahari-prod-infra: removed" in dev.operator.make("destroy", "prod", "--yes", "--everything")


def test_destroy_leaves_nothing_but_what_it_says(dev, life):
    bucket = dev.operator.config["stages"][NAME]["environment_variables"]["BHUPRAHARI_BUCKET"]
    assert "nothing was changed (DRY_RUN)" in dev.operator.make("destroy", NAME, "--dry-run")
    assert functions_of(dev).keys() == life["functions"]
    assert "nobody is there to answer" in dev.operator.refused("destroy", NAME)
    assert functions_of(dev).keys() == life["functions"]
    said = dev.operator.make("destroy", NAME, "--yes")
    assert f"kept: a last snapshot of the database; the images in {bucket}" in said
    assert dev.account.left() == {"buckets": {bucket, f"bhuprahari-{NAME}-archive"}}
    assert dev.operator.config["stages"][NAME]["lambda_functions"]["compare_tile"]["layers"] == []
    assert "subnet_ids" not in dev.operator.config["stages"][NAME]
