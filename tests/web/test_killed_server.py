"""`kill -9` in a storm of submissions, in small; `python -m tests.killed` does it in large."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.killed import ROOT


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A database of its own on the server of this run; SQLite makes its own in its folder."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        yield dict(os.environ)
        return
    name = f"killed_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    yield os.environ | {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl()}
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_what_was_acknowledged_outlives_a_killed_server(environment, request):
    command = [sys.executable, "-m", "tests.killed", "--kills", "1", "--clients", "3"]
    if "DATABASE_URL" not in environment:
        command += ["--home", str(request.getfixturevalue("migrated_home"))]
    done = subprocess.run(
        [*command, "--seconds", "3"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == 2
    assert found["acknowledged"] <= found["cases"]
    assert found["acknowledged"] > 0
