"""Every format gives back what it got, and nothing comes in by halves."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalogue.builders import (
    GUANGDONG,
    SHAPES,
    empty_catalogue,
    exported,
    load_catalogue,
    make_regions,
)
from tongban.base.tables import LoadReport, TableError
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.importing import ImportRefused, import_items, load_items
from tongban.catalogue.importing.basics import cycles_of
from tongban.catalogue.importing.detecting import form_of_file
from tongban.catalogue.interchange import cpsv, gbt39046, jsonl, table
from tongban.catalogue.interchange.form import GuideForm, ItemForm, OrganForm, form_of
from tongban.catalogue.models import BasicItem, Guide, ServiceItem
from tongban.catalogue.services import packaged_guides
from tongban.catalogue.standard_fields import DATA_ITEMS
from tongban.directory.models import Organ
from tongban.ledger.models import Entry

ENDINGS = {
    "csv": "csv",
    "csv-spreadsheet": "csv",
    "jsonl": "jsonl",
    "gbt39046": "csv",
    "cpsv-ap": "ttl",
    "cpsv-ap-jsonld": "jsonld",
}


@pytest.fixture
def catalogue(db, tmp_path):
    load_catalogue(tmp_path)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# The two real sources


def test_real_guides_load_without_loss_and_what_is_odd_is_named(db):
    make_regions()
    report = import_items(GUANGDONG)
    rows = [json.loads(line) for line in GUANGDONG.read_text(encoding="utf-8").splitlines()]
    assert report.created == report.read == len(rows)
    assert {"phone_form", "spaces", "organ_in_code"} <= set(report.counts)
    items = {item.code: item for item in ServiceItem.objects.prefetch_related("guides")}
    for row in rows:
        item = items[row["task_code"]]
        assert item.source_row == row
        document = item.guides.all()[0].document
        assert [one["name"]["zh"] for one in document.get("materials", [])] == row["materials"]
        assert document.get("enquiry_phone", "") == row["consult_phone"].strip()
        said = {limit for limit in ("statutory_limit", "promised_limit") if row[limit]}
        assert said <= set(document)
    again = import_items(GUANGDONG)
    assert (again.created, again.updated, again.unchanged) == (0, 0, len(rows))


def test_types_of_the_other_platform_are_mapped_by_its_own_list(db):
    make_regions()
    load_items(GUANGDONG)
    for item in ServiceItem.objects.exclude(kind=""):
        said = item.source_row["task_type"]
        assert (said == "公共服务") == (item.kind == "public_service")
        assert (said == "其他行政权力") == (item.kind == "other")


def test_sub_items_hang_below_their_main_item(db):
    make_regions()
    load_items(GUANGDONG)
    rows = {
        row["catalog_code"]: row for row in ServiceItem.objects.values_list("source_row", flat=True)
    }
    for basic in BasicItem.objects.select_related("parent").filter(code__in=rows):
        parent = rows[basic.code]["parent_catalog_code"]
        assert (basic.parent.code if basic.parent else basic.code) == parent


# Round trips


@pytest.mark.parametrize("form", ENDINGS)
def test_a_round_trip_through_any_format_loses_nothing(catalogue, tmp_path, form):
    before, text = exported("jsonl"), exported(form)
    empty_catalogue()
    path = write(tmp_path / f"all.{ENDINGS[form]}", text)
    assert form_of_file(path) == form.removesuffix("-spreadsheet")
    report = import_items(path)
    assert report.created == before.count("\n")
    assert exported("jsonl") == before
    assert exported(form) == text
    again = import_items(path)
    assert (again.created, again.updated) == (0, 0)


TEXTS = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))
        | st.sampled_from("\n\"',=+-@;《》:"),
        min_size=1,
        max_size=30,
    )
    .map(str.strip)
    .filter(bool)
)
BILINGUAL = st.fixed_dictionaries({"zh": TEXTS}, optional={"en": TEXTS})
LIMITS = st.fixed_dictionaries(
    {
        "value": st.integers(0, 99_999),
        "unit": st.sampled_from(["working_day", "day", "month", "year", "hour", "on_the_spot"]),
    },
    optional={"note": BILINGUAL},
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "name": BILINGUAL,
        "summary": BILINGUAL,
        "aliases": st.lists(TEXTS, max_size=3),
        "audience": st.lists(st.sampled_from(["natural_person", "enterprise"]), max_size=2),
        "statutory_limit": LIMITS,
        "promised_limit": LIMITS,
        "conditions": st.lists(BILINGUAL, max_size=3),
        "legal_bases": st.lists(
            st.fixed_dictionaries(
                {"instrument": TEXTS.filter(lambda said: len(said) > 1)},
                optional={"article": TEXTS, "text": TEXTS},
            ),
            max_size=2,
        ),
        "materials": st.lists(
            st.fixed_dictionaries(
                {"name": BILINGUAL},
                optional={
                    "necessity": st.sampled_from(["required", "not_required", "to_follow"]),
                    "originals": st.integers(0, 99),
                    "issuer": BILINGUAL,
                },
            ),
            max_size=3,
        ),
        "fees": st.lists(
            st.fixed_dictionaries(
                {"name": BILINGUAL}, optional={"basis": TEXTS, "standard": BILINGUAL}
            ),
            max_size=2,
        ),
        "charges_fee": st.booleans(),
        "joint_organs": st.lists(
            st.fixed_dictionaries(
                {"name": TEXTS.filter(lambda said: len(said) > 1)},
                optional={"code": TEXTS, "part": TEXTS},
            ),
            max_size=2,
        ),
        "faq": st.lists(
            st.fixed_dictionaries({"question": BILINGUAL, "answer": BILINGUAL}), max_size=2
        ),
        "handling_forms": st.lists(st.sampled_from(["counter", "web", "post"]), max_size=3),
        "cross_region_range": st.sampled_from(["none", "national"]),
        "personal_themes": st.lists(TEXTS, max_size=2),
        "place": BILINGUAL,
        "enquiry_phone": TEXTS,
        "opening_hours": BILINGUAL,
        "on_site_visits": st.integers(0, 9),
    },
)


@settings(max_examples=30, deadline=None)
@given(record=RECORDS, name=TEXTS, kind=st.sampled_from(["licence", ""]))
def test_whatever_a_record_says_comes_back_from_every_format(tmp_path_factory, record, name, kind):
    content = content_of(GuideRecord.model_validate(record))
    form = ItemForm(
        code="001-α/7",
        name=name,
        kind=kind,
        region="511602000000",
        organ=OrganForm("区公安分局", "511602000000", code="a.1", codes=("007",)),
        guide=GuideForm(content, 3, "2026-01-02", True),
        source_row={"=": name, "n": 1},
    )
    folder = tmp_path_factory.mktemp("forms")
    for write_form, read, ending in (
        (jsonl.write, jsonl.read, "jsonl"),
        (table.write, table.read, "csv"),
        (table.write_for_spreadsheets, table.read, "csv"),
        (gbt39046.write, gbt39046.read, "csv"),
        (cpsv.write_turtle, lambda path, report: cpsv.read(path, report, "turtle"), "ttl"),
    ):
        path = folder / f"one.{ending}"
        with path.open("w", encoding="utf-8", newline="") as sink:
            write_form([form], sink)
        report = LoadReport()
        found = [incoming.form for incoming in read(path, report)]
        assert found == [form], (write_form, report.problems)


def test_codes_keep_their_zeros_in_a_spreadsheet(catalogue):
    text = exported("csv-spreadsheet", "511602")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    assert all(row["region"] == '="511602000000"' for row in rows)


def test_a_cell_that_begins_like_a_formula_is_text(tmp_path):
    form = ItemForm(code="1234", name='=HYPERLINK("http://x","y")')
    sink = io.StringIO()
    table.write([form], sink)
    assert '"=""=HYPERLINK(""""http' in sink.getvalue()
    path = write(tmp_path / "f.csv", sink.getvalue())
    assert [one.form.name for one in table.read(path, LoadReport())] == [form.name]


