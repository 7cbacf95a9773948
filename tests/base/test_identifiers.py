from __future__ import annotations

import csv
from pathlib import Path

import pytest
from stdnum.cn import uscc

from tongban.base.identifiers import (
    IdentifierError,
    check_organisation_code,
    check_resident_id,
    check_uscc,
    mask_resident_id,
)

CHECKS = {
    "resident_id": check_resident_id,
    "uscc": check_uscc,
    "org_code": check_organisation_code,
}
with (Path(__file__).parent / "data" / "identifier_cases.csv").open(encoding="utf-8") as table:
    CASES = [(row["kind"], row["value"], row["valid"] == "1") for row in csv.DictReader(table)]


def test_all_662_published_cases_come_out_as_published():
    wrong = []
    for kind, value, valid in CASES:
        try:
            CHECKS[kind](value)
            found = True
        except IdentifierError:
            found = False
        if found != valid:
            wrong.append((kind, value))
    assert len(CASES) == 662
    assert wrong == []


@pytest.mark.parametrize(
    ("value", "code", "position"),
    [
        ("11010519491231002x", "lower_case", 18),
        ("110105194912310021", "check_digit", 18),  # the standard's example ends in X
        ("110105194913310028", "birth_date", 7),
        ("991010194912310022", "region", 1),
        ("1101051949123100", "length", None),
        ("110105491231002", "old_form", None),
        ("1101O5194912310028", "characters", 5),
        ("11010519491231002Y", "characters", 18),
    ],
)
def test_a_refused_resident_id_says_why_and_where(value, code, position):
    with pytest.raises(IdentifierError) as refusal:
        check_resident_id(value)
    assert (refusal.value.code, refusal.value.position) == (code, position)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("91350100M000100Y44", "check_digit"),
        ("91350100M000100Y4", "length"),
        ("91350100m000100y43", "lower_case"),
        ("9135O100M000100Y43", "characters"),
        ("B1350100M000100Y43", "registration_authority"),
        ("9135A100M000100Y43", "region"),
    ],
)
def test_a_refused_credit_code_says_why(value, code):
    with pytest.raises(IdentifierError) as refusal:
        check_uscc(value)
    assert refusal.value.code == code


@pytest.mark.parametrize("authority", "123456789ANY")
def test_every_registration_authority_of_the_standard_is_taken(authority):
    # GB 32100-2015 5.2, table 1
    body = f"{authority}1110000600037341"
    assert check_uscc(body + uscc.calc_check_digit(body))


def test_a_hyphen_in_an_organisation_code_is_taken_out():
    assert check_organisation_code("68236467-9") == "682364679"


def test_masking_leaves_region_and_the_last_four():
    assert mask_resident_id("11010519491231002X") == "1101**********002X"
    assert mask_resident_id("12345") == "*****"
