"""`make infra` has the archive's bucket tell of uploads, beside whatever its owner has it tell already."""

import json
from uuid import uuid4

import pytest

from infra.aws.configuration import Configuration
from infra.aws.uploads import EVENTS, subscribe, unsubscribe
from tests.support.standins.aws import REGION

QUEUE = "bhuprahari-dev-uploads"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:123456789012:{QUEUE}"
OTHERS_ARN = f"arn:aws:sqs:{REGION}:123456789012:theirs"
NAME = "bhuprahari-dev-uploads"


@pytest.fixture
def stage(account, checkout):
    account.client("sqs").create_queue(QueueName=QUEUE)
    account.client("sqs").create_queue(QueueName="theirs")
    return Configuration(checkout, "dev")


@pytest.fixture
def bucket(account, stage):
    name, place = f"bhuprahari-{uuid4().hex}", {"LocationConstraint": REGION}
    account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    at(stage, f"s3://{name}")
    return name


def at(stage, place):
    stage.stage["environment_variables"]["BHUPRAHARI_ARCHIVE"] = place
    return stage


def notifications(account, bucket):
    found = account.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name: part for name, part in found.items() if name != "ResponseMetadata"}


def give(account, bucket, **notification):
    """Have the bucket's owner be told of something."""
    own = {"QueueArn": OTHERS_ARN, "Events": ["s3:ObjectCreated:*"]} | notification
    client = account.client("s3")
    client.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [own]}
    )


def only(name, value):
    return {"Key": {"FilterRules": [{"Name": name, "Value": value}]}}


def test_the_bucket_tells_of_what_comes_and_what_goes_once(account, stage, bucket):
    assert subscribe(account, stage) == f"uploads: s3://{bucket} tells of them now"
    (made,) = notifications(account, bucket)["QueueConfigurations"]
    assert (made["Id"], made["QueueArn"], sorted(made["Events"])) == (NAME, QUEUE_ARN, sorted(EVENTS))
    assert subscribe(account, stage) == f"uploads: s3://{bucket} tells of them"
    assert notifications(account, bucket)["QueueConfigurations"] == [made]


def test_an_upload_below_the_prefix_is_told_and_no_other(account, stage, bucket):
    at(stage, f"s3://{bucket}/flights/2025/")
    subscribe(account, stage)
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)  # of S3's test
    for key in ("other/a.json", "flights/2025/lake 1.json", "flights/20255.json"):
        account.client("s3").put_object(Bucket=bucket, Key=key, Body=b"{}")
    told = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(each["Body"])["Records"][0]["s3"]["object"]["key"] for each in told] == [
        "flights%2F2025%2Flake+1.json"
    ]


@pytest.mark.parametrize(
    "own",
    [
        {"Filter": only("prefix", "invoices/")},
        {"Filter": only("prefix", "flightsX")},
        {"Events": ["s3:ObjectTagging:*"]},
        {"Events": ["s3:ObjectRestore:Completed"]},
    ],
)
def test_the_owners_notifications_stay(account, stage, bucket, own):
    give(account, bucket, Id="theirs", **own)
    before = notifications(account, bucket)
    said = subscribe(account, at(stage, f"s3://{bucket}/flights"))
    assert said == f"uploads: s3://{bucket} tells of them now, beside 1 notification of others"
    after = notifications(account, bucket)
    (theirs,) = before["QueueConfigurations"]
    assert [each for each in after["QueueConfigurations"] if each["Id"] != NAME] == [theirs]
    unsubscribe(account, stage)
    assert notifications(account, bucket) == before


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"Filter": only("prefix", "fli")},
        {"Filter": only("prefix", "flights/2024/")},
        {"Filter": only("suffix", ".tif")},
        {"Events": ["s3:ObjectCreated:Put"], "Filter": only("prefix", "flights/")},
        {"Events": ["s3:ObjectRemoved:DeleteMarkerCreated"]},
    ],
)
def test_what_s3_would_refuse_beside_the_owners_is_said_and_not_tried(account, stage, bucket, own):
    give(account, bucket, Id="theirs", **own)
    before = notifications(account, bucket)
    said = subscribe(account, at(stage, f"s3://{bucket}/flights"))
    assert f"the notification 'theirs' of s3://{bucket} is told of some of them" in said
    assert "the listing notices uploads within a minute" in said
    assert notifications(account, bucket) == before


def test_an_event_bridge_stays_switched_on(account, stage, bucket):
    """The stand-in does not answer that it is."""
    events, written = account.client("s3").meta.events, []
    events.register(
        "after-call.s3.GetBucketNotificationConfiguration",
        lambda parsed, **_: parsed.update(EventBridgeConfiguration={}),
    )
    events.register(
        "provide-client-params.s3.PutBucketNotificationConfiguration", lambda params, **_: written.append(params)
    )
    subscribe(account, stage)
    assert written[0]["NotificationConfiguration"]["EventBridgeConfiguration"] == {}


def test_an_archive_that_moved_within_its_bucket_is_followed(account, stage, bucket):
    for prefix in ("old", "new"):
        subscribe(account, at(stage, f"s3://{bucket}/{prefix}"))
    (made,) = notifications(account, bucket)["QueueConfigurations"]
    assert made["Filter"]["Key"]["FilterRules"][0]["Value"] == "new/"


def test_the_rules_are_known_as_s3_spells_them(account, stage, bucket):
    """AWS answers `Prefix` to `prefix`; the stand-in does not."""

    def spelled(parsed, **_):
        for each in parsed.get("QueueConfigurations", []):
            for named in each["Filter"]["Key"]["FilterRules"]:
                named["Name"] = named["Name"].title()

    account.client("s3").meta.events.register("after-call.s3.GetBucketNotificationConfiguration", spelled)
    at(stage, f"s3://{bucket}/flights")
    assert [subscribe(account, stage).removeprefix(f"uploads: s3://{bucket} ") for _ in range(2)] == [
        "tells of them now",
        "tells of them",
    ]


@pytest.mark.parametrize("place", ["", "/srv/pictures"])
def test_a_stage_without_a_bucket_has_nothing_to_tell(account, stage, place):
    assert subscribe(account, at(stage, place)) == "uploads: the stage has no archive in a bucket"
    unsubscribe(account, stage)


def test_a_bucket_that_is_not_there_is_said_and_stops_nothing(account, stage):
    said = subscribe(account, at(stage, "s3://bhuprahari-nobody-made-this"))
    assert "there is no bucket bhuprahari-nobody-made-this: make infra STAGE=dev again once that is mended" in said
    unsubscribe(account, stage)


def test_what_s3_refuses_is_said_and_stops_nothing(account, stage, bucket):
    def refused(**_):
        return type("Answer", (), {"status_code": 403, "headers": {}, "content": b""})(), {
            "Error": {"Code": "AccessDenied", "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": 403, "HTTPHeaders": {}},
        }

    account.client("s3").meta.events.register_first("before-call.s3.PutBucketNotificationConfiguration", refused)
    said = subscribe(account, stage)
    assert f"s3://{bucket} does not tell of them. these credentials may not do PutBuck" in said
    assert notifications(account, bucket) == {}
