"""Proving who one is: online through a trusted source, or in person at a counter."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.identifiers import IdentifierError, check_resident_id
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, DomainError, InvalidInput, NotFound, NotPermitted
from tongban.directory.identity import IdentitySource, identity_source
from tongban.directory.models import Account, IdentityLevel, Organ, Person
from tongban.directory.selectors import duties_of, find_person, person_of
from tongban.directory.sign_in.limits import Limit, take
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

CHECKS = Limit("identity", 6, 3600)


def checked_number(typed: str) -> str:
    """An ID number as it is stored. Raises InvalidInput."""
    try:
        return check_resident_id(typed.strip().upper().replace(" ", ""))
    except IdentifierError:
        raise InvalidInput(
            code="id_number",
            title=_("Please check the ID number"),
            detail=_("It has 18 characters, and one of them does not fit. Compare with the card."),
            field="id_number",
        ) from None


def _too_often() -> DomainError:
    return NotPermitted(
        code="too_often",
        title=_("Too many attempts"),
        detail=_("Name and number were checked several times without success."),
        fix=_("Try again in an hour, or come to a counter with your ID card."),
    )


@leaves_trace(acts.IDENTITY_VERIFIED)
def verify_online(
    actor: Account,
    *,
    name: str,
    id_number: str,
    source: IdentitySource | None = None,
    at: datetime | None = None,
) -> Person:
    """Join the account to the person that a trusted source vouches for (令716 art. 4: 实名认证).

    Raises InvalidInput when name and number don't belong together, Conflict when the account is
    somebody already or the person has another account, NotPermitted after too many attempts.
    """
    number = checked_number(id_number)
    if not take(CHECKS, str(actor.pk)):
        raise _too_often()
    try:
        found = (source or identity_source()).check(name.strip(), number)
    except OSError:
        raise Conflict(
            code="source_away",
            title=_("Identity can't be checked online at the moment"),
            detail=_("The source that vouches for name and number does not answer."),
            fix=_("Try again later, or come to a counter with your ID card."),
        ) from None
    if found is None:
        raise InvalidInput(
            code="not_vouched_for",
            title=_("Name and number were not confirmed"),
            detail=_("The register does not know this name with this number. Check both."),
            field="id_number",
        )
    moment = at or utc_now()
    with transaction.atomic():
        return _join(actor, number, found.name, found.source, moment, found.phone, found.address)


@leaves_trace(acts.IDENTITY_VERIFIED)
def join_vouched(
    actor: Account, *, name: str, id_number: str, source: str, at: datetime | None = None
) -> Person:
    """Join the account to the person that a trusted source vouched for when it signed them in.

    `id_number` is checked. Nothing happens when they are joined already. Raises Conflict when the
    account is somebody else, or the person has another account.
    """
    with transaction.atomic():
        known = person_of(actor)
        if known is None:
            return _join(actor, id_number, name, source, at or utc_now(), "", "")
        if known.id_number != id_number:
            raise Conflict(
                code="is_somebody_else",
                title=_("This account belongs to somebody else"),
                detail=_(
                    "The identity is of another person than the account. Nothing was changed."
                ),
                fix=_("If you can't explain that, tell a counter at once."),
            )
        return known


def _join(
    actor: Account,
    number: str,
    name: str,
    source: str,
    at: datetime,
    phone: str,
    address: str,
) -> Person:
    if person_of(actor) is not None:
        raise Conflict(code="is_somebody", title=_("This account is verified already"))
    person = find_person(number)
    if person:  # Of two accounts at once, the second sees that it is late.
        person = Person.objects.select_for_update().get(pk=person.pk)
    if person and person.account_id:
        raise Conflict(
            code="has_account",
            title=_("This person has another account"),
            detail=_("Sign in with that one. If it is not yours, tell a counter at once."),
        )
    if person is None:
        person = Person(id_number=number, name=name, phone=phone, address=address)
    person.account = actor
    # Whom a clerk has seen with the card stays known so well.
    if person.pk is None or person.identity_level < IdentityLevel.IN_PERSON:
        person.identity_level = IdentityLevel.VERIFIED
        person.identity_source, person.identity_verified_at = source, at
    person.demonstration = actor.demonstration
    person.save()
    if not actor.display_name:
        actor.display_name = name
        actor.save(update_fields=["display_name"])
    record(
        acts.IDENTITY_VERIFIED,
        at=at,
        case_ref=actor.ledger_ref,
        payload={"person": number, "account": actor.username, "source": source},
    )
    return person


def counter_organ(actor: Account) -> Organ:
    """The organ for which a clerk serves people. Raises NotPermitted."""
    organs = duties_of(actor).organs_for(Permission.SERVE_PEOPLE)
    organ = Organ.objects.filter(pk__in=organs).order_by("pk").first()
    if organ is None:
        raise NotPermitted(code="no_counter", title=_("Your posts include no counter"))
    return organ


def person_at_counter(actor: Account, id_number: str) -> Person:
    """The person whose card lies on the counter. Raises NotFound, InvalidInput, NotPermitted."""
    counter_organ(actor)
    person = find_person(checked_number(id_number))
    if person is None:
        raise NotFound(
            code="person_not_found",
            title=_("Nobody with this number is registered"),
            fix=_("Register the person below with the ID card in hand."),
        )
    return person


@leaves_trace(acts.IDENTITY_VERIFIED)
@transaction.atomic
def verify_in_person(
    actor: Account, *, name: str, id_number: str, at: datetime | None = None
) -> Person:
    """A clerk has seen face and card: the highest level. Registers who is not there yet.

    Raises NotPermitted for one's own person, InvalidInput when the name is another.
    """
    moment, number = at or utc_now(), checked_number(id_number)
    organ = counter_organ(actor)
    person = find_person(number) or Person(id_number=number, name=name.strip())
    if person.account_id == actor.pk:
        raise NotPermitted(
            code="own_affair",
            title=_("Nobody serves themselves"),
            detail=_("A colleague has to verify you."),
        )
    if not name.strip() or person.name != name.strip():
        raise InvalidInput(
            code="other_name",
            title=_("The name does not fit"),
            detail=_("Type the name as it stands on the card."),
            field="name",
        )
    person.identity_level = IdentityLevel.IN_PERSON
    person.identity_source, person.identity_verified_at = organ.name, moment
    person.save()
    record(
        acts.IDENTITY_VERIFIED,
        at=moment,
        organ=organ.code,
        region=organ.region_id,
        case_ref=person.account.ledger_ref if person.account else "",
        payload={"person": number, "by": actor.username, "in_person": True},
    )
    return person
