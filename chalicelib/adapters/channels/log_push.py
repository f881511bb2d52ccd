"""Pushes at home: recorded, not sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from typing_extensions import override

from chalicelib.application.ports.push import Push
from chalicelib.domain.pushes import DeliveryStatus, Notice, Receipt, Target

logger = logging.getLogger("chalicelib.adapters.push")


class LogPush(Push):
    """Writes pushes to the log; the page at home shows the delivery rows."""

    @override
    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        for target in targets:
            logger.info(
                "push recorded",
                extra={"session_id": notice.session_id, "changes": notice.changes, "kind": target.kind},
            )
        return [Receipt(target=target, status=DeliveryStatus.SENT, detail="recorded only") for target in targets]

    @override
    def check(self) -> str:
        return "they are only recorded"
