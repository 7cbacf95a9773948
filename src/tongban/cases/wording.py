"""How a case is told to people: its state, its history, its clocks, what comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongban.base.clocks import local_date, utc_now
from tongban.cases.labels import ACT_TITLES, DELIVERIES, GROUNDS, PROCEDURES
from tongban.cases.models import Case, CaseEvent
from tongban.cases.rules import Clock, Standing, State
from tongban.cases.selectors import Clocks
from tongban.catalogue.guide_schema import FormField, FormPage
from tongban.catalogue.wording import said
from tongban.directory.rules import mask
from tongban.directory.wording import day_words, moment_words


def _received(case: Case) -> tuple[str, str]:
    return _("The organ checks your application"), _(
        "You get an answer by %(day)s: accepted, or one list of what to correct. If you hear nothing"
        " until then, it counts as accepted."
    ) % {"day": day_words(case.next_due_on)}


def _examined(case: Case) -> tuple[str, str]:
    if case.due_on and case.due_on < local_date(utc_now()):
        return _("The organ is late"), _(
            "The decision was due on %(day)s. It must still come; the guide says where to complain."
        ) % {"day": day_words(case.due_on)}
    return _("The organ examines your application"), _(
        "The decision comes by %(day)s. You need to do nothing."
    ) % {"day": day_words(case.due_on)}


def _correction(case: Case) -> tuple[str, str]:
    text = _(
        "Read what is asked for below, correct it and hand it in again. You are asked once only."
    )
    if case.applicant_due_on:
        text = f"{text} " + _(
            "Hand it in by %(day)s; after that the application counts as withdrawn."
        ) % {"day": day_words(case.applicant_due_on)}
    return _("Please correct your application"), text


def _approved(case: Case) -> tuple[str, str]:
    if case.delivered_at:
        return _("Your application is approved"), _("The result was delivered on %(day)s.") % {
            "day": moment_words(case.delivered_at)
        }
    return _("Your application is approved"), _("The result is delivered by %(day)s.") % {
        "day": day_words(case.next_due_on)
    }


NEXT: dict[State, Callable[[Case], tuple[str, str]]] = {
    State.SUBMITTED: _received,
    State.ACCEPTED: _examined,
    State.CORRECTION: _correction,
    State.PAUSED: lambda _case: (
        _("A special procedure goes on"),
        _("The clock stands until it ends; why and how long stands below. You need to do nothing."),
    ),
    State.REFUSED: lambda _case: (
        _("Your application was not accepted"),
        _("The reasons are below. You can apply again, or ask for a review."),
    ),
    State.APPROVED: _approved,
    State.DENIED: lambda _case: (
        _("Your application is denied"),
        _("The reasons are below, and what you can do against it."),
    ),
    State.WITHDRAWN: lambda _case: (
        _("The application is withdrawn"),
        _("Nothing more happens with it. You can apply again at any time."),
    ),
    State.TERMINATED: lambda _case: (
        _("The case ended without a decision"),
        _("The reasons are below, and what you can do against it."),
    ),
    State.REVOKED: lambda _case: (
        _("The approval was revoked"),
        _("The reasons are below, and what you can do against it."),
    ),
}


def what_next(case: Case) -> tuple[str, str]:
    """What happens next and until when, for the applicant: a title and a text."""
    title, text = NEXT[State(case.state)](case)
    if case.applicant_due_on and case.state != State.CORRECTION:
        text = _(
            "Papers are still missing: hand them in by %(day)s, else the application counts as"
            " withdrawn."
        ) % {"day": day_words(case.applicant_due_on)}
    return title, text


def remedies_said(events: tuple[CaseEvent, ...]) -> str:
    """Until when the applicant can turn against the last contestable act; "" when there is none."""
    for event in reversed(events):
        if "review_until" in event.data:
            return _(
                "You can ask for administrative review until %(review)s (60 days), or go to court"
                " until %(suit)s (6 months), counted from this notice."
            ) % {"review": _day(event.data, "review_until"), "suit": _day(event.data, "suit_until")}
    return ""


def _day(data: dict[str, Any], key: str) -> str:
    return day_words(date.fromisoformat(data[key]))


def _event_lines(event: CaseEvent, papers: Mapping[str, object]) -> list[str]:
    """What an event says beside its title: what it is about, days, grounds, reasons."""
    data, lines = event.data, []
    named = [
        str(papers[key]) for key in data.get("missing") or data.get("supplied", ()) if key in papers
    ]
    if named:
        lines.append("、".join(named))
    if data.get("kind") in PROCEDURES:
        lines.append(str(PROCEDURES[data["kind"]]))
    if data.get("basis"):
        lines.append(_("Not counted by %(basis)s.") % {"basis": data["basis"]})
    if data.get("ground") in GROUNDS:
        lines.append(str(GROUNDS[data["ground"]]))
    if data.get("competent"):
        lines.append(_("Turn to: %(organ)s") % {"organ": data["competent"]})
    if data.get("officers"):
        lines.append(_("Officers: %(names)s") % {"names": "、".join(data["officers"])})
    if data.get("how") in DELIVERIES:
        lines.append(str(DELIVERIES[data["how"]]))
    if event.text:
        lines.append(event.text)
    if data.get("until"):
        lines.append(_("Until %(day)s.") % {"day": _day(data, "until")})
    if data.get("due_on") and event.after == State.ACCEPTED:
        lines.append(_("Decision by %(day)s.") % {"day": _day(data, "due_on")})
    elif data.get("due_on"):
        lines.append(_("The next day is %(day)s.") % {"day": _day(data, "due_on")})
    return lines


def _by(event: CaseEvent, *, for_staff: bool, applicant: int | None) -> str:
    if event.actor is None:
        return _("by the system, as the law says")
    if event.organ:
        return f"{event.organ.name} · {event.actor}" if for_staff else event.organ.name
    if event.actor_id != applicant:
        return _("by %(agent)s for the applicant") % {"agent": event.actor}
    return ""


def timeline(
    events: tuple[CaseEvent, ...],
    *,
    for_staff: bool = False,
    applicant: int | None = None,
    papers: Mapping[str, object] | None = None,
) -> list[dict[str, str]]:
    """History for `web/components/timeline.html`, oldest first; `papers` are names by their keys.

    What somebody did for the applicant (the account `applicant`) says who it was.
    """
    entries = [
        {
            "title": str(ACT_TITLES.get(event.act, event.act)),
            "when": moment_words(event.at),
            "by": _by(event, for_staff=for_staff, applicant=applicant),
            "text": "\n".join(_event_lines(event, papers or {})),
            "state": "done",
        }
        for event in events
    ]
    if entries:
        entries[-1]["state"] = "current"
    return entries


def _days(count: int, in_working_days: bool) -> str:
    if in_working_days:
        return ngettext("%(n)d working day", "%(n)d working days", count) % {"n": count}
    return ngettext("%(n)d day", "%(n)d days", count) % {"n": count}


def _bar(title: str, clock: Clock, standing: Standing) -> dict[str, object]:
    """One limit for `web/components/time_bar.html`."""
    in_working_days = clock.in_working_days
    ended = standing.decided_at is not None or standing.closed_at is not None
    note = ""
    if clock.due.provisional and not ended:
        years = ", ".join(str(year) for year in clock.due.unknown_years)
        note = _(
            "Provisional: the holiday notice for %(years)s is not out yet. The day is counted anew"
            " when it is, and you are told if it moves."
        ) % {"years": years}
    return {
        "title": title,
        "total": clock.total,
        "used": clock.used,
        "left": clock.left,
        "paused": clock.paused,
        "used_label": _days(clock.used, in_working_days),
        "left_label": _days(clock.left, in_working_days),
        "total_label": _days(clock.total, in_working_days),
        "paused_label": _days(clock.paused, in_working_days) if clock.paused else "",
        "late_label": _days(clock.late, in_working_days) if clock.late else "",
        "due_label": day_words(clock.due.on),
        "due_note": note,
        "provisional": bool(note),
        "late": bool(clock.late),
        "done": ended,
        "standing": bool(standing.running),
        "used_share": _share(clock.used, clock),
        "paused_share": _share(clock.paused, clock),
    }


def _share(days: int, clock: Clock) -> int:
    """How much of the bar these days are, in thousandths; uncounted days make the bar longer."""
    whole = clock.total + clock.paused
    return round(1000 * days / whole) if whole else 1000


def _pause_lines(standing: Standing) -> list[str]:
    """Why and since when the clock stands or stood, and what goes on without stopping it."""
    lines = []
    for one in standing.waits:
        name = str(PROCEDURES[one.kind])
        span = {"kind": name, "begin": day_words(one.begin), "end": day_words(one.end)}
        if one.end is None:
            span["end"] = day_words(one.until)
            text = (
                _("%(kind)s: since %(begin)s, expected until %(end)s. This counts as time.")
                if one.counts
                else _("%(kind)s: the clock stands since %(begin)s, expected until %(end)s.")
            )
        else:
            text = (
                _("%(kind)s: %(begin)s to %(end)s. This counted as time.")
                if one.counts
                else _("%(kind)s: the clock stood from %(begin)s to %(end)s.")
            )
        lines.append(text % span)
    return lines


def time_bars(standing: Standing, clocks: Clocks | None) -> dict[str, object] | None:
    """The promise, the legal limit, and why the clock stood; None before acceptance."""
    if clocks is None:
        return None
    ended = standing.decided_at is not None or standing.closed_at is not None
    promise = _("Decision at the latest")
    if standing.extension:
        promise = _("Promised before the extension")
    if ended:
        promise = _("Decided; the last day was") if standing.decided_at else _("Promised day")
    legal = _("Limit of the law")
    if standing.extension:
        legal = _("Limit of the law, extended by %(days)s") % {
            "days": _days(standing.extension.value, standing.extension.unit == "working_day")
        }
    bars = [
        _bar(promise, clocks.promise, standing),
        _bar(legal, clocks.legal, standing),
    ]
    # After an extension the legal day is the one that people are told: it comes first.
    if standing.extension:
        bars.reverse()
    return {
        "bars": bars,
        "pauses": _pause_lines(standing),
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
