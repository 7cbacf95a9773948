"""Identifiers of people and bodies, with the reason when one is refused.

Check digits and structures come from python-stdnum; it says only "invalid", so the reason is
worked out here, in the order in which a person would look.
"""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import ric, uscc

PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
REGISTRATION_AUTHORITIES = "123456789ANY"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class IdentifierError(ValueError):
    """An identifier that can't be right. `code` says why, `position` where (from 1)."""

    def __init__(self, code: str, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.position = position


def check_resident_id(value: str) -> str:
    """A resident ID number (GB 11643-1999), unchanged when it is right. Raises IdentifierError."""
    if re.fullmatch(r"[0-9]{15}", value):
        raise IdentifierError("old_form", "15 digits: the form of before 1999")
    if len(value) != 18:
        raise IdentifierError("length", f"{len(value)} characters instead of 18")
    if value.endswith("x"):
        raise IdentifierError("lower_case", "the last character is a capital X", 18)
    if found := re.search(r"[^0-9]", value[:17]):
        place = found.start() + 1
        raise IdentifierError("characters", f"character {place} is not a digit", place)
    if not re.fullmatch(r"[0-9X]", value[17]):
        raise IdentifierError("characters", "character 18 is not a digit or X", 18)
    if value[:2] not in PROVINCES:
        raise IdentifierError("region", f"there is no province {value[:2]}", 1)
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        raise IdentifierError("birth_date", f"{value[6:14]} is not a date", 7) from None
    if ric.calc_check_digit(value) != value[17]:
        raise IdentifierError("check_digit", "the check character does not fit", 18)
    return value


def mask_resident_id(value: str) -> str:
    """Region and last four characters only: `1101**********0021`."""
    return (
        f"{value[:4]}{'*' * (len(value) - 8)}{value[-4:]}" if len(value) > 8 else "*" * len(value)
    )


def check_uscc(value: str) -> str:
    """A unified social credit code (GB 32100-2015), unchanged when it is right.

    Raises IdentifierError.
    """
    if len(value) != 18:
        raise IdentifierError("length", f"{len(value)} characters instead of 18")
    if value != value.upper():
        raise IdentifierError("lower_case", "letters are capitals")
    for place, character in enumerate(value, start=1):
        if character not in USCC_ALPHABET:
            raise IdentifierError(
                "characters", f"character {place} is {character}; I, O, S, V, Z are not used", place
            )
    if value[0] not in REGISTRATION_AUTHORITIES:
        raise IdentifierError(
            "registration_authority", f"{value[0]} is no registration authority", 1
        )
    if not re.fullmatch("[0-9]{6}", value[2:8]):
        raise IdentifierError("region", "characters 3-8 are the digits of a region", 3)
    # `uscc.validate` refuses the authorities A, N and Y for their letter; the digit is the same.
    if uscc.calc_check_digit(value[:17]) != value[17]:
        raise IdentifierError("check_digit", "the check character does not fit", 18)
    return value


def check_organisation_code(value: str) -> str:
    """An organisation code (GB 11714-1997) without its hyphen. Raises IdentifierError."""
    plain = value.replace("-", "") if re.fullmatch(r".{8}-.", value) else value
    if len(plain) != 9:
        raise IdentifierError("length", f"{len(plain)} characters instead of 9")
    if found := re.search(r"[^0-9A-Z]", plain[:8]):
        place = found.start() + 1
        raise IdentifierError("characters", f"character {place} is not a digit or capital", place)
    total = sum(
        weight * int(character, 36)
        for weight, character in zip(ORGANISATION_WEIGHTS, plain, strict=False)
    )
    if "0123456789X0"[11 - total % 11] != plain[8]:
        raise IdentifierError("check_digit", "the check character does not fit", 9)
    return plain
