"""What each function may do: queues, pictures, secrets and files, and nothing beside them."""

import pytest

from chalicelib.settings import Settings
from tests.support.deployment_files import FUNCTIONS, STAGES, may, queues_of, secret_arn, settings_of


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
