"""Many drafts at once: one field for many items, and files that organs upload."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import resource
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.catalogue.builders import signed_in
from tests.conftest import AT
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotFound
from tongban.catalogue.importing import uploads
from tongban.catalogue.models import Guide, GuideImport, Proposal, ServiceItem
from tongban.catalogue.selectors import find_item
from tongban.catalogue.services import drafting, proposals
from tongban.catalogue.services.drafting import Wanted
from tongban.directory.selectors import duties_of
from tongban.ledger.models import Entry


@pytest.fixture
def office(office, own_home):
    office.bare = [office.make_item(f"T-{n}", f"事项{n}", office.organ) for n in range(3)]
    office.foreign = office.make_item("T-9", "别处的事项", office.make_organ("区人社局"))
    return office


def plan(office, *wanted: Wanted, new_for=None) -> list[drafting.Planned]:
    mine = duties_of(office.administrator).organs_for(Permission.EDIT_GUIDES)
    return list(drafting.plan(mine, wanted, new_for=new_for))


def print_of(planned: list[drafting.Planned]) -> str:
    found = drafting.Fingerprint()
    for one in planned:
        found.add(one)
    return str(found)


PHONE = {"enquiry_phone": "0826-2661234"}


# Planning


def test_a_plan_says_what_each_row_would_do_and_writes_nothing(office):
    proposals.begin(office.administrator, "T-1", at=AT)
    proposals.send_to_review(office.administrator, "T-1", at=AT)
    found = plan(
        office,
        Wanted(2, office.item.code, PHONE),
        Wanted(3, office.item.code, {"enquiry_phone": office.document.enquiry_phone}),
        Wanted(4, "T-0", PHONE),
        Wanted(5, "T-1", PHONE),
        Wanted(6, "T-9", PHONE),
        Wanted(7, "nowhere", PHONE),
        Wanted(8, "T-2", {"on_site_visits": "two"}),
        Wanted(9, "T-2", {}, refused="cells", detail="3 cells"),
        Wanted(10, "T-2", {}),
    )
    assert [(one.outcome, one.reason) for one in found] == [
        ("changed", ""),
        ("unchanged", ""),
        ("new", ""),
        ("refused", "in_review"),
        ("refused", "other_organ"),
        ("refused", "unknown_item"),
        ("refused", "bad_guide"),
        ("refused", "cells"),
        ("unchanged", ""),
    ]
    assert found[0].before["enquiry_phone"] == office.document.enquiry_phone
    assert found[0].after["enquiry_phone"] == "0826-2661234"
    assert Proposal.objects.count() == 1


def test_a_plan_asks_the_database_the_same_few_times_for_many_rows(
    office, django_assert_num_queries
):
    rows = [Wanted(place, f"T-{place % 3}", PHONE) for place in range(drafting.BATCH)]
    with django_assert_num_queries(3):
        list(drafting.plan(frozenset({office.organ.pk}), rows))


def test_a_new_chinese_text_takes_its_old_english_away(office):
    old = office.guide.document["place"]
    found = plan(
        office,
        Wanted(1, office.item.code, {"place": {"zh": "新大厅"}}),
        Wanted(2, office.item.code, {"place": {"zh": old["zh"]}}),
    )
    assert found[0].after["place"] == {"zh": "新大厅"}
    assert found[1].outcome == "unchanged"


def test_what_was_shown_is_written_as_drafts(office):
    wanted = [Wanted(1, office.item.code, PHONE), Wanted(2, "T-0", PHONE)]
    shown = print_of(plan(office, *wanted))
    counts = drafting.write_drafts(office.administrator, wanted, shown=shown, at=AT)
    assert counts == {"new": 1, "changed": 1, "unchanged": 0, "refused": 0}
    drafts = {one.item.code: one for one in Proposal.objects.select_related("item")}
    assert drafts[office.item.code].document["enquiry_phone"] == "0826-2661234"
    assert drafts[office.item.code].based_on == 1
    assert drafts["T-0"].document == {"item_code": "T-0", **PHONE}
    assert {one.revisions.count() for one in drafts.values()} == {1}
    assert Guide.objects.filter(effective_to=None).get().version == 1


def test_a_draft_that_is_there_gets_a_new_saving_that_can_be_undone(office):
    before = proposals.begin(office.administrator, office.item.code, at=AT).document
    wanted = [Wanted(1, office.item.code, PHONE)]
    drafting.write_drafts(
        office.administrator, wanted, shown=print_of(plan(office, *wanted)), at=AT
    )
    held = Proposal.objects.get()
    assert held.revision == 2
    proposals.undo(office.administrator, office.item.code, revision=2, at=AT)
    assert Proposal.objects.get().document == before


def test_nothing_is_written_when_somebody_changed_something_meanwhile(office):
    wanted = [Wanted(1, office.item.code, PHONE), Wanted(2, "T-0", PHONE)]
    shown = print_of(plan(office, *wanted))
    proposals.begin(office.reviewer, "T-0", at=AT)
    proposals.save(office.reviewer, "T-0", {"aliases": ["甲"]}, revision=1, at=AT)
    with pytest.raises(Conflict, match="plan_changed"):
        drafting.write_drafts(office.administrator, wanted, shown=shown, at=AT)
    assert Proposal.objects.count() == 1
    assert "enquiry_phone" not in Proposal.objects.get().document


def test_nothing_is_partial_unless_asked_for(office):
    wanted = [Wanted(1, "T-0", PHONE), Wanted(2, "T-9", PHONE)]
    shown = print_of(plan(office, *wanted))
    with pytest.raises(InvalidInput, match="rows_refused"):
        drafting.write_drafts(office.administrator, wanted, shown=shown, at=AT)
    assert Proposal.objects.count() == 0
    drafting.write_drafts(office.administrator, wanted, shown=shown, partial=True, at=AT)
    assert Proposal.objects.get().item.code == "T-0"


def test_a_new_item_is_in_nobodys_results_until_two_people_have_looked(office):
    wanted = [Wanted(1, "NEW-1", PHONE, name="新事项", kind="public_service")]
    shown = print_of(plan(office, *wanted, new_for=office.organ))
    drafting.write_drafts(office.administrator, wanted, shown=shown, new_for=office.organ, at=AT)
    item = ServiceItem.objects.get(code="NEW-1")
    assert (item.region, item.region_path, item.organ) == (None, "?", office.organ)
    entry = next(one for one in Entry.objects.all() if "items_loaded" in one.leaf)
    assert '"created":1' in entry.opening.replace(" ", "")
    proposals.send_to_review(office.administrator, "NEW-1", at=AT)
    proposals.approve(office.approver, "NEW-1", override_reason="先登记名称,内容月底前补齐", at=AT)
    item = find_item("NEW-1")
    assert item.region == office.region
    assert item.shelves.filter(region_path=office.region.path).exists()


def test_nobody_makes_items_for_another_organ(office):
    wanted = [Wanted(1, "NEW-1", PHONE, name="新事项")]
    with pytest.raises(NotFound):
        drafting.write_drafts(
            office.administrator, wanted, shown="", new_for=office.foreign.organ, at=AT
        )
    with pytest.raises(NotFound):
        uploads.examine(office.administrator, office.foreign.organ, [b"code,name\n"], "x.csv")


# Files


def table(*rows: dict[str, str], columns: tuple[str, ...] = ()) -> bytes:
    sink = io.StringIO()
    names = columns or tuple(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sink, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def examine(office, content: bytes, name: str = "清单.csv", **options) -> GuideImport:
    chunks = (content[place : place + 65536] for place in range(0, len(content), 65536))
    return uploads.examine(office.administrator, office.organ, chunks, name, **options)


def outcomes(run: GuideImport) -> list[tuple[int, str, str]]:
    rows, _following = uploads.report_rows(run)
    return [(row.row, row.outcome, row.reason) for row in rows]


def test_a_file_is_compared_row_by_row_and_nothing_is_written(office):
    run = examine(
        office,
        table(
            {"code": office.item.code, "name": "x", "guide.enquiry_phone": "0826-2661234"},
            {"code": "T-0", "name": "事项0", "guide.enquiry_phone": "0826-2661234"},
            {"code": "NEW-1", "name": "新事项", "guide.enquiry_phone": "0826-2661234"},
            {"code": "T-9", "name": "别处", "guide.enquiry_phone": "0826-2661234"},
            {"code": "T-1", "name": "事项1", "guide.enquiry_phone": ""},
            {"code": "T-0", "name": "事项0", "guide.enquiry_phone": "0826-2661235"},
            {"code": "", "name": "没有编码", "guide.enquiry_phone": ""},
        ),
    )
    assert outcomes(run) == [
        (2, "changed", ""),
        (3, "new", ""),
        (4, "new", ""),
        (5, "refused", "other_organ"),
        (6, "unchanged", ""),
        (7, "refused", "code_twice"),
        (8, "refused", "missing"),
    ]
    rows, _following = uploads.report_rows(run, outcome="changed")
    assert rows[0].changed == ("enquiry_phone",)
    assert (Proposal.objects.count(), ServiceItem.objects.filter(code="NEW-1").count()) == (0, 0)
    with pytest.raises(InvalidInput, match="rows_refused"):
        uploads.file_upload(office.administrator, run.key, at=AT)
    assert Proposal.objects.count() == 0


def test_a_confirmed_file_becomes_drafts_once(office, django_capture_on_commit_callbacks):
    run = examine(office, table({"code": "T-0", "name": "x", "guide.enquiry_phone": "12345"}))
    folder = uploads.folder_of(run.key)
    assert folder.exists()
    with django_capture_on_commit_callbacks(execute=True):
        uploads.file_upload(office.administrator, run.key, at=AT)
    assert Proposal.objects.get().document["enquiry_phone"] == "12345"
    assert not folder.exists()
    with pytest.raises(Conflict, match="wrong_state"):
        uploads.file_upload(office.administrator, run.key, at=AT)


def test_what_a_file_does_not_say_stays(office):
    run = examine(
        office, table({"code": office.item.code, "name": "x", "guide.enquiry_phone": "12345"})
    )
    uploads.file_upload(office.administrator, run.key, at=AT)
    written = Proposal.objects.get().document
    assert written == office.guide.document | {"enquiry_phone": "12345"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_found_out(office, encoding):
    text = "code,name,guide.place.zh\nT-0,事项零,广安区政务服务大厅二楼东区综合窗口\n"
    run = examine(office, text.encode(encoding))
    assert run.encoding == encoding.removesuffix("-sig")
    uploads.file_upload(office.administrator, run.key, at=AT)
    assert Proposal.objects.get().document["place"]["zh"] == "广安区政务服务大厅二楼东区综合窗口"


def test_json_lines_and_packed_files_are_read(office):
    line = {"code": "T-0", "name": "x", "guide": {"record": {"enquiry_phone": "12345"}}}
    assert outcomes(examine(office, json.dumps(line).encode(), "a.jsonl")) == [(1, "new", "")]
    packed = gzip.compress(table({"code": "T-0", "name": "x", "guide.enquiry_phone": "12345"}))
    assert outcomes(examine(office, packed, "a.csv.gz")) == [(2, "new", "")]
    assert outcomes(examine(office, b'{"code": "T-0"\n', "a.ndjson")) == [
        (1, "refused", "not_json")
    ]


def test_a_cycle_of_main_items_is_named_at_its_rows(office):
    run = examine(
        office,
        table(
            {
                "code": "T-0",
                "name": "a",
                "basic.code": "A",
                "basic.name": "a",
                "basic.parent_code": "B",
            },
            {
                "code": "T-1",
                "name": "b",
                "basic.code": "B",
                "basic.name": "b",
                "basic.parent_code": "A",
            },
            {
                "code": "T-2",
                "name": "c",
                "basic.code": "C",
                "basic.name": "c",
                "basic.parent_code": "A",
            },
        ),
    )
    assert outcomes(run) == [
        (2, "refused", "cyclic_parent"),
        (3, "refused", "cyclic_parent"),
        (4, "unchanged", ""),
    ]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"name,place\nx,y\n", "a.csv", "missing_column"),
        (b"code,name,code\nx,y,z\n", "a.csv", "column_twice"),
        (b"PK\x03\x04 whatever", "a.xlsx", "workbook"),
        (b"PK\x03\x04 whatever", "a.csv", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.xls", "workbook"),
        (b"code,name\nT-0,\x00\n", "a.csv", "binary"),
        (b"", "a.csv", "empty"),
        (b"not gzip", "a.csv.gz", "unreadable"),
        (b"code,name\nT-0,\xff\xff\xff\xff\xff\xff\n", "a.csv", "encoding"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_leaves_nothing(office, content, name, code):
    with pytest.raises(InvalidInput, match=code):
        examine(office, content, name)
    assert not list((uploads.folder_of(uuid.uuid4()).parent).glob("*"))
    assert not GuideImport.objects.exists()


def test_rows_that_a_spreadsheet_has_damaged_are_refused(office):
    run = examine(office, b'code,name,kind\n5.11602E+11,x,\nT-0,"open\nT-1,y,\n')
    assert [reason for _row, _outcome, reason in outcomes(run)] == [
        "spreadsheet_damage",
        "quote",
        "",
    ]


def test_the_catalogue_changed_between_the_report_and_the_confirmation(office):
    run = examine(office, table({"code": "T-0", "name": "x", "guide.enquiry_phone": "12345"}))
    proposals.begin(office.reviewer, "T-0", at=AT)
    proposals.save(office.reviewer, "T-0", {"enquiry_phone": "12345"}, revision=1, at=AT)
    with pytest.raises(Conflict, match="plan_changed"):
        uploads.file_upload(office.administrator, run.key, at=AT)
    assert outcomes(uploads.compare_again(office.administrator, run.key)) == [(2, "unchanged", "")]


def test_uploads_that_nobody_filed_are_forgotten_after_a_week(office):
    run = examine(office, b"code,name\nT-0,x\n", at=AT)
    assert uploads.forget_old(AT + timedelta(days=6)) == 0
    assert uploads.forget_old(AT + timedelta(days=8)) == 1
    run.refresh_from_db()
    assert run.state == "discarded"
    assert not uploads.folder_of(run.key).exists()


def test_a_file_of_200_mb_is_read_in_little_memory_and_refused_clearly(office, tmp_path):
    line = ("T-0,x," + "很长的说明" * 400 + "\n").encode()
    path = tmp_path / "big.csv"
    with path.open("wb") as sink:
        sink.write(b"code,name,guide.summary.zh\n")
        while sink.tell() < 200 * 1024 * 1024:
            sink.write(line * 100)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def chunks():
        with path.open("rb") as source:
            while chunk := source.read(65536):
                yield chunk

    run = uploads.examine(office.administrator, office.organ, chunks(), "big.csv")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, f"{grown} kB"
    # The first row is a draft to be, every other repeats it.
    assert run.counts["new"] == 1
    assert run.counts["refused"] > 30_000
    path.unlink()
    uploads.give_up(office.administrator, run.key)


def test_more_rows_than_an_organ_has_are_for_the_operators(office, monkeypatch):
    monkeypatch.setattr(uploads, "ROWS_MOST", 3)
    content = "code,name\n" + "".join(f"T-{place},x\n" for place in range(5))
    with pytest.raises(InvalidInput, match="too_many_rows") as refused:
        examine(office, content.encode())
    assert "tongban items import" in str(refused.value.detail)


# Pages


def test_the_pages_of_a_change_of_many(office):
    client = signed_in(office.administrator)
    path = "/work/items/bulk/"
    page = client.get(path).content.decode()
    assert "事项0" in page
    assert "别处的事项" not in page
    assert "请至少选一个事项" in client.post(path, {"field": "place"}).content.decode()
    chosen = {"field": "enquiry_phone", "code": [office.item.code, "T-0", "T-9"]}
    assert 'name="enquiry_phone"' in client.post(path, chosen).content.decode()
    assert client.post(path, chosen | {"step": "preview"}).status_code == 422
    typed = chosen | {"enquiry_phone": "0826-2661234"}
    preview = client.post(path, typed | {"step": "preview"}).content.decode()
    assert office.document.enquiry_phone in preview
    assert "这是其他单位的事项" in preview
    shown = re.search(r'name="shown" value="(\w+)"', preview)[1]
    assert Proposal.objects.count() == 0
    assert client.post(path, typed | {"step": "write", "shown": shown}).status_code == 422
    done = client.post(path, typed | {"step": "write", "shown": shown, "partial": "yes"})
    assert done.status_code == 302
    assert set(Proposal.objects.values_list("item__code", flat=True)) == {office.item.code, "T-0"}
    assert client.post(path, typed | {"step": "write", "shown": "x"}).status_code == 409


def test_the_pages_of_the_wizard(office):
    client = signed_in(office.administrator)
    path = "/work/items/import/"
    assert client.get(path).status_code == 200
    assert "请选择文件" in client.post(path).content.decode()
    wrong = SimpleUploadedFile("表.xlsx", b"PK\x03\x04")
    assert "CSV UTF-8" in client.post(path, {"file": wrong}).content.decode()
    content = table(
        {"code": "T-0", "name": "x", "guide.enquiry_phone": "12345"},
        {"code": "T-9", "name": "x", "guide.enquiry_phone": "=1+1"},
    )
    answer = client.post(path, {"file": SimpleUploadedFile("表.csv", content)})
    report = answer["Location"]
    page = client.get(report).content.decode()
    assert "这是其他单位的事项" in page
    assert "咨询电话" in page
    only = client.get(f"{report}?show=new&after=999999").content.decode()
    assert "这是其他单位的事项" not in only
    rows = b"".join(client.get(f"{report}rows.csv").streaming_content).decode("utf-8-sig")
    assert [row["outcome"] for row in csv.DictReader(io.StringIO(rows))] == ["new", "refused"]
    assert client.post(report, {"act": "file"}).status_code == 422
    assert Proposal.objects.count() == 0
    assert client.post(report, {"act": "file", "partial": "yes"}).status_code == 302
    assert Proposal.objects.get().item.code == "T-0"


def test_another_organ_finds_no_upload(office):
    run = examine(office, b"code,name\nT-0,x\n")
    other = signed_in(office.make_staff("other", office.foreign.organ, "administrator"))
    for path in (f"/work/items/import/{run.key}/", f"/work/items/import/{run.key}/rows.csv"):
        assert other.get(path).status_code == 404
    assert other.post(f"/work/items/import/{run.key}/", {"act": "file"}).status_code == 404
    assert Proposal.objects.count() == 0


def test_large_bodies_are_read_from_staff_only(office, client):
    path = "/work/items/import/"
    large = settings.REQUEST_BYTES_MOST + 1
    for who in (client, signed_in(office.resident)):
        answer = who.generic("POST", path, b"", CONTENT_LENGTH=str(large))
        assert answer.status_code == 413
    staff = signed_in(office.administrator)
    assert staff.generic("POST", path, b"", CONTENT_LENGTH=str(large)).status_code != 413
    too_large = settings.LARGE_UPLOADS[path] + 1
    for where, length in ((path, too_large), ("/work/items/bulk/", large)):
        assert staff.generic("POST", where, b"", CONTENT_LENGTH=str(length)).status_code == 413


def test_no_name_of_a_file_leads_out_of_its_folder(office):
    run = examine(office, b"code,name\nT-0,x\n", "../../etc/passwd.csv")
    inside = uploads.folder_of(run.key)
    assert {path.name for path in inside.iterdir()} == {"file.csv", "rows.jsonl"}
    assert Path(settings.TONGBAN_FILES).parent in inside.parents
