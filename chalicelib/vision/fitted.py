"""The detector's fitted numbers: files under `model/`, each with the date, the commit and the command that made it.

They are read when they are first used, not when a module is imported. `research/README.md` says how they are made anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chalicelib.vision.pixels import Floats

FOLDER = Path(__file__).parent / "model"
_ORIGIN = ("date", "commit", "command")


class BadModel(RuntimeError):
    """A file of fitted numbers is not there, or does not hold what the detector needs: nothing can be compared."""


def read_fields(name: str, folder: Path = FOLDER) -> Mapping[str, Any]:
    """Read the fields of a file under `model/`. Raises BadModel."""
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise BadModel(f"the detector's {name} cannot be read: {error.strerror}; take it from the release") from error
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BadModel(f"the detector's {name} is no JSON: {error}") from error
    made = fields.get("made") if isinstance(fields, dict) else None
    if not isinstance(made, dict) or not all(made.get(part) for part in _ORIGIN):
        raise BadModel(f"the detector's {name} does not say what made it: {', '.join(_ORIGIN)}")
    return fields  # type: ignore[no-any-return]  # a dict, as was just checked


def numbers(fields: Mapping[str, Any], field: str, shape: tuple[int, ...]) -> Floats:
    """Return a field's numbers as float32, to be read only. Raises BadModel for another shape."""
    try:
        found = np.array(fields[field], np.float32)
    except KeyError:
        raise BadModel(f"the detector's fitted numbers lack {field!r}") from None
    except (TypeError, ValueError) as error:
        raise BadModel(f"the detector's fitted numbers {field!r} are no numbers: {error}") from error
    if found.shape != shape:
        raise BadModel(f"the detector's fitted numbers {field!r} must have the shape {shape}, not {found.shape}")
    if not np.isfinite(found).all():
        raise BadModel(f"the detector's fitted numbers {field!r} must be finite")
    found.setflags(write=False)
    return found
