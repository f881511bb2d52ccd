"""The guards of what is kept, each with the way to take it out."""

from __future__ import annotations

from tests.simulation.guard import DB, DOMAIN, Guard

KEEPING = (
    Guard(
        "what is in use is not dropped",
        f"{DOMAIN}.retention",
        "standings",
        "None if used_by else image",
        "image",
    ),
    Guard(
        "nothing is dropped while it is looked at",
        f"{DB}.retention",
        "SqlRetention",
        " or _is_looked_at(connection, area_id)",
        "",
    ),
    Guard(
        "a dropped image is no reference",
        f"{DB}.retention",
        "_drop",
        ', "is_usable": False}',
        "}",
    ),
)
