"""A second Tongban is the national identity of the first one, in a real browser."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser.conftest import COMMAND, free_port
from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def local(server, surroundings, tmp_path) -> str:
    """Address of a second Tongban, with nothing loaded, whose upstream is `server`."""
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    words = ["openid", "register", "--json", "--name", "广安区一体化平台", "--full-id-number"]
    words += ["--redirect-uri", f"{home}/sign-in/upstream/back/"]
    words += ["--scope", "profile", "--scope", "identity", "--purpose", "登录"]
    done = subprocess.run(
        [*COMMAND, *words], env=surroundings, capture_output=True, text=True, check=True
    )
    system = json.loads(done.stdout)
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "upstream-secret").write_text(system["client_secret"])
    (keys / "upstream-secret").chmod(0o600)
    said = {
        "TONGBAN_HOME": str(tmp_path),
        "TONGBAN_UPSTREAM_ISSUER": server,
        "TONGBAN_UPSTREAM_CLIENT_ID": system["client_id"],
        "TONGBAN_UPSTREAM_SCOPE": "profile identity",
        "TONGBAN_UPSTREAM_ID_CLAIM": "resident_id_number",
        "TONGBAN_UPSTREAM_NAME_CLAIM": "resident_name",
    }
    subprocess.run([*COMMAND, "load", "demo"], env=surroundings | said, check=True)
    log = Path(tmp_path / "serve.log")
    with log.open("w") as out:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), "--workers", "1"],
            env=surroundings | said,
            stdout=out,
            stderr=out,
        )
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{home}/health/live", timeout=2)
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        else:
            pytest.fail(log.read_text())
        yield home
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.mark.parametrize("width", ["desktop", "narrow"])
def test_signing_in_here_through_the_one_above(browser, server, local, width):
    visitor = Visitor(browser, server, width, "upstream")
    visitor.server = "http://127.0.0.1:"
    page = visitor.page
    # A cookie does not know ports: with one host, the sessions of the two would mix.
    here = local.replace("127.0.0.1", "localhost")
    assert here
    page.goto(f"{local}/sign-in/?next=/me/security/")
    visitor.sees("01-sign-in")
    visitor.button("用国家政务服务平台登录")
    visitor.sees("02-there")
    visitor.close()