def test_a_code_that_a_spreadsheet_rounded_is_refused(db, tmp_path):
    make_regions()
    path = write(tmp_path / "x.csv", "code,name,region\n1-a,名称,5.11602E+11\n")
    with pytest.raises(ImportRefused) as refusal:
        import_items(path)
    assert refusal.value.report.counts == {"spreadsheet_damage": 1}
    assert refusal.value.report.problems[0].column == "region"


# GB/T 39046


def test_the_standards_64_names_are_the_columns(catalogue):
    header = exported("gbt39046").splitlines()[0].split(",")
    assert len(DATA_ITEMS) == 64
    assert header == [item.zh for item in DATA_ITEMS] + ["扩展"]


def test_the_standards_table_says_what_the_guide_says(catalogue):
    rows = list(csv.DictReader(io.StringIO(exported("gbt39046", "511602"))))
    guide = next(guide for guide in packaged_guides() if guide.slug == "food-business-licence")
    mine = [row for row in rows if row["实施编码"] == guide.item_code]
    assert [row["材料名称"] for row in mine] == [one.name.zh for one in guide.materials]
    first = mine[0]
    assert first["法定办结时限"], first["法定办结时限单位"] == ("20", "工作日")
    assert first["事项类型代码"] == "01"
    assert (first["行使层级代码"], first["行政管辖"]) == ("4", "广安区")
    assert first["办理形式代码"] == "1,2"
    assert "《中华人民共和国食品安全法》第三十五条" in first["设定依据"]
    assert first["是否支持物流快递"] == "1"


