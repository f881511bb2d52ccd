"""Writes what each function of a stage may do, .chalice/policy-STAGE-FUNCTION.json: python -m infra.aws.policies.

Names are the stage's own, whole: no function reaches another stage's, in an account that has both. `make infra` writes
them again with the one ARN that only the made stage knows, that of the database's master, for `migrate`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chalicelib.settings import Settings

Json = dict[str, Any]
TRACE = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
JOIN = (
    *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
    *("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
)
SECRETS = {  # besides the database's
    "api_handler": ("TOKEN", "LINK"),
    "capture_tile": ("GOOGLE_KEY", "GOOGLE_SIGNING"),
    "notify_session": ("FCM",),
    "operate": ("TOKEN", "LINK", "FCM", "GOOGLE_KEY", "GOOGLE_SIGNING"),
}
ALL_QUEUES = ("CAPTURES", "COMPARISONS", "NOTIFICATIONS", "IMPORTS")
RECEIVES = {
    "capture_tile": "CAPTURES",
    "compare_tile": "COMPARISONS",
    "notify_session": "NOTIFICATIONS",
    "import_areas": "IMPORTS",
    "index_uploads": "UPLOADS",
}
SENDS = {
    "api_handler": ALL_QUEUES,
    "capture_areas": ("CAPTURES",),
    "capture_tile": ("COMPARISONS", "NOTIFICATIONS"),
    "compare_tile": ("NOTIFICATIONS",),
    "reconcile": ALL_QUEUES,
    "operate": ALL_QUEUES,
}
DEAD = {"reconcile": (), "operate": ("sqs:GetQueueAttributes",)}  # who takes dead letters, and what else of them
IMAGES: dict[str, tuple[str, tuple[str, ...]]] = {  # of the bucket: which objects, and what with them
    "api_handler": ("*", ("GetObject",)),
    "capture_tile": ("*", ("GetObject", "PutObject")),  # whether a settled image is still there
    "compare_tile": ("*", ("GetObject", "PutObject")),
    "import_areas": ("*", ("GetObject",)),  # files of parcels, and what goes into an area's archive
    "reconcile": ("*", ("DeleteObject",)),
    "operate": ("doctor/*", ("GetObject", "PutObject", "DeleteObject")),  # the doctor's own probe
}
OBJECTS: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {  # what else, and in which folder of the bucket
    "api_handler": (
        # The links by which files of parcels are sent carry its own rights.
        ("TakeFilesOfParcels", "imports", ("PutObject", "DeleteObject")),
        ("DeleteArchivesOfAreas", "exports", ("DeleteObject",)),
    ),
    "import_areas": (
        ("DeleteFilesOfParcels", "imports", ("DeleteObject",)),
        ("WriteArchivesOfAreas", "exports", ("PutObject", "DeleteObject")),
    ),
}
# Else a key that is missing looks forbidden.
LIST_IMAGES = ("api_handler", "capture_tile", "compare_tile", "import_areas", "reconcile", "operate")
ARCHIVE = ("api_handler", "capture_tile", "index_uploads", "reconcile", "operate")
OUR_ACCOUNT = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}


class Names:
    """What a stage's things are called, by its environment variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given, self._default = environment, Settings.of().by_name()
        self.bucket = environment["BHUPRAHARI_BUCKET"]
        archive = environment.get("BHUPRAHARI_ARCHIVE", "")
        hosts = [each.strip() for each in environment.get("BHUPRAHARI_ARCHIVE_HOSTS", "").split(",")]
        self.elsewhere = [each.removeprefix("s3://").rstrip("/") for each in hosts if each.startswith("s3://")]
        self.archive = archive.removeprefix("s3://").partition("/")[0] if archive.startswith("s3://") else ""

    def secret(self, name: str) -> str:
        """Return the ARN of a secret: six characters of its end are AWS's own."""
        text = self._given.get(f"BHUPRAHARI_{name}_SECRET") or self._default[f"{name.lower()}_secret"]
        return f"arn:aws:secretsmanager:*:*:secret:{self._given['BHUPRAHARI_SECRETS_PREFIX']}{text}-??????"

    def queues(self, names: Iterable[str], suffix: str = "") -> list[str]:
        """Return the ARNs of queues, or with "-dead" those of their dead letters."""
        return [f"arn:aws:sqs:*:*:{self._given[f'BHUPRAHARI_{name}_QUEUE']}{suffix}" for name in names]


