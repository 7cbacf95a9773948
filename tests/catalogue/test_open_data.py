"""Open data: pages, one item, files, the feed of changes, and asking again for nearly nothing."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.urls import reverse
from django.utils.http import http_date

from tongban.base.clocks import utc_now
from tongban.base.problems import NotFound
from tongban.catalogue import api_items, open_data
from tongban.catalogue.changes import place_changes
from tongban.catalogue.interchange.form import form_of
from tongban.catalogue.models import Change, Guide, ItemChange, ServiceItem
from tongban.catalogue.open_data import Cursor, cursor_of

pytestmark = pytest.mark.django_db
ITEMS = "/api/v1/items"
HOUR = timedelta(hours=1)
ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}


@pytest.fixture
def many(world):
    """25 items in three places, and the one with a guide; all placed an hour ago."""
    province = world.make_organ("省厅", world.region.parent.parent)
    for number in range(25):
        organ = province if number % 5 == 0 else world.organ
        world.make_item(f"item-{number:02}", f"事项{number}", organ, "licence")
    ItemChange.objects.all().delete()
    # A test before that wrote for good was cleared away, and its items' going was noted.
    Change.objects.filter(kind="gone").delete()
    place_changes(at=utc_now() - HOUR)
    return world


def pages(client, **asked):
    codes, after, count = [], "", 0
    while True:
        answer = client.get(ITEMS, asked | ({"after": after} if after else {})).json()
        codes += [item["code"] for item in answer["items"]]
        count += 1
        after = answer["next"]
        if after is None:
            return codes, count


def test_pages_show_every_item_once_also_while_others_come_and_go(many, client):
    codes, count = pages(client, size=7)
    assert sorted(codes) == sorted(ServiceItem.objects.values_list("code", flat=True))
    assert count == 4
    first = client.get(ITEMS, {"size": 7}).json()
    gone = [item["code"] for item in first["items"]]
    ServiceItem.objects.filter(code=gone[-1]).exclude(pk=many.item.pk).delete()
    rest, _count = pages(client, size=7, after=first["next"])
    assert set(rest) | set(gone) == set(codes)
    assert not set(rest) & set(gone)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, 26),
        ({"region": "51"}, 26),
        ({"region": "511602"}, 21),
        ({"region": "000000000000"}, 26),
        ({"kind": "licence"}, 25),
        ({"kind": "nothing"}, 0),
        ({"with_guide": "true"}, 1),
        ({"kind": "licence", "with_guide": "true"}, 0),
        ({"organ": "unknown"}, 0),
    ],
)
def test_filters(many, client, asked, expected):
    codes, _count = pages(client, size=10, **asked)
    assert len(codes) == expected


def test_the_next_page_is_linked_and_a_cursor_of_nobody_is_refused(many, client):
    answer = client.get(ITEMS, {"size": 7, "region": "51"})
    address = answer["Link"].removeprefix("<").removesuffix('>; rel="next"')
    further = client.get(address)
    assert further.status_code == 200
    assert further.json()["items"][0]["code"] not in answer.content.decode()
    for wrong in ("x", "%%%", "AAAA", "\u597d", "NTEA"):
        refused = client.get(ITEMS, {"after": wrong})
        assert refused.status_code == 404
        assert refused["Content-Type"] == "application/problem+json"
        assert refused.json()["type"] == "/problems/bad_cursor"


def test_cursors_come_back_as_they_were():
    for cursor in (Cursor("511602", "a b"), Cursor("?", "中-1"), Cursor("", "x")):
        assert cursor_of(str(cursor)) == cursor
    with pytest.raises(NotFound):
        cursor_of("")


def test_a_page_takes_as_many_queries_for_many_items_as_for_few(
    many, client, django_assert_num_queries
):
    for size in (1, 25):
        with django_assert_num_queries(4):  # newest change, whether one waits, items, moments
            client.get(ITEMS, {"size": size})
    with django_assert_num_queries(1):
        client.get(f"{ITEMS}/changes")
    with django_assert_num_queries(2):
        client.get(f"{ITEMS}/changes.atom")
    with django_assert_num_queries(6):  # item, guide, organ's codes, change, newest, waiting
        client.get(f"{ITEMS}/{many.item.code}")


# Asked again


@pytest.mark.parametrize("path", ["", "/changes", "/changes.atom", "/{code}", "/download"])
def test_what_has_not_changed_is_not_sent_again(many, client, path):
    address = ITEMS + path.format(code=many.item.code)
    first = client.get(address)
    assert (first.status_code, first["Cache-Control"]) == (200, "public, max-age=60")
    assert "Cookie" not in first.get("Vary", "")
    b"".join(first)
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    many.item.name = "另一个名字"
    many.item.save()
    assert place_changes(at=utc_now() - HOUR / 2) == 1
    changed = client.get(address, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200, changed.content


def test_the_moment_of_the_last_change_is_told_when_it_is_sure(many, client):
    address = f"{ITEMS}/{many.item.code}"
    at = ItemChange.objects.get(code=many.item.code).at
    first = client.get(address)
    assert first["Last-Modified"] == http_date(int(at.timestamp()))
    since = {"if-modified-since": first["Last-Modified"]}
    assert client.get(address, headers=since).status_code == 304
    many.item.name = "另一个名字"
    many.item.save()  # Waits for its place: nothing is said of when.
    changed = client.get(address, headers=since)
    assert (changed.status_code, changed.get("Last-Modified")) == (200, None)
    place_changes()  # A moment ago: within the second that an HTTP date tells.
    assert client.get(address, headers=since).status_code == 200
    assert client.get(address).get("Last-Modified") is None


# One item, and none


def test_one_item_in_full_and_what_is_gone(many, client):
    document = client.get(f"{ITEMS}/{many.item.code}").json()
    assert document["organ"] == "区公安分局"
    assert (
        document["guide"]["promised_limit"] == {"value": 20, "unit": "working_day"}
        or (document["guide"]["promised_limit"])
    )
    assert document["guide_version"] == 1
    assert client.get(f"{ITEMS}/nothing").json()["type"] == "/problems/item_not_found"
    ServiceItem.objects.get(code="item-01").delete()
    place_changes()
    gone = client.get(f"{ITEMS}/item-01")
    assert (gone.status_code, gone.json()["type"]) == (410, "/problems/item_gone")
    assert gone["Content-Type"] == "application/problem+json"


# Files


def test_the_file_has_every_item_as_it_is_imported(many, client, monkeypatch):
    monkeypatch.setattr(open_data, "CHUNK", 4)
    answer = client.get(f"{ITEMS}/download")
    assert answer.streaming
    lines = b"".join(answer).decode().splitlines()
    forms = [form_of(json.loads(line)) for line in lines]
    assert len({form.code for form in forms}) == len(forms) == 26
    table = b"".join(client.get(f"{ITEMS}/download", {"form": "csv"})).decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["code"] for row in rows] == [form.code for form in forms]
    some = client.get(f"{ITEMS}/download", {"region": "511602", "kind": "licence"})
    assert len(b"".join(some).splitlines()) == 20
    assert answer["Tongban-Place"] == str(max(ItemChange.objects.values_list("place", flat=True)))


def test_a_file_is_read_in_chunks(many, client, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(open_data, "CHUNK", 10)
    # Place, newest, waiting; items, guides and organs' codes a chunk; the empty chunk.
    with django_assert_num_queries(3 + 3 * 3 + 1):
        b"".join(client.get(f"{ITEMS}/download"))


def test_only_so_many_files_go_out_at_once_and_an_ended_one_makes_room(many, client):
    running = [client.get(f"{ITEMS}/download") for _n in range(api_items.DOWNLOADS_AT_ONCE)]
    refused = client.get(f"{ITEMS}/download")
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/too_many_downloads")
    assert client.get(ITEMS).status_code == 200
    b"".join(running[0])
    request_finished.disconnect(close_old_connections)  # The connection is the test's own.
    running[1].close()  # Broken off before a byte was read.
    request_finished.connect(close_old_connections)
    for _n in range(3):
        b"".join(client.get(f"{ITEMS}/download"))


# What changed


def test_a_reader_of_the_feed_ends_up_with_the_catalogue(many, client):
    """Changes are followed from nothing, page by page, between writes of every kind."""
    mine: dict[str, str] = {}

    def follow(after: int) -> int:
        while True:
            page = client.get(f"{ITEMS}/changes", {"after": after, "size": 7}).json()
            for change in page["changes"]:
                if change["change"] == "gone":
                    mine.pop(change["code"], None)
                else:
                    mine[change["code"]] = client.get(change["url"]).json()["name"]
            after = page["next"]
            if not page["more"]:
                return after

    place = follow(0)
    ServiceItem.objects.filter(code="item-03").update(name="改了名")
    ServiceItem.objects.get(code="item-04").delete()
    many.make_item("item-99", "新来的", many.organ)
    place_changes()
    after = follow(place)
    assert after > place
    assert mine == dict(ServiceItem.objects.values_list("code", "name"))
    assert follow(after) == after


def test_the_atom_feed_has_entries_tombstones_and_pages(many, client, monkeypatch):
    ServiceItem.objects.filter(code="item-03").update(name='<改> & "名"')
    ServiceItem.objects.get(code="item-04").delete()
    Guide.objects.filter(item=many.item).update(state="withdrawn", effective_to="2030-01-01")
    place_changes()
    monkeypatch.setattr(api_items, "PAGE", 10)
    answer = client.get(f"{ITEMS}/changes.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    dead = {one.get("ref").rsplit("/", 1)[1] for one in feed.findall("at:deleted-entry", ATOM)}
    assert dead == {"item-04", many.item.code}
    named = {one.findtext("a:title", None, ATOM) for one in feed.findall("a:entry", ATOM)}
    assert '<改> & "名"' in named
    seen, address = 0, f"{ITEMS}/changes.atom"
    while address:
        feed = ElementTree.fromstring(client.get(address).content)
        ids = [one.findtext("a:id", None, ATOM) for one in feed.findall("a:entry", ATOM)]
        assert len(set(ids)) == len(ids)
        updated = [one.findtext("a:updated", None, ATOM) for one in feed.findall("a:entry", ATOM)]
        assert updated == sorted(updated, reverse=True)
        seen += len(ids) + len(feed.findall("at:deleted-entry", ATOM))
        link = feed.find("a:link[@rel='next']", ATOM)
        address = link.get("href") if link is not None else ""
    assert seen == ItemChange.objects.count()


def test_an_empty_catalogue_answers_too(client, db):
    ItemChange.objects.all().delete()
    assert client.get(ITEMS).json() == {"items": [], "next": None}
    assert client.get(f"{ITEMS}/changes").json() == {"changes": [], "next": 0, "more": False}
    assert ElementTree.fromstring(client.get(f"{ITEMS}/changes.atom").content) is not None
    assert b"".join(client.get(f"{ITEMS}/download")) == b""


# Documented


def test_every_example_of_the_document_has_the_documented_form(client, db):
    document = client.get("/api/v1/openapi.json").json()
    for path, form in (
        ("/items", api_items.ItemPage),
        ("/items/changes", api_items.ChangePage),
        ("/items/{code}", api_items.Item),
    ):
        content = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
        example = content["application/json"]["example"]
        form.model_validate(example)
        assert form.model_fields.keys() == example.keys()
    assert reverse("api:changes_atom") == f"{ITEMS}/changes.atom"
