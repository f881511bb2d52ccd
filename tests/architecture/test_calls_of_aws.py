"""What the code asks of AWS and what some function may ask are the same: by the SDK's own list of operations."""

import ast
import json

import pytest
from botocore import xform_name
from botocore.session import Session

from infra.aws import policies
from tests.support import iam
from tests.support.sources import ROOT

PLACE = ROOT / "chalicelib"
SERVICES = ("s3", "sqs", "secretsmanager")
DISK = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
TOLD = {"Bucket": "b", "Key": "k", "Keys": ["k"], "QueueName": "q", "SecretId": "s"}


def operations():
    """Give each service's operations by the name of their method."""
    models = {service: Session().get_service_model(service) for service in SERVICES}
    return {
        xform_name(operation): (service, operation)
        for service, model in models.items()
        for operation in model.operation_names
    }


def asked(trees):
    """Give the (service, operation) that code asks for, by methods and by names of paginators and links."""
    known, found = operations(), set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                by_name = node.func.attr in {"get_paginator", "generate_presigned_url", "get_waiter"}
                first = node.args[0].value if by_name and node.args and isinstance(node.args[0], ast.Constant) else ""
                for name in (node.func.attr, first):
                    if name in known:
                        found.add(known[name])
    return found


def granted(stage):
    texts = policies.texts(DISK["app_name"], stage, DISK["stages"][stage])
    return {action for text in texts.values() for action, _ in iam.rights(json.loads(text))}


def sources():
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PLACE.rglob("*.py"))]


def ungranted(trees, stage="dev"):
    wanted = {action for service, operation in asked(trees) for action, _ in iam.needs(service, operation, TOLD)}
    return wanted - granted(stage)


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_some_function_may_do_what_the_code_asks(stage):
    assert ungranted(sources(), stage) == set()


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_code_asks_for_what_some_function_may(stage):
    """Lambda's own rights begin with another service."""
    wanted = {action for service, operation in asked(sources()) for action, _ in iam.needs(service, operation, TOLD)}
    assert {each for each in granted(stage) if each.partition(":")[0] in SERVICES} - wanted == set()


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("self._sqs.change_message_visibility(QueueUrl=u)", "sqs:ChangeMessageVisibility"),
        ("self._client.copy_object(Bucket=b)", "s3:CopyObject"),
        ("client.get_paginator('list_object_versions')", "s3:ListObjectVersions"),
        ("client.put_secret_value(SecretId=s)", "secretsmanager:PutSecretValue"),
    ],
)
def test_a_call_that_nobody_may_make_is_noticed(call, action):
    assert ungranted([*sources(), ast.parse(call)]) == {action}


def services(trees):
    """Give the services that clients are made of; None for one whose name is not written out."""
    for tree in trees:
        for node in ast.walk(tree):
            called = getattr(node, "func", None)
            name = str(getattr(called, "attr", "") or getattr(called, "id", "")).lstrip("_")
            if isinstance(node, ast.Call) and name in ("aws_client", "client", "resource"):
                yield node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None


def test_no_other_service_is_asked():
    made = list(services(sources()))
    assert set(made) == {*SERVICES, None}
    assert made.count(None) == 2, "where boto3's are made, of a name that is given"
    for planted in ("boto3.client('sns').publish()", "ports.aws_client('ses')", "boto3.resource('dynamodb')"):
        assert set(services([ast.parse(planted)])) - set(SERVICES)


def test_a_policy_says_what_iam_would():
    document = {
        "Statement": [
            {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sqs:*:*:bhuprahari-dev-captures"]},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/doctor/*"},
            {"Effect": "Allow", "Action": "ec2:DescribeSubnets", "Resource": "*"},
            {"Effect": "Deny", "Action": "ec2:DescribeSubnets", "Resource": "*"},
        ]
    }
    url = "http://127.0.0.1/123456789012/bhuprahari-dev-captures"
    send, dead = (
        ("sqs", "SendMessageBatch", {"QueueUrl": url}),
        ("sqs", "SendMessageBatch", {"QueueUrl": f"{url}-dead"}),
    )
    probe, picture = (("s3", "HeadObject", {"Bucket": "b", "Key": key}) for key in ("doctor/x", "7/x.png"))
    strange, denied = ("sns", "Publish", {}), ("ec2", "DescribeSubnets", {})
    assert iam.refused([send, probe], document) == []
    assert len(iam.refused([dead, picture, strange, denied], document)) == 4
    assert [action for action, _ in iam.unused([send], document)] == ["ec2:DescribeSubnets", "s3:GetObject"]
