"""Rendering for people: the change mask as PNG, and the newer image with the changed regions drawn on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.vision.pixels import Bgr, Mask, Pixels, encode_png

_ALERT_COLOUR = (60, 20, 235)  # a red that neither roofs nor plants have
_HALO = (255, 255, 255)
_NO_DATA_GREY = 200  # where the image has no data
_MAX_LABELS = 20
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Drawing(NamedTuple):
    """A region to draw: its rings in pixels of the image, its area, and whether it is worth an alert."""

    rings: Sequence[NDArray[np.float64]]  # each (points, 2): columns, rows
    area_m2: float
    is_alert: bool


def mask_png(mask: Mask) -> bytes:
    """Encode a mask, (height, width), as PNG: one channel, 255 = changed."""
    return encode_png(mask.astype(np.uint8) * np.uint8(255))


def overlay_png(newer: Pixels, drawings: Sequence[Drawing]) -> bytes:
    """Draw regions on the newer image, as PNG: those worth an alert bold and with their size, the others thin."""
    canvas = newer.bgr.copy()
    canvas[~newer.valid] = _NO_DATA_GREY
    line = max(1, round(canvas.shape[0] / 420))
    for drawing in drawings:
        if not drawing.is_alert:
            _draw_rings(canvas, drawing, _HALO, line)
    alerts = [drawing for drawing in drawings if drawing.is_alert]
    for drawing in alerts:
        _draw_rings(canvas, drawing, _HALO, 3 * line)
    for drawing in alerts:
        _draw_rings(canvas, drawing, _ALERT_COLOUR, line)
    taken: list[tuple[int, int, int, int]] = []
    for drawing in sorted(alerts, key=lambda drawing: -drawing.area_m2)[:_MAX_LABELS]:
        _draw_label(canvas, drawing, line, taken)
    return encode_png(canvas)


def _draw_rings(canvas: Bgr, drawing: Drawing, colour: tuple[int, int, int], width: int) -> None:
    fine = [np.round((ring - 0.5) * 16).astype(np.int32).reshape(-1, 1, 2) for ring in drawing.rings]
    cv2.polylines(canvas, fine, isClosed=True, color=colour, thickness=width, lineType=cv2.LINE_AA, shift=4)


def _draw_label(canvas: Bgr, drawing: Drawing, line: int, taken: list[tuple[int, int, int, int]]) -> None:
    text = f"{drawing.area_m2:,.0f} m2".replace(",", " ")
    size = max(0.4, canvas.shape[0] / 1400)
    (width, height), base = cv2.getTextSize(text, _FONT, size, line)
    gap = 3 * line
    ring = drawing.rings[0]
    left, right = int(ring[:, 0].min()), int(ring[:, 0].max())
    top, bottom = int(ring[:, 1].min()), int(ring[:, 1].max())
    box_width, box_height = width + 2 * gap, height + base + 2 * gap
    middle = (left + right - box_width) // 2
    places = (
        (middle, top - gap - box_height),
        (middle, bottom + gap),
        (right + gap, top),
        (left - gap - box_width, top),
    )
    most_x, most_y = canvas.shape[1] - box_width, canvas.shape[0] - box_height
    for x, y in places:
        at = (min(max(x, 0), max(most_x, 0)), min(max(y, 0), max(most_y, 0)))
        box = (*at, at[0] + box_width, at[1] + box_height)
        if not any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken):
            break
    else:
        return
    taken.append(box)
    cv2.rectangle(canvas, box[:2], box[2:], _HALO, cv2.FILLED, cv2.LINE_AA)
    cv2.rectangle(canvas, box[:2], box[2:], _ALERT_COLOUR, line, cv2.LINE_AA)
    foot = (box[0] + gap, box[3] - gap - base // 2)
    cv2.putText(canvas, text, foot, _FONT, size, _ALERT_COLOUR, max(1, line), cv2.LINE_AA)
