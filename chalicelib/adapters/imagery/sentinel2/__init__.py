"""Sentinel-2 as catalogues of STAC name it: searching, signing, and reading its scenes where they lie."""
