"""What FCM adds to the way to people's phones: the message's form, each of its answers, the sign-in."""

import json
import logging
import traceback
import warnings
from collections.abc import Iterator

import pytest

from chalicelib.adapters.channels.fcm import FcmPush
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.pushes import DeliveryStatus, Notice, Target, TargetKind
from tests.support.fakes.secrets import FixedSecrets
from tests.support.standins.fcm import FcmStandIn

NOTICE = Notice(area_id=7, area_name="North field", session_id=41, changes=2)
SENT, DEAD, FAILED, PENDING = (
    DeliveryStatus.SENT,
    DeliveryStatus.DEAD_TARGET,
    DeliveryStatus.FAILED,
    DeliveryStatus.PENDING,
)


def token(address: str) -> Target:
    return Target(kind=TargetKind.TOKEN, address=address)


def topic(address: str) -> Target:
    return Target(kind=TargetKind.TOPIC, address=address)


def fcm_push(secret: str, **settings) -> FcmPush:
    return FcmPush(FixedSecrets({"firebase": secret}), secret_name="firebase", **settings)


@pytest.fixture(scope="module")
def running_fcm() -> Iterator[FcmStandIn]:
    with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def fcm(running_fcm) -> FcmStandIn:
    running_fcm.forget()
    return running_fcm


def test_a_push_says_what_the_contract_promises(fcm):
    fcm_push(fcm.secret).send(NOTICE, [token("phone:1")])
    [message] = fcm.to("phone:1")
    assert message == {
        "token": "phone:1",
        "notification": {"title": "Change detected: North field", "body": "2 tiles changed"},
        "data": {"area_config_id": "7", "alert_session_id": "41", "changes_count": "2"},
        "android": {
            "priority": "high",
            "ttl": "86400s",
            "collapse_key": "session-41",
            "notification": {
                "channel_id": "bhuprahari_channel_id",
                "tag": "session-41",
                "notification_priority": "PRIORITY_HIGH",
                "default_sound": True,
            },
        },
        "apns": {"headers": {"apns-priority": "10", "apns-collapse-id": "session-41"}},
    }


def test_a_topic_is_addressed_as_a_topic(fcm):
    fcm_push(fcm.secret).send(NOTICE, [topic("operators")])
    [message] = fcm.to("operators")
    assert "token" not in message


def test_a_malformed_topic_fails_alone(fcm):
    targets = [topic("no spaces allowed"), token("phone:1")]
    receipts = fcm_push(fcm.secret).send(NOTICE, targets)
    assert [receipt.status for receipt in receipts] == [FAILED, SENT]
    assert receipts[0].detail == "firebase-admin refuses the message: Malformed topic name."
    assert [receipt.status for receipt in fcm_push(fcm.secret).send(NOTICE, targets[:1])] == [FAILED]


MEANINGS = {
    "unregistered": (DEAD, "the app is no longer installed there"),
    "other-sender": (DEAD, "the token belongs to another Firebase project"),
    "bad-token": (DEAD, "FCM does not recognise the token"),
    "bad-field": (DEAD, "FCM does not recognise the token"),
    "bad-message": (FAILED, "FCM refused the message: INVALID_ARGUMENT"),
    "no-project": (FAILED, "FCM refused the message: NOT_FOUND"),
    "no-apns": (FAILED, "Firebase holds no valid APNs or web push key for this app"),
    "no-role": (PENDING, "the service account may not send: PERMISSION_DENIED"),
    "quota": (PENDING, "FCM did not take the push: RESOURCE_EXHAUSTED"),
    "quota-wait": (PENDING, "FCM did not take the push: RESOURCE_EXHAUSTED"),  # Retry-After is obeyed four times, 4 s
    "strange": (PENDING, "FCM did not take the push: UNKNOWN"),
    "html": (PENDING, "FCM did not take the push: UNKNOWN"),
    "broken": (PENDING, "FCM did not take the push: UNAVAILABLE"),
    "internal": (PENDING, "FCM did not take the push: INTERNAL"),  # after four retries of firebase-admin's, 7 s
    "unavailable": (PENDING, "FCM did not take the push: UNAVAILABLE"),
    "phone": (SENT, ""),
}


def test_every_answer_of_fcm_becomes_its_receipt(fcm):
    receipts = fcm_push(fcm.secret).send(NOTICE, [token(f"{kind}:1") for kind in MEANINGS])
    assert {
        receipt.target.address.partition(":")[0]: (receipt.status, receipt.detail) for receipt in receipts
    } == MEANINGS


