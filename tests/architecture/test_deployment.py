"""What AWS is told: the stages, and what each function may do."""

import json
import re

import pytest
from chalice.config import Config

from chalicelib.settings import CHALICE_COMMAND, Settings, read
from infra.aws import policies
from tests.support.sources import ROOT, files, text_of

DISK = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
STAGES = ("dev", "prod")
FUNCTIONS = (
    "api_handler",
    "capture_areas",
    "capture_tile",
    "compare_tile",
    "import_areas",
    "index_uploads",
    "migrate",
    "notify_session",
    "operate",
    "reconcile",
)
LAYERED = {"api_handler", "capture_tile", "compare_tile", "import_areas", "notify_session"}
LEASED = LAYERED - {"api_handler"} | {"index_uploads"}
# AWS scopes these to no resource.
UNSCOPED = re.compile(r"xray:Put(TraceSegments|TelemetryRecords)|ec2:\w*(NetworkInterface|Subnet|PrivateIpAddress)\w*")


def config(stage, function=None):
    given = Config(stage, config_from_disk=DISK, user_provided_params={"project_dir": str(ROOT)})
    return given.scope(stage, function) if function else given


def settings_of(stage):
    return read(config(stage).environment_variables)


def policy(stage, function):
    return json.loads((ROOT / ".chalice" / policies.file_of(stage, function)).read_text(encoding="utf-8"))


def statements(document):
    listed = {"Action", "Resource"}
    return [
        {key: [value] if key in listed and isinstance(value, str) else value for key, value in statement.items()}
        for statement in document["Statement"]
    ]


def granted(stage, function):
    """Give every (action, resource) that a function's policy allows."""
    return {
        (action, resource)
        for statement in statements(policy(stage, function))
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def matches(pattern, arn):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), arn) is not None


def may(stage, function, action, arn):
    return any(action == allowed and matches(pattern, arn) for allowed, pattern in granted(stage, function))


def too_wide(document):
    """Name the actions with a wildcard, and those on every resource that AWS could scope."""
    return {
        action
        for statement in statements(document)
        for action in statement["Action"]
        if "*" in action or ("*" in statement["Resource"] and not UNSCOPED.fullmatch(action))
    }


