"""What a route is: the view, what it takes and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

View = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A view, what it takes and what it answers: what the documentation says about it."""

    view: View
    path: str
    method: str = "GET"
    body: type[BaseModel] | None = None
    response: type[BaseModel] | str | None = None  # a model, a media type, or nothing
    status: int = 200
    extra_statuses: tuple[int, ...] = ()  # beyond those that follow from the rest
    query: tuple[str, ...] = ()
    public: bool = False  # open to people who have not signed in
    is_paged: bool = False

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.view.__name__

    @property
    def summary(self) -> str:
        """What the operation does, in a sentence."""
        return (self.view.__doc__ or "").strip()
