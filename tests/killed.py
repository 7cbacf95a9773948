"""The server is killed (`kill -9`, every process of it) during a storm of submissions, again and again.

`python -m tests.killed [--kills 5] [--clients 8] [--seconds 6]` on SQLite, `DATABASE_URL=…` for a
PostgreSQL database that is empty. Afterwards every acknowledged case must be there exactly once with
its file, its event and its ledger entry, nothing may be there in part, the log must verify and
`tongban doctor` must be content. Prints one JSON document; exit 1 when something is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
TONGBAN = [sys.executable, "-m", "tongban.web.cli"]
READY_SECONDS = 90.0
STALLED_SECONDS = 60.0
BOUNDARY = "----tongban"


# The database, in processes of their own: this one only speaks HTTP.

PREPARE = """
import json, sys
from tongban.web.cli import set_up
set_up(migrate=True)
from django.test import Client
import atexit, shutil
from tests.conftest import World
from tongban.directory.services.calendar import seed_calendar
from stdnum.cn import ric
atexit.unregister(shutil.rmtree)  # What the tests tidy up is our data here.
world = World()
seed_calendar()
found = []
for number in range(int(sys.argv[1])):
    body = f"51160218500101{number:03d}"
    account = world.make_resident(f"client-{number}", body + ric.calc_check_digit(body + "0"))
    client = Client()
    client.force_login(account)
    found.append({
        "cookie": "; ".join(f"{key}={one.value}" for key, one in client.cookies.items()),
        "answers": world.answers(account),
    })
pages = [[page.key, [one.key for one in page.fields]] for page in world.document.form_pages]
print(json.dumps({"code": world.item.code, "pages": pages, "clients": found}))
"""

CHECK = """
import json, sys
from tongban.web.cli import set_up
set_up()
from django.db.models import Count
from tongban.cases import storage
from tongban.cases.models import Case
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Entry
from tongban.ledger.verification import verify_log
from tongban.cases.selectors import misfits
acknowledged = json.load(sys.stdin)
while integrate():
    pass
wrong = []
for number, digest in acknowledged:
    if Case.objects.filter(number=number, files__sha256=digest).count() != 1:
        wrong.append(f"{number}: acknowledged, but not there once with its file")
for case in Case.objects.all():
    for file in case.files.all():
        try:
            with storage.open_file(file.sha256) as stream:
                import hashlib
                if hashlib.sha256(stream.read()).hexdigest() != file.sha256:
                    wrong.append(f"{case.number}: its file is another")
        except FileNotFoundError:
            wrong.append(f"{case.number}: its file is gone")
    if case.files.count() != 1 or case.events.count() != 1 or misfits(case):
        wrong.append(f"{case.number}: there in part")
    if Entry.objects.filter(case_ref=case.ledger_ref, place__isnull=False).count() != 1:
        wrong.append(f"{case.number}: not once in the ledger")
verdict = verify_log()
if not verdict.ok:
    wrong.append(f"the log: {verdict.finding}")
print(json.dumps({"cases": Case.objects.count(), "entries": verdict.entries, "wrong": wrong}))
"""


def child(code: str, environment: dict[str, str], *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-4_000:])
    return done.stdout.splitlines()[-1]


# The server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        log = (Path(self.environment["TONGBAN_HOME"]) / "serve.log").open("a")
        self.process = subprocess.Popen(
            [*TONGBAN, "serve", "--port", str(self.port), "--workers", "2"],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit(f"the server did not get ready: {log.name}")

    def kill(self) -> None:
        """Every process of it at once: nobody gets to say goodbye."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1


# A client


