"""Reads of procedures in cases: the steps that wait for somebody, and how far a case is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.problems import NotFound
from tongban.cases.models import OPEN_STEPS, Case, CaseRun, CaseStep
from tongban.cases.permissions import is_own_affair, may_do, steps_of_staff
from tongban.cases.procedures.model import Procedure
from tongban.cases.procedures.progress import StageProgress, progress
from tongban.cases.rules import State
from tongban.cases.services.running import loaded
from tongban.directory.models import Account, Post
from tongban.directory.selectors import duties_of

PAGE: Final = 30
SHOWN: Final = ("open", "mine", "late")


@dataclass(frozen=True)
class StepRow:
    """A step that waits for somebody, as the list shows it."""

    number: str
    token: int
    name: str
    item: str
    organ: str
    of_organ: str
    state: str
    state_label: str
    claimed_by: str
    due_on: date | None
    days_left: int | None


@dataclass(frozen=True)
class StepList:
    rows: tuple[StepRow, ...]
    counts: Mapping[str, int]
    more: bool


def _conditions(account: Account, today: date) -> dict[str, Q]:
    return {"open": Q(), "mine": Q(claimed_by=account), "late": Q(due_on__lt=today)}


def step_list(account: Account, *, show: str = "open", page: int = 1, today: date) -> StepList:
    """Steps that wait for the account's posts, the most urgent first. Five queries."""
    waiting = CaseStep.objects.filter(steps_of_staff(duties_of(account)))
    conditions = _conditions(account, today)
    start = (max(page, 1) - 1) * PAGE
    found = list(
        waiting.filter(conditions[show])
        .select_related("case__item", "case__organ", "organ", "claimed_by")
        .defer("case__answers", "case__item__source_row")
        .order_by(F("due_on").asc(nulls_last=True), "opened_at", "id")[start : start + PAGE + 1]
    )
    counts = {name: waiting.filter(condition).count() for name, condition in conditions.items()}
    return StepList(tuple(_row(one, today) for one in found[:PAGE]), counts, len(found) > PAGE)


def _row(step: CaseStep, today: date) -> StepRow:
    return StepRow(
        number=step.case.number,
        token=step.token,
        name=step.name,
        item=step.case.item.name,
        organ=step.organ.name,
        of_organ=step.case.organ.name,
        state=step.state,
        state_label=str(CaseStep.State(step.state).label),
        claimed_by=str(step.claimed_by or ""),
        due_on=step.due_on,
        days_left=(step.due_on - today).days if step.due_on else None,
    )


def staff_step(account: Account, number: str, token: int) -> CaseStep:
    """A step of the account's posts, with its case, as long as the case is handled. Three queries.

    Raises NotFound for one of another post or organ, in one's own affair, and afterwards.
    """
    missing = NotFound(
        code="step_not_found",
        title=_("There is no such step"),
        detail=_("The address is wrong, or the step is another post's."),
        fix=_("See «Steps» at the workbench for those of your posts."),
    )
    try:
        number = check_case_number(number)
    except CaseNumberError:
        raise missing from None
    step = (
        CaseStep.objects.select_related(
            *("run", "organ", "claimed_by", "done_by", "case__item", "case__guide"),
            *("case__organ", "case__applicant", "case__enterprise"),
        )
        .filter(case__number=number, token=token, case__state__in=[State.ACCEPTED, State.PAUSED])
        .first()
    )
    if step is None or not may_do(duties_of(account), step) or is_own_affair(account, step.case):
        raise missing
    return step


@dataclass(frozen=True)
class CaseProgress:
    """How far a case is in its procedure. `named` has organs' names and posts in place of codes."""

    named: Procedure
    version: int
    stages: tuple[StageProgress, ...]
    steps: tuple[CaseStep, ...]
    marks: Mapping[str, str]
    over: bool


def case_progress(case: Case, today: date) -> CaseProgress | None:
    """The procedure of a case and where it stands, None when it has none. Two queries."""
    run = CaseRun.objects.filter(case=case).first()
    if run is None:
        return None
    known = loaded(run.procedure_id)
    steps = tuple(
        run.steps.select_related("organ", "claimed_by", "done_by", "signer").order_by("token")
    )
    done, waiting = done_steps(steps), [one for one in steps if one.state in OPEN_STEPS]
    marks = dict.fromkeys(done, "done") | {
        one.node: "late" if one.due_on and one.due_on < today else "open" for one in waiting
    }
    open_now = {one.node for one in waiting}
    return CaseProgress(
        named=named(known.procedure, known.names, case.organ.name),
        version=known.version,
        stages=progress(known.procedure, done, open_now, over=run.finished),
        steps=steps,
        marks=marks,
        over=run.finished,
    )


def steps_here(account: Account, far: CaseProgress) -> tuple[CaseStep, ...]:
    """The steps of a case that wait for the account's posts. One query."""
    duties = duties_of(account)
    return tuple(
        one
        for one in far.steps
        if one.state in OPEN_STEPS
        and one.organ_id
        in duties.organs(one.signed_by if one.state == CaseStep.State.SIGNING else one.role)
    )


def done_steps(steps: Sequence[CaseStep]) -> set[str]:
    """Nodes that are done, in the order of tokens: what was sent back is to be done once more."""
    done: dict[int, str] = {}
    back = False
    for step in steps:
        if back and step.node in done.values():
            first = max(token for token, node in done.items() if node == step.node)
            done = {token: node for token, node in done.items() if token < first}
            back = False
        if step.state == CaseStep.State.DONE:
            done[step.token] = step.node
        back = back or step.state == CaseStep.State.RETURNED
    return set(done.values())


def named(procedure: Procedure, organs: Mapping[str, str], own: str) -> Procedure:
    """The procedure with names for organs and posts, as people read it in the picture."""
    roles = dict(Post.Role.choices)
    return replace(
        procedure,
        nodes=tuple(
            replace(
                one,
                organ=organs.get(one.organ, one.organ) if one.organ else own,
                role=str(roles.get(one.role, one.role)),
            )
            if one.kind == "task"
            else one
            for one in procedure.nodes
        ),
    )
