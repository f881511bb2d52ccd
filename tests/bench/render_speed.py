"""CPU seconds that a picture of the landscape takes on one thread. Run as `python -m tests.bench.render_speed`."""

from __future__ import annotations

import statistics
import time

import cv2

from chalicelib.adapters.imagery.providers.sample import GRID, TERMS
from chalicelib.adapters.imagery.sample import SampleImagery
from chalicelib.domain.tiles import Bounds, Tile
from landscape import DEMO_DATES
from tests.support.builders.scenes import newest


def main() -> None:
    """Fetch nine tiles on two days each: the first day also lays out the land."""
    cv2.setNumThreads(1)
    nowhere = Bounds(0, 0, 0, 0)
    for day in DEMO_DATES[:2]:
        imagery = SampleImagery(TERMS, GRID, today=lambda day=day: day)
        took = []
        for n in range(9):
            view = imagery.grid(nowhere).view(Tile(17, 96_742 + n % 3, 57_985 + n // 3))
            started = time.process_time()
            content = imagery.fetch(newest(imagery, view, nowhere), view, nowhere).content
            took.append(time.process_time() - started)
        print(
            f"{day}: median {statistics.median(took):.2f} s, slowest {max(took):.2f} s, "
            f"{len(content) / 2**20:.1f} MiB the last"
        )


if __name__ == "__main__":
    main()
