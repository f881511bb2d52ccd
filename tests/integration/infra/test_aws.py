"""The commands of AWS, where no account is needed to see what they do."""

import io
import json
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import certifi
import pytest
from boto3.exceptions import Boto3Error
from botocore.exceptions import ClientError, NoCredentialsError

from infra import lambda_python
from infra.aws import certificate, destroy, infrastructure, layers, post_deploy, release, secrets, smoke
from infra.aws.__main__ import main
from infra.aws.account import Account
from infra.aws.configuration import Configuration
from infra.aws.retired import remove_retired, retired
from infra.aws.stack import Stack
from infra.aws_errors import explained
from infra.errors import OperatorError
from tests.support.sources import ROOT
from tests.support.standins.aws import REGION, AwsStandIn
from tests.support.templates.broken_configurations import BROKEN_CONFIGURATIONS, break_configuration

OUTPUTS = {
    "SubnetIds": "subnet-a,subnet-b",
    "SecurityGroupId": "sg-1",
    "ImagesBucket": "bhuprahari-ours-images",
    "CapturesQueue": "bhuprahari-dev-captures",
    "ComparisonsQueue": "bhuprahari-dev-comparisons",
    "NotificationsQueue": "bhuprahari-dev-notifications",
    "MaxConcurrency": "7",
    "SqsEndpoint": "https://sqs.ap-south-1.api.aws",
}
ORIGIN = {
    "Fn::If": [
        "NoOrigin",
        {"Ref": "AWS::NoValue"},
        {"Fn::If": ["OneOrigin", {"Fn::Sub": "'${AllowedOrigins}'"}, "asked"]},
    ]
}


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text((ROOT / ".chalice" / "config.json").read_text())
    return tmp_path


@pytest.fixture
def account(monkeypatch):
    aws = AwsStandIn().start()
    for name, text in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", text)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
    yield Account()
    aws.stop()


@pytest.fixture
def website():
    """Serve one text at every address; give the address and the place of the text."""
    content = {"text": b""}

    class Door(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content["text"])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", content
    server.shutdown()
    server.server_close()


def test_what_was_written_is_what_was_committed_once_the_stage_is_gone(checkout):
    path = checkout / ".chalice" / "config.json"
    committed = json.loads(path.read_text())
    configuration = Configuration(checkout, "dev")
    configuration.take(OUTPUTS)
    configuration.use_layers({"opencv": "arn:o", "firebase": "arn:f"})
    configuration.save()
    dev = json.loads(path.read_text())["stages"]["dev"]
    assert (dev["subnet_ids"], dev["security_group_ids"]) == (["subnet-a", "subnet-b"], ["sg-1"])
    assert dev["environment_variables"]["BHUPRAHARI_BUCKET"] == "bhuprahari-ours-images"
    assert dev["environment_variables"]["AWS_ENDPOINT_URL_SQS"] == OUTPUTS["SqsEndpoint"]
    assert [dev["lambda_functions"][name]["layers"] for name in ("compare_tile", "notify_session")] == [
        ["arn:o"],
        ["arn:f"],
    ]
    configuration.take(OUTPUTS | {"ImagesBucket": "bhuprahari-dev-images", "MaxConcurrency": "4", "SqsEndpoint": "-"})
    configuration.forget_infrastructure()
    configuration.save()
    assert json.loads(path.read_text()) == committed


@pytest.mark.parametrize(("text", "says"), BROKEN_CONFIGURATIONS)
def test_a_broken_configuration_is_a_sentence(tmp_path, capsys, text, says):
    break_configuration(tmp_path, text)
    assert main(["size", "dev"], root=tmp_path) == 1
    assert says in capsys.readouterr().err


def test_a_bucket_that_no_policy_reaches_is_refused(checkout):
    with pytest.raises(OperatorError, match="may not reach a bucket called elsewhere"):
        Configuration(checkout, "dev").take(OUTPUTS | {"ImagesBucket": "elsewhere"})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "no credentials: sign in"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "GetRole"), "have expired: sign in again"),
        (ClientError({"Error": {"Code": "InvalidClientTokenId"}}, "GetRole"), "does not know these credentials"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetRole"), "may not do GetRole"),
        (ClientError({"Error": {"Code": "Throttling"}}, "GetRole"), "AWS refused GetRole"),
    ],
)
def test_an_error_of_aws_is_said_in_words(error, said):
    assert said in explained(error)


