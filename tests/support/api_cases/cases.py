"""A request of a walk through the API, and who makes it."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

KEPT = 60  # ids of a kind that are remembered


@dataclass
class Person:
    """Somebody with an account, and what answers have told him of."""

    email: str
    password: str = "secret-0"
    token: str = ""
    known: dict = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=KEPT)))

    def forget(self, path, operation):
        """Use an id no more that turned out to be nobody's."""
        parts = path.partition("?")[0].rstrip("/").split("/")
        for name in operation.takes:
            gone = parts[operation.path.split("/").index(f"{{{name}}}")]
            self.known[name] = deque((each for each in self.known[name] if str(each[0]) != gone), maxlen=KEPT)


@dataclass
class Case:
    """One request, and what it was made for."""

    kind: str
    operation: object
    method: str
    path: str
    headers: dict
    body: bytes | None
    person: Person

    def __str__(self):
        sent = "" if self.body is None else f" {self.body[:300]!r}"
        return f"[{self.kind}] {self.method} {self.path[:300]!r} {str(self.headers)[:400]}{sent}"
