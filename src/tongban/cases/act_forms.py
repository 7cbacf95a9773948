"""The form of an act: a field for everything that its row of the table asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tongban.base.problems import DomainError
from tongban.cases.labels import BUTTONS, DANGEROUS, DELIVERIES, GROUNDS, PROCEDURES
from tongban.cases.rules import (
    Act,
    Input,
    Situation,
    Step,
    grounds_for,
    kinds_for,
    running_for,
)

Row = dict[str, object]


def _options(values: Iterable[str], names: Mapping[str, Promise]) -> list[dict[str, str]]:
    return [{"value": str(value), "label": str(names[value])} for value in values]


def _reasons(step: Step, _now: Situation) -> Row:
    label = _("Reasons, as the applicant will read them")
    if step.act in (Act.END_SPECIAL, Act.END_WAIT, Act.CONFIRM_COMMITMENT):
        label = _("Result, as the applicant will read it")
    hint = ""
    if step.act is Act.REQUEST_CORRECTION:
        hint = _("List everything: it can be asked for once only.")
    if step.act in (Act.START_SPECIAL, Act.START_WAIT):
        hint = _("The applicant is told in writing: why, and until when.")
    return {"kind": "textarea", "label": label, "hint": hint}


def _until(step: Step, _now: Situation) -> Row:
    hint = _("For a hearing: its day, at least 7 working days from now.")
    if step.act is Act.ORDER_REPAIR:
        return {"kind": "date", "label": _("To be made good by")}
    return {
        "kind": "date",
        "label": _("Expected to end on"),
        "hint": hint if step.act is Act.START_SPECIAL else "",
    }


ROWS: Mapping[Input, Callable[[Step, Situation], Row]] = {
    Input.REASONS: _reasons,
    Input.GROUND: lambda step, now: {
        "kind": "choice",
        "label": _("Ground in law"),
        "options": _options(grounds_for(step.act, now.standing), GROUNDS),
    },
    Input.COMPETENT: lambda _step, _now: {
        "kind": "text",
        "label": _("Organ that has the power"),
        "hint": _("Needed when it is another organ's."),
        "required": False,
    },
    Input.DAYS: lambda _step, now: {
        "kind": "number",
        "label": _("By how many days"),
        "hint": _("At most %(most)d, once.") % {"most": now.standing.terms.extension.value},
    },
    Input.KIND: lambda step, now: {
        "kind": "choice",
        "label": _("Which one"),
        "options": _options(kinds_for(step.act, now.standing), PROCEDURES),
    },
    Input.RUNNING: lambda step, now: {
        "kind": "choice",
        "label": _("Which one"),
        "options": _options(running_for(step.act, now.standing), PROCEDURES),
    },
    Input.UNTIL: _until,
    Input.OFFICERS: lambda _step, _now: {
        "kind": "text",
        "label": _("Officers"),
        "hint": _("For a check on site: at least two names."),
        "required": False,
    },
    Input.HOW: lambda _step, _now: {
        "kind": "choice",
        "label": _("How it reached the applicant"),
        "options": _options(DELIVERIES, DELIVERIES),
    },
    Input.RESULT_NUMBER: lambda _step, _now: {
        "kind": "text",
        "label": _("Number of the licence or certificate"),
        "hint": _("What waits for this result in a bundle is filled in with it."),
        "required": False,
    },
}


def source(article: str) -> str:
    """Where an act stands: a bare number is one of the Licensing Law's articles."""
    if article[0].isdigit():
        return _("Licensing Law art. %(article)s") % {"article": article}
    return article


def act_form(
    step: Step,
    now: Situation,
    *,
    typed: Mapping[str, str] | None = None,
    fault: DomainError | None = None,
) -> dict[str, object]:
    """An act as `cases/act.html` shows it, with what was typed and what is wrong with it."""
    faults = {error.pointer.lstrip("/"): error.detail for error in fault.errors} if fault else {}
    held = typed or {}
    fields = [
        {
            "id": f"{name.value}-{step.act.value}",
            "name": name.value,
            "value": held.get(name.value, ""),
            "error": faults.get(name.value, ""),
            "required": True,
            "options": [],
            "hint": "",
        }
        | ROWS[name](step, now)
        for name in step.inputs
    ]
    return {
        "act": step.act.value,
        "label": BUTTONS[step.act],
        "source": source(step.article),
        "fields": fields,
        "danger": step.act in DANGEROUS,
        "opened": bool(held or faults),
    }


def read_back(step: Step, now: Situation, typed: Mapping[str, str]) -> list[dict[str, str]]:
    """What was typed, for the page that asks once more before it is done."""
    rows = []
    for name in step.inputs:
        row = ROWS[name](step, now)
        value = typed.get(name.value, "")
        options = row.get("options")
        if isinstance(options, list):
            value = next((one["label"] for one in options if one["value"] == value), value)
        if value:
            rows.append({"name": name.value, "label": str(row["label"]), "value": value})
    return rows
