"""`docs/verify_log.py` on one entry: proofs and receipts; and as a script."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.plain_log import (
    KEYS,
    LOG,
    REFUSED,
    SCRIPT,
    audit_path,
    b64,
    checkpoint_text,
    entry,
    flip,
    mth,
    proof_file,
    served,
    signed,
    signer,
    verifier,
)

# One entry.


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 257])
def test_the_proof_of_every_entry_is_accepted_for_that_entry_alone(size: int) -> None:
    for index in range(0, size, 1 + size // 20):
        proof = proof_file(index, size)
        found, checkpoint = verifier.verify_proof(proof, entry(index), KEYS)
        assert (found, checkpoint.size) == (index, size)
        with pytest.raises(verifier.Refused, match="does not lead"):
            verifier.verify_proof(proof, entry(index) + b"x", KEYS)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (2, 3), (5, 7)])
def test_every_bit_flip_of_a_proof_file_is_refused(index: int, size: int) -> None:
    proof = proof_file(index, size)
    for bit in range(8 * len(proof)):
        with pytest.raises(REFUSED):
            verifier.verify_proof(flip(proof, bit), entry(index), KEYS)


@given(st.sampled_from([256, 257, 600]), st.data())
def test_any_bit_flip_of_a_long_proof_or_its_leaf_is_refused(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(1, size - 1).filter(lambda i: entry(i) != b""))
    proof, leaf = proof_file(index, size), entry(index)
    bit = data.draw(st.integers(0, 8 * len(proof) - 1))
    with pytest.raises(REFUSED):
        verifier.verify_proof(flip(proof, bit), leaf, KEYS)
    bit = data.draw(st.integers(0, 8 * len(leaf) - 1))
    with pytest.raises(verifier.Refused):
        verifier.verify_proof(proof, flip(leaf, bit), KEYS)


def test_extra_data_may_stand_in_a_proof_and_is_not_part_of_what_is_proved() -> None:
    """tlog-proof: not authenticated, so a flip within it may pass; no other may."""
    proof = proof_file(5, 7, extra=b"context")
    honest = verifier.verify_proof(proof, entry(5), KEYS)
    start = proof.index(b"extra ") + len(b"extra ")
    for bit in range(8 * len(proof)):
        changed = flip(proof, bit)
        if start <= bit // 8 < proof.index(b"\n", start):
            with suppress(REFUSED):
                assert verifier.verify_proof(changed, entry(5), KEYS) == honest
        else:
            with pytest.raises(REFUSED):
                verifier.verify_proof(changed, entry(5), KEYS)


def test_a_proof_in_another_form_is_refused() -> None:
    good = proof_file(5, 7)
    hashes = good.split(b"\n")[2]
    for bad in (
        b"",
        good.replace(b"@v1", b"@v2"),
        b"\n" + good,
        good.replace(b"index 5", b"index 05"),
        good.replace(b"index 5", b"index 5 "),
        good.replace(b"index 5", b"index -2"),
        good.replace(b"index 5", b"index 7"),
        good.replace(b"index 5", b"extra !\nindex 5"),
        good.replace(b"index 5", b"index 5\nextra AAAA"),
        good.replace(b"index 5\n", b""),
        good.replace(hashes + b"\n", b""),
        good.replace(hashes, hashes + b"\n" + hashes),
        good.replace(hashes, b""),
        good.replace(hashes, hashes + b"\r"),
        good.replace(hashes, b64(bytes(31)).encode()),
        good.replace(b"\n\n", b"\n", 1),
        good.replace(b"\n\n", b"\n\n\n", 1),
        good + b" " * 1_000_000,
        proof_file(5, 7, extra=bytes(750_000)),
    ):
        with pytest.raises(REFUSED):
            verifier.verify_proof(bad, entry(5), KEYS)


# A receipt.

SALT = bytes(range(32))
PAYLOAD = '{"name":"张伟 \\u001f","reason":"材料齐全"}'


def make_leaf(**changes: Any) -> str:
    commitment = hashlib.sha256(SALT + PAYLOAD.encode()).hexdigest()
    return json.dumps({"act": "case.accepted", "commitment": commitment, **changes})


def make_receipt(leaf: str | None = None, **changes: Any) -> bytes:
    """A receipt of the third of four entries."""
    leaf = make_leaf() if leaf is None else leaf
    entries = [b"a", b"b", leaf.encode(), b"d"]
    path = "".join(b64(one) + "\n" for one in audit_path(2, entries))
    note = signed(checkpoint_text(4, mth(entries)), LOG).decode()
    proof = f"c2sp.org/tlog-proof@v1\nindex 2\n{path}\n{note}"
    fields = {"leaf": leaf, "salt": SALT.hex(), "payload": PAYLOAD, "proof": proof}
    return json.dumps({**fields, **changes}, ensure_ascii=False).encode()


def test_a_receipt_shows_the_entry_and_what_it_commits_to() -> None:
    index, checkpoint, erased = verifier.verify_receipt(make_receipt(), KEYS)
    assert (index, checkpoint.size, erased) == (2, 4, [])


@pytest.mark.parametrize("names", [["salt"], ["payload"], ["salt", "payload"]])
def test_what_was_erased_is_said(names: list[str]) -> None:
    receipt = make_receipt(**dict.fromkeys(names))
    assert verifier.verify_receipt(receipt, KEYS)[2] == names


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": PAYLOAD + " "},
        {"payload": PAYLOAD.replace("张", "章")},
        {"payload": ""},
        {"payload": "[]", "salt": None},
        {"salt": (bytes([1]) + SALT[1:]).hex()},
        {"salt": SALT.hex().upper()},
        {"salt": " " + SALT.hex()},
        {"salt": ""},
        {"salt": SALT[:15].hex(), "payload": None},
        {"salt": (SALT + b"{").hex(), "payload": PAYLOAD[1:]},  # the border moved
        {"salt": 0},
        {"leaf": None},
        {"proof": None},
        {"leaf": make_leaf(act="case.refused")},
        {"proof": proof_file(2, 3).decode()},
        {"note": "decided in my favour"},
        {"leaf": "\ud800"},
    ],
)
def test_a_receipt_that_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(make_receipt()), **changes})
    with pytest.raises(REFUSED):
        verifier.verify_receipt(text.encode(), KEYS)


@pytest.mark.parametrize(
    "leaf",
    [
        make_leaf(commitment=None),
        make_leaf(commitment=int("1" * 64)),
        make_leaf(commitment="A" * 64),
        make_leaf()[:-1] + f', "commitment": "{"0" * 64}"}}',
        "[]",
        "no JSON",
        "{}",
    ],
)
@pytest.mark.parametrize("erased", [{}, {"salt": None, "payload": None}])
def test_an_entry_without_one_clear_commitment_is_no_receipt(
    leaf: str, erased: dict[str, None]
) -> None:
    with pytest.raises(REFUSED):
        verifier.verify_receipt(make_receipt(leaf, **erased), KEYS)


def test_a_field_that_stands_twice_is_refused() -> None:
    receipt = make_receipt().replace(b'{"leaf"', b'{"salt": null, "leaf"', 1)
    with pytest.raises(verifier.Refused, match="twice"):
        verifier.verify_receipt(receipt, KEYS)


def test_a_bit_flip_of_a_receipt_is_refused_or_leaves_all_its_values() -> None:
    """JSON writes one character in several ways (\\u001f and \\u001F): only such flips may pass."""
    receipt = make_receipt()
    for bit in range(8 * len(receipt)):
        changed = flip(receipt, bit)
        try:
            verifier.verify_receipt(changed, KEYS)
        except REFUSED:
            continue
        assert json.loads(changed) == json.loads(receipt)


# As a script.


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, encoding="utf-8")


@pytest.fixture
def served_over_http() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A log behind a server; entries are compressed unasked, as tlog-tiles allows."""
    files = dict(served(257))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path.removeprefix("/some/ledger/"))
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            if "entries" in self.path:
                data = gzip.compress(data)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/ledger", files
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_script_checks_a_log_over_http(served_over_http: tuple[str, dict[str, bytes]]) -> None:
    url, files = served_over_http
    for prefix in (url, url + "/"):
        result = run("log", prefix, LOG.vkey)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.splitlines()[:3] == [
            "log  ban.example/ledger",
            "size 257",
            f"root {b64(mth([entry(i) for i in range(257)]))}",
        ]
    files["tile/0/001.p/1"] = flip(files["tile/0/001.p/1"], 0)
    result = run("log", url, LOG.vkey)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "REFUSED: entry 256 doesn't fit tile/0/001.p/1\n"
    del files["tile/0/001.p/1"]
    result = run("log", url, LOG.vkey)
    assert result.returncode == 1
    assert result.stderr.startswith("REFUSED: tile/0/001.p/1 can't be fetched: HTTP Error 404")