def test_the_log_counts_the_answers_and_says_why_once(fcm, caplog):
    caplog.set_level(logging.INFO)
    addresses = ["phone:1", "unregistered:1", "no-apns:1", "no-apns:2", "quota:1"]
    fcm_push(fcm.secret).send(NOTICE, [token(address) for address in addresses])
    lines = [record for record in caplog.records if record.name.startswith("chalicelib")]
    assert [record.message for record in lines] == ["pushes answered", "pushes not taken", "pushes not taken"]
    assert [vars(lines[0])[count] for count in ("sent", "dead_target", "failed", "pending")] == [1, 1, 2, 1]
    assert [record.reason for record in lines[1:]] == [MEANINGS["quota"][1], MEANINGS["no-apns"][1]]


def test_an_answer_that_does_not_come_in_time_is_tried_later(fcm):
    [late, prompt] = fcm_push(fcm.secret, http_timeout_s=0.3).send(NOTICE, [token("slow:1"), token("phone:1")])
    assert (late.status, late.detail) == (PENDING, "FCM did not take the push: UNAVAILABLE")
    assert prompt.status is SENT


def test_many_pushes_sign_in_once(fcm):
    push = fcm_push(fcm.new_secret())
    for _ in range(3):
        push.send(NOTICE, [token("phone:1"), token("phone:2")])
    assert fcm.sign_ins == 1


def test_a_refused_sign_in_sends_nothing_and_says_so(fcm):
    fcm.refuses_sign_in = True
    with pytest.raises(Unavailable, match=r"^Google does not sign the Firebase service account in: RefreshError$"):
        fcm_push(fcm.new_secret()).send(NOTICE, [token("phone:1")])
    assert fcm.messages == []


def test_google_that_does_not_answer_sends_nothing_and_says_so(fcm):
    account = {**fcm.service_account(), "token_uri": "http://127.0.0.1:9/token"}
    with pytest.raises(Unavailable, match=r"^Google does not sign the Firebase service account in: TransportError$"):
        fcm_push(json.dumps(account)).send(NOTICE, [token("phone:1")])


def test_a_sign_in_that_runs_out_within_a_batch_leaves_it_for_later(fcm):
    """The answers of the batch are lost then: all of it is sent again, and collapses on the phones."""
    fcm.sign_in_lasts_s, fcm.signs_in_once = 60, True  # too short for google-auth, which signs in again for each push
    receipts = fcm_push(fcm.new_secret()).send(NOTICE, [token("phone:1"), token("phone:2")])
    assert {(receipt.status, receipt.detail) for receipt in receipts} == {
        (PENDING, "FCM did not take the push: UNKNOWN")
    }
    assert fcm.sign_ins > 1


def test_a_rotated_service_account_is_used_at_once(fcm):
    secrets = FixedSecrets({"firebase": fcm.new_secret()})
    push = FcmPush(secrets, secret_name="firebase")
    push.send(NOTICE, [token("phone:1")])
    secrets.values["firebase"] = fcm.new_secret()
    push.send(NOTICE, [token("phone:1")])
    assert fcm.sign_ins == 2


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("", "pushes need the Firebase service account: there is no secret firebase"),
        ("not JSON {very-private", "the secret firebase is not a Firebase service account's JSON"),
        ('["very-private"]', "the secret firebase is not a Firebase service account's JSON"),
        ('{"type": "service_account", "client_email": "very-private"}', "is not a Firebase service account's JSON"),
        ('{"project_id": "p", "type": "very-private"}', "the secret firebase is no usable Firebase service account"),
        ('{"project_id": "p", "type": "service_account", "private_key": "very-private"}', "is no usable Firebase"),
    ],
)
def test_a_secret_that_is_no_service_account_says_what_is_wrong_without_telling_it(secret, sentence):
    with pytest.raises(Unavailable, match=sentence) as raised:
        fcm_push(secret).send(NOTICE, [token("phone:1")])
    assert "very-private" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("key", ["-----BEGIN PRIVATE KEY-----\nvery-private\n", "", 5, None, ["x"]])
def test_an_account_with_a_broken_key_is_unavailable(fcm, key):
    account = {**fcm.service_account(), "private_key": key}
    with pytest.raises(Unavailable, match="the secret firebase is no usable Firebase service account"):
        fcm_push(json.dumps(account)).send(NOTICE, [token("phone:1")])


def test_sending_to_tokens_warns_of_nothing(fcm):
    """firebase-admin 7 deprecates tokens; a warning for each device would drown the log."""
    push = fcm_push(fcm.secret)
    push.send(NOTICE, [token("phone:1")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        push.send(NOTICE, [token("phone:2")])
    assert len(fcm.to("phone:2")) == 1
