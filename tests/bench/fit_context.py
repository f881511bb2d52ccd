"""Fit the network of `vision/context.py` on simulated land and write chalicelib/vision/context.onnx.

    python -m pip install torch==2.13.0 onnx        # in an environment of its own: nothing else here needs them
    python -m tests.bench.fit_context [--pairs 1500] [--minutes 34] [--keep build/context]

Only pictures drawn by `scenes.py` are used: as many with years between their dates as without; in every fifth pair
nothing happens but weather, in every fifth the newer picture is seen through it. Every tenth pair is kept apart. A
siamese encoder (both pictures through the same weights), at each of four scales the absolute difference, the larger and
the smaller of the two answers, so that the order cannot matter, and a decoder to half of the pictures' size.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from chalicelib.vision.context import MODEL, planes
from chalicelib.vision.evidence import prepare
from chalicelib.vision.features import levels_of
from chalicelib.vision.pixels import split
from tests.bench.scene_weather import weather
from tests.bench.scenes import pair

FIRST_SEEDS = (50_000, 60_000)  # without and with years between the dates
WIDTHS = (8, 14, 24, 32)
CROP_PX, BATCH, RATE = 160, 12, 2e-3
OPEN = 2  # in a truth: better left out


def draw(seed: int, folder: Path) -> None:
    """Draw one pair, bring it to the working scale and keep the network's view of it with its truth."""
    cv2.setNumThreads(1)
    r = np.random.default_rng([seed, 77])
    made = pair(seed, years=seed >= FIRST_SEEDS[1])
    before, after, truth = made.before, made.after, made.truth
    if seed % 5 == 0:
        before = before if r.random() < 0.5 else after
        after, truth = before, np.zeros_like(truth)
    if seed % 5 <= 1:
        after = weather(after, r)
    ready = prepare(split(before), split(after), made.metres_per_pixel)
    size = (ready.usable.shape[1], ready.usable.shape[0])
    changed, quiet = (cv2.resize((truth == v).astype(np.float32), size, interpolation=cv2.INTER_AREA) for v in (1, 0))
    wanted = np.where(changed > 0.5, 1, np.where(quiet > 0.95, 0, OPEN)).astype(np.uint8)
    wanted[~ready.usable] = OPEN
    one, two = (
        planes(p, level).astype(np.float16)
        for p, level in zip((ready.one, ready.two), levels_of(ready.one, ready.two), strict=True)
    )
    np.savez(folder / f"{seed}.npz", one=one, two=two, wanted=wanted)


