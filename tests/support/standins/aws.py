"""A stand-in of AWS on this machine: moto's server, with clients that never look at the environment's credentials.

moto keeps one state for the whole process, whatever server asks: names are random unless a prefix is given.
"""

from __future__ import annotations

import atexit
import json
import logging
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self
from uuid import uuid4

import boto3
from botocore.config import Config

from chalicelib.domain.jobs import Queue

REGION = "ap-south-1"  # not us-east-1, where a forgotten region goes unnoticed


@dataclass
class QueueUrls:
    """Each queue's address, and that of its dead letters."""

    urls: dict[Queue, str] = field(default_factory=dict)
    dead_letter_urls: dict[Queue, str] = field(default_factory=dict)


class AwsStandIn:
    """S3, SQS and Secrets Manager on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer  # a second of imports, and a client alone needs none of it

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.endpoint_url = ""
        self._clients: dict[str, Any] = {}

    def start(self) -> Self:
        logging.getLogger("werkzeug").setLevel("WARNING")
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint_url = f"http://{host}:{port}"
        return self

    def stop(self) -> None:
        self._server.stop()

    def client(self, name: str) -> Any:
        """Give this stand-in's client of a service, the same one each time: making one takes 50 ms."""
        if name not in self._clients:
            self._clients[name] = self.own_client(name)
        return self._clients[name]

    def own_client(self, name: str) -> Any:
        """Make a client that a test may hook into."""
        return aws_client(name, self.endpoint_url)

    def make_bucket(self, name: str | None = None) -> str:
        bucket = name or f"bhuprahari-{uuid4().hex}"
        self.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        return bucket

    def make_queues(self, *, prefix: str | None = None, max_receives: int = 5, visibility_s: int = 30) -> QueueUrls:
        """Make the three queues, `{prefix}captures` and so on, each with `…-dead` behind it."""
        sqs = self.client("sqs")
        prefix = f"{uuid4().hex}-" if prefix is None else prefix
        made = QueueUrls()
        for queue in Queue:
            dead = sqs.create_queue(QueueName=f"{prefix}{queue}-dead")["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": max_receives}
            attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": str(visibility_s)}
            made.urls[queue] = sqs.create_queue(QueueName=f"{prefix}{queue}", Attributes=attributes)["QueueUrl"]
            made.dead_letter_urls[queue] = dead
        return made


def aws_client(name: str, endpoint_url: str) -> Any:
    """Make a client with credentials that open nothing; an endpoint that is away fails fast."""
    return boto3.client(
        name,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="stand-in",
        aws_secret_access_key="stand-in",
        config=Config(
            signature_version="s3v4" if name == "s3" else None,
            s3={"addressing_style": "virtual"},  # with it, a real bucket's links name its region; an IP stays a path
            connect_timeout=1,
            read_timeout=10,
            retries={"total_max_attempts": 1},
        ),
    )


@cache
def away(name: str) -> Any:
    """Make a client whose service is not there: nothing listens on the discard port of 127.0.0.1."""
    return aws_client(name, "http://127.0.0.1:9")


@cache
def aws() -> AwsStandIn:
    """Give this process's stand-in, started at the first call and stopped at the end."""
    stand_in = AwsStandIn().start()
    atexit.register(stand_in.stop)
    return stand_in
