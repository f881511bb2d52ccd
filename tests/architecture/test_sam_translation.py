"""AWS's own translator over the whole template of the functions: slow, and it fetches wheels from the network."""

import json
import os
import subprocess
import sys

import boto3
import pytest
from botocore.config import Config
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.architecture.rules.book import of_type
from tests.support.sources import ROOT
from tests.support.standins.aws import REGION, AwsStandIn
from tests.support.templates.rendered import Rendering, merged

SAM = ROOT / "tests" / "support" / "templates" / "sam"
pytestmark = pytest.mark.slow
STACK = "bhuprahari-prod"
GIVEN = {
    "AWS::StackName": STACK,
    "SubnetIds": "subnet-a,subnet-b",
    "SecurityGroupId": "sg-1",
    "AllowedOrigins": "https://console.example",
    "DomainName": "api.example.org",
}


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    place = tmp_path_factory.mktemp("sam")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes"]
    subprocess.run([*pip, "-r", SAM / "requirements.txt"], check=True)
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def translated(translator):
    done = subprocess.run(
        [translator, SAM / "translate.py"],
        input=json.dumps(merged("prod")),
        env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_cfn_lint_finds_nothing_in_it(translated):
    assert lint(json.dumps(translated), config=ManualArgs(regions=["us-east-1", "ap-south-1"])) == []


@pytest.mark.parametrize("over_ipv6", ["true", "false"])
def test_what_app_json_says_comes_through(translated, over_ipv6):
    made = Rendering(translated, GIVEN | {"NeedsIpv6": over_ipv6}).whole()
    functions = of_type(made, "AWS::Lambda::Function").values()
    assert len(functions) == 8
    wanted = {"SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1"]}
    wanted |= {"Ipv6AllowedForDualStack": True} if over_ipv6 == "true" else {}
    assert [each["VpcConfig"] for each in functions] == [wanted] * 8
    assert {each["FunctionName"] for each in functions} >= {"bhuprahari-prod", "bhuprahari-prod-reconcile"}
    knows = {"AWS_ENDPOINT_URL_SQS" in each["Environment"]["Variables"] for each in functions}
    assert knows == {over_ipv6 == "true"}
    assert {each["TracingConfig"]["Mode"] for each in functions} == {"Active"}
    assert all(each["ReservedConcurrentExecutions"] for each in functions)


@pytest.fixture
def account():
    aws = AwsStandIn().start()
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": REGION}
    patient = Config(read_timeout=120, retries={"total_max_attempts": 1})  # making a stack takes moto seconds
    yield lambda service: boto3.client(service, endpoint_url=aws.endpoint_url, config=patient, **keys)
    aws.stop()


def started_by_the_clock(account):
    """Give the functions, and those that rules start and that may be started by them."""
    events, functions = account("events"), account("lambda")
    listed = functions.list_functions()["Functions"]
    deployed = sorted(each["FunctionName"] for each in listed if each["FunctionName"].startswith(STACK))
    rules = [each["Name"] for each in events.list_rules(NamePrefix=STACK)["Rules"]]
    started = [each["Arn"] for rule in rules for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    for name in started:
        (permission,) = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
        assert permission["Principal"] == {"Service": "events.amazonaws.com"}
    assert len(started) == len(rules)
    return deployed, sorted(arn.rpartition(":")[2] for arn in started)


def test_a_stack_of_the_release_before_goes_on_with_one_scheduler(translated, account):
    """That release called `reconcile` sweep, in every name. moto makes the two functions that the clock starts."""
    whole = Rendering(translated, GIVEN | {"NeedsIpv6": "false"}).whole()["Resources"]
    clocked = {name: each for name, each in whole.items() if name.startswith(("CaptureAreas", "Reconcile"))}
    clocked = {name: each for name, each in clocked.items() if each["Type"] != "AWS::Lambda::EventInvokeConfig"}
    for each in clocked.values():
        assert each.keys() == {"Type", "Properties"}, "a policy of deletion would let the old ones live"
        if each["Type"] == "AWS::Lambda::Function":
            each["Properties"] |= {"Code": {"ZipFile": "def handler(event, context): pass"}}
            del each["Properties"]["VpcConfig"]
    now = json.dumps({"Resources": clocked})
    before = now.replace("Reconcile", "Sweep").replace("reconcile", "sweep")
    given = {"StackName": STACK, "Capabilities": ["CAPABILITY_IAM"]}
    account("cloudformation").create_stack(**given, TemplateBody=before)
    both = [f"{STACK}-capture_areas", f"{STACK}-sweep"]
    assert started_by_the_clock(account) == (both, both)
    account("cloudformation").update_stack(**given, TemplateBody=now)
    both = [f"{STACK}-capture_areas", f"{STACK}-reconcile"]
    assert started_by_the_clock(account) == (both, both)
    roles = [each["RoleName"] for each in account("iam").list_roles()["Roles"]]
    assert not any("Sweep" in name for name in roles)


def test_the_api_is_throttled_traced_named_and_answers_in_our_shape(translated):
    made = Rendering(translated, GIVEN | {"NeedsIpv6": "true"}).whole()
    (api,) = of_type(made, "AWS::ApiGateway::RestApi").values()
    (stage,) = of_type(made, "AWS::ApiGateway::Stage").values()
    (mapping,) = of_type(made, "AWS::ApiGateway::BasePathMapping").values()
    assert (api["Name"], stage["StageName"], stage["TracingEnabled"]) == ("bhuprahari-prod", "v1", True)
    assert (stage["MethodSettings"][0]["ThrottlingRateLimit"], mapping["Stage"]) == (50, {"Ref": "RestAPIv1Stage"})
    refused = api["Body"]["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    assert refused["statusCode"] == "429"
    headers = refused["responseParameters"]
    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://console.example'"
    assert json.loads(refused["responseTemplates"]["application/json"])["status"] == 429


def test_each_queue_function_takes_one_job_at_a_time_and_uploads_together(translated):
    mappings = of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    assert sorted((each["BatchSize"], each["ScalingConfig"]["MaximumConcurrency"]) for each in mappings) == [
        (1, 2),
        (1, 10),
        (1, 10),
        (1000, 2),
    ]
