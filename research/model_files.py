"""Write the detector's fitted numbers as it reads them: `chalicelib/vision/model/*.json`, each with what made it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from chalicelib.vision.calibration import Calibration, calibration_of
from chalicelib.vision.fitted import FOLDER
from chalicelib.vision.kinds import KINDS, KindModel, kind_model_of
from chalicelib.vision.network import Network, network_of

ROOT = Path(__file__).resolve().parents[1]


def write_weights(network: Network, made: Mapping[str, str]) -> None:
    """Write the network's file."""
    (FOLDER / "weights.json").write_text(weights_text(network, made), encoding="utf-8")


def write_calibration(calibration: Calibration, made: Mapping[str, str]) -> None:
    """Write the calibration's file."""
    (FOLDER / "calibration.json").write_text(calibration_text(calibration, made), encoding="utf-8")


def write_kinds(model: KindModel, made: Mapping[str, str]) -> None:
    """Write the file of what kinds are told by."""
    (FOLDER / "kinds.json").write_text(kinds_text(model, made), encoding="utf-8")


def origin() -> dict[str, str]:
    """Return what makes a file now: the date, the commit, with a + where the tree was changed since, the command.

    To be asked before a fit begins: that is the tree that makes the numbers, and without git nothing is fitted in vain.
    """
    commit = _git("rev-parse", "HEAD") + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    program = sys.modules["__main__"].__spec__
    command = ["python", "-m", program.name if program else sys.argv[0], *sys.argv[1:]]
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit, "command": " ".join(command)}


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def weights_text(network: Network, made: Mapping[str, str]) -> str:
    """Write a network out so that reading it gives the same float32 numbers, to the bit."""
    rows = ",\n".join(_row(row) for row in network.first)
    text = (
        f'{{\n"made": {json.dumps(made)},\n"maps": {json.dumps(network.maps)},\n"first": [\n{rows}\n],\n'
        f'"first_bias": {_row(network.first_bias)},\n"second": {_row(network.second)},\n'
        f'"bias": {np.float32(network.bias)!s}\n}}\n'
    )
    again = network_of(json.loads(text))
    if not all(np.array_equal(one, other) for one, other in zip(network, again, strict=True)):
        raise ArithmeticError("the weights did not come back as they were written")
    return text


def calibration_text(calibration: Calibration, made: Mapping[str, str]) -> str:
    """Write a calibration out, to four digits after the point."""
    slope, intercept = (round(float(number), 4) for number in calibration)
    text = f'{{\n"made": {json.dumps(made)},\n"slope": {slope},\n"intercept": {intercept}\n}}\n'
    calibration_of(json.loads(text))
    return text


def kinds_text(model: KindModel, made: Mapping[str, str]) -> str:
    """Write a model of kinds out, to five digits after the point."""
    rows = ",\n".join(_rounded(row) for row in model.weights)
    text = (
        f'{{\n"made": {json.dumps(made)},\n"descriptors": {json.dumps(model.descriptors)},\n'
        f'"kinds": {json.dumps(list(KINDS))},\n"mean": {_rounded(model.mean)},\n"spread": {_rounded(model.spread)},\n'
        f'"weights": [\n{rows}\n],\n"bias": {_rounded(model.bias)}\n}}\n'
    )
    kind_model_of(json.loads(text))
    return text


def _rounded(numbers: Iterable[float]) -> str:
    return f"[{', '.join(str(round(float(number), 5)) for number in numbers)}]"


def _row(numbers: Iterable[np.float32]) -> str:
    """Write float32 numbers with the fewest digits that tell them apart."""
    return f"[{', '.join(str(number) for number in numbers)}]"
