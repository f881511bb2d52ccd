"""Pixels: is it an image, do two images register, what changed. OpenCV and numpy are used here."""
