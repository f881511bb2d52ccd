"""The kinds of values that settings have, with their units and the bounds that all of a kind share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chalicelib.adapters.imagery.registry import PROVIDERS

if TYPE_CHECKING:
    ProviderName = str
else:
    ProviderName = Literal["none", *PROVIDERS]

PREFIX = "BHUPRAHARI_"
LEAST_JOB_MEMORY_MIB = 256  # the program alone takes 90 of them


class Unit(str):
    """What a number counts, where its type says it."""

    __slots__ = ()


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), Unit("seconds")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Unit("a share")]
Count = Annotated[int, Field(ge=0)]
WholeSeconds = Annotated[Count, Unit("seconds")]
Hours = Annotated[Count, Unit("hours")]
Days = Annotated[Count, Unit("days")]
Zoom = Annotated[int, Field(ge=4, le=22)]
UsDollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Mib = Annotated[Count, Unit("MiB")]


def _none_or_enough_memory(mib: int) -> int:
    if 0 < mib < LEAST_JOB_MEMORY_MIB:
        raise ValueError(f"must be 0 (no limit) or at least {LEAST_JOB_MEMORY_MIB}, not {mib}")
    return mib


JobMemory = Annotated[Mib, AfterValidator(_none_or_enough_memory)]


def split(text: str) -> tuple[str, ...]:
    """Return what stands between the commas of a text."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


class Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
