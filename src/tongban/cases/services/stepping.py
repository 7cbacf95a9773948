"""Doing the steps of a procedure: by who has the post that the step names, in whatever organ's case.

Each act is one transaction under the lock of the case: the step, what opens after it, the run, the
ledger. A procedure of art. 45 that is a step stops the clock through the table of acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import OPEN_STEPS, Case, CaseRun, CaseStep
from tongban.cases.permissions import is_own_affair, may_do
from tongban.cases.procedures import engine
from tongban.cases.rules import Act, Part, State
from tongban.cases.services import running
from tongban.cases.services.step_rows import locked_case, step_read
from tongban.cases.services.writing import carry_out
from tongban.directory.models import Account
from tongban.directory.selectors import Duties, duties_of, stands_in_for
from tongban.ledger import acts
from tongban.ledger.direct import update
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

HANDLED = (State.ACCEPTED, State.PAUSED)
TEXT_LEAST, REASONS_LEAST, TEXT_MOST = 2, 4, 4_000
# In a step that is a special procedure whoever does it has the part of who examines the case.
EXAMINER = frozenset({Part.REVIEWER})
WITHIN = "who of an organ does what is the organ's own; what comes of it leaves the trace"


@dataclass(frozen=True)
class Held:
    """A step of a locked case, its run, and who asks with their posts."""

    actor: Account
    duties: Duties
    case: Case
    run: CaseRun
    step: CaseStep

    @property
    def may_sign(self) -> bool:
        return self.step.organ_id in self.duties.organs(self.step.signed_by)

    @property
    def is_head(self) -> bool:
        return self.step.organ_id in self.duties.organs("head")


def _no_such_step() -> NotFound:
    return NotFound(
        code="step_not_found",
        title=_("There is no such step"),
        detail=_("The address is wrong, or the step is another post's."),
        fix=_("See «Steps» at the workbench for those of your posts."),
    )


def _not_now(detail: object) -> Conflict:
    return Conflict(
        code="not_possible_now",
        title=_("This can't be done now"),
        detail=detail,
        fix=_("Reload the step: perhaps a colleague was faster."),
    )


def _held(actor: Account, number: str, token: int) -> Held:
    """The step with its case locked. Raises NotFound for one of another post, NotPermitted in one's
    own affair, Conflict when the case is not being handled any more. Four queries.
    """
    try:
        number = check_case_number(number)
    except CaseNumberError:
        raise _no_such_step() from None
    duties = duties_of(actor)
    case = locked_case(number)
    step = step_read(case, token) if case else None
    if case is None or step is None or not may_do(duties, step):
        raise _no_such_step()
    if is_own_affair(actor, case):
        raise NotPermitted(
            code="own_affair",
            title=_("You can only read this case"),
            detail=_("It is your own affair, or that of somebody you act for."),
            fix=_("Hand the step over to a colleague."),
        )
    if case.state not in HANDLED:
        label = case.get_state_display()
        raise _not_now(_("The case is in the state «%(state)s».") % {"state": label})
    return Held(actor, duties, case, step.run, step)


def _check_in_hand(held: Held, *states: CaseStep.State) -> None:
    """The step can be worked on now, by this person."""
    step = held.step
    if step.state not in states:
        raise _not_now(_("The step is in the state «%(state)s».") % {"state": _label(step)})
    if step.state == CaseStep.State.SIGNING:
        if not held.may_sign or step.done_by_id == held.actor.pk:
            raise NotPermitted(
                code="not_yours_to_sign",
                title=_("This is for another post"),
                detail=_("Somebody else signs than who did the step, with the post that signs."),
                fix=_("Ask a colleague with that post."),
            )
        return
    if step.organ_id not in held.duties.organs(step.role):
        raise _no_such_step()
    if step.claimed_by_id not in (None, held.actor.pk) and not _covers(held):
        raise _not_now(_("%(who)s has claimed the step.") % {"who": step.claimed_by})


def _covers(held: Held) -> bool:
    """Whether the actor stands in for who claimed the step (代岗), or leads the organ."""
    if held.is_head:
        return True
    claimed = held.step.claimed_by_id
    return claimed is not None and stands_in_for(held.actor, claimed, held.step.organ_id)


def _label(step: CaseStep) -> str:
    return str(CaseStep.State(step.state).label)


def _written(text: str, field: str, least: int) -> str:
    said = text.strip().replace("\r\n", "\n").replace("\x00", "")
    if least <= len(said) <= TEXT_MOST:
        return said
    detail = _("Write %(least)d to %(most)d characters.") % {"least": least, "most": TEXT_MOST}
    raise InvalidInput(
        code="text_missing",
        title=_("Something is missing or wrong"),
        detail=detail,
        field=field,
        errors=(FieldError(f"/{field}", "text_missing", str(detail)),),
    )


def _wrong(field: str, code: str, detail: object) -> InvalidInput:
    return InvalidInput(
        code=code,
        title=_("Something is missing or wrong"),
        detail=detail,
        field=field,
        errors=(FieldError(f"/{field}", code, str(detail)),),
    )


@leaves_no_trace(WITHIN)
@transaction.atomic
def claim(actor: Account, number: str, token: int) -> CaseStep:
    """Take a step on oneself (认领), so that nobody else does it too.

    From a colleague only who stands in for them, or the head. Raises as `complete`.
    """
    held = _held(actor, number, token)
    _check_in_hand(held, CaseStep.State.OPEN, CaseStep.State.CLAIMED)
    return _claimed_by(held.step, actor)


def _claimed_by(step: CaseStep, account: Account) -> CaseStep:
    step.state, step.claimed_by = CaseStep.State.CLAIMED, account
    step.save(update_fields=["state", "claimed_by"])
    return step


@leaves_no_trace(WITHIN)
@transaction.atomic
def release(actor: Account, number: str, token: int) -> CaseStep:
    """Give a claimed step back to all who have the post. Raises as `complete`."""
    held = _held(actor, number, token)
    _check_in_hand(held, CaseStep.State.CLAIMED)
    held.step.state, held.step.claimed_by = CaseStep.State.OPEN, None
    held.step.save(update_fields=["state", "claimed_by"])
    return held.step


@leaves_no_trace(WITHIN)
@transaction.atomic
def hand_over(actor: Account, number: str, token: int, *, to: str) -> CaseStep:
    """Hand a step over to a colleague with the post (移交), by account name. Raises as `complete`."""
    held = _held(actor, number, token)
    _check_in_hand(held, CaseStep.State.OPEN, CaseStep.State.CLAIMED)
    colleague = Account.objects.filter(username=to.strip().replace("\x00", ""), is_active=True)
    found = colleague.first()
    step = held.step
    if found is None or step.organ_id not in duties_of(found).organs(step.role):
        raise _wrong("to", "no_such_colleague", _("Nobody of this account name has the post."))
    if is_own_affair(found, held.case):
        raise _wrong("to", "own_affair", _("It is the colleague's own affair: name another one."))
    return _claimed_by(step, found)


@leaves_trace(acts.CASE_PAUSED)
@transaction.atomic
def begin_special(
    actor: Account,
    number: str,
    token: int,
    typed: Mapping[str, str],
    *,
    at: datetime | None = None,
) -> CaseStep:
    """Begin a step that is a special procedure (听证 … art. 45): the clock of the case stands.

    `typed` has `until` and `reasons`, which the applicant reads. Raises as `complete`.
    """
    moment = at or utc_now()
    held = _held(actor, number, token)
    _check_in_hand(held, CaseStep.State.OPEN, CaseStep.State.CLAIMED)
    step = held.step
    if not step.special or step.begun_at is not None:
        raise _not_now(_("The step is no special procedure, or it has begun."))
    said = {"kind": step.special} | {key: typed.get(key, "") for key in ("until", "reasons")}
    carry_out(
        held.case,
        Act.START_SPECIAL,
        EXAMINER,
        actor=actor,
        at=moment,
        typed=said,
        organ=step.organ,
    )
    step.begun_at = moment
    step.state, step.claimed_by = CaseStep.State.CLAIMED, actor
    step.save(update_fields=["begun_at", "state", "claimed_by"])
    return step


def _end_special(held: Held, text: str, at: datetime) -> None:
    """The step's special procedure ends with it, unless somebody ended it before."""
    if held.step.begun_at is None:
        raise _not_now(_("Begin the special procedure first: the applicant is told of it."))
    try:
        carry_out(
            held.case,
            Act.END_SPECIAL,
            EXAMINER,
            actor=held.actor,
            at=at,
            typed={"running": held.step.special, "reasons": text},
            organ=held.step.organ,
        )
    except InvalidInput as problem:
        if problem.code != "running":
            raise
    except Conflict as problem:
        if problem.code != "not_possible_now" or held.case.state == State.PAUSED:
            raise


