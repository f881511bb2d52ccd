"""The commands of AWS in an account, on a stand-in of it: what they make, take away and refuse."""

import io
import json
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import certifi
import pytest
from boto3.exceptions import Boto3Error
from botocore.exceptions import ClientError

from infra.aws import infrastructure, layers, post_deploy, release
from infra.aws.configuration import LAYERED, Configuration
from infra.aws.retired import remove_retired, retired
from infra.aws.stack import Stack
from infra.aws_errors import explained
from infra.errors import OperatorError
from tests.support.standins.aws import REGION


def test_an_upload_that_is_refused_is_a_sentence(account, tmp_path):
    archive = tmp_path / "layer.zip"
    archive.write_bytes(b"anything")
    with pytest.raises(Boto3Error) as caught:
        account.client("s3").upload_file(str(archive), "bhuprahari-nobody-made-this", "layers/x.zip")
    assert explained(caught.value).startswith("AWS refused PutObject: ")


def test_a_domain_leads_to_one_api_and_then_nowhere(account, checkout):
    gateway, configuration = account.client("apigateway"), Configuration(checkout, "dev")
    gateway.create_domain_name(domainName="land.example.org", regionalCertificateArn="arn:aws:acm:x:1:certificate/y")
    apis = [gateway.create_rest_api(name="bhuprahari")["id"] for _ in range(2)]
    for api in apis:
        place = {"restApiId": api}
        root = gateway.get_resources(**place)["items"][0]["id"]
        method = {"resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**place, **method, authorizationType="NONE")
        gateway.put_integration(**place, **method, type="MOCK")
        gateway.create_deployment(restApiId=api, stageName="v1")
    gateway.create_base_path_mapping(domainName="land.example.org", restApiId=apis[0], stage="v1")
    for api in apis:
        for _ in range(2):
            post_deploy.map_domain(account, configuration, api, "land.example.org")
            (mapping,) = gateway.get_base_path_mappings(domainName="land.example.org")["items"]
            assert (mapping["restApiId"], mapping["stage"]) == (api, "v1")
    for _ in range(2):
        post_deploy.unmap_domain(account, "land.example.org")
        assert not gateway.get_base_path_mappings(domainName="land.example.org").get("items")


def policy_of(action, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action} | more]})


def deploy_as_the_release_before(account, configuration):
    """Make the function of the minute, its role and its schedule, as Chalice made them under the old name."""
    name, events = configuration.name_of("sweep"), account.client("events")
    trust = policy_of("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    role = account.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    account.client("iam").put_role_policy(
        RoleName=name, PolicyName=name, PolicyDocument=policy_of("sqs:SendMessage", Resource="*")
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", "")
    code = {"Runtime": "python3.12", "Handler": "app.sweep", "Code": {"ZipFile": archive.getvalue()}}
    arn = account.client("lambda").create_function(FunctionName=name, Role=role, **code)["FunctionArn"]
    events.put_rule(Name=f"{name}-event", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule=f"{name}-event", Targets=[{"Id": "1", "Arn": arn}])


def test_what_the_release_before_called_otherwise_is_removed(account, checkout, capsys):
    configuration = Configuration(checkout, "dev")
    assert retired(account, configuration) == []
    deploy_as_the_release_before(account, configuration)
    assert retired(account, configuration) == ["sweep"]
    account.client("lambda").meta.events.register_first("before-call.lambda.DeleteFunction", _out_of_order)
    with pytest.raises(ClientError):  # half-way: the schedule went first
        remove_retired(account, configuration)
    rules = account.client("events").list_rules(NamePrefix="bhuprahari-dev-sweep")
    assert rules["Rules"] == []
    account.client("lambda").meta.events.unregister("before-call.lambda.DeleteFunction", _out_of_order)
    for _ in range(2):
        remove_retired(account, configuration)
    assert retired(account, configuration) == []
    assert capsys.readouterr().out == "function sweep: removed, it is called reconcile now\n"


def _out_of_order(**_):
    raise ClientError({"Error": {"Code": "ServiceException"}}, "DeleteFunction")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("ROLLBACK_FAILED", "make destroy removes what is left of it"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name bhuprahari-dev-infra"),
        ("UPDATE_IN_PROGRESS", "is at work"),
    ],
)
def test_a_stack_that_takes_no_change_says_what_to_do(account, status, said):
    with pytest.raises(OperatorError, match=said):
        Stack(account, "bhuprahari-dev-infra")._check_takes_a_change({"StackStatus": status})


def test_what_a_plain_chalice_deploy_needs_is_made_once(account, checkout, capsys):
    bucket = "bhuprahari-dev-artifacts"
    location = {"LocationConstraint": REGION}
    account.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    (checkout / "vendor").mkdir()
    (checkout / "vendor" / "rds-ca.pem").write_text(f"# {REGION}\n{certifi.contents()}")
    place = checkout / "build" / "layers" / "arm64"
    place.mkdir(parents=True)

    def layers_of(function):
        return Configuration(checkout, "dev").functions[function]["layers"]

    def publish():
        missing = layers.unbuilt(checkout, "arm64")
        there = [name for name in layers.NAMES if name not in missing]
        infrastructure.publish_layers(account, checkout, Configuration(checkout, "dev"), bucket, there)
        return missing

    assert publish() == list(layers.NAMES)
    assert layers_of("compare_tile") == layers_of("notify_session") == []
    for number, name in enumerate(layers.NAMES):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(f"python/{name}.py", "")
        (place / f"{name}.zip").write_bytes(content.getvalue())
        assert publish() == list(layers.NAMES[number + 1 :])
    capsys.readouterr()
    assert publish() == []
    assert capsys.readouterr().out.splitlines() == [
        "layer bhuprahari-dev-opencv: version 1 has these bytes",
        "layer bhuprahari-dev-firebase: version 1 has these bytes",
        "layer bhuprahari-dev-shapely: version 1 has these bytes",
        "layer bhuprahari-dev-gdal: version 1 has these bytes",
        f"vendor/rds-ca.pem: the certificates of {REGION} are there",
    ]
    for function, layer in LAYERED.items():
        (arn,) = layers_of(function)
        assert arn.endswith(f":layer:bhuprahari-dev-{layer}:1")


@pytest.mark.parametrize(("fate", "said"), [("closed", "was started and did not answer"), ("500", "reached max|500")])
def test_migrate_is_asked_once(account, checkout, monkeypatch, fate, said):
    asked = []

    class Lambda(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(200, b'{"Configuration": {"LastUpdateStatus": "Successful"}}')

        def do_POST(self):
            asked.append(self.path)
            if fate == "500":
                self._answer(500, b"{}")
            self.close_connection = True

        def _answer(self, status, content):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises((OperatorError, ClientError), match=said):
        release._migrate(account, Configuration(checkout, "dev"), {"DatabaseMasterSecretArn": "arn"})
    server.shutdown()
    server.server_close()
    assert asked == ["/2015-03-31/functions/bhuprahari-dev-migrate/invocations"]
    assert account.once("lambda", waits_s=310).meta.config.read_timeout == 310


def test_a_wrong_service_account_is_noticed_before_the_long_part(account, checkout):
    with pytest.raises(OperatorError, match="cannot be read as JSON"):
        infrastructure.make(account, checkout, "dev", given=[], firebase=checkout / "away.json", dry_run=False)
