"""Pages of appointments: offices, free times, one's own; the screen of a waiting room; the counter."""

from __future__ import annotations

import contextlib
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, InvalidInput
from tongban.cases.appointments import booking, queue
from tongban.cases.appointments.selectors import (
    free_times,
    my_bookings,
    offices_for,
    offices_of,
    queue_of,
)
from tongban.cases.models import Booking, Office, OfficeService, Ticket
from tongban.directory.choice import current_region
from tongban.directory.requests import account_of


def _office(slug: str) -> Office:
    found = Office.objects.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


@opens_to(Permission.VISIT)
@require_safe
def offices(request: HttpRequest) -> HttpResponse:
    """Offices of the visitor's region and what they serve."""
    context = {"offices": offices_for(current_region(request))}
    return render(request, "cases/offices.html", context)


def _moment(typed: str) -> datetime:
    moment = None
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(typed)
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(
            code="no_such_slot",
            title=_("There is no such time"),
            detail=_("Choose one of the times that are shown."),
            field="begins_at",
        )
    return moment


@opens_to(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def office(request: HttpRequest, office: str) -> HttpResponse:
    """Choose a service and a time, and book it; `change` is the code of an appointment to move."""
    account, place = account_of(request), _office(office)
    services = list(place.services.select_related("item").order_by("item__name"))
    wanted = request.POST.get("item") or request.GET.get("item", "")
    chosen = next((one for one in services if one.item.code == wanted), None)
    change = request.POST.get("change") or request.GET.get("change", "")
    fault: DomainError | None = None
    if request.method == "POST":
        try:
            begins_at = _moment(request.POST.get("begins_at", ""))
            if change:
                made = booking.move(account, change, begins_at)
            else:
                made = booking.book(account, place, wanted, begins_at)
            messages.success(request, _("Booked. Your code is %(code)s.") % {"code": made.code})
            return redirect("cases:my-appointments")
        except DomainError as problem:
            fault = problem
    context = {
        "office": place,
        "services": services,
        "chosen": chosen,
        "change": change,
        "days": _days(chosen),
        "fault": fault,
    }
    status = fault.status if fault else 200
    return render(request, "cases/office.html", context, status=status)


def _days(service: OfficeService | None) -> list[dict[str, object]]:
    if service is None:
        return []
    return [
        {
            "day": day.day,
            "times": [
                {"value": one.begins_at.isoformat(), "label": f"{one.begins_at:%H:%M}"}
                for one in day.times
            ],
        }
        for day in free_times(service, utc_now())
    ]


@opens_to(Permission.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """My appointments; cancel one."""
    account, fault = account_of(request), None
    if request.method == "POST":
        try:
            booking.cancel(account, request.POST.get("code", ""))
            messages.success(request, _("Cancelled. The time is free for somebody else."))
            return redirect("cases:my-appointments")
        except DomainError as problem:
            fault = problem
    now = utc_now()
    found = my_bookings(account)
    open_now = [one for one in found if one.state == Booking.State.BOOKED and one.begins_at > now]
    context = {
        "coming": sorted(open_now, key=lambda one: one.begins_at),
        "past": [one for one in found if one not in open_now],
        "fault": fault,
    }
    status = fault.status if fault else 200
    return render(request, "cases/my_appointments.html", context, status=status)


@opens_to(Permission.VISIT)
@require_safe
def screen(request: HttpRequest, office: str) -> HttpResponse:
    """The screen of a waiting room: who is called where, and how long it takes. No names."""
    place = _office(office)
    context = {"office": place, "queue": queue_of(place, utc_now())}
    return render(request, "cases/queue.html", context)


@opens_to(Permission.RUN_COUNTER)
@require_safe
def counters(request: HttpRequest) -> HttpResponse:
    """The offices whose counters one serves."""
    found = offices_of(account_of(request))
    if len(found) == 1:
        return redirect("cases:counter", office=found[0].slug)
    return render(request, "cases/counters.html", {"offices": found})


def _number(request: HttpRequest) -> int:
    typed = request.POST.get("counter", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0


def _done(request: HttpRequest, slug: str) -> str:
    """Do what the counter's form says; what the page then says."""
    account, act = account_of(request), request.POST.get("act", "")
    if act == "ticket":
        ticket = queue.take_ticket(account, slug, request.POST.get("item", ""))
        return _("Ticket %(number)d.") % {"number": ticket.number}
    if act == "check_in":
        ticket = queue.check_in(account, slug, request.POST.get("code", ""))
        return _("Checked in: ticket %(number)d.") % {"number": ticket.number}
    if act == "call":
        ticket = queue.call_next(account, slug, _number(request))
        return _("Number %(number)d, please: %(item)s.") % {
            "number": ticket.number,
            "item": ticket.service.item.name,
        }
    if act == "again":
        ticket = queue.call_again(account, slug, _number(request))
        if ticket.state == Ticket.State.ABSENT:
            return _("Called three times; the place in the queue is lost.")
        return _("Called again.")
    if act == "finish":
        queue.finish(account, slug, _number(request))
        return _("Served.")
    raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")


@opens_to(Permission.RUN_COUNTER)
@require_http_methods(["GET", "HEAD", "POST"])
def counter(request: HttpRequest, office: str) -> HttpResponse:
    """The counter: tickets, check-in by code, calling."""
    place = queue.office_of(account_of(request), office)
    fault: DomainError | None = None
    if request.method == "POST":
        try:
            messages.success(request, _done(request, office))
            return redirect("cases:counter", office=office)
        except DomainError as problem:
            fault = problem
    found = queue_of(place, utc_now())
    at = {one.counter: one.number for one in found.called}
    context = {
        "office": place,
        "services": list(place.services.select_related("item").order_by("item__name")),
        "counters": [
            {"number": one.number, "serves": at.get(one.number)}
            for one in place.counters.order_by("number")
        ],
        "queue": found,
        "fault": fault,
    }
    return render(request, "cases/counter.html", context, status=fault.status if fault else 200)
