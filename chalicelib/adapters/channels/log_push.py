"""Pushes at home: recorded, not sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chalicelib.domain.pushes import DeliveryStatus, Notice, Receipt, Target

logger = logging.getLogger("chalicelib.adapters.push")


class LogPush:
    """Writes pushes to the log; the page at home shows the delivery rows."""

    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        """Log the push and take it as sent."""
        for target in targets:
            logger.info(
                "push recorded",
                extra={"session_id": notice.session_id, "changes": notice.changes, "kind": target.kind},
            )
        return [Receipt(target=target, status=DeliveryStatus.SENT, detail="recorded only") for target in targets]

    def check(self) -> str:
        """X"""
        return "they are only recorded"
