"""A stand-in of Google's token service and of FCM v1 on this machine; a token's beginning says what FCM answers.

Using it points firebase-admin here, for the apps that first send meanwhile. The service account is made on the spot,
and its `token_uri` is this server.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from uuid import uuid4

FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


@dataclass(frozen=True)
class Answer:
    """One error answer of FCM v1."""

    http: int
    status: str
    code: str = ""  # FCM's own, in the details
    message: str = "no"
    blamed: str = ""  # the field that a 400 is about
    retry_after: str = ""

    def body(self) -> bytes:
        details: list[dict[str, Any]] = []
        if self.code:
            details.append({"@type": FCM_ERROR, "errorCode": self.code})
        if self.blamed:
            details.append({"@type": BAD_REQUEST, "fieldViolations": [{"field": self.blamed, "description": "bad"}]})
        error = {"code": self.http, "message": self.message, "status": self.status, "details": details}
        return json.dumps({"error": error}).encode()


ANSWERS = {
    "unregistered": Answer(404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    "other-sender": Answer(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "bad-token": Answer(
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
    ),
    "bad-field": Answer(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "Request is invalid.", blamed="message.token"),
    "bad-message": Answer(
        400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "Invalid value at 'message.data'", blamed="message.data"
    ),
    "no-apns": Answer(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"),
    "no-role": Answer(403, "PERMISSION_DENIED", "", "Permission 'cloudmessaging.messages.create' denied"),
    "no-project": Answer(404, "NOT_FOUND", "", "Project not found"),
    "quota": Answer(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded"),
    "quota-wait": Answer(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded", retry_after="1"),
    "internal": Answer(500, "INTERNAL", "INTERNAL", "Internal error encountered."),
    "unavailable": Answer(503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
    "strange": Answer(418, "", "", ""),
}


@dataclass
class FcmStandIn:
    """The server; a context that starts and stops it. A token that begins `slow` waits, `broken` hangs up."""

    slow_s: float = 1.0
    refuses_sign_in: bool = False
    signs_in_once: bool = False
    sign_in_lasts_s: int = 3600
    sign_ins: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)  # the `message` of each request, in any order
    _server: ThreadingHTTPServer | None = None
    _real_url: str = ""

    def __enter__(self) -> Self:
        stand_in = self

        class Door(_Door):
            fcm = stand_in

        self._server = _Server(("127.0.0.1", 0), Door)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        service = _messaging_service()
        self._real_url = service.FCM_URL
        service.FCM_URL = self.url + "/v1/projects/{0}/messages:send"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        _messaging_service().FCM_URL = self._real_url
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def service_account(self) -> dict[str, str]:
        """Make a service account that signs in here: another project each time, and so another firebase app."""
        project = f"stand-in-{uuid4().hex[:8]}"
        return {
            "type": "service_account",
            "project_id": project,
            "private_key_id": "1",
            "private_key": _private_key(),
            "client_email": f"pusher@{project}.iam.gserviceaccount.com",
            "token_uri": self.url + "/token",
        }

    @cached_property
    def secret(self) -> str:
        """Keep one service account, so that firebase-admin sets its app up once: that takes 0.3 s."""
        return self.new_secret()

    def new_secret(self) -> str:
        """Make a service account that has not signed in yet."""
        return json.dumps(self.service_account())

    def forget(self) -> None:
        """Answer as at the start again, and forget what came."""
        self.refuses_sign_in = self.signs_in_once = False
        self.sign_in_lasts_s, self.sign_ins = 3600, 0
        self.messages.clear()

    def to(self, address: str) -> list[dict[str, Any]]:
        """Give the messages that were sent to one token or topic."""
        return [message for message in self.messages if address in (message.get("token"), message.get("topic"))]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # firebase-admin opens a connection for each message of a chunk


class _Door(BaseHTTPRequestHandler):
    fcm: FcmStandIn
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment: two would wait 40 ms for each other (Nagle)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/token":
            self._sign_in()
        elif self.path.endswith("/messages:send"):
            self._send(json.loads(body)["message"])
        else:
            self._answer(404, b"{}")

    def _sign_in(self) -> None:
        self.fcm.sign_ins += 1
        if self.fcm.refuses_sign_in:
            self._answer(400, b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}')
        else:
            grant = {"access_token": "stand-in-access", "expires_in": self.fcm.sign_in_lasts_s, "token_type": "Bearer"}
            self._answer(200, json.dumps(grant).encode())
            self.fcm.refuses_sign_in = self.fcm.signs_in_once

    def _send(self, message: dict[str, Any]) -> None:
        if self.headers.get("Authorization") != "Bearer stand-in-access":
            self._answer(401, Answer(401, "UNAUTHENTICATED").body())
            return
        self.fcm.messages.append(message)
        kind = message.get("token", "").partition(":")[0]
        if kind == "slow":
            time.sleep(self.fcm.slow_s)
        if kind == "broken":
            self.close_connection = True
        elif kind == "html":
            self._answer(200, b"<html>")
        elif kind in ANSWERS:
            self._answer(ANSWERS[kind].http, ANSWERS[kind].body(), ANSWERS[kind].retry_after)
        else:
            self._answer(200, json.dumps({"name": f"projects/p/messages/{uuid4().hex}"}).encode())

    def _answer(self, status: int, body: bytes, retry_after: str = "") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller stopped waiting

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _messaging_service() -> Any:
    """Give firebase-admin's private service class: it has no option for another address. Only this module uses it."""
    from firebase_admin import messaging

    service = messaging._MessagingService
    assert str(service.FCM_URL).endswith("/v1/projects/{0}/messages:send"), "firebase-admin has changed: see FCM_URL"
    return service


@cache
def _private_key() -> str:
    """Make a key, once in a process: none is ever committed."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
