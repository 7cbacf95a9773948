"""How a case is told to people: its state, its history, its clock, what comes next."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongban.cases.models import Case, CaseEvent
from tongban.cases.rules import Act, Clock, State
from tongban.cases.selectors import answer_due
from tongban.catalogue.guide_schema import FormField, FormPage
from tongban.catalogue.wording import said
from tongban.directory.rules import mask
from tongban.directory.wording import day_words, moment_words

ACT_TITLES = {
    Act.SUBMIT: lambda: _("Application received"),
    Act.REQUEST_CORRECTION: lambda: _("Correction asked for"),
    Act.CORRECT: lambda: _("Correction handed in"),
    Act.ACCEPT: lambda: _("Accepted"),
    Act.REFUSE: lambda: _("Not accepted"),
    Act.APPROVE: lambda: _("Approved"),
    Act.DENY: lambda: _("Denied"),
    "due_recomputed": lambda: _("Deadline recomputed"),
}


def what_next(case: Case) -> tuple[str, str]:
    """What happens next and until when, for the applicant: a title and a text."""
    state = State(case.state)
    if state is State.SUBMITTED:
        return _("The organ checks your application"), _(
            "You get an answer by %(day)s: accepted, or one list of what to correct."
        ) % {"day": day_words(answer_due(case))}
    if state is State.CORRECTION:
        return _("Please correct your application"), _(
            "Read what is asked for below, correct it and hand it in again. You are asked once only."
        )
    if state is State.ACCEPTED:
        return _("The organ examines your application"), _(
            "The decision comes by %(day)s. You need to do nothing."
        ) % {"day": day_words(case.due_on)}
    if state is State.REFUSED:
        return _("Your application was not accepted"), _(
            "The reasons are below. You can apply again, or ask for a review."
        )
    if state is State.APPROVED:
        return _("Your application is approved"), _(
            "The result is delivered within 10 working days, as the guide says."
        )
    return _("Your application is denied"), _(
        "The reasons are below. You may ask for administrative review within 60 days, or go to court"
        " within 6 months."
    )


def timeline(
    events: tuple[CaseEvent, ...], *, for_staff: bool = False, applicant: int | None = None
) -> list[dict[str, str]]:
    """History for `web/components/timeline.html`, oldest first.

    What somebody did for the applicant (the account `applicant`) says who it was.
    """
    entries = []
    for event in events:
        title = ACT_TITLES.get(event.act)
        by = event.organ.name if event.organ else ""
        if for_staff and event.actor and event.organ:
            by = f"{by} · {event.actor}"
        if event.actor and not event.organ and event.actor_id != applicant:
            by = _("by %(agent)s for the applicant") % {"agent": event.actor}
        text = event.text
        if event.data.get("due_on"):
            text = _("Decision by %(day)s.") % {
                "day": day_words(date.fromisoformat(event.data["due_on"]))
            }
        entries.append(
            {
                "title": title() if title else event.act,
                "when": moment_words(event.at),
                "by": by,
                "text": text,
                "state": "done",
            }
        )
    if entries:
        entries[-1]["state"] = "current"
    return entries


def _days(count: int, in_working_days: bool) -> str:
    if in_working_days:
        return ngettext("%(n)d working day", "%(n)d working days", count) % {"n": count}
    return ngettext("%(n)d day", "%(n)d days", count) % {"n": count}


def time_bar(case: Case, clock: Clock | None, now: datetime) -> dict[str, object] | None:
    """The promised limit for `web/components/time_bar.html`; None before acceptance."""
    if clock is None:
        return None
    note = ""
    if clock.due.provisional and case.decided_at is None:
        years = ", ".join(str(year) for year in clock.due.unknown_years)
        note = _(
            "Provisional: the holiday notice for %(years)s is not out yet. The day is counted anew"
            " when it is, and you are told if it moves."
        ) % {"years": years}
    return {
        "total": clock.total,
        "used": clock.used,
        "left": clock.left,
        "paused": 0,
        "used_label": _days(clock.used, clock.in_working_days),
        "left_label": _days(clock.left, clock.in_working_days),
        "late_label": _days(clock.late, clock.in_working_days) if clock.late else "",
        "due_label": day_words(case.due_on),
        "due_note": note,
        "provisional": bool(note),
        "unit_label": _("working days") if clock.in_working_days else _("days"),
        "late": bool(clock.late),
        "done": case.decided_at is not None,
    }


def answer_label(field: FormField, answer: str) -> str:
    """An answer as it is read back: an option by its label."""
    if field.kind == "choice":
        return next((said(one.label) for one in field.options if one.value == answer), answer)
    if field.kind == "checkbox":
        return _("Yes") if answer else _("No")
    return answer


def shown_answer(field: FormField, value: str, *, masked: bool) -> str:
    """An answer as people read it; `masked` hides most of a number or an address."""
    if not masked:
        return answer_label(field, value)
    kind = "address" if field.prefill == "person.address" else field.kind
    return mask(answer_label(field, value), kind)


def answers_by_page(
    pages: tuple[FormPage, ...], answers: dict[str, str], *, masked: bool = False
) -> list[dict[str, object]]:
    """Answers for a check-answers list."""
    return [
        {
            "key": page.key,
            "title": said(page.title),
            "rows": [
                {
                    "label": said(field.label),
                    "answer": shown_answer(field, answers.get(field.key, ""), masked=masked),
                }
                for field in page.fields
            ],
        }
        for page in pages
    ]
