from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.base.canonical import canonical_json

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
KEYS = st.text(alphabet=st.characters(max_codepoint=126, min_codepoint=32))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785 section 3.2.2 to 3.2.3: no spaces, sorted keys, shortest escapes
        ({"b": 1, "a": [True, None, False]}, '{"a":[true,null,false],"b":1}'),
        ({"peach": "x", "péché"[:1]: "y"}, '{"p":"y","peach":"x"}'),
        ({"s": '€$\u000f\nA\'B"\\\\"/'}, '{"s":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
        ({"10": 1, "1": 2, "A": 3, "a": 4}, '{"1":2,"10":1,"A":3,"a":4}'),
    ],
)
def test_values_have_one_text(value, text):
    assert canonical_json(value) == text.encode()


@given(VALUES)
def test_the_text_reads_back_and_is_canonical_again(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize(
    "value", [1.5, {"a": 1.0}, 2**53 + 1, {1: 2}, {"键": 1}, object(), {"a": {1}}]
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValueError, match="surrogates"):
        canonical_json("\ud800")
