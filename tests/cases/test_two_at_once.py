"""Two people at once, with real connections: one wins, the other is told, nothing is doubled."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections

from tests.cases.test_histories import LIKELY, START, TRIED, Life, check
from tests.conftest import AT, World
from tongban.base.problems import Conflict, DomainError
from tongban.cases.models import Case
from tongban.cases.rules import Act
from tongban.cases.services import clockwork, following, handling, submitting
from tongban.directory.services.calendar import seed_calendar
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


@pytest.mark.parametrize("seed", range(6))
def test_two_workers_who_try_everything_at_once_leave_a_lawful_history(seed):
    """Real threads with connections of their own, on one case: its events keep the law, are numbered
    without a gap, and add up to its columns."""
    seed_calendar()
    life = Life(World(), f"-{seed}")
    case = life.begin(START)

    def worker(number: int) -> object:
        chance = random.Random(seed * 100 + number)
        for step in range(14):
            act = chance.choice(TRIED if chance.random() < 0.3 else LIKELY)
            # Both live through the same days, so that what one does is possible for the other.
            now = START + timedelta(days=step // 3)
            try:
                life.attempt(case, act, chance.randrange(5), chance.randrange(61), now)
            except DomainError:
                continue
        return None

    problems = [one for one in together(worker, 2) if one is not None]
    assert problems == []
    check(case)
    places = list(case.events.order_by("seq").values_list("seq", flat=True))
    assert places == list(range(1, len(places) + 1))


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        ("submitted", ["accept", "refuse"]),
        ("submitted", ["accept", "request_correction"]),
        ("submitted", ["refuse", "withdraw"]),
        ("accepted", ["approve", "withdraw"]),
        ("accepted", ["approve", "start_special"]),
        ("accepted", ["deny", "terminate"]),
        ("accepted", ["extend", "extend"]),
        ("approved", ["deliver", "deliver"]),
        ("approved", ["revoke", "revoke"]),
        ("paused", ["end_special", "end_special"]),
    ],
)
def test_of_two_conflicting_acts_at_once_one_wins(state, acts):
    seed_calendar()
    world = World()
    case = world.make_case(state, at=START)
    life = Life(world)
    typed = {
        "reasons": "有理由的",
        "ground": {"submitted": "no_licence_needed", "accepted": "object_gone"}.get(state, "fraud"),
        "days": "5",
        "kind": "hearing" if state == "paused" else "testing",
        "running": "testing",
        "until": "2026-04-01",
        "how": "post",
    }

    def act(number: int) -> object:
        name = acts[number]
        if name == "withdraw":
            return following.withdraw(world.resident, case.number, at=START)
        # Somebody who may do everything and has not done anything in this case yet.
        return handling.handle(life.staff[3 + number], case.number, Act(name), typed, at=START)

    found = together(act, 2)
    assert sum(isinstance(one, Case) for one in found) == 1, found
    assert sum(isinstance(one, Conflict) for one in found) == 1, found
    check(case)


def test_two_clocks_at_once_accept_each_silent_application_once():
    seed_calendar()
    world = World()
    cases = [
        world.make_case(account=account, at=START) for account in (world.resident, world.neighbour)
    ]
    later = START + timedelta(days=9)
    done = together(lambda _number: clockwork.run_due(at=later), 3)
    assert not [one for one in done if isinstance(one, Exception)], done
    assert sum(one.accepted for one in done) == len(cases)
    for case in cases:
        check(case)
        assert case.events.filter(act="accept_by_silence").count() == 1