@leaves_trace(acts.STEP_DONE, acts.CASE_RESUMED)
@transaction.atomic
def complete(
    actor: Account,
    number: str,
    token: int,
    *,
    text: str,
    flow: str = "",
    at: datetime | None = None,
) -> CaseStep:
    """Do a step, with an opinion (办理意见); what follows it opens. At a choice `flow` is the way.

    A step that somebody signs waits for the signature. Raises NotFound for a step of another post,
    NotPermitted in one's own affair, Conflict when it is not open or a colleague has claimed it,
    InvalidInput for what is missing. Eight statements, one more for each step that opens.
    """
    moment = at or utc_now()
    held = _held(actor, number, token)
    _check_in_hand(held, CaseStep.State.OPEN, CaseStep.State.CLAIMED)
    step = held.step
    said = _written(text, "text", TEXT_LEAST)
    _check_way(held, flow)
    if step.special:
        _end_special(held, said, moment)
    signing = bool(step.signed_by)
    changes = {
        "state": CaseStep.State.SIGNING if signing else CaseStep.State.DONE,
        "claimed_by": step.claimed_by or actor,
        "done_by": actor,
        "done_at": moment,
        "ended_at": None if signing else moment,
        "text": said,
        "chosen": flow,
    }
    _change(step, changes)
    over = False if signing else _go_on(held, flow, moment)
    _trace(held, acts.STEP_DONE, said, moment, over=over, **({"chosen": flow} if flow else {}))
    return step


