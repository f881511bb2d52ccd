"""Time, waiting and randomness: everything that a simulation drives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Tells the time, as aware UTC."""

Sleep = Callable[[float], None]
"""Waits for some seconds."""

Jitter = Callable[[float], float]
"""Draws a wait between 0 and that many seconds, so that those who failed together do not try again together."""

Monotonic = Callable[[], float]
"""Counts seconds that never go back, for measuring how long something took."""

NewId = Callable[[], str]
"""Makes an id that was never used before."""

NewToken = Callable[[], str]
"""Makes an unguessable text: 32 random bytes, URL-safe."""
