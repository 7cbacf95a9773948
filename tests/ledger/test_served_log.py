"""What the site serves is a C2SP tlog-tiles log: by its own examples, and by a verifier of others."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.building import Served, changed, log_of, plain_verifier, vkeys, write
from tongban.ledger import tiles
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Checkpoint
from tongban.ledger.selectors import leaf_of, proof_of

verifier = plain_verifier()
REFUSED = (ValueError, RecursionError)


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        # C2SP tlog-tiles: «index 1234067 will be encoded as x001/x234/067».
        (1_234_067, 256, "x001/x234/067"),
        (0, 256, "000"),
        (0, 1, "000.p/1"),
        (999, 255, "999.p/255"),
        (1_000, 256, "x001/000"),
        (1_000_000, 7, "x001/x000/000.p/7"),
    ],
)
def test_paths_are_those_of_the_specification(index, width, path):
    assert tiles.path_of(index, width) == path
    assert tiles.parse_path(path) == (index, width)


@pytest.mark.parametrize(
    "path",
    ["", "0", "00", "0000", "x000/000", "x001/x000", "001/000", "000.p/0", "000.p/01", "000.p/256",
     "000.p/300", "-01", "x01/000", "000/", "000.p", "０００"],
)  # fmt: skip
def test_a_tile_has_one_way_to_be_written(path):
    with pytest.raises(ValueError, match=r"path|way"):
        tiles.parse_path(path)


def test_widths_are_those_of_the_specification_for_70000_entries():
    # «273 full level 0 tiles, one partial of width 112, one full level 1 tile, one partial of
    # width 17, and one partial level 2 tile of width 1».
    widths = {
        (level, index): tiles.width_of(level, index, 70_000)
        for level, index in ((0, 272), (0, 273), (0, 274), (1, 0), (1, 1), (2, 0), (2, 1), (3, 0))
    }
    assert widths == {
        (0, 272): 256, (0, 273): 112, (0, 274): 0, (1, 0): 256, (1, 1): 17, (2, 0): 1, (2, 1): 0,
        (3, 0): 0,
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_a_verifier_of_others_accepts_all_that_is_served(db, size):
    log_of(size)
    served = Served()
    checkpoint = verifier.verify_log(served.get, verifier.read_keys(vkeys()))
    assert checkpoint.size == size
    assert checkpoint.root == bytes(Checkpoint.objects.get(size=size).root)
    paths = {path.split("/")[1] for path in served.files if path.startswith("tile/")}
    assert paths == {"entries", "0"} | ({"1"} if size >= 256 else set())


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_one_flipped_bit_anywhere_in_what_is_served_is_refused(served_600, data):
    served, keys = served_600
    path = data.draw(st.sampled_from(sorted(served.files)))
    content = bytearray(served.files[path])
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    with changed(served.files, path, bytes(content)), pytest.raises(REFUSED):
        verifier.verify_log(served.files.__getitem__, keys)


@pytest.fixture
def served_600(db):
    log_of(600)
    served = Served()
    keys = verifier.read_keys(vkeys())
    verifier.verify_log(served.get, keys)
    return served, keys


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_one_flipped_bit_in_a_proof_or_its_leaf_is_refused(served_600, data):
    _served, keys = served_600
    seq = data.draw(st.integers(0, 599))
    parts = [proof_of(seq).as_text().encode(), leaf_of(seq).encode()]
    verifier.verify_proof(*parts, keys)
    which = data.draw(st.integers(0, 1))
    content = bytearray(parts[which])
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    parts[which] = bytes(content)
    with pytest.raises(REFUSED):
        verifier.verify_proof(*parts, keys)


def test_tiles_and_bundles_may_be_kept_for_ever_and_the_checkpoint_not(db, client):
    log_of(300)
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"):
        answer = client.get(f"/ledger/{path}")
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "application/octet-stream"
    assert client.get("/ledger/checkpoint").headers["Cache-Control"] == "no-cache"


def test_bundles_are_zipped_for_who_takes_them_so(db, client):
    log_of(300)
    plain = client.get("/ledger/tile/entries/000")
    zipped = client.get("/ledger/tile/entries/000", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert gzip.decompress(zipped.content) == plain.content
    assert len(zipped.content) * 2 < len(plain.content)


def test_a_partial_tile_of_every_size_that_was_signed_stays(db, client):
    log_of(10)
    kept = client.get("/ledger/tile/0/000.p/10").content
    write(300)
    integrate()
    assert client.get("/ledger/tile/0/000.p/10").content == kept
    assert client.get("/ledger/tile/0/000").content[:320] == kept


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000",  # not yet full
        "tile/0/000.p/11",  # beyond the log
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/64/000",
        "tile/00/000",
        "tile/entries/000",
        "tile/entries/x000/000.p/1",
        "tile/0/000.p/0",
        "tile/63/x999/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_what_is_not_in_the_log_is_not_found(db, client, path):
    log_of(10)
    assert client.get(f"/ledger/{path}").status_code == 404


def test_nothing_is_shown_before_it_is_published(db, client):
    log_of(10)
    Checkpoint.objects.filter(size=10).update(published_at=None)
    assert client.get("/ledger/tile/entries/000.p/10").status_code == 404
    assert client.get("/ledger/tile/0/000.p/10").status_code == 404
    assert client.get("/ledger/tile/0/000.p/1").status_code == 200
    assert client.get("/ledger/checkpoint").content.split(b"\n")[1] == b"1"


def test_a_tile_takes_two_queries_and_a_proof_four(db, django_assert_num_queries):
    from tongban.ledger import selectors

    log_of(600)
    with django_assert_num_queries(2):
        selectors.tile(0, 1, 256)
    with django_assert_num_queries(2):
        selectors.bundle(1, 256)
    with django_assert_num_queries(4):
        selectors.proof_of(300)
