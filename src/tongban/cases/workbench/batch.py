"""Several cases with one click: each is done by itself, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tongban.base.problems import DomainError, InvalidInput
from tongban.cases.models import Case
from tongban.cases.services.handling import accept
from tongban.cases.workbench.claims import claim
from tongban.directory.models import Account
from tongban.ledger.traces import leaves_no_trace

BATCH_MOST = 100


@dataclass(frozen=True)
class Outcome:
    """What came of one case of a batch. `problem` is empty when it was done."""

    number: str
    problem: str = ""
    fix: str = ""

    @property
    def done(self) -> bool:
        return not self.problem


def _each(
    actor: Account, numbers: Sequence[str], act: Callable[[str], Case]
) -> tuple[Outcome, ...]:
    wanted = list(dict.fromkeys(numbers))
    if not wanted or len(wanted) > BATCH_MOST:
        raise InvalidInput(
            code="batch_size",
            title=_("Choose some cases first"),
            detail=_("At most %(most)d at once.") % {"most": BATCH_MOST},
            field="number",
        )
    found = []
    for number in wanted:
        try:
            found.append(Outcome(act(number).number))
        except DomainError as fault:
            why = " ".join(part for part in (str(fault.title), str(fault.detail)) if part)
            found.append(Outcome(number[:40], why, str(fault.fix)))
    return tuple(found)


@leaves_no_trace("each acceptance leaves its own trace")
def accept_all(
    actor: Account, numbers: Sequence[str], *, at: datetime | None = None
) -> tuple[Outcome, ...]:
    """Accept each of the applications (批量受理) in a transaction of its own; one that can't be
    accepted keeps none of the others. Raises InvalidInput for none, or more than 100.
    """
    return _each(actor, numbers, lambda number: accept(actor, number, at=at))


@leaves_no_trace("who of the colleagues looks after a case: no power is used, nothing is read")
def claim_all(
    actor: Account, numbers: Sequence[str], *, at: datetime | None = None
) -> tuple[Outcome, ...]:
    """Claim each of the cases that nobody has. Raises as `accept_all`."""
    return _each(actor, numbers, lambda number: claim(actor, number, at=at))
