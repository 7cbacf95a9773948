"""Signature types by published vectors; a new key, the overlap, the end of the old one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.conftest import AT
from tests.ledger.building import log_of, started, vkeys, write
from tongban.base.checkpoints import checkpoint_text
from tongban.base.note_keys import (
    LOG_SIGNERS,
    WITNESS_SIGNERS,
    CosignatureVerifier,
    Sm2Verifier,
    cosigned_at,
    new_secret,
    verifier_of,
)
from tongban.base.notes import NoteError, open_note, sign_note, split_note
from tongban.ledger.integrating import integrate, what_stops_the_ledger
from tongban.ledger.key_acts import OVERLAP, KeyRefused, announce_key, retire_key
from tongban.ledger.keys import FILE_NAME, KeyMissing, verifiers
from tongban.ledger.models import Checkpoint, LogKey
from tongban.ledger.verification import verify_log

TEXT = checkpoint_text("example.com/log", 7, b"\x05" * 32)


def test_an_sm2_signature_of_the_standard_holds():
    # GM/T 0003.5-2012 annex A: the signature example on the recommended curve.
    public = bytes.fromhex(
        "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
    signature = bytes.fromhex(
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    )
    verifier = Sm2Verifier("example.com/sm2", public)
    assert verifier.verify(b"message digest", signature)
    assert not verifier.verify(b"message digesT", signature)
    assert not verifier.verify(b"message digest", signature[:-1] + b"\xab")
    assert not verifier.verify(b"message digest", b"\0" * 64)
    assert not verifier.verify(b"message digest", b"\xff" * 64)
    assert not verifier.verify(b"message digest", signature[:-1])


@pytest.mark.parametrize("kind", LOG_SIGNERS)
def test_what_a_log_key_signs_opens_with_its_vkey_and_nothing_else(kind):
    signer = LOG_SIGNERS[kind]("example.com/log", new_secret())
    other = LOG_SIGNERS[kind]("example.com/log", new_secret())
    note = sign_note(TEXT, [signer])
    text, (signature,) = open_note(note, [verifier_of(signer.verifier().vkey)])
    assert (text, signature.key_id) == (TEXT, signer.key_id)
    with pytest.raises(NoteError):
        open_note(note, [other.verifier()])
    with pytest.raises(NoteError):
        open_note(note.replace("\n7\n", "\n8\n"), [signer.verifier()])


def test_both_signature_types_stand_in_one_note():
    signers = [kind("example.com/log", new_secret()) for kind in LOG_SIGNERS.values()]
    note = sign_note(TEXT, signers)
    for signer in signers:
        assert open_note(note, [signer.verifier()])[1][0].key_id == signer.key_id
    assert len(open_note(note, [one.verifier() for one in signers])[1]) == 2


@pytest.mark.parametrize("kind", WITNESS_SIGNERS)
def test_a_witness_signs_with_a_time_that_is_part_of_what_it_signs(kind):
    signer = WITNESS_SIGNERS[kind]("witness.example/w1", new_secret(), lambda: 1_679_315_147)
    note = sign_note(TEXT, [signer])
    _text, (signature,) = open_note(note, [verifier_of(signer.verifier().vkey)])
    assert cosigned_at(signature.data) == 1_679_315_147
    later = (1_679_315_148).to_bytes(8, "big") + signature.data[8:]
    assert not signer.verifier().verify(TEXT.encode(), later)
    assert not signer.verifier().verify(TEXT.encode(), b"\0" * 8 + signature.data[8:])
    assert not signer.verifier().verify(TEXT.encode(), signature.data[:5])


def test_the_cosigned_message_is_that_of_the_specification():
    # C2SP tlog-cosignature: the header and time lines before the whole body of the checkpoint.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    message = b"cosignature/v1\ntime 1679315147\n" + body.encode()
    signature = (1_679_315_147).to_bytes(8, "big") + key.sign(message)
    verifier = CosignatureVerifier("witness.example/w1", key.public_key().public_bytes_raw())
    assert verifier.verify(body.encode(), signature)


@pytest.mark.parametrize(
    "vkey",
    [
        "", "a", "a+b+c", "example.com/foo+530d903a+", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l",
        "example.com/foo+530d903a+CekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "exa mple+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)  # fmt: skip
def test_what_is_no_verifier_key_is_refused(vkey):
    with pytest.raises(NoteError):
        verifier_of(vkey)


def test_the_example_of_the_signed_note_specification_opens():
    key = verifier_of("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = (
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2O"
        "NncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert open_note(note, [key])[0] == "This is an example message.\n"


# The keys of our log


def signatures_of_latest() -> set[str]:
    latest = Checkpoint.objects.order_by("-size").first()
    return {one.key_id.hex() for one in split_note(latest.note)[1]}


def ids() -> list[str]:
    return [vkey.split("+")[1] for vkey in vkeys()]


def test_the_first_entry_of_a_log_announces_its_key(db, client):
    started()
    (key,) = client.get("/ledger/keys").json()["keys"]
    assert key["announced"]["entry"] == 0
    assert json.loads(key["announced"]["payload"])["vkey"] == key["vkey"] == vkeys()[0]
    assert signatures_of_latest() == set(ids())


@pytest.mark.parametrize("kind", ["ed25519", "sm2"])
def test_a_new_key_is_announced_in_the_log_and_both_sign(db, kind):
    log_of(3)
    announce_key(kind, at=AT)
    integrate(at=AT)
    assert len(ids()) == 2
    assert signatures_of_latest() == set(ids())
    assert verify_log().ok


def test_after_the_overlap_the_old_key_ends_and_the_log_goes_on(db):
    log_of(3)
    announce_key("ed25519", at=AT)
    integrate(at=AT)
    old, new = ids()
    with pytest.raises(KeyRefused, match="both keys sign until"):
        retire_key(old, reason="yearly change", at=AT + OVERLAP - timedelta(seconds=1))
    retire_key(old, reason="yearly change", at=AT + OVERLAP)
    write(1)
    integrate(at=AT)
    assert signatures_of_latest() == {new}
    assert verify_log().ok


def test_a_stolen_key_ends_at_once(db):
    log_of(3)
    announce_key("ed25519", at=AT)
    old, _new = ids()
    assert retire_key(old, reason="stolen", at=AT, now=True).retired_at == AT


def test_a_log_never_loses_its_last_ed25519_key(db):
    log_of(3)
    announce_key("sm2", at=AT)
    with pytest.raises(KeyRefused, match="Ed25519"):
        retire_key(ids()[0], reason="x", at=AT + OVERLAP, now=True)
    with pytest.raises(KeyRefused, match="no key"):
        retire_key("00000000", reason="x", at=AT)


def test_without_its_secret_the_log_does_not_go_on(db, settings, tmp_path):
    settings.TONGBAN_KEYS = tmp_path
    log_of(3)
    (tmp_path / FILE_NAME).unlink()
    write(1)
    with pytest.raises((KeyMissing, NoteError)):
        integrate(at=AT)
    assert what_stops_the_ledger()
    assert Checkpoint.objects.count() == 2
    (tmp_path / "ledger-published.txt").unlink()
    assert "bring the file back" in what_stops_the_ledger()
    verdict = verify_log()
    assert not verdict.ok


def test_the_key_of_before_is_taken_over(settings, tmp_path):
    from cryptography.hazmat.primitives import serialization as how
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    settings.TONGBAN_KEYS = tmp_path
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(how.Encoding.PEM, how.PrivateFormat.PKCS8, how.NoEncryption())
    (tmp_path / "ledger-ed25519.pem").write_bytes(pem)
    (verifier,) = verifiers()
    assert verifier.vkey.endswith("+" + key_part(key.public_key().public_bytes_raw()))


def key_part(raw: bytes) -> str:
    import base64

    return base64.b64encode(b"\x01" + raw).decode()


def test_a_key_that_ends_without_an_entry_is_refused_by_the_database(db):
    from django.db import IntegrityError

    started()
    with pytest.raises(IntegrityError):
        LogKey.objects.update(retired_at=AT)
