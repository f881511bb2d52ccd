"""Time the intake, the gate and the registration of one tile, beside a comparison, on one thread.

    python -m tests.bench.intake_speed

Prints medians of CPU milliseconds at 640 px, of a tile where much was built and of one where nothing was: the intake
alone, the whole gate with it (which also writes the PNG that is stored, where it is another format), the registration,
which is a part of the comparison, and gate and registration as what they add to the rest of it. `before` is what the
gate spent on decoding until this intake: OpenCV's decoder, and the rows of a PNG inflated once more to count them.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import cv2
import numpy as np

from chalicelib.domain.image_formats import png
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.decode import decode
from chalicelib.vision.changes import compare
from chalicelib.vision.gate import inspect
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.placement import placed
from research.scenes.pairs import pair
from tests.support.builders.image_files import every_kind
from tests.support.builders.land import EVERYWHERE, terms
from tests.support.builders.land import png as as_png

VIEW = View(tile=Tile(17, 96_788, 57_975), tile_px=512, margin_px=64)
THRESHOLDS = Thresholds(min_changed_area_m2=25)
KINDS = ("PNG", "PNG alpha", "PNG 16 bits", "JPEG 4:2:0", "JPEG 4:4:4", "JPEG progressive", "WebP")
REPEATS = 15


def before(content: bytes) -> None:
    """Decode as the gate did."""
    if content.startswith(png.SIGNATURE):
        zlib.decompress(b"".join(body for name, body in png.chunks(content) if name == b"IDAT"))
    cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def medians_ms(*works: Callable[[], object]) -> list[float]:
    """Time pieces of work in turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for taken, work in zip(times, works, strict=True):
            start = time.process_time()
            work()
            taken.append(1000 * (time.process_time() - start))
    return [float(np.median(taken)) for taken in times]


def main() -> None:
    """Print one line a tile and kind."""
    cv2.setNumThreads(1)
    made = pair(7, 640)
    noise = np.random.default_rng(1).normal(0, 3, made.before.shape)
    same = np.clip(0.97 * made.before + noise, 0, 255).astype(np.uint8)
    open_terms = terms(sends_placeholders=False)
    for title, newer in (("busy", made.after), ("quiet", same)):
        stored = as_png(made.before), as_png(newer)
        images = to_pixels(made.before), to_pixels(newer)
        for kind, content in every_kind(newer).items():
            if kind not in KINDS:
                continue
            was, intake, gate, registered, comparison = medians_ms(
                lambda content=content: before(content),
                lambda content=content: decode(content),
                lambda content=content: inspect(content, VIEW, EVERYWHERE, open_terms),
                lambda images=images: placed(*images, VIEW.gsd_m),
                lambda stored=stored: compare(*stored, view=VIEW, area=EVERYWHERE, thresholds=THRESHOLDS),
            )
            print(
                f"{title:5}  {kind:16}  before {was:5.1f} ms  intake {intake:5.1f} ms  gate with it {gate:5.1f} ms  "
                f"registration {registered:5.1f} ms  on top of a comparison's other {comparison - registered:6.1f} ms: "
                f"{(gate + registered) / (comparison - registered):4.0%}"
            )


if __name__ == "__main__":
    main()
