"""The log: entries in the act's transaction, numbering, tiles, checkpoints, tampering."""

from __future__ import annotations

import json
from multiprocessing.pool import ThreadPool

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import AT
from tongban.base.checkpoints import parse_checkpoint
from tongban.base.merkle import EMPTY_ROOT, leaf_hash, root_of
from tongban.base.notes import open_note
from tongban.ledger import acts, tiles
from tongban.ledger.integrating import BrokenEntry, integrate
from tongban.ledger.key_acts import start_log
from tongban.ledger.keys import verifiers
from tongban.ledger.models import Checkpoint, Entry, Place, Tile, Waiting
from tongban.ledger.rules import LEAF_BYTES_MOST, seal
from tongban.ledger.services import record
from tongban.ledger.verification import verify_log

HASHES = [leaf_hash(str(number).encode()) for number in range(70_200)]


def write(count: int, case_ref: str = "") -> None:
    with transaction.atomic():
        for number in range(count):
            payload = {"number": str(number), "by": "police-clerk"}
            record(acts.CASE_VIEWED, at=AT, case_ref=case_ref, payload=payload)


def started() -> None:
    """A log whose first entry, the announcement of its key, is behind us."""
    with transaction.atomic():
        start_log(AT)
    integrate(at=AT)


def entry_at(seq: int) -> Entry:
    return Entry.objects.get(place__seq=seq)


# Tiles


@given(st.lists(st.integers(0, 700), max_size=6))
@settings(max_examples=40)
def test_batches_of_any_size_give_the_tree_of_rfc_6962(batches):
    built: dict[tuple[int, int], bytes] = {}
    size = 0
    for batch in batches:
        size = tiles.extend(built, size, HASHES[size : size + batch])
        assert tiles.root_of_tiles(built, size) == root_of(HASHES[:size])


