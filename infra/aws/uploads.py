"""Has the archive's bucket tell of what comes and goes: one notification of ours beside whatever else it has.

S3 keeps a bucket's notifications as one document, which whoever writes it writes whole. So it is read, changed in this
one place, and written back; nothing is written where ours is there already, or where S3 would refuse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import code
from infra.aws.account import Account
from infra.aws.configuration import Configuration
from infra.aws_errors import explained

EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]
KINDS = ("QueueConfigurations", "TopicConfigurations", "LambdaFunctionConfigurations")
LATER = "the listing notices uploads within a minute"
Json = dict[str, Any]


def subscribe(account: Account, configuration: Configuration) -> str:
    """Have the bucket of the stage's archive tell its queue of uploads; say in a sentence how it stands."""
    place = _place(configuration)
    if place is None:
        return "uploads: the stage has no archive in a bucket"
    try:
        return _subscribe(account, configuration, place)
    except ClientError as error:  # a stage works without
        again = f"make infra STAGE={configuration.name} again once that is mended; until then {LATER}"
        if code(error) == "NoSuchBucket":
            return f"uploads: there is no bucket {place.netloc}: {again}"
        return f"uploads: s3://{place.netloc} does not tell of them. {explained(error)}: {again}"


def _subscribe(account: Account, configuration: Configuration, place: SplitResult) -> str:
    found = _notifications(account, place.netloc)
    wanted = _wanted(account, configuration, prefix=place.path.strip("/"))
    own = _own(found, configuration)
    others = [each for kind in KINDS for each in found.get(kind, []) if each != own]
    if own is not None and _meaning(own) == _meaning(wanted):
        return f"uploads: s3://{place.netloc} tells of them"
    if other := next((each for each in others if _overlap(each, wanted)), None):
        name = other.get("Id", "without a name")
        return (
            f"uploads: the notification {name!r} of s3://{place.netloc} is told of some of them, and S3 tells nobody "
            f"else; it was left as it is, and {LATER}"
        )
    kept = [each for each in found.get(KINDS[0], []) if each != own]
    _write(account, place.netloc, found | {KINDS[0]: [*kept, wanted]})
    beside = f", beside {len(others)} notification{'s' if len(others) > 1 else ''} of others" if others else ""
    return f"uploads: s3://{place.netloc} tells of them now{beside}"


def unsubscribe(account: Account, configuration: Configuration) -> None:
    """Take our notification away: S3 takes no other one beside one whose queue is gone."""
    place = _place(configuration)
    if place is None:
        return
    try:
        found = _notifications(account, place.netloc)
        own = _own(found, configuration)
        if own is not None:
            _write(account, place.netloc, found | {KINDS[0]: [each for each in found[KINDS[0]] if each != own]})
            print(f"uploads: s3://{place.netloc} tells of them no more")
    except ClientError as error:
        if code(error) != "NoSuchBucket":
            raise


def _place(configuration: Configuration) -> SplitResult | None:
    place = urlsplit(configuration.environment.get("BHUPRAHARI_ARCHIVE", ""))
    return place if place.scheme == "s3" else None


def _notifications(account: Account, bucket: str) -> Json:
    found = account.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name: part for name, part in found.items() if name != "ResponseMetadata"}


def _write(account: Account, bucket: str, notifications: Mapping[str, Any]) -> None:
    client = account.client("s3")
    client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=dict(notifications))


def _wanted(account: Account, configuration: Configuration, *, prefix: str) -> Json:
    queue = configuration.environment["BHUPRAHARI_UPLOADS_QUEUE"]
    url = account.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    found = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    made: Json = {"Id": _id(configuration), "QueueArn": found["Attributes"]["QueueArn"], "Events": EVENTS}
    if prefix:
        made["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"{prefix}/"}]}}
    return made


def _id(configuration: Configuration) -> str:
    return f"bhuprahari-{configuration.name}-uploads"


def _own(found: Mapping[str, Any], configuration: Configuration) -> Json | None:
    return next((each for each in found.get(KINDS[0], []) if each.get("Id") == _id(configuration)), None)


def _meaning(notification: Mapping[str, Any]) -> tuple[Any, ...]:
    arn = notification.get("QueueArn")
    return arn, sorted(notification["Events"]), _rule(notification, "prefix"), _rule(notification, "suffix")


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether S3 refuses the two beside each other: they may both be told of one event of one object."""
    prefixes = _rule(one, "prefix"), _rule(other, "prefix")
    suffixes = _rule(one, "suffix")[::-1], _rule(other, "suffix")[::-1]
    return _share(one["Events"], other["Events"]) and all(
        a.startswith(b) or b.startswith(a) for a, b in (prefixes, suffixes)
    )


def _share(some: Iterable[str], others: Iterable[str]) -> bool:
    pairs = ((one.removesuffix("*"), other.removesuffix("*")) for one in some for other in others)
    return any(one.startswith(other) or other.startswith(one) for one, other in pairs)


def _rule(notification: Mapping[str, Any], name: str) -> str:
    rules = notification.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((str(each["Value"]) for each in rules if each["Name"].lower() == name), "")
