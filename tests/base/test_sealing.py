from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from tongban.base.sealing import CIPHERS, KeyRing, SealingError, new_key

MADE = "2026-11-21T00:00:00+00:00"


def ring_of(*algorithms_: str) -> KeyRing:
    return KeyRing([new_key(place, name, MADE) for place, name in enumerate(algorithms_, start=1)])


@pytest.mark.parametrize("algorithm", CIPHERS)
@given(text=st.text(max_size=200), context=st.text(max_size=30))
def test_what_is_sealed_opens_again_in_its_place_alone(algorithm, text, context):
    ring = ring_of(algorithm)
    sealed = ring.seal(text, context)
    assert ring.open(sealed, context) == text
    with pytest.raises(SealingError):
        ring.open(sealed, context + "x")


@pytest.mark.parametrize("algorithm", CIPHERS)
def test_any_changed_character_is_noticed(algorithm):
    ring = ring_of(algorithm)
    sealed = ring.seal("511602188002290018", "person.id_number")
    for place in range(len(sealed)):
        # The last characters of base64 may carry bits that are not part of the text.
        other = "A" if sealed[place] != "A" else "Q"
        forged = sealed[:place] + other + sealed[place + 1 :]
        with pytest.raises(SealingError):
            ring.open(forged, "person.id_number")
    for cut in ("", "k1", "k1.", sealed[:20], sealed[:-1], "k9" + sealed[2:], "身份证"):
        with pytest.raises(SealingError):
            ring.open(cut, "person.id_number")


def test_sm4_is_the_block_cipher_of_the_standard():
    # GB/T 32907-2016 annex A, example 1
    key = plain = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert encryptor.update(plain).hex() == "681edf34d206965e86b3e94f536e4246"


def test_the_same_text_is_never_sealed_alike():
    ring = ring_of("aes-256-gcm")
    assert len({ring.seal("x", "c") for _ in range(100)}) == 100


def test_a_new_key_seals_and_the_old_one_still_opens_and_finds():
    ring = ring_of("aes-256-gcm")
    sealed, index = ring.seal("x", "c"), ring.blind("x", "c")
    both = ring.with_new_key("sm4-gcm", MADE)
    assert both.open(sealed, "c") == "x"
    assert not both.is_current(sealed)
    assert both.blinds("x", "c") == [both.blind("x", "c"), index]
    retired = both.without(["k1"])
    assert retired.open(sealed, "c") == "x"
    assert index not in retired.blinds("x", "c")
    with pytest.raises(SealingError):
        both.without(["k1", "k2"])


def test_a_blind_index_tells_equal_from_unequal_and_is_bound_to_its_place():
    ring = ring_of("aes-256-gcm")
    assert ring.blind("x", "c") == ring.blind("x", "c")
    assert len({ring.blind(value, place) for value in "xy" for place in "cd"}) == 4
    assert ring_of("aes-256-gcm").blind("x", "c") != ring.blind("x", "c")


def test_a_key_file_is_read_as_it_was_written():
    ring = ring_of("aes-256-gcm", "sm4-gcm").without(["k1"])
    assert KeyRing.from_bytes(ring.as_bytes()).keys == ring.keys
    for broken in (b"", b"{}", b'{"keys": []}', b'{"keys": [{"id": "k1"}]}'):
        with pytest.raises(SealingError):
            KeyRing.from_bytes(broken)
