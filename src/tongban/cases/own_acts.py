"""The acts about oneself in the ledger, and those of whom one acts for: who may see which, and how.

One's own: under the reference of the account and of every case that `cases_of_applicant` gives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import NotFound
from tongban.cases.models import BundleFiling, Case
from tongban.cases.permissions import cases_of_applicant
from tongban.cases.reporting.selectors import reported_for
from tongban.directory.models import Account
from tongban.ledger import acts, issuing
from tongban.ledger.listing import Trace, Traces, placed_traces, trace_at, traces_of

# So many cases and receipts one page or one file takes in, the newest first.
CASES_MOST = 500
RECEIPTS_MOST = 2_000
# Acts of the account that another resident has a part in, whose number or name the payload holds.
OF_TWO_PEOPLE = frozenset({acts.DELEGATION_GRANTED, acts.DELEGATION_REVOKED})


def references(account: Account) -> list[str]:
    """Under which acts about the account stand: its own, its newest cases', those in other
    systems' and its bundles'. Six queries.
    """
    newest = cases_of_applicant(account).order_by("-submitted_at", "-id")
    elsewhere = reported_for(account).order_by("-applied_at", "-pk")
    return [
        account.ledger_ref,
        *newest.values_list("ledger_ref", flat=True)[:CASES_MOST],
        *elsewhere.values_list("ledger_ref", flat=True)[:CASES_MOST],
        *_bundles(account).order_by("-pk").values_list("ledger_ref", flat=True)[:CASES_MOST],
    ]


def _bundles(account: Account) -> QuerySet[BundleFiling]:
    mine = Q(account=account) | Q(principal__account=account, enterprise=None)
    return BundleFiling.objects.filter(mine, sent_at__isnull=False)


def own_references(account: Account) -> list[str]:
    """As `references`, without the cases of whom one only acts for. One query."""
    newest = Case.objects.filter(applicant__account=account).order_by("-submitted_at", "-id")
    return [account.ledger_ref, *newest.values_list("ledger_ref", flat=True)[:CASES_MOST]]


def own_acts(account: Account, *, before: int | None = None) -> Traces:
    """Acts about the account and its cases, newest first. Eight queries at most."""
    return traces_of(references(account), before=before)


@dataclass(frozen=True)
class OwnAct:
    """An act that the account may see, with its case when it is of one."""

    trace: Trace
    case: Case | None


def own_act(account: Account, seq: int) -> OwnAct:
    """The act at a place of the log. Raises NotFound when it is not the account's to see.

    Six queries at most.
    """
    found = trace_at(seq)
    if found:
        reference, trace = found
        if reference and reference == account.ledger_ref:
            return OwnAct(trace, None)
        mine = cases_of_applicant(account).select_related("applicant", "item")
        case = mine.filter(ledger_ref=reference).first() if reference else None
        if case:
            return OwnAct(trace, case)
        if reference and (
            reported_for(account).filter(ledger_ref=reference).exists()
            or _bundles(account).filter(ledger_ref=reference).exists()
        ):
            return OwnAct(trace, None)
    raise NotFound(
        code="act_not_found",
        title=_("There is no such act of yours"),
        detail=_("The place in the log is wrong, or the act is not about you."),
        fix=_("See «Acts in the ledger» under «My affairs»."),
    )


def may_open(account: Account, trace: Trace, payload: str, case: Case | None) -> bool:
    """Whether the payload of an act that the account may see is also theirs to read.

    Not when it holds what the pages hide from them: the number or the account of another resident.
    A payload is given whole or not at all, since a part of it opens no commitment.
    """
    said = json.loads(payload)
    if case is None:
        return trace.leaf.act not in OF_TWO_PEOPLE or said.get("by") == account.username
    number = said.get("applicant", "")
    is_applicant = case.applicant.account_id == account.pk
    return not number or is_applicant or number in case.answers.values()


def receipt(account: Account, act: OwnAct) -> dict[str, object] | None:
    """The receipt of an act; None before a published checkpoint covers it. Six queries at most."""
    case = act.case
    found = issuing.receipts(
        [act.trace], lambda trace, payload: may_open(account, trace, payload, case)
    )
    return found[0] if found else None


def all_receipts(account: Account) -> dict[str, object]:
    """The newest receipts of one's own acts in one document, with what a monitor looks for.

    Ten queries and one for each 200 tiles.
    """
    mine = own_references(account)
    cases = Case.objects.filter(ledger_ref__in=mine[1:]).select_related("applicant")
    by_reference = {case.ledger_ref: case for case in cases}
    traces = placed_traces(mine, most=RECEIPTS_MOST)
    made = issuing.receipts(
        traces,
        lambda trace, payload: may_open(account, trace, payload, by_reference.get(trace.leaf.case)),
    )
    return {"format": issuing.COLLECTION, "receipts": made, "references": mine}
