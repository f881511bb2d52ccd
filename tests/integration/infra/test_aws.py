"""The commands of AWS, where no account is needed to see what they do."""

import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infra import lambda_python
from infra.aws import certificate, destroy, post_deploy, secrets, smoke
from infra.aws.__main__ import main
from infra.aws.account import Account
from infra.aws.configuration import Configuration
from infra.aws_errors import explained
from infra.errors import OperatorError
from tests.support.sources import ROOT
from tests.support.templates.broken_configurations import BROKEN_CONFIGURATIONS, break_configuration

OUTPUTS = {
    "SubnetIds": "subnet-a,subnet-b",
    "SecurityGroupId": "sg-1",
    "ImagesBucket": "bhuprahari-ours-images",
    "CapturesQueue": "bhuprahari-dev-captures",
    "ComparisonsQueue": "bhuprahari-dev-comparisons",
    "NotificationsQueue": "bhuprahari-dev-notifications",
    "ImportsQueue": "bhuprahari-dev-imports",
    "UploadsQueue": "bhuprahari-dev-uploads",
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
    fits = OUTPUTS | {"MaxConcurrency": "13", "DatabaseConnectionsAlarm": "48"}
    Configuration(checkout, "dev").take(fits)  # 21 others, and 13 each of capture and compare
    with pytest.raises(OperatorError, match="may hold 49 connections at once, and fewer than 48 must be"):
        Configuration(checkout, "dev").take(fits | {"MaxConcurrency": "14"})


def test_a_region_of_another_partition_is_refused(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")  # the policies' ARNs begin with arn:aws:
    with pytest.raises(OperatorError, match="there is no region us-gov-west-1"):
        _ = Account().number


def test_a_question_that_nobody_can_answer_removes_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(OperatorError, match="YES=1"):
        destroy._answer("? ")


def test_only_a_made_stages_migrate_reads_its_databases_master(checkout):
    """The policies are written with the configuration, and are as before when the stage is gone."""
    master = "arn:aws:secretsmanager:ap-south-1:111122223333:secret:rds!db-0a1b-AbCdEf"
    configuration = Configuration(checkout, "dev")
    configuration.take(OUTPUTS | {"DatabaseMasterSecretArn": master})
    configuration.save()
    written = {path.name: path.read_text() for path in (checkout / ".chalice").glob("policy-*.json")}
    assert len(written) == 10
    assert [name for name, text in written.items() if master in text] == ["policy-dev-migrate.json"]
    assert "bhuprahari-ours-images" in written["policy-dev-reconcile.json"]
    configuration.take(OUTPUTS | {"ImagesBucket": "bhuprahari-dev-images"})
    configuration.forget_infrastructure()
    configuration.save()
    for path in (checkout / ".chalice").glob("policy-*.json"):
        assert path.read_text() == (ROOT / ".chalice" / path.name).read_text()


def test_a_stage_that_was_copied_from_another_gets_policies_of_its_own(checkout):
    path = checkout / ".chalice" / "config.json"
    path.write_text(path.read_text().replace('"prod"', '"staging"'))
    configuration = Configuration(checkout, "staging")
    configuration.take(OUTPUTS)
    configuration.save()
    own = json.loads(path.read_text())["stages"]["staging"]["lambda_functions"]
    assert own["migrate"]["iam_policy_file"] == "policy-staging-migrate.json"
    assert "bhuprahari-staging-migrate" in (checkout / ".chalice" / "policy-staging-migrate.json").read_text()
