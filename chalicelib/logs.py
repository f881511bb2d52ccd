"""Logs: one JSON line per event. The message is a past-tense event; the rest are fields.

Never logged: tokens, e-mails, signed links, keys, bodies. The keys are those of AWS Lambda Powertools' logger. A line
about a job carries `session_id`, `tile_run_id`, `tile` (z/x/y) and `request_id`, the id of the API's request that began
it; a line of an invocation carries `function` and `aws_request_id`.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any

from chalicelib import metrics
from chalicelib.application import events
from chalicelib.domain.jobs import Job

_BOUND: ContextVar[dict[str, Any] | None] = ContextVar("bound", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
log = logging.getLogger(__name__)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Put fields on every line that is logged inside."""
    token = _BOUND.set({**(_BOUND.get() or {}), **fields})
    try:
        yield
    finally:
        _BOUND.reset(token)


@contextmanager
def invocation(function: str, context: Any) -> Iterator[None]:  # noqa: ANN401 (Lambda's context)
    """Put a function's name and the id of its invocation on every line that is logged inside."""
    with bound(function=function, aws_request_id=getattr(context, "aws_request_id", None)):
        yield


def invocation_id() -> str:
    """Return the id of the invocation that this runs in; empty outside of one."""
    return str((_BOUND.get() or {}).get("aws_request_id") or "")


@contextmanager
def job(work: Job) -> Iterator[None]:
    """Put a job's ids on every line that is logged inside, and log with them if the work on it failed."""
    with bound(**work.ids):
        try:
            yield
        except Exception as error:
            reason = "".join(traceback.format_exception_only(error)).strip()
            log.warning("job failed", extra={"reason": reason})
            raise


class JsonLines(logging.Formatter):
    """Writes a record, its `extra` fields and the bound ones as one JSON object; a counted event also as metrics."""

    def __init__(self, *, stage: str = "local") -> None:
        super().__init__()
        self._stage = stage

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        own = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "location": f"{record.name}:{record.lineno}",
            "message": record.getMessage(),
            **(_BOUND.get() or {}),
            **own,
        }
        if record.name == events.log.name:
            line |= metrics.embedded(line["message"], own, stage=self._stage, at_ms=int(record.created * 1000))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(level: str = "INFO", stream: IO[str] | None = None, *, stage: str = "local") -> None:
    """Send every log to one stream as JSON lines. Every handler calls it; the first call counts."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        return
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines(stage=stage))
    root.handlers = [handler]  # Lambda's runtime has put its own there
    root.setLevel(level)
    events.log.setLevel("INFO")  # whatever the level: the dashboard and the alarms live on them
    for noisy in ("botocore", "boto3", "urllib3", "alembic", "werkzeug"):
        logging.getLogger(noisy).setLevel("WARNING")
