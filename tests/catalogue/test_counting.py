"""Sums of use and of vain queries: nobody's trail, masked, shown from three on; the pages around."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from tongban.catalogue import counting
from tongban.catalogue.counting import masked, note_use, note_vain, write_sums
from tongban.catalogue.models import ItemRank, ItemUse, VainQuery
from tongban.catalogue.ranking import level_of, looked_for_in_vain, rank_items, tidy_counts
from tongban.catalogue.search.index import rebuild

pytestmark = pytest.mark.django_db
JUNE = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("养 狗 证", "养 狗 证"),
        ("511602198802290018", ""),
        ("查 51160219880229001X 的社保", "查 *** 的社保"),
        ("５１１６０２１９８８０２２９００１８ 户口", "*** 户口"),
        ("电话 138 0013 8000", "电话 ***"),
        ("0826-2000101 投诉", "*** 投诉"),
        ("li@example.com 发票", "*** 发票"),
        ("2026年高考", "2026年高考"),
        ("營業執照", "营业执照"),
        ("，。！", ""),
        ("长" * 200, "长" * 60),
    ],
)
def test_what_is_kept_of_a_vain_query_holds_no_number_of_a_person(typed, kept):
    assert masked(typed) == kept


def test_one_client_counts_once_a_day_and_who_it_was_is_kept_nowhere():
    for client in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.1"):
        note_vain("养狗证", "511602000000", client=client, at=JUNE)
        note_use("item-1", "opened", client=client, at=JUNE)
    assert write_sums(at=JUNE) == 2
    assert list(VainQuery.objects.values_list("text", "month", "region_path", "count")) == [
        ("养狗证", date(2026, 6, 1), "511602", 2)
    ]
    assert list(ItemUse.objects.values_list("code", "opened", "applied")) == [("item-1", 2, 0)]
    assert {field.name for field in VainQuery._meta.fields} == {
        "id",
        "text",
        "month",
        "region_path",
        "count",
    }
    assert b"10.0.0" not in b"".join(counting._sums.seen)
    note_vain("养狗证", "511602000000", client="10.0.0.3", at=JUNE)
    note_use("item-1", "applied", at=JUNE)
    write_sums(at=JUNE)
    assert VainQuery.objects.get().count == 3
    assert ItemUse.objects.get().applied == 1


def test_sums_that_a_busy_database_refuses_are_written_the_next_time(monkeypatch):
    note_use("item-1", "opened", at=JUNE)

    def busy(*args):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(counting, "_write_uses", busy)
        assert write_sums(at=JUNE) == 0
    assert write_sums(at=JUNE) == 1
    assert ItemUse.objects.get().opened == 1


def test_a_flood_of_texts_fills_no_disk(monkeypatch):
    monkeypatch.setattr(counting, "VAIN_A_MONTH", 5)
    monkeypatch.setattr(counting, "WRITE_AT", 6)
    for number in range(40):
        note_vain(f"{'甲乙丙丁戊'[number % 5]}{'子丑寅卯辰巳午未'[number // 5]}", "", at=JUNE)
    write_sums(at=JUNE)
    assert VainQuery.objects.count() <= 5 + 6


def test_only_what_was_asked_three_times_is_shown_most_first():
    for text, month, where, count in (
        ("养狗证", 6, "511602", 2),
        ("养狗证", 5, "440103", 2),
        ("张三的电话", 6, "511602", 2),
        ("火箭发射", 6, "", 9),
        ("老问题", 1, "", 50),
    ):
        VainQuery.objects.create(
            text=text, month=date(2026, month, 1), region_path=where, count=count
        )
    shown = [(one.text, one.count) for one in looked_for_in_vain(at=JUNE)]
    assert shown == [("火箭发射", 9), ("养狗证", 4)]


@pytest.mark.parametrize(
    ("uses", "level"),
    [
        ([], 0),
        ([(0, 9, 0)], 0),
        ([(0, 10, 0)], 1),
        ([(0, 0, 2)], 1),  # An application is five looks.
        ([(0, 50, 10)], 2),
        ([(1, 100, 0)], 1),  # A month ago: half.
        ([(1, 100, 0), (2, 200, 0)], 2),
        ([(0, 10**9, 0)], 5),
    ],
)
def test_ranks_of_use(uses, level):
    assert level_of(uses) == level


def test_items_are_ranked_by_three_months_and_ranks_go_when_use_does():
    ItemUse.objects.create(code="a", month=date(2026, 6, 1), opened=100)
    ItemUse.objects.create(code="b", month=date(2026, 5, 1), opened=20)
    ItemUse.objects.create(code="c", month=date(2026, 3, 1), opened=10_000)
    assert rank_items(at=JUNE) == 2
    assert dict(ItemRank.objects.values_list("code", "level")) == {"a": 2, "b": 1}
    assert rank_items(at=JUNE) == 0
    assert rank_items(at=datetime(2026, 9, 10, tzinfo=UTC)) == 2
    assert not ItemRank.objects.exists()


def test_old_counts_and_rare_texts_are_thrown_away():
    for month, count in ((date(2025, 4, 1), 99), (date(2026, 3, 1), 2), (date(2026, 3, 1), 3)):
        VainQuery.objects.create(text=f"{month}{count}", month=month, count=count)
    ItemUse.objects.create(code="a", month=date(2025, 4, 1), opened=1)
    assert tidy_counts(at=JUNE) == 3
    assert VainQuery.objects.get().count == 3


# Through the pages


@pytest.fixture
def site(world, own_home):
    rebuild()
    return world


def test_a_page_that_finds_nothing_is_counted_and_one_that_finds_is_not(site, client):
    for query in ("火箭发射架", "身份证"):
        client.get("/search", {"q": query})
    client.get("/search", {"q": "火箭发射架", "kind": "licence"})
    client.get(reverse("catalogue:item", args=[site.item.code]))
    assert set(counting._sums.waiting) == {
        ("vain", "火箭发射架", "511602"),
        ("opened", site.item.code, ""),
    }


def test_a_submitted_application_is_counted(site, django_capture_on_commit_callbacks):
    from tongban.cases.services.submitting import submit

    draft = site.make_draft()
    with django_capture_on_commit_callbacks(execute=True):
        submit(site.resident, draft.key)
    assert counting._sums.waiting["applied", site.item.code, ""] == 1


def test_who_administers_sees_what_was_looked_for_in_vain_and_others_do_not(site, client):
    month = date.today().replace(day=1)
    VainQuery.objects.create(text="<b>养狗证</b>", month=month, count=7)
    VainQuery.objects.create(text="张三的电话", month=month, count=2)
    address = reverse("catalogue:searches")
    assert client.get(address).status_code == 302
    for account, status in (
        (site.resident, 403),
        (site.clerk, 403),
        (site.make_staff("admin", site.organ, "administrator"), 200),
    ):
        asker = Client()
        asker.force_login(account)
        answer = asker.get(address)
        assert answer.status_code == status, account
    page = answer.content.decode()
    assert "&lt;b&gt;养狗证&lt;/b&gt;" in page
    assert "张三" not in page


def test_suggestions_are_a_fragment_for_the_region_that_was_chosen(site, client):
    answer = client.get(reverse("catalogue:suggestions"), {"q": "身份证"})
    page = answer.content.decode()
    assert 'role="option"' in page
    assert f'data-url="/items/{site.item.code}/"' in page
    assert "<html" not in page
    assert client.get(reverse("catalogue:suggestions"), {"q": "qqqqxyz"}).content.strip() == b""
    client.get(reverse("catalogue:suggestions"), {"q": "火箭发射架"})
    assert not counting._sums.waiting  # What is half typed was not looked for.


def test_the_search_page_shows_counts_and_asks_little(site, client, django_assert_max_num_queries):
    client.get("/search")  # Names of regions are asked once in a while.
    with django_assert_max_num_queries(3):
        page = client.get("/search", {"q": "身份证"}).content.decode()
    assert "filter__count" not in page or "共" in page