def test_the_script_checks_a_copy_of_the_files(tmp_path: Path) -> None:
    for path, data in served(257).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    assert run("log", tmp_path.as_uri(), LOG.vkey).returncode == 0


def test_the_script_checks_a_proof(tmp_path: Path) -> None:
    proof, leaf = tmp_path / "proof", tmp_path / "leaf"
    proof.write_bytes(proof_file(5, 7))
    leaf.write_bytes(entry(5))
    result = run("proof", proof, leaf, signer(2).vkey, LOG.vkey)
    assert result.returncode == 0
    assert result.stdout.endswith("this is entry 5 of the log\n")
    leaf.write_bytes(entry(4))
    result = run("proof", proof, leaf, LOG.vkey)
    assert result.returncode == 1
    assert result.stderr.startswith("REFUSED: the proof does not lead from this entry")


def test_the_script_checks_a_receipt(tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    receipt.write_bytes(make_receipt())
    result = run("receipt", receipt, LOG.vkey)
    assert result.returncode == 0
    assert result.stdout.endswith("salt and payload are what it commits to\n")
    receipt.write_bytes(make_receipt(salt=None, payload=None))
    result = run("receipt", receipt, LOG.vkey)
    assert result.returncode == 0
    assert result.stdout.endswith("salt and payload erased: what it commits to can't be checked\n")
    receipt.write_bytes(b'{"leaf":' + b"[" * 100_000)
    result = run("receipt", receipt, LOG.vkey)
    assert result.returncode == 1
    assert result.stderr.startswith("REFUSED: ")
    assert result.stderr.count("\n") == 1


def test_the_script_says_how_to_use_it() -> None:
    for arguments in ([], ["--help"], ["log"], ["log", "http://x"], ["proof", "a", "b"], ["other"]):
        result = run(*arguments)
        assert result.returncode == 2
        assert "VKEY is the log's public key" in result.stderr


def test_a_url_or_a_file_that_is_not_there_is_one_clear_line() -> None:
    for arguments in (["log", "no-url"], ["receipt", "no-file"], ["log", "http://127.0.0.1:1/"]):
        result = run(*arguments, LOG.vkey)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("REFUSED: ")
        assert result.stderr.count("\n") == 1


def test_the_verifier_shares_no_code_with_what_it_verifies() -> None:
    allowed = sys.stdlib_module_names | {"cryptography"}
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] in allowed
