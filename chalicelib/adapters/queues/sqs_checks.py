"""Are the queues on AWS made as the functions need them?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.adapters.aws import AWS_ERRORS, code
from chalicelib.domain.diagnostics import Finding, Level, ok

VISIBLE_AFTER = 6  # times the function's timeout: what AWS advises, so that a throttled function finds its message
ATTRIBUTES = ["VisibilityTimeout", "RedrivePolicy", "ApproximateNumberOfMessages"]


def check_queue(client: Any, name: str, *, timeout_s: float, max_receives: int) -> Iterator[Finding]:  # noqa: ANN401 (boto3)
    """Look at one queue of that name, whose function may run for `timeout_s` seconds."""
    subject = f"queue {name}"
    try:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=ATTRIBUTES)["Attributes"]
    except AWS_ERRORS as error:
        remedy = "make the stage's queues (docs/deploy.md), and let this function's policy read their attributes"
        yield Finding(level=Level.FAIL, subject=subject, says=f"it cannot be read: {code(error)}", remedy=remedy)
        return
    visible_s, least_s = int(found["VisibilityTimeout"]), VISIBLE_AFTER * timeout_s
    if visible_s < least_s:
        yield Finding(
            level=Level.FAIL,
            subject=subject,
            says=f"a message comes back after {visible_s} s; the function may run {timeout_s:g} s",
            remedy=f"set its VisibilityTimeout to {least_s:g} s or more",
        )
    redrive = json.loads(found.get("RedrivePolicy", "{}"))
    dead = str(redrive.get("deadLetterTargetArn", "")).rpartition(":")[2]
    if dead != f"{name}-dead":
        yield Finding(
            level=Level.FAIL,
            subject=subject,
            says=f"its dead letters go to {dead or 'nowhere'}: `reconcile` looks into {name}-dead",
            remedy=f"give it a redrive policy to {name}-dead with maxReceiveCount {max_receives}",
        )
    elif visible_s >= least_s:
        waiting = found.get("ApproximateNumberOfMessages", "0")
        says = f"{waiting} messages wait; one comes back after {visible_s} s, dead after {redrive['maxReceiveCount']}"
        yield ok(subject, says)
