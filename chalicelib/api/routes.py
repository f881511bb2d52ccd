"""What a route is: the view, what it takes and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

WHOLE_LIST = 1000  # items of a list that is asked for without a limit: the contract's bare arrays
View = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A view, what it takes and what it answers: what the documentation says about it."""

    view: View
    path: str
    method: str = "GET"
    body: type[BaseModel] | None = None
    is_body_optional: bool = False  # without one it is as if nothing were said in it
    response: type[BaseModel] | str | tuple[str, ...] | None = None  # a model, one media type or several, or nothing
    status: int = 200
    extra_statuses: tuple[int, ...] = ()  # beyond those that follow from the rest
    query: tuple[str, ...] = ()
    public: bool = False  # open to people who have not signed in
    is_paged: bool = False
    has_version: bool = False  # it answers with an ETag; a change of it takes If-Match
    whole: int = WHOLE_LIST  # items of the list where no limit is asked for

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.view.__name__

    @property
    def summary(self) -> str:
        """What the operation does, in a sentence."""
        return (self.view.__doc__ or "").strip()
