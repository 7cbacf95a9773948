"""What who acts has to say for it: reasons, grounds, days, kinds. All faults are named at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from tongban.base.problems import FieldError, InvalidInput
from tongban.cases.rules import (
    OFFICERS_LEAST,
    Act,
    Delivery,
    Ground,
    Input,
    Procedure,
    Situation,
    Step,
    grounds_for,
    hearing_span,
    kinds_for,
    running_for,
)
from tongban.directory.wording import day_words

REASONS_LEAST = 4
# A result can be as short as «合格».
RESULT_LEAST = 2
RESULTS = frozenset({Act.END_SPECIAL, Act.END_WAIT})
REASONS_MOST = 4_000
NAME_MOST = 100


class Said(NamedTuple):
    """What an event keeps of it: the text that people read, and the data."""

    text: str
    data: dict[str, Any]


class Unsaid(Exception):
    """An input that is missing or wrong: a stable code and a message for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Typed = Mapping[str, str]


def _reasons(step: Step, _now: Situation, typed: Typed) -> Any:
    least = RESULT_LEAST if step.act in RESULTS else REASONS_LEAST
    reasons = typed.get("reasons", "").strip().replace("\r\n", "\n").replace("\x00", "")
    if len(reasons) < least:
        raise Unsaid(
            "reasons_missing", _("Write what the applicant needs to know: facts, rule, what to do.")
        )
    if len(reasons) > REASONS_MOST:
        raise Unsaid("too_long", _("Shorten them to %(most)d characters.") % {"most": REASONS_MOST})
    return reasons


def _ground(step: Step, now: Situation, typed: Typed) -> Any:
    ground = typed.get("ground", "")
    if ground not in grounds_for(step.act, now.standing):
        raise Unsaid("ground", _("Choose the ground in law."))
    return ground


def _competent(_step: Step, _now: Situation, typed: Typed) -> Any:
    name = typed.get("competent", "").strip().replace("\x00", "")[:NAME_MOST]
    # art. 32(2): who refuses for want of power says who has it.
    if typed.get("ground") == Ground.NOT_OUR_POWER and not name:
        raise Unsaid("competent", _("Name the organ that the applicant must turn to."))
    return name or None


def _days(_step: Step, now: Situation, typed: Typed) -> Any:
    most = now.standing.terms.extension.value
    days = typed.get("days", "").strip()
    if not re.fullmatch(r"[0-9]{1,3}", days) or not 1 <= int(days) <= most:
        raise Unsaid("days", _("Enter a number of days from 1 to %(most)d.") % {"most": most})
    return int(days)


def _kind(step: Step, now: Situation, typed: Typed) -> Any:
    kind = typed.get("kind", "")
    if kind not in kinds_for(step.act, now.standing):
        raise Unsaid("kind", _("Choose one of the list; one that goes on can't be begun again."))
    return kind


def _running(step: Step, now: Situation, typed: Typed) -> Any:
    kind = typed.get("running", "")
    if kind not in running_for(step.act, now.standing):
        raise Unsaid("running", _("Choose one of those that go on."))
    return kind


def _until(_step: Step, now: Situation, typed: Typed) -> Any:
    try:
        until = date.fromisoformat(typed.get("until", "").strip())
    except ValueError:
        raise Unsaid("not_a_date", _("Enter a date as 2026-01-31.")) from None
    if not now.today < until or (until - now.today).days > 3660:
        raise Unsaid("until", _("Enter a day after today."))
    if typed.get("kind") == Procedure.HEARING:
        first, last = hearing_span(now.today, now.calendar)
        if not first <= until <= last:
            raise Unsaid(
                "hearing_day",
                _("A hearing is held between %(first)s and %(last)s (art. 47, 48).")
                % {"first": day_words(first), "last": day_words(last)},
            )
    return until.isoformat()


def _officers(_step: Step, _now: Situation, typed: Typed) -> Any:
    names = [
        name.strip()[:NAME_MOST]
        for name in re.split(r"[,，、;；\n]", typed.get("officers", "").replace("\x00", ""))
        if name.strip()
    ]
    if typed.get("kind") == Procedure.SITE_INSPECTION and len(set(names)) < OFFICERS_LEAST:
        raise Unsaid("officers", _("At least two officers check on site (art. 34): name them."))
    return names[:20] or None


def _how(_step: Step, _now: Situation, typed: Typed) -> Any:
    how = typed.get("how", "")
    if how not in list(Delivery):
        raise Unsaid("how", _("Choose how it reached the applicant."))
    return how


def _result_number(_step: Step, _now: Situation, typed: Typed) -> Any:
    number = typed.get("result_number", "").strip().replace("\x00", "")
    if len(number) > NAME_MOST:
        raise Unsaid("too_long", _("Shorten them to %(most)d characters.") % {"most": NAME_MOST})
    return number or None


CHECKS: Mapping[Input, tuple[str, Callable[[Step, Situation, Typed], Any]]] = {
    Input.REASONS: ("reasons", _reasons),
    Input.GROUND: ("ground", _ground),
    Input.COMPETENT: ("competent", _competent),
    Input.DAYS: ("days", _days),
    Input.KIND: ("kind", _kind),
    Input.RUNNING: ("kind", _running),
    Input.UNTIL: ("until", _until),
    Input.OFFICERS: ("officers", _officers),
    Input.HOW: ("how", _how),
    Input.RESULT_NUMBER: ("result_number", _result_number),
}


def said(step: Step, now: Situation, typed: Typed) -> Said:
    """What was said, checked. Raises InvalidInput with every fault; its code is the first one's."""
    data: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name in step.inputs:
        key, check = CHECKS[name]
        try:
            value = check(step, now, typed)
        except Unsaid as fault:
            faults.append(FieldError(f"/{name.value}", fault.code, str(fault)))
            continue
        if value is not None:
            data[key] = value
    if faults:
        raise InvalidInput(
            code=faults[0].code,
            title=_("Something is missing or wrong"),
            detail=" ".join(fault.detail for fault in faults),
            field=faults[0].pointer.lstrip("/"),
            errors=tuple(faults),
        )
    text = data.pop("reasons", "")
    return Said(text, data | _by_law(step, now, data))


def _by_law(step: Step, now: Situation, data: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from what was said and stands in the event for its own sake."""
    terms = now.standing.terms
    if step.act is Act.EXTEND:
        return {"unit": terms.extension.unit}
    excluded = terms.excluded or {}
    if step.act is Act.START_SPECIAL and data["kind"] in excluded:
        return {"basis": excluded[data["kind"]]}
    return {}
