"""Which faults a history has, how often, and what each does at a step."""

from __future__ import annotations

from random import Random

AT_STEPS = ("kill", "error")
EVENTS = (  # what happens between steps
    "stall",
    "clock jump",
    "object lost",
    "item touched",
    "item gone",
    "store away",
    "disk full",
    "provider away",
    "database away",
    "push away",
    "queue away",
    "duplicate",
    "redelivered tick",
    "cancel",
    "delete area",
    "add area",
    "change land",
    "capture now",
    "compare now",
    "compare by another sensitivity",
    "compare two dates",
    "restart",
)
PORTS = ("tx", "read", "images", "provider", "gate", "detector", "push", "sqs")


class Faults:
    """The faults of one history: each kind is on or off, and as frequent as its dice say."""

    def __init__(self, rng: Random) -> None:
        """Draw them: a history in which everything goes wrong at once shows less than many with a few kinds each."""
        self.is_on = True
        calm = rng.random() < 0.1
        self.switch = rng.choice((0.02, 0.1, 0.3))
        self.kill = 0.0 if calm or rng.random() < 0.4 else rng.choice((0.002, 0.006, 0.02))
        self.error = {port: 0.0 if calm or rng.random() < 0.5 else rng.choice((0.003, 0.01, 0.05)) for port in PORTS}
        chosen = [] if calm else [event for event in EVENTS if rng.random() < 0.4]
        self.events = {event: rng.choice((0.5, 1.0, 3.0)) for event in chosen}
        self.event_rate = rng.choice((0.002, 0.006, 0.02)) if chosen else 0.0
        # One tile whose work takes the whole process with it, or always raises.
        self.poison = rng.choice(("killed", "raises")) if not calm and rng.random() < 0.12 else None
        self.has_unreadable_area = not calm and rng.random() < 0.1  # as after a rollback of a release

    def event(self, rng: Random) -> str | None:
        """Roll for something that happens now."""
        if not self.is_on or rng.random() >= self.event_rate:
            return None
        return rng.choices(list(self.events), list(self.events.values()))[0]

    def end(self) -> None:
        """Let nothing go wrong any more; tasks go on taking turns."""
        self.is_on = False
        self.kill, self.event_rate, self.poison = 0.0, 0.0, None
        self.error = dict.fromkeys(PORTS, 0.0)
