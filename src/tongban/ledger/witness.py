"""A witness for the logs of other governments (C2SP tlog-witness): Python and a folder, no database.

It signs a log's checkpoint only after the log has shown that it extends the last one signed here.
So a log can't show one history to one reader and another to the next.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tongban.base.checkpoints import CheckpointText, parse_checkpoint
from tongban.base.merkle import EMPTY_ROOT, ProofError, verify_consistency
from tongban.base.note_keys import CosignatureSigner, Mldsa44Signer, NoteVerifier
from tongban.base.notes import NoteError, Signature, open_note, split_note
from tongban.base.private_files import replaced

BODY_MOST = 64 * 1024
HASHES_MOST = 63
SECONDS_TO_SEND = 10
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_MONITOR = re.compile(r"/([0-9a-f]{64})/checkpoint")
SIZE_TYPE = "text/x.tlog.size"

WitnessSigner = CosignatureSigner | Mldsa44Signer


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    kind: str = "text/plain; charset=utf-8"


class _Refused(Exception):
    def __init__(self, status: int, why: str, kind: str = "text/plain; charset=utf-8") -> None:
        super().__init__(why)
        self.answer = Answer(status, f"{why}\n", kind)


@dataclass(frozen=True)
class _Request:
    old: int
    proof: list[bytes]
    note: str


def parse_request(body: bytes) -> _Request:
    """The parts of an `add-checkpoint` request. Raises ValueError."""
    head, separator, note = body.decode().partition("\n\n")
    first, *lines = head.split("\n")
    found = _OLD.fullmatch(first)
    if not separator or not found or len(lines) > HASHES_MOST:
        raise ValueError(
            "the body is an `old` line, at most 63 hashes, an empty line, a checkpoint"
        )
    proof = [base64.b64decode(line, validate=True) for line in lines]
    return _Request(int(found[1]), proof, note)


class Witness:
    """Keeps the last checkpoint of each log in a folder, and signs what extends it."""

    def __init__(
        self,
        signers: Sequence[WitnessSigner],
        logs: Sequence[NoteVerifier],
        folder: Path,
    ) -> None:
        self.signers = signers
        self.folder = folder
        self._logs: dict[str, list[NoteVerifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._one_at_a_time = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, origin: str) -> Path:
        return self.folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"

    def checkpoint(self, origin_hash: str) -> Answer:
        """The last checkpoint that was signed here, with our signatures (monitors ask for it)."""
        path = self.folder / f"{origin_hash}.checkpoint"
        if not path.exists():
            return Answer(404, "no checkpoint of that log was signed here\n")
        return Answer(200, path.read_text(encoding="utf-8"))

    def add_checkpoint(self, body: bytes) -> Answer:
        """Check a checkpoint against the last one, keep it, sign it."""
        try:
            request = parse_request(body)
            said = parse_checkpoint(split_note(request.note)[0])
        except ValueError as problem:
            return Answer(400, f"{problem}\n")
        try:
            text, signatures = self._signed_by_log(request.note, said)
            with self._one_at_a_time:
                self._check(request, said)
                lines = [
                    Signature(one.name, one.key_id, one.sign(text.encode())).line
                    for one in self.signers
                ]
                kept = f"{text}\n" + "".join(one.line for one in signatures) + "".join(lines)
                replaced(self._path(said.origin), kept.encode())
        except _Refused as refused:
            return refused.answer
        return Answer(200, "".join(lines))

    def _signed_by_log(self, note: str, said: CheckpointText) -> tuple[str, Sequence[Signature]]:
        keys = self._logs.get(said.origin)
        if keys is None:
            raise _Refused(404, f"the log {said.origin} is not witnessed here")
        try:
            return open_note(note, keys)
        except NoteError as problem:
            raise _Refused(403, str(problem)) from None

    def _check(self, request: _Request, said: CheckpointText) -> None:
        if request.old > said.size:
            raise _Refused(400, "the old size is beyond the checkpoint")
        last = self._last(said.origin)
        if request.old != last.size:
            raise _Refused(409, str(last.size), SIZE_TYPE)
        if said.size == 0 and said.root != EMPTY_ROOT:
            raise _Refused(422, "the root of the empty log is another")
        try:
            verify_consistency(request.old, said.size, last.root, said.root, request.proof)
        except ProofError as problem:
            raise _Refused(422, f"not consistent with what was signed before: {problem}") from None

    def _last(self, origin: str) -> CheckpointText:
        path = self._path(origin)
        if not path.exists():
            return CheckpointText(origin, 0, EMPTY_ROOT)
        return parse_checkpoint(split_note(path.read_text(encoding="utf-8"))[0])


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = SECONDS_TO_SEND

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path.rstrip("/") != "/add-checkpoint":
            self._send(Answer(404, "POST to /add-checkpoint\n"))
        elif not length.isdecimal() or int(length) > BODY_MOST:
            self.close_connection = True
            self._send(Answer(413, f"at most {BODY_MOST} bytes, with their length\n"))
        else:
            self._send(self.server.witness.add_checkpoint(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        found = _MONITOR.fullmatch(self.path)
        unknown = Answer(404, "GET /<SHA-256 of the log's origin>/checkpoint\n")
        self._send(self.server.witness.checkpoint(found[1]) if found else unknown)

    def _send(self, answer: Answer) -> None:
        content = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        if self.server.log_requests:
            super().log_message(format, *args)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness, log_requests: bool) -> None:
        super().__init__(address, _Handler)
        self.witness = witness
        self.log_requests = log_requests


def server(
    witness: Witness, host: str, port: int, *, log_requests: bool = False
) -> ThreadingHTTPServer:
    """An HTTP server for the witness; port 0 takes a free one. Call its `serve_forever`."""
    return _Server((host, port), witness, log_requests)
