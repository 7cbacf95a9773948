"""`docs/verify_log.py` on checkpoints, their signatures and keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.plain_log import (
    KEYS,
    LOG,
    REFUSED,
    b64,
    checkpoint_text,
    entry,
    flip,
    mth,
    sha256,
    signed,
    signer,
    verifier,
)

TEXT = checkpoint_text(2, mth([entry(0), entry(1)]))


def refused_checkpoint(note: bytes, keys: Any = KEYS, match: str | None = None) -> None:
    with pytest.raises(REFUSED, match=match):
        verifier.read_checkpoint(note, keys)


def test_other_signatures_are_ignored() -> None:
    """Same name with another key, same key with another name, a witness's timestamped line."""
    others = [signer(2), signer(1, "witness.example/w"), signer(3, "witness.example/v", kind=4)]
    for note in (signed(TEXT, LOG, *others), signed(TEXT, *others, LOG)):
        assert verifier.read_checkpoint(note, KEYS).size == 2
    refused_checkpoint(signed(TEXT, *others), match="not signed by any key")


def test_a_bit_flip_in_an_unknown_cosignature_changes_nothing_or_is_refused() -> None:
    """By signed-note, lines of unknown keys must be ignored: such a flip may pass, and then says
    nothing else than before; one that spoils the form of the line is refused."""
    honest = verifier.read_checkpoint(signed(TEXT, LOG), KEYS)
    note = signed(TEXT, LOG, signer(3, "witness.example/w", kind=4))
    begins = len(signed(TEXT, LOG))
    accepted = 0
    for bit in range(8 * begins, 8 * len(note)):
        try:
            assert verifier.read_checkpoint(flip(note, bit), KEYS) == honest
            accepted += 1
        except REFUSED:
            pass
    assert accepted > 0
    for bit in range(8 * begins):  # while in the text and the known signature none passes
        refused_checkpoint(flip(note, bit))


def test_two_known_keys_of_a_log_that_changes_keys() -> None:
    old, new = LOG, signer(9)
    both = verifier.read_keys([old.vkey, new.vkey])
    for signers in ([old], [new], [old, new]):
        assert verifier.read_checkpoint(signed(TEXT, *signers), both).size == 2
    wrong = new.line(TEXT + "x\n")
    refused_checkpoint(signed(TEXT, old) + wrong.encode(), both, "signature by .* is wrong")


def test_a_key_of_another_name_does_not_speak_for_this_log() -> None:
    friend = signer(5, "friend.example")
    keys = verifier.read_keys([LOG.vkey, friend.vkey])
    refused_checkpoint(signed(TEXT, friend), keys, "not signed by a key of that name")
    assert verifier.read_checkpoint(signed(TEXT, friend, LOG), keys).origin == LOG.name


def test_sixteen_signatures_and_extension_lines_are_read() -> None:
    text = TEXT + "an extension\n"
    others = [signer(i, f"w{i}.example") for i in range(20, 40)]
    assert verifier.read_checkpoint(signed(text, *others, LOG), KEYS).size == 2


ROOT64 = b64(mth([entry(0), entry(1)]))
PADDING_SET = ROOT64[:-2] + chr(ord(ROOT64[-2]) + 1) + "="


@pytest.mark.parametrize(
    "text",
    [
        f"{LOG.name}\n02\n{ROOT64}\n",
        f"{LOG.name}\n+2\n{ROOT64}\n",
        f"{LOG.name}\n 2\n{ROOT64}\n",
        f"{LOG.name}\n２\n{ROOT64}\n",
        f"{LOG.name}\n1２\n{ROOT64}\n",
        f"{LOG.name}\n-2\n{ROOT64}\n",
        f"{LOG.name}\n{'9' * 20}\n{ROOT64}\n",
        f"{LOG.name}\n2\n{PADDING_SET}\n",
        f"{LOG.name}\n2\n{ROOT64[:-1]}\n",
        f"{LOG.name}\n2\n{ROOT64} \n",
        f"{LOG.name}\n2\n{b64(bytes(31))}\n",
        f"{LOG.name}\n2\n{b64(bytes(33))}\n",
        f"{LOG.name}\n2\n",
        f"\n{LOG.name}\n2\n{ROOT64}\n",
        f"{LOG.name}\n2\n{ROOT64}\n\n",
        f"{LOG.name}\n2\n{ROOT64}\nmore\n\nand more\n",
        f"{LOG.name}\n2\r\n{ROOT64}\n",
        f"{LOG.name}\t\n2\n{ROOT64}\n",
        f"{LOG.name}\n2\n{ROOT64}\nan\textension\n",
    ],
)
def test_a_checkpoint_in_another_form_is_refused_though_signed(text: str) -> None:
    refused_checkpoint(signed(text, LOG))


def test_a_note_in_another_form_is_refused() -> None:
    good = signed(TEXT, LOG)
    line = LOG.line(TEXT).encode()
    for bad in (
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        good[:-1],
        good + b"\n",
        good + "— \n".encode(),
        good + "— name\n".encode(),
        good + "— name AAAA\n".encode(),  # three bytes: no room for a key id
        good + "— na+me AAAAAAAA\n".encode(),
        good + "— na\u00a0me AAAAAAAA\n".encode(),
        good.replace("—".encode(), b"-"),
        good.replace(line, line.replace(b" ", b"  ", 1)),
        good.replace(line, line[:-1] + b" \n"),
        good.replace(line, line[:-1] + b"\r\n"),
        good.replace(b"\n", b"\r\n"),
        good[:-1] + b"\x00\n",
        good[:-1] + b"\xff\n",
        b"\xef\xbb\xbf" + good,
        good + line * 10_000,
    ):
        refused_checkpoint(bad)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "ban.example/ledger",
        LOG.vkey.replace("+", " "),
        LOG.vkey.upper(),
        LOG.vkey[:-1],
        LOG.vkey + "=",
        "other" + LOG.vkey,  # the id belongs to another name
        signer(1, kind=4).vkey,
        f"a+{sha256(b'a' + bytes([10, 1]))[:4].hex()}+{b64(bytes([1]))}",
        LOG.vkey + "\n",
    ],
)
def test_a_key_in_another_form_is_refused(vkey: str) -> None:
    with pytest.raises(REFUSED):
        verifier.read_keys([LOG.vkey, vkey])
