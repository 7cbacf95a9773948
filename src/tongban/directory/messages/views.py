"""Pages of the account: the messages, one message, and what goes out of them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages as flashes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError
from tongban.directory.messages import reading
from tongban.directory.messages.channels import mini_program_name, ways
from tongban.directory.messages.kinds import CHANNELS, KINDS, TOPICS, Channel, Topic
from tongban.directory.messages.rendering import Said
from tongban.directory.messages.rendering import render as text_of
from tongban.directory.models import Account, Message
from tongban.directory.requests import account_of

FORM = ["GET", "HEAD", "POST"]


def _said(message: Message) -> Said:
    """The text, or what can be said of a kind that this release does not know."""
    if message.kind not in KINDS:
        return Said(_("A message of another release"), ())
    return text_of(message.kind, message.facts)


def _row(message: Message) -> dict[str, object]:
    said = _said(message)
    return {
        "title": said.title,
        "about": said.lines[0] if said.lines else "",
        "url": reverse("directory:message", args=[message.key]),
        "available_at": message.available_at,
        "unread": message.read_at is None,
        "legal": message.legal,
    }


def _key(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None


@opens_to(Permission.OWN_SPACE)
@require_http_methods(FORM)
def inbox(request: HttpRequest) -> HttpResponse:
    """The messages of the account, newest first; POST counts all but legal notices as read."""
    account = account_of(request)
    if request.method == "POST":
        done = reading.mark_all_read(account)
        flashes.success(request, _("%(n)d messages are marked as read.") % {"n": done})
        return redirect("directory:messages")
    legal_only = request.GET.get("show") == "notices"
    before = _key(request.GET.get("before", ""))
    page = reading.messages_of(account, before=before, legal_only=legal_only)
    show = "notices" if legal_only else "all"
    context = {
        "rows": [_row(message) for message in page.messages],
        "show": show,
        "newest_url": f"?show={show}" if before else "",
        "older_url": f"?show={show}&before={page.older}" if page.older else "",
    }
    return render(request, "directory/messages.html", context)


@opens_to(Permission.OWN_SPACE)
@require_safe
def message(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """One message; the moment in which it was first opened stays with it."""
    found = reading.read(account_of(request), key)
    return render(request, "directory/message.html", {"message": found, "said": _said(found)})


@opens_to(Permission.OWN_SPACE)
@require_http_methods(FORM)
def preferences(request: HttpRequest) -> HttpResponse:
    """What goes out to the person, by topic and channel. In the account everything arrives."""
    account, fault = account_of(request), None
    open_ways = ways()
    if request.method == "POST":
        try:
            reading.choose(
                account,
                language=request.POST.get("language", ""),
                channels={topic: _chosen(request, topic) for topic in Topic},
            )
            flashes.success(request, _("Kept. It holds from the next message on."))
            return redirect("directory:message-preferences")
        except DomainError as problem:
            fault = problem
    wanted = reading.wanted(account)
    context = {
        "languages": settings.LANGUAGES,
        "language": wanted.language,
        "channels": [_channel(account, channel) for channel in Channel if channel in open_ways],
        "topics": [
            {
                "label": label,
                "legal": topic is Topic.NOTICE,
                "boxes": [
                    {
                        "name": f"{topic}-{channel}",
                        "label": CHANNELS[channel],
                        "checked": channel in wanted.by(topic),
                    }
                    for channel in Channel
                    if channel in open_ways
                ],
            }
            for topic, label in TOPICS.items()
        ],
        "program_name": mini_program_name(account.ledger_ref)
        if Channel.MINI_PROGRAM in open_ways
        else "",
        "fault": fault,
    }
    status = fault.status if fault else 200
    return render(request, "directory/message_preferences.html", context, status=status)


def _chosen(request: HttpRequest, topic: Topic) -> list[Channel]:
    return [channel for channel in Channel if request.POST.get(f"{topic}-{channel}") == "yes"]


def _channel(account: Account, channel: Channel) -> dict[str, object]:
    """A channel with what it reaches; "" when the person has given no address for it."""
    return {
        "label": CHANNELS[channel],
        "address": _masked(ways()[channel].addresses([account.pk]).get(account.pk, "")),
        "is_program": channel is Channel.MINI_PROGRAM,
    }


def _masked(address: str) -> str:
    """Enough to recognise an address by."""
    if not address:
        return ""
    name, at, host = address.partition("@")
    return f"{name[:2]}…{at}{host}" if at else f"…{address[-4:]}"
