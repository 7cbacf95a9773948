"""Published results come out, through the command as people run it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.assessment import provinces
from tongban.web.cli import cli

DATA = Path(__file__).parent / "data"
YEARS = (2003, 2004, 2005, 2008, 2010, 2012, 2014)


def run(*words, code=0):
    done = CliRunner().invoke(cli, ["assess", *map(str, words)])
    assert done.exit_code == code, done.output + done.stderr
    return done


def assessed(*words):
    return json.loads(run(*words, "--json").stdout)


def rows(name):
    with (DATA / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("said", [True, False])
def test_every_published_rank_of_the_un_survey(year, said, tmp_path):
    """Also when the file does not say its year: the table itself does."""
    table = tmp_path / "countries.csv"
    table.write_bytes((DATA / f"egdi-{year}.csv").read_bytes())
    words = ("--edition", year) if said else ()
    document = assessed("un-egdi", table, *words, "--draws", 0)
    assert document["edition"] == str(year)
    units = {one["unit"]: one for one in document["units"]}
    anomalies = {"KHM", "CMR"} if year == 2008 else set()
    for row in rows(f"egdi-{year}.csv"):
        one = units[row["country-code"]]
        published = float(row["e-gov-rank"]) if row["e-gov-rank"] else None
        assert one["rank"] == published
        if published is not None and one["unit"] not in anomalies:
            assert one["score"] == pytest.approx(float(row["e-gov-index"]), abs=1e-4)
    differing = {line[:3] for line in document["warnings"] if "the components give" in line}
    assert differing == anomalies


def test_china_went_up_eight_places():
    document = assessed("un-egdi", DATA / "egdi-2014.csv", "--previous", DATA / "egdi-2012.csv")
    china = next(one for one in document["units"] if one["unit"] == "CHN")
    assert (china["rank"], china["previous"]["rank"], china["change"]["rank"]) == (70, 78, 8)
    assert china["components"]["osi"] == 0.60629
    assert china["tier"] == "high"
    low, high = china["rank_interval"]
    assert low <= 70 <= high


def test_without_published_columns_the_rules_of_the_edition_give_the_ranks(tmp_path):
    table = tmp_path / "bare.csv"
    lines = ["country-code,osi,hci,tii"]
    lines += [
        f"{r['country-code']},{r['osi']},{r['hci']},{r['tii']}" for r in rows("egdi-2012.csv")
    ]
    table.write_text("\n".join(lines), encoding="utf-8")
    document = assessed("un-egdi", table, "--edition", 2012, "--draws", 0)
    published = {row["country-code"]: int(row["e-gov-rank"]) for row in rows("egdi-2012.csv")}
    ranks = {one["unit"]: one["rank"] for one in document["units"]}
    # Recomputed scores tie or part where the published fifth decimal does the other.
    assert sum(ranks[unit] == rank for unit, rank in published.items()) > 185
    assert {ranks[unit] for unit, rank in published.items() if rank == 191} == {191}
    newest = assessed("un-egdi", table, "--draws", 0)
    assert newest["edition"] == "2024"
    assert "does not say its edition" in newest["warnings"][0]
    later = assessed("un-egdi", table, "--edition", 2032, "--draws", 0)
    assert "edition 2032 is not known yet" in later["warnings"][0]
    assert {one["tier_part"] for one in later["units"] if one["tier"] == "very_high"} == {
        "VH", "V3", "V2", "V1",
    }  # fmt: skip


def test_the_wrong_edition_is_noticed():
    document = assessed("un-egdi", DATA / "egdi-2010.csv", "--edition", 2014, "--draws", 0)
    assert "don't follow these rules" in " ".join(document["warnings"])


def test_an_unknown_edition_is_refused():
    assert "2007" in run("un-egdi", DATA / "egdi-2010.csv", "--edition", 2007, code=1).stderr


def test_a_component_out_of_range_in_2003_is_said_and_used():
    document = assessed("un-egdi", DATA / "egdi-2003.csv", "--draws", 0)
    assert any("row 113, column hci: 1.422 is outside 0 to 1" in w for w in document["warnings"])
    fsm = next(one for one in document["units"] if one["unit"] == "FSM")
    assert fsm["quality"]["state"] == "marked"


def test_the_provinces_of_2019():
    document = assessed("cn-provincial-2019", DATA / "provinces-2019.csv")
    summary = document["summary"]
    assert summary["tiers"] == {"very_high": 8, "high": 15, "middle": 9, "low": 0}
    units = {one["name"]: one for one in document["units"]}
    corps = units["新疆生产建设兵团"]
    assert (corps["rank"], corps["tier"], corps["quality"]["state"]) == (28, "middle", "marked")
    assert any("66: total is an estimate" in line for line in document["warnings"])
    assert any("can't say how sure a rank is" in line for line in document["warnings"])
    # Dense ranks: 32 governments end at 30 (published).
    assert max(one["rank"] for one in document["units"]) == 30
    assert [units[name]["rank"] for name in ("浙江", "广东", "上海", "福建", "安徽")] == [
        1,
        1,
        2,
        5,
        6,
    ]
    assert summary["groups"]["region"]["华东"]["units"] == 7


PUBLISHED_2015 = {
    "mean": 76.48,
    "above_mean": {"count": 15, "share_percent": 46.88},
    "tiers": {"very_high": 2, "high": 12, "middle": 13, "low": 5},
    "tier_share_percent": {"very_high": 6.25, "high": 37.50, "middle": 40.63, "low": 15.63},
    "mean_by_dimension": dict(zip(provinces.DIMENSIONS, provinces.MEANS, strict=True)),
}


@pytest.mark.parametrize("with_total", [True, False])
def test_the_published_figures_of_2015(with_total, tmp_path):
    table = tmp_path / "provinces.csv"
    table.write_text(provinces.table(with_total=with_total), encoding="utf-8")
    document = assessed("cn-provincial-2015", table)
    summary = document["summary"]
    for name, figure in PUBLISHED_2015.items():
        assert summary[name] == figure
    means, relative = summary["tier_mean"], summary["relative_to_mean_percent"]
    union = "very_high_and_high"
    assert (means[union], means["middle"], means["low"]) == (85.10, 72.21, 63.43)
    assert (relative[union], relative["middle"], relative["low"]) == (11.27, -5.58, -17.06)
    names = [one["name"] for one in document["units"]]
    assert names[:5] == ["浙江", "江苏", "湖南", "四川", "湖北"]
    assert {one["name"] for one in document["units"] if one["tier"] == "low"} == set(provinces.LOW)
    assert {region: one["units"] for region, one in summary["groups"]["region"].items()} == {
        "华东": 7, "华北": 5, "华中": 3, "华南": 3, "西南": 5, "西北": 6, "东北": 3,
    }  # fmt: skip
    assert any("Weights were never published" in line for line in document["warnings"])


def test_equal_weights_contradict_the_mean_of_2015():
    """Why the weights are an assumption of their own (75.99 against 76.48)."""
    assert round(sum(provinces.MEANS) / 4, 2) == 75.99


def test_asem_sustainable_connectivity():
    # COINr 1.1, example coin: results of the JRC's portal.
    document = assessed("asem-sustainable-connectivity", DATA / "asem-indicators.csv")
    units = {one["unit"]: one for one in document["units"]}
    published = {"CHE": 68.38, "NLD": 64.82, "DNK": 64.80, "NOR": 64.47, "BEL": 63.54, "SWE": 63.00}
    assert [one["unit"] for one in document["units"]][:6] == list(published)
    for unit, score in published.items():
        assert round(units[unit]["score"], 2) == score
    for unit, conn, sust in (("CHE", 62.79, 73.98), ("NLD", 61.94, 67.70)):
        assert round(units[unit]["components"]["Conn"], 2) == conn
        assert round(units[unit]["components"]["Sust"], 2) == sust
    assert len(units) == 51
    assert len(units["CHE"]["components"]) == 49 + 11
    assert {one["origin"] for one in document["cells_not_measured"]} == {"group_mean"}
    assert len(document["cells_not_measured"]) == 65
    assert units["BRN"]["quality"]["state"] == "marked"


def test_a_framework_of_ones_own(tmp_path):
    from tongban.assessment.library import FOLDER

    own = tmp_path / "framework.toml"
    own.write_bytes((FOLDER / "asem-sustainable-connectivity.toml").read_bytes())
    document = assessed(own, DATA / "asem-indicators.csv", "--draws", 0)
    assert round(document["units"][0]["score"], 2) == 68.38


def test_informatisation_against_the_line_of_its_level(tmp_path):
    table = tmp_path / "organs.csv"
    table.write_text(
        "name,level,core_functions,supported_functions\n"
        "甲部,state_council,50,41\n乙省,province,40,28\n丙县,county,30,8\n丁县,county,20,9\n",
        encoding="utf-8",
    )
    document = assessed("cn-informatisation", table)
    units = {one["name"]: (one["score"], one["tier"]) for one in document["units"]}
    assert units["甲部"] == (82.0, "above")
    assert units["乙省"] == (70.0, "near")
    assert units["丙县"] == (pytest.approx(26.666667), "below")
    assert units["丁县"] == (45.0, "above")
    assert document["summary"]["groups"]["level"]["county"]["reference"] == 40


def test_e_participation():
    document = assessed("un-epi", DATA / "egdi-2014.csv")
    best = [one["unit"] for one in document["units"] if one["rank"] == 1]
    assert set(best) == {"NLD", "KOR"}


def test_groups_from_a_table_beside():
    document = assessed(
        "un-egdi", DATA / "egdi-2014.csv", "--groups", DATA / "countries-income.csv", "--draws", 0
    )
    groups = document["summary"]["groups"]
    assert groups["wb_income_group"]["High"]["mean"] > groups["wb_income_group"]["Low"]["mean"]
    assert set(groups) == {"region", "sub_region", "wb_income_group", "status"}


def test_an_outside_variable_is_joined_by_unit_and_year(tmp_path):
    table = tmp_path / "rich.csv"
    lines = ["iso3,year,rich"]
    for row in rows("egdi-2014.csv")[:100]:
        lines += [f"{row['country-code']},2014,{row['osi']}", f"{row['country-code']},2012,1"]
    table.write_text("\n".join(lines), encoding="utf-8")
    outside = assessed(
        "un-egdi", DATA / "egdi-2014.csv", "--against", table, "--against-column", "rich"
    )["outside"]
    assert outside["year"] == "2014"
    assert outside["units"] == 100
    assert outside["spearman"] > 0.8


def test_every_framework_that_ships_is_listed():
    listed = run("--list").stdout
    for name in ("un-egdi", "un-epi", "cn-provincial-2015", "cn-provincial-2016", "cn-city-egov-2015",
                 "cn-informatisation"):  # fmt: skip
        assert name in listed


def test_the_table_on_the_terminal():
    printed = run(
        "un-egdi", DATA / "egdi-2014.csv", "--previous", DATA / "egdi-2012.csv", "--draws", 0
    ).stdout
    line = next(line for line in printed.splitlines() if " CHN " in line)
    assert line.split() == ["70", "CHN", "China", "0.54503", "high", "78", "up", "8"]
