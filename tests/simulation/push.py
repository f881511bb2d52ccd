"""The simulated push service. What a phone showed twice is judged by what was on record when it was claimed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.pushes import DeliveryStatus, Notice, Receipt, Target
from tests.simulation.baton import Task
from tests.simulation.world import World

AWAY = (partial(Unavailable, "the push service does not answer"),)


@dataclass
class Shown:
    """A push that a phone has shown."""

    session_id: int
    notice_id: int | None  # of a message about areas' states
    user_id: int  # who watches its area
    address: str
    at: datetime
    step: int
    by: Task
    claimed: int  # the step of its claim, and the workers' time then
    claimed_at: datetime
    recorded: int = 0  # the step at which it was on record
    is_answer_lost: bool = False  # the service took it, and the sender does not know
    is_record_lost: bool = False  # its record met an error


class SimPush:
    """Pushes in a list."""

    def __init__(self, world: World, owner_of: Callable[[int], int]) -> None:
        self._world, self._owner_of = world, owner_of
        self.shown: list[Shown] = []
        self.dead: set[str] = set()  # addresses of devices that are no more

    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        """Push to each target."""
        world = self._world
        world.step("push", "send before", errors=AWAY)
        if targets and world.is_away("push away"):
            raise Unavailable("the push service is away")
        before = len(self.shown)
        receipts = [self._one(notice, target) for target in targets]
        try:
            world.step("push", "send after", errors=AWAY)
        except Unavailable:
            for shown in self.shown[before:]:
                shown.is_answer_lost = True
            raise
        return receipts

    def _one(self, notice: Notice, target: Target) -> Receipt:
        world = self._world
        if target.address in self.dead:
            return Receipt(target=target, status=DeliveryStatus.DEAD_TARGET, detail="gone")
        if world.faults.is_on and world.rng.random() < world.faults.error["push"]:
            world.fault("error", f"push to {target.address} refused for now", kind="push refused")
            return Receipt(target=target, status=DeliveryStatus.PENDING, detail="refused for now")
        task = world.crew.current
        about = (notice.session_id, getattr(notice, "notice_id", None), self._owner_of(notice.area_id))
        claimed = (task.committed, task.committed_at)
        shown = Shown(*about, target.address, world.true_now, world.steps, task, *claimed)
        self.shown.append(shown)
        task.pushed.append(shown)
        world.tell(f"pushed {notice.collapse_key} to {target.address}: {notice.title}")
        return Receipt(target=target, status=DeliveryStatus.SENT)

    def check(self) -> str:
        """Say how it stands."""
        return "there"
