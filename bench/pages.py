"""Pages: requests a second of one worker against a bare WSGI function with the same bytes.

A second process asks over loopback with kept connections, four at a time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from urllib.parse import quote

from bench.loopback import ask_for, wait_for
from tests.browser.conftest import free_port
from tongban.web.serving import collect_static

GUIDE = "/items/513A0011200068-511602000000-000-1151130000877869M-1-00/"
SEARCH = f"/search?q={quote('身份证')}"
SECONDS = 4.0


def _measure(target: str, path: str, **environment: str) -> tuple[float, int]:
    """Requests a second that one worker answers, and the bytes of one answer."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.loopback", target, str(port)],
        env=os.environ | environment,
        start_new_session=True,
    )
    try:
        wait_for(port)
        ask_for(port, path, 0.5)
        with multiprocessing.get_context("spawn").Pool(1) as asker:
            count, size = asker.apply(ask_for, (port, path, SECONDS))
        return count / SECONDS, size
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


def run() -> None:
    collect_static()
    for name, path in (("guide page", GUIDE), ("search page", SEARCH)):
        rate, size = _measure("tongban.web.wsgi:application", path)
        base, _size = _measure("bench.loopback:bare", "/", BENCH_BYTES=str(size))
        print(
            f"{name + ', one worker':44}{rate:9.0f} requests/s of {size / 1024:.0f} KiB\n"
            f"  {'against a bare WSGI function, same bytes':42}{base:9.0f} requests/s"
            f"   ratio {rate / base:.2f}"
        )
