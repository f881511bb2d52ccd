"""Rules over the rendered templates of a stage, and for each of them mutations that it must notice."""

import copy
import json
from functools import cache

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from infra.aws import app as app_template
from infra.aws import provider_alarm
from tests.architecture.rules import app, limits, measures, network, rings, storage, uploads, watch
from tests.architecture.rules.book import RULES
from tests.support.templates.rendered import AWS, chalices, load, merged, rendered

assert {
    module.__name__.rpartition(".")[2] for module in (app, limits, measures, network, rings, storage, uploads, watch)
}  # importing fills RULES
pytestmark = pytest.mark.xdist_group("templates")  # in one process, which asks Chalice for each stage once
REGIONS = ["us-east-1", "ap-south-1", "eu-west-1", "ap-southeast-1"]
EGRESS = ("ipv6", "nat-instance", "nat-gateway")
OPTIONS = [
    {},
    {"MultiAz": "true", "AlarmEmail": "land@example.org", "LogRetentionDays": 90},
    {"DomainName": "api.example.org", "HostedZoneId": "Z0EXAMPLE"},
    {"DomainName": "api.example.org", "CertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/1"},
    {"DatabaseClass": "db.t4g.large", "DatabaseStorageGb": 200, "DatabaseSnapshot": "bhuprahari-prod-last"},
]
TWINS = [pytest.param(name, twin, id=f"{name}-{twin.__name__}") for name, rule in RULES.items() for twin in rule.twins]


@cache
def _rendered(stage, options):
    return json.dumps(rendered(stage, **dict(options)))


def fresh(stage="prod", **options):
    return json.loads(_rendered(stage, tuple(options.items())))


def findings(text):
    return lint(text, config=ManualArgs(regions=REGIONS))


def complaining(templates):
    return {name: said for name, rule in RULES.items() if (said := rule.complaints(templates))}


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("egress", EGRESS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_templates_keep_every_rule(stage, egress, options):
    assert complaining(fresh(stage, Egress=egress, **options)) == {}


@pytest.mark.parametrize(("name", "twin"), TWINS)
def test_a_broken_template_is_noticed_by_its_rule_alone(name, twin):
    templates = fresh(**RULES[name].options)
    before = copy.deepcopy(templates)
    twin(templates)
    assert templates != before
    assert set(complaining(templates)) == {name}


def test_there_are_enough_rules_and_none_without_a_twin():
    assert len(RULES) >= 25
    assert [name for name, rule in RULES.items() if not rule.twins] == []


def test_the_merge_template_is_what_its_module_makes():
    assert (AWS / "app.json").read_text(encoding="utf-8") == app_template.text(), "run python -m infra.aws.app"


def test_the_alarm_on_providers_is_what_its_module_makes_of_the_registry():
    watch = (AWS / "watch.yaml").read_text(encoding="utf-8")
    assert watch == provider_alarm.text(watch), "run python -m infra.aws.provider_alarm"
    one_more = provider_alarm.text(watch, [*provider_alarm.PROVIDERS, "balloon"])
    assert "Provider, Value: balloon}" in one_more
    assert one_more.count("MetricName: ProviderErrors") == len(provider_alarm.PROVIDERS) + 1
    assert provider_alarm.text(one_more) == watch


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_merge_template_only_adds(stage):
    """What Chalice emits is all there afterwards, and each of our functions is one of Chalice's."""
    made, whole = json.loads(chalices(stage)), merged(stage)
    assert {name: each["Type"] for name, each in made["Resources"].items()}.items() <= {
        name: each["Type"] for name, each in whole["Resources"].items()
    }.items()
    assert set(whole["Resources"]) - set(made["Resources"]) == {"DomainMapping"}
    kinds = {name for name, each in made["Resources"].items() if each["Type"] == "AWS::Serverless::Function"}
    assert kinds == set(app_template.FUNCTIONS)
    for name in kinds:
        ours = whole["Resources"][name]["Properties"]
        assert made["Resources"][name]["Properties"].keys() <= ours.keys()
        variables = made["Resources"][name]["Properties"]["Environment"]["Variables"]
        assert variables.items() <= ours["Environment"]["Variables"].items()


@pytest.mark.parametrize(
    ("origins", "header"),
    [
        ("", None),
        ("https://console.example", "'https://console.example'"),
        ("https://a.example,https://b.example", "method.request.header.Origin"),
    ],
)
def test_the_gateway_answers_the_origins_that_the_app_answers(origins, header):
    api = rendered(origins=origins)["app"]["Resources"]["RestAPI"]["Properties"]
    headers = [each["ResponseParameters"]["Headers"] for each in api["GatewayResponses"].values()]
    assert {each.get("Access-Control-Allow-Origin") for each in headers} == {header}


@pytest.mark.parametrize("name", ["stage.yaml", "watch.yaml"])
def test_a_template_is_understood_by_cfn_lint(name):
    assert findings((AWS / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_whole_template_of_the_functions_is_understood_by_cfn_lint(stage):
    assert findings(json.dumps(merged(stage))) == []


def test_cfn_lint_notices_a_misspelt_property():
    queues = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}}}}
    assert findings(json.dumps(queues)) == []
    broken = json.dumps(queues).replace("VisibilityTimeout", "VisibilityTimeOut")
    assert [match.rule.id for match in findings(broken)] == ["E3002"]


@pytest.mark.parametrize("name", ["stage.yaml", "watch.yaml"])
def test_a_template_may_be_sent_as_it_is(name):
    """CloudFormation takes 51,200 bytes in a call; a longer one would have to be uploaded first."""
    assert len((AWS / name).read_bytes()) <= 51_200


def test_a_parameter_without_a_default_is_the_stage_or_an_output_of_the_one_before():
    outputs = set(load("stage.yaml")["Outputs"])
    for given in (load("watch.yaml"), app_template.template()):
        asked = {name for name, each in given["Parameters"].items() if "Default" not in each}
        assert asked <= outputs | {"Stage"}
    assert [name for name, each in load("stage.yaml")["Parameters"].items() if "Default" not in each] == ["Stage"]


def test_no_image_expires_by_itself():
    """A legal hold stops each deletion: the store's own rules take only what was replaced or deleted before."""
    rules = load("stage.yaml")["Resources"]["Images"]["Properties"]["LifecycleConfiguration"]["Rules"]
    allowed = {
        "Id",
        "Status",
        "NoncurrentVersionExpiration",
        "ExpiredObjectDeleteMarker",
        "AbortIncompleteMultipartUpload",
    }
    assert {name for rule in rules for name in rule} == allowed
