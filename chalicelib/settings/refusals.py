"""What a setting must be, said from its field: for the sentence of a refusal, and for docs/settings.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails


def sentence(error: ErrorDetails, fields: Mapping[str, FieldInfo], names: Mapping[str, str]) -> str:
    """Say why the settings of a group were refused. `names` are what its fields are called in the environment."""
    _, *place = error["loc"]
    own = error.get("ctx", {}).get("error")  # of a check of ours, which says the rest itself
    if not place:
        return str(own)
    name, field, value = names[str(place[0])], fields[str(place[0])], error["input"]
    match error["type"]:
        case "value_error":
            said = f"{name} {own}"
        case "literal_error":
            said = f"{name} must be {' or '.join(words(field))}, not {value!r}"
        case "greater_than":
            said = f"{name} must be more than 0"
        case "greater_than_equal" | "less_than_equal" | "finite_number":
            said = f"{name} must be {_range(field)}, not {value}"
        case _:
            said = f"{name} must be a number, not {value!r}"
    return said


def _range(field: FieldInfo) -> str:
    least, most = limits(field)["ge"], limits(field).get("le")
    if limits(field).get("gt") == least:
        return f"a number of more than {least}"
    return f"a number from {least} up" if most is None else f"{least} to {most}"


def words(field: FieldInfo) -> tuple[str, ...]:
    """Return the words that a setting may be; none if it is not a choice."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def limits(field: FieldInfo) -> dict[str, float]:
    """Return the limits of a number: `gt`, `ge` and `le`, those that it has."""
    return {key: getattr(each, key) for each in field.metadata for key in ("gt", "ge", "le") if hasattr(each, key)}
