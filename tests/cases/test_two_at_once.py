"""Two people at once, with real connections: one wins, the other is told, nothing is doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from tests.conftest import AT, World
from tongban.base.problems import Conflict
from tongban.cases.models import Case
from tongban.cases.services import handling, submitting
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Entry
from tongban.ledger.verification import verify_log

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 6


def together(act, count: int = WORKERS) -> list[object]:
    """Run the act in several threads that start at the same moment; results or exceptions."""
    barrier = Barrier(count)

    def run(number: int) -> object:
        try:
            barrier.wait()
            return act(number)
        except Exception as problem:
            return problem
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_one_form_sent_by_many_clicks_is_one_case():
    world = World()
    draft = world.make_draft()
    found = together(lambda _number: submitting.submit(world.resident, draft.key, at=AT))
    assert {getattr(one, "number", one) for one in found} == {Case.objects.get().number}
    assert Entry.objects.filter(leaf__contains="case.submitted").count() == 1


def test_of_many_who_accept_at_once_one_does():
    world = World()
    case = world.make_case()
    found = together(lambda _number: handling.accept(world.clerk, case.number, at=AT))
    assert sum(isinstance(one, Case) for one in found) == 1
    assert sum(isinstance(one, Conflict) for one in found) == WORKERS - 1
    assert case.events.filter(act="accept").count() == 1


def test_of_an_approval_and_a_denial_at_once_one_holds():
    world = World()
    case = world.make_case("accepted")
    found = together(
        lambda number: handling.decide(
            world.reviewer, case.number, approve=bool(number % 2), reasons="有理由的", at=AT
        )
    )
    assert sum(isinstance(one, Case) for one in found) == 1
    case.refresh_from_db()
    assert case.events.filter(act__in=["approve", "deny"]).count() == 1


def test_writers_and_numberers_at_once_leave_a_sound_log():
    world = World()
    cases = [world.make_case(account=account) for account in (world.resident, world.neighbour)]

    def act(number: int) -> object:
        if number % 2:
            return integrate(at=AT)
        return handling.open_case(world.clerk, cases[number // 2 % 2].number, at=AT)

    found = together(act)
    assert not [one for one in found if isinstance(one, Exception)]
    while integrate(at=AT):
        pass
    verdict = verify_log()
    assert verdict.ok
    assert verdict.entries == Entry.objects.count()
