"""Two people at once: what both changed is chosen part by part, and nothing is silent."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.catalogue import merging

PLACE, OTHER_PLACE = {"zh": "大厅1号"}, {"zh": "大厅2号"}


def test_only_what_both_changed_has_to_be_chosen():
    base = {"place": PLACE, "enquiry_phone": "12345", "aliases": ["甲"]}
    theirs = base | {"place": OTHER_PLACE, "enquiry_phone": "0826-2000001"}
    mine = base | {"place": {"zh": "大厅3号"}, "aliases": ["乙"]}
    found = {unit.key: unit.suggested for unit in merging.units(base, theirs, mine)}
    names = {unit.key: unit.path[0] for unit in merging.units(base, theirs, mine)}
    assert {names[key]: chosen for key, chosen in found.items()} == {
        "place": "",
        "enquiry_phone": "theirs",
        "aliases": "mine",
    }
    done = merging.merged(base, theirs, mine, {key: found[key] or "mine" for key in found})
    assert done == mine | {"enquiry_phone": "0826-2000001"}


def test_two_materials_changed_by_two_people_are_both_kept():
    base = {"materials": [{"name": {"zh": name}} for name in "甲乙丙"]}
    theirs, mine = copy.deepcopy(base), copy.deepcopy(base)
    theirs["materials"][0]["originals"] = 1
    theirs["materials"].pop(1)
    mine["materials"][2]["originals"] = 2
    mine["materials"].insert(1, {"name": {"zh": "丁"}})
    found = {unit.key: unit.suggested for unit in merging.units(base, theirs, mine)}
    assert all(found.values())
    done = merging.merged(base, theirs, mine, found)
    assert done["materials"] == [
        {"name": {"zh": "甲"}, "originals": 1},
        {"name": {"zh": "丁"}},
        {"name": {"zh": "丙"}, "originals": 2},
    ]


DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "place": st.sampled_from([PLACE, OTHER_PLACE]),
        "enquiry_phone": st.sampled_from(["1", "2"]),
        "materials": st.lists(
            st.fixed_dictionaries(
                {"name": st.fixed_dictionaries({"zh": st.sampled_from("甲乙丙")})},
                optional={"originals": st.integers(1, 2)},
            ),
            max_size=4,
        ),
    },
)


def without_empty(content: dict) -> dict:
    return {name: value for name, value in content.items() if value != []}


def told(value: dict) -> str:
    """In whatever order its keys came: a row that both sides have is taken from either."""
    return json.dumps(value, sort_keys=True)


@settings(max_examples=400)
@given(base=DOCUMENTS, theirs=DOCUMENTS, mine=DOCUMENTS)
def test_choosing_all_of_one_side_gives_that_side_and_nothing_is_silent(base, theirs, mine):
    base, theirs, mine = map(without_empty, (base, theirs, mine))
    units = merging.units(base, theirs, mine)
    assert bool(units) == (theirs != mine)
    all_theirs = merging.merged(base, theirs, mine, {unit.key: "theirs" for unit in units})
    all_mine = merging.merged(base, theirs, mine, {unit.key: "mine" for unit in units})
    assert all_theirs == theirs
    assert all_mine.keys() == mine.keys()
    for name, value in mine.items():
        if isinstance(value, list):
            assert sorted(map(told, all_mine[name])) == sorted(map(told, value))
        else:
            assert all_mine[name] == value
