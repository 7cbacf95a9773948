"""How the secrets of systems are stored."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class RandomSecretHasher(PBKDF2PasswordHasher):
    """One round: a secret of 128 random characters can't be guessed, however quick a guess is.

    A slow hash would only slow down every token request, inside its transaction.
    """

    algorithm = "random_secret"
    iterations = 1

    def must_update(self, encoded: str) -> bool:
        return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        return None
