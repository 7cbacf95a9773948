"""Filing for somebody who stands at the counter (帮办代办): with their consent, in their own form.

The form is the person's: begun online it goes on here, begun here it goes on online. A clerk is let
into one form of one person, for the day, and what was agreed stands in the ledger.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import LOCAL, utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, DomainError, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import Assistance, Case, Draft, Office, OfficeService
from tongban.cases.services.drafting import draft_for
from tongban.cases.services.submitting import submit_at_counter
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Delegation, Person
from tongban.directory.selectors import duties_of
from tongban.directory.services.identity import verify_in_person
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

FOUND_MOST = 50


def office_of(actor: Account, slug: str) -> Office:
    """An office at whose counters the actor files for people. Raises NotFound for another."""
    organs = duties_of(actor).organs_for(Permission.FILE_AT_COUNTER)
    office = Office.objects.filter(organ__in=organs, slug=slug).select_related("organ").first()
    if office is None:
        raise NotFound(code="office_not_found", title=_("There is no such office"))
    return office


def services_of(office: Office, text: str = "") -> list[ServiceItem]:
    """What the office serves, of whichever organ, by name; `text` is a part of it. One query."""
    items = ServiceItem.objects.filter(
        officeservice__office=office, guides__effective_to=None, guides__accepts_online=True
    ).select_related("organ")
    if text.strip():
        items = items.filter(name__icontains=text.strip()[:100])
    return list(items.order_by("name", "code").defer("source_row")[:FOUND_MOST])


@leaves_trace(acts.COUNTER_SERVICE_BEGUN)
@transaction.atomic
def begin(
    actor: Account,
    office: str,
    *,
    item: str,
    name: str,
    id_number: str,
    consent: str,
    at: datetime | None = None,
) -> Assistance:
    """Open the form of an item for the person whose card lies on the counter.

    Who is not registered is now, without an account; a form that the person began is gone on with.
    Raises NotFound for an office of others, InvalidInput without consent or for a wrong name,
    NotPermitted for oneself or whom one acts for, Conflict when the item can't be applied for.
    """
    moment = at or utc_now()
    place = office_of(actor, office)
    service = OfficeService.objects.filter(office=place, item__code=item).first()
    if service is None:
        raise InvalidInput(
            code="service_not_found",
            title=_("The office does not serve this"),
            detail=_("Choose one of the services that are shown."),
            field="item",
        )
    if consent not in Assistance.Consent:
        raise InvalidInput(
            code="no_consent",
            title=_("The person has to agree first"),
            detail=_("Ask whether you may fill in and send the form, and say how they agreed."),
            field="consent",
        )
    person = verify_in_person(actor, name=name, id_number=id_number, at=moment)
    _check_not_own(actor, person)
    draft = draft_for(person, service.item, at=moment)
    assistance = (
        Assistance.objects.select_for_update()
        .filter(clerk=actor, person=person, item=service.item, ended_at=None)
        .first()
    ) or Assistance(key=uuid.uuid4(), clerk=actor, person=person, item=service.item, office=place)
    assistance.office, assistance.draft_key = place, draft.key
    assistance.consent, assistance.begun_at = consent, moment
    assistance.save()
    record(
        acts.COUNTER_SERVICE_BEGUN,
        at=moment,
        organ=place.organ.code,
        region=place.organ.region_id,
        item=item,
        case_ref=person.account.ledger_ref if person.account else "",
        payload={
            "person": person.id_number,
            "by": actor.username,
            "office": place.slug,
            "item": item,
            "consent": consent,
        },
    )
    return assistance


def _check_not_own(actor: Account, person: Person) -> None:
    """Nobody serves whom they act for, nor who acts for them: a colleague does."""
    between = Q(person=person, agent__account=actor) | Q(person__account=actor, agent=person)
    if Delegation.objects.filter(between, revoked_at=None).exists():
        raise NotPermitted(
            code="own_affair",
            title=_("Nobody serves whom they act for"),
            detail=_("You act for this person, or they for you. A colleague has to serve them."),
        )


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)


def _today(actor: Account, office: Office, at: datetime) -> QuerySet[Assistance]:
    mine = Assistance.objects.filter(clerk=actor, office=office, begun_at__gte=_midnight(at))
    return mine.select_related("person", "item", "office", "case__organ")


def assistance_of(
    actor: Account, slug: str, key: uuid.UUID, *, at: datetime | None = None
) -> Assistance:
    """What the actor serves at the office today, sent or not. Raises NotFound for all else."""
    found = _today(actor, office_of(actor, slug), at or utc_now()).filter(key=key).first()
    if found is None:
        raise _over()
    return found


def _over() -> DomainError:
    return NotFound(
        code="assistance_over",
        title=_("This form is not open to you"),
        detail=_("It was opened by another clerk, or not today. The person agrees each day anew."),
        fix=_("Open it again with the person and the ID card."),
    )


def served_today(actor: Account, office: Office, at: datetime) -> list[Assistance]:
    """What the actor has filled in at the office today, the newest first. One query."""
    return list(_today(actor, office, at).order_by("-begun_at")[:FOUND_MOST])


def open_draft(assistance: Assistance) -> Draft:
    """The form that is filled in. Raises Conflict when it was sent or thrown away meanwhile."""
    draft = Draft.objects.select_related("guide").filter(key=assistance.draft_key).first()
    if draft is None or assistance.ended_at:
        raise Conflict(
            code="form_gone",
            title=_("This form is not open any more"),
            detail=_("It was sent or thrown away, perhaps by the person online."),
            fix=_("Open it again, or see the cases of the day."),
        )
    return draft


@leaves_trace(acts.CASE_SUBMITTED)
@transaction.atomic
def file(actor: Account, slug: str, key: uuid.UUID, *, at: datetime | None = None) -> Case:
    """Send the form for the person (代为申请): received at once, channel «at the counter».

    Sent twice, the second call returns the case of the first. Raises InvalidInput that lists every
    fault, NotFound, Conflict.
    """
    moment = at or utc_now()
    office = office_of(actor, slug)
    assistance = (
        Assistance.objects.select_for_update(of=("self",))
        .filter(clerk=actor, office=office, key=key, begun_at__gte=_midnight(moment))
        .first()
    )
    if assistance is None:
        raise _over()
    if assistance.case is not None:
        return assistance.case
    open_draft(assistance)
    case = submit_at_counter(
        actor,
        assistance.draft_key,
        told={"office": office.slug, "consent": assistance.consent},
        at=moment,
    )
    assistance.case, assistance.ended_at = case, moment
    assistance.save(update_fields=["case", "ended_at"])
    return case


@leaves_no_trace("nothing reaches an organ: the form stays the person's own")
@transaction.atomic
def leave(actor: Account, slug: str, key: uuid.UUID, *, at: datetime | None = None) -> None:
    """Put the form away unsent: the person goes on with it online, or here another day."""
    moment = at or utc_now()
    assistance = assistance_of(actor, slug, key, at=moment)
    if assistance.ended_at is None:
        assistance.ended_at = moment
        assistance.save(update_fields=["ended_at"])
