"""The queues in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import DeadLetter, Message, Queue


@dataclass
class MemoryJobs:
    """Queues as lists. While `away`, messages wait in `unsent` for `send_overdue`."""

    sent: list[Message] = field(default_factory=list)
    unsent: list[Message] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    away: bool = False

    def send(self, messages: Sequence[Message]) -> None:
        (self.unsent if self.away else self.sent).extend(messages)

    def send_next(self) -> None:
        if self.unsent:
            self.send([self.unsent.pop(0)])

    def send_overdue(self) -> int:
        overdue, self.unsent = self.unsent, []
        self.send(overdue)
        return 0 if self.away else len(overdue)

    def dead_letters(self) -> list[DeadLetter]:
        return [] if self.away else list(self.letters)

    def backlog_age_s(self) -> float:
        return 60.0 if self.unsent else 0.0

    def dead_letters_waiting(self) -> dict[Queue, int]:
        if self.away:
            raise Unavailable("the queues are away")
        return dict(Counter(letter.message.queue for letter in self.letters))

    def redrive(self, letter: DeadLetter) -> None:
        if self.away:
            raise Unavailable("the queues are away")
        self.sent.append(letter.message)
        self.delete_dead_letter(letter)

    def delete_dead_letter(self, letter: DeadLetter) -> None:
        self.letters = [other for other in self.letters if other.receipt != letter.receipt]

    def kill(self, queue: Queue, body: str) -> None:
        """Let the queue give a message up."""
        self.sent = [message for message in self.sent if (message.queue, message.body) != (queue, body)]
        message = Message(message_id=0, queue=queue, body=body)
        self.letters.append(DeadLetter(message=message, receipt=f"{queue}/{body}", reason="it failed every time"))