def test_an_edited_column_of_the_standard_wins_over_what_travels_beside(catalogue, tmp_path):
    text = exported("gbt39046", "511602").replace("0826-2000021", "0826-2009999")
    report = import_items(write(tmp_path / "edited.csv", text))
    assert report.updated == 1
    guide = Guide.objects.get(slug="food-business-licence", effective_to=None)
    assert guide.document["enquiry_phone"] == "0826-2009999"
    assert guide.version == 2
    rows = list(csv.reader(io.StringIO(text)))
    for row in rows:
        row[:-1] = [
            cell.replace("食品安全自查和从业人员健康管理制度", "食品安全制度") for cell in row[:-1]
        ]
    sink = io.StringIO()
    csv.writer(sink).writerows(rows)
    report = import_items(write(tmp_path / "edited.csv", sink.getvalue()))
    assert report.counts["edited"] == 1
    guide = Guide.objects.get(item=guide.item, effective_to=None)
    assert guide.document["materials"][-1]["name"] == {"zh": "食品安全制度"}
    assert not guide.is_complete


# CPSV-AP


def conforms(text: str, syntax: str = "turtle") -> tuple[bool, str]:
    import pyshacl

    ok, _graph, said = pyshacl.validate(
        text, shacl_graph=str(SHAPES), data_graph_format=syntax, inference="none"
    )
    return ok, said


@pytest.mark.parametrize(("form", "syntax"), [("cpsv-ap", "turtle"), ("cpsv-ap-jsonld", "json-ld")])
def test_an_export_of_the_district_validates_against_the_published_shapes(catalogue, form, syntax):
    text = exported(form, "511602000000")
    assert text.count("cpsv:PublicService") > 80
    ok, said = conforms(text, syntax)
    assert ok, said[:2000]


def test_the_shapes_do_refuse_a_service_without_authority_or_title(catalogue):
    text = exported("cpsv-ap", "440100")
    assert conforms(text)[0]
    assert not conforms(re.sub(r"\n    cv:hasCompetentAuthority [^;]+;", "", text))[0]
    assert not conforms(re.sub(r"\n    dct:title [^;]+;", "", text))[0]


def test_turtle_and_jsonld_say_the_same(catalogue):
    from rdflib import Graph
    from rdflib.compare import isomorphic

    turtle = Graph().parse(data=exported("cpsv-ap", "440100"), format="turtle")
    other = Graph().parse(data=exported("cpsv-ap-jsonld", "440100"), format="json-ld")
    assert len(turtle) > 500
    assert isomorphic(turtle, other)


