"""Two at the desk at once, with real connections: one claims, each case of a batch is done once."""

from __future__ import annotations

import uuid

import pytest

from tests.cases.reported import make_system, row
from tests.cases.test_two_at_once import WORKERS, together
from tests.conftest import AT, World
from tongban.base.problems import Conflict
from tongban.cases.models import Case, PaperList, ReportedCase
from tongban.cases.reporting import taking
from tongban.cases.workbench import batch, claims

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_who_claim_at_once_one_has_it():
    world = World()
    case = world.make_case()
    staff = [world.make_staff(f"clerk-{place}", world.organ, "clerk") for place in range(WORKERS)]
    found = together(lambda number: claims.claim(staff[number], case.number, at=AT))
    assert sum(isinstance(one, Case) for one in found) == 1
    assert sum(isinstance(one, Conflict) for one in found) == WORKERS - 1
    case.refresh_from_db()
    assert case.claimed_by in staff


def test_of_a_claim_and_a_hand_over_at_once_the_case_has_one_holder():
    world = World()
    case = world.make_case()
    one, two = (world.make_staff(name, world.organ, "clerk") for name in ("one", "two"))

    def act(number: int) -> object:
        if number % 2:
            return claims.claim(one, case.number, at=AT)
        return claims.hand_over(world.head, case.number, to="two", reason="分工", at=AT)

    world.head.refresh_from_db()
    together(act)
    case.refresh_from_db()
    # Whoever came last by right: a head may take it from who claimed it, not the other way round.
    assert case.claimed_by == two


def test_the_same_batch_twice_at_once_accepts_each_case_once():
    world = World()
    cases = [world.make_case(account=one) for one in (world.resident, world.neighbour)]
    clerks = [world.make_staff(f"clerk-{place}", world.organ, "clerk") for place in range(4)]
    numbers = [case.number for case in cases]
    found = together(lambda number: batch.accept_all(clerks[number], numbers, at=AT), 4)
    outcomes = [outcome for one in found for outcome in one]
    assert sum(outcome.done for outcome in outcomes) == 2
    assert all(outcome.problem for outcome in outcomes if not outcome.done)
    for case in cases:
        assert case.events.filter(act="accept").count() == 1


def test_the_same_file_twice_at_once_makes_each_case_once():
    world = World()
    system = make_system(world)
    rows = [row(f"N-{place}", stage) for place in range(30) for stage in ("applied", "accepted")]
    found = together(lambda _n: taking.take(system, taking.numbered(rows), at=AT), 4)
    assert not [one for one in found if isinstance(one, Exception)], found
    assert ReportedCase.objects.count() == 30
    assert sum(one.created for one in found) == 30
    assert sum(one.advanced for one in found) == 30
    assert set(ReportedCase.objects.values_list("state", flat=True)) == {"accepted"}


def test_of_two_who_hand_the_same_papers_over_one_does():
    from tests.cases.offices import make_office
    from tests.conftest import ID_NUMBERS
    from tongban.cases.counter import assisting, papers

    world = World()
    office = make_office(world)
    name = world.resident.person.name
    begun = assisting.begin(world.clerk, office.slug, item=world.item.code, name=name,
                            id_number=ID_NUMBERS[0], consent="spoken")  # fmt: skip
    from tests.conftest import png
    from tongban.cases.services import drafting

    for page in world.document.form_pages:
        typed = {field.key: world.answers().get(field.key, "") for field in page.fields}
        assert drafting.save_page(world.clerk, begun.draft_key, page, typed) == []
    drafting.attach_file(world.clerk, begun.draft_key, "photo", png())
    sent = together(lambda _n: assisting.file(world.clerk, office.slug, begun.key), 3)
    assert {getattr(one, "number", one) for one in sent} == {Case.objects.get().number}
    number = Case.objects.get().number
    bundle = [papers.Bundle(number, "照片", 2)]
    found = together(lambda _n: papers.hand_over(world.clerk, office.slug, bundle), 3)
    assert sum(isinstance(one, list) for one in found) == 1
    assert PaperList.objects.count() == 1
    assert uuid.UUID(str(begun.key))
