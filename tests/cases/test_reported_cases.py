"""Cases of other systems: taken in once, advanced by later rows, shown, never acted on."""

from __future__ import annotations

import base64
import io
import itertools
import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.reported import make_system, row
from tests.conftest import AT, ID_NUMBERS
from tongban.base.clocks import local_date
from tongban.base.problems import NotFound
from tongban.cases.models import ReportedCase, ReportedRow
from tongban.cases.own_acts import own_acts
from tongban.cases.reporting import exporting, records, taking
from tongban.cases.reporting.files import rows_of
from tongban.cases.reporting.reading import open_reported
from tongban.cases.reporting.selectors import my_reported
from tongban.cases.workbench.lists import Filters, desk_of, page_of, search
from tongban.ledger import acts
from tongban.ledger.models import Entry

pytestmark = pytest.mark.django_db
NUMBERS = itertools.count(1)
STAGES = ("applied", "accepted", "paused", "concluded")


def take(system, *rows, at=AT):
    return taking.take(system, taking.numbered(rows), at=at)


def entries(act: str = acts.CASE_REPORTED) -> int:
    return Entry.objects.filter(leaf__contains=f'"{act}"').count()


def test_the_same_row_again_changes_nothing_and_a_later_one_advances(world):
    system = make_system(world)
    for place, stage in enumerate(STAGES):
        done = take(system, row(stage=stage))
        assert (done.created, done.advanced) == ((1, 0) if place == 0 else (0, 1)), stage
        again = take(system, row(stage=stage))
        assert again.unchanged == 1
        case = ReportedCase.objects.get()
        assert case.state == stage
        assert entries() == place + 1
    assert str(case.due_on) == "2026-03-10"
    # An old file that is dropped once more does not set the case back.
    for stage in STAGES:
        assert take(system, row(stage=stage)).unchanged == 1
    case.refresh_from_db()
    assert case.state == "concluded"
    assert entries() == len(STAGES)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=12))
def test_rows_in_any_order_and_number_end_in_the_farthest_stage(world, stages):
    """Whatever comes how often in which order: the case ends where its farthest row says, one case."""
    number = f"N-{next(NUMBERS)}"
    system = taking.ConnectedSystem.objects.first() or make_system(world)
    for stage in stages:
        take(system, row(number, stage))
    case = ReportedCase.objects.get(source_number=number)
    assert case.state == max(stages, key=STAGES.index)
    # A pause that ended stays ended, since the same step says so once for all.
    assert ReportedRow.objects.filter(case=case).count() == len(set(stages))


def test_two_systems_may_use_the_same_number(world):
    for name in ("一号系统", "二号系统"):
        assert take(make_system(world, name), row()).created == 1
    assert ReportedCase.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"application": {"applied_at": "昨天"}}, "/application/applied_at", "bad_time"),
        ({"application": {"applied_at": "20990101T000000"}}, "/application/applied_at",
         "in_the_future"),
        ({"application": {"application_source_code": "7"}},
         "/application/application_source_code", "unknown_code"),
        ({"application": {"item_name": "长" * 401}}, "/application/item_name", "too_long"),
        ({"application": {"invented": "x"}}, "/application/invented", "unknown_field"),
        ({"application": {"case_number": ""}}, "/application/case_number", "missing"),
        ({"application": {"item_name": ""}}, "/application/item_name", "missing"),
        ({"application": {"item_name": ["x"]}}, "/application/item_name", "not_text"),
        ({"application": {"item_name": "x\x00"}}, "/application/item_name", "not_text"),
        ({"handling": "x"}, "/handling", "not_a_list"),
        ({"conclusion": 7}, "/conclusion", "not_an_object"),
        ({"ending": {}}, "/ending", "unknown_section"),
        ({"conclusion": {"concluded_at": "20260101T000000"}}, "/conclusion/concluded_at", "order"),
        ({"conclusion": {"case_number": "another"}}, "/application/case_number", "two_numbers"),
        ({"acceptance": {"accepting_organ_code": "91511602MA0000000L"}},
         "/acceptance/accepting_organ_code", "organ_not_yours"),
    ],
)  # fmt: skip
def test_a_row_that_can_not_be_says_where_and_keeps_none_of_the_others(
    world, changes, pointer, code
):
    system = make_system(world)
    done = take(system, row("good-1"), row("bad", **changes), row("good-2"))
    assert (done.read, done.created, done.refused) == (3, 2, 1)
    assert [(place, one.pointer, one.code) for place, one in done.problems] == [(2, pointer, code)]


