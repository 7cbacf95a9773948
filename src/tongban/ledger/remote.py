"""A log of somebody else, over HTTP (C2SP tlog-tiles)."""

from __future__ import annotations

import time

import requests

from tongban.ledger.auditing import AuditProblem

SECONDS_TO_ANSWER = 20
# A bundle of 256 entries of 64 KiB each, the largest thing that a log serves.
BYTES_MOST = 256 * (2 + 65_535)
# A log that is asked too fast says so (429) and is asked again.
TRIES = 6


class RemoteLog:
    """Reads below one address. Connections are kept, answers bounded, too many questions repeated."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("https://", "http://")):
            raise AuditProblem(f"{url!r} is not the address of a log: https://…/ledger")
        self.url = url.rstrip("/")
        self._session = requests.Session()

    def get(self, path: str) -> bytes:
        """What lies there. Raises AuditProblem."""
        content = self.find(path)
        if content is None:
            raise AuditProblem(f"{self.url}/{path}: not found")
        return content

    def find(self, path: str) -> bytes | None:
        """What lies there, None when nothing does. Raises AuditProblem."""
        try:
            for again in range(TRIES):
                with self._session.get(
                    f"{self.url}/{path}", timeout=SECONDS_TO_ANSWER, stream=True
                ) as answer:
                    if answer.status_code == 404:
                        return None
                    if answer.status_code == 200:
                        return self._read(answer, path)
                    if answer.status_code != 429:
                        raise AuditProblem(f"{self.url}/{path}: {answer.status_code}")
                time.sleep(2**again / 4)
        except requests.RequestException as problem:
            raise AuditProblem(f"{self.url}/{path}: {problem}") from None
        raise AuditProblem(f"{self.url}: it is asked too often; try again later")

    def _read(self, answer: requests.Response, path: str) -> bytes:
        content = b""
        for part in answer.iter_content(65_536):
            content += part
            if len(content) > BYTES_MOST:
                raise AuditProblem(f"{self.url}/{path}: too long")
        return content
