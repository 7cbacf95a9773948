"""Two workers on one procedure at the same moment, with real connections; and any order of the work."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.drawings import Office, joint, open_now, two_at_once, with_timers
from tests.cases.test_two_at_once import together
from tests.conftest import AT
from tongban.base.problems import Conflict, DomainError, NotFound
from tongban.cases.models import Case, CaseRun, CaseStep
from tongban.cases.procedures.document import state_from_data
from tongban.cases.selectors import misfits
from tongban.cases.services import handling, stepping
from tongban.cases.services.elapsing import run_timers
from tongban.directory.services.calendar import seed_calendar
from tongban.ledger.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


def begun(procedure) -> tuple[Office, Case]:
    seed_calendar()
    office = Office()
    office.put_in_force(procedure(office.other.code))
    return office, office.make_case("accepted")


@pytest.mark.parametrize("turn", range(5))
def test_the_last_two_parallel_steps_done_at_once_give_one_continuation(turn):
    office, case = begun(two_at_once)
    steps = {step.node: step.token for step in case.steps.all()}
    doers = [(office.reviewer, steps["here"]), (office.there["reviewer"], steps["there"])]
    found = together(
        lambda number: stepping.complete(
            doers[number][0], case.number, doers[number][1], text="同意", at=AT
        ),
        2,
    )
    assert all(isinstance(one, CaseStep) for one in found), found
    assert open_now(case) == ["last"]
    assert case.steps.filter(node="last").count() == 1
    run = CaseRun.objects.get(case=case)
    assert (run.turn, len(state_from_data(run.state).tokens), run.finished) == (2, 1, False)
    assert Entry.objects.filter(leaf__contains="procedures.step_done").count() == 2


def test_of_many_who_do_the_same_step_at_once_one_does_it():
    office, case = begun(two_at_once)
    token = case.steps.get(node="here").token
    found = together(
        lambda _number: stepping.complete(office.reviewer, case.number, token, text="同意", at=AT),
        6,
    )
    assert sum(isinstance(one, CaseStep) for one in found) == 1
    assert sum(isinstance(one, Conflict) for one in found) == 5
    assert open_now(case) == ["there"]


def test_the_last_step_and_the_decision_at_once_leave_a_decided_case_or_a_whole_one():
    office, case = begun(two_at_once)
    office.do(case, "here")
    office.do(case, "there")
    token = case.steps.get(node="last").token

    def act(number: int) -> object:
        if number:
            return handling.decide(
                office.second, case.number, approve=True, reasons="材料齐全", at=AT
            )
        return stepping.complete(office.reviewer, case.number, token, text="同意", at=AT)

    done, decided = together(act, 2)
    assert isinstance(done, CaseStep), done
    assert isinstance(decided, Case | Conflict), decided
    case.refresh_from_db()
    assert case.state == ("approved" if isinstance(decided, Case) else "accepted")
    assert CaseRun.objects.get(case=case).finished


def test_sent_back_and_done_at_once_leave_one_open_step():
    office, case = begun(joint)
    office.do(case, "look")
    tokens = {step.node: step.token for step in case.steps.all()}

    def act(number: int) -> object:
        if number:
            return stepping.complete(
                office.there["reviewer"], case.number, tokens["there"], text="同意", at=AT
            )
        return stepping.send_back(
            office.reviewer, case.number, tokens["hear"], to="look", reasons="材料有疑", at=AT
        )

    back, done = together(act, 2)
    assert isinstance(back, CaseStep), back
    assert isinstance(done, CaseStep | Conflict | NotFound), done
    assert open_now(case) == ["look"]


def test_two_clocks_at_once_let_each_timer_run_out_once():
    seed_calendar()
    office = Office()
    office.put_in_force(with_timers())
    case = office.make_case("accepted")
    found = together(lambda _number: run_timers(at=AT + timedelta(days=4)), 3)
    assert sorted(found) == [0, 0, 1]
    assert case.steps.count() == 1


@pytest.mark.parametrize("seed", range(4))
def test_two_workers_who_try_everything_at_once_leave_a_run_that_fits_its_steps(seed):
    office, case = begun(joint)
    people = [office.clerk, office.reviewer, office.head, office.second, *office.there.values()]

    def worker(number: int) -> object:
        chance = random.Random(seed * 10 + number)
        for _ in range(25):
            attempt(office, case, chance, chance.choice(people))
        return None

    problems = [one for one in together(worker, 2) if one is not None]
    assert problems == []
    fits(case)


def attempt(office: Office, case: Case, chance: random.Random, who) -> None:
    """Try some act on some step; the law may refuse it, nothing else may."""
    tokens = list(case.steps.values_list("token", flat=True))
    key = (case.number, chance.choice(tokens))
    act = chance.choice(
        [
            *[lambda: stepping.complete(who, *key, text="同意", at=AT)] * 4,
            lambda: stepping.claim(who, *key),
            lambda: stepping.release(who, *key),
            lambda: stepping.sign(who, *key, at=AT),
            lambda: stepping.begin_special(
                who, *key, {"until": "2026-03-17", "reasons": "依申请听证"}, at=AT
            ),
            lambda: stepping.send_back(who, *key, to="look", reasons="材料有疑", at=AT),
            lambda: handling.decide(who, case.number, approve=True, reasons="材料齐全", at=AT),
        ]
    )
    with suppress(DomainError):
        act()


def fits(case: Case) -> None:
    """The run's tokens are its open steps and what waits at joins; a decision came after its end."""
    case.refresh_from_db()
    run = CaseRun.objects.get(case=case)
    state = state_from_data(run.state)
    flows = {flow.id for flow in joint("").flows}
    waiting = {token.at for token in state.tokens if token.at not in flows}
    assert waiting == set(open_now(case))
    assert run.finished == state.over
    assert case.state not in ("approved", "denied") or run.finished
    assert misfits(case) == []
    done = case.steps.filter(state="done").count()
    traced = Entry.objects.filter(case_ref=case.ledger_ref, leaf__contains="procedures.step_")
    assert traced.filter(leaf__contains="step_done").count() >= done


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.django_db(transaction=False)
def test_done_in_any_order_a_run_comes_to_its_end_and_no_illegal_act_succeeds(seed):
    """Every order of the open steps, with attempts in between: six steps, then the decision."""
    chance = random.Random(seed)
    with transaction.atomic():
        office, case = begun(joint)
        people = [office.clerk, office.reviewer, office.second, *office.there.values()]
        for turn in range(60):
            if CaseRun.objects.get(case=case).finished:
                break
            signing = case.steps.filter(state="signing").first()
            if signing:
                stepping.sign(office.head, case.number, signing.token, at=AT)
            elif turn < 40 and chance.random() < 0.4:
                attempt(office, case, chance, chance.choice(people))
            else:
                # A step that another person has claimed stays theirs.
                step = chance.choice(list(case.steps.filter(state__in=["open", "claimed"])))
                with suppress(DomainError):
                    office.do(case, step.node)
            fits(case)
        assert (
            CaseRun.objects.get(case=case).finished or case.steps.filter(state="claimed").exists()
        )
        transaction.set_rollback(True)