@pytest.mark.parametrize("content", [None, 7, "x", [], [[]], {"application": []}, {}])
def test_what_is_no_row_is_named(world, content):
    assert take(make_system(world), content).refused == 1


def test_a_system_reports_for_its_organs_only_and_never_another_organs_case(world):
    other = world.make_organ("区人社局")
    both = make_system(world, "综合系统", world.organ, other)
    # Two organs, and nothing says which.
    assert take(both, row()).problems[0][1].code == "organ_not_yours"
    said = row(acceptance={"accepting_organ_code": world.organ.code[:18]})
    del said["application"]["case_number"]
    said["acceptance"]["case_number"] = "A-1"
    assert take(both, said).created == 1
    said["acceptance"]["accepting_organ_code"] = other.code[:18]
    assert take(both, said).problems[0][1].code == "other_organ"
    nobody = make_system(world, "没有权限的系统", other)
    coded = row("B-1", application={"implementation_code": world.item.code})
    assert take(nobody, coded).problems[0][1].code == "organ_not_yours"


def test_staff_see_it_in_the_list_and_reading_it_leaves_a_trace(world):
    take(make_system(world), row(stage="accepted"), row("GA-2", "concluded"))
    desk = desk_of(world.clerk, local_date(AT))
    rows = page_of(desk, Filters("elsewhere")).rows
    assert [(one.number, one.system, one.state) for one in rows] == [
        ("GA-2026-0001", "公安审批系统(示例)", "accepted")
    ]
    assert [one.number for one in page_of(desk, Filters("elsewhere_done")).rows] == ["GA-2"]
    assert [one.number for one in search(desk, "GA-2")] == ["GA-2"]
    reference = rows[0].reference
    page = signed_in(world.clerk).get(f"/work/elsewhere/{reference}/").content.decode()
    assert "公安审批系统(示例)" in page
    assert ID_NUMBERS[0] not in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    assert entries(acts.CASE_VIEWED) == 1
    other = world.make_staff("other", world.make_organ("区人社局"), "clerk")
    with pytest.raises(NotFound):
        open_reported(other, reference)
    assert page_of(desk_of(other, local_date(AT)), Filters("elsewhere")).rows == ()


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_the_applicant_sees_it_with_its_acts_and_nobody_else_does(world):
    take(make_system(world), row(stage="accepted"))
    case = ReportedCase.objects.get()
    mine = signed_in(world.resident)
    assert "户口迁移" in mine.get("/me/").content.decode()
    page = mine.get(f"/me/elsewhere/{case.ledger_ref}/").content.decode()
    assert "GA-2026-0001" in page
    assert len(own_acts(world.resident).rows) >= 1
    assert my_reported(world.neighbour) == []
    assert signed_in(world.neighbour).get(f"/me/elsewhere/{case.ledger_ref}/").status_code == 404


def test_who_joins_later_finds_what_was_reported_before(world):
    number = "511602188101019987"
    take(make_system(world), row(application={"applicant_document_number": number.lower()}))
    assert len(my_reported(world.make_resident("later", number))) == 1


# The endpoint


def basic(system, secret: str | None = None) -> dict[str, str]:
    said = f"{system.client_id}:{system.told_secret if secret is None else secret}"
    return {"authorization": f"Basic {base64.b64encode(said.encode()).decode()}"}


def post(system, rows, **headers):
    return Client().post(
        "/api/v1/cases/reports",
        json.dumps({"records": rows}),
        content_type="application/json",
        headers=basic(system) if system else headers,
    )


def test_a_system_reports_over_the_api_row_by_row(world):
    system = make_system(world)
    bad = row("bad", application={"applied_at": "x"})
    answer = post(system, [row(), bad])
    assert answer.status_code == 200
    said = answer.json()
    assert (said["created"], said["refused"]) == (1, 1)
    assert said["errors"][0]["pointer"] == "/records/1/application/applied_at"
    assert post(system, [row()]).json()["unchanged"] == 1
    refused = post(system, [bad])
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["errors"][0]["pointer"] == "/records/0/application/applied_at"
    assert post(system, []).status_code == 422
    assert post(system, [row()] * 501).status_code == 422


def test_nobody_else_reports(world):
    system = make_system(world)
    for headers in (
        {},
        {"authorization": "Basic !!!"},
        {"authorization": "Bearer x"},
        basic(system, "wrong"),
        basic(system, ""),
    ):
        answer = post(None, [row()], **headers)
        assert answer.status_code == 401, headers
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert answer.headers["Content-Type"] == "application/problem+json"
    client = signed_in(world.clerk)
    answer = client.post(
        "/api/v1/cases/reports", {"records": [row()]}, content_type="application/json"
    )
    assert answer.status_code == 401
    assert ReportedCase.objects.count() == 0


