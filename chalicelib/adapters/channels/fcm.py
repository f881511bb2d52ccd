"""Pushes through Firebase Cloud Messaging, with firebase-admin."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from threading import Lock
from typing import Any

from typing_extensions import override

from chalicelib.application.ports.push import Push
from chalicelib.application.ports.secrets import Secrets
from chalicelib.domain.errors import Invalid, NotFound, Unavailable
from chalicelib.domain.pushes import PUSH_TTL_S, DeliveryStatus, Notice, Receipt, Target, TargetKind

logger = logging.getLogger(__name__)

CHUNK = 100  # firebase-admin starts a thread for each message of a chunk
CHANNEL = "bhuprahari_channel_id"  # the client made it, with high importance
LIVES = timedelta(seconds=PUSH_TTL_S)
ACCOUNT = ("project_id", "client_email", "private_key")


class FcmPush(Push):
    """Pushes through Firebase Cloud Messaging, as the service account that a secret holds.

    firebase-admin retries 500, 503 and Retry-After by itself, inside the call and up to four times: the caller's
    timeout must be well above `http_timeout_s`.
    """

    def __init__(self, secrets: Secrets, *, secret_name: str, http_timeout_s: float = 10) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._http_timeout_s = http_timeout_s
        self._making = Lock()

    @override
    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        if not targets:
            return []
        app = self._app()
        self._sign_in(app)
        receipts = [
            receipt
            for start in range(0, len(targets), CHUNK)
            for receipt in _send_chunk(app, notice, targets[start : start + CHUNK])
        ]
        counts = Counter(receipt.status.lower() for receipt in receipts)
        logger.info("pushes answered", extra={"session_id": notice.session_id, **counts})
        troubled = (DeliveryStatus.FAILED, DeliveryStatus.PENDING)
        for reason in sorted({receipt.detail for receipt in receipts if receipt.status in troubled}):
            logger.warning("pushes not taken", extra={"session_id": notice.session_id, "reason": reason})
        return receipts

    @override
    def check(self) -> str:
        text = self._secrets.get(self._secret_name)
        try:
            account = json.loads(text)
            missing = [name for name in ACCOUNT if not isinstance(account.get(name), str) or not account[name]]
        except (ValueError, AttributeError):  # and no `from`: the error would carry the secret's text along
            raise Invalid(f"the secret {self._secret_name} is not a Firebase service account's JSON") from None
        if missing or "PRIVATE KEY-----" not in account["private_key"]:
            raise Invalid(f"the secret {self._secret_name} lacks {', '.join(missing) or 'a PEM in private_key'}")
        return f"the service account of project {account['project_id']} parses"

    def _app(self) -> Any:  # noqa: ANN401 (firebase-admin has no types)
        """Return the app of the secret's present text; a rotated key gets an app of its own."""
        try:
            text = self._secrets.get(self._secret_name)
        except NotFound as error:
            raise Unavailable(f"pushes need the Firebase service account: {error.reason}") from error
        with self._making:
            return self._app_of(text)

    def _app_of(self, text: str) -> Any:  # noqa: ANN401 (firebase-admin has no types)
        import firebase_admin
        from firebase_admin import credentials

        name = "bhuprahari-" + hashlib.sha256(f"{self._http_timeout_s} {text}".encode()).hexdigest()[:16]
        try:
            return firebase_admin.get_app(name)
        except ValueError:  # not made yet
            pass
        try:
            account = json.loads(text)
        except ValueError:
            account = None  # and no `from`: the error would carry the secret's text along
        if not isinstance(account, dict) or not isinstance(account.get("project_id"), str):
            raise Unavailable(f"the secret {self._secret_name} is not a Firebase service account's JSON")
        try:
            certificate = credentials.Certificate(account)
            return firebase_admin.initialize_app(certificate, {"httpTimeout": self._http_timeout_s}, name=name)
        except (ValueError, TypeError, AttributeError) as error:  # a member missing, or a number where a text belongs
            raise Unavailable(f"the secret {self._secret_name} is no usable Firebase service account") from error

    def _sign_in(self, app: Any) -> None:  # noqa: ANN401 (firebase-admin has no types)
        """Fetch an access token now: if that failed within a batch, nobody could say which pushes were sent."""
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        credential = app.credential.get_credential()
        if credential.valid:
            return
        try:
            credential.refresh(partial(Request(), timeout=self._http_timeout_s))
        except GoogleAuthError as error:
            raise Unavailable(
                f"Google does not sign the Firebase service account in: {type(error).__name__}"
            ) from error


