"""Ways to reach people: text messages and e-mail, behind one small interface."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Protocol

from django.conf import settings

TIMEOUT_SECONDS = 10


class Messenger(Protocol):
    """Sends a short text to a phone number (E.164). Raises OSError when it can't.

    A gateway that gets the same `reference` again has the text already.
    """

    def send(self, phone: str, text: str, *, reference: str = "") -> None: ...


class FileMessenger:
    """Writes messages to the folder `outbox`: for trying out, when no gateway is there."""

    def __init__(self, folder: Path, kind: str = "sms") -> None:
        self.folder = folder
        self.kind = kind

    def send(self, phone: str, text: str, *, reference: str = "") -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{self.kind}-{time.time_ns()}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{phone}\n{text}\n")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A gateway that sends us on would get our token carried elsewhere."""

    def redirect_request(self, *_args: object) -> None:
        return None


class GatewayMessenger:
    """Posts `{"to", "text"}` as JSON to a gateway, with a bearer token from a key file."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def send(self, phone: str, text: str, *, reference: str = "") -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        if reference:
            headers["Idempotency-Key"] = reference
        request = urllib.request.Request(  # noqa: S310 - the address is the operator's own
            self.url,
            data=json.dumps({"to": phone, "text": text}).encode(),
            headers=headers,
            method="POST",
        )
        opener = urllib.request.build_opener(NoRedirects)
        with opener.open(request, timeout=TIMEOUT_SECONDS):
            pass


def _token(name: str) -> str:
    path = settings.ENVIRONMENT.keys / name
    return path.read_text().strip() if path.exists() else ""


def messenger() -> Messenger:
    """The messenger in force: the gateway of TONGBAN_SMS_URL, else files."""
    environment = settings.ENVIRONMENT
    if environment.sms_url:
        return GatewayMessenger(environment.sms_url, _token("sms-token"))
    return FileMessenger(environment.outbox)


def mini_program() -> Messenger | None:
    """What reaches people in a mini-program: the gateway of TONGBAN_MINI_PROGRAM_URL; files while
    developing; None in production without a gateway.
    """
    environment = settings.ENVIRONMENT
    if environment.mini_program_url:
        return GatewayMessenger(environment.mini_program_url, _token("mini-program-token"))
    return None if environment.production else FileMessenger(environment.outbox, "mini-program")
