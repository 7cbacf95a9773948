"""The index follows the catalogue: the feed of changes, its readers, rebuilding and being killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.db import connection, transaction

from tongban.catalogue import change_triggers, changes
from tongban.catalogue.models import Change, Guide, ItemChange, ItemRank, ServiceItem
from tongban.catalogue.search import index as indexing
from tongban.catalogue.search.index import current_index, exists, folder_in_use, rebuild
from tongban.catalogue.search.keeping import Keeper, keep_once
from tongban.catalogue.selectors import search_items
from tongban.directory.models import Organ, Region

pytestmark = pytest.mark.django_db


@pytest.fixture
def followed(world, own_home) -> Keeper:
    rebuild()
    return Keeper()


def names(query: str) -> list[str]:
    return [hit.listing.name for hit in search_items(query).hits]


# The feed


def test_the_migrated_database_has_every_trigger():
    """A migration that makes a table anew on SQLite loses its triggers, see change_triggers.py."""
    sql = (
        "SELECT tgname FROM pg_trigger"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        there = {name for (name,) in cursor.fetchall()}
    assert change_triggers.TRIGGERS.keys() - there == set()


def test_every_way_of_writing_leaves_a_change(world):
    changes.place_changes()
    item = world.item
    ways = {
        "save": lambda: item.save(),
        "update": lambda: ServiceItem.objects.filter(pk=item.pk).update(name="甲"),
        "bulk_update": lambda: ServiceItem.objects.bulk_update([item], ["name"]),
        "guide": lambda: world.change_guide(summary={"zh": "另一个", "en": "Another"}),
        "guide update": lambda: Guide.objects.filter(item=item).update(slug="x"),
        "organ": lambda: Organ.objects.filter(pk=item.organ_id).update(name="乙"),
        "region": lambda: Region.objects.filter(pk=item.region_id).update(name="丙"),
        "rank": lambda: ItemRank.objects.create(code=item.code, level=3),
    }
    for way, write in ways.items():
        before = changes.last_place()
        write()
        assert changes.place_changes() > 0, way
        after = changes.changes_after(before, 10)
        assert [change.code for change in after] == [item.code], way
    made = ServiceItem.objects.bulk_create(
        [
            ServiceItem(
                code=f"new-{n}", code_pattern="x", name="新", region_path="?", source_row={}
            )
            for n in range(3)
        ]
    )
    before = changes.last_place()
    changes.place_changes()
    assert [change.code for change in changes.changes_after(before, 10)] == [
        one.code for one in made
    ]


def test_a_change_that_is_rolled_back_is_none_and_the_same_name_again_neither(world):
    changes.place_changes()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        world.item.save()
        raise ZeroDivisionError
    Organ.objects.filter(pk=world.organ.pk).update(name=world.organ.name)
    assert Change.objects.count() == 0


def test_an_item_has_one_row_and_its_place_grows(world):
    changes.place_changes()
    first = ItemChange.objects.get(code=world.item.code)
    for _time in range(3):
        world.item.save()
    assert changes.place_changes() == 3
    row = ItemChange.objects.get(code=world.item.code)
    assert (row.place > first.place, row.what) == (True, "changed")
    assert not Change.objects.exists()


def test_a_withdrawn_guide_and_a_deleted_item_leave_tombstones(world):
    other = world.make_item("gone-1", "不再有", world.organ)
    Guide.objects.filter(item=world.item).update(state="withdrawn", effective_to="2030-01-01")
    other.delete()
    changes.place_changes()
    codes = [world.item.code, "gone-1"]  # Other modules leave tombstones of what they deleted.
    assert dict(ItemChange.objects.filter(code__in=codes).values_list("code", "what")) == {
        world.item.code: "withdrawn",
        "gone-1": "gone",
    }


def test_placing_and_reading_take_few_queries(world, django_assert_num_queries):
    changes.place_changes()
    with django_assert_num_queries(1):
        assert changes.place_changes() == 0
    with django_assert_num_queries(1):
        changes.changes_after(0, 100)
    for number in range(50):
        world.make_item(f"many-{number}", "许多", world.organ)
    # exists, begin or savepoint, ids, place (with the last place), delete, end, exists
    with django_assert_num_queries(8 + (connection.vendor == "postgresql")):
        assert changes.place_changes() == 50


# The index follows


def test_what_is_edited_is_found_and_its_old_name_no_longer(followed, world):
    assert names("身份证")
    ServiceItem.objects.filter(pk=world.item.pk).update(name="宠物狗登记")
    assert followed.round() > 0
    assert names("宠物狗登记") == ["宠物狗登记"]
    assert [hit.listing.name for hit in search_items("居民身份证办理").hits] in ([], ["宠物狗登记"])
    assert followed.round() == 0


def test_a_renamed_organ_and_a_gone_item_are_followed(followed, world):
    other = world.make_item("gone-1", "养蜂场备案", world.organ)
    followed.round()
    assert names("养蜂场备案") == ["养蜂场备案"]
    Organ.objects.filter(pk=world.organ.pk).update(name="区蜂业局")
    followed.round()
    assert search_items("养蜂场备案").hits[0].listing.organ == "区蜂业局"
    other.delete()
    followed.round()
    assert names("养蜂场备案") == []


def test_another_process_sees_what_is_written(followed, world):
    """A worker that has the index open looks at it anew after each commit."""
    script = (
        "import sys, django; from django.conf import settings; django.setup();"
        "settings.TONGBAN_INDEX = sys.argv[1];"
        "from tongban.catalogue.selectors import search_items;"
        "print(search_items('养蜂场备案').total, flush=True); sys.stdin.readline();"
        "print(search_items('养蜂场备案').total, flush=True)"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(indexing.home())],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tongban.web.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stdout.readline() == "0\n"
        world.make_item("bee-1", "养蜂场备案", world.organ)
        followed.round()
        worker.stdin.write("\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == "1\n"
    finally:
        worker.kill()
        worker.wait()


def test_changes_during_a_rebuild_are_in_the_new_index(followed, world, monkeypatch):
    """While the new index is being written, the old one answers and follows; then both agree."""
    seen = []
    written = indexing.all_entries

    def meanwhile():
        yield from written()
        world.make_item("bee-1", "养蜂场备案", world.organ)
        ServiceItem.objects.filter(pk=world.item.pk).update(name="宠物狗登记")
        followed.round()
        seen.append((names("养蜂场备案"), names("宠物狗登记")))

    before = folder_in_use()
    monkeypatch.setattr(indexing, "all_entries", meanwhile)
    rebuild()
    assert seen == [(["养蜂场备案"], ["宠物狗登记"])]
    assert folder_in_use() != before
    assert (names("养蜂场备案"), names("宠物狗登记")) == (["养蜂场备案"], ["宠物狗登记"])
    world.make_item("bee-2", "蜂蜜检验", world.organ)
    assert followed.round() == 1  # On the new folder, from where the rebuild ended.
    assert names("蜂蜜检验") == ["蜂蜜检验"]


def test_readers_never_wait_nor_fail_while_indexes_are_swapped(followed, world):
    """A reader asks without pause while another thread commits and swaps."""
    stop, faults, asked = threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                asked.append(search_items("身份证").total)
            except Exception as problem:
                faults.append(problem)
                return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(4):
            world.make_item(f"bee-{number}", "养蜂场备案", world.organ)
            followed.round()
            rebuild()
    finally:
        stop.set()
        reader.join()
    assert faults == []
    assert set(asked) == {1}


KILLED = """
import os, signal, sys, django
from django.conf import settings
django.setup()
settings.TONGBAN_INDEX = sys.argv[1]
from tongban.catalogue.search import index
from tongban.catalogue.search.listings import Entry
index.place_changes = index.last_place = lambda: 0
index.catch_up = lambda folder: 0
def entries():
    row = Entry("x", "另一个", "", "", "")
    for number in range(2000):
        if sys.argv[2] == "written" and number == 1000: os.kill(os.getpid(), signal.SIGKILL)
        yield row
