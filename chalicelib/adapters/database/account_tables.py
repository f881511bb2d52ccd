"""The tables of people's sign-ins and devices, and of how much more they may ask for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Text, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

sign_ins = table(
    "sign_ins",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("network", String(64)),  # an IPv4 address, or an IPv6 /64; NULL: of a release that kept none
    Column("client", String(100)),  # what the client said that it is
)

refresh_tokens = table(
    "refresh_tokens",
    Column("id", Id, primary_key=True),
    Column("sign_in_id", Id, ForeignKey("sign_ins.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("successor_nonce", String(64)),  # with the token itself it gives the one that followed
)

devices = table(
    "devices",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("token", Text, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("platform", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

buckets = table(
    "buckets",
    Column("name", String(40), primary_key=True),
    Column("full_at_us", BigInteger, nullable=False),  # microseconds since 1970; one that is full needs no row
    UniqueConstraint("full_at_us", "name"),
)
