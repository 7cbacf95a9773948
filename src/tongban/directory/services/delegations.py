"""Acting for others: granted online by whom it is about, or recorded at a counter; taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import DomainError, InvalidInput, NotFound, NotPermitted
from tongban.directory.models import (
    Account,
    DelegatedItem,
    Delegation,
    Enterprise,
    Organ,
    Person,
)
from tongban.directory.rules import LONGEST_DAYS, fault_of_term, items_needed
from tongban.directory.selectors import find_person, person_of
from tongban.directory.services.identity import checked_number, counter_organ
from tongban.directory.sign_in.limits import Limit, take
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

LOOKUPS = Limit("delegate-lookups", 20, 3600)


def _bad(code: str, field: str, detail: object) -> DomainError:
    return InvalidInput(
        code=code, title=_("The delegation can't be recorded so"), detail=detail, field=field
    )


def _check_term(kind: str, start: date, end: date, today: date) -> None:
    fault = fault_of_term(kind, start, end, today)
    if fault in ("past", "order"):
        raise _bad(fault, "valid_to", _("Choose a day that is still to come."))
    if fault == "too_long":
        raise _bad(
            fault,
            "valid_to",
            _("At most %(most)d days; it can be renewed.") % {"most": LONGEST_DAYS[kind]},
        )


def _named_person(actor: Account, name: str, id_number: str, field: str) -> Person:
    """Somebody told by name and number together. The answer is the same whichever is wrong."""
    number = checked_number(id_number)
    if not take(LOOKUPS, str(actor.pk)):
        raise NotPermitted(code="too_often", title=_("Too many attempts"))
    person = find_person(number)
    if person is None or person.name != name.strip():
        raise _bad(
            "person_unknown",
            field,
            _("Nobody verified has this name with this number. They must be verified first."),
        )
    return person


def _write(
    actor: Account,
    *,
    kind: str,
    person: Person | None,
    enterprise: Enterprise | None,
    agent: Person,
    items: Collection[str],
    valid_to: date,
    consent: str,
    note: str,
    organ: Organ | None,
    at: datetime,
) -> Delegation:
    today = local_date(at)
    _check_term(kind, today, valid_to, today)
    if items_needed(kind, items):
        raise _bad("items", "items", _("Name at least one item that the helper may handle."))
    if person is not None and person.pk == agent.pk:
        raise _bad("same_person", "id_number", _("Nobody needs a delegation for themselves."))
    delegation = Delegation.objects.create(
        key=uuid.uuid4(),
        kind=kind,
        person=person,
        enterprise=enterprise,
        agent=agent,
        valid_from=today,
        valid_to=valid_to,
        consent=consent,
        consent_note=note,
        recorded_by=actor,
        recorded_at=at,
    )
    DelegatedItem.objects.bulk_create(
        DelegatedItem(delegation=delegation, item_code=code) for code in sorted(set(items))
    )
    record(
        acts.DELEGATION_GRANTED,
        at=at,
        organ=organ.code if organ else "",
        region=organ.region_id if organ else "",
        case_ref=_reference_of(delegation),
        payload={
            "delegation": str(delegation.key),
            "kind": kind,
            "principal": person.id_number if person else enterprise.uscc if enterprise else "",
            "agent": agent.id_number,
            "items": sorted(set(items)),
            "until": valid_to.isoformat(),
            "consent": consent,
            "by": actor.username,
        },
    )
    return delegation


@leaves_trace(acts.DELEGATION_GRANTED)
@transaction.atomic
def grant(
    actor: Account,
    *,
    agent_name: str,
    agent_id_number: str,
    items: Collection[str],
    valid_to: date,
    uscc: str = "",
    at: datetime | None = None,
) -> Delegation:
    """Let somebody act for oneself (代办), or for the enterprise that one represents (代理).

    民法典 art. 165: a written authority names agent, matters, extent and time. Raises InvalidInput.
    """
    moment = at or utc_now()
    principal = person_of(actor)
    if principal is None:
        raise NotPermitted(code="no_person", title=_("Verify who you are first"))
    enterprise = None
    if uscc:
        enterprise = Enterprise.objects.filter(uscc=uscc, legal_representative=principal).first()
        if enterprise is None:
            raise NotFound(
                code="not_your_enterprise", title=_("You don't represent this enterprise")
            )
    agent = _named_person(actor, agent_name, agent_id_number, "id_number")
    return _write(
        actor,
        kind=Delegation.Kind.AGENT if enterprise else Delegation.Kind.HELPER,
        person=None if enterprise else principal,
        enterprise=enterprise,
        agent=agent,
        items=items,
        valid_to=valid_to,
        consent=Delegation.Consent.ONLINE,
        note="",
        organ=None,
        at=moment,
    )


@leaves_trace(acts.DELEGATION_GRANTED)
@transaction.atomic
def record_at_counter(
    actor: Account,
    *,
    kind: str,
    person_name: str,
    person_id_number: str,
    agent_name: str,
    agent_id_number: str,
    items: Collection[str],
    valid_to: date,
    note: str,
    at: datetime | None = None,
) -> Delegation:
    """Record a helper or a guardian with the consent or the papers seen at the counter.

    For those who can't sign in (民法典 art. 23, 161). The clerk is neither of the two. Raises
    InvalidInput, NotPermitted.
    """
    moment, organ = at or utc_now(), counter_organ(actor)
    if kind not in (Delegation.Kind.HELPER, Delegation.Kind.GUARDIAN):
        raise _bad("kind", "kind", _("Choose helper or guardian."))
    if len(note.strip()) < 4:
        raise _bad("note", "note", _("Say what you have seen: who was there, which papers."))
    person = _named_person(actor, person_name, person_id_number, "person_id_number")
    agent = _named_person(actor, agent_name, agent_id_number, "id_number")
    if actor.pk in (person.account_id, agent.account_id):
        raise NotPermitted(
            code="own_affair",
            title=_("Nobody serves themselves"),
            detail=_("A colleague has to record a delegation that you are part of."),
        )
    return _write(
        actor,
        kind=kind,
        person=person,
        enterprise=None,
        agent=agent,
        items=items,
        valid_to=valid_to,
        consent=Delegation.Consent.IN_PERSON,
        note=note.strip()[:200],
        organ=organ,
        at=moment,
    )


@leaves_trace(acts.DELEGATION_REVOKED)
@transaction.atomic
def revoke(actor: Account, key: uuid.UUID, *, at: datetime | None = None) -> Delegation:
    """Take a delegation back, or give it back (民法典 art. 173(2)); what was done stays visible.

    Raises NotFound for a delegation that the actor is no part of.
    """
    moment, own = at or utc_now(), person_of(actor)
    delegation = (
        Delegation.objects.select_for_update(of=("self",))
        .select_related("person", "enterprise", "agent")
        .filter(key=key)
        .first()
    )
    if delegation is None or own is None or not _is_part_of(own, delegation):
        raise NotFound(code="delegation_not_found", title=_("There is no such delegation"))
    if delegation.revoked_at is None:
        delegation.revoked_at = moment
        delegation.save(update_fields=["revoked_at"])
        record(
            acts.DELEGATION_REVOKED,
            at=moment,
            case_ref=_reference_of(delegation),
            payload={"delegation": str(key), "by": actor.username},
        )
    return delegation


def _reference_of(delegation: Delegation) -> str:
    """Under which the principal finds the act in the ledger; "" without an account. Two queries."""
    principal = delegation.person
    if delegation.enterprise:
        principal = delegation.enterprise.legal_representative
    account = principal.account if principal else None
    return account.ledger_ref if account else ""


def _is_part_of(person: Person, delegation: Delegation) -> bool:
    principal = delegation.person_id
    if delegation.enterprise:
        principal = delegation.enterprise.legal_representative_id
    return person.pk in (principal, delegation.agent_id)
