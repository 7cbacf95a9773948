"""`docs/verify_log.py` on whole logs: known answers of the specifications, honest logs, spoilt ones."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.plain_log import (
    KEYS,
    LOG,
    REFUSED,
    ROOT,
    b64,
    entry,
    fetch_from,
    flip,
    mth,
    served,
    signed,
    tile_name,
    verifier,
)

VECTORS = ROOT / "tests" / "base" / "data" / "merkle_inclusion.json"

# Known answers.

LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
# Roots over the first 0 … 8 of them: tests of the certificate-transparency reference code.
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_reference_vectors(size: int) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]
    assert verifier.tree_hash([verifier.leaf_hash(leaf) for leaf in leaves]).hex() == ROOTS[size]
    assert mth(leaves).hex() == ROOTS[size]  # and this file's own log is built right


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text()), ids=lambda v: v["desc"])
def test_inclusion_vectors_good_and_bad(vector: dict[str, Any]) -> None:
    """transparency-dev/merkle's vectors; provenance in tests/base/data."""

    def leads_to_the_root() -> bool:
        path = [base64.b64decode(one) for one in vector["proof"] or []]
        leaf, index, size = (vector[name] for name in ("leafHash", "leafIdx", "treeSize"))
        try:
            root = verifier.root_from_path(base64.b64decode(leaf), index, size, path)
        except verifier.Refused:
            return False
        return bool(b64(root) == vector["root"])

    assert leads_to_the_root() is not vector["wantErr"]


NOTE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()  # both from c2sp.org/signed-note


def test_the_example_of_the_signed_note_specification() -> None:
    keys = verifier.read_keys([NOTE_KEY])
    assert verifier.open_note(NOTE, keys) == ("This is an example message.\n", {"example.com/foo"})


def test_the_last_blank_line_ends_the_text_of_a_note() -> None:
    text = "before\n\n— not.a.signature AAAAAAAA\n\nafter\n"
    assert verifier.open_note(signed(text, LOG), KEYS) == (text, {LOG.name})


def test_every_bit_flip_of_the_signed_note_example_is_refused() -> None:
    keys = verifier.read_keys([NOTE_KEY])
    for bit in range(8 * len(NOTE)):
        with pytest.raises(REFUSED):
            verifier.open_note(flip(NOTE, bit), keys)


@pytest.mark.parametrize(
    ("kind", "n", "width", "path"),
    [
        (0, 1234067, 256, "tile/0/x001/x234/067"),  # the example of tlog-tiles
        (0, 1234067, 8, "tile/0/x001/x234/067.p/8"),
        ("entries", 0, 1, "tile/entries/000.p/1"),
        (1, 999, 256, "tile/1/999"),
        (1, 1000, 255, "tile/1/x001/000.p/255"),
        (0, 1000000, 256, "tile/0/x001/x000/000"),
        (0, 10**9 + 5, 256, "tile/0/x001/x000/x000/005"),
    ],
)
def test_paths_of_tiles(kind: int | str, n: int, width: int, path: str) -> None:
    assert verifier.tile_path(kind, n, width) == path
    assert tile_name(str(kind), n, width) == path


def test_seventy_thousand_entries_are_read_from_the_tiles_that_tlog_tiles_lists() -> None:
    asked: list[str] = []
    assert verifier.verify_log(fetch_from(served(70_000), asked), KEYS).size == 70_000
    full = [tile_name("0", n, 256) for n in range(273)]
    others = ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    tiles = [path for path in asked if path != "checkpoint" and "entries" not in path]
    assert tiles == [*full, *others]
    bundles = [path for path in asked if "entries" in path]
    assert bundles == [path.replace("tile/0", "tile/entries") for path in tiles[:274]]
    assert sorted(asked) == sorted(served(70_000))  # nothing twice, nothing left unread


