"""Delete sign-ins that ended long ago, and with them from where people signed in."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.audit import Audit
from chalicelib.application.ports.recurring_tasks import RecurringTasks

KEPT = timedelta(days=90)
ADDRESSES_KEPT = timedelta(days=365)
EVERY_S = 86_400.0
AT_ONCE, ROUNDS = 1000, 50


def delete_ended_sign_ins(*, accounts: Accounts, audit: Audit, tasks: RecurringTasks, now: datetime) -> None:
    """Delete sign-ins that ended 90 days ago, and the addresses in the audit log after a year, once a day.

    Safe to repeat.
    """
    if tasks.take("ended sign-ins", now=now, every_s=EVERY_S) is None:
        return
    for _ in range(ROUNDS):
        if audit.forget_before(now - ADDRESSES_KEPT, limit=AT_ONCE) < AT_ONCE:
            break
    for _ in range(ROUNDS):
        if accounts.delete_ended(before=now - KEPT, limit=AT_ONCE) < AT_ONCE:
            return
