"""A log that several processes write to."""

from __future__ import annotations

import io
from pathlib import Path

from chalicelib import logs
from chalicelib.settings import settings


def log_to(path: Path) -> None:
    """Send this process's logs to a file: each line is one write at its end, so that processes never mix theirs."""
    lines = io.TextIOWrapper(path.open("ab", buffering=0), encoding="utf-8", write_through=True)
    chosen = settings()
    logs.configure(chosen.process.log_level, lines, stage=chosen.process.stage)
