"""Tables with faults are refused, with row and column; bad data get no confident rank."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assessment.test_published import DATA, assessed, run

LINES = (DATA / "egdi-2014.csv").read_text(encoding="utf-8").splitlines()


def changed(tmp_path: Path, row: int, text: str, name: str = "table.csv") -> Path:
    """The table of 2014 with one line (as a spreadsheet counts) replaced."""
    lines = list(LINES)
    lines[row - 1] = text
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


HEADER = "country-code,country-name,e-gov-rank,e-gov-index,e-pat-index,osi,hci,tii"


@pytest.mark.parametrize(
    ("row", "text", "said"),
    [
        (1, HEADER.replace("osi", "oci"), ["row 1, column oci", "is it osi?"]),
        (1, HEADER.replace("osi", "oci"), ["row 1, column osi", "is missing"]),
        (1, HEADER.replace("e-pat-index", "colour"), ["row 1, column colour", "--ignore"]),
        (1, HEADER.replace("hci", "osi"), ["row 1, column osi", "stands twice"]),
        (3, "IRQ,Iraq,134,0.31414,0.1,0.19685,0.5283,0.21727", ["row 3, column country-code",
                                                             "IRQ stands twice", "row 2"]),
        (3, ",Nowhere,134,0.31414,0.1,0.19685,0.5283,0.21727", ["row 3, column country-code",
                                                             "has no name"]),
        (3, "IRL,Ireland,22,0.781,0.6,1.67716,0.9619,0.70391", ["row 3, column osi",
                                                            "1.67716 is outside 0 to 1"]),
        (3, "IRL,Ireland,22,0.781,0.6,high,0.9619,0.70391", ["row 3, column osi", "'high' is text"]),
        (3, 'IRL,Ireland,22,0.781,0.6,"0,67716",0.9619,0.70391', ["row 3, column osi", "decimal comma",
                                                              "write 0.67716"]),
        (3, "IRL,Ireland,22,0.781,0.6,0,67716,0.9619,0.70391", ["row 3, column osi", "decimal comma",
                                                            "write 0.67716"]),
        (3, "IRL,Ireland,22,0.781,0.6,67%,0.9619,0.70391", ["row 3, column osi", "per cent"]),
        (3, "IRL,Ireland,22,0.781,0.6,０.６,0.9619,0.70391", ["row 3, column osi", "digits 0-9"]),
        (3, "IRL,Ireland,22,0.781,0.6,inf,0.9619,0.70391", ["row 3, column osi", "no plain number"]),
        (3, "IRL,Ireland,22,0.781", ["row 3", "4 cells where the header has 8"]),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_row_and_column(row, text, said, tmp_path):
    done = run("un-egdi", changed(tmp_path, row, text), code=1)
    assert done.stdout == ""
    line = next(line for line in done.stderr.splitlines() if said[0] in line and said[1] in line)
    for part in said:
        assert part in line


def test_all_faults_are_said_at_once_and_as_json(tmp_path):
    path = changed(tmp_path, 3, "IRL,Ireland,22,x,0.6,y,2,0.7")
    done = run("un-egdi", path, "--json", code=1)
    problems = json.loads(done.stdout)["problems"]
    assert [(one["row"], one["column"], one["code"]) for one in problems] == [
        (3, "e-gov-index", "not_a_number"),
        (3, "hci", "out_of_range"),
        (3, "osi", "not_a_number"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the first row must name the columns"),
        (b"country-code,osi,hci,tii\n", "no rows"),
        (b"country-code;osi;hci;tii\nCHN;0,6;0,7;0,4\n", "separated by semicolons"),
        (b"PK\x03\x04\x00\x00", "NUL"),
        (b'country-code,osi,hci,tii\nCHN,"0.6,0.7,0.4\n', "quote"),
    ],
)
def test_what_is_no_table_is_said(content, said, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert said in run("un-egdi", path, code=1).stderr


def test_a_table_in_gb18030_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes((DATA / "provinces-2019.csv").read_text(encoding="utf-8").encode("gb18030"))
    assert assessed("cn-provincial-2019", path)["units"][0]["name"] == "浙江"


def test_a_column_can_be_left_out(tmp_path):
    path = changed(tmp_path, 1, HEADER.replace("e-pat-index", "colour"))
    assert len(assessed("un-egdi", path, "--ignore", "colour", "--draws", 0)["units"]) == 193


def test_a_country_without_a_component_gets_no_rank(tmp_path):
    path = changed(tmp_path, 3, "IRL,Ireland,22,0.781,0.64705,0.67716,,0.70391")
    document = assessed("un-egdi", path, "--draws", 0)
    ireland = next(one for one in document["units"] if one["unit"] == "IRL")
    assert (ireland["rank"], ireland["score"], ireland["tier"]) == (None, None, None)
    assert ireland["status"] == "withheld"
    assert ireland["quality"]["coverage"] == pytest.approx(0.6667)
    assert "IRL: rank withheld: only 67% of its weight rests on its own data" in " ".join(
        document["warnings"]
    )
    assert document["summary"]["ranked"] == 192


def test_a_table_full_of_holes_gets_no_rank_at_all(tmp_path):
    lines = [LINES[0]] + [
        line if place % 3 == 0 else ",".join(line.split(",")[:-1]) + ","
        for place, line in enumerate(LINES[1:]) if '"' not in line
    ]  # fmt: skip
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    document = assessed("un-egdi", path, "--edition", 2014, "--draws", 0)
    assert all(one["rank"] is None for one in document["units"])
    assert any("all ranks are withheld" in line for line in document["warnings"])


def test_a_framework_with_faults_names_each(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'id = "own"\ncolour = 1\n[table]\nunit = "u"\n[normalisation]\nmethod = "best"\n'
        '[[node]]\ncode = "I"\n[[indicator]]\ncode = "x"\nparent = "J"\nweight = -1\n',
        encoding="utf-8",
    )
    said = run(path, DATA / "egdi-2014.csv", code=1).stderr
    for part in ("colour", "its parent 'J' is no node", "I: has no parts", "must not be negative"):
        assert part in said


def test_an_unknown_framework_is_bad_usage():
    said = run("un-egov", DATA / "egdi-2014.csv", code=2).stderr
    assert "there is no framework un-egov" in said
    assert "un-egdi" in said


def test_no_database_and_no_folder_is_made(tmp_path):
    home = tmp_path / "home"
    surroundings = {
        **os.environ,
        "TONGBAN_HOME": str(home),
        "DATABASE_URL": "postgresql://no/where",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tongban.web.cli", "assess", "cn-provincial-2019",
         str(DATA / "provinces-2019.csv"), "--json"],
        capture_output=True, text=True, env=surroundings,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not home.exists()
