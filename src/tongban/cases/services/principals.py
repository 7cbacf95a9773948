"""For whom somebody applies: for themselves, an enterprise they represent, or whom they act for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tongban.base.problems import DomainError, InvalidInput, NotPermitted
from tongban.directory.models import Account, Delegation, Enterprise, Person
from tongban.directory.rules import level_suffices
from tongban.directory.selectors import person_of, representations

MYSELF = "me"


@dataclass(frozen=True)
class Principal:
    """Whose application it is. `person` is the applicant, or who represents the enterprise."""

    key: str
    label: str
    person: Person
    enterprise: Enterprise | None = None
    delegation_id: int | None = None


def acting_person(account: Account) -> Person:
    """The person behind the account. Raises NotPermitted when the account is nobody's yet."""
    person = person_of(account)
    if person is None:
        raise NotPermitted(
            code="no_person",
            title=_("Verify who you are first"),
            detail=_("This account belongs to no verified person, so nothing can be handed in."),
            fix=_("Open «Identity» under «My affairs», or come to a counter with your ID card."),
        )
    return person


def check_level(held: int, needed: str) -> None:
    """Raises NotPermitted when the item needs more certainty of who somebody is (实名等级)."""
    if not level_suffices(held, needed):
        raise NotPermitted(
            code="identity_level",
            title=_("This needs a stronger proof of identity"),
            detail=_("For this item somebody must have seen you with your ID card."),
            fix=_("Come once to any counter with your ID card; after that it works online."),
        )


def principals(account: Account, item_code: str) -> list[Principal]:
    """For whom the account may apply for an item; oneself first. At most five queries.

    Raises NotPermitted when the account is nobody's yet.
    """
    own = acting_person(account)
    found = [Principal(MYSELF, own.name, own)]
    for enterprise in Enterprise.objects.filter(legal_representative=own).order_by("name"):
        found.append(Principal(enterprise.uscc, enterprise.name, own, enterprise))
    held = [
        one
        for one in representations(account)
        if not one.mandate.items or item_code in one.mandate.items
    ]
    delegations = Delegation.objects.select_related(
        "person", "enterprise__legal_representative"
    ).in_bulk([one.id for one in held])
    for one in held:
        delegation = delegations[one.id]
        person = delegation.person
        if delegation.enterprise:
            person = delegation.enterprise.legal_representative
        assert person is not None
        found.append(
            Principal(
                str(delegation.key), one.principal_name, person, delegation.enterprise, one.id
            )
        )
    return found


def chosen(account: Account, item_code: str, key: str) -> Principal:
    """The principal with this key. Raises InvalidInput for one that the account may not act for."""
    for one in principals(account, item_code):
        if one.key == (key or MYSELF):
            return one
    raise _not_allowed()


def still_allowed(
    account: Account, item_code: str, enterprise_id: int | None, delegation_id: int | None
) -> None:
    """Raises when what the draft rests on was taken back or has run out since it was begun."""
    if delegation_id is None and enterprise_id is None:
        return
    for one in principals(account, item_code):
        enterprise = one.enterprise.pk if one.enterprise else None
        if (enterprise, one.delegation_id) == (enterprise_id, delegation_id):
            return
    raise _not_allowed()


def _not_allowed() -> DomainError:
    return InvalidInput(
        code="not_authorised",
        title=_("You may not act for them in this item"),
        detail=_("The delegation was taken back, has run out, or does not name this item."),
        fix=_("See «Acting for others» under «My affairs»."),
        field="principal",
    )
