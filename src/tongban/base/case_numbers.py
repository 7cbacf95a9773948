"""Case numbers (办件编号): `511602-261121-8F3K7Q2M-C`.

County, local day, eight random characters, check character: readable on the phone, and the next
one can't be guessed from a neighbour.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from datetime import date

from tongban.base.check_digits import mod_37_36
from tongban.base.regions import pad

# Crockford's base 32: no I, L, O, U, so that nothing is misread.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 8
_FORM = re.compile(rf"([0-9]{{6}})-?([0-9]{{6}})-?([0-9A-Z]{{{RANDOM_LENGTH}}})-?([0-9A-Z])")
_MISREAD = str.maketrans("OIL", "011")


class CaseNumberError(ValueError):
    """Text that is no case number. `reason` is "form" or "check_character"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def make_case_number(region: str, on: date, rng: Callable[[int], int] = secrets.randbelow) -> str:
    """A fresh number for a case of the region (2 to 12 digits) received on a local day."""
    middle = "".join(ALPHABET[rng(len(ALPHABET))] for _ in range(RANDOM_LENGTH))
    parts = (pad(region)[:6], f"{on:%y%m%d}", middle)
    return "-".join((*parts, mod_37_36("".join(parts))))


def check_case_number(text: str) -> str:
    """The number in its one form. Forgives spaces, full-width forms, small letters, O for 0.

    Raises CaseNumberError.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = re.sub(r"[\s‐-―−]+", lambda found: "" if found[0].isspace() else "-", plain)
    found = _FORM.fullmatch(plain)
    if not found:
        raise CaseNumberError("form")
    region, day, middle, check = found.groups()
    middle = middle.translate(_MISREAD)
    if set(middle) - set(ALPHABET):
        raise CaseNumberError("form")
    if mod_37_36(region + day + middle) != check:
        raise CaseNumberError("check_character")
    return f"{region}-{day}-{middle}-{check}"
