"""A picture of many tiles, before and after: rendered in a blink, for the tests that look at something else."""

import cv2
import numpy as np

from tests.support.running.pairs import Pair

GSD_M = 0.5
TILE_M = 269.0  # of the grid's zoom 17 at this latitude: 512 pixels of 0.53 m
PATCH_M = 40


def patchwork(folder, *, side_m, name="patchwork", lat=28.6, lon=77.2):
    """Render a square of land, and the same with a bright patch on every tile's worth of it."""
    size = round(side_m / GSD_M)
    random = np.random.default_rng(7)
    coarse = random.normal(110, 30, (size // 32 + 2, size // 32 + 2, 3)).astype(np.float32)
    ground = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC) + random.normal(0, 6, (size, size, 3))
    before = np.clip(ground, 0, 255).astype(np.uint8)
    after = before.copy()
    step, patch = round(TILE_M / GSD_M), round(PATCH_M / GSD_M)
    patches = 0
    for top in range(step // 4, size - patch, step):
        for left in range(step // 4, size - patch, step):
            roof = (235, 225, 240) + random.normal(0, 1.5, (patch, patch, 3))  # one exact value would be no ground
            after[top : top + patch, left : left + patch] = np.clip(roof, 0, 255)
            patches += 1
    paths = []
    for which, picture in (("before", before), ("after", after)):
        paths.append(folder / f"{name}-{which}.png")
        cv2.imwrite(str(paths[-1]), picture)
    return Pair(name, *paths, size, size, GSD_M, patches * float(PATCH_M) ** 2, lat, lon)
