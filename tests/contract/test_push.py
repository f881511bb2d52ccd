"""What every way to people's phones keeps to: FCM (on a stand-in), the log, and the fake."""

import logging
from collections.abc import Iterator

import pytest

from chalicelib.adapters.channels.fcm import FcmPush
from chalicelib.adapters.channels.log_push import LogPush
from chalicelib.application.ports.push import Push
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.pushes import DeliveryStatus, Notice, Target, TargetKind
from tests.support.fakes.push import MemoryPush
from tests.support.fakes.secrets import FixedSecrets
from tests.support.standins.fcm import FcmStandIn

NOTICE = Notice(area_id=7, area_name="North field", session_id=41, changes=2)
SENT, DEAD = DeliveryStatus.SENT, DeliveryStatus.DEAD_TARGET


def token(address: str) -> Target:
    return Target(kind=TargetKind.TOKEN, address=address)


def topic(address: str) -> Target:
    return Target(kind=TargetKind.TOPIC, address=address)


def fcm_push(secret: str) -> FcmPush:
    return FcmPush(FixedSecrets({"firebase": secret}), secret_name="firebase")


@pytest.fixture(scope="module")
def running_fcm() -> Iterator[FcmStandIn]:
    with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def fcm(running_fcm) -> FcmStandIn:
    running_fcm.forget()
    return running_fcm


@pytest.fixture(params=["fcm", "log", "memory"])
def push(request, fcm) -> Push:
    return {"fcm": lambda: fcm_push(fcm.secret), "log": LogPush, "memory": MemoryPush}[request.param]()


@pytest.fixture(params=["fcm", "memory"])
def push_with_a_dead_device(request, fcm) -> Push:
    return fcm_push(fcm.secret) if request.param == "fcm" else MemoryPush(script={"unregistered:1": DEAD})


@pytest.fixture(params=["fcm", "memory"])
def push_away(request, fcm) -> Push:
    fcm.refuses_sign_in = True
    return fcm_push(fcm.new_secret()) if request.param == "fcm" else MemoryPush(away=True)


def test_each_target_gets_one_receipt_in_the_order_asked(push):
    targets = [token("phone:1"), topic("operators"), token("phone:2")]
    receipts = push.send(NOTICE, targets)
    assert [receipt.target for receipt in receipts] == targets
    assert [receipt.status for receipt in receipts] == [SENT, SENT, SENT]


def test_no_targets_no_receipts(push):
    assert push.send(NOTICE, []) == []


def test_more_targets_than_one_batch_holds_get_their_receipts(push):
    targets = [token(f"phone:{number}") for number in range(230)]
    receipts = push.send(NOTICE, targets)
    assert [(receipt.target, receipt.status) for receipt in receipts] == [(target, SENT) for target in targets]


def test_the_log_of_a_push_names_no_device(push, caplog):
    caplog.set_level(logging.INFO)
    push.send(NOTICE, [token("phone:secret-token")])
    lines = [record for record in caplog.records if record.name.startswith("chalicelib")]
    assert "secret-token" not in " ".join(str(vars(record)) for record in lines)


def test_one_dead_device_does_not_cost_the_others_their_push(push_with_a_dead_device):
    targets = [token("phone:1"), token("unregistered:1"), token("phone:2")]
    receipts = push_with_a_dead_device.send(NOTICE, targets)
    assert [receipt.status for receipt in receipts] == [SENT, DEAD, SENT]
    assert [receipt.detail != "" for receipt in receipts] == [False, True, False]


def test_a_push_service_that_takes_nobody_is_unavailable(push_away):
    with pytest.raises(Unavailable):
        push_away.send(NOTICE, [token("phone:1")])
    assert push_away.send(NOTICE, []) == []


def test_at_home_a_push_is_a_line_in_the_log(caplog):
    caplog.set_level(logging.INFO)
    LogPush().send(NOTICE, [token("phone:1"), topic("operators")])
    assert [(record.message, record.session_id, record.kind) for record in caplog.records] == [
        ("push recorded", 41, "token"),
        ("push recorded", 41, "topic"),
    ]