@leaves_trace(acts.STEP_SIGNED)
@transaction.atomic
def sign(
    actor: Account, number: str, token: int, *, text: str = "", at: datetime | None = None
) -> CaseStep:
    """Sign what a colleague did (签批): the step is done. Raises as `complete`."""
    moment = at or utc_now()
    held = _held(actor, number, token)
    _check_in_hand(held, CaseStep.State.SIGNING)
    said = _written(text, "text", 0)
    step = held.step
    changes = {"state": CaseStep.State.DONE, "signer": actor, "ended_at": moment}
    _change(step, changes | ({"text": f"{step.text}\n{said}"} if said else {}))
    over = _go_on(held, step.chosen, moment)
    _trace(held, acts.STEP_SIGNED, said, moment, over=over)
    return step


@leaves_trace(acts.STEP_RETURNED)
@transaction.atomic
def send_back(
    actor: Account,
    number: str,
    token: int,
    *,
    to: str,
    reasons: str,
    at: datetime | None = None,
) -> CaseStep:
    """Send the case back to an earlier step (退回), with reasons; what goes on beside it is given up.

    `to` is a step that was open with nothing beside it. Who is to sign may instead name the step
    itself: its doer does it once more. Raises as `complete`; Conflict while a special procedure of
    the case goes on, since its end would be forgotten.
    """
    moment = at or utc_now()
    held = _held(actor, number, token)
    _check_in_hand(held, *(CaseStep.State(one) for one in OPEN_STEPS))
    step = held.step
    said = _written(reasons, "reasons", REASONS_LEAST)
    if step.state == CaseStep.State.SIGNING and to == step.node:
        _change(step, {"state": CaseStep.State.CLAIMED, "done_by": None, "done_at": None})
    else:
        if to not in ways_back(held.run, step):
            raise _wrong("to", "no_way_back", _("Choose an earlier step of the list."))
        if held.case.state == State.PAUSED:
            raise _not_now(_("A procedure or a wait still goes on: end it first."))
        _change(step, {"state": CaseStep.State.RETURNED, "ended_at": moment, "text": said})
        beside = held.run.steps.filter(state__in=OPEN_STEPS).exclude(pk=step.pk)
        beside.update(state=CaseStep.State.DROPPED, ended_at=moment)
        running.move(
            held.run,
            held.case,
            lambda procedure, state, _answers: engine.go_back(procedure, state, to),
            moment,
        )
    _trace(held, acts.STEP_RETURNED, said, moment, over=False, to=to)
    return step


def ways_back(run: CaseRun, step: CaseStep) -> list[str]:
    """The steps to which the case may be sent back from a step, the earliest first. No query."""
    return [one for one in run.alone if one != step.node]


def _check_way(held: Held, flow: str) -> None:
    step = held.step
    if step.kind != CaseStep.Kind.CHOICE:
        if flow:
            raise _wrong("flow", "no_choice", _("There is no way to choose in this step."))
        return
    known = running.loaded(held.run.procedure_id).procedure
    if flow not in {one.id for one in known.outgoing[step.node]}:
        raise _wrong("flow", "flow", _("Choose how to go on."))


def _go_on(held: Held, flow: str, at: datetime) -> bool:
    """Move the run past the step; whether the procedure is over with it."""
    step = held.step
    after = running.move(
        held.run,
        held.case,
        lambda procedure, state, answers: (
            engine.choose(procedure, state, step.node, flow, answers)
            if step.kind == CaseStep.Kind.CHOICE
            else engine.complete(procedure, state, step.node, answers)
        ),
        at,
        (step.organ_id, step.role),
    )
    return after.over


def _change(step: CaseStep, changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        setattr(step, name, value)
    update(step, *changes)


def _trace(held: Held, act: str, said: str, at: datetime, *, over: bool, **more: str) -> None:
    step, item = held.step, held.case.item
    record(
        act,
        at=at,
        organ=step.organ.code,
        region=item.region_id or "",
        item=item.code,
        case_ref=held.case.ledger_ref,
        payload={
            "number": held.case.number,
            "step": step.node,
            "name": step.name,
            "by": held.actor.username,
            "said": said,
            "version": running.loaded(held.run.procedure_id).version,
            "over": over,
            **more,
        },
    )
