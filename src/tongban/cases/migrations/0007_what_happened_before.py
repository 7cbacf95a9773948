"""Cases of before the whole life: their events say from which state to which, and their limits.

Self-contained: the rules may change later, what was stored then does not.
"""

from zoneinfo import ZoneInfo

from django.db import migrations

from tongban.base.worktime import (
    Calendar,
    DayKind,
    deadline_in_calendar_days,
    deadline_in_months,
    deadline_in_working_days,
)

LOCAL = ZoneInfo("Asia/Shanghai")
AFTER = {
    "submit": "submitted",
    "request_correction": "correction",
    "correct": "submitted",
    "accept": "accepted",
    "refuse": "refused",
    "approve": "approved",
    "deny": "denied",
}
LOOKS = {"viewed", "revealed", "emergency"}


def _day(moment):
    return moment.astimezone(LOCAL).date()


def _last(limit, start, calendar):
    value, unit = limit
    if unit == "working_day":
        return deadline_in_working_days(start, value, calendar).on
    if unit == "month":
        return deadline_in_months(start, value, calendar).on
    if unit == "on_the_spot":
        return start
    days = -(-value // 24) if unit == "hour" else value
    return deadline_in_calendar_days(start, days, calendar).on


def _terms(document):
    legal, promise = document["statutory_limit"], document["promised_limit"]
    spot = legal["unit"] == "on_the_spot"
    return {
        "legal": [legal["value"], legal["unit"]],
        "promise": [promise["value"], promise["unit"]],
        "extension": [0, "on_the_spot"] if spot else [10, "working_day"],
        "excluded": {},
        "to_follow_days": 5,
    }


def forwards(apps, schema_editor):
    Case = apps.get_model("cases", "Case")
    CaseEvent = apps.get_model("cases", "CaseEvent")
    years = frozenset(
        apps.get_model("directory", "CalendarYear").objects.values_list("year", flat=True)
    )
    days = apps.get_model("directory", "CalendarDay").objects.values_list("day", "kind")
    calendar = Calendar(years=years, exceptions={day: DayKind(kind) for day, kind in days})
    for case in Case.objects.select_related("guide").defer("answers").iterator():
        state, received, now = "", case.submitted_at, {}
        for event in CaseEvent.objects.filter(case=case).order_by("seq"):
            if event.act in LOOKS:
                continue
            event.before, event.after = state, AFTER.get(event.act, state)
            state = event.after
            if event.act == "correct":
                received = event.at
            if event.act == "accept":
                now["accepted_by"] = event.actor_id
                event.data = {**event.data, "terms": _terms(case.guide.document)}
            if event.act in ("approve", "deny"):
                now["decided_by"] = event.actor_id
            if event.act == "refuse":
                now["closed_at"] = event.at
            event.save(update_fields=["before", "after", "data"])
        if case.accepted_at:
            terms = _terms(case.guide.document)
            start = _day(case.accepted_at)
            now["legal_due_on"] = _last(terms["legal"], start, calendar)
            now["due_on"] = case.due_on or _last(terms["promise"], start, calendar)
        upcoming = {
            "submitted": lambda: deadline_in_working_days(_day(received), 5, calendar).on,
            "accepted": lambda: now["due_on"],
            "approved": lambda: deadline_in_working_days(_day(case.decided_at), 10, calendar).on,
            "denied": lambda: deadline_in_working_days(_day(case.decided_at), 10, calendar).on,
        }.get(case.state)
        now["next_due_on"] = upcoming() if upcoming else None
        changes = {
            {"accepted_by": "accepted_by_id", "decided_by": "decided_by_id"}.get(name, name): value
            for name, value in now.items()
        }
        Case.objects.filter(pk=case.pk).update(**changes)


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0006_lifecycle"),
        ("directory", "0004_openid"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
