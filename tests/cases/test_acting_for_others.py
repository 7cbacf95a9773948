"""Applying for others, looking at masked numbers, reading in an emergency."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import AT, ID_NUMBERS
from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import CaseEvent, EmergencyAccess
from tongban.cases.permissions import applicant_case, cases_of_applicant, staff_case
from tongban.cases.services import drafting, handling, reading, submitting
from tongban.cases.services.principals import principals
from tongban.directory.models import Enterprise, IdentityLevel, Person, Post
from tongban.directory.services import delegations
from tongban.ledger.models import Entry

UNTIL = local_date(utc_now()) + timedelta(days=30)


def fill(world, account, key):
    answers = world.answers(world.resident)
    for page in world.document.form_pages:
        typed = {field.key: answers.get(field.key, "") for field in page.fields}
        assert drafting.save_page(account, key, page, typed, at=AT) == []


@pytest.fixture
def helping(world):
    """The neighbour may help the resident with the item."""
    return delegations.grant(
        world.resident,
        agent_name="wang(示例)",
        agent_id_number=ID_NUMBERS[1],
        items=[world.item.code],
        valid_to=UNTIL,
    )


@pytest.fixture
def enterprise(world):
    return Enterprise.objects.create(
        uscc="91511602MA0000000L",
        name="广安示例餐饮有限公司",
        legal_representative=world.resident.person,
    )


def draft_for(world, delegation):
    from tests.conftest import png

    draft = drafting.start_draft(world.neighbour, world.item, principal=str(delegation.key), at=AT)
    fill(world, world.neighbour, draft.key)
    drafting.attach_file(world.neighbour, draft.key, "photo", png(), at=AT)
    draft.refresh_from_db()
    return draft


def test_a_helper_hands_in_for_the_person_and_both_see_it(world, helping):
    draft = draft_for(world, helping)
    assert draft.answers["id_number"] == ID_NUMBERS[0]
    case = submitting.submit(world.neighbour, draft.key, at=AT)
    assert case.applicant == world.resident.person
    assert case.delegation == helping
    assert applicant_case(world.resident, case.number) == case
    assert applicant_case(world.neighbour, case.number) == case
    entry = Entry.objects.get(case_ref=case.ledger_ref)
    assert '"by":"wang"' in entry.opening


def test_after_it_ends_the_helper_sees_and_sends_nothing_more(world, helping):
    case = submitting.submit(world.neighbour, draft_for(world, helping).key, at=AT)
    open_draft = draft_for(world, helping)
    delegations.revoke(world.resident, helping.key)
    with pytest.raises(NotFound):
        applicant_case(world.neighbour, case.number)
    with pytest.raises(InvalidInput, match="not_authorised"):
        submitting.submit(world.neighbour, open_draft.key, at=AT)
    with pytest.raises(InvalidInput, match="not_authorised"):
        drafting.start_draft(world.neighbour, world.item, principal=str(helping.key))
    assert applicant_case(world.resident, case.number) == case


def test_a_helper_does_not_see_what_the_person_does_alone(world, helping):
    case = world.make_case()
    with pytest.raises(NotFound):
        applicant_case(world.neighbour, case.number)


def test_a_guardian_sees_everything_of_the_ward(world):
    case = world.make_case()
    delegations.record_at_counter(
        world.clerk,
        kind="guardian",
        person_name="li(示例)",
        person_id_number=ID_NUMBERS[0],
        agent_name="wang(示例)",
        agent_id_number=ID_NUMBERS[1],
        items=[],
        valid_to=UNTIL,
        note="户口簿,双方在场",
    )
    assert applicant_case(world.neighbour, case.number) == case


def test_another_item_is_not_for_the_helper(world, helping):
    other = world.make_item("other", "别的事项", world.organ)
    assert [one.key for one in principals(world.neighbour, other.code)] == ["me"]
    assert len(principals(world.neighbour, world.item.code)) == 2


def test_who_represents_an_enterprise_applies_for_it_and_its_agents_do(world, enterprise):
    draft = drafting.start_draft(world.resident, world.item, principal=enterprise.uscc, at=AT)
    assert draft.enterprise == enterprise
    drafting.discard_draft(world.resident, draft.key)
    agency = delegations.grant(
        world.resident,
        agent_name="wang(示例)",
        agent_id_number=ID_NUMBERS[1],
        items=[],
        valid_to=UNTIL,
        uscc=enterprise.uscc,
    )
    case = submitting.submit(world.neighbour, draft_for(world, agency).key, at=AT)
    assert case.enterprise == enterprise
    assert case in cases_of_applicant(world.resident)
    assert case in cases_of_applicant(world.neighbour)
    # The enterprise gets another representative: the old one is out, the case stays with it.
    enterprise.legal_representative = world.make_resident("zhao", ID_NUMBERS[2]).person
    enterprise.save()
    assert case not in cases_of_applicant(world.resident)


def test_one_form_of_an_item_is_open_at_a_time(world, helping):
    draft_for(world, helping)
    with pytest.raises(Conflict, match="begun_for_another"):
        drafting.start_draft(world.neighbour, world.item, principal="me")


def test_a_correction_may_be_made_by_either(world, helping):
    case = submitting.submit(world.neighbour, draft_for(world, helping).key, at=AT)
    handling.request_correction(world.clerk, case.number, reasons="请补照片", at=AT)
    draft = drafting.start_correction(world.neighbour, case.number, at=AT)
    fill(world, world.resident, draft.key)
    submitting.hand_in_correction(world.resident, case.number, at=AT)
    case.refresh_from_db()
    assert case.state == "submitted"


def test_nobody_handles_the_case_of_whom_they_act_for(world, helping):
    Post.objects.create(account=world.neighbour, organ=world.organ, role="clerk")
    case = world.make_case()
    _case, parts = staff_case(world.neighbour, case.number)
    assert not parts
    with pytest.raises(NotPermitted):
        handling.accept(world.neighbour, case.number)


def test_who_accepted_does_not_decide(world, calendar):
    Post.objects.create(account=world.clerk, organ=world.organ, role="reviewer")
    case = world.make_case("accepted")
    with pytest.raises(NotPermitted, match="accepted_it_yourself"):
        handling.decide(world.clerk, case.number, approve=True, reasons="材料齐全")
    handling.decide(world.reviewer, case.number, approve=True, reasons="材料齐全")


# How sure one is who it is


def test_an_item_may_need_that_somebody_was_seen(world):
    document = world.document.model_copy(update={"identity_level": "in_person"})
    from tongban.catalogue.services import publish_guide

    assert publish_guide(document, is_sample=True)
    with pytest.raises(NotPermitted, match="identity_level"):
        drafting.start_draft(world.resident, world.item)
    Person.objects.filter(account=world.resident).update(identity_level=IdentityLevel.IN_PERSON)
    draft = world.make_draft()
    Person.objects.filter(account=world.resident).update(identity_level=IdentityLevel.VERIFIED)
    with pytest.raises(NotPermitted, match="identity_level"):
        submitting.submit(world.resident, draft.key, at=AT)


def test_an_application_carries_the_number_of_the_applicant(world):
    draft = world.make_draft()
    draft.answers = draft.answers | {"id_number": ID_NUMBERS[1]}
    draft.save()
    with pytest.raises(InvalidInput, match="application_incomplete") as refusal:
        submitting.submit(world.resident, draft.key, at=AT)
    assert [error.code for error in refusal.value.errors] == ["not_the_applicant"]


# Masked numbers


def test_a_look_at_the_numbers_has_a_reason_that_stays(world):
    case = world.make_case()
    with pytest.raises(InvalidInput, match="reason"):
        reading.reveal(world.clerk, case.number, reason=" ")
    reading.reveal(world.clerk, case.number, reason="核对照片", at=AT)
    event = CaseEvent.objects.get(case=case, act="revealed")
    assert (event.text, event.actor) == ("核对照片", world.clerk)
    assert "data_revealed" in Entry.objects.order_by("-id")[0].leaf


def test_nobody_else_looks_at_the_numbers(world):
    case = world.make_case()
    other = world.make_staff("other", world.make_organ("区人社局"), "clerk")
    with pytest.raises(NotFound):
        reading.reveal(other, case.number, reason="想看一看")
    Post.objects.create(account=world.resident, organ=world.organ, role="clerk")
    with pytest.raises(NotPermitted):
        reading.reveal(world.resident, case.number, reason="想看一看")
    assert not CaseEvent.objects.filter(act="revealed").exists()


# Emergencies


@pytest.fixture
def outsider(world):
    return world.make_staff("outsider", world.make_organ("区人社局"), "clerk")


def test_an_emergency_needs_a_reason_and_a_second_person_and_lasts_a_day(world, outsider):
    case = world.make_case()
    now = utc_now()
    with pytest.raises(NotFound):
        staff_case(outsider, case.number)
    asked = reading.ask_emergency(outsider, case.number, reason="灾害救助急需核对", at=now)
    with pytest.raises(NotFound):
        staff_case(outsider, case.number)
    with pytest.raises(NotFound):
        reading.allow_emergency(outsider, asked.pk)
    reading.allow_emergency(world.reviewer, asked.pk, at=now)
    _case, parts = staff_case(outsider, case.number)
    assert not parts
    with pytest.raises(NotPermitted):
        handling.accept(outsider, case.number)
    with pytest.raises(NotPermitted):
        reading.reveal(outsider, case.number, reason="想看一看")
    event = CaseEvent.objects.get(case=case, act="emergency")
    assert event.actor == outsider
    assert event.data["allowed_by"] == "reviewer"
    leaves = " ".join(Entry.objects.filter(case_ref=case.ledger_ref).values_list("leaf", flat=True))
    assert "emergency_asked" in leaves
    assert "emergency_allowed" in leaves
    EmergencyAccess.objects.update(ends_at=now - timedelta(seconds=1))
    with pytest.raises(NotFound):
        staff_case(outsider, case.number)


def test_an_emergency_is_allowed_once_and_by_the_organ_of_the_case(world, outsider):
    case = world.make_case()
    asked = reading.ask_emergency(outsider, case.number, reason="灾害救助急需核对")
    elsewhere = world.make_staff("elsewhere", world.make_organ("区卫健局"), "head")
    assert reading.emergencies_to_allow(elsewhere) == []
    with pytest.raises(NotFound):
        reading.allow_emergency(elsewhere, asked.pk)
    assert reading.emergencies_to_allow(world.reviewer) == [asked]
    reading.allow_emergency(world.reviewer, asked.pk)
    with pytest.raises(Conflict, match="allowed_already"):
        reading.allow_emergency(world.reviewer, asked.pk)


def test_an_emergency_is_not_for_one_self(world, outsider):
    case = world.make_case()
    with pytest.raises(NotPermitted):
        reading.ask_emergency(world.resident, case.number, reason="想看一看")
    Post.objects.create(account=world.resident, organ=world.organ, role="supervisor")
    with pytest.raises(NotPermitted, match="own_affair"):
        reading.ask_emergency(world.resident, case.number, reason="想看一看")
    with pytest.raises(NotFound):
        reading.ask_emergency(outsider, "511602-261121-77777777-1", reason="想看一看")
