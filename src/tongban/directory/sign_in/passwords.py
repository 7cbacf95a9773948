"""Passwords that are known from breaches are refused, without asking anybody outside."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

FILE_NAME = "breached-passwords.txt"
HASH_CHARACTERS = 40


def _line_at(file: BinaryIO, offset: int) -> bytes:
    """The first whole line that starts at or after `offset`."""
    file.seek(max(offset - 1, 0))
    if offset:
        file.readline()
    return file.readline()


def is_listed(path: Path, password: str) -> bool:
    """Whether the SHA-1 of the password is in a file of sorted `HASH:COUNT` lines.

    The file is that of Have I Been Pwned «ordered by hash» (about 40 GB, looked through by halving).
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            found = _line_at(file, middle)[:HASH_CHARACTERS].upper()
            if found == wanted:
                return True
            if found and found < wanted:
                low = middle + 1
            else:
                high = middle
        return _line_at(file, low)[:HASH_CHARACTERS].upper() == wanted


class BreachedPasswordValidator:
    """Refuses a password of the list in the data folder; without a list, Django's of 20,000 holds."""

    def validate(self, password: str, user: object = None) -> None:
        path = Path(settings.ENVIRONMENT.home) / FILE_NAME
        if path.exists() and is_listed(path, password):
            raise ValidationError(
                _("This password is known from a data breach. Choose another one."),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return _("No password that is known from data breaches.")