def picture() -> bytes:
    """A photo that nobody else sends: 2 x 2 pixels of random colours."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + secrets.token_bytes(6) for _ in range(2))
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class Client(threading.Thread):
    """Applies again and again; notes what the server has acknowledged."""

    def __init__(self, server: Server, world: dict, who: dict, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.world, self.who, self.stopping = server, world, who, stopping
        self.token = secrets.token_hex(16)
        self.start_url = f"/items/{world['code']}/apply/"
        self.acknowledged: list[tuple[str, str]] = []
        self.refused: list[str] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.apply()
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)  # Killed: begin again, as somebody would.

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        cookie = f"{self.who['cookie']}; tongban_csrf={self.token}"
        headers = {"Cookie": cookie} | ({"Content-Type": kind} if kind else {})
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, answer.headers.get("Location", ""), text

    def post(self, path: str, values: dict[str, str]) -> tuple[int, str, str]:
        body = urlencode(values | {"csrfmiddlewaretoken": self.token}).encode()
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")

    def upload(self, path: str, content: bytes) -> tuple[int, str, str]:
        fields = {"csrfmiddlewaretoken": self.token, "action": "next"}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file-photo"; '
            'filename="p.png"\r\nContent-Type: image/png\r\n\r\n'
        )
        body = (
            "".join(parts).encode() + head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        )
        return self.ask("POST", path, body, f"multipart/form-data; boundary={BOUNDARY}")

    def apply(self) -> None:
        # What a killed attempt left behind is thrown away: one picture, one case.
        self.post(self.start_url, {"action": "discard"})
        self.post(self.start_url, {})
        for page, fields in self.world["pages"]:
            self.post(
                f"{self.start_url}{page}/",
                {key: self.who["answers"].get(key, "") for key in fields},
            )
        content = picture()
        self.upload(f"{self.start_url}materials/", content)
        _status, _to, text = self.ask("GET", f"{self.start_url}check/")
        draft = re.search(r'name="draft" value="([^"]+)"', text)
        if not draft:
            self.refused.append(f"{_status} {_to} " + re.sub(r"\s+", " ", text)[:300])
            return
        self.send(draft[1], hashlib.sha256(content).hexdigest())

    def send(self, draft: str, digest: str) -> None:
        """Send until an answer comes: sent twice is sent once."""
        while not self.stopping.is_set():
            try:
                status, to, _text = self.post(f"{self.start_url}check/", {"draft": draft})
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
                continue
            number = re.match(r"/cases/([^/]+)/", to)
            if status == 302 and number:
                self.acknowledged.append((number[1], digest))
            return


def wait(people: list[Client], seconds: float) -> None:
    """So long, and on a slow machine until as many more cases are acknowledged as clients are there."""
    ends, before = time.monotonic() + seconds, sum(len(one.acknowledged) for one in people)
    time.sleep(seconds)
    while sum(len(one.acknowledged) for one in people) < before + len(people):
        if time.monotonic() > ends + STALLED_SECONDS:
            return
        time.sleep(0.1)


def storm(kills: int, clients: int, seconds: float, home: str, seed: int) -> dict[str, object]:
    environment = os.environ | {
        "TONGBAN_HOME": home,
        "TONGBAN_CLIENT_RATE": "0",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    world = json.loads(child(PREPARE, environment, str(clients)))
    server, stopping, chance = Server(environment), threading.Event(), random.Random(seed)
    server.start()
    people = [Client(server, world, who, stopping) for who in world["clients"]]
    for one in people:
        one.start()
    for _kill in range(kills):
        wait(people, seconds * chance.uniform(0.5, 1.5))
        server.kill()
        server.start()
    wait(people, seconds)
    stopping.set()
    for one in people:
        one.join(timeout=60)
    server.kill()
    acknowledged = [pair for one in people for pair in one.acknowledged]
    found = json.loads(child(CHECK, environment, given=json.dumps(acknowledged)))
    doctor = subprocess.run(
        [*TONGBAN, "doctor", "--json"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    wrong = list(found["wrong"])
    if doctor.returncode:
        wrong.append(f"doctor: {doctor.stdout[-1_000:]}{doctor.stderr[-500:]}")
    return {
        "kills": server.kills,
        "acknowledged": len(acknowledged),
        "cases": found["cases"],
        "entries": found["entries"],
        "refused": [text for one in people for text in one.refused][:3],
        "wrong": wrong,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", help="a data folder whose copy to begin with")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tongban-killed-") as home:
        if given.home:
            shutil.copytree(given.home, home, dirs_exist_ok=True)
        result = storm(given.kills, given.clients, given.seconds, home, given.seed)
    print(json.dumps(result, ensure_ascii=False, indent=2))
    raise SystemExit(bool(result["wrong"]) or not result["acknowledged"])


if __name__ == "__main__":
    main()
