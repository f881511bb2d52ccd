"""The gate: is this an image of what was asked for?"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.images import Inspection
from chalicelib.domain.scenes import ProviderTerms
from chalicelib.domain.tiles import Bounds, View

Inspect = Callable[[bytes, View, Bounds, ProviderTerms], Inspection]
"""Inspects an image before it is stored: (content, view, area, terms). Raises BadImage."""
