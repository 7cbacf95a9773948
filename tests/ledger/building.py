"""Small builders for tests of the log."""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path

from django.db import transaction
from django.test import Client

from tests.conftest import AT
from tongban.ledger import acts
from tongban.ledger.auditing import AuditProblem
from tongban.ledger.integrating import integrate
from tongban.ledger.key_acts import start_log
from tongban.ledger.models import Entry, LogKey
from tongban.ledger.services import record

ROOT = Path(__file__).resolve().parents[2]


def write(count: int, case_ref: str = "") -> None:
    """Entries of acts, not yet numbered."""
    with transaction.atomic():
        for number in range(count):
            payload = {"number": str(number), "by": "police-clerk"}
            record(acts.CASE_VIEWED, at=AT, case_ref=case_ref, payload=payload)


def started() -> None:
    """A log whose first entry, the announcement of its key, is behind us."""
    with transaction.atomic():
        start_log(AT)
    integrate(at=AT)


def log_of(size: int) -> None:
    """A numbered log of `size` entries."""
    started()
    write(size - 1)
    while integrate(at=AT):
        pass


def entry_at(seq: int) -> Entry:
    return Entry.objects.get(place__seq=seq)


def vkeys() -> list[str]:
    return list(LogKey.objects.order_by("pk").values_list("vkey", flat=True))


def plain_verifier():
    """`docs/verify_log.py`, which shares no code with the log."""
    path = ROOT / "docs" / "verify_log.py"
    spec = importlib.util.spec_from_file_location("plain_verifier", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Served:
    """The log as the site serves it, read by a client that keeps what it got."""

    def __init__(self) -> None:
        self.client = Client()
        self.files: dict[str, bytes] = {}

    def find(self, path: str) -> bytes | None:
        if path not in self.files:
            answer = self.client.get(f"/ledger/{path}")
            if answer.status_code == 404:
                return None
            self.files[path] = answer.content
        return self.files[path]

    def get(self, path: str) -> bytes:
        content = self.find(path)
        if content is None:
            raise AuditProblem(f"{path}: not found")
        return content


@contextlib.contextmanager
def changed(files: dict[str, bytes], path: str, content: bytes):
    """Serve something else for a while."""
    before = files[path]
    files[path] = content
    try:
        yield
    finally:
        files[path] = before
