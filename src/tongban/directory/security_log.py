"""The security log: sign-ins, failures, refusals, reveals. References only, never personal data.

Each entry is a row (kept as long as the retention rule says) and one line of JSON on the logger
`tongban.security`, for whatever collects logs. Clients appear as a keyed hash of their address: two
entries of one client can be told to be so, and the address can't be read from it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.directory.clients import client_reference
from tongban.directory.models import Account, SecurityEvent

logger = logging.getLogger("tongban.security")

SIGNED_IN: Final = "signed_in"
SIGN_IN_FAILED: Final = "sign_in_failed"
SIGN_IN_STOPPED: Final = "sign_in_stopped"
SIGNED_OUT: Final = "signed_out"
NEW_DEVICE: Final = "new_device"
REFUSED: Final = "refused"
OUT_OF_REACH: Final = "out_of_reach"
SECRETS_CHANGED: Final = "secrets_changed"
REVEALED: Final = "revealed"
EMERGENCY: Final = "emergency"
POSTS_CHANGED: Final = "posts_changed"
IDENTITY_CHECKED: Final = "identity_checked"
EXPORTED: Final = "exported"
THROTTLED: Final = "throttled"
UPSTREAM_CONNECTED: Final = "upstream_connected"
UPSTREAM_DISCONNECTED: Final = "upstream_disconnected"

KINDS: Final = {
    SIGNED_IN: _("signed in"),
    SIGN_IN_FAILED: _("sign-in failed"),
    SIGN_IN_STOPPED: _("sign-in stopped after too many attempts"),
    SIGNED_OUT: _("signed out"),
    NEW_DEVICE: _("signed in on a new device"),
    REFUSED: _("page refused"),
    OUT_OF_REACH: _("asked for what is not theirs"),
    SECRETS_CHANGED: _("password or factor changed"),
    REVEALED: _("masked data revealed"),
    EMERGENCY: _("emergency access"),
    POSTS_CHANGED: _("posts changed"),
    IDENTITY_CHECKED: _("identity checked"),
    EXPORTED: _("own data exported"),
    THROTTLED: _("too many requests"),
    UPSTREAM_CONNECTED: _("national identity connected"),
    UPSTREAM_DISCONNECTED: _("national identity disconnected"),
}


@dataclass(frozen=True)
class AlertRule:
    """So many entries of a kind within a span, by one account or one client, want a look."""

    kind: str
    by: str
    most: int
    minutes: int
    words: object


ALERT_RULES: Final = (
    AlertRule(SIGN_IN_FAILED, "client", 30, 60, _("many failed sign-ins from one client")),
    AlertRule(SIGN_IN_FAILED, "account", 15, 60, _("many failed sign-ins to one account")),
    AlertRule(REFUSED, "account", 20, 60, _("one account tries pages that are not its own")),
    AlertRule(OUT_OF_REACH, "account", 20, 60, _("one account asks for what is not its own")),
    AlertRule(REVEALED, "account", 30, 60, _("one account reveals masked data again and again")),
    AlertRule(NEW_DEVICE, "account", 5, 24 * 60, _("one account on many new devices")),
)


def note(
    request: HttpRequest | None,
    kind: str,
    *,
    account: Account | None = None,
    subject: str = "",
    at: datetime | None = None,
    **data: str | int | bool,
) -> SecurityEvent:
    """Write an entry. `subject` and `data` are references and codes: no names, no numbers of people.

    Raises KeyError for a kind that is not listed.
    """
    KINDS[kind]
    if account is None and request is not None:
        user = getattr(request, "user", None)
        account = user if isinstance(user, Account) else None
    event = SecurityEvent.objects.create(
        at=at or utc_now(),
        kind=kind,
        account=account,
        client=client_reference(request) if request is not None else "",
        subject=subject[:100],
        data=data,
    )
    line = {
        "at": event.at.isoformat(timespec="milliseconds"),
        "kind": kind,
        "account": account.pk if account else None,
        "client": event.client,
        "subject": event.subject,
        **data,
    }
    text = json.dumps(line, ensure_ascii=False)
    transaction.on_commit(lambda: logger.info(text))
    return event


@dataclass(frozen=True)
class Alert:
    """A rule that is broken now: who (an account's id or a client's reference) and how often."""

    rule: AlertRule
    who: str
    count: int


def alerts(now: datetime) -> list[Alert]:
    """What wants a look now. One query a rule, over its span alone."""
    found = []
    for rule in ALERT_RULES:
        since = now - timedelta(minutes=rule.minutes)
        groups = (
            SecurityEvent.objects.filter(kind=rule.kind, at__gt=since)
            .exclude(**{"client": ""} if rule.by == "client" else {"account": None})
            .values_list(rule.by)
            .annotate(count=Count("id"))
            .filter(count__gt=rule.most)
            .order_by("-count")
        )
        found += [Alert(rule, str(who), count) for who, count in groups]
    return found
