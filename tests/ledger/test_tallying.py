"""Counting acts from leaves, and the log at a glance."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from django.db import transaction

from tests.conftest import AT
from tongban.ledger import acts
from tongban.ledger.integrating import integrate
from tongban.ledger.listing import PAGE, public_traces
from tongban.ledger.models import Checkpoint, Cosignature, Counted, Entry, LogKey, Tally
from tongban.ledger.overview import overview
from tongban.ledger.services import record
from tongban.ledger.tallying import counted_upto, tally
from tongban.web import serving

DAY = timedelta(days=1)


def write(count: int, *, at=AT, organ: str = "o1", region: str = "511602000000", ref: str = ""):
    with transaction.atomic():
        for number in range(count):
            record(
                acts.CASE_VIEWED,
                at=at,
                organ=organ,
                region=region,
                case_ref=ref,
                payload={"number": str(number), "by": "clerk"},
            )


def counted() -> Counter:
    return Counter(
        {(str(one.day), one.act, one.organ, one.region): one.count for one in Tally.objects.all()}
    )


def counted_by_hand() -> Counter:
    """From the leaves alone, by another way than the code under test."""
    found: Counter = Counter()
    for leaf in Entry.objects.filter(place__isnull=False).values_list("leaf", flat=True):
        said = json.loads(leaf)
        found[said["at"][:10], said["act"], said["organ"], said["region"]] += 1
    return found


def test_an_empty_log_counts_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert tally() == 0
    assert not Counted.objects.exists()


def test_every_leaf_is_counted_once_in_steps_of_any_size(db):
    write(7)
    write(5, at=AT + DAY, organ="o2")
    write(3, region="510000000000")
    integrate(at=AT)
    steps = []
    while done := tally(most=4):
        steps.append(done)
        write(1, organ="late")
        integrate(at=AT)
        if len(steps) == 5:
            break
    while tally(most=4):
        pass
    assert steps[:3] == [4, 4, 4]
    assert counted() == counted_by_hand()
    assert counted_upto() == Checkpoint.objects.latest("size").size


def test_with_nothing_new_it_asks_two_small_questions(db, django_assert_num_queries):
    write(3)
    integrate(at=AT)
    assert tally() == 3 + LogKey.objects.count()
    before = counted()
    with django_assert_num_queries(2):
        assert tally() == 0
    assert counted() == before


def test_a_count_that_does_not_commit_leaves_nothing_behind(db, monkeypatch):
    write(3)
    integrate(at=AT)
    monkeypatch.setattr(Counted, "save", lambda *_args, **_more: 1 / 0)
    try:
        tally()
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("it went on")
    assert not Tally.objects.exists()
    monkeypatch.undo()
    tally()
    assert counted() == counted_by_hand()


def test_of_two_at_once_the_second_counts_nothing(db, monkeypatch):
    from tongban.ledger import tallying

    write(3)
    integrate(at=AT)
    rows = tallying._rows

    def slow(leaves):
        monkeypatch.setattr(tallying, "_rows", rows)
        assert tallying.tally() == len(leaves)
        return rows(leaves)

    monkeypatch.setattr(tallying, "_rows", slow)
    assert tallying.tally() == 0
    assert counted() == counted_by_hand()


def test_what_is_not_published_is_not_counted(db):
    write(3)
    integrate(at=AT)
    tally()
    write(2)
    integrate(at=AT)
    Checkpoint.objects.filter(size__gt=counted_upto()).update(published_at=None)
    assert tally() == 0


def test_a_leaf_that_somebody_changed_stops_nothing(db):
    write(3)
    integrate(at=AT)
    changed = Entry.objects.get(place__seq=1)
    Entry.objects.filter(pk=changed.pk).update(leaf="{}")
    assert tally() == Checkpoint.objects.latest("size").size
    assert sum(counted().values()) == Checkpoint.objects.latest("size").size - 1
    unreadable = next(one for one in public_traces(10).rows if one.seq == 1)
    assert unreadable.at is None
    assert unreadable.leaf.act == ""


def test_the_serving_loop_counts_when_there_is_nothing_to_number(db, monkeypatch):
    write(3)
    rounds = iter([1, 1, 1])
    for beside in ("_keep_asking_witnesses", "_keep_sending_messages", "keep_indexing"):
        monkeypatch.setattr(serving, beside, lambda _parent: None)
    monkeypatch.setattr(serving.os, "getppid", lambda: next(rounds, 0))
    monkeypatch.setattr(serving.time, "sleep", lambda _seconds: None)
    serving.integrate_until_orphaned(1)
    assert counted() == counted_by_hand()
    assert counted_upto() == Checkpoint.objects.latest("size").size > 0


def test_the_serving_loop_counts_now_and_then_when_there_always_is(db, monkeypatch):
    rounds = iter([1, 1, 1])
    for beside in ("_keep_asking_witnesses", "_keep_sending_messages", "keep_indexing"):
        monkeypatch.setattr(serving, beside, lambda _parent: None)
    monkeypatch.setattr(serving.os, "getppid", lambda: next(rounds, 0))
    monkeypatch.setattr(serving.time, "sleep", lambda _seconds: write(1))
    monkeypatch.setattr(serving, "TALLY_SECONDS", 0.0)
    write(1)
    serving.integrate_until_orphaned(1)
    assert counted_upto() == Checkpoint.objects.latest("size").size > 3


# At a glance


def test_the_overview_of_an_empty_log(db, django_assert_num_queries):
    found = overview(AT)
    assert (found.size, found.last_day, found.waiting, found.erased) == (0, 0, 0, 0)
    assert found.by_act == ()
    assert found.stretch.end is None


def test_the_overview_counts_by_kind_organ_region_and_day(db):
    write(4, at=AT - 2 * DAY)
    write(3, at=AT - DAY, organ="o2", region="")
    integrate(at=AT - DAY)
    write(2)
    integrate(at=AT)
    write(5)
    tally()
    found = overview(AT)
    keys = LogKey.objects.count()
    assert found.size == found.counted == 9 + keys
    assert found.last_day == 2
    assert found.waiting == 5
    assert found.waiting_since == AT
    viewed = next(one for one in found.by_act if one.code == acts.CASE_VIEWED)
    assert (viewed.today, viewed.yesterday, viewed.month) == (2, 3, 9)
    assert {one.code: one.month for one in found.by_organ} == {"o1": 6, "o2": 3, "": keys}
    assert {one.code: one.month for one in found.by_region} == {
        "511602000000": 6,
        "": 3 + keys,
    }
    assert len(found.by_day) == 30
    assert [count for _day, count in found.by_day][-3:] == [4, 3 + keys, 2]
    assert (found.stretch.start, found.stretch.end) == (AT - DAY, AT)


def test_the_longest_stretch_is_found_and_older_ones_are_not(db):
    for hours in (24 * 40, 24 * 29, 300, 100, 99, 2):
        write(1, at=AT - timedelta(hours=hours))
        integrate(at=AT - timedelta(hours=hours))
    found = overview(AT).stretch
    assert found.start == AT - timedelta(hours=24 * 29)
    assert found.end == AT - timedelta(hours=300)


def test_an_erasure_is_counted(db):
    with transaction.atomic():
        record(
            acts.LEDGER_ERASED,
            at=AT,
            payload={"entry": 1, "order": "(2026)1号", "reason": "更正", "by": "head"},
        )
    integrate(at=AT)
    tally()
    assert overview(AT).erased == 1


def test_witnesses_stand_beside_their_checkpoints_and_keys_beside_their_entries(db):
    write(1)
    integrate(at=AT)
    Cosignature.objects.create(
        checkpoint=Checkpoint.objects.latest("size"),
        witness="witness.example/w1",
        key_id="00112233",
        line="— x\n",
        at=AT,
    )
    integrate(at=AT)
    found = overview(AT)
    assert ("witness.example/w1", AT) in [
        one for shown in found.checkpoints for one in shown.witnesses
    ]
    assert [key.vkey for key in found.keys] == list(LogKey.objects.values_list("vkey", flat=True))
    announced = found.keys[0].announced
    assert acts.LEDGER_KEY_ANNOUNCED in Entry.objects.get(place__seq=announced).leaf


def test_the_overview_asks_the_same_of_a_longer_log(db, django_assert_num_queries):
    write(3)
    integrate(at=AT)
    tally()
    with django_assert_num_queries(14):
        overview(AT)
    for number in range(12):
        write(20, at=AT - number * DAY, organ=f"o{number}")
        integrate(at=AT + timedelta(minutes=number))
    tally()
    with django_assert_num_queries(14):
        overview(AT)


# Entry by entry


def test_entries_come_by_place_in_pages_of_fifty(db, django_assert_num_queries):
    write(2 * PAGE + 10)
    integrate(at=AT)
    size = Checkpoint.objects.latest("size").size
    seen, before = [], None
    while True:
        with django_assert_num_queries(1):
            page = public_traces(size, before=before)
        assert len(page.rows) <= PAGE
        seen += [one.seq for one in page.rows]
        before = page.before
        if before is None:
            break
    assert seen == list(range(size - 1, -1, -1))
    assert public_traces(size, before=10**18).rows[0].seq == size - 1


def test_entries_of_one_reference_alone(db):
    write(3, ref="a" * 32)
    write(3, ref="b" * 32)
    integrate(at=AT)
    found = public_traces(100, case_ref="b" * 32)
    assert {one.leaf.case for one in found.rows} == {"b" * 32}
    assert len(found.rows) == 3
    assert public_traces(100, case_ref="c" * 32).rows == ()
