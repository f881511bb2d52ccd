"""The app behind Chalice's gateway, in this process, with the ports that it is given."""

import json
import logging
from dataclasses import dataclass

from chalice.test import Client

from chalicelib.api.openapi import document


@dataclass
class Answer:
    """What the API answered."""

    status: int
    headers: dict
    content: bytes

    @property
    def json(self):
        return json.loads(self.content)

    @property
    def is_problem(self):
        body = self.json
        return (
            self.headers["Content-Type"] == "application/problem+json"
            and body["status"] == self.status
            and bool(body["message"])
            and bool(body["instance"])
            and {"type", "title", "detail", "errors"} <= body.keys()
        )


def assert_refused(answer, *statuses):
    """Is it one of these statuses, 400 if none is named, as problem details?"""
    assert answer.status in (statuses or (400,)), answer.content
    assert answer.is_problem


def matching_path(path):
    """Give the documented path that a path falls under."""
    parts = path.split("?")[0].rstrip("/").split("/") if path.split("?")[0] != "/" else ["", ""]
    for known in sorted(document()["paths"]):
        pattern = known.split("/")
        if len(pattern) == len(parts) and all(a == b or a.startswith("{") for a, b in zip(pattern, parts, strict=True)):
            return known
    raise AssertionError(f"no documented path for {path}")


class Api:
    """What clients reach of an app with these ports. Each answer is held against the OpenAPI document."""

    def __init__(self, ports):
        handlers = logging.getLogger().handlers[:]
        from app import make_app

        logging.getLogger().handlers[:] = handlers  # importing the app takes them over, as a Lambda wants it
        self.ports, self.app = ports, make_app(ports)
        self.http = Client(self.app, stage_name="local").http  # not dev: its settings are a stage's

    def call(self, method, path, body=None, *, raw=None, headers=None, token=None):
        """Send one request. A body is sent as JSON, `raw` as it is."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if token:
            sent["authorization"] = f"Bearer {token}"
        content = raw
        if body is not None:
            sent.setdefault("content-type", "application/json")
            content = json.dumps(body).encode()
        response = self.http.request(method, path, headers=sent, body=content or b"")
        answer = Answer(response.status_code, response.headers, response.body)
        if method != "OPTIONS" and answer.headers.get("x-amzn-ErrorType") is None and answer.status != 405:
            documented = document()["paths"][matching_path(path)][method.lower()]["responses"]
            assert str(answer.status) in documented, f"{method} {path} answered {answer.status}: {answer.content}"
        return answer


def refused(answer):
    """Whether somebody was not let in, as clients understand it."""
    return answer.status == 401 and answer.is_problem and answer.headers["WWW-Authenticate"].startswith("Bearer")
