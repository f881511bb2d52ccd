"""Put damaged images through the intake: what it takes although it shows something else, and what it costs.

    nice python -m tests.bench.mutated_images --count 100000
    nice python -m tests.bench.mutated_images --seed 2 --first 50000 --count 50000

Each case is made of the seed and its number alone: any part of a run can be had again. `same` was taken and shows what
the whole file shows; `damaged` was taken although more than 0.5 % of the pixels differ by more than 24 levels of 255.
The images are decoded in a child: one that dies or takes a minute is counted, and the next case goes on in another one.
Exits with 1 if a cut file (cut off, or cut and closed) was taken damaged, or if a child crashed or hung.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.queues import Queue
from typing import Any

import numpy as np

from chalicelib.domain.errors import BadImage
from chalicelib.intake.decode import decode
from research.scenes.pairs import pair
from tests.support.builders.image_files import closed, every_kind, lying, pixels_begin

SIDE = 176
LANDS = 6
VISIBLE, SHARE = 24, 0.005
HANGS_AFTER_S = 60.0  # by the clock: on a busy machine a child may wait for its turn
CUTS = ("cut off", "cut and closed")


def _span(rng: random.Random, content: bytes, start: int) -> tuple[int, int]:
    length = rng.choice((1, 4, 16, 64, 256, 1024))
    first = rng.randrange(start, len(content))
    return first, min(len(content), first + length)


def _overwrite(content: bytes, first: int, with_what: bytes) -> bytes:
    return content[:first] + with_what + content[first + len(with_what) :]


def zeroed(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content, pixels_begin(content))
    return _overwrite(content, first, bytes(last - first))


def noise(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content, pixels_begin(content))
    return _overwrite(content, first, rng.randbytes(last - first))


def removed(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content, pixels_begin(content))
    return content[:first] + content[last:]


def doubled(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content, pixels_begin(content))
    return content[:last] + content[first:]


def swapped(rng: random.Random, content: bytes) -> bytes:
    first, last = _span(rng, content, pixels_begin(content))
    other = rng.randrange(pixels_begin(content), max(pixels_begin(content) + 1, len(content) - (last - first)))
    moved = _overwrite(content, first, content[other : other + last - first])
    return _overwrite(moved, other, content[first:last])


def flipped(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(pixels_begin(content), len(content))
    return _overwrite(content, at, bytes([content[at] ^ 1 << rng.randrange(8)]))


def header(rng: random.Random, content: bytes) -> bytes:
    end = pixels_begin(content)
    for _ in range(rng.randint(1, 3)):
        content = _overwrite(content, rng.randrange(end), rng.randbytes(1))
    return content


def another_size(rng: random.Random, content: bytes) -> bytes:
    scale = rng.choice((0.1, 0.5, 0.9, 1.1, 2.0, 30.0))
    return lying(content, width=rng.choice((1.0, scale)), height=scale)


MUTATIONS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "cut off": lambda rng, content: content[: rng.randrange(len(content))],
    "cut and closed": lambda rng, content: closed(content, rng.randrange(pixels_begin(content), len(content))),
    "zeroed span": zeroed,
    "noise in a span": noise,
    "span removed": removed,
    "span doubled": doubled,
    "spans swapped": swapped,
    "one bit flipped": flipped,
    "header bytes": header,
    "another size": another_size,
}


def case(seed: int, number: int, files: list[dict[str, bytes]]) -> tuple[str, str, bytes, bytes]:
    """Make a case: (kind, mutation, whole file, damaged file)."""
    rng = random.Random(f"{seed}-{number}")
    kinds = rng.choice(files)
    kind, name = rng.choice(sorted(kinds)), rng.choice(sorted(MUTATIONS))
    return kind, name, kinds[kind], MUTATIONS[name](rng, kinds[kind])


def judged(whole: Any, content: bytes) -> str:
    """Tell what the intake makes of a damaged file."""
    try:
        found = decode(content)
    except BadImage:
        return "refused"
    if found.bgr.shape != whole.bgr.shape:
        return "damaged"
    differs = (np.abs(found.bgr.astype(np.int16) - whole.bgr) > VISIBLE).any(axis=2) | (found.valid != whole.valid)
    return "damaged" if differs.mean() > SHARE else "same"


def work(seed: int, first: int, last: int, at: Any, results: Queue[tuple[int, str, str, str]]) -> None:
    """Judge the cases from first to before last, in a child."""
    files = [every_kind(pair(number, SIDE).after) for number in range(LANDS)]
    for number in range(first, last):
        at.value = number
        kind, name, original, content = case(seed, number, files)
        results.put((number, kind, name, "as it was" if content == original else judged(decode(original), content)))
    at.value = last


def run(seed: int, first: int, last: int) -> tuple[Counter[tuple[str, str, str]], list[str]]:
    """Judge cases in children, one after the other: (how many of each kind, mutation and result; what went wrong)."""
    context = multiprocessing.get_context("spawn")
    counts: Counter[tuple[str, str, str]] = Counter()
    broken: list[str] = []
    while first < last:
        results: Queue[tuple[int, str, str, str]] = context.Queue()
        at = context.Value("q", first)
        child = context.Process(target=work, args=(seed, first, last, at, results), daemon=True)
        child.start()
        seen, since = -1, time.monotonic()
        while child.is_alive() or not results.empty():
            if not results.empty():
                _, kind, name, result = results.get()
                counts[kind, name, result] += 1
            elif seen != at.value:
                seen, since = at.value, time.monotonic()
            elif time.monotonic() - since > HANGS_AFTER_S and seen > first:
                child.kill()
                child.join()
                broken.append(f"case {seen} hung")
                break
            else:
                time.sleep(0.01)
        child.join()
        if at.value < last and not any(f"case {at.value} hung" == each for each in broken):
            broken.append(f"case {at.value} ended its child with {child.exitcode}")
        first = at.value + 1
    return counts, broken


def main() -> int:
    """Print one line a kind and mutation, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts, broken = run(options.seed, options.first, options.first + options.count)
    results = ("refused", "same", "damaged", "as it was")
    print(f"{'':18}{'':18}" + "".join(f"{each:>11}" for each in results))
    for kind, name in sorted({key[:2] for key in counts}):
        print(f"{kind:18}{name:18}" + "".join(f"{counts[kind, name, each]:11}" for each in results))
    for name in MUTATIONS:
        of_name = [sum(n for key, n in counts.items() if key[1:] == (name, each)) for each in results]
        print(f"{'all':18}{name:18}" + "".join(f"{n:11}" for n in of_name))
    cuts = sum(n for (_, name, result), n in counts.items() if name in CUTS and result == "damaged")
    print(f"{sum(counts.values())} images: {cuts} cut ones taken, {len(broken)} crashed or hung")
    print(*broken, sep="\n")
    return 1 if cuts or broken else 0


if __name__ == "__main__":
    sys.exit(main())