def _send_chunk(app: Any, notice: Notice, targets: Sequence[Target]) -> Iterator[Receipt]:  # noqa: ANN401 (no types)
    from firebase_admin import exceptions, messaging

    messages = {}
    refusals = {}
    for target in targets:
        message = _message(notice, target)
        try:
            str(message)  # checks it; one that is malformed would stop the whole chunk
            messages[target] = message
        except ValueError as error:
            refusals[target] = str(error)
    answers: dict[Target, Any] = {}
    if messages:
        try:
            batch = messaging.send_each(list(messages.values()), app=app).responses
            answers = dict(zip(messages, batch, strict=True))
        except exceptions.FirebaseError as error:  # the sign-in ran out within the chunk: the answers are lost
            answers = dict.fromkeys(messages, messaging.SendResponse(None, error))
    for target in targets:
        if target in refusals:
            detail = f"firebase-admin refuses the message: {refusals[target]}"
            yield Receipt(target=target, status=DeliveryStatus.FAILED, detail=detail)
        elif answers[target].success:
            yield Receipt(target=target, status=DeliveryStatus.SENT)
        else:
            status, detail = _judge(answers[target].exception)
            yield Receipt(target=target, status=status, detail=detail)


def _message(notice: Notice, target: Target) -> Any:  # noqa: ANN401 (firebase-admin has no types)
    from firebase_admin import messaging

    message = messaging.Message(
        notification=messaging.Notification(title=notice.title, body=notice.body),
        data=notice.members,
        android=messaging.AndroidConfig(
            priority="high",
            collapse_key=notice.collapse_key,
            ttl=LIVES,
            notification=messaging.AndroidNotification(
                channel_id=CHANNEL, tag=notice.collapse_key, priority="high", default_sound=True
            ),
        ),
        apns=messaging.APNSConfig(headers={"apns-priority": "10", "apns-collapse-id": notice.collapse_key}),
        topic=target.address if target.kind is TargetKind.TOPIC else None,
    )
    if target.kind is TargetKind.TOKEN:
        # Set here, not given above: 7.x warns there that installation ids are to replace tokens, and clients have none.
        message.token = target.address
    return message


def _judge(error: Exception | None) -> tuple[DeliveryStatus, str]:
    """Judge what FCM's answer means for the target, without naming it."""
    from firebase_admin import exceptions as e
    from firebase_admin import messaging as m

    name = getattr(error, "code", "no answer")
    dead, failed, pending = DeliveryStatus.DEAD_TARGET, DeliveryStatus.FAILED, DeliveryStatus.PENDING
    match error:
        case m.UnregisteredError():
            judgement = dead, "the app is no longer installed there"
        case m.SenderIdMismatchError():
            judgement = dead, "the token belongs to another Firebase project"
        case e.InvalidArgumentError() if _blames_the_token(error):
            judgement = dead, "FCM does not recognise the token"
        case m.ThirdPartyAuthError():
            judgement = failed, "Firebase holds no valid APNs or web push key for this app"
        case e.UnauthenticatedError() | e.PermissionDeniedError():  # until the operator mends it
            judgement = pending, f"the service account may not send: {name}"
        case e.InvalidArgumentError() | e.NotFoundError() | e.FailedPreconditionError() | e.OutOfRangeError():
            judgement = failed, f"FCM refused the message: {name}"
        case _:  # quota, unavailable, internal, a timeout, a connection that broke, an unknown answer
            judgement = pending, f"FCM did not take the push: {name}"
    return judgement


def _blames_the_token(error: Any) -> bool:  # noqa: ANN401 (firebase-admin has no types)
    """Whether FCM's 400 is about the token; a fault in our message must not cost a device its row."""
    try:
        details = error.http_response.json()["error"].get("details", [])
        fields = [violation.get("field") for detail in details for violation in detail.get("fieldViolations", [])]
    except (AttributeError, KeyError, TypeError, ValueError):
        fields = []
    return "message.token" in fields or "registration token" in str(error)
