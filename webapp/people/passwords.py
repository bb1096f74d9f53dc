"""Passwords of staff: hashed by Argon2id with the library's profile (RFC 9106, low memory)."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.languages import Sentence

SHORTEST = 10
LONGEST = 200
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the hash to keep for ``password``.

    Raises
    ------
    ValueError
        When it is shorter than ``SHORTEST`` or longer than ``LONGEST`` characters.
    """
    if len(password) < SHORTEST:
        raise ValueError(Sentence("A password has at least %(least)d characters.", least=SHORTEST))
    if len(password) > LONGEST:
        raise ValueError(Sentence("A password has at most %(most)d characters.", most=LONGEST))
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Say whether ``password`` is the one that ``password_hash`` was made from.

    With no hash (nobody has that e-mail address) it does the same work and says no, so that the time taken
    does not tell which addresses are known.
    """
    try:
        matches = _hasher.verify(password_hash or _nobodys_hash(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def needs_new_hash(password_hash: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def make_password() -> str:
    """Return a new random password that can be read out: four groups of four letters and digits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
