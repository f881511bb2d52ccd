"""What many histories held: states, verdicts, faults, and what was broken."""

from __future__ import annotations

from collections import Counter

from tests.simulation.running import Told


class Total:
    """The sum of many histories."""

    def __init__(self) -> None:
        self.histories = self.steps = 0
        self.queues: Counter[str] = Counter()
        self.sessions: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.broken: dict[str, list[tuple[int, str]]] = {}

    def add(self, one: Told) -> None:
        """Add a history."""
        self.histories += 1
        self.steps += one.steps
        self.queues[one.queue] += 1
        self.sessions += one.sessions
        self.verdicts += one.verdicts
        self.faults += Counter({name: count for name, count in one.faults.items() if not name.startswith("session ")})
        seen = set()
        for violation in one.violations:
            if violation.invariant not in seen:
                seen.add(violation.invariant)
                self.broken.setdefault(violation.invariant, []).append((one.seed, violation.says))

    def text(self, *, seconds: float, jobs: int) -> str:
        """Write it."""
        each = self.histories / seconds / jobs if seconds else 0.0
        lines = [
            f"{self.histories} histories, {self.steps:,} steps in {seconds:.0f} s: {each:.1f} a second and process",
            f"queues    {_written(self.queues)}",
            f"sessions  {_written(self.sessions)}",
            f"verdicts  {_written(self.verdicts)}",
            "faults    " + (_written(self.faults) or "none"),
        ]
        for invariant, seeds in sorted(self.broken.items(), key=lambda item: -len(item[1])):
            seeds.sort()
            lines.append(
                f"BROKEN    {invariant}: {len(seeds)} histories, seeds {', '.join(str(s) for s, _ in seeds[:20])}"
            )
            lines.append(f"          as in {seeds[0][0]}: {seeds[0][1]}")
        lines.append(f"{sum(len(seeds) for seeds in self.broken.values()) or 'no'} violations")
        return "\n".join(lines)


def _written(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
