"""Random sequences of acts, legal and illegal: no illegal one ever succeeds, nothing is half done."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.law import breaks, lines_of
from tests.conftest import World, png
from tongban.base.clocks import local_date
from tongban.base.problems import DomainError
from tongban.cases.models import Case
from tongban.cases.rules import GROUNDS, STAFF_ACTS, Act, Delivery, Ground, Procedure
from tongban.cases.selectors import misfits
from tongban.cases.services import clockwork, drafting, following, handling, submitting
from tongban.directory.selectors import working_calendar
from tongban.ledger.models import Entry

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
APPLICANT_ACTS = (Act.CORRECT, Act.SUPPLY, Act.WITHDRAW, Act.RETRACT_COMMITMENT)
TRIED = (*sorted(STAFF_ACTS), *APPLICANT_ACTS, "time")
# Most tries make a life go on; else nearly every history would end with a withdrawal.
LIKELY = (
    "accept",
    "start_special",
    "end_special",
    "extend",
    "approve",
    "deliver",
    "correct",
    "revoke",
)


class Life:
    """One case, and everybody who can try something with it."""

    def __init__(self, world: World, who: str = "") -> None:
        self.world = world
        organ = world.organ
        self.staff = [
            world.clerk,
            world.reviewer,
            world.head,
            world.make_staff(f"all-one{who}", organ, "clerk", "reviewer", "head"),
            world.make_staff(f"all-two{who}", organ, "clerk", "reviewer", "head"),
        ]

    def begin(self, at: datetime) -> Case:
        world = self.world
        return submitting.submit(world.resident, world.make_draft().key, at=at)

    def attempt(self, case: Case, act: str, who: int, choice: int, at: datetime) -> None:
        """Try an act; whatever the rules say to it. Raises DomainError."""
        world, number = self.world, case.number
        if act == "time":
            clockwork.run_due(at=at)
        elif act == Act.WITHDRAW:
            following.withdraw(world.resident, number, at=at)
        elif act == Act.RETRACT_COMMITMENT:
            following.retract_commitment(world.resident, number, at=at)
        elif act == Act.SUPPLY:
            following.supply(world.resident, number, "photo", [png()], at=at)
        elif act == Act.CORRECT:
            drafting.start_correction(world.resident, number, at=at)
            submitting.hand_in_correction(world.resident, number, at=at)
        else:
            actor = self.staff[who % len(self.staff)]
            handling.handle(actor, number, Act(act), typed(act, choice, at), at=at)


def typed(act: str, choice: int, at: datetime) -> dict[str, str]:
    """What a form may say, sometimes nonsense."""
    kinds = list(Procedure)
    grounds = list(GROUNDS.get(Act(act), {})) if choice % 3 else list(Ground)
    today = local_date(at)
    return {
        "reasons": "" if choice % 11 == 10 else "事实和理由",
        "ground": grounds[choice % len(grounds)] if grounds else "",
        "competent": "区人社局" if choice % 2 else "",
        "days": str(choice % 13),
        "kind": Procedure.TESTING if choice % 2 else kinds[choice % len(kinds)],
        "running": Procedure.TESTING if choice % 2 else kinds[choice % len(kinds)],
        "until": (today + timedelta(days=(choice % 25) - 1)).isoformat(),
        "officers": "张三、李四" if choice % 3 else "张三",
        "how": list(Delivery)[choice % 3],
    }


def snapshot(case: Case) -> tuple:
    row = Case.objects.filter(pk=case.pk).values().get()
    events = list(case.events.order_by("seq").values())
    entries = Entry.objects.filter(case_ref=case.ledger_ref).count()
    return row, events, entries


def check(case: Case) -> None:
    """The history keeps the law, the columns fit the events, the ledger has an entry for each."""
    case.refresh_from_db()
    history = lines_of(case)
    assert breaks(history, working_calendar()) == [], [line.act for line in history]
    assert misfits(case) == []
    assert Entry.objects.filter(case_ref=case.ledger_ref).count() == len(history)


TRIES = st.lists(
    st.tuples(
        st.sampled_from(TRIED) | st.sampled_from(LIKELY),
        st.integers(0, 4),
        st.integers(0, 60),
        st.sampled_from([0, 0, 0, 1, 2, 5, 9]),
    ),
    min_size=5,
    max_size=25,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tries=TRIES)
def test_no_illegal_act_succeeds_and_none_is_half_done(world, calendar, tries):
    life = getattr(world, "life", None) or Life(world)
    world.life = life
    now = START
    case = life.begin(now)
    for act, who, choice, days in tries:
        now += timedelta(days=days)
        before = snapshot(case)
        try:
            life.attempt(case, act, who, choice, now)
        except DomainError:
            row, events, entries = snapshot(case)
            assert (row, events, entries) == before, act
        check(case)


@pytest.mark.once
def test_the_tries_reach_every_state(world, calendar):
    """The walk above is worth something only if it comes about: the same one with fixed seeds."""
    life, reached = Life(world), set()
    for seed in range(160):
        chance = random.Random(seed)
        now = START
        case = life.begin(now)
        for _try in range(18):
            act = chance.choice(TRIED if chance.random() < 0.5 else LIKELY)
            now += timedelta(days=chance.choice([0, 0, 0, 1, 2, 9]))
            try:
                life.attempt(case, act, chance.randrange(5), chance.randrange(61), now)
            except DomainError:
                continue
        check(case)
        reached |= set(case.events.values_list("act", flat=True))
        reached.add(case.state)
    assert reached >= {
        "accept",
        "accept_by_silence",
        "request_correction",
        "correct",
        "refused",
        "extend",
        "start_special",
        "end_special",
        "start_wait",
        "approved",
        "denied",
        "withdrawn",
        "terminated",
        "revoke",
        "deliver",
    }, f"seeds 0 to 159 reached only {sorted(reached)}"


def test_the_checks_of_this_file_see_what_is_wrong(world, calendar):
    """A check that can't fail is none: histories that break the law are told apart."""
    from tests.cases.law import Line

    def line(act: str, day: date, actor: int | None = 1, **data: object) -> Line:
        return Line(act, actor, datetime(day.year, day.month, day.day, 3, tzinfo=UTC), data)

    monday, later = date(2026, 3, 2), date(2026, 3, 20)
    bad = [
        [line("accept", monday)],
        [line("submit", monday), line("accept", later)],
        [line("submit", monday), line("accept_by_silence", monday, None)],
        [line("submit", monday), line("accept", monday, 1), line("approve", monday, 1)],
        [line("submit", monday), line("accept", monday), line("accept", monday)],
        [line("submit", monday), line("approve", monday)],
        [line("submit", monday), line("accept", monday), line("extend", monday, 2, days=11)],
        [
            line("submit", monday),
            line("accept", monday),
            line("start_special", monday, 2, kind="testing"),
            line("approve", monday, 2),
        ],
        [line("submit", monday), line("request_correction", monday), line("accept", monday)],
    ]
    for history in bad:
        assert breaks(history, working_calendar()), [one.act for one in history]
