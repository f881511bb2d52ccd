"""The URLs of queues on SQS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.jobs import Queue


class QueueAddresses(Mapping[Queue, str]):
    """Each queue's URL by its name, asked for when it is first needed: SQS may be away while a function starts."""

    def __init__(self, client: Any, names: Mapping[Queue, str]) -> None:  # noqa: ANN401 (boto3 makes its clients at run time)
        self._sqs = client
        self._names = names
        self._known: dict[Queue, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The queues' names."""
        return tuple(self._names.values())

    def __getitem__(self, queue: Queue) -> str:
        if queue not in self._known:
            self._known[queue] = self._sqs.get_queue_url(QueueName=self._names[queue])["QueueUrl"]
        return self._known[queue]

    def __iter__(self) -> Iterator[Queue]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
