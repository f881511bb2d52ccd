"""Drop images that are kept no longer: with `reconcile`, some of them at each call."""

from __future__ import annotations

import logging
from datetime import datetime

from chalicelib.application.ports.images import Images
from chalicelib.application.ports.recurring_tasks import RecurringTasks
from chalicelib.application.ports.retention import Retention
from chalicelib.domain.retention import Policy

log = logging.getLogger(__name__)

TASK = "retention"
EVERY_S = 6 * 3600.0  # an area that is being looked at is passed over until the next round
PARTS_AT_ONCE = 20


def drop_old_images(
    *, retention: Retention, tasks: RecurringTasks, images: Images, policy: Policy, now: datetime
) -> None:
    """Drop what no row needs any more, a bounded part of a round at each call: the rows first, then their objects.

    Safe to repeat, and by any number of processes at once. Objects that a dead process left are orphans: the sweep
    deletes them.
    """
    cursor = tasks.take(TASK, now=now, every_s=EVERY_S)
    if cursor is None:
        return
    dropped, following = 0, cursor
    try:
        for _ in range(PARTS_AT_ONCE):
            part = retention.drop_some(following, policy=policy, now=now)
            if part.keys:
                images.delete(part.keys)
            dropped += part.images
            if part.next is None:
                return
            following = part.next
        tasks.leave(TASK, now=now, cursor=following)
    except Exception:
        tasks.leave(TASK, now=now, cursor=following)
        raise
    finally:
        if dropped:
            log.info("old images dropped", extra={"images": dropped})