def document(function: str, *, deployed_as: str, environment: Mapping[str, str], master: str = "") -> Json:
    """Return a function's policy. `deployed_as` is its name in Lambda, `master` the ARN that only `migrate` reads."""
    names, made = Names(environment), []

    def allow(sid: str, actions: Iterable[str], resources: list[str], condition: Json | None = None) -> None:
        made.append(
            {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
            | ({"Condition": condition} if condition else {})
        )

    secrets = [names.secret(each) for each in ("DATABASE", *SECRETS.get(function, ()))]
    with_master = [master] if master and function == "migrate" else []
    allow("ReadItsSecrets", ["secretsmanager:GetSecretValue"], secrets + with_master)
    if function in RECEIVES:
        actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        allow("ReceiveItsJobs", actions, names.queues([RECEIVES[function]]))
    if function in SENDS:
        look = ["sqs:GetQueueAttributes"] if function == "operate" else []
        allow("SendJobs", ["sqs:GetQueueUrl", *look, "sqs:SendMessage"], names.queues(SENDS[function]))
    if function in DEAD:
        actions = ("sqs:GetQueueUrl", *DEAD[function], "sqs:ReceiveMessage", "sqs:DeleteMessage")
        allow("TakeDeadLetters", actions, names.queues(ALL_QUEUES, "-dead"))
    if function in LIST_IMAGES:
        allow("ListImages", ["s3:ListBucket"], [f"arn:aws:s3:::{names.bucket}"], OUR_ACCOUNT)
    if function in IMAGES:
        which, what = IMAGES[function]
        allow("UseImages", [f"s3:{each}" for each in what], [f"arn:aws:s3:::{names.bucket}/{which}"], OUR_ACCOUNT)
    for sid, folder, what in OBJECTS.get(function, ()):
        its = [f"arn:aws:s3:::{names.bucket}/{folder}/*"]
        allow(sid, [f"s3:{each}" for each in what], its, OUR_ACCOUNT)
    if function in ARCHIVE and names.archive:
        allow("ListTheArchive", ["s3:ListBucket"], [f"arn:aws:s3:::{names.archive}"], OUR_ACCOUNT)
        allow("ReadTheArchive", ["s3:GetObject"], [f"arn:aws:s3:::{names.archive}/*"], OUR_ACCOUNT)
    if function in ARCHIVE and names.elsewhere:
        others = [f"arn:aws:s3:::{bucket}/*" for bucket in names.elsewhere]
        allow("ReadPicturesInOthersBuckets", ["s3:GetObject"], others)
    # The stack of the infrastructure makes the log group, with an end: no function makes one without.
    log = f"arn:aws:logs:*:*:log-group:/aws/lambda/{deployed_as}:*"
    allow("WriteItsLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [log])
    allow("TraceWhichAwsScopesToNothing", TRACE, ["*"])
    allow("JoinTheNetworkWhichAwsScopesToNothing", JOIN, ["*"])
    own = {"ArnLike": {"lambda:SourceFunctionArn": f"arn:aws:lambda:*:*:function:{deployed_as}"}}
    deny = {"Sid": "JoiningIsLambdasNotTheCodes", "Effect": "Deny", "Action": list(JOIN), "Resource": ["*"]}
    return {"Version": "2012-10-17", "Statement": [*made, deny | {"Condition": own}]}


def file_of(stage: str, function: str) -> str:
    """Return the name of a function's policy beside .chalice/config.json."""
    return f"policy-{stage}-{function}.json"


def texts(app: str, stage: str, configured: Mapping[str, Any], *, master: str = "") -> dict[str, str]:
    """Return the files of a stage by their names, from what .chalice/config.json has of it."""
    made = {}
    for function in configured["lambda_functions"]:
        deployed_as = f"{app}-{stage}" if function == "api_handler" else f"{app}-{stage}-{function}"
        variables = configured["environment_variables"]
        own = document(function, deployed_as=deployed_as, environment=variables, master=master)
        made[file_of(stage, function)] = json.dumps(own, indent=2) + "\n"
    return made


def main(root: Path) -> None:
    """Write the files of every stage of a checkout, as they are before it is made."""
    found = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))
    for stage, configured in found["stages"].items():
        if "lambda_functions" in configured:
            for name, text in texts(found["app_name"], stage, configured).items():
                (root / ".chalice" / name).write_text(text, encoding="utf-8")
                sys.stdout.write(f"wrote .chalice/{name}\n")


if __name__ == "__main__":
    main(Path.cwd())