def test_tiles_are_those_of_the_specification_for_70000_entries():
    # C2SP tlog-tiles: 273 full level 0 tiles and one of width 112; one full level 1 tile and one of
    # width 17; one level 2 tile of width 1.
    built: dict[tuple[int, int], bytes] = {}
    tiles.extend(built, 0, HASHES[:70_000])
    widths = {place: len(data) // 32 for place, data in built.items()}
    assert len([place for place in widths if place[0] == 0]) == 274
    assert widths[0, 273] == 112
    assert (widths[1, 0], widths[1, 1]) == (256, 17)
    assert widths[2, 0] == 1
    assert tiles.right_edge(70_000) == [(0, 273), (1, 1), (2, 0)]


def test_a_tree_of_256_is_a_full_tile_and_one_above():
    built: dict[tuple[int, int], bytes] = {}
    tiles.extend(built, 0, HASHES[:256])
    assert {place: len(data) // 32 for place, data in built.items()} == {(0, 0): 256, (1, 0): 1}


# Entries


def test_an_entry_outside_a_transaction_is_refused(transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        record(acts.DATA_EXPORTED, at=AT, payload={"account": "li"})


def test_an_act_that_is_not_listed_is_refused(db):
    with pytest.raises(KeyError), transaction.atomic():
        record("case.invented", at=AT, payload={})


def test_an_entry_goes_with_its_act(db):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(acts.DATA_EXPORTED, at=AT, payload={"account": "li"})
        1 / 0  # noqa: B018
    assert not Entry.objects.exists()


def test_equal_payloads_have_different_commitments(db):
    write(1)
    write(1)
    one, other = (json.loads(entry.leaf) for entry in Entry.objects.order_by("id"))
    assert one["commitment"] != other["commitment"]


def test_a_leaf_that_no_bundle_can_hold_is_refused():
    with pytest.raises(ValueError, match="bundle"):
        seal(
            act="a", at=AT, organ="", region="", item="x" * LEAF_BYTES_MOST, case_ref="",
            payload={}, salt=b"",
        )  # fmt: skip


# Numbering


def test_numbering_covers_everything_once_and_signs(db):
    started()
    write(2)
    assert integrate(at=AT) == 2
    write(300)
    assert integrate(at=AT, most=200) == 200
    assert integrate(at=AT) == 100
    assert integrate(at=AT) == 0
    assert not Waiting.objects.exists()
    entries = list(Entry.objects.order_by("place__seq"))
    assert [entry.place.seq for entry in entries] == list(range(303))
    latest = Checkpoint.objects.order_by("-size").first()
    assert bytes(latest.root) == root_of([bytes(entry.leaf_hash) for entry in entries])
    text, _names = open_note(latest.note, verifiers())
    assert parse_checkpoint(text).size == 303


def test_an_entry_changed_before_it_has_a_number_is_never_signed(db):
    write(2)
    first = Entry.objects.order_by("id").first()
    Entry.objects.filter(pk=first.pk).update(leaf=first.leaf.replace("case.viewed", "case.decided"))
    with pytest.raises(BrokenEntry):
        integrate()
    assert not Checkpoint.objects.exists()
    assert not verify_log().ok


# Verification


def test_an_empty_log_is_sound(db):
    verdict = verify_log()
    assert (verdict.ok, verdict.entries, verdict.root) == (True, 0, EMPTY_ROOT)


def test_a_sound_log_verifies_with_its_root(db):
    started()
    write(599)
    integrate()
    write(5)
    integrate()
    write(2)
    verdict = verify_log()
    assert (verdict.ok, verdict.entries, verdict.waiting) == (True, 605, 2)
    assert verdict.as_json() == {
        "ok": True,
        "entries": 605,
        "waiting": 2,
        "root": bytes(Checkpoint.objects.get(size=605).root).hex(),
    }


def flip(table: str, column: str, where: str, place: int = 3) -> None:
    """Change one byte of one stored value, as somebody with access to the database could."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {where}")
        value = cursor.fetchone()[0]
        if isinstance(value, str):
            changed = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        else:
            changed = bytearray(value)
            changed[place] ^= 1
            changed = bytes(changed)
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", [changed])


@pytest.mark.parametrize("seq", [0, 255, 256, 599])
@pytest.mark.parametrize("column", ["leaf", "leaf_hash", "opening", "case_ref"])
def test_one_changed_byte_of_one_entry_is_found_and_the_entry_named(db, column, seq):
    write(600, case_ref="0123456789abcdef")
    integrate()
    flip("ledger_entry", column, f"id = {entry_at(seq).pk}")
    verdict = verify_log()
    assert not verdict.ok
    assert verdict.finding.entry == seq
    assert verdict.as_json()["entry"] == seq


def test_a_consistently_forged_entry_is_named_by_the_tree(db):
    write(300)
    integrate()
    entry = entry_at(7)
    forged = seal(
        act=acts.CASE_DECIDED, at=AT, organ="", region="", item="", case_ref="",
        payload={"number": 7}, salt=bytes(32),
    )  # fmt: skip
    Entry.objects.filter(pk=entry.pk).update(
        leaf=forged.leaf, leaf_hash=forged.leaf_hash, opening=forged.opening
    )
    assert verify_log().finding.entry == 7


def test_a_forged_entry_with_forged_tiles_breaks_the_signed_root(db):
    write(300)
    integrate()
    entry = entry_at(7)
    forged = seal(
        act=acts.CASE_DECIDED, at=AT, organ="", region="", item="", case_ref="",
        payload={}, salt=bytes(32),
    )  # fmt: skip
    Entry.objects.filter(pk=entry.pk).update(
        leaf=forged.leaf, leaf_hash=forged.leaf_hash, opening=forged.opening
    )
    hashes = [bytes(one.leaf_hash) for one in Entry.objects.order_by("place__seq")]
    built: dict[tuple[int, int], bytes] = {}
    tiles.extend(built, 0, hashes)
    for (level, index), data in built.items():
        Tile.objects.filter(level=level, index=index).update(hashes=data)
    verdict = verify_log()
    assert not verdict.ok
    assert "root" in verdict.finding.reason


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("ledger_tile", "hashes", "level = 0 AND index = 0"),
        ("ledger_tile", "hashes", "level = 1 AND index = 0"),
        ("ledger_checkpoint", "root", "size = 301"),
        ("ledger_checkpoint", "note", "size = 301"),
    ],
)
def test_changed_tiles_and_checkpoints_are_found(db, table, column, where):
    write(300)
    integrate()
    if connection.vendor == "sqlite":
        where = where.replace("index", '"index"')
    flip(table, column, where)
    assert not verify_log().ok


@pytest.mark.parametrize("seq", [0, 120, 299])
def test_a_removed_place_is_missed(db, seq):
    write(300)
    integrate()
    Place.objects.filter(seq=seq).delete()
    assert verify_log().finding.entry == seq


def test_a_removed_checkpoint_leaves_entries_that_nobody_vouches_for(db):
    write(10)
    integrate()
    Checkpoint.objects.all().delete()
    assert not verify_log().ok


def test_an_erased_payload_leaves_the_log_sound(db):
    write(10)
    integrate()
    Entry.objects.filter(place__seq=4).update(opening=None)
    assert verify_log().ok


def test_the_checkpoint_is_published(db, client):
    assert client.get("/ledger/checkpoint").status_code == 404
    started()
    answer = client.get("/ledger/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    text, _names = open_note(answer.content.decode(), verifiers())
    assert parse_checkpoint(text).size == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seq", [None, 3, 2_100, 4_500])
def test_several_processes_find_what_one_finds(monkeypatch, seq):
    from tongban.ledger import verification

    monkeypatch.setattr(verification, "ENTRIES_FOR_SEVERAL", 1_000)
    # Threads of this process, which see the tests' database.
    monkeypatch.setattr(verification, "_pool", ThreadPool)
    started()
    write(4_999)
    integrate()
    if seq is not None:
        flip("ledger_entry", "opening", f"id = {entry_at(seq).pk}")
    one, several = verify_log(), verify_log(workers=2)
    assert one == several
    assert one.ok == (seq is None)
