"""Receipts: what they show, every way in which one can be wrong, and the offline command."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.conftest import AT
from tests.ledger.building import entry_at, log_of, plain_verifier, vkeys, write
from tongban.base.checkpoints import checkpoint_text
from tongban.base.note_keys import CosignatureSigner, Ed25519Signer, new_secret, verifier_of
from tongban.base.notes import sign_note, split_note
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Checkpoint, Cosignature
from tongban.ledger.publishing import latest_published
from tongban.ledger.receipts import (
    BYTES_MOST,
    ReceiptError,
    check_receipt,
    parse_proof,
    parse_receipt,
    receipt_of,
)
from tongban.ledger.rules import split_opening
from tongban.ledger.selectors import consistency_of, leaf_of, proof_of


def receipt(seq: int, *, opened: bool = True) -> dict[str, object]:
    opening = split_opening(entry_at(seq).opening) if opened else None
    return receipt_of(leaf_of(seq), opening, proof_of(seq), vkeys())


def as_file(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def keys():
    return [verifier_of(one) for one in vkeys()]


@pytest.mark.parametrize("seq", [0, 1, 255, 256, 299])
def test_a_receipt_shows_what_was_done(db, seq):
    log_of(300)
    checked = check_receipt(parse_receipt(as_file(receipt(seq))), keys=keys())
    assert (checked.index, checked.checkpoint.size) == (seq, 300)
    assert checked.trusted
    if seq:
        assert checked.leaf.act == "case.viewed"
        assert checked.payload == {"number": str(seq - 1), "by": "police-clerk"}


def test_an_old_receipt_holds_though_the_log_grows(db):
    log_of(300)
    kept = as_file(receipt(7))
    write(500)
    integrate()
    assert check_receipt(parse_receipt(kept), keys=keys()).checkpoint.size == 300


def test_without_a_key_of_ones_own_it_holds_but_is_not_trusted(db):
    log_of(3)
    assert not check_receipt(receipt(1)).trusted


def test_an_erased_opening_leaves_a_receipt_of_the_leaf(db):
    log_of(3)
    assert check_receipt(receipt(1, opened=False), keys=keys()).payload is None


def test_the_plain_verifier_accepts_the_same_receipts(db):
    log_of(30)
    plain = plain_verifier()
    at, checkpoint, erased = plain.verify_receipt(as_file(receipt(4)), plain.read_keys(vkeys()))
    assert (at, checkpoint.size, erased) == (4, 30, [])


def failed_step(document, **more) -> str:
    with pytest.raises(ReceiptError) as refused:
        check_receipt(parse_receipt(as_file(document)), **more)
    return refused.value.step


@pytest.mark.parametrize(
    ("part", "old", "new", "step"),
    [
        ("leaf", "case.viewed", "case.decided", "inclusion"),
        ("leaf", '"v":1', '"v":2', "leaf"),
        ("leaf", "{", "[", "leaf"),
        ("payload", "police-clerk", "police-chief", "opening"),
        ("payload", "}", ',"more":1}', "opening"),
        ("proof", "index 4", "index 5", "inclusion"),
        ("proof", "index 4", "index 04", "proof"),
        ("proof", "index 4", "index 30", "inclusion"),
        ("proof", "\n30\n", "\n31\n", "signature"),
        ("proof", "tlog-proof@v1", "tlog-proof@v2", "proof"),
        ("proof", "\n\n", "\n", "proof"),
    ],
)
def test_what_was_changed_is_refused_and_the_step_named(db, part, old, new, step):
    log_of(30)
    document = receipt(4)
    document[part] = str(document[part]).replace(old, new, 1)
    assert failed_step(document, keys=keys()) == step


def test_salts_and_keys_of_others_do_not_open(db):
    log_of(30)
    document = receipt(4)
    assert failed_step(document | {"salt": receipt(5)["salt"]}) == "opening"
    assert failed_step(document | {"salt": "zz"}) == "opening"
    stranger = Ed25519Signer("tongban.example/ledger", new_secret()).verifier()
    assert failed_step(document, keys=[stranger]) == "signature"
    assert failed_step(document | {"keys": []}) == "signature"
    assert failed_step(document | {"keys": ["x"]}) == "format"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format":"tongban-receipt/1"}',
     b'{"format":"tongban-receipt/1","leaf":1,"proof":""}',
     b'{"format":"tongban-receipt/1","leaf":"","proof":"","salt":1}',
     b'{"format":"tongban-receipt/1","leaf":"","proof":"","keys":"a"}',
     b" " * (BYTES_MOST + 1)],
)  # fmt: skip
def test_a_file_that_is_no_receipt_is_said_to_be_none(content):
    with pytest.raises(ReceiptError) as refused:
        parse_receipt(content)
    assert refused.value.step == "format"


@pytest.mark.parametrize(
    "text",
    ["", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex x\n\n",
     "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx", "c2sp.org/tlog-proof@v1\nindex 1\n!\n\nx",
     "c2sp.org/tlog-proof@v1\nindex 1\n" + "A" * 43 + "=\n" * 64 + "\n\nx"],
)  # fmt: skip
def test_a_text_that_is_no_proof_is_said_to_be_none(text):
    with pytest.raises(ReceiptError) as refused:
        parse_proof(text)
    assert refused.value.step == "proof"


def test_extra_data_of_a_proof_is_passed_over(db):
    log_of(3)
    document = receipt(1)
    document["proof"] = str(document["proof"]).replace("\nindex", "\nextra YWJj\nindex", 1)
    assert check_receipt(document, keys=keys()).index == 1


@pytest.fixture
def receipt_7(db):
    log_of(30)
    return as_file(receipt(7)), keys()


@how(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_flipped_bit_in_a_receipt_is_refused_or_changes_nothing(receipt_7, data):
    content, trusted = receipt_7
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        checked = check_receipt(parse_receipt(bytes(flipped)), keys=trusted)
    except ReceiptError:
        return
    # Only what the receipt says beside its proof (the keys it names) may differ.
    whole = check_receipt(parse_receipt(content), keys=trusted)
    assert checked.leaf == whole.leaf
    assert checked.checkpoint == whole.checkpoint
    assert checked.payload in (whole.payload, None)


# Against a checkpoint from elsewhere


def test_a_checkpoint_from_elsewhere_must_tell_of_the_same_log(db):
    log_of(30)
    document, same = receipt(4), latest_published().note
    assert check_receipt(document, keys=keys(), checkpoint=same).index == 4
    write(70)
    integrate()
    later = latest_published().note
    assert failed_step(document, keys=keys(), checkpoint=later) == "checkpoint"
    proof = consistency_of(30, 100)
    assert check_receipt(document, keys=keys(), checkpoint=later, consistency=proof).index == 4
    assert failed_step(document, keys=keys(), checkpoint=later, consistency=proof[1:]) == (
        "checkpoint"
    )


def other_face(size: int) -> str:
    """The same log, signed with its own key, with another history."""
    from tongban.ledger.keys import signers

    return sign_note(
        checkpoint_text(settings.TONGBAN_LEDGER_ORIGIN, size, b"\7" * 32), signers()[:1]
    )


def test_two_faces_of_one_log_are_told(db):
    log_of(30)
    assert failed_step(receipt(4), keys=keys(), checkpoint=other_face(30)) == "checkpoint"


def test_the_witness_that_signed_is_named_with_its_time(db):
    log_of(30)
    witness = CosignatureSigner("w.example/1", new_secret(), lambda: 1_700_000_000)
    latest = Checkpoint.objects.get(size=30)
    line = split_note(sign_note(latest.note.partition("\n\n")[0] + "\n", [witness]))[1][0].line
    Cosignature.objects.create(
        checkpoint=latest, witness=witness.name, key_id=witness.key_id.hex(), line=line, at=AT
    )
    checked = check_receipt(receipt(4), keys=[*keys(), witness.verifier()])
    assert [(one.name, one.at) for one in checked.signatures if one.at] == [
        ("w.example/1", datetime.fromtimestamp(1_700_000_000, UTC))
    ]
    # A witness alone vouches for no log.
    assert failed_step(receipt(4) | {"keys": []}, keys=[witness.verifier()]) == "signature"


# The command


WITHOUT_DJANGO = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("django", "sqlite3", "psycopg"):
            raise ImportError("offline: no " + name)
sys.meta_path.insert(0, Refuse())
from tongban.web.cli import main
main()
"""


