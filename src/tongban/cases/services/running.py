"""A case in its item's procedure: the run begins with acceptance, moves with each step, ends.

No permission is asked here and nothing is recorded: `stepping` and `elapsing` do that, under the lock
of the case. `carry_out` calls `begin` and `stop`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import Conflict
from tongban.cases.models import OPEN_STEPS, Case, CaseRun, CaseStep, CaseTimer, ItemProcedure
from tongban.cases.procedures import engine
from tongban.cases.procedures.document import from_data, state_as_data, state_from_data
from tongban.cases.procedures.model import Node, Procedure
from tongban.cases.procedures.times import runs_out, step_due
from tongban.directory.models import Organ
from tongban.directory.selectors import working_calendar
from tongban.ledger.direct import insert, update
from tongban.ledger.traces import leaves_no_trace

NAME_MOST = 200
# Who decides at a gateway that nobody has come to with a step.
CHOOSER = "reviewer"
PART = "a part of the act, which leaves the trace"


@dataclass(frozen=True)
class Loaded:
    """A version that was in force, ready to run; keys and names of organs by their codes."""

    procedure: Procedure
    version: int
    organs: Mapping[str, int]
    names: Mapping[str, str]

    @cached_property
    def has_timers(self) -> bool:
        return any(one.wait for one in self.procedure.nodes)

    @cached_property
    def has_conditions(self) -> bool:
        return any(one.condition for one in self.procedure.flows)


_loaded: dict[int, Loaded] = {}
LOADED_KEPT = 500


def forget_procedures() -> None:
    """Read every procedure anew at the next question (tests, whose databases come and go)."""
    _loaded.clear()


def loaded(key: int) -> Loaded:
    """The version with this primary key: it never changes, so it is read once a process.

    Two queries the first time.
    """
    held = _loaded.get(key)
    if held is None:
        row = ItemProcedure.objects.get(pk=key)
        procedure = from_data(row.document)
        codes = {task.organ for task in procedure.tasks if task.organ}
        organs = list(Organ.objects.filter(code__in=codes))
        held = Loaded(
            procedure,
            row.version,
            {one.code: one.pk for one in organs},
            {one.code: one.name for one in organs},
        )
        if len(_loaded) >= LOADED_KEPT:
            _loaded.clear()
        _loaded[key] = held
    return held


def in_force_at(item: int, moment: datetime) -> int | None:
    """The version of an item's procedure by which a case is run that was handed in then. One query."""
    return (
        ItemProcedure.objects.filter(item=item, in_force_from__lte=moment)
        .filter(Q(in_force_to=None) | Q(in_force_to__gt=moment))
        .order_by("-version")
        .values_list("pk", flat=True)
        .first()
    )


def procedure_runs(case: Case) -> bool:
    """Whether the case is in a procedure that has not come to its end. One query."""
    return CaseRun.objects.filter(case=case, finished=False).exists()


@leaves_no_trace(PART)
def begin(case: Case, at: datetime) -> None:
    """Begin the run of an accepted case by the version in force when it was handed in, if any."""
    key = in_force_at(case.item_id, case.submitted_at)
    if key is None:
        return
    known = loaded(key)
    state = engine.start(known.procedure, case.answers if known.has_conditions else {})
    run = CaseRun(
        case=case,
        procedure_id=key,
        state=state_as_data(state),
        alone=_alone(known.procedure, state, []),
        finished=state.over,
    )
    insert(run)
    _write_new(run, case, known, engine.State(), state, at, (case.organ_id, CHOOSER))


@leaves_no_trace(PART)
def stop(case: Case, at: datetime) -> None:
    """Give up what is open of a case that ended without a decision. Two queries."""
    case.steps.filter(state__in=OPEN_STEPS).update(state=CaseStep.State.DROPPED, ended_at=at)
    CaseTimer.objects.filter(run__case=case).delete()


@leaves_no_trace(PART)
def move(
    run: CaseRun,
    case: Case,
    change: Callable[[Procedure, engine.State, Mapping[str, object]], engine.State],
    at: datetime,
    doer: tuple[int, str] | None = None,
) -> engine.State:
    """Let a run of a locked case go on: new steps and timers, the run itself.

    `doer`: organ and post of who acts; they choose the way at a gateway that comes next. Raises
    Conflict when the run is not where the change thinks, or somebody else moved it.
    """
    known = loaded(run.procedure_id)
    before = state_from_data(run.state)
    after = change(known.procedure, before, case.answers if known.has_conditions else {})
    _write_new(run, case, known, before, after, at, doer or (case.organ_id, CHOOSER))
    if known.has_timers:
        _stop_timers(run, before, after)
    _save(run, after, _alone(known.procedure, after, run.alone))
    return after


def _alone(procedure: Procedure, state: engine.State, before: list[str]) -> list[str]:
    step = engine.alone(procedure, state)
    return before if not step or step in before else [*before, step]


def _write_new(
    run: CaseRun,
    case: Case,
    known: Loaded,
    before: engine.State,
    after: engine.State,
    at: datetime,
    doer: tuple[int, str],
) -> None:
    """Rows for the tokens that came to rest somewhere: a statement each."""
    for token in after.tokens:
        node = known.procedure.node.get(token.at)
        if token.number <= before.given or node is None:
            continue
        if node.kind == "timer":
            _start_timer(run, token.number, node, at)
            continue
        insert(_row(run, case, known, token.number, node, at, doer))
        for limit in known.procedure.limits.get(node.id, ()):
            _start_timer(run, token.number, limit, at)


def _row(
    run: CaseRun,
    case: Case,
    known: Loaded,
    token: int,
    node: Node,
    at: datetime,
    doer: tuple[int, str],
) -> CaseStep:
    common: dict[str, Any] = {
        "run": run,
        "case": case,
        "token": token,
        "node": node.id,
        "name": (node.name or node.id)[:NAME_MOST],
        "opened_at": at,
    }
    if node.kind == "exclusive":
        organ, role = doer
        return CaseStep(kind=CaseStep.Kind.CHOICE, organ_id=organ, role=role, **common)
    due = step_due(at, node.limit_days, working_calendar())
    return CaseStep(
        stage=node.stage,
        organ_id=known.organs[node.organ] if node.organ else case.organ_id,
        role=node.role,
        signed_by=node.signed_by,
        special=node.special,
        due_on=due.on if due else None,
        **common,
    )


def _start_timer(run: CaseRun, token: int, node: Node, at: datetime) -> None:
    assert node.wait is not None
    moment = runs_out(node.wait, at, working_calendar())
    insert(CaseTimer(run=run, token=token, node=node.id, runs_out_at=moment))


def _stop_timers(run: CaseRun, before: engine.State, after: engine.State) -> None:
    """Those whose token went on, and those that were told."""
    resting = {token.number: token for token in after.tokens}
    gone = [one.number for one in before.tokens if one.number not in resting]
    stopped = Q(token__in=gone)
    for token in after.tokens:
        if token.told:
            stopped |= Q(token=token.number, node__in=token.told)
    run.timers.filter(stopped).delete()


def _save(run: CaseRun, after: engine.State, alone: list[str]) -> None:
    """Move the run on if it still is where it was read."""
    turn = run.turn
    run.state, run.alone, run.finished = state_as_data(after), alone, after.over
    run.turn = turn + 1
    moved = update(run, "state", "alone", "turn", "finished", **{"turn": turn, "finished": False})
    if moved != 1:
        raise Conflict(
            code="somebody_was_faster",
            title=_("This can't be done now"),
            detail=_("Somebody else moved the procedure on at the same moment."),
            fix=_("Reload the case."),
        )
