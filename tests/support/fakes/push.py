"""The push service in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.pushes import DeliveryStatus, Notice, Receipt, Target


@dataclass
class MemoryPush:
    """Pushes in a list; `script` says what another status than SENT a target's address gets."""

    script: dict[str, DeliveryStatus] = field(default_factory=dict)
    pushes: list[tuple[Notice, Target]] = field(default_factory=list)
    away: bool = False

    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        if targets and self.away:
            raise Unavailable("the push service is away")
        receipts = []
        for target in targets:
            status = self.script.get(target.address, DeliveryStatus.SENT)
            receipts.append(Receipt(target=target, status=status, detail="" if status == "SENT" else "scripted"))
            if status is DeliveryStatus.SENT:
                self.pushes.append((notice, target))
        return receipts
