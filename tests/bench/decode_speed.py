"""Time the decoding of stored images on one thread, beside the gate's, which also counts the rows of a PNG.

    python -m tests.bench.decode_speed

Prints medians of CPU milliseconds an image, and the multiple. The images are simulated land, as `detector_speed` has
it; the two are timed in turns.
"""

from __future__ import annotations

import time

import cv2
import numpy as np

from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.decode import decode
from chalicelib.vision.pixels import decode_stored, encode_png, header_of
from research.scenes.pairs import pair

SIDES = (320, 640, 1280)
REPEATS = 25


def checked(content: bytes, view: View) -> None:
    """Decode as the gate does."""
    decode(content, header_of(content, view))


def medians_ms(content: bytes, view: View) -> list[float]:
    """Time both ways in turns: [stored, at the gate], in milliseconds of this process's CPU."""
    times: list[list[float]] = [[], []]
    for _ in range(REPEATS):
        for taken, work in zip(times, (decode_stored, checked), strict=True):
            start = time.process_time()
            work(content, view)
            taken.append(1000 * (time.process_time() - start))
    return [float(np.median(taken)) for taken in times]


def main() -> None:
    """Print one line a size."""
    cv2.setNumThreads(1)
    land = pair(7, 640).after
    for side in SIDES:
        content = encode_png(cv2.resize(land, (side, side), interpolation=cv2.INTER_CUBIC))
        view = View(tile=Tile(17, 96_788, 57_975), tile_px=side * 4 // 5, margin_px=side // 10)
        stored, gate = medians_ms(content, view)
        print(
            f"{side:5d} px  {len(content) / 1e6:5.2f} MB  stored {stored:5.1f} ms  at the gate {gate:5.1f} ms  "
            f"= x{gate / stored:.2f}"
        )


if __name__ == "__main__":
    main()
