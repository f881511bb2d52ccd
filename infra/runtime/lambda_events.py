"""The events that Lambda's pollers and EventBridge hand to a function."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def queue_event(queue: str, *, body: str, receives: int) -> dict[str, Any]:
    """Return the event of one message of a queue."""
    record = {
        "messageId": f"{queue}-{receives}",
        "receiptHandle": "",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:local:000000000000:{queue}",
        "awsRegion": "local",
    }
    return {"Records": [record]}


def tick_event(function: str, at: datetime) -> dict[str, Any]:
    """Return the event of a schedule that came round."""
    return {
        "version": "0",
        "id": f"{function}-{at:%Y%m%dT%H%M%S}",
        "detail-type": "Scheduled Event",
        "detail": {},
        "source": "aws.events",
        "account": "000000000000",
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": "local",
        "resources": [],
    }
