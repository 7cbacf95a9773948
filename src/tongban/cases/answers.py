"""Checking what a person typed against the fields that a guide defines (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from django.utils.translation import gettext as _

from tongban.base.identifiers import IdentifierError, check_resident_id, check_uscc
from tongban.base.problems import FieldError
from tongban.catalogue.guide_schema import FormField, FormPage

PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")


class Unfit(Exception):
    """An answer that can't be taken: a stable code and a message for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _text(field: FormField, typed: str) -> str:
    if len(typed) > field.max_length:
        raise Unfit(
            "too_long",
            _("Shorten this to %(most)d characters; it has %(now)d.")
            % {"most": field.max_length, "now": len(typed)},
        )
    return typed


def _choice(field: FormField, typed: str) -> str:
    if typed not in {option.value for option in field.options}:
        raise Unfit("not_an_option", _("Choose one of the options."))
    return typed


def _checkbox(field: FormField, typed: str) -> str:
    return "yes"


def _date(field: FormField, typed: str) -> str:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise Unfit("not_a_date", _("Enter a date as 2026-01-31.")) from None


def _number(field: FormField, typed: str) -> str:
    if not re.fullmatch(r"-?\d{1,12}", typed):
        raise Unfit("not_a_number", _("Enter a whole number."))
    value = int(typed)
    if field.minimum is not None and value < field.minimum:
        raise Unfit("too_small", _("Enter %(least)d or more.") % {"least": field.minimum})
    if field.maximum is not None and value > field.maximum:
        raise Unfit("too_large", _("Enter %(most)d or less.") % {"most": field.maximum})
    return str(value)


def _resident_id(field: FormField, typed: str) -> str:
    try:
        return check_resident_id(typed.upper().replace(" ", ""))
    except IdentifierError as problem:
        messages = {
            "old_form": _("This is a 15-digit number. Enter the 18-digit number on the card."),
            "length": _("An ID number has 18 characters; this one has %(count)d.")
            % {"count": len(typed.replace(" ", ""))},
            "characters": _("Character %(place)d of the ID number is wrong. Please check it.")
            % {"place": problem.position or 0},
            "birth_date": _("Characters 7 to 14 of the ID number are not a date. Please check."),
            "region": _("The first two digits of the ID number are no province. Please check."),
            "check_digit": _("Character 18 of the ID number does not fit. Please check it."),
        }
        raise Unfit(problem.code, messages.get(problem.code, str(problem))) from None


def _uscc(field: FormField, typed: str) -> str:
    try:
        return check_uscc(typed.upper().replace(" ", ""))
    except IdentifierError as problem:
        raise Unfit(
            problem.code,
            _(
                "This is not a valid unified social credit code. Copy all 18 characters from the"
                " business licence."
            ),
        ) from None


def _phone(field: FormField, typed: str) -> str:
    digits = typed.replace(" ", "")
    if not PHONE.fullmatch(digits):
        raise Unfit("not_a_phone", _("Enter a mobile number, or a landline with its area code."))
    return digits


CHECKS: Mapping[str, Callable[[FormField, str], str]] = {
    "text": _text,
    "textarea": _text,
    "choice": _choice,
    "checkbox": _checkbox,
    "date": _date,
    "number": _number,
    "resident_id": _resident_id,
    "uscc": _uscc,
    "phone": _phone,
}


def check_answer(field: FormField, typed: str) -> str:
    """The answer in its stored form, "" when an optional one is left out. Raises Unfit."""
    typed = typed.strip().replace("\r\n", "\n")
    if not typed:
        if field.required:
            raise Unfit("missing", _("Fill this in."))
        return ""
    if "\x00" in typed:
        raise Unfit("characters", _("This holds a character that can't be stored."))
    return CHECKS[field.kind](field, typed)


def check_page(page: FormPage, typed: Mapping[str, str]) -> tuple[dict[str, str], list[FieldError]]:
    """Answers of one page in stored form, and every fault; fields that the page lacks are dropped.

    An unfit answer is given back as it was typed, so that nothing has to be typed again.
    """
    answers: dict[str, str] = {}
    errors: list[FieldError] = []
    for field in page.fields:
        raw = typed.get(field.key, "")
        try:
            answers[field.key] = check_answer(field, raw)
        except Unfit as fault:
            # What can't be a text of the database or of any length is not worth keeping.
            answers[field.key] = raw.replace("\x00", "").strip()[:4_000]
            errors.append(FieldError(f"/{field.key}", fault.code, str(fault)))
    return answers, errors


def check_pages(
    pages: Iterable[FormPage], typed: Mapping[str, str]
) -> tuple[dict[str, str], list[FieldError]]:
    """`check_page` over all pages."""
    answers: dict[str, str] = {}
    errors: list[FieldError] = []
    for page in pages:
        some, faults = check_page(page, typed)
        answers |= some
        errors += faults
    return answers, errors
