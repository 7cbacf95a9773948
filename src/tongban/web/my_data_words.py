"""The export of personal data in words: what its keys, codes and moments are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.cases.labels import ACT_TITLES
from tongban.cases.services.handling import VIEWED
from tongban.cases.services.reading import EMERGENCY, REVEALED
from tongban.directory.models import CorrectionRequest, Delegation, Post
from tongban.directory.openid import SCOPES
from tongban.directory.security_log import KINDS
from tongban.directory.wording import day_words, moment_words

LABELS: Final[Mapping[str, Any]] = {
    "format": gettext_lazy("Format of this document"),
    "made_at": gettext_lazy("Made on"),
    # The parts
    "account": gettext_lazy("Account"),
    "person": gettext_lazy("Person"),
    "cases": gettext_lazy("Cases"),
    "drafts": gettext_lazy("Forms not sent yet"),
    "bundles": gettext_lazy("Handed in in one go"),
    "bundles.items": gettext_lazy("Items"),
    "choices": gettext_lazy("What I chose"),
    "sent_at": gettext_lazy("Handed in on"),
    "finished_at": gettext_lazy("Finished on"),
    "appointments": gettext_lazy("Appointments"),
    "messages": gettext_lazy("Messages"),
    "message_channels": gettext_lazy("What goes out to me"),
    "topic": gettext_lazy("About"),
    "channels": gettext_lazy("Ways"),
    "title": gettext_lazy("Subject"),
    "available_at": gettext_lazy("In your account since"),
    "read_at": gettext_lazy("First read"),
    "office": gettext_lazy("Office"),
    "begins_at": gettext_lazy("Begins at"),
    "cases_elsewhere": gettext_lazy("Cases in other systems"),
    "reported_at": gettext_lazy("Reported on"),
    "internal_notes": gettext_lazy("Notes among colleagues"),
    "count": gettext_lazy("How many"),
    "withheld_under": gettext_lazy("Not given out under"),
    "helped_at_counters": gettext_lazy("Filled in at counters"),
    "by": gettext_lazy("By whom"),
    "consent": gettext_lazy("How I agreed"),
    "case": gettext_lazy("Case"),
    "delegations_given": gettext_lazy("Who may act for me"),
    "delegations_held": gettext_lazy("For whom I may act"),
    "upstream_identities": gettext_lazy("National identities"),
    "issuer": gettext_lazy("Given by"),
    "subject": gettext_lazy("Known there as"),
    "connected_at": gettext_lazy("Connected on"),
    "posts": gettext_lazy("Posts in organs"),
    "systems": gettext_lazy("Connected systems"),
    "devices": gettext_lazy("Devices"),
    "sessions": gettext_lazy("Where I am signed in"),
    "second_factors": gettext_lazy("Second factors"),
    "sign_in_log": gettext_lazy("Security log"),
    # Account and person
    "name": gettext_lazy("Called"),
    "account.name": gettext_lazy("User name"),
    "person.name": gettext_lazy("Name"),
    "display_name": gettext_lazy("Name shown"),
    "email": gettext_lazy("E-mail"),
    "emails": gettext_lazy("E-mail addresses"),
    "phone": gettext_lazy("Phone"),
    "opened_at": gettext_lazy("Opened on"),
    "last_sign_in": gettext_lazy("Last sign-in"),
    "id_number": gettext_lazy("ID number"),
    "address": gettext_lazy("Address"),
    "identity_level": gettext_lazy("How sure the identity is"),
    "identity_source": gettext_lazy("Checked against"),
    "identity_verified_at": gettext_lazy("Checked on"),
    "corrections": gettext_lazy("Corrections asked for"),
    "field": gettext_lazy("What is wrong"),
    "wanted": gettext_lazy("What should stand there"),
    "asked_at": gettext_lazy("Asked on"),
    "answer": gettext_lazy("Answer"),
    # Cases and forms
    "number": gettext_lazy("Case number"),
    "item": gettext_lazy("Service item"),
    "organ": gettext_lazy("Organ"),
    "state": gettext_lazy("State"),
    "submitted_at": gettext_lazy("Handed in on"),
    "accepted_at": gettext_lazy("Accepted on"),
    "decided_at": gettext_lazy("Decided on"),
    "due_on": gettext_lazy("Decision by"),
    "answers": gettext_lazy("Answers"),
    "files": gettext_lazy("Files"),
    "size": gettext_lazy("Size in bytes"),
    "sha256": gettext_lazy("Fingerprint (SHA-256)"),
    "trust": gettext_lazy("Trust level"),
    "notes": gettext_lazy("Notes on pages"),
    "page": gettext_lazy("Page"),
    "history": gettext_lazy("History"),
    "at": gettext_lazy("When"),
    "act": gettext_lazy("Act"),
    "text": gettext_lazy("Text"),
    "looked_at": gettext_lazy("Who has looked"),
    "how": gettext_lazy("How"),
    "who": gettext_lazy("Who looked"),
    "reason": gettext_lazy("Reason"),
    "ledger_reference": gettext_lazy("Reference in the public ledger"),
    "for": gettext_lazy("For whom"),
    "saved_at": gettext_lazy("Saved on"),
    # Delegations, posts, systems, devices
    "kind": gettext_lazy("Kind"),
    "principal": gettext_lazy("Who is acted for"),
    "agent": gettext_lazy("Who acts"),
    "items": gettext_lazy("Service items (none: all)"),
    "from": gettext_lazy("From"),
    "to": gettext_lazy("To"),
    "revoked_at": gettext_lazy("Taken back on"),
    "role": gettext_lazy("Role"),
    "system": gettext_lazy("System"),
    "data": gettext_lazy("What it gets"),
    "given_at": gettext_lazy("Agreed on"),
    "withdrawn_at": gettext_lazy("Withdrawn on"),
    "last_used": gettext_lazy("Last used"),
    "begun_at": gettext_lazy("Begun on"),
    "client_address": gettext_lazy("Network address"),
    "browser": gettext_lazy("Browser"),
    "added_at": gettext_lazy("Added on"),
    "what": gettext_lazy("What happened"),
}

LOOKED: Final = {
    VIEWED: gettext_lazy("opened the case"),
    REVEALED: gettext_lazy("saw your numbers in full"),
    EMERGENCY: gettext_lazy("emergency access"),
}
# What codes are called, by the key under which they stand; one that is not here stays as it is.
VALUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "how": LOOKED,
    "what": KINDS,
    "field": dict(CorrectionRequest.FIELDS),
    "state": dict(CorrectionRequest.State.choices),
    "kind": dict(Delegation.Kind.choices) | dict(Authenticator.Type.choices),
    "role": dict(Post.Role.choices),
    "data": {scope.name: scope.gives for scope in SCOPES},
}
MOMENTS: Final = {"at", "last_sign_in", "last_used"}
DAYS: Final = {"due_on", "from", "to"}


def label(key: str, within: str = "") -> str:
    """What a key is called, also by what it stands in; answers of a form bring their questions."""
    return str(LABELS.get(f"{within}.{key}") or LABELS.get(key, key))


def shown(value: Any, key: str) -> str:
    """A value as people read it: a moment in local time, a code by its name, "—" for none."""
    if value in (None, ""):
        return "—"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if not isinstance(value, str):
        return str(value)
    if key in MOMENTS or key.endswith("_at"):
        return moment_words(datetime.fromisoformat(value))
    if key in DAYS:
        return day_words(date.fromisoformat(value))
    if key == "act" and value in ACT_TITLES:
        return str(ACT_TITLES[value])
    return str(VALUES.get(key, {}).get(value, value))
