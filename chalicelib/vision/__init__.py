"""Pixels: is it an image, do two line up, what changed. OpenCV lives here."""
