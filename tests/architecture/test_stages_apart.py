"""The policies are what their module makes of the configuration, and let no stage reach another."""

import json

import pytest

from infra.aws import policies
from tests.support.deployment_files import (
    DISK,
    FUNCTIONS,
    STAGES,
    config,
    policy,
    queues_of,
    secret_arn,
    settings_of,
    statements,
)
from tests.support.iam import matches
from tests.support.sources import ROOT

MASTER = "arn:aws:secretsmanager:ap-south-1:111122223333:secret:rds!db-0a1b-AbCdEf"


@pytest.mark.parametrize("stage", STAGES)
def test_the_policies_are_what_their_module_makes_of_the_configuration(stage):
    made = policies.texts(DISK["app_name"], stage, DISK["stages"][stage])
    assert set(made) == {policies.file_of(stage, function) for function in FUNCTIONS}
    for name, text in made.items():
        assert (ROOT / ".chalice" / name).read_text(encoding="utf-8") == text, "run python -m infra.aws.policies"


@pytest.mark.parametrize("stage", STAGES)
def test_only_migrate_reads_the_databases_master_and_no_other_databases(stage):
    made = policies.texts(DISK["app_name"], stage, DISK["stages"][stage], master=MASTER)
    naming = {name for name, text in made.items() if "rds!db" in text}
    assert naming == {policies.file_of(stage, "migrate")}
    (reads, *_) = json.loads(made.pop(*naming))["Statement"]
    assert reads["Resource"][1:] == [MASTER]
    assert [function for function in FUNCTIONS if "rds!" in json.dumps(policy(stage, function))] == []


def everything_of(stage):
    """Give an ARN of each thing that a stage has, as AWS writes it."""
    found, region = settings_of(stage), "ap-south-1:111122223333"
    yield from (f"arn:aws:sqs:{region}:{name}{end}" for name in queues_of(found) for end in ("", "-dead"))
    yield from (
        f"arn:aws:s3:::{bucket}{end}" for bucket in buckets_of(found) for end in ("", "/7/1-a.png", "/doctor/x")
    )
    named = [value for name, value in found.by_name().items() if name.endswith("_secret")]
    yield from (secret_arn(name, found.secrets.secrets_prefix) for name in named)
    logs = [f"bhuprahari-{stage}", *(f"bhuprahari-{stage}-{function}" for function in FUNCTIONS)]
    yield from (f"arn:aws:logs:{region}:log-group:/aws/lambda/{log}:log-stream:x" for log in logs)


def buckets_of(found):
    return found.images.bucket, found.providers.archive.removeprefix("s3://")


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("stage", "other"), [("dev", "prod"), ("prod", "dev"), ("dev", "dev2"), ("dev2", "dev")])
def test_a_function_reaches_nothing_of_another_stage(stage, other, function):
    """Also where the one's name begins the other's."""
    environment = {name: text.replace("dev", stage) for name, text in config("dev").environment_variables.items()}
    own = policies.document(function, deployed_as=f"bhuprahari-{stage}-{function}", environment=environment)
    reached = [pattern for each in statements(own) if each["Effect"] == "Allow" for pattern in each["Resource"]]
    of_others = [arn.replace("dev", other) for arn in everything_of("dev")]
    assert [arn for arn in of_others for pattern in reached if pattern != "*" and matches(pattern, arn)] == []
    ours = [arn.replace("dev", stage) for arn in everything_of("dev")]
    assert [arn for arn in ours for pattern in reached if pattern != "*" and matches(pattern, arn)]


def test_a_bucket_of_ones_own_name_is_the_one_that_is_reached():
    environment = config("dev").environment_variables | {
        "BHUPRAHARI_BUCKET": "bhuprahari-ours-images",
        "BHUPRAHARI_ARCHIVE": "s3://bhuprahari-theirs-archive/2026",
    }
    text = json.dumps(policies.document("operate", deployed_as="bhuprahari-dev-operate", environment=environment))
    assert "bhuprahari-ours-images" in text
    assert "bhuprahari-theirs-archive/*" in text
    assert "dev-images" not in text
    assert "dev-archive" not in text


def test_an_archive_that_is_no_bucket_wants_no_right():
    environment = config("dev").environment_variables | {"BHUPRAHARI_ARCHIVE": ""}
    own = policies.document("capture_tile", deployed_as="bhuprahari-dev-capture_tile", environment=environment)
    assert [each["Sid"] for each in statements(own) if "Archive" in each["Sid"]] == []


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_buckets_are_our_accounts_and_only_the_code_is_denied_the_network(stage, function):
    """Anybody may own a bucket of a name that is free; and a Deny without its condition keeps Lambda itself out."""
    deployed_as = f"{DISK['app_name']}-{stage}" + ("" if function == "api_handler" else f"-{function}")
    ours = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    own = {"ArnLike": {"lambda:SourceFunctionArn": f"arn:aws:lambda:*:*:function:{deployed_as}"}}
    denied = 0
    for each in policy(stage, function)["Statement"]:
        of_buckets = any(arn.startswith("arn:aws:s3:::") for arn in each["Resource"])
        wanted = own if each["Effect"] == "Deny" else ours if of_buckets else None
        assert each.get("Condition") == wanted, each
        denied += each["Effect"] == "Deny"
    assert denied == 1
