"""Whatever is in a file, reading it gives a table or says what is wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.indices.builders import make_framework
from tongban.base.tables import TableError
from tongban.indices import FrameworkProblem, InvalidTable, assess, read_data, read_framework
from tongban.indices.framework.model import GroupRule, KnownUnit
from tongban.indices.framework.sections import BLANKS
from tongban.indices.reading import read_number

FRAMEWORK = make_framework({"a": ["x", "y"], "b": ["z"]})
TOML = """
id = "own"
[table]
unit = "unit"
[[node]]
code = "I"
[[indicator]]
code = "x"
parent = "I"
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-1.5", -1.5), ("+.5", 0.5), ("1e3", 1000), ("5.", 5), ("", math.nan),
     ("..", math.nan), ("—", math.nan)],
)  # fmt: skip
def test_numbers(text, value):
    assert read_number(text, BLANKS) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [("0,5", "decimal_comma"), ("1,234.5", "thousands"), ("1,234,567", "thousands"), ("5%", "percent"),
     ("five", "not_a_number"), ("１２", "not_a_number"), ("1_000", "not_a_number"), ("inf", "not_a_number"),
     ("1e999", "not_a_number"), ("0x10", "not_a_number"), ("1 000", "not_a_number")],
)  # fmt: skip
def test_what_is_no_number(text, code):
    assert read_number(text, BLANKS)[0] == code


cells = st.text(alphabet='0123456789.,-"\n;abc５%é缺\x00 ', max_size=6)
files = st.lists(st.lists(cells, max_size=6).map(",".join), max_size=6).map("\n".join)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(files, files.map(lambda text: "unit,x,y,z\n" + text)), st.booleans())
def test_any_file_is_read_or_refused(tmp_path, text, damaged):
    path = tmp_path / "any.csv"
    data = text.encode()
    path.write_bytes(data + b"\xff\xfe" if damaged else data)
    try:
        table = read_data(path, FRAMEWORK)
    except (TableError, InvalidTable):
        return
    assert len(table.units) == len(set(table.units)) == len(table.values)
    assert not np.isinf(table.values).any()


def test_a_unit_goes_by_its_code_whatever_the_table_calls_it(written):
    units = (KnownUnit("33", {"zh": "浙江", "en": "Zhejiang"}, ("浙江", "Zhejiang", "浙江省")),)
    region = GroupRule("region", {"en": "Region"}, ("region",), {"east": ("33",)})
    framework = replace(FRAMEWORK, units=units, groups=(region,))
    for name in ("33", "浙江", "浙江省", "Zhejiang"):
        table = read_data(written(f"unit,x,y,z\n{name},1,2,3\n"), framework)
        assert table.units == ("33",)
        assert table.titles == (name,)
        assert table.groups == {"region": ("east",)}
    twice = written("unit,x,y,z\n33,1,2,3\n浙江省,1,2,3\n")
    with pytest.raises(InvalidTable) as caught:
        read_data(twice, framework)
    assert caught.value.problems[0].code == "unit_twice"
    other = read_data(written("unit,x,y,z\n浙江市,1,2,3\n"), framework)
    assert "is it 浙江?" in other.warnings[0]


def test_a_denominator_of_zero_is_refused(written, tmp_path):
    path = written(
        TOML.replace('unit = "unit"', 'unit = "unit"\ndenominators = { people = "people" }')
        + 'denominator = "people"\nfactor = 1000\n', "own.toml",
    )  # fmt: skip
    framework = read_framework(path).edition()
    good = read_data(written("unit,x,people\na,5,100\nb,5,200\n"), framework)
    assert good.values[:, 0].tolist() == [50.0, 25.0]
    with pytest.raises(InvalidTable) as caught:
        read_data(written("unit,x,people\na,5,0\n"), framework)
    assert (caught.value.problems[0].row, caught.value.problems[0].column) == (2, "people")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("weight = -1\n", "indicator x.weight: must not be negative"),
        ('weight = "much"\n', "indicator x.weight: must be a number"),
        ('direction = "sideways"\n', "'sideways' is none of down, up"),
        ("valid = [5, 1]\n", "the lower bound 5 is not below 1"),
        ("colour = 3\n", "indicator x.colour: is not known"),
        ('denominator = "people"\n', "'people' is not in table.denominators"),
        ('[normalisation]\nmethod = "goalposts"\n', "indicator x.goalposts: is missing"),
        ('[uncertainty]\nnormalisations = ["reference"]\n', "indicator x.reference: is missing"),
        ('[missing]\nrule = "group_mean"\ngroup = "g"\n', "missing.group: 'g' is no group"),
        ('[[node]]\ncode = "J"\n', "one node without parent"),
        ('[[node]]\ncode = "I"\n', "code 'I': stands twice"),
        (
            '[[node]]\ncode = "J"\nparent = "K"\n[[node]]\ncode = "K"\nparent = "J"\n',
            "own ancestor",
        ),
        (
            '[[missing.estimates]]\nunit = "a"\nindicator = "x"\nvalue = 1\n',
            "estimate without a source",
        ),
        ('[units]\nfile = "nowhere.csv"\n', "units.file: nowhere.csv"),
        ("[editions]\n[editions.2010]\n", "newest: names no edition"),
        ("=\n", "not TOML"),
    ],
)
def test_a_framework_says_what_is_wrong_with_it(more, fault, written):
    with pytest.raises(FrameworkProblem) as caught:
        read_framework(written(TOML + more, "own.toml"))
    assert fault in str(caught.value)


def test_a_tree_may_be_as_deep_as_it_likes(written):
    text = TOML.replace('parent = "I"', 'parent = "n5"') + "".join(
        f'[[node]]\ncode = "n{depth}"\nparent = "{f"n{depth - 1}" if depth > 1 else "I"}"\n'
        for depth in range(1, 6)
    )
    framework = read_framework(written(text, "own.toml")).edition()
    result = assess(framework, read_data(written("unit,x\na,1\nb,3\nc,2\n"), framework))
    assert [one.score for one in result.units] == [0, 100, 50]
    assert result.units[0].components.keys() == {"I", "n1", "n2", "n3", "n4", "n5", "x"}
