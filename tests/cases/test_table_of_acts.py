"""The table of acts: complete, the same everywhere, and the database refuses what it lacks."""

from __future__ import annotations

import itertools
import re

import pytest
from django.db import IntegrityError, connection, transaction

from tests.conftest import AT
from tongban.base.problems import Conflict, NotPermitted
from tongban.cases.act_forms import ROWS
from tongban.cases.labels import ACT_TITLES, BUTTONS, DELIVERIES, DONE, GROUNDS, PROCEDURES
from tongban.cases.models import LOOKS, Case, CaseEvent
from tongban.cases.rules import (
    CONDITIONS,
    REASONED,
    SPECIAL,
    STAFF_ACTS,
    STEPS,
    SYSTEM_ACTS,
    Act,
    Condition,
    Delivery,
    Ground,
    Input,
    Part,
    Procedure,
    State,
    moves,
)
from tongban.cases.rules import GROUNDS as GROUNDS_OF
from tongban.cases.services import handling
from tongban.cases.services.saying import CHECKS
from tongban.cases.services.writing import LEDGER_ACTS
from tongban.cases.wording import NEXT

STATES = list(State)


def test_the_table_names_every_act_and_reaches_every_state():
    assert {step.act for step in STEPS} == set(Act)
    assert {after for _act, _before, after in moves()} == set(State)


def test_every_row_cites_an_article():
    for step in STEPS:
        assert re.search(r"\d", step.article), step


def test_every_name_of_the_table_has_its_function_and_its_words():
    assert set(CONDITIONS) == set(Condition)
    assert set(CHECKS) == set(ROWS) == set(Input)
    assert set(ACT_TITLES) == set(Act)
    assert set(LEDGER_ACTS) == set(Act) - {Act.SUBMIT}
    assert set(BUTTONS) == set(DONE) >= STAFF_ACTS
    assert set(PROCEDURES) == set(Procedure)
    assert set(GROUNDS) == set(Ground) == {one for some in GROUNDS_OF.values() for one in some}
    assert set(DELIVERIES) == set(Delivery)
    assert set(NEXT) == set(State) == {State(value) for value in Case.State.values}


def test_article_45_lists_eight_procedures():
    # 听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审
    assert {kind.value for kind in SPECIAL} == {
        "hearing",
        "bidding",
        "auction",
        "inspection",
        "testing",
        "quarantine",
        "appraisal",
        "expert_review",
    }


def test_only_heads_extend_and_revoke_and_nobody_decides_what_they_accepted():
    parts = {step.act: step.part for step in STEPS}
    assert parts[Act.EXTEND] is parts[Act.REVOKE] is Part.HEAD  # 42, 69
    for step in STEPS:
        if step.act in (Act.APPROVE, Act.DENY, Act.TERMINATE):
            assert Condition.NOT_WHO_ACCEPTED in step.conditions
        if step.act is Act.REVOKE:
            assert Condition.NOT_WHO_DECIDED in step.conditions


@pytest.mark.parametrize("state", STATES)
def test_only_what_the_table_of_steps_allows_is_possible(world, calendar, state):
    case = world.make_case(state.value)
    case.refresh_from_db()
    assert case.state == state
    before = _everything(case)
    allowed = {step.act for step in STEPS if state in step.starts}
    everybody = world.make_staff("all", world.organ, "clerk", "reviewer", "head")
    for act in sorted((STAFF_ACTS - allowed) | (SYSTEM_ACTS & {Act.LAPSE})):
        with pytest.raises((Conflict, NotPermitted)):
            handling.handle(everybody, case.number, act, {"reasons": "有理由的"}, at=AT)
    case.refresh_from_db()
    assert _everything(case) == before


def _everything(case: Case) -> list[object]:
    row = Case.objects.filter(pk=case.pk).values().get()
    return [row, list(case.events.order_by("seq").values())]


# The database, without any of our services


