"""Cases of version 0.1.0's first databases, whose events said less, become whole ones."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.conftest import AT, World
from tongban.cases.models import Case
from tongban.cases.selectors import misfits
from tongban.cases.services import handling
from tongban.cases.services.writing import standing_of
from tongban.directory.services.calendar import seed_calendar

OLD = {
    "submitted": [],
    "correction": ["request_correction"],
    "accepted": ["viewed", "accept"],
    "refused": ["refuse"],
    "approved": ["request_correction", "correct", "accept", "viewed", "approve"],
    "denied": ["accept", "deny"],
}


def migrated(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.mark.django_db(transaction=True)
def test_cases_of_before_get_their_states_limits_and_days():
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    seed_calendar()
    world = World()
    try:
        old = migrated([("cases", "0005_files_of_a_content")])
        for place, (state, acts) in enumerate(OLD.items()):
            write(old, world, place, state, acts)
    finally:
        migrated(everything)
    cases = {case.state: case for case in Case.objects.all()}
    assert set(cases) == set(OLD)
    for case in cases.values():
        assert misfits(case) == [], case.state
        assert standing_of(case).state == case.state
    done = handling.decide(
        world.reviewer, cases["accepted"].number, approve=True, reasons="材料齐全", at=AT
    )
    assert (done.accepted_by_id, done.decided_by_id) == (world.clerk.pk, world.reviewer.pk)
    assert misfits(done) == []


def write(old, world: World, place: int, state: str, acts: list[str]) -> None:
    from tongban.base.case_numbers import make_case_number

    accepted = AT if "accept" in acts else None
    case = old.get_model("cases", "Case").objects.create(
        number=make_case_number("511602", AT.date()),
        draft_key=uuid.uuid4(),
        ledger_ref=f"old{place}",
        item_id=world.item.pk,
        guide_id=world.guide.pk,
        organ_id=world.organ.pk,
        region_path="511602",
        applicant_id=world.resident.person.pk,
        channel="web",
        state=state,
        answers={},
        submitted_at=AT,
        accepted_at=accepted,
        decided_at=AT if state in ("approved", "denied") else None,
        due_on="2026-03-30" if accepted else None,
        events_count=len(acts) + 1,
    )
    decides = {"approve", "deny"}
    for seq, act in enumerate(["submit", *acts], start=1):
        actor = world.reviewer if act in decides else world.clerk
        mine = act in ("submit", "correct")
        old.get_model("cases", "CaseEvent").objects.create(
            case_id=case.pk,
            seq=seq,
            act=act,
            at=AT,
            actor_id=(world.resident if mine else actor).pk,
            organ_id=None if mine else world.organ.pk,
            text="材料齐全" if act in decides | {"refuse", "request_correction"} else "",
            data={"due_on": "2026-03-30", "provisional": False} if act == "accept" else {},
        )
