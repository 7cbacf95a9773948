"""A real server on demonstration data, and Debian's Chromium that drives it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "var" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Root can't use the sandbox; the other switches keep the browser from calling home.
SWITCHES = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin with no pictures; of several processes the first one sees to it."""
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)


COMMAND = [sys.executable, "-m", "tongban.web.cli"]


@pytest.fixture(scope="session")
def surroundings(demonstration_home, tmp_path_factory) -> dict[str, str]:
    """Environment of a data folder of this process with the demonstration loaded."""
    home = tmp_path_factory.mktemp("home") / "home"
    shutil.copytree(demonstration_home, home)
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    return kept | {"TONGBAN_HOME": str(home)}


@pytest.fixture(scope="session")
def server(surroundings) -> str:
    """Address of `tongban serve`."""
    home, port = Path(surroundings["TONGBAN_HOME"]), free_port()
    log = (home / "serve.log").open("w")
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port), "--workers", "1"],
        env=surroundings,
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/health/ready", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail((home / "serve.log").read_text())
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


@pytest.fixture(scope="session")
def browser() -> Browser:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield chromium
        chromium.close()