def raw_event(case: Case, act: str, before: str, after: str) -> None:
    """An event as somebody would write it who knows the table of events and not the law."""
    staff = act in STAFF_ACTS
    system = act in SYSTEM_ACTS
    with transaction.atomic():
        CaseEvent.objects.create(
            case=case,
            seq=case.events_count + 1,
            act=act,
            before=before,
            after=after,
            at=AT,
            actor=None if system else case.applicant.account,
            organ=case.organ if staff else None,
            text="有理由的" if act in REASONED else "",
        )


def moved(case: Case, state: str) -> bool:
    """Whether the database lets the bare state be set."""
    try:
        with transaction.atomic():
            Case.objects.filter(pk=case.pk).update(state=state)
    except IntegrityError:
        return False
    Case.objects.filter(pk=case.pk).update(state=case.state)
    return True


def test_the_database_refuses_every_event_that_the_table_lacks(world, calendar):
    known = {(act.value, before, after.value) for act, before, after in moves()}
    case = world.make_case("accepted")
    refused = 0
    before_it = ["", *STATES]
    with transaction.atomic():
        # The trigger that wants the case in the event's state is another matter: see below.
        _without_trigger("case_event_fits_the_case")
        for act, before, after in itertools.product([*Act, "decree"], before_it, before_it):
            if (str(act), str(before), str(after)) in known:
                continue
            with pytest.raises(IntegrityError):
                raw_event(case, str(act), str(before), str(after))
            refused += 1
        transaction.set_rollback(True)
    assert refused == 25 * 11 * 11 - len(known)


def _without_trigger(name: str) -> None:
    on = " ON cases_caseevent" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")


@pytest.mark.parametrize("state", STATES)
def test_an_event_begins_where_the_case_is(world, calendar, state):
    case = world.make_case(state.value)
    case.refresh_from_db()
    done = set(case.events.values_list("act", flat=True))
    for act, before, after in moves():
        if before in ("", state) or act in done:
            continue
        with pytest.raises(IntegrityError, match="not in the state"):
            raw_event(case, act, before, after)


def test_a_state_changes_only_together_with_its_event(world, calendar):
    case = world.make_case("accepted")
    for state in STATES:
        if state != case.state:
            assert not moved(case, state), state


@pytest.mark.parametrize("change", [{"text": "x"}, {"at": AT}, {"seq": 77}, {"data": {"a": 1}}])
def test_an_event_is_never_changed(world, change):
    case = world.make_case()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        case.events.update(**change)


@pytest.mark.parametrize(
    ("state", "change"),
    [
        ("submitted", {"accepted_at": AT}),
        ("submitted", {"next_due_on": None}),
        ("submitted", {"delivered_at": AT}),
        ("submitted", {"extended_days": 5}),
        ("accepted", {"accepted_at": None}),
        ("accepted", {"decided_at": AT}),
        ("accepted", {"open_procedures": 1}),
        ("accepted", {"extended_days": 0}),
        ("accepted", {"closed_at": AT}),
        ("accepted", {"legal_due_on": None}),
        ("accepted", {"revocation_ground": "fraud"}),
        ("paused", {"open_procedures": 0}),
        ("paused", {"next_due_on": AT.date()}),
        ("approved", {"decided_at": None}),
        ("approved", {"revoked_at": AT}),
        ("approved", {"applicant_due_on": AT.date()}),
        ("approved", {"next_due_on": None}),
        ("revoked", {"revoked_at": None}),
        ("refused", {"closed_at": None}),
        ("withdrawn", {"decided_at": AT}),
    ],
)
def test_the_database_refuses_columns_that_contradict_the_state(world, calendar, state, change):
    case = world.make_case(state)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(**change)


def test_the_database_refuses_that_one_person_accepts_and_decides(world, calendar):
    case = world.make_case("approved")
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(decided_by=world.clerk)


def test_looks_are_no_moves():
    assert not set(LOOKS) & set(Act)