def test_a_graph_of_somebody_else_is_read_as_far_as_it_goes(db, tmp_path):
    make_regions()
    path = write(
        tmp_path / "theirs.ttl",
        """
        @prefix cpsv: <http://purl.org/vocab/cpsv#> . @prefix cv: <http://data.europa.eu/m8g/> .
        @prefix dct: <http://purl.org/dc/terms/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix ex: <http://example.org/> .
        ex:s a cpsv:PublicService ; dct:identifier "TAX-1" ; dct:title "Tax return"@en ;
          dct:description "For people"@en ; cv:hasCompetentAuthority ex:o ; cv:holdsRequirement ex:r ;
          cv:hasInputType ex:e ; cv:processingTime "P10D"^^xsd:duration .
        ex:o a cv:PublicOrganisation ; skos:prefLabel "Tax office"@en ; dct:spatial ex:place .
        ex:place dct:identifier "511602000000" .
        ex:r a cv:Requirement ; dct:identifier "r" ; dct:title "Lives here"@en .
        ex:e a cv:EvidenceType ; dct:identifier "e" ; dct:title "Payslip"@en .
        """,
    )
    report = import_items(path)
    assert (report.created, report.counts["code_pattern"]) == (1, 1)
    item = ServiceItem.objects.get(code="TAX-1")
    document = item.guides.get().document
    assert document["promised_limit"] == {"value": 10, "unit": "day"}
    assert document["conditions"] == [{"zh": "Lives here", "en": "Lives here"}]
    assert document["materials"] == [{"name": {"zh": "Payslip", "en": "Payslip"}}]


# What is wrong with a file


HEADER = "code,name,region,basic.code,basic.name,basic.parent_code\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEADER + "1234-a,甲,,,,\n1234-a,乙,,,,\n", "code_twice"),
        (HEADER + "1234-a,甲,,A,甲,B\n1234-b,乙,,B,乙,C\n1234-c,丙,,C,丙,A\n", "cyclic_parent"),
        (HEADER + "1234-a,甲,,A,甲,A\n", "cyclic_parent"),
        (HEADER + ",甲,,,,\n", "missing"),
        (HEADER + "1234-a,甲,99,,\n", "cells"),
        (HEADER + "1234-a,甲,51-1602,,,\n", "bad_value"),
        (HEADER + f"{'9' * 65},甲,,,,\n", "too_long"),
        ("code,name,kind\n1234-a,甲,permit\n", "bad_value"),
        ("code,name,guide.on_site_visits\n1234-a,甲,two\n", "bad_value"),
        ("code,name,guide.materials\n1234-a,甲,身份证\n", "bad_value"),
    ],
)
def test_a_faulty_row_stops_the_whole_file_unless_asked_otherwise(db, tmp_path, text, code):
    make_regions()
    good = f"{text.splitlines()[0]}\n"
    columns = good.count(",")
    path = write(tmp_path / "x.csv", text + "1234-good,好" + "," * (columns - 1) + "\n")
    with pytest.raises(ImportRefused) as refusal:
        import_items(path)
    assert code in refusal.value.report.counts
    problem = next(one for one in refusal.value.report.problems if one.code == code)
    assert problem.row >= 2
    assert problem.detail
    assert not ServiceItem.objects.exists()
    assert not BasicItem.objects.exists()
    assert not Entry.objects.exists()
    report = import_items(path, partial=True)
    assert report.created >= 1
    assert ServiceItem.objects.filter(code="1234-good").exists()
    assert not BasicItem.objects.exclude(parent=None).exists()


def test_a_cycle_with_what_is_in_the_catalogue_is_found(db, tmp_path):
    make_regions()
    import_items(
        write(
            tmp_path / "a.csv",
            HEADER.replace("parent_code", "parent_code,basic.parent_name")
            + "1234-a,甲,,A,甲,B,乙\n",
        )
    )
    with pytest.raises(ImportRefused, match="import_refused"):
        import_items(write(tmp_path / "b.csv", HEADER + "1234-b,乙,,B,乙,A\n"))


@pytest.mark.parametrize(
    ("parents", "cycles"),
    [
        ({"a": "b", "b": "c"}, set()),
        ({"a": "a"}, {"a"}),
        ({"a": "b", "b": "a", "c": "a"}, {"a", "b"}),
        ({"x": "a", "a": "b", "b": "c", "c": "b"}, {"b", "c"}),
        ({}, set()),
    ],
)
def test_cycles_are_those_who_come_back_to_themselves(parents, cycles):
    assert cycles_of(parents) == cycles


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.csv", "name,region\n甲,\n".encode(), "missing_column"),
        ("x.csv", b"", "missing_column"),
        ("x.csv", b"code,name\n\x00\n", "binary"),
        ("x.csv", b"code,name\n\xff\xff\xff\xff\n", "encoding"),
        ("x.ttl", b"this is no turtle", "not_rdf"),
        ("x.jsonld", b"{", "not_rdf"),
        ("x.csv.gz", b"not gzip", "unreadable"),
    ],
)
def test_a_file_that_is_no_list_of_items_is_refused_whole(db, tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError) as refusal:
        import_items(path)
    assert refusal.value.code == code
    assert name in str(refusal.value)


