from __future__ import annotations

import base64

import pytest

from tongban.base.checkpoints import checkpoint_text, parse_checkpoint
from tongban.base.merkle import EMPTY_ROOT
from tongban.base.note_keys import Ed25519Signer, verifier_of
from tongban.base.notes import NoteError, open_note, sign_note

# The example of golang.org/x/mod/sumdb/note, the format's first implementation.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def signer(name: str = "tongban.example/ledger") -> Ed25519Signer:
    return Ed25519Signer(name, b"\x07" * 32)


def test_a_note_of_another_implementation_opens():
    text, signatures = open_note(NOTE, [verifier_of(PETER)])
    assert text.startswith("If you think cryptography")
    assert [one.name for one in signatures] == ["PeterNeumann"]


def test_a_verifier_key_is_written_as_it_is_read():
    assert verifier_of(PETER).vkey == PETER


@pytest.mark.parametrize(
    "vkey", ["", "a+b", "a+00000000+AAAA", PETER.replace("c74f", "c74e"), PETER[:-4]]
)
def test_a_broken_verifier_key_is_refused(vkey):
    with pytest.raises(NoteError):
        verifier_of(vkey)


def test_signing_and_opening_round_trips():
    key = signer()
    note = sign_note("text\n", [key])
    text, (signature,) = open_note(note, [key.verifier()])
    assert (text, signature.name) == ("text\n", "tongban.example/ledger")
    assert signature.key_id == key.key_id


@pytest.mark.parametrize("place", [0, 3, 40, 60, -3])
def test_a_changed_note_is_refused(place):
    key = signer()
    note = sign_note("some text to sign\n", [key])
    changed = list(note)
    changed[place] = "A" if changed[place] != "A" else "B"
    with pytest.raises(NoteError):
        open_note("".join(changed), [key.verifier()])


def test_a_note_signed_by_strangers_alone_is_refused():
    with pytest.raises(NoteError, match="known key"):
        open_note(sign_note("text\n", [signer()]), [verifier_of(PETER)])


@pytest.mark.parametrize("text", ["no newline", "tab\there\n"])
def test_an_unfit_text_is_not_signed(text):
    with pytest.raises(NoteError):
        sign_note(text, [signer()])


@pytest.mark.parametrize("name", ["", "with space", "with+plus"])
def test_an_unfit_key_name_is_refused(name):
    with pytest.raises(NoteError):
        signer(name)


def test_a_checkpoint_reads_as_the_specification_writes_it():
    # c2sp.org/tlog-checkpoint, "Note text"
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    found = parse_checkpoint(text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint_text(found.origin, found.size, found.root) == text


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n01\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n-1\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n1\nAAAA\n",
        "origin\n1\n***\n",
        "\n1\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(NoteError):
        parse_checkpoint(text)


def test_a_doubled_signature_counts_once():
    note = sign_note("text\n", [signer()])
    doubled = note + note.rpartition("\n\n")[2]
    (signature,) = open_note(doubled, [signer().verifier()])[1]
    assert signature.name == "tongban.example/ledger"


@pytest.mark.parametrize("root", ["根", "\ud800", "AAAA", "A"])
def test_a_checkpoint_with_a_bad_root_is_refused(root):
    with pytest.raises(NoteError):
        parse_checkpoint(f"tongban.example\n1\n{root}\n")


def test_half_a_character_is_refused():
    with pytest.raises(NoteError):
        sign_note("\ud800\n", [signer()])
    with pytest.raises(NoteError):
        open_note("\ud800\n\n— a AAAA\n", [signer().verifier()])
