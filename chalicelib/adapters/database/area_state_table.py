"""The tables of how areas stand, and of what people were told about it.

Without foreign keys, for a release that does not know them purges areas too.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Double, String, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

area_states = table(
    "area_states",
    Column("area_id", Id, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("side_since", UtcDateTime),  # since when it has been seen at all, or not
    Column("session_id", Id),  # the one that said so last
    Column("unseen_m2", Double),  # in that session
    Column("watched_m2", Double),
    Column("unseen_since", UtcDateTime),
    Column("clearly_seen_at", UtcDateTime),  # since when images have shown all of it clearly; NULL: not known
    Column("told_state", String(16)),  # what people know; NULL: nothing was told
    Column("told_worse_at", UtcDateTime),
    Column("told_again", Boolean),
    Column("notice_id", Id),  # the last one that named it
    Column("tell_at", UtcDateTime, index=True),  # when to look whether there is something to tell
)

state_notices = table(
    "state_notices",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("areas", JSON, nullable=False),  # what is told of each, and what was known before
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    UniqueConstraint("user_id", "id"),  # the last of a user is found by it
)