class Network(nn.Module):
    """See the module's docstring."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        inputs = (3, *widths[:-1])
        self.encoders = nn.ModuleList(
            nn.Sequential(_layer(i, o, 2), _layer(o, o)) for i, o in zip(inputs, widths, strict=True)
        )
        self.joins = nn.ModuleList(_layer(3 * width, width) for width in widths)
        self.deepest = _layer(widths[-1], widths[-1])
        self.decoders = nn.ModuleList(_layer(i + o, o) for i, o in zip(widths[1:], widths[:-1], strict=True))
        self.answer = nn.Conv2d(widths[0], 1, 1)

    def forward(self, one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
        """Give log-odds (batch, 1, height / 2, width / 2) of two batches of planes; sides are multiples of 16."""
        joined = []
        for encode, join in zip(self.encoders, self.joins, strict=True):
            one, two = encode(one), encode(two)
            joined.append(join(torch.cat([(one - two).abs(), torch.maximum(one, two), torch.minimum(one, two)], 1)))
        seen = self.deepest(joined.pop())
        for decode in reversed(self.decoders):
            larger = functional.interpolate(seen, scale_factor=2.0, mode="nearest")
            seen = decode(torch.cat([larger, joined.pop()], 1))
        return self.answer(seen)


def _layer(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Samples:
    """Crops of the pairs in a folder, turned, mirrored, scaled and tinted at random."""

    def __init__(self, folder: Path) -> None:
        self.r = np.random.default_rng(1)
        self.files = [path for path in sorted(folder.glob("*.npz")) if int(path.stem) % 10 != 9]
        self.kept: dict[Path, tuple[np.ndarray, ...]] = {}

    def one(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give the planes of two pictures and the wanted answer of one crop."""
        path = self.files[self.r.integers(len(self.files))]
        if path not in self.kept:
            with np.load(path) as file:
                self.kept[path] = (file["one"], file["two"], file["wanted"])
        wanted = self.kept[path][2]
        side = int(min(round(CROP_PX * np.exp(self.r.uniform(-0.25, 0.25))), *wanted.shape))
        for _ in range(3):
            top, left = (self.r.integers(length - side + 1) for length in wanted.shape)
            box = (..., slice(top, top + side), slice(left, left + side))
            if (wanted[box] == 1).any() or self.r.random() < 0.3:
                break
        turns, is_mirrored = self.r.integers(4), self.r.random() < 0.5

        def turned(values: np.ndarray) -> np.ndarray:
            values = np.rot90(values, turns, (-2, -1))
            return np.ascontiguousarray(values[..., ::-1] if is_mirrored else values)

        size = (CROP_PX, CROP_PX)
        seen = [
            self._tinted(turned(np.stack([cv2.resize(p.astype(np.float32), size) for p in picture[box]])))
            for picture in self.kept[path][:2]
        ]
        return seen[0], seen[1], turned(cv2.resize(wanted[box], size, interpolation=cv2.INTER_NEAREST))

    def _tinted(self, seen: np.ndarray) -> np.ndarray:
        r = self.r
        seen = seen * np.exp(r.normal(0, 0.18, (3, 1, 1))) + r.normal(0, 0.12, (3, 1, 1))
        if r.random() < 0.3:
            seen = seen + r.normal(0, r.uniform(0, 0.15), seen.shape)
        return seen.astype(np.float32)


def fit(folder: Path, minutes: float) -> Network:
    """Fit for that long: logistic loss and Dice's, AdamW with a falling step."""
    torch.manual_seed(1)
    network, samples = Network(), Samples(folder)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    start, step = time.monotonic(), 0
    while (share := (time.monotonic() - start) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / 100) * max(0.02, 0.5 * (1 + np.cos(np.pi * share)))
        one, two, wanted = (
            torch.from_numpy(np.stack(part)) for part in zip(*(samples.one() for _ in range(BATCH)), strict=True)
        )
        odds = functional.interpolate(network(one, two), scale_factor=2, mode="bilinear", align_corners=False)[:, 0]
        counts, yes = (wanted != OPEN).float(), (wanted == 1).float()
        loss = functional.binary_cross_entropy_with_logits(odds, yes, counts, reduction="sum") / counts.sum()
        chance = torch.sigmoid(odds) * counts
        dice = 1 - (2 * (chance * yes).sum() + 100) / (chance.sum() + (yes * counts).sum() + 100)
        optimizer.zero_grad()
        (loss + 0.3 * dice).backward()
        optimizer.step()
        step += 1
        if step % 200 == 0:
            print(f"step {step}, {share:.0%}, log loss {loss.item():.3f}", flush=True)
    return network.eval()


def main() -> None:
    """Draw, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1500, help="of each kind")
    parser.add_argument("--minutes", type=float, default=34)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("build/context"))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    seeds = [first + k for k in range(options.pairs) for first in FIRST_SEEDS]
    missing = [seed for seed in seeds if not (options.keep / f"{seed}.npz").exists()]
    with ProcessPoolExecutor(options.jobs) as pool:
        list(pool.map(partial(draw, folder=options.keep), missing, chunksize=8))
    network = fit(options.keep, options.minutes)
    some = torch.zeros(1, 3, 192, 256)
    torch.onnx.export(
        network,
        (some, some),
        str(MODEL),
        input_names=["one", "two"],
        output_names=["odds"],
        opset_version=17,
        dynamo=False,  # no dynamic axes: OpenCV 4 refuses them, and takes any size all the same
    )
    print(f"wrote {MODEL.name}, {MODEL.stat().st_size} bytes")


if __name__ == "__main__":
    main()
