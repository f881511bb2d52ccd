"""The moment at which time stands where a test does not move it."""

from datetime import UTC, datetime

A_MOMENT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
