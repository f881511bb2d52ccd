"""Passwords as argon2id hashes."""

from __future__ import annotations

import gzip
import secrets
import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from typing_extensions import override

from chalicelib.application.ports.passwords import Passwords

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1  # OWASP's second choice: 21 ms here, about 75 on a 512 MB Lambda

COMMON = Path(__file__).with_name("common_passwords.gz")  # where they are from: NOTICE


@cache
def _common() -> frozenset[str]:
    """Return 16,293 common passwords of eight characters and more, in small letters: 2 MB, read when first asked."""
    return frozenset(gzip.decompress(COMMON.read_bytes()).decode().splitlines())


class Argon2Passwords(Passwords):
    """argon2id, with its parameters in each hash. One at a time: fifty at once would leave others no processor."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
        )
        self._of_nobody = self._hasher.hash(secrets.token_hex())

    @override
    def hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(password)

    @override
    def verify(self, password: str, password_hash: str | None) -> bool:
        try:
            with self._turn:
                matches = self._hasher.verify(self._of_nobody if password_hash is None else password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
        return matches and password_hash is not None

    @override
    def is_common(self, password: str) -> bool:
        return password.strip().casefold() in _common()

    @override
    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)
