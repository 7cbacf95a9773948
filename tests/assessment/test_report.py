"""The report stands alone, in both languages, with a table behind every picture."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET

import pytest

from tests.assessment import provinces
from tests.assessment.test_published import DATA, run

PAGES = {"zh": "report.html", "en": "report.en.html"}


@pytest.fixture(scope="module")
def countries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("countries")
    outside = folder / "rich.csv"
    with (DATA / "egdi-2014.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    outside.write_text(
        "iso3,gdp\n" + "".join(f"{r['country-code']},{1 + 1e5 * float(r['tii'])}\n" for r in rows),
        encoding="utf-8",
    )
    run("un-egdi", DATA / "egdi-2014.csv", "--previous", DATA / "egdi-2012.csv",
        "--groups", DATA / "countries-income.csv", "--against", outside, "--against-column", "gdp",
        "--against-name", "GDP & <more>", "--unit", "CHN", "--draws", 400, "--out", folder / "out")  # fmt: skip
    return folder / "out"


@pytest.fixture(scope="module")
def provincial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("provinces")
    table = folder / "provinces.csv"
    table.write_text(provinces.table(), encoding="utf-8")
    run("cn-provincial-2015", table, "--unit", "62", "--out", folder / "out")
    return folder / "out"


def page(folder, language):
    return (folder / PAGES[language]).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", PAGES)
def test_a_page_needs_nothing_from_elsewhere(countries, language):
    html = page(countries, language)
    assert "default-src 'none'" in html
    assert not re.search(r"<(script|link|img|iframe|object)\b", html)
    # Namespaces of SVG are names, not addresses.
    addresses = set(re.findall(r"https?://[^\"'<\s)]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\(|@import", html)


@pytest.mark.parametrize("language", PAGES)
def test_every_picture_has_a_title_and_a_table(countries, language):
    html = page(countries, language)
    figures = re.findall(r"<figure.*?</figure>", html, re.S)
    assert len(figures) >= 8
    for figure in figures:
        assert figure.count('role="img"') == 2
        assert len(re.findall(r"<title id=\"t\d+\">[^<]+</title>", figure)) == 2
        assert "<details>" in figure
        assert figure.count("<tr>") > 2
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', html)
    assert set(links) <= set(ids)


def test_what_a_table_says_is_escaped(countries):
    html = page(countries, "en")
    assert "GDP &amp; &lt;more&gt;" in html
    assert "<more>" not in html


def test_the_words_say_the_numbers(countries):
    english, chinese = page(countries, "en"), page(countries, "zh")
    assert "China has rank 70 of 193 with 0.54501." in english
    assert "It won 8 places since the table before." in english
    assert "China得分 0.54501,在 193 个单位中列第 70。" in chinese
    assert "Online service: 0.606 against" in english
    assert "What makes the distance to Republic of Korea" in english


def test_the_method_is_told_in_full(provincial):
    chinese, english = page(provincial, "zh"), page(provincial, "en")
    assert "权重从未公布" in chinese
    assert "Weights were never published" in english
    assert "非常高 &gt; 90" in chinese
    assert "draws (seed 1)" in english


def test_the_map_has_a_square_for_each_province(provincial):
    picture = (provincial / "pictures" / "zh" / "map.svg").read_text(encoding="utf-8")
    for name in ("浙江", "西藏", "兵团", "台湾", "香港", "澳门"):
        assert f">{name}" in picture
    assert picture.count("<rect") >= 35


def test_pictures_are_files_of_their_own(countries):
    names = {path.stem for path in (countries / "pictures" / "en").glob("*.svg")}
    assert {"ranks", "moves", "parts", "groups-1", "profile", "outside", "causes",
            "ranks-phone"} <= names  # fmt: skip
    for path in countries.rglob("*.svg"):
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag.endswith("svg")
        assert root.find("{http://www.w3.org/2000/svg}title").text
        width = float(root.get("width"))
        assert width <= (430 if path.stem.endswith("-phone") else 900)


def test_texts_stay_inside_their_picture(countries, provincial):
    """By the estimate of widths that places them; what is cut says all on hover."""
    from tongban.assessment.report.svg import text_width

    for folder in (countries, provincial):
        for path in folder.rglob("*.svg"):
            root = ET.fromstring(path.read_text(encoding="utf-8"))
            width = float(root.get("width"))
            for text in root.iter("{http://www.w3.org/2000/svg}text"):
                kind = text.get("class", "").split()
                length = text_width(text.text or "", 12 if "small" in kind else 14)
                x = float(text.get("x"))
                start = x - length if "end" in kind else x - length / 2 if "middle" in kind else x
                assert start > -12, (path.name, text.text)
                assert start + length < width + 12, (path.name, text.text)


def test_tables_and_json_beside_the_page(countries):
    with (countries / "scores.csv").open(encoding="utf-8-sig") as lines:
        china = next(row for row in csv.DictReader(lines) if row["unit"] == "CHN")
    assert (china["rank"], china["previous_rank"], china["rank_change"]) == ("70.0", "78.0", "8.0")
    with (countries / "indicators.csv").open(encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if row["unit"] == "CHN"]
    assert sum(float(row["points"]) for row in rows) == pytest.approx(0.54503, abs=1e-5)
    document = json.loads((countries / "assessment.json").read_text(encoding="utf-8"))
    assert document["diagnostics"]["sensitivity_of_ranks"]["inputs"]["aggregation"]["total"] > 0.2


def test_names_that_a_spreadsheet_would_run_are_tamed(tmp_path):
    table = tmp_path / "cities.csv"
    table.write_text(
        "name,基础准备,在线服务,电子参与,移动政务\n=1+1,50,60,70,80\n乙,40,50,60,70\n丙,30,20,10,5\n",
        encoding="utf-8",
    )
    run("cn-city-egov-2015", table, "--out", tmp_path / "out")
    assert "'=1+1" in (tmp_path / "out" / "scores.csv").read_text(encoding="utf-8-sig")


def test_a_table_without_ranks_still_gives_a_page(tmp_path):
    table = tmp_path / "cities.csv"
    table.write_text(
        "name,基础准备,在线服务,电子参与,移动政务\n甲,50,,,\n乙,,,60,\n丙,,,,\n", encoding="utf-8"
    )
    run("cn-city-egov-2015", table, "--out", tmp_path / "out")
    assert "No unit has enough data of its own to be ranked" in page(tmp_path / "out", "en")


def test_one_unit_alone_gives_a_page(tmp_path):
    table = tmp_path / "cities.csv"
    table.write_text("name,基础准备,在线服务,电子参与,移动政务\n甲,50,60,70,80\n", encoding="utf-8")
    run("cn-city-egov-2015", table, "--out", tmp_path / "out")
    assert "甲" in page(tmp_path / "out", "zh")


def test_an_unknown_unit_is_bad_usage(tmp_path):
    done = run("un-egdi", DATA / "egdi-2014.csv", "--unit", "XXX", "--out", tmp_path, code=2)
    assert "XXX is no unit" in done.stderr
