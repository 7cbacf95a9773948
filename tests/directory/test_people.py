"""Proving who one is, acting for others, posts and absences, one's own data."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.conftest import AT, ID_NUMBERS
from tongban.base.clocks import local_date
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.directory.models import (
    Delegation,
    Enterprise,
    IdentityLevel,
    Person,
    PopulationRecord,
    Post,
    Substitution,
)
from tongban.directory.selectors import delegations_of, duties_of, find_person, representations
from tongban.directory.services import delegations, identity, own_data, posts
from tongban.ledger.models import Entry

NEW = ("周小川(示例)", "51160218900303001X")
UNTIL = local_date(AT) + timedelta(days=90)
TODAY = local_date(AT)
LATER = TODAY + timedelta(days=91)


def acts() -> list[str]:
    return [json.loads(leaf)["act"] for leaf in Entry.objects.values_list("leaf", flat=True)]


@pytest.fixture
def register(db) -> PopulationRecord:
    return PopulationRecord.objects.create(name=NEW[0], id_number=NEW[1], phone="0826-2000105")


@pytest.fixture
def newcomer(world):
    return world.make_account("newcomer")


# Who one is


def test_an_account_is_joined_to_whom_the_register_vouches_for(world, register, newcomer):
    person = identity.verify_online(newcomer, name=NEW[0], id_number=NEW[1].lower(), at=AT)
    assert person.account == newcomer
    assert person.identity_level == IdentityLevel.VERIFIED
    assert person.phone == "0826-2000105"
    assert find_person(NEW[1]) == person
    assert acts()[-1] == "directory.identity_verified"


@pytest.mark.parametrize(
    ("name", "number", "error"),
    [
        ("别人(示例)", NEW[1], "not_vouched_for"),
        (NEW[0], "511602188612120024", "not_vouched_for"),
        (NEW[0], "511602189003030011", "id_number"),
        (NEW[0], "", "id_number"),
    ],
)
def test_what_is_not_vouched_for_joins_nothing(world, register, newcomer, name, number, error):
    with pytest.raises(InvalidInput, match=error):
        identity.verify_online(newcomer, name=name, id_number=number)
    assert not Person.objects.filter(account=newcomer).exists()


def test_somebody_who_has_an_account_is_not_taken_over(world, newcomer):
    PopulationRecord.objects.create(name="li(示例)", id_number=ID_NUMBERS[0])
    with pytest.raises(Conflict, match="has_account"):
        identity.verify_online(newcomer, name="li(示例)", id_number=ID_NUMBERS[0])
    assert world.resident.person.account == world.resident


def test_an_account_is_one_person(world, register):
    with pytest.raises(Conflict, match="is_somebody"):
        identity.verify_online(world.resident, name=NEW[0], id_number=NEW[1])


def test_numbers_are_not_tried_out(world, register, newcomer):
    for _ in range(identity.CHECKS.most):
        with pytest.raises(InvalidInput):
            identity.verify_online(newcomer, name="谁", id_number=NEW[1])
    with pytest.raises(NotPermitted, match="too_often"):
        identity.verify_online(newcomer, name=NEW[0], id_number=NEW[1])


def test_a_source_that_is_away_says_so(world, newcomer):
    class Away:
        def check(self, name, id_number):
            raise OSError

    with pytest.raises(Conflict, match="source_away"):
        identity.verify_online(newcomer, name=NEW[0], id_number=NEW[1], source=Away())


def test_the_demonstration_register_is_silent_in_production(world, register, newcomer, settings):
    from dataclasses import replace

    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, kind="production")
    with pytest.raises(Conflict, match="source_away"):
        identity.verify_online(newcomer, name=NEW[0], id_number=NEW[1])


def test_a_clerk_who_has_seen_face_and_card_gives_the_highest_level(world):
    person = identity.verify_in_person(world.clerk, name="li(示例)", id_number=ID_NUMBERS[0], at=AT)
    assert person.identity_level == IdentityLevel.IN_PERSON
    assert person.identity_source == world.organ.name
    assert acts()[-1] == "directory.identity_verified"


def test_a_clerk_registers_somebody_without_an_account(world):
    person = identity.verify_in_person(world.clerk, name=NEW[0], id_number=NEW[1], at=AT)
    assert person.account is None
    assert find_person(NEW[1]) == person


def test_at_the_counter_the_name_must_fit_and_the_clerk_be_another(world):
    with pytest.raises(InvalidInput, match="other_name"):
        identity.verify_in_person(world.clerk, name="王", id_number=ID_NUMBERS[0])
    with pytest.raises(NotPermitted, match="no_counter"):
        identity.verify_in_person(world.reviewer, name="li(示例)", id_number=ID_NUMBERS[0])
    Person.objects.create(account=world.clerk, name="窗口", id_number=NEW[1])
    with pytest.raises(NotPermitted, match="own_affair"):
        identity.verify_in_person(world.clerk, name="窗口", id_number=NEW[1])


# Acting for others


def grant(world, **changes):
    asked = {
        "agent_name": "wang(示例)",
        "agent_id_number": ID_NUMBERS[1],
        "items": [world.item.code],
        "valid_to": UNTIL,
        "at": AT,
    } | changes
    return delegations.grant(world.resident, **asked)


def test_a_helper_acts_in_named_items_until_a_day(world):
    grant(world)
    (held,) = representations(world.neighbour, on=TODAY)
    assert held.person_id == world.resident.person.pk
    assert held.mandate.covers(world.item.code, UNTIL)
    assert not held.mandate.covers("another", UNTIL)
    assert representations(world.neighbour, on=LATER) == []
    assert representations(world.resident, on=TODAY) == []
    assert acts()[-1] == "directory.delegation_granted"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"items": []}, "items"),
        ({"valid_to": TODAY - timedelta(days=1)}, "past"),
        ({"valid_to": TODAY + timedelta(days=400)}, "too_long"),
        ({"agent_name": "别人"}, "person_unknown"),
        ({"agent_id_number": NEW[1]}, "person_unknown"),
        ({"agent_name": "li(示例)", "agent_id_number": ID_NUMBERS[0]}, "same_person"),
    ],
)
def test_what_is_no_delegation_is_refused(world, changes, error):
    with pytest.raises(InvalidInput, match=error):
        grant(world, **changes)
    assert not Delegation.objects.exists()


def test_only_who_represents_an_enterprise_names_its_agents(world):
    Enterprise.objects.create(
        uscc="91511602MA0000000L", name="示例", legal_representative=world.neighbour.person
    )
    with pytest.raises(NotFound, match="not_your_enterprise"):
        grant(world, uscc="91511602MA0000000L")
    named = delegations.grant(
        world.neighbour,
        agent_name="li(示例)",
        agent_id_number=ID_NUMBERS[0],
        items=[],
        valid_to=UNTIL,
        uscc="91511602MA0000000L",
        at=AT,
    )
    assert named.kind == Delegation.Kind.AGENT
    assert representations(world.resident, on=TODAY)[0].enterprise_id == named.enterprise_id


def test_both_sides_may_end_it_and_nobody_else(world):
    delegation = grant(world)
    with pytest.raises(NotFound):
        delegations.revoke(world.clerk, delegation.key)
    stranger = world.make_resident("zhao", ID_NUMBERS[2])
    with pytest.raises(NotFound):
        delegations.revoke(stranger, delegation.key)
    delegations.revoke(world.neighbour, delegation.key, at=AT)
    assert representations(world.neighbour, on=TODAY) == []
    assert acts()[-1] == "directory.delegation_revoked"
    count = Entry.objects.count()
    delegations.revoke(world.resident, delegation.key)
    assert Entry.objects.count() == count


def counter(world, **changes):
    asked = {
        "kind": "guardian",
        "person_name": "li(示例)",
        "person_id_number": ID_NUMBERS[0],
        "agent_name": "wang(示例)",
        "agent_id_number": ID_NUMBERS[1],
        "items": [],
        "valid_to": UNTIL,
        "note": "户口簿,双方在场",
        "at": AT,
    } | changes
    return delegations.record_at_counter(world.clerk, **asked)


def test_a_clerk_records_a_guardian_with_what_was_seen(world):
    delegation = counter(world)
    assert delegation.consent == Delegation.Consent.IN_PERSON
    assert delegation.consent_note == "户口簿,双方在场"
    given, _held = delegations_of(world.resident)
    assert given == [delegation]


@pytest.mark.parametrize(
    ("changes", "error"), [({"note": "ok"}, "note"), ({"kind": "agent"}, "kind")]
)
def test_a_clerk_says_what_was_seen(world, changes, error):
    with pytest.raises(InvalidInput, match=error):
        counter(world, **changes)


def test_a_clerk_records_nothing_for_themselves(world):
    Person.objects.create(account=world.clerk, name="窗口", id_number=NEW[1])
    with pytest.raises(NotPermitted, match="own_affair"):
        counter(world, agent_name="窗口", agent_id_number=NEW[1])


# Posts


@pytest.fixture
def administrator(world):
    return world.make_staff("administrator", world.organ, "administrator")


def test_an_administrator_gives_and_takes_posts_of_their_organ(world, administrator):
    post = posts.give_post(
        administrator, organ=world.organ.code, username="wang", role="clerk", at=AT
    )
    assert world.organ.pk in duties_of(world.neighbour).organs("clerk")
    with pytest.raises(Conflict, match="has_post"):
        posts.give_post(administrator, organ=world.organ.code, username="wang", role="clerk")
    posts.take_post(administrator, post=post.pk, at=AT)
    assert not duties_of(world.neighbour).any
    assert acts()[-2:] == ["directory.post_given", "directory.post_taken"]


def test_nobody_gives_themselves_a_post_or_reaches_another_organ(world, administrator):
    other = world.make_organ("区人社局")
    with pytest.raises(NotPermitted, match="own_affair"):
        posts.give_post(
            administrator, organ=world.organ.code, username="administrator", role="head"
        )
    with pytest.raises(NotFound, match="organ_not_found"):
        posts.give_post(administrator, organ=other.code, username="wang", role="clerk")
    with pytest.raises(NotFound, match="organ_not_found"):
        posts.give_post(world.clerk, organ=world.organ.code, username="wang", role="clerk")
    foreign = Post.objects.create(account=world.neighbour, organ=other, role="clerk")
    with pytest.raises(NotFound, match="post_not_found"):
        posts.take_post(administrator, post=foreign.pk)
    own = Post.objects.get(account=administrator)
    with pytest.raises(NotPermitted, match="own_affair"):
        posts.take_post(administrator, post=own.pk)


def substitute(world, administrator, **changes):
    asked = {
        "organ": world.organ.code,
        "absent": "reviewer",
        "substitute": "clerk",
        "valid_from": TODAY,
        "valid_to": TODAY + timedelta(days=5),
        "reason": "休假",
        "at": AT,
    } | changes
    return posts.name_substitute(administrator, **asked)


def test_a_substitute_has_the_posts_while_the_colleague_is_away(world, administrator):
    named = substitute(world, administrator)
    assert world.organ.pk in duties_of(world.clerk, on=TODAY).organs("reviewer")
    day_after = TODAY + timedelta(days=6)
    assert duties_of(world.clerk, on=day_after).roles == {"clerk"}
    posts.end_substitution(administrator, substitution=named.pk, at=AT)
    assert duties_of(world.clerk, on=TODAY).roles == {"clerk"}
    assert acts()[-1] == "directory.substitute_ended"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"substitute": "reviewer"}, "same_person"),
        ({"absent": "wang"}, "no_post"),
        ({"substitute": "nobody"}, "account_unknown"),
        ({"valid_to": TODAY - timedelta(days=1)}, "order"),
        ({"valid_to": TODAY + timedelta(days=100)}, "too_long"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_is_no_substitution_is_refused(world, administrator, changes, error):
    with pytest.raises(InvalidInput, match=error):
        substitute(world, administrator, **changes)
    assert not Substitution.objects.exists()


def test_an_administrator_is_nobodys_substitute_by_their_own_word(world, administrator):
    with pytest.raises(NotPermitted, match="own_affair"):
        substitute(world, administrator, substitute="administrator")


def test_an_account_has_its_duties_in_one_query(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        duties_of(world.clerk)


# One's own data


def test_a_correction_is_asked_for_and_answered_by_somebody_else(world):
    person = world.resident.person
    person.region = world.region
    person.save()
    asked = own_data.ask_correction(world.resident, field="address", wanted="新路 1 号", at=AT)
    with pytest.raises(Conflict, match="asked_already"):
        own_data.ask_correction(world.resident, field="address", wanted="x")
    assert own_data.correction_requests(world.clerk) == []
    assert own_data.correction_requests(world.reviewer) == [asked]
    own_data.answer_correction(world.reviewer, asked.pk, grant=True, answer="", at=AT)
    person.refresh_from_db()
    assert person.address == "新路 1 号"
    assert acts()[-2:] == ["directory.correction_asked", "directory.correction_answered"]
    with pytest.raises(NotFound):
        own_data.answer_correction(world.reviewer, asked.pk, grant=True, answer="")


def test_a_correction_is_refused_with_reasons_and_never_by_oneself(world):
    person = world.resident.person
    person.region = world.region
    person.save()
    Post.objects.create(account=world.resident, organ=world.organ, role="reviewer")
    asked = own_data.ask_correction(world.resident, field="name", wanted="李二", at=AT)
    with pytest.raises(NotPermitted, match="own_affair"):
        own_data.answer_correction(world.resident, asked.pk, grant=True, answer="好")
    with pytest.raises(InvalidInput, match="reasons_missing"):
        own_data.answer_correction(world.reviewer, asked.pk, grant=False, answer="")
    own_data.answer_correction(world.reviewer, asked.pk, grant=False, answer="与户口簿不符")
    person.refresh_from_db()
    assert person.name == "li(示例)"


def test_another_region_answers_nothing(world):
    person = world.resident.person
    person.region = world.region
    person.save()
    own_data.ask_correction(world.resident, field="phone", wanted="1", at=AT)
    from tongban.directory.models import Region

    elsewhere = Region.objects.create(
        code="511603000000", name="前锋区", level=4, parent_id="511600000000", path="511603"
    )
    far = world.make_staff("far", world.make_organ("区公安分局", elsewhere), "reviewer")
    assert own_data.correction_requests(far) == []


@pytest.mark.parametrize(
    ("field", "wanted"), [("id_number", "1"), ("phone", ""), ("phone", "1" * 99)]
)
def test_not_everything_is_corrected_by_asking(world, field, wanted):
    with pytest.raises(InvalidInput):
        own_data.ask_correction(world.resident, field=field, wanted=wanted)