index.all_entries = entries
real = {"committed": "write_position", "positioned": "put_in_use", "swapped": "shutil"}
if sys.argv[2] == "swapped":
    index.shutil.rmtree = lambda *a, **b: os.kill(os.getpid(), signal.SIGKILL)
elif sys.argv[2] in real:
    setattr(index, real[sys.argv[2]], lambda *a: os.kill(os.getpid(), signal.SIGKILL))
index.rebuild()
"""


@pytest.mark.parametrize("moment", ["written", "committed", "positioned", "swapped"])
def test_a_rebuild_that_is_killed_at_any_point_leaves_an_index_that_serves(
    followed, world, tmp_path, moment
):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(indexing.home()), moment],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tongban.web.settings"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    found = current_index().searcher().num_docs
    assert found == (2000 if moment == "swapped" else ServiceItem.objects.count())
    rebuild()  # Its lock went with it; what it left is cleared away.
    assert names("身份证")
    assert len([one for one in indexing.home().iterdir() if one.is_dir()]) == 1


def test_a_keeper_that_is_killed_between_commit_and_position_loses_nothing(followed, world):
    world.make_item("bee-1", "养蜂场备案", world.organ)
    before = indexing.position_of(folder_in_use())
    followed.round()
    followed.leave()
    indexing.write_position(folder_in_use(), before)  # As if it had not come to write it.
    assert Keeper().round() == 1
    assert search_items("养蜂场备案").total == 1


def test_an_index_of_another_version_is_made_anew(followed, world):
    (folder_in_use() / indexing.FORM).write_text("other", encoding="ascii")
    assert not exists()
    assert Keeper().round() == 0  # Nothing is written into what nobody can read.
    keep_once(followed)
    assert exists()
    assert names("身份证")


def test_an_index_that_was_deleted_is_made_anew(followed, world):
    shutil.rmtree(indexing.home())
    keep_once(followed)
    assert names("身份证")


def test_an_index_that_is_ahead_of_a_restored_database_is_made_anew(followed, world):
    indexing.write_position(folder_in_use(), changes.last_place() + 7)
    world.make_item("bee-1", "养蜂场备案", world.organ)
    keep_once(followed)
    assert names("养蜂场备案") == ["养蜂场备案"]


@pytest.mark.django_db(transaction=True)
def test_the_background_loop_makes_an_edit_findable_within_two_seconds(
    world, own_home, monkeypatch
):
    """The loop of `tongban serve` in a thread of its own, with its own connection."""
    from tongban.web import serving

    rebuild()
    running = threading.Event()
    running.set()
    monkeypatch.setattr(serving.os, "getppid", lambda: 1 if running.is_set() else 2)
    loop = threading.Thread(target=serving.keep_indexing, args=(1,))
    loop.start()
    try:
        took = []
        for number in range(3):
            time.sleep(0.3 * number)
            with transaction.atomic():
                world.make_item(f"bee-{number}", f"养蜂场{'甲乙丙'[number]}备案", world.organ)
            began = time.monotonic()
            while not names(f"养蜂场{'甲乙丙'[number]}备案") and time.monotonic() - began < 10:
                time.sleep(0.02)
            took.append(time.monotonic() - began)
    finally:
        running.clear()
        loop.join(timeout=20)
    assert max(took) < 2, took