def test_a_tree_of_256_has_a_full_tile_and_a_partial_one_above() -> None:
    asked: list[str] = []
    verifier.verify_log(fetch_from(served(256), asked), KEYS)
    assert asked == ["checkpoint", "tile/entries/000", "tile/0/000", "tile/1/000.p/1"]


# The whole log.


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 600, 65536, 65537])
def test_an_honest_log_is_accepted(size: int) -> None:
    checkpoint = verifier.verify_log(fetch_from(served(size)), KEYS)
    assert checkpoint == (LOG.name, size, mth([entry(i) for i in range(size)]))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_every_bit_flip_of_a_small_log_is_refused(size: int) -> None:
    files = served(size)
    for path, data in files.items():
        for bit in range(8 * len(data)):
            with pytest.raises(REFUSED):
                verifier.verify_log(fetch_from({**files, path: flip(data, bit)}), KEYS)


@given(st.sampled_from([2, 255, 256, 257, 600]), st.data())
def test_any_bit_flip_of_any_served_file_is_refused(size: int, data: st.DataObject) -> None:
    """The checkpoint here bears the one signature by the key that we know, and no other.

    In a checkpoint with more signatures the lines of unknown keys must be ignored
    (signed-note): see the tests of cosignatures below.
    """
    files = served(size)
    path = data.draw(st.sampled_from(sorted(files)))
    bit = data.draw(st.integers(0, 8 * len(files[path]) - 1))
    with pytest.raises(REFUSED):
        verifier.verify_log(fetch_from({**files, path: flip(files[path], bit)}), KEYS)


@pytest.mark.parametrize("path", ["tile/entries/255", "tile/0/000", "tile/1/000", "tile/2/000.p/1"])
def test_a_bit_flip_in_a_tall_log_is_refused(path: str) -> None:
    files = served(65537)
    with pytest.raises(verifier.Refused):
        verifier.verify_log(fetch_from({**files, path: flip(files[path], 77)}), KEYS)


@given(st.sampled_from([2, 256, 257, 600]), st.data())
def test_a_file_cut_short_or_longer_is_refused(size: int, data: st.DataObject) -> None:
    files = served(size)
    path = data.draw(st.sampled_from(sorted(files)))
    keep = data.draw(st.integers(0, len(files[path]) - 1))
    more = data.draw(st.binary(min_size=1))
    for changed in (files[path][:keep], files[path] + more):
        with pytest.raises(REFUSED):
            verifier.verify_log(fetch_from({**files, path: changed}), KEYS)


def test_each_missing_file_is_noticed() -> None:
    for path in served(600):
        files = {name: data for name, data in served(600).items() if name != path}
        with pytest.raises(FileNotFoundError, match=path):
            verifier.verify_log(fetch_from(files), KEYS)


def test_the_first_entry_that_does_not_fit_is_named() -> None:
    files = served(600)
    bundle = files["tile/entries/001"]
    last = len(bundle) * 8 - 1
    changed = {**files, "tile/entries/001": flip(bundle, last)}
    with pytest.raises(verifier.Refused, match=r"^entry 511 doesn't fit tile/0/001$"):
        verifier.verify_log(fetch_from(changed), KEYS)
    changed = {**files, "tile/1/000.p/2": flip(files["tile/1/000.p/2"], 256)}
    with pytest.raises(verifier.Refused, match=r"^tile 1 of level 0 doesn't fit tile/1/000.p/2$"):
        verifier.verify_log(fetch_from(changed), KEYS)


def test_entries_and_tiles_changed_together_are_betrayed_by_the_root() -> None:
    """Whoever rewrites all files but can't sign."""
    files = {**served(3), "checkpoint": served(2)["checkpoint"]}
    files["tile/entries/000.p/2"] = b"\x00\x01x\x00\x01y"
    files["tile/0/000.p/2"] = mth([b"x"]) + mth([b"y"])
    with pytest.raises(verifier.Refused, match="not the signed root"):
        verifier.verify_log(fetch_from(files), KEYS)
