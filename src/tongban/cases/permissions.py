"""Who may see and handle which case. What somebody may not see does not exist for them."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import NotFound
from tongban.cases.models import Case, CaseStep, EmergencyAccess
from tongban.cases.rules import Part
from tongban.directory.models import Account
from tongban.directory.selectors import Duties, duties_of, representations
from tongban.ledger import direct

STAFF_PARTS = {
    Part.CLERK: Permission.ACCEPT_CASE,
    Part.REVIEWER: Permission.DECIDE_CASE,
    Part.HEAD: Permission.DIRECT_CASE,
}


# Asked before every act of the staff: composed by the models it takes longer than the rest of it.
OWN_AFFAIR = """
SELECT 1 FROM cases_case c
JOIN directory_person p ON p.id = c.applicant_id
LEFT JOIN directory_enterprise e ON e.id = c.enterprise_id
LEFT JOIN directory_person r ON r.id = e.legal_representative_id
WHERE c.id = %s AND (p.account_id = %s OR r.account_id = %s OR EXISTS (
    SELECT 1 FROM directory_person a JOIN directory_delegation d ON d.agent_id = a.id
    WHERE a.account_id = %s AND (d.id = c.delegation_id OR (d.revoked_at IS NULL
        AND (d.person_id = c.applicant_id OR d.enterprise_id = c.enterprise_id)))))"""


def _not_found() -> NotFound:
    return NotFound(
        code="case_not_found",
        title=_("There is no such case"),
        detail=_("The number is wrong, or the case is not yours to see."),
        fix=_("Check the number, or sign in with the account that sent the application."),
    )


def _one(cases: QuerySet[Case], number: str) -> Case:
    try:
        number = check_case_number(number)
    except CaseNumberError:
        raise _not_found() from None
    case = (
        cases.select_related(
            "item", "guide", "organ", "applicant", "enterprise", "delegation__agent", "claimed_by"
        )
        .filter(number=number)
        .first()
    )
    if case is None:
        raise _not_found()
    return case


def cases_of_applicant(account: Account) -> QuerySet[Case]:
    """Cases of the person, of the enterprises they represent, and of those they act for now.

    A guardian sees all of the ward's; an agent of an enterprise those of the items that the
    delegation names; a helper those handed in under the delegation. Two queries are made before.
    """
    mine = Q(applicant__account=account, enterprise=None) | Q(
        enterprise__legal_representative__account=account
    )
    for held in representations(account):
        if held.mandate.kind == "helper":
            mine |= Q(delegation=held.id)
            continue
        theirs = (
            Q(enterprise=held.enterprise_id)
            if held.enterprise_id
            else Q(applicant=held.person_id, enterprise=None)
        )
        if held.mandate.items:
            theirs &= Q(item__code__in=held.mandate.items)
        mine |= theirs
    return Case.objects.filter(mine)


def cases_of_staff(account: Account) -> QuerySet[Case]:
    """Cases of the organs in which the account has a post that handles cases."""
    return Case.objects.filter(organ__in=duties_of(account).organs_for(Permission.READ_CASE))


def is_own_affair(account: Account, case: Case) -> bool:
    """Whether the account is on the applicant's side of a case: nobody handles such. One query.

    Any delegation that was not taken back counts, in force or not, in this item or another.
    """
    return bool(direct.fetch(OWN_AFFAIR, [case.pk, account.pk, account.pk, account.pk]))


def applicant_case(account: Account, number: str, *, lock: bool = False) -> Case:
    """The applicant's own case. Raises NotFound for any other, and for a forged number."""
    cases = cases_of_applicant(account)
    return _one(cases.select_for_update(of=("self",)) if lock else cases, number)


def staff_case(
    account: Account, number: str, *, lock: bool = False
) -> tuple[Case, frozenset[Part]]:
    """A case of one of the account's organs, and the parts in which the account may act on it.

    A case that an emergency opens for a day is read in no part.

    Raises NotFound for cases of other organs and regions. An applicant has no staff part in a
    case of their own: nobody handles their own application.
    """
    duties = duties_of(account)
    mine = Q(organ__in=duties.organs_for(Permission.READ_CASE))
    emergencies = EmergencyAccess.objects.filter(account=account, ends_at__gt=utc_now())
    cases = Case.objects.filter(mine | Q(pk__in=emergencies.values("case")))
    case = _one(cases.select_for_update(of=("self",)) if lock else cases, number)
    if is_own_affair(account, case):
        return case, frozenset()
    return case, frozenset(
        part
        for part, permission in STAFF_PARTS.items()
        if case.organ_id in duties.organs_for(permission)
    )


def may_do(duties: Duties, step: CaseStep) -> bool:
    """Whether the posts are those of a step: the one that does it, or the one that signs it."""
    return step.organ_id in duties.organs(step.role, step.signed_by)


def steps_of_staff(duties: Duties) -> Q:
    """Steps that wait for somebody with these posts, as a condition on `CaseStep`."""
    waiting = Q(pk__in=())
    for role, organs in duties.organs_by_role.items():
        waiting |= Q(state__in=["open", "claimed"], role=role, organ__in=organs)
        waiting |= Q(state="signing", signed_by=role, organ__in=organs)
    return waiting
