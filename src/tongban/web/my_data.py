"""Everything that is on file about a person, from all rooms (个人信息保护法 art. 45)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict
from tongban.cases.appointments.selectors import my_bookings
from tongban.cases.models import (
    LOOKS,
    Assistance,
    Booking,
    BundleFiling,
    Case,
    Draft,
    MaterialFile,
    ReportedCase,
    Upload,
)
from tongban.cases.permissions import cases_of_applicant
from tongban.cases.reporting.selectors import flat, reported_for
from tongban.cases.rules import OPEN_STATES
from tongban.cases.services.drafting import forget_files
from tongban.cases.wording import answer_label
from tongban.catalogue.bundles.selectors import bundle_document
from tongban.catalogue.models import Guide
from tongban.catalogue.selectors import document_of
from tongban.catalogue.wording import said
from tongban.directory.messages.kinds import CHANNELS, KINDS, TOPICS
from tongban.directory.messages.reading import wanted
from tongban.directory.messages.rendering import render
from tongban.directory.models import (
    Account,
    AccountPhone,
    Delegation,
    Message,
    MessagePreferences,
)
from tongban.directory.selectors import delegations_of, person_of
from tongban.directory.services.systems import withdraw_consent
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

FORMAT = "tongban-personal-data/1"
# Notes among colleagues are information of the process (过程性信息): that there are some is told,
# what they say is not. What has effect stands in the history, which is given in full.
NOTES_WITHHELD = "政府信息公开条例 (2019) 第十六条第二款"


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _person(account: Account) -> dict[str, Any] | None:
    person = person_of(account)
    if person is None:
        return None
    return {
        "name": person.name,
        "id_number": person.id_number,
        "phone": person.phone,
        "address": person.address,
        "identity_level": person.get_identity_level_display(),
        "identity_source": person.identity_source,
        "identity_verified_at": _moment(person.identity_verified_at),
        "corrections": [
            {
                "field": asked.field,
                "wanted": asked.wanted,
                "state": asked.state,
                "asked_at": _moment(asked.asked_at),
                "answer": asked.answer,
            }
            for asked in person.correction_requests.order_by("asked_at")
        ],
    }


def _answers(answers: dict[str, str], guide: Guide, readable: bool) -> dict[str, str]:
    """Answers by their keys, or by their questions with options by their labels."""
    if not readable:
        return answers
    fields = {field.key: field for page in document_of(guide).form_pages for field in page.fields}
    told: dict[str, str] = {}
    for key, answer in answers.items():
        field = fields.get(key)
        told[said(field.label) if field else key] = answer_label(field, answer) if field else answer
    return told


def _case(case: Any, readable: bool) -> dict[str, Any]:
    events = list(case.events.all())
    return {
        "number": case.number,
        "item": case.item.name,
        "organ": case.organ.name,
        "state": case.get_state_display(),
        "submitted_at": _moment(case.submitted_at),
        "accepted_at": _moment(case.accepted_at),
        "decided_at": _moment(case.decided_at),
        "due_on": case.due_on.isoformat() if case.due_on else None,
        "answers": _answers(case.answers, case.guide, readable),
        "files": [
            {
                "name": file.name,
                "size": file.size,
                "sha256": file.sha256,
                "trust": file.get_trust_display(),
                "notes": [
                    {"page": note.page, "text": note.text}
                    for note in file.annotations.all()
                    if note.told_at
                ],
            }
            for file in case.files.all()
        ],
        "history": [
            {"at": _moment(event.at), "act": event.act, "text": event.text}
            for event in events
            if event.act not in LOOKS
        ],
        "looked_at": [
            {
                "at": _moment(event.at),
                "how": event.act,
                "organ": event.organ.name if event.organ else "",
                "who": str(event.actor or ""),
                "reason": event.text,
            }
            for event in events
            if event.act in LOOKS
        ],
        "internal_notes": {"count": case.notes_count, "withheld_under": NOTES_WITHHELD},
        "ledger_reference": case.ledger_ref,
    }


def _reported(case: ReportedCase) -> dict[str, Any]:
    """A case that another system reported: all that it said."""
    return {
        "system": case.system.name,
        "number": case.source_number,
        "item": case.item_name,
        "organ": case.organ.name,
        "state": case.get_state_display(),
        "reported_at": _moment(case.reported_at),
        "answers": flat(case.record),
        "ledger_reference": case.ledger_ref,
    }


def _assistance(assistance: Assistance) -> dict[str, Any]:
    """That a clerk filled in a form for the person at a counter."""
    return {
        "office": assistance.office.name,
        "item": assistance.item.name,
        "by": str(assistance.clerk),
        "consent": assistance.get_consent_display(),
        "at": _moment(assistance.begun_at),
        "case": assistance.case.number if assistance.case else None,
    }


def _delegation(delegation: Delegation) -> dict[str, Any]:
    return {
        "kind": delegation.kind,
        "principal": str(delegation.person or delegation.enterprise),
        "agent": delegation.agent.name,
        "items": [item.item_code for item in delegation.items.all()],
        "from": delegation.valid_from.isoformat(),
        "to": delegation.valid_to.isoformat(),
        "revoked_at": _moment(delegation.revoked_at),
    }


def _draft(draft: Draft, account: Account, readable: bool) -> dict[str, Any]:
    """A form that is not sent; what is typed for somebody else is theirs."""
    own = draft.enterprise is None and draft.principal.account_id == account.pk
    return {
        "item": draft.item.name,
        "for": str(draft.enterprise or draft.principal),
        "saved_at": _moment(draft.updated_at),
        "answers": _answers(draft.answers, draft.guide, readable) if own else {},
    }


def _message(message: Message) -> dict[str, Any]:
    """A message as it reads in the language that is active."""
    known = message.kind in KINDS
    said = render(message.kind, message.facts) if known else None
    return {
        "title": said.title if said else message.kind,
        "text": "\n".join(said.lines) if said else "",
        "available_at": _moment(message.available_at),
        "read_at": _moment(message.read_at),
    }


def _sign_in(account: Account) -> dict[str, Any]:
    """Devices, sessions, second factors, and the newest of the security log. Four queries."""
    return {
        "devices": [
            {"name": device.name, "last_used": _moment(device.last_seen_at)}
            for device in account.devices.all()
        ],
        "sessions": [
            {
                "begun_at": _moment(session.created_at),
                "client_address": session.ip,
                "browser": session.user_agent,
            }
            for session in UserSession.objects.filter(user=account)
        ],
        "second_factors": [
            {
                "kind": factor.type,
                "added_at": _moment(factor.created_at),
                "last_used": _moment(factor.last_used_at),
            }
            for factor in Authenticator.objects.filter(user=account)
        ],
        "sign_in_log": [
            {"at": _moment(event.at), "what": event.kind}
            for event in account.security_events.order_by("-at")[:500]
        ],
    }


def everything_about(account: Account, at: datetime, *, readable: bool = False) -> dict[str, Any]:
    """All that the rooms hold about the person, as one JSON document.

    `readable` puts the questions of the forms in the place of their keys. The number of queries
    does not grow with the number of cases.
    """
    own = cases_of_applicant(account).filter(applicant__account=account, enterprise=None)
    cases = (
        own.select_related("item", "organ", "guide")
        .prefetch_related("files__annotations", "events__organ", "events__actor")
        .annotate(notes_count=Count("notes", distinct=True))
    )
    drafts = Draft.objects.filter(
        Q(account=account) | Q(account=None, principal__account=account, enterprise=None)
    )
    helped = Assistance.objects.filter(person__account=account).order_by("begun_at")
    elsewhere = reported_for(account).select_related("system", "organ").order_by("applied_at")
    given, held = delegations_of(account)
    phone = AccountPhone.objects.filter(account=account).first()
    return {
        "format": FORMAT,
        "made_at": _moment(at),
        "account": {
            "name": account.username,
            "display_name": account.display_name,
            "email": account.email,
            "emails": [one.email for one in EmailAddress.objects.filter(user=account)],
            "phone": phone.phone if phone else "",
            "ledger_reference": account.ledger_ref,
            "opened_at": _moment(account.date_joined),
            "last_sign_in": _moment(account.last_login),
        },
        "person": _person(account),
        "cases": [_case(case, readable) for case in cases.order_by("submitted_at")],
        "drafts": [
            _draft(draft, account, readable)
            for draft in drafts.select_related("item", "guide", "principal", "enterprise")
        ],
        "bundles": [
            {
                "name": said(bundle_document(filing.bundle).name),
                "number": filing.number or "",
                "choices": filing.choices,
                "sent_at": _moment(filing.sent_at),
                "finished_at": _moment(filing.finished_at),
                "ledger_reference": filing.ledger_ref,
                "items": [part.item.name for part in filing.parts.all()],
            }
            for filing in BundleFiling.objects.filter(account=account)
            .select_related("bundle")
            .prefetch_related("parts__item")
        ],
        "appointments": [
            {
                "office": one.office.name,
                "item": one.service.item.name,
                "begins_at": _moment(one.begins_at),
                "state": one.get_state_display(),
            }
            for one in my_bookings(account)
        ],
        "cases_elsewhere": [_reported(one) for one in elsewhere],
        "helped_at_counters": [
            _assistance(one) for one in helped.select_related("office", "item", "clerk", "case")
        ],
        "messages": [_message(one) for one in account.messages.order_by("-pk")],
        "message_channels": [
            {
                "topic": str(TOPICS[topic]),
                "channels": [str(CHANNELS[channel]) for channel in sorted(channels)],
            }
            for topic, channels in wanted(account).channels.items()
        ],
        "delegations_given": [_delegation(one) for one in given],
        "delegations_held": [_delegation(one) for one in held],
        "upstream_identities": [
            {
                "issuer": identity.provider,
                "subject": identity.uid,
                "connected_at": _moment(identity.date_joined),
            }
            for identity in SocialAccount.objects.filter(user=account)
        ],
        "posts": [
            {"organ": post.organ.name, "role": post.role}
            for post in account.posts.select_related("organ")
        ],
        "systems": [
            {
                "system": consent.system.name,
                "data": consent.scopes.split(),
                "given_at": _moment(consent.given_at),
                "withdrawn_at": _moment(consent.withdrawn_at),
            }
            for consent in account.data_consents.select_related("system").order_by("given_at")
        ],
        **_sign_in(account),
    }


@leaves_trace(acts.DATA_EXPORTED)
@transaction.atomic
def export(
    account: Account, *, readable: bool = False, at: datetime | None = None
) -> dict[str, Any]:
    """`everything_about`, with the trace that it was handed out."""
    moment = at or utc_now()
    record(
        acts.DATA_EXPORTED,
        at=moment,
        case_ref=account.ledger_ref,
        payload={"account": account.username},
    )
    return everything_about(account, moment, readable=readable)


KEPT_BECAUSE = gettext_lazy(
    "Cases and what was decided in them are kept as long as the archives law says; nobody can sign"
    " in to them any more."
)


@leaves_trace(acts.ACCOUNT_CLOSED)
@transaction.atomic
def close_account(account: Account, *, at: datetime | None = None) -> None:
    """Close an account and delete what no law keeps (个人信息保护法 art. 47; 档案法).

    Drafts, devices, phone, e-mail, upstream identities, second factors, consents and delegations
    go; cases stay with the person. Raises Conflict while a case is open or a post is held.
    """
    moment = at or utc_now()
    open_cases = Case.objects.filter(applicant__account=account, state__in=sorted(OPEN_STATES))
    waiting = BundleFiling.objects.filter(account=account, sent_at__isnull=False, finished_at=None)
    if open_cases.exists() or waiting.exists():
        raise Conflict(
            code="open_cases",
            title=_("A case of yours is still open"),
            detail=_("You would not learn how it ends."),
            fix=_("Close the account when it is decided."),
        )
    if account.posts.exists():
        raise Conflict(
            code="has_posts",
            title=_("You have a post in an organ"),
            fix=_("The administrator of the organ takes it away first."),
        )
    record(
        acts.ACCOUNT_CLOSED,
        at=moment,
        case_ref=account.ledger_ref,
        payload={"account": account.username},
    )
    _delete_what_no_law_keeps(account, moment)


def _delete_what_no_law_keeps(account: Account, at: datetime) -> None:
    person = person_of(account)
    files = MaterialFile.objects.filter(draft__account=account)
    digests = list(files.values_list("sha256", flat=True))
    files.delete()
    Draft.objects.filter(account=account).delete()
    BundleFiling.objects.filter(account=account, sent_at=None).delete()
    forget_files(digests)
    for consent in account.data_consents.filter(withdrawn_at=None).select_related("system"):
        withdraw_consent(account, consent.system.client_id, at=at)
    account.system_sign_ins.all().delete()
    if person:
        coming = Booking.objects.filter(person=person, state=Booking.State.BOOKED)
        coming.update(state=Booking.State.CANCELLED)
        Delegation.objects.filter(agent=person, revoked_at=None).update(revoked_at=at)
        Delegation.objects.filter(person=person, revoked_at=None).update(revoked_at=at)
        person.account, person.phone, person.address = None, "", ""
        person.save(update_fields=["account", "phone", "address"])
    AccountPhone.objects.filter(account=account).delete()
    account.devices.all().delete()
    account.messages.all().delete()
    Upload.objects.filter(account=account).delete()
    MessagePreferences.objects.filter(account=account).delete()
    for model in (Authenticator, EmailAddress, SocialAccount, UserSession):
        model.objects.filter(user=account).delete()
    account.username, account.display_name, account.email = f"closed-{account.pk}", "", ""
    account.is_active = False
    account.set_unusable_password()
    account.save()
