"""What one more image takes of a provider, told before anything is fetched."""

from __future__ import annotations

from typing import NamedTuple


class ImageTake(NamedTuple):
    """What fetching one image takes, about, as it was measured."""

    requests: int
    received_bytes: int
    stored_bytes: int
    seconds: float  # of one worker
