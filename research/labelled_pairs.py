"""The labelled pairs and their scorer: research data beside the repository (`../shared`), not ours to ship."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np

from research.model_files import ROOT

SHARED = ROOT.parent / "shared"


def scorer() -> Any:
    """Load the scorer that lies beside the pairs."""
    if "cd_score" not in sys.modules:
        spec = importlib.util.spec_from_file_location("cd_score", SHARED / "bench" / "cd_score.py")
        sys.modules["cd_score"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["cd_score"])
    return sys.modules["cd_score"]


def scored(row: dict, truth: np.ndarray, mask: np.ndarray, knobs: dict) -> dict[str, Any]:
    """Measure one pair as the scorer sums it up, from its truth (0 or 1) and our mask; no stress, no time."""
    metres_per_pixel, ours = float(row["metres_per_pixel"]), (mask > 0).astype(np.uint8)
    alarm = scorer().px_for(knobs["alert_m2"], metres_per_pixel, knobs["alert_px"])
    return {
        "id": row["id"],
        "source": row["source"],
        "ms": 0.0,
        "px": [int((ours & truth).sum()), int((ours & (1 - truth)).sum()), int(((1 - ours) & truth).sum())],
        "area": int(ours.sum()),
        "gt": int(truth.sum()),
        "alarm": alarm,
        "n": truth.size,
        "obj": scorer().objects(ours, truth, scorer().px_for(knobs["object_m2"], metres_per_pixel, 16)),
        "win": scorer().clean_windows(ours, truth, 128, 8, alarm),
        "swap": [1, 1],
        "nuis": {},
        "stress": {},
    }


def wilson(hits: int, of: int) -> str:
    """Return a share with its 95 % Wilson interval."""
    if not of:
        return "none"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{hits}/{of} = {share:.2f} (95 %: {max(0.0, middle - half):.2f} to {min(1.0, middle + half):.2f})"
