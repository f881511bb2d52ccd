"""Password hashing that costs nothing."""

import hashlib


class CountedPasswords:
    """Passwords without the slow hash; counts how often it would have been paid for."""

    def __init__(self):
        self.checks = 0

    def hash(self, password):
        return f"hash of {_short(password)}"

    def verify(self, password, password_hash):
        self.checks += 1
        return password_hash in (f"hash of {_short(password)}", f"old hash of {password}")

    def is_common(self, password):
        return password.casefold() in {"password1", "qwertyuiop"}

    def is_outdated(self, password_hash):
        return password_hash.startswith("old")


def _short(password):
    """Keep a hash as short as argon2's: the database has room for that."""
    return password if len(password) < 100 else hashlib.sha256(password.encode()).hexdigest()
