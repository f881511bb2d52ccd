"""The composition root with simulated things where the outside world would be, and the handlers that use it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from chalicelib import logs
from chalicelib.adapters.database import session_parts
from chalicelib.adapters.database.state_notices import SqlStateNotices
from chalicelib.composition import Ports
from chalicelib.domain.pushes import Target
from chalicelib.domain.retention import Policy
from chalicelib.functions import handler
from chalicelib.settings import Settings
from tests.simulation.land import TERMS, SimImagery
from tests.simulation.telling import PERIODS
from tests.simulation.vision import Vision
from tests.simulation.world import LEASE_S

if TYPE_CHECKING:
    from tests.simulation.history import History

AS_A_WHOLE = session_parts.AT_FIRST, session_parts.AT_ONCE
IN_PARTS = 2, 1  # in one of four histories a session's four tiles are many


def policy_of(seed: int) -> Policy:
    """Return how long a history keeps its images: in two of three only what is in use lives for more than a day."""
    if seed % 3 == 1:
        return Policy(image_days=400, images_per_tile=50, bands_days=1461)
    return Policy(image_days=1, images_per_tile=1 + seed % 2, bands_days=1, newest_per_tile=1)


class SimPorts(Ports):
    """What one worker's process would have: the real adapters of the database and the queues, a simulated world."""

    def __init__(self, history: History) -> None:
        world = history.world
        super().__init__(
            Settings.of(
                lease_s=LEASE_S,
                worker="here",
                fcm_default_targets="/topics/operators",
                queues_service="sqs" if history.sqs is not None else "outbox",
            ),
            clock=world.clock,
            sleep=world.sleep,
            jitter=world.jitter,
            new_id=world.new_id,
            new_token=world.new_token,
            monotonic=world.monotonic,
        )
        self._history = history
        self.__dict__["retention_policy"] = policy_of(world.seed)
        self.__dict__["state_notices"] = SqlStateNotices(
            history.engine, periods=PERIODS, targets=[Target.parse("/topics/operators")]
        )
        self.__dict__ |= {"engine": history.engine, "images": history.images, "push": history.push}  # cached properties

    def imagery(self, _name: str) -> SimImagery:
        """Return the one provider there is."""
        return self._history.imagery

    def provider_terms(self, _name: str) -> Any:
        """Return its terms."""
        return TERMS

    def aws_client(self, _service: str) -> Any:
        """Return the simulated SQS."""
        return self._history.sqs


class _Heard(logging.Handler):
    """What the product logs, as lines of the history."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self.setFormatter(logs.JsonLines())  # the mark by which `logs.configure` leaves the root logger alone
        self.tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        own = {key: value for key, value in vars(record).items() if key not in logs._STANDARD and value}
        self.tell(f"{record.getMessage()} {own}")


@contextmanager
def installed() -> Iterator[_Stage]:
    """Let the handlers find the simulation: its ports, its gate and its detector. All is put back at the end."""
    stage = _Stage()
    found = {
        "chalicelib.vision.gate": ("inspect",),
        "chalicelib.vision.changes": ("compare", "compare_with_baseline"),
    }
    kept = {name: sys.modules.get(name) for name in found}
    process_ports, root = handler.process_ports, logging.getLogger()
    log_handlers, level, disabled = root.handlers, root.level, root.manager.disable
    for name, functions in found.items():
        module = ModuleType(name)
        for function in functions:
            setattr(module, function, getattr(stage, function))
        sys.modules[name] = module
    handler.process_ports = lambda: stage.ports
    root.handlers = [_Heard(lambda line: stage.tell(line))]  # noqa: PLW0108 (who is told changes with the history)
    root.setLevel(logging.INFO)
    try:
        yield stage
    finally:
        handler.process_ports = process_ports
        root.handlers = log_handlers
        root.setLevel(level)
        logging.disable(disabled)
        session_parts.AT_FIRST, session_parts.AT_ONCE = AS_A_WHOLE
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


class _Stage:
    """Which history is on now."""

    ports: SimPorts
    vision: Vision
    tell: Callable[[str], None] = staticmethod(lambda _line: None)

    def inspect(self, *args: Any) -> Any:
        return self.vision.inspect(*args)

    def compare(self, *args: Any, **ground: Any) -> Any:
        return self.vision.compare(*args, **ground)

    def compare_with_baseline(self, *args: Any, **ground: Any) -> Any:
        return self.vision.compare_with_baseline(*args, **ground)

    def show(self, history: History) -> None:
        """Put a history on."""
        self.vision, self.ports = history.vision, history.ports
        is_in_parts = history.world.seed % 4 == 1
        session_parts.AT_FIRST, session_parts.AT_ONCE = IN_PARTS if is_in_parts else AS_A_WHOLE
        self.tell = history.world.tell
        logging.disable(logging.NOTSET if history.world.is_told else logging.CRITICAL)
