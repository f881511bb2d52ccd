"""Stripes across an image of 320 px, and what JPEG makes of them."""

import cv2
import numpy as np


def jpeg(image: np.ndarray, quality: int = 80) -> np.ndarray:
    """Return an image as JPEG gives it back."""
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def stripes(thick: int, turn_deg: float, count: int = 6) -> np.ndarray:
    """Return where parallel stripes lie, 48 px apart."""
    y, x = np.mgrid[0:320, 0:320]
    turn = np.radians(turn_deg)
    along = x * np.sin(turn) + y * np.cos(turn) - 31
    return (along >= 0) & (along % 48 < thick) & (along < 48 * count)
