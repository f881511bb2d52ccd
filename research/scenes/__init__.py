"""Simulated land for fitting the detector and for series of dates. No image that anybody took is in it."""
