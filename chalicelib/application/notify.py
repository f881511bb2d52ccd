"""Notify: push a session's alerts to the people of its area, or how areas stand to who watches them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.deliveries import Deliveries
from chalicelib.application.ports.push import Push
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import SessionJob
from chalicelib.domain.pushes import DeliveryStatus, Notice, Receipt, Target

PUSHES_AT_ONCE = 100


def notify_session(
    job: SessionJob, *, deliveries: Deliveries, push: Push, targets: Sequence[Target], clock: Clock, lease_s: float
) -> None:
    """Push a session's alerts, or a notice, to the devices of its owner and to the operator's targets, each once.

    Safe to repeat: each push has one row, claimed before it is sent. What the push service refuses for now is left to
    reconcile, which tries again for hours: longer than any queue would.
    """
    about = {"notice_id": job.notice_id}
    notice = deliveries.prepare(job.session_id, **about, extra=targets, now=clock())
    if notice is None:
        return
    while True:
        begun = clock()
        claimed = deliveries.claim(job.session_id, **about, now=begun, lease_s=lease_s, limit=PUSHES_AT_ONCE)
        if not claimed:
            return
        if clock() >= begun + timedelta(seconds=lease_s):
            continue  # this worker stood still meanwhile: another one may be at it by now
        receipts = _push(push, notice, [delivery.target for delivery in claimed])
        deliveries.record(job.session_id, claimed, receipts, **about, now=clock())
        if any(receipt.status is DeliveryStatus.PENDING for receipt in receipts):
            return


def _push(push: Push, notice: Notice, targets: Sequence[Target]) -> Sequence[Receipt]:
    try:
        return push.send(notice, targets)
    except Unavailable as error:  # nothing was sent: recorded for each, so that none is held until its lease ends
        return [Receipt(target=target, status=DeliveryStatus.PENDING, detail=error.reason) for target in targets]
