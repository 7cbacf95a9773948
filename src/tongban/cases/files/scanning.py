"""Asking a malware scanner about a file, behind one small interface."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final, Protocol

CHUNK: Final = 64 * 1024
TIMEOUT_SECONDS: Final = 30
# The test file of the anti-virus industry (eicar.org): harmless, and every scanner knows it. In two
# parts, so that no scanner takes this source for it.
EICAR: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ScannerDown(Exception):
    """The scanner does not answer as it should: no file is taken meanwhile."""


class Scanner(Protocol):
    """Looks at a file; the name of what was found, "" for nothing. Raises ScannerDown."""

    def scan(self, path: Path) -> str: ...


class DevelopmentScanner:
    """Finds the test file of the industry wherever it stands, and nothing else."""

    def scan(self, path: Path) -> str:
        before = b""
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                if EICAR in before + chunk:
                    return "Eicar-Test-Signature"
                before = chunk[-len(EICAR) :]
        return ""


class ClamdScanner:
    """ClamAV's daemon by its INSTREAM command (clamd(8)): a socket file, or `host:port`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def scan(self, path: Path) -> str:
        try:
            with self._connected() as link, path.open("rb") as stream:
                link.sendall(b"zINSTREAM\0")
                while chunk := stream.read(CHUNK):
                    link.sendall(len(chunk).to_bytes(4, "big") + chunk)
                link.sendall(bytes(4))
                answer = self._answer(link)
        except OSError as problem:
            raise ScannerDown(type(problem).__name__) from None
        # "stream: OK", "stream: NAME FOUND", "INSTREAM size limit exceeded. ERROR"
        said = answer.removeprefix("stream: ")
        if said == "OK":
            return ""
        if said.endswith(" FOUND"):
            return said.removesuffix(" FOUND")
        raise ScannerDown("unknown answer")

    def _connected(self) -> socket.socket:
        if self.address.startswith("/"):
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(TIMEOUT_SECONDS)
            link.connect(self.address)
            return link
        host, _colon, port = self.address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_SECONDS)

    @staticmethod
    def _answer(link: socket.socket) -> str:
        said = b""
        while not said.endswith(b"\0") and len(said) < CHUNK:
            part = link.recv(CHUNK)
            if not part:
                break
            said += part
        return said.rstrip(b"\0\n").decode("utf-8", "replace")