def offline(*words: str, home) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_DJANGO, *words],
        capture_output=True, text=True, timeout=60, cwd=home, env={"PATH": "/usr/bin"},
    )  # fmt: skip


def test_the_command_needs_neither_django_nor_a_database(db, tmp_path):
    log_of(30)
    file, checkpoint = tmp_path / "receipt.json", tmp_path / "checkpoint"
    file.write_bytes(as_file(receipt(4)))
    checkpoint.write_text(latest_published().note)
    key = vkeys()[0]
    done = offline(
        "verify-receipt", str(file), "--checkpoint", str(checkpoint), "--key", key, home=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok: entry 4 of ")
    said = json.loads(
        offline("verify-receipt", str(file), "--key", key, "--json", home=tmp_path).stdout
    )
    assert (said["ok"], said["trusted"], said["entry"], said["size"]) == (True, True, 4, 30)
    assert set(tmp_path.iterdir()) == {file, checkpoint}, "checking a receipt leaves nothing"
    unsure = offline("verify-receipt", str(file), home=tmp_path)
    assert unsure.returncode == 0
    assert "taken from the receipt itself" in unsure.stderr


def test_the_command_refuses_and_says_at_which_step(db, tmp_path):
    log_of(30)
    file = tmp_path / "receipt.json"
    file.write_bytes(as_file(receipt(4)).replace(b"police-clerk", b"police-chief"))
    done = offline("verify-receipt", str(file), home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("NOT ok (opening)")
    said = offline("verify-receipt", str(file), "--json", home=tmp_path)
    assert json.loads(said.stdout)["step"] == "opening"
    assert said.returncode == 1
    checkpoint = tmp_path / "other"
    checkpoint.write_text(other_face(30))
    file.write_bytes(as_file(receipt(4)))
    done = offline("verify-receipt", str(file), "--checkpoint", str(checkpoint), home=tmp_path)
    assert (done.returncode, done.stderr.startswith("NOT ok (checkpoint)")) == (1, True)
    assert offline("verify-receipt", str(tmp_path / "none"), home=tmp_path).returncode == 2


def test_a_policy_says_how_many_witnesses_are_enough(db, tmp_path):
    log_of(30)
    file, policy = tmp_path / "receipt.json", tmp_path / "policy"
    file.write_bytes(as_file(receipt(4)))
    witness = CosignatureSigner("w.example/1", new_secret(), lambda: 1).verifier()
    policy.write_text(f"log {vkeys()[0]}\nwitness w1 {witness.vkey}\nquorum w1\n")
    done = offline("verify-receipt", str(file), "--policy", str(policy), home=tmp_path)
    assert (done.returncode, "witnesses" in done.stderr) == (1, True)
    policy.write_text(f"log {vkeys()[0]}\nquorum none\n")
    assert (
        offline("verify-receipt", str(file), "--policy", str(policy), home=tmp_path).returncode == 0
    )
    policy.write_text("quorum w2\n")
    done = offline("verify-receipt", str(file), "--policy", str(policy), home=tmp_path)
    assert (done.returncode, "line 1" in done.stderr) == (1, True)


@pytest.mark.parametrize("part", ['"receipts":5', '"receipts":[],"references":5', '"receipts":[5]'])
def test_a_file_of_receipts_that_is_none_is_said_to_be_none(tmp_path, part):
    file = tmp_path / "mine.json"
    file.write_text(f'{{"format":"tongban-receipts/1",{part}}}')
    done = offline("ledger", "monitor", "http://127.0.0.1:9/ledger", str(file), home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "mine.json" in done.stderr
