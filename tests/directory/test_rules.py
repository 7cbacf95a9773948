from __future__ import annotations

from datetime import date, timedelta

import pytest

from tongban.base.permissions import ROLES, RULES, Permission, Reach, Refusal, refusal
from tongban.directory.models import IdentityLevel, Post
from tongban.directory.rules import (
    IDENTITY_LEVELS,
    LONGEST_DAYS,
    Mandate,
    fault_of_term,
    items_needed,
    level_suffices,
    mask,
)

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("items", "start", "end", "revoked", "item", "covered"),
    [
        # 民法典 art. 165: matters and time are named; art. 173: it ends with them or by revocation
        ({"a"}, TODAY, TODAY, False, "a", True),
        ({"a"}, TODAY, TODAY, False, "b", False),
        ((), TODAY, TODAY, False, "b", True),
        ((), TODAY + DAY, TODAY + DAY, False, "a", False),
        ((), TODAY - DAY, TODAY - DAY, False, "a", False),
        ((), TODAY, TODAY + DAY, True, "a", False),
    ],
)
def test_a_mandate_covers_named_items_in_its_time(items, start, end, revoked, item, covered):
    mandate = Mandate("helper", frozenset(items), start, end, revoked)
    assert mandate.covers(item, TODAY) is covered


@pytest.mark.parametrize(
    ("kind", "start", "end", "fault"),
    [
        ("helper", TODAY, TODAY, None),
        ("helper", TODAY, TODAY + LONGEST_DAYS["helper"] * DAY, None),
        ("helper", TODAY, TODAY + (LONGEST_DAYS["helper"] + 1) * DAY, "too_long"),
        ("guardian", TODAY, TODAY + (LONGEST_DAYS["helper"] + 1) * DAY, None),
        ("agent", TODAY - 9 * DAY, TODAY - DAY, "past"),
        ("agent", TODAY + 2 * DAY, TODAY + DAY, "order"),
    ],
)
def test_a_delegation_has_a_term(kind, start, end, fault):
    assert fault_of_term(kind, start, end, TODAY) == fault


def test_a_helper_acts_in_named_items_only():
    assert items_needed("helper", ())
    assert not items_needed("helper", ("a",))
    assert not items_needed("guardian", ())


@pytest.mark.parametrize(
    ("held", "needed", "enough"),
    [
        (1, "registered", True),
        (1, "verified", False),
        (2, "verified", True),
        (2, "in_person", False),
        (3, "in_person", True),
        (3, "registered", True),
    ],
)
def test_levels_of_identity_have_an_order(held, needed, enough):
    assert level_suffices(held, needed) is enough


def test_the_names_of_the_levels_are_those_of_the_model():
    assert {level.name.lower(): level.value for level in IdentityLevel} == IDENTITY_LEVELS


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("110101199001011234", "resident_id", "1101**********1234"),
        ("12345678", "resident_id", "********"),
        ("13812345678", "phone", "138****5678"),
        ("0826-2000101", "phone", "082*****0101"),
        ("12345", "phone", "***45"),
        ("广安区示例路 1 号", "address", "广安区示例*****"),
        ("", "phone", ""),
        ("李晓明", "text", "李晓明"),
    ],
)
def test_numbers_are_masked(value, kind, shown):
    assert mask(value, kind) == shown
    assert len(shown) == len(value)


# Permissions


def test_the_roles_of_the_table_are_those_of_the_posts():
    assert set(ROLES) == {value for value, _label in Post.Role.choices}
    assert {role for rule in RULES.values() for role in rule.roles} <= set(ROLES)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("roles", [(), *[(role,) for role in ROLES]])
@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("factor", [False, True])
def test_a_door_opens_as_the_table_says_and_never_otherwise(permission, roles, signed_in, factor):
    rule = RULES[permission]
    why = refusal(permission, signed_in=signed_in, roles=roles, second_factor=factor)
    # What systems may is no page's, whoever asks.
    opens = rule.reach is Reach.PUBLIC or (
        signed_in
        and rule.reach is not Reach.SYSTEM
        and (not rule.roles or bool(set(roles) & set(rule.roles)))
        and (factor or not rule.second_factor)
    )
    assert (why is None) is opens
    if not signed_in and rule.reach not in (Reach.PUBLIC, Reach.SYSTEM):
        assert why is Refusal.SIGN_IN


def test_deciding_and_serving_are_never_for_one_self():
    for permission in (
        Permission.ACCEPT_CASE,
        Permission.DECIDE_CASE,
        Permission.REVEAL_DATA,
        Permission.SERVE_PEOPLE,
        Permission.MANAGE_POSTS,
        Permission.ALLOW_EMERGENCY,
    ):
        assert RULES[permission].not_own