def secret_arn(name, prefix="bhuprahari/dev/"):
    return f"arn:aws:secretsmanager:ap-south-1:111122223333:secret:{prefix}{name}-AbCdEf"


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


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("function", "receives", "sends"),
    [
        ("api_handler", "", "captures comparisons notifications imports"),
        ("capture_areas", "", "captures"),
        ("capture_tile", "captures", "comparisons notifications"),
        ("compare_tile", "comparisons", "notifications"),
        ("notify_session", "notifications", ""),
        ("import_areas", "imports", ""),
        ("index_uploads", "uploads", ""),
        (
            "reconcile",
            "captures-dead comparisons-dead notifications-dead imports-dead",
            "captures comparisons notifications imports",
        ),
        ("migrate", "", ""),
        (
            "operate",
            "captures-dead comparisons-dead notifications-dead imports-dead",
            "captures comparisons notifications imports",
        ),
    ],
)
def test_a_function_reaches_its_queues_and_no_others(stage, function, receives, sends):
    knobs = settings_of(stage)
    live = queues_of(knobs)
    arns = {name: f"arn:aws:sqs:ap-south-1:111122223333:{name}" for queue in live for name in (queue, f"{queue}-dead")}
    dead = {
        queue for queue in receives.split() if queue.endswith("-dead")
    }  # Lambda's mapping knows a live one's address
    wanted = {
        "ReceiveMessage": {*receives.split()},
        "DeleteMessage": {*receives.split()},
        "SendMessage": {*sends.split()},
        "GetQueueUrl": {*sends.split()} | dead,
    }
    for action, queues in wanted.items():
        reached = {
            name.removeprefix(f"bhuprahari-{stage}-")
            for name, arn in arns.items()
            if may(stage, function, f"sqs:{action}", arn)
        }
        assert reached == queues, action


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("function", "images", "archive"),
    [
        ("api_handler", "GetObject ListBucket", "GetObject ListBucket"),
        ("capture_areas", "", ""),
        ("capture_tile", "GetObject ListBucket PutObject", "GetObject ListBucket"),
        ("compare_tile", "GetObject ListBucket PutObject", ""),
        ("notify_session", "", ""),
        ("import_areas", "GetObject ListBucket", ""),  # and what it writes and deletes: its own files
        ("index_uploads", "", "GetObject ListBucket"),
        ("reconcile", "DeleteObject ListBucket", "GetObject ListBucket"),
        ("migrate", "", ""),
        ("operate", "ListBucket", "GetObject ListBucket"),
    ],
)
def test_a_function_does_with_pictures_what_its_work_needs(stage, function, images, archive):
    for bucket, wanted in ((settings_of(stage).images.bucket, images), (f"bhuprahari-{stage}-archive", archive)):
        arn = f"arn:aws:s3:::{bucket}"
        actions = ("DeleteObject", "GetObject", "ListBucket", "PutObject")
        reach = [
            act
            for act in actions
            if may(stage, function, f"s3:{act}", arn if act == "ListBucket" else f"{arn}/7/1-a.png")
        ]
        assert reach == wanted.split()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("function", "own"),
    [
        ("api_handler", {"token_secret", "link_secret"}),
        ("capture_areas", set()),
        ("capture_tile", {"google_key_secret", "google_signing_secret"}),
        ("compare_tile", set()),
        ("notify_session", {"fcm_secret"}),
        ("import_areas", set()),
        ("index_uploads", set()),
        ("reconcile", set()),
        ("migrate", set()),
        ("operate", {"token_secret", "link_secret", "fcm_secret", "google_key_secret", "google_signing_secret"}),
    ],
)
def test_a_function_reads_its_secrets_and_no_others(stage, function, own):
    knobs = settings_of(stage).by_name()
    names = [name for name in knobs if name.endswith("_secret")]
    arns = {name: secret_arn(knobs[name], knobs["secrets_prefix"]) for name in names}
    read_ones = {name for name in names if may(stage, function, "secretsmanager:GetSecretValue", arns[name])}
    assert read_ones == own | {"database_secret"}


@pytest.mark.parametrize("stage", STAGES)
def test_the_doctor_reads_every_secret_and_a_function_that_needs_it_too(stage):
    """A secret that nobody may read would be noticed in the stage only."""
    prefix = f"bhuprahari/{stage}/"
    arns = [secret_arn(value, prefix) for name, value in Settings.of().by_name().items() if name.endswith("_secret")]
    readers = {
        arn: [each for each in FUNCTIONS if may(stage, each, "secretsmanager:GetSecretValue", arn)] for arn in arns
    }
    assert {arn: who for arn, who in readers.items() if "operate" not in who or len(who) < 2} == {}


@pytest.mark.parametrize("stage", STAGES)
def test_who_writes_files_and_archives_writes_nothing_else(stage):
    bucket = settings_of(stage).images.bucket
    reach = {
        (function, action, folder)
        for function in ("api_handler", "import_areas")
        for action in ("PutObject", "DeleteObject")
        for folder in ("imports", "exports", "7")
        if may(stage, function, f"s3:{action}", f"arn:aws:s3:::{bucket}/{folder}/1-a")
    }
    assert reach == {
        ("api_handler", "PutObject", "imports"),  # the links by which people send files carry its own rights
        ("api_handler", "DeleteObject", "imports"),
        ("api_handler", "DeleteObject", "exports"),
        ("import_areas", "DeleteObject", "imports"),
        ("import_areas", "PutObject", "exports"),
        ("import_areas", "DeleteObject", "exports"),
    }


@pytest.mark.parametrize("stage", STAGES)
def test_the_operators_probe_touches_no_picture(stage):
    bucket = settings_of(stage).images.bucket
    for action in ("GetObject", "PutObject", "DeleteObject"):
        assert may(stage, "operate", f"s3:{action}", f"arn:aws:s3:::{bucket}/doctor/1a2b.png")
        assert not may(stage, "operate", f"s3:{action}", f"arn:aws:s3:::{bucket}/7/1-a.png")


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


def queues_of(found):
    named = found.queues
    own = (named.captures_queue, named.comparisons_queue, named.notifications_queue, named.imports_queue)
    return *own, named.uploads_queue


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
