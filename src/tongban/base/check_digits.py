"""Check characters of ISO/IEC 7064."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def mod_37_36(payload: str) -> str:
    """Check character by ISO/IEC 7064 MOD 37,36 (hybrid system) over 0-9 and A-Z.

    Raises ValueError for another character.
    """
    product = 36
    for character in payload:
        value = ALPHABET.find(character)
        if value < 0:
            raise ValueError(f"{character!r} is not a digit or a capital letter")
        product = (product + value) % 36 or 36
        product = product * 2 % 37
    return ALPHABET[(37 - product) % 36]