def test_the_certificates_are_fetched_once(tmp_path, website):
    url, content = website
    for wrong in (b"", b"<html>sign in to this network</html>"):
        content["text"] = wrong
        with pytest.raises(OperatorError, match="gave no certificates"):
            certificate.fetch(tmp_path, "ap-south-1", source=url + "/{region}")
    assert not (tmp_path / "vendor").exists()
    with pytest.raises(OperatorError, match=r"cannot be fetched from .*get that file in another way"):
        certificate.fetch(tmp_path, "ap-south-1", source="http://127.0.0.1:9/{region}")


@pytest.mark.parametrize(
    ("origins", "header"), [("", ""), ("https://a.example", "'https://a.example'"), ("https://a,https://b", "asked")]
)
def test_the_gateway_answers_browsers_as_the_stage_says(origins, header):
    assert post_deploy._chosen(ORIGIN, origins) == header


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"k": "short"}'])
def test_bad_token_keys_are_written_anew(text):
    assert not secrets._is_keys(text)


def test_what_is_no_service_account_is_not_taken(tmp_path):
    path = tmp_path / "google-services.json"
    for text, said in (("{", "cannot be read as JSON"), ('{"client": []}', "is no service account")):
        path.write_text(text)
        with pytest.raises(OperatorError, match=said):
            secrets.service_account(path)
    with pytest.raises(OperatorError, match="cannot be read"):
        secrets.service_account(tmp_path / "away.json")


def test_a_python_that_does_not_answer_is_passed_over(tmp_path):
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert not lambda_python._answers(str(shim))
    assert not lambda_python._answers(str(tmp_path / "nothing"))


def test_smoke_wants_an_address():
    with pytest.raises(OperatorError, match="make deploy prints it"):
        smoke.walk("ftp://bhuprahari")


def test_a_password_of_ours_needs_no_escaping():
    url = secrets._database_url("host/name")
    password = url.partition(":")[2].partition(":")[2].partition("@")[0]
    assert url.endswith("@host/name?ssl_ca=rds-ca.pem")
    assert len(password) == 43
    assert password.replace("-", "").replace("_", "").isalnum()


def test_more_workers_than_the_database_has_connections_for_are_refused(checkout):
    fits = OUTPUTS | {"MaxConcurrency": "15", "DatabaseConnectionsAlarm": "48"}
    Configuration(checkout, "dev").take(fits)  # 17 others, and 15 each of capture and compare
    with pytest.raises(OperatorError, match="may hold 49 connections at once, and fewer than 48 must be"):
        Configuration(checkout, "dev").take(fits | {"MaxConcurrency": "16"})


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


def test_a_region_of_another_partition_is_refused(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")  # the policies' ARNs begin with arn:aws:
    with pytest.raises(OperatorError, match="there is no region us-gov-west-1"):
        _ = Account().number


def test_a_question_that_nobody_can_answer_removes_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(OperatorError, match="YES=1"):
        destroy._answer("? ")


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

    assert publish() == ["opencv", "firebase"]
    assert layers_of("compare_tile") == layers_of("notify_session") == []
    for name, missing in (("opencv", ["firebase"]), ("firebase", [])):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(f"python/{name}.py", "")
        (place / f"{name}.zip").write_bytes(content.getvalue())
        assert publish() == missing
    capsys.readouterr()
    assert publish() == []
    assert capsys.readouterr().out.splitlines() == [
        "layer bhuprahari-dev-opencv: version 1 has these bytes",
        "layer bhuprahari-dev-firebase: version 1 has these bytes",
        f"vendor/rds-ca.pem: the certificates of {REGION} are there",
    ]
    for function, layer in (("capture_tile", "opencv"), ("compare_tile", "opencv"), ("notify_session", "firebase")):
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
