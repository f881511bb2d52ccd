"""What Lambda's pollers and EventBridge do, by what the deployed mappings and rules say."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4


class Pump:
    """Delivers messages and the clock's events to deployed functions. `failures` counts what they raised."""

    def __init__(self, client: Any) -> None:
        self._lambda, self._sqs, self._events = client("lambda"), client("sqs"), client("events")
        self.delivered: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def settle(self) -> int:
        """Deliver until every mapped queue is empty; say how many messages that were."""
        total = 0
        while count := sum(self._round(each) for each in self._mappings()):
            total += count
        return total

    def tick(self, function: str) -> None:
        """Let the rules fire that have this function as their target."""
        for rule in self._events.list_rules()["Rules"]:
            for target in self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                if target["Arn"].endswith(f"-{function}"):
                    self._invoke(target["Arn"], _scheduled(rule))

    def _mappings(self) -> list[dict[str, Any]]:
        return [
            each
            for each in self._lambda.list_event_source_mappings()["EventSourceMappings"]
            if each["State"] == "Enabled"
        ]

    def _round(self, mapping: dict[str, Any]) -> int:
        url = self._sqs.get_queue_url(QueueName=mapping["EventSourceArn"].split(":")[-1])["QueueUrl"]
        most = min(2, mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 2))
        with ThreadPoolExecutor(most) as pool:
            return sum(pool.map(lambda _: self._deliver_all(url, mapping), range(most)))

    def _deliver_all(self, url: str, mapping: dict[str, Any]) -> int:
        count = 0
        while batch := self._batch(url, mapping["BatchSize"]):
            records = [_record(message, mapping["EventSourceArn"]) for message in batch]
            count += len(batch)
            if self._invoke(mapping["FunctionArn"], {"Records": records}):
                for message in batch:
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return count

    def _batch(self, url: str, most: int) -> list[dict[str, Any]]:
        """Gather as many messages as a mapping hands over at once; SQS gives ten at most."""
        batch: list[dict[str, Any]] = []
        while len(batch) < most:
            asked = {"QueueUrl": url, "MaxNumberOfMessages": min(10, most - len(batch))}
            if not (found := self._sqs.receive_message(**asked, AttributeNames=["All"]).get("Messages")):
                break
            batch += found
        return batch

    def _invoke(self, arn: str, event: dict[str, Any]) -> bool:
        answer = self._lambda.invoke(FunctionName=arn, Payload=json.dumps(event))
        name = arn.split(":")[6]
        self.delivered[name] += 1
        if answer.get("FunctionError"):
            told = json.loads(answer["Payload"].read())
            self.failures[f"{name}: {told.get('errorType')}: {told.get('errorMessage')}"] += 1
            return False
        return True


def _record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _scheduled(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule["Arn"].split(":")[4],
        "region": rule["Arn"].split(":")[3],
        "resources": [rule["Arn"]],
        "detail": {},
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
