"""What AWS is told: the stages, their functions, and what each function is limited to."""

import re

import pytest

from chalicelib.settings import CHALICE_COMMAND, Settings, read
from infra.aws import policies
from tests.support.deployment_files import DISK, FUNCTIONS, STAGES, config, policy, settings_of, statements
from tests.support.sources import files, text_of

LAYERED = {"api_handler", "capture_tile", "compare_tile", "import_areas", "notify_session"}
LEASED = LAYERED - {"api_handler"} | {"index_uploads"}
# AWS scopes these to no resource.
UNSCOPED = re.compile(r"xray:Put(TraceSegments|TelemetryRecords)|ec2:\w*(NetworkInterface|Subnet|PrivateIpAddress)\w*")


def too_wide(document):
    """Name the actions with a wildcard, and those on every resource that AWS could scope."""
    return {
        action
        for statement in statements(document)
        for action in statement["Action"]
        if "*" in action or ("*" in statement["Resource"] and not UNSCOPED.fullmatch(action))
    }


def handlers():
    from app import app

    names = {"api_handler": "app.app"}
    names |= {source.name: source.handler_string for source in app.event_sources}
    return names | {each.name: each.handler_string for each in app.pure_lambda_functions}


def test_each_function_of_the_app_is_deployed_and_no_other():
    assert set(handlers()) == set(FUNCTIONS)
    for stage in STAGES:
        assert set(DISK["stages"][stage]["lambda_functions"]) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_is_where_lambda_looks_for_it(function):
    from importlib import import_module

    module, _, name = handlers()[function].rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_what_differs_by_function_stands_under_a_stage():
    """Chalice lets a stage's value win over a function's own at the top."""
    assert "lambda_functions" not in DISK
    by_function = {"lambda_memory_size", "lambda_timeout", "reserved_concurrency", "iam_policy_file", "layers"}
    for place in (DISK, *DISK["stages"].values()):
        assert by_function & set(place) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_environment_is_understood(stage):
    environment = config(stage).environment_variables
    assert all(isinstance(text, str) for text in environment.values())
    assert all(name.startswith("BHUPRAHARI_") for name in environment)
    assert "BHUPRAHARI_TILES_PER_DAY" in environment, "every tile is paid for"
    found = settings_of(stage).by_name()
    assert [found[name] for name in ("stage", "registration", "database_connections")] == [stage, "closed", 1]
    stores = [found[name] for name in ("images_store", "queues_service", "push_service", "secrets_store")]
    assert stores == ["s3", "sqs", "fcm", "secretsmanager"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_sets_the_schedule_by_its_old_name_keeps_it_for_this_release(stage):
    environment = dict(config(stage).environment_variables)
    assert environment.pop("BHUPRAHARI_RECONCILE_SCHEDULE") == "rate(1 minute)"
    found = read(environment | {"BHUPRAHARI_SWEEP_SCHEDULE": "rate(3 minutes)"})
    assert found.trip.reconcile_schedule == "rate(3 minutes)"


@pytest.mark.parametrize("stage", STAGES)
def test_chalices_commands_see_a_stages_names_but_work_at_home(stage):
    commands = read(config(stage).environment_variables | {CHALICE_COMMAND: "true"})
    found, deployed, home = (each.by_name() for each in (commands, settings_of(stage), Settings.of()))
    queues = ("captures_queue", "comparisons_queue", "notifications_queue", "imports_queue", "uploads_queue")
    names = (*queues, "capture_schedule", "max_concurrency")
    assert all(found[name] == deployed[name] for name in names)
    places = ("images_store", "queues_service", "push_service", "secrets_store", "database_connections", "archive")
    assert all(found[name] == home[name] for name in places)


def test_a_machine_chooses_for_itself_under_chalices_commands():
    chosen = {"BHUPRAHARI_IMAGES_STORE": "s3", "BHUPRAHARI_BUCKET": "ours", CHALICE_COMMAND: "true"}
    assert read(chosen).images.images_store == "s3"
    own = {"BHUPRAHARI_LOG_LEVEL": "DEBUG", "BHUPRAHARI_LINK_SECRET": "ours", "BHUPRAHARI_HOME": "here"}
    found = read(own | config("dev").environment_variables | {CHALICE_COMMAND: "true"})  # the stage's values win
    assert (found.process.log_level, found.images.link_secret, found.process.home) == tuple(own.values())


@pytest.mark.parametrize("stage", STAGES)
def test_no_secret_and_no_account_stands_in_the_configuration(stage):
    assert [name for name in config(stage).environment_variables if "_SECRET_" in name or "DATABASE_URL" in name] == []
    chalices = [path for path in files("*.json") if path.parts[0] == ".chalice"]
    assert len(chalices) == 21
    assert {
        str(path): re.findall(r"\d{12}", text_of(path)) for path in chalices if re.search(r"\d{12}", text_of(path))
    } == {}


def test_two_stages_share_nothing():
    dev, prod = (config(stage).environment_variables for stage in STAGES)
    named = {name for name in dev if re.search(r"BUCKET|_QUEUE$|PREFIX|STAGE", name)}
    assert len(named) == 8
    assert {name for name in named if dev[name] == prod[name]} == set()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_own_policy_and_limits(stage, function):
    own = config(stage, function)
    assert own.iam_policy_file == policies.file_of(stage, function)
    assert (own.autogen_policy, own.lambda_architecture) == (False, "arm64")
    assert 256 <= own.lambda_memory_size <= 3008
    assert ("layers" in DISK["stages"][stage]["lambda_functions"][function]) == (function in LAYERED)


@pytest.mark.parametrize("stage", STAGES)
def test_a_function_ends_before_others_may_take_over(stage):
    found = settings_of(stage)
    for function in LEASED:
        lease_s = found.layers.import_limit_s if function == "import_areas" else found.queues.lease_s
        assert config(stage, function).lambda_timeout < lease_s
    assert settings_of(stage).limits.compare_wait_s + 10 < config(stage, "api_handler").lambda_timeout <= 29


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_policy_allows_more_than_it_names(stage, function):
    assert too_wide(policy(stage, function)) == set()
    assert [
        each["Sid"] for each in statements(policy(stage, function)) if "NotAction" in each or "NotResource" in each
    ] == []


def test_a_policy_that_is_too_wide_is_noticed():
    wide = policy("dev", "reconcile") | {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    assert too_wide(wide) == {"s3:GetObject"}
    wide["Statement"][0] |= {"Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:bhuprahari-*"}
    assert too_wide(wide) == {"sqs:*"}
