from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.base.case_numbers import ALPHABET, CaseNumberError, check_case_number, make_case_number
from tongban.base.check_digits import mod_37_36

NUMBER = make_case_number("511602", date(2026, 11, 21), rng=lambda n: 7)
MIDDLES = st.text(alphabet=ALPHABET, min_size=8, max_size=8)


def number_with(middle: str) -> str:
    body = "511602261121" + middle
    return f"511602-261121-{middle}-{mod_37_36(body)}"


def test_a_number_says_county_and_day():
    assert NUMBER.startswith("511602-261121-77777777-")
    assert make_case_number("511602001003", date(2026, 1, 2))[:14] == "511602-260102-"


@pytest.mark.parametrize(
    ("payload", "check"),
    [
        # genuine licence identifiers of GB/T 36901: ISO/IEC 7064 MOD 37,36
        ("11100000000013338W00911330105002500287C2025052201002", "0"),
        ("11100000000013338W01111430000006122244L20230000403001", "U"),
    ],
)
def test_the_check_character_is_that_of_genuine_identifiers(payload, check):
    assert mod_37_36(payload) == check


def test_the_check_character_takes_digits_and_capitals_only():
    with pytest.raises(ValueError, match="capital"):
        mod_37_36("a1")


@given(MIDDLES)
def test_a_number_is_read_back_in_every_form_that_people_write(middle):
    number = number_with(middle)
    for written in (
        number.lower(),
        f"  {number} ",
        number.replace("-", ""),
        number.replace("-", "－"),
        number.replace("-", " - "),
        number.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    ):
        assert check_case_number(written) == number


@given(MIDDLES, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(middle, place, other):
    if middle[place] == other:
        return
    forged = number_with(middle).replace(middle, middle[:place] + other + middle[place + 1 :])
    with pytest.raises(CaseNumberError):
        check_case_number(forged)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "511602-261121-77777777",
        "511602-261121-7777777U-1",
        "x" * 300,
        "51160٢-261121-77777777-1",
    ],
)
def test_what_has_not_the_form_is_refused(text):
    with pytest.raises(CaseNumberError) as refusal:
        check_case_number(text)
    assert refusal.value.reason == "form"


def test_neighbours_tell_nothing_of_each_other():
    made = {make_case_number("511602", date(2026, 1, 2)) for _ in range(2_000)}
    assert len(made) == 2_000
