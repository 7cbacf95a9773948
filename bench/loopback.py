"""Serving and asking over loopback; knows nothing of Django, since other processes import it."""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from threading import Thread

from granian import Granian
from granian.constants import Interfaces

CONNECTIONS = 4


def bare(environment, start_response):
    """Answers with as many bytes as the environment says."""
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"x" * int(os.environ["BENCH_BYTES"])]


def serve(target: str, port: int) -> None:
    Granian(
        target,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=1,
        log_enabled=False,
    ).serve()


def ask_for(port: int, path: str, seconds: float) -> tuple[int, int]:
    """Answers received in that time, and the bytes of one."""
    counts = [0] * CONNECTIONS
    size = 0

    def ask(place: int) -> None:
        nonlocal size
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            connection.request("GET", path)
            answer = connection.getresponse()
            size = len(answer.read())
            assert answer.status == 200, answer.status
            counts[place] += 1

    threads = [Thread(target=ask, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), size


def wait_for(port: int) -> None:
    """Until somebody listens; at most ten seconds."""
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nobody listens on port {port}")


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