@pytest.mark.parametrize("form", ["csv", "gbt39046", "jsonl"])
def test_gb18030_is_found_out_and_read(catalogue, tmp_path, form):
    before = exported("jsonl")
    text = exported(form)
    empty_catalogue()
    import_items(write(tmp_path / f"g.{ENDINGS[form]}", text, "gb18030"))
    assert exported("jsonl") == before


def test_a_line_that_is_not_json_is_named_by_its_number(db, tmp_path):
    make_regions()
    path = write(tmp_path / "x.jsonl", '{"code":"1234-a","name":"甲"}\n{"code":\n')
    with pytest.raises(ImportRefused) as refusal:
        import_items(path)
    assert [
        (one.row, one.code) for one in refusal.value.report.problems if one.code == "not_json"
    ] == [(2, "not_json")]


def test_a_field_that_is_none_of_ours_is_named():
    with pytest.raises(ValueError, match="no such field"):
        form_of({"code": "1", "name": "甲", "nmae": "乙"})
    with pytest.raises(ValueError, match="must be an object"):
        form_of({"code": "1", "name": "甲", "guide": []})
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        limit = {"value": -1, "unit": "day"}
        form_of({"code": "1", "name": "甲", "guide": {"record": {"promised_limit": limit}}})


# Speed


def test_a_file_of_any_length_takes_the_same_memory(db, tmp_path):
    import tracemalloc

    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as sink:
        sink.write("code,name\n")
        for number in range(15_000):
            sink.write(f"code-{number},{'名' * 240}\n")
    assert path.stat().st_size > 10_000_000
    tracemalloc.start()
    seen = sum(1 for _incoming in table.read(path, LoadReport()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == 15_000
    assert peak < 12_000_000


def test_queries_do_not_grow_with_the_items(catalogue, tmp_path, django_assert_max_num_queries):
    from django.db import connection

    text = exported("jsonl")
    empty_catalogue()
    path = write(tmp_path / "all.jsonl", text)
    with CaptureQueriesContext(connection) as first:
        import_items(path)
    assert text.count("\n") > 150
    assert len(first) < 45
    with django_assert_max_num_queries(20):
        import_items(path)
    with django_assert_max_num_queries(5):
        exported("jsonl")


def test_an_import_leaves_one_entry_with_the_hash_of_the_file(db, tmp_path):
    make_regions()
    import_items(write(tmp_path / "x.csv", "code,name\n1234-a,甲\n"))
    entry = Entry.objects.get()
    assert "items_loaded" in entry.leaf
    assert '"read":1' in entry.opening.replace(" ", "")


def test_an_organ_that_is_there_is_found_by_its_name(db, tmp_path):
    make_regions()
    Organ.objects.create(code="x.1", name="区公安分局", region_id="511602000000")
    path = write(
        tmp_path / "x.csv",
        "code,name,region,organ.name,organ.code\n1234-a,甲,511602000000,区公安分局,\n"
        "1234-b,乙,511602000000,区新局,x.1\n",
    )
    report = import_items(path)
    assert report.counts["organ_code_taken"] == 1
    assert ServiceItem.objects.get(code="1234-a").organ.code == "x.1"
    assert Organ.objects.count() == 2


# What people see of it


def test_a_guide_of_another_platform_is_shown_as_far_as_it_says(catalogue, client, own_home):
    from tongban.catalogue.search.index import rebuild

    rebuild()
    full = next(
        item
        for item in ServiceItem.objects.filter(source="guangdong")
        if item.source_row["materials"]
    )
    page = client.get(f"/items/{full.code}/").content.decode()
    assert full.source_row["materials"][0] in page
    assert full.source_row["consult_phone"] in page
    bare = next(
        item
        for item in ServiceItem.objects.filter(source="guangdong")
        if not item.source_row["materials"]
    )
    page = client.get(f"/items/{bare.code}/").content.decode()
    assert "指南没有写明" in page
    assert "免费" not in page
    assert client.get(f"/items/{bare.code}/apply/").status_code in (200, 302, 404)
