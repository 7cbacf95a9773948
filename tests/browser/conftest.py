"""A real server on demonstration data, and Debian's Chromium that drives it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

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


# Levels A and AA of WCAG 2.2. Only findings are asked for: that is half the work.
LEVELS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


def crossed(few: list, many: list) -> list:
    """All pairs of two lists, the shorter first; each value stands in one that is always tried.

    The others are marked `matrix`: left out with TONGBAN_TEST_QUICK.
    """
    return [
        pytest.param(one, other, marks=[] if place % len(few) == row else [pytest.mark.matrix])
        for row, one in enumerate(few)
        for place, other in enumerate(many)
    ]


def mainly(width: str, other: str) -> list:
    """Where such pages are mostly used; the other width of a long way through them is `matrix`."""
    return [width, pytest.param(other, marks=pytest.mark.matrix)]


def findings(page: Page) -> list[dict]:
    """What axe finds wrong with a page."""
    return Axe().run(page, options=LEVELS).response["violations"]


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


def copied_home(demonstration: Path, folder: Path) -> dict[str, str]:
    """Environment of a data folder of its own with the demonstration loaded."""
    shutil.copytree(demonstration, folder / "home")
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    return kept | {"TONGBAN_HOME": str(folder / "home")}


@contextmanager
def serving(surroundings: dict[str, str]) -> Iterator[str]:
    """Address of `tongban serve`, until the block is left."""
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


@pytest.fixture(scope="module")
def surroundings(demonstration_home, tmp_path_factory) -> dict[str, str]:
    """A home of a file's own: what its people leave behind is none of the other files' business."""
    return copied_home(demonstration_home, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def server(surroundings) -> Iterator[str]:
    with serving(surroundings) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Browser:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield chromium
        chromium.close()
