"""Rows of people and their devices to values."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Row

from chalicelib.domain.accounts import Device, User


def user_of(row: Row[Any]) -> User:
    """Return the user of a row of `users`."""
    return User(
        user_id=row.id, email=row.email, profile=row.profile, created_at=row.created_at, updated_at=row.updated_at
    )


def device_of(row: Row[Any]) -> Device:
    """Return the device of a row of `devices`."""
    return Device(
        device_id=row.id,
        user_id=row.user_id,
        token=row.token,
        platform=row.platform,
        created_at=row.created_at,
        seen_at=row.seen_at,
    )


def address_hash(address: str) -> str:
    """Return the form under which a push's address is unique: tokens are longer than an index may be."""
    return hashlib.sha256(address.encode()).hexdigest()
