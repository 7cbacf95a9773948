"""Who may see and handle which case. What somebody may not see does not exist for them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.problems import NotFound
from tongban.cases.models import Case
from tongban.cases.rules import Part
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of

STAFF_PARTS = {
    Part.CLERK: ("clerk",),
    Part.REVIEWER: ("reviewer", "head"),
}
READING_ROLES = ("clerk", "reviewer", "head")


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
    case = cases.select_related("item", "guide", "organ", "applicant").filter(number=number).first()
    if case is None:
        raise _not_found()
    return case


def cases_of_applicant(account: Account) -> QuerySet[Case]:
    return Case.objects.filter(applicant__account=account)


def cases_of_staff(account: Account) -> QuerySet[Case]:
    """Cases of the organs in which the account has a post that handles cases."""
    return Case.objects.filter(organ__in=duties_of(account).organs(*READING_ROLES))


def applicant_case(account: Account, number: str, *, lock: bool = False) -> Case:
    """The applicant's own case. Raises NotFound for any other, and for a forged number."""
    cases = cases_of_applicant(account)
    return _one(cases.select_for_update(of=("self",)) if lock else cases, number)


def staff_case(
    account: Account, number: str, *, lock: bool = False
) -> tuple[Case, frozenset[Part]]:
    """A case of one of the account's organs, and the parts in which the account may act on it.

    Raises NotFound for cases of other organs and regions. An applicant has no staff part in a
    case of their own: nobody handles their own application.
    """
    duties = duties_of(account)
    cases = Case.objects.filter(organ__in=duties.organs(*READING_ROLES))
    case = _one(cases.select_for_update(of=("self",)) if lock else cases, number)
    if case.applicant.account_id == account.pk:
        return case, frozenset()
    return case, frozenset(
        part for part, roles in STAFF_PARTS.items() if case.organ_id in duties.organs(*roles)
    )
