"""Auditing from outside: growth, rollback, split view, new keys, and a person's own monitor."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from tests.conftest import AT
from tests.ledger.building import Served, entry_at, log_of, vkeys, write
from tongban.base.checkpoints import checkpoint_text
from tongban.base.merkle import ProofError
from tongban.base.note_keys import CosignatureSigner, new_secret
from tongban.base.notes import sign_note, split_note
from tongban.ledger.auditing import (
    AuditProblem,
    Seen,
    audit,
    compare_with_witness,
    evidence,
    monitor,
)
from tongban.ledger.integrating import integrate
from tongban.ledger.key_acts import OVERLAP, announce_key, retire_key
from tongban.ledger.keys import signers
from tongban.ledger.rules import read_leaf


def look(seen: Seen, source: Served | None = None, *, entries: bool = True):
    return audit(source or Served(), seen, entries=entries, progress=lambda done: None)


def grow(count: int) -> None:
    write(count)
    integrate(at=AT)


def test_a_log_that_grows_is_sound(db):
    log_of(30)
    seen = Seen()
    first = look(seen)
    assert (first.ok, first.before, first.entries, first.pinned) == (True, None, 30, tuple(vkeys()))
    grow(300)
    second = look(seen)
    assert (second.ok, second.before, second.entries, second.pinned) == (True, 30, 330, ())
    assert look(seen).before == 330
    assert len(seen.notes) == 2


def test_a_rollback_is_found_and_its_proof_kept(db, tmp_path):
    log_of(30)
    old = Served().get("checkpoint")
    grow(10)
    seen = Seen()
    look(seen)
    source = Served()
    source.files["checkpoint"] = old
    report = look(seen, source)
    assert [one.kind for one in report.findings] == ["rollback"]
    path = evidence(tmp_path, report.findings[0])
    assert old.decode() in path.read_text()
    assert len(seen.notes) == 1, "what contradicts is not what is built on"


def lying(size: int) -> Served:
    """The log's own key under another history."""
    source = Served()
    note = sign_note(
        checkpoint_text(settings.TONGBAN_LEDGER_ORIGIN, size, b"\7" * 32), signers()[:1]
    )
    source.files["checkpoint"] = note.encode()
    return source


@pytest.mark.parametrize("size", [30, 40])
def test_a_split_view_is_found(db, size):
    log_of(30)
    seen = Seen()
    look(seen)
    grow(10)
    assert [one.kind for one in look(seen, lying(size)).findings] == ["split view"]


def test_tiles_that_do_not_lead_to_the_root_are_found_at_the_first_look(db):
    log_of(30)
    assert [one.kind for one in look(Seen(), lying(30)).findings] == ["root"]


def test_an_entry_that_is_served_otherwise_is_found(db):
    log_of(30)
    source = Served()
    bundle = source.get("tile/entries/000.p/30")
    source.files["tile/entries/000.p/30"] = bundle.replace(b"case.viewed", b"case.vIewed", 1)
    assert [one.kind for one in look(Seen(), source).findings] == ["entries"]
    assert look(Seen(), source, entries=False).ok


def test_a_new_key_is_learned_from_the_log_itself(db):
    log_of(30)
    seen = Seen()
    look(seen)
    announce_key("ed25519", at=AT)
    announce_key("sm2", at=AT)
    integrate(at=AT)
    assert look(seen).pinned == tuple(vkeys()[1:])
    old = vkeys()[0].split("+")[1]
    retire_key(old, reason="yearly", at=AT + OVERLAP)
    grow(1)
    assert look(seen).ok


def test_who_looked_away_too_long_is_told_what_to_do(db):
    log_of(30)
    seen = Seen()
    look(seen)
    announce_key("ed25519", at=AT)
    retire_key(vkeys()[0].split("+")[1], reason="lost", at=AT, now=True)
    integrate(at=AT)
    with pytest.raises(AuditProblem, match="changed its key"):
        look(seen)


def test_a_key_that_the_log_does_not_announce_is_not_trusted(db):
    log_of(30)
    seen = Seen()
    look(seen)
    source = Served()
    rows = json.loads(source.get("keys"))
    stranger = CosignatureSigner("tongban.example/ledger", new_secret(), int).verifier().vkey
    rows["keys"].append(rows["keys"][0] | {"vkey": stranger})
    source.files["keys"] = json.dumps(rows).encode()
    assert look(seen, source).pinned == ()
    assert stranger not in seen.vkeys


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("checkpoint", b"\xff\xfe"),
        ("checkpoint", b""),
        ("keys", b"[]"),
        ("keys", b'{"keys": [{"vkey": "x"}]}'),
        ("keys", b'{"keys": []}'),
        ("tile/0/000.p/30", b"short"),
        ("tile/entries/000.p/30", b"\xff\xffshort"),
    ],
)
def test_a_log_that_does_not_answer_as_one_is_said_not_to(db, path, content):
    log_of(30)
    source = Served()
    source.files[path] = content
    with pytest.raises(AuditProblem):
        look(Seen(), source)


def test_a_witness_that_saw_another_history_or_more_is_heard(db):
    log_of(30)
    source = Served()
    seen = Seen()
    report = look(seen, source)
    signer = CosignatureSigner("w.example/1", new_secret(), lambda: 5)

    def said(size: int, root: bytes) -> str:
        return sign_note(checkpoint_text(settings.TONGBAN_LEDGER_ORIGIN, size, root), [signer])

    def compared(note: str):
        return compare_with_witness(source, report.checkpoint, report.note, note, signer.verifier())

    assert compared(said(30, report.checkpoint.root)) is None
    assert compared(said(30, b"\7" * 32)).kind == "split view"
    assert compared(said(20, b"\7" * 32)).kind == "split view"
    assert compared(said(31, b"\7" * 32)).kind == "behind its witness"
    with pytest.raises(AuditProblem):
        compared(report.note)


def test_what_was_seen_is_kept_in_a_file(db, tmp_path):
    log_of(30)
    seen = Seen()
    look(seen)
    seen.write(tmp_path / "state" / "log.json")
    assert Seen.read(tmp_path / "state" / "log.json") == seen
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(AuditProblem):
        Seen.read(tmp_path / "bad.json")
    assert Seen.read(tmp_path / "none.json") == Seen()
    assert split_note(seen.notes[0])


# A person's own monitor


def watch(references: set[str], commitments: set[str], source: Served | None = None):
    source = source or Served()
    report = look(Seen(), source, entries=False)
    return monitor(
        source,
        report.checkpoint,
        references=references,
        commitments=commitments,
        progress=lambda done: None,
    )


def test_every_act_on_ones_own_case_is_found_also_one_that_nobody_told(db):
    log_of(300)
    write(2, case_ref="aa" * 16)
    write(1, case_ref="bb" * 16)
    integrate(at=AT)
    held = read_leaf(entry_at(300).leaf).commitment
    acts, missing = watch({"aa" * 16}, {held})
    assert [(one.place, one.held) for one in acts] == [(300, True), (301, False)]
    assert missing == set()


def test_an_act_that_the_log_lost_is_missed(db):
    log_of(30)
    acts, missing = watch(set(), {"0" * 64})
    assert (acts, missing) == ([], {"0" * 64})


def test_a_log_that_hides_entries_from_the_monitor_is_caught(db):
    log_of(30)
    write(1, case_ref="aa" * 16)
    integrate(at=AT)
    source = Served()
    bundle = source.get("tile/entries/000.p/31")
    source.files["tile/entries/000.p/31"] = bundle.replace(b"aa" * 16, b"cc" * 16)
    with pytest.raises(ProofError):
        watch({"aa" * 16}, set(), source)