# Files


def test_a_table_in_chinese_is_read_by_its_columns(world, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(
        "办件编号,事项名称,申请者名称,申请者证件号码,申请时间,材料名称\n"
        f"A-1,户口迁移,李,{ID_NUMBERS[0]},20260227T090000,户口簿\n"
        "A-1,,,,,照片\n"
        "A-2,户口迁移,李,,20260227 09:00,\n"
        "A-3,户口迁移,李,,20260227T090000,\n",
        encoding="gb18030",
    )
    done = taking.take(make_system(world), rows_of(path), at=AT)
    assert (done.created, done.refused) == (2, 1)
    assert done.problems[0][0] == 4
    materials = ReportedCase.objects.get(source_number="A-1").record["application"]["materials"]
    assert [one["material_name"] for one in materials] == ["户口簿", "照片"]


def test_a_table_of_one_dataset_means_that_one():
    columns = records.columns_of(["办件编号", "事项名称", "受理时间", "行政区划"])
    assert columns["行政区划"] == ("acceptance", "region_code")
    assert records.columns_of(["办件编号", "办件结果描述", "申请时间", "行政区划"])["行政区划"] == (
        "application",
        "region_code",
    )


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_is_exported_is_read_again_as_the_same(world, tmp_path, form):
    for state in ("submitted", "paused", "denied", "revoked", "withdrawn"):
        world.make_case(state)
    take(make_system(world), row(stage="concluded"))
    wanted = [records.read(one) for one in exporting.records_for()]
    assert len(wanted) == 6
    path = tmp_path / f"cases.{form}"
    with path.open("w", encoding="utf-8", newline="") as out:
        assert exporting.write(out, form=form) == 6
    other = make_system(world, "另一个系统")
    done = taking.take(other, rows_of(path), at=AT)
    assert (done.created, done.refused) == (6, 0)
    held = {one.source_number: one.record for one in ReportedCase.objects.filter(system=other)}
    assert held == dict(wanted)
    # Once more in and out: nothing is new, and the file is the same.
    assert taking.take(other, rows_of(path), at=AT).unchanged == 6
    again = io.StringIO()
    ReportedCase.objects.exclude(system=other).delete()
    exporting._write_lines(
        ({"application": {"case_number": n} | r["application"],
          **{k: v for k, v in r.items() if k != "application"}} for n, r in held.items()), again
    )  # fmt: skip
    assert [records.read(json.loads(line)) for line in again.getvalue().splitlines()] == wanted


def test_an_export_has_no_note_and_no_look_and_stands_in_the_ledger(world):
    from tongban.cases.services.handling import open_case
    from tongban.cases.workbench.notes import add_note

    case = world.make_case("accepted")
    open_case(world.clerk, case.number, at=AT)
    add_note(world.clerk, case.number, "内部的话", at=AT)
    assert exporting.note_export(purpose="上报", at=AT) == 1
    text = json.dumps(list(exporting.records_for()), ensure_ascii=False)
    assert "内部的话" not in text
    assert "viewed" not in text
    assert entries(acts.CASES_EXPORTED) == 1
    assert list(exporting.records_for(organ="nobody")) == []
    assert len(list(exporting.records_for(region="511602"))) == 1
    assert list(exporting.records_for(region="511603")) == []


def test_a_cell_that_a_spreadsheet_would_run_is_marked_and_read_back(world, tmp_path):
    take(make_system(world), row(application={"item_name": "=1+1"}))
    path = tmp_path / "cases.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        exporting.write(out, form="csv")
    assert "'=1+1" in path.read_text(encoding="utf-8")
    taking.take(make_system(world, "另一个"), rows_of(path), at=AT)
    assert set(ReportedCase.objects.values_list("item_name", flat=True)) == {"=1+1"}


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([
                "application", "事项受理", "handling", "conclusion", "case_number", "applied_at",
                "materials", "受理时间", "step_name", "x",
            ]),
            inner, max_size=5,
        ),
        max_leaves=20,
    )
)  # fmt: skip
def test_any_json_is_a_record_or_a_named_problem(said):
    try:
        number, record = records.read(said)
    except records.RowProblem as problem:
        assert problem.errors  # noqa: PT017 - either is right
        return
    assert number
    assert records.state_of(record) in records.STATES
    assert records.merged(record, record) == record
    assert records.read({"application": {"case_number": number}, **record} if
                        "application" not in record else
                        record | {"application": record["application"] | {"case_number": number}}) == (
        number, record)  # fmt: skip
