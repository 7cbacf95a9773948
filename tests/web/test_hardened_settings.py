"""What must hold of settings, keys, connections and logs."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import PNG
from tests.web.visits import signed_in
from tongban.cases.services import drafting, submitting
from tongban.directory.clients import client_address
from tongban.web import environment
from tongban.web import settings as product
from tongban.web.logs import LineFormatter

SOURCE = Path(product.__file__).parent.parent
NETWORK = {"urllib.request", "http.client", "socket", "smtplib", "requests", "httpx", "ftplib"}
# Asked in a process of its own, so that production's settings are read as they are in production.
ASK_PRODUCTION = """
import json, os
from pathlib import Path
import django
django.setup()
from django.conf import settings
from django.test import Client
from tongban.ledger.keys import signers
signers()
clients = {"https": Client(headers={"x-forwarded-proto": "https"}), "http": Client()}
said = {}
for name, client in clients.items():
    answers = [client.get("/health/live"), client.post("/language/", {"language": "en"}),
               client.post("/elder/"), client.get("/openid/jwks/")]
    said[name] = {
        "status": [one.status_code for one in answers],
        "hsts": [one.headers.get("Strict-Transport-Security", "") for one in answers],
        "cookies": {key: bool(one["secure"]) for key, one in client.cookies.items()},
    }
home = settings.ENVIRONMENT.home
said["modes"] = {path.name: path.stat().st_mode & 0o777 for path in (home, *home.rglob("*"))}
said["names"] = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME]
said["secure"] = [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE]
print(json.dumps(said))
"""


# Keys, files, faults


def test_debug_is_off_in_every_environment():
    assert product.DEBUG is False
    assert "context_processors.debug" not in str(product.TEMPLATES)


def test_keys_are_for_their_owner_alone(db):
    from tongban.ledger.keys import signers

    signers()
    folder = Path(product.ENVIRONMENT.keys)
    assert folder.stat().st_mode & 0o077 == 0
    files = list(folder.iterdir())
    assert {path.name for path in files} >= {"django-secret", "ledger-keys.json"}
    for path in files:
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.mark.parametrize("name", ['a"; x="b.png', "a\r\nSet-Cookie: x=1.png", "\u202egnp.exe.png"])
def test_a_hostile_file_name_stays_inside_its_header(site, name):
    draft = site.make_draft(photo=False)
    upload = SimpleUploadedFile("x.png", PNG, "image/png")
    upload._name = name  # past the cleaning of Django's own parser
    drafting.attach_file(site.resident, draft.key, "photo", upload)
    case = submitting.submit(site.resident, draft.key)
    path = f"/cases/{case.number}/files/{case.files.get().key}/"
    header = signed_in(site.resident).get(path).headers["Content-Disposition"]
    assert unquote(header).isprintable()
    assert header.startswith("attachment; filename")
    assert not re.search(r"[\r\n\u202e]", header)
    assert 'a"; x=' not in header


def test_an_unexpected_fault_is_logged_with_the_reference_that_was_shown(site, monkeypatch, caplog):
    from tongban.catalogue import views

    monkeypatch.setattr(views, "find_item", lambda code: 1 / 0)
    with caplog.at_level(logging.ERROR):
        page = Client(raise_request_exception=False).get("/items/x/").content.decode()
    shown = re.search(r"<strong>([0-9A-F]{8})</strong>", page)
    assert shown
    assert shown[1] in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """What an installation in production answers, started by a shell with umask 022."""
    home = tmp_path_factory.mktemp("production") / "home"
    surroundings = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tongban.web.settings",
        "TONGBAN_ENV": "production",
        "TONGBAN_HOME": str(home),
        "TONGBAN_HOSTS": "testserver",
        "TONGBAN_PROXIES": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.umask(0o022)\n{ASK_PRODUCTION}"],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_production_says_hsts_for_a_year_and_marks_cookies_secure(production):
    for header in production["https"]["hsts"]:
        assert int(re.match(r"max-age=([0-9]+)", header)[1]) >= 365 * 24 * 3600
    assert production["names"] == ["__Host-tongban_session", "__Host-tongban_csrf"]
    assert production["secure"] == [True, True]
    assert production["https"]["cookies"]
    assert all(production["https"]["cookies"].values())


def test_plain_http_is_answered_and_not_redirected(production):
    """The proxy redirects pages; an API that redirects would hide that secrets went in the open."""
    assert production["http"]["status"] == production["https"]["status"] == [200, 302, 302, 200]


def test_what_is_written_is_for_its_owner_alone_whatever_the_shell_says(production):
    assert {"home", "keys", "django-secret", "ledger-keys.json"} <= set(production["modes"])
    assert {name: mode for name, mode in production["modes"].items() if mode & 0o077} == {}


# Who asks, and with whom we speak


def test_the_address_of_a_client_is_what_our_own_proxy_saw(rf, settings):
    asked = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.9")
    for proxies, address in ((0, "10.0.0.1"), (1, "203.0.113.9"), (2, "1.1.1.1"), (3, "10.0.0.1")):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, proxies=proxies)
        assert client_address(asked) == address


def test_only_the_messenger_and_the_upstream_call_out():
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if NETWORK & set(names):
                found.add(str(path.relative_to(SOURCE)))
    upstream = {f"directory/sign_in/upstream/{name}.py" for name in ("discovery", "views")}
    listening = {"web/serving.py"}
    ledger = {"ledger/remote.py", "ledger/witnessing.py"}
    scanner = {"cases/files/scanning.py"}
    assert found == {"directory/messengers.py"} | upstream | listening | ledger | scanner


def database(address: str) -> dict[str, object]:
    return environment.database_settings(
        replace(environment.read_environment(), database_url=address)
    )


def test_tls_to_the_database_is_asked_for_in_its_address():
    asked = "sslmode=verify-full&sslrootcert=/etc/ca.pem&sslcert=/c.pem&sslkey=/k.pem"
    options = database(f"postgresql://tongban@db.internal:5432/tongban?{asked}")["OPTIONS"]
    assert options == {
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "sslcert": "/c.pem",
        "sslkey": "/k.pem",
    }


def test_an_option_of_the_database_that_is_not_known_is_refused():
    with pytest.raises(environment.EnvironmentProblem, match="sslmod"):
        database("postgresql://tongban@db/tongban?sslmod=verify-full")


def test_mail_is_sent_over_tls_unless_to_this_machine():
    known = environment.read_environment()
    for address, tls, ssl in (
        ("smtp://mail.example.gov.cn", True, False),
        ("smtps://mail.example.gov.cn", False, True),
        ("smtp://localhost", False, False),
    ):
        said = environment.mail_settings(replace(known, mail_url=address))
        assert (said["EMAIL_USE_TLS"], said["EMAIL_USE_SSL"]) == (tls, ssl)
    with pytest.raises(environment.EnvironmentProblem):
        environment.mail_settings(replace(known, mail_url="http://mail.example.gov.cn"))


# Logs


def line(message: str, *values: object) -> str:
    record = logging.LogRecord("tongban.web", logging.INFO, "x.py", 1, message, values, None)
    return LineFormatter().format(record)


def test_a_log_line_is_one_line_in_utc_without_personal_numbers():
    said = line("answer 404 to %s", "/a\r\n2026-01-01T00:00:00.000+00:00 INFO forged")
    assert "\n" not in said
    assert "\r" not in said
    assert re.match(r"[0-9-]{10}T[0-9:.]{12}\+00:00 INFO tongban\.web answer 404", said)
    said = line("of %s, %s", "511602188002290018", "13812345678")
    assert "188002290018" not in said
    assert "13812345678" not in said
    assert "5116**********0018" in said


def test_an_address_that_is_not_ours_is_logged_quoted_and_ours_without_its_parts(site, caplog):
    number = site.make_case().number
    with caplog.at_level(logging.INFO):
        Client().get("/nothing%0A2026-01-01%20forged")
        signed_in(site.neighbour).get(f"/cases/{number}/")
    assert "/nothing%0A2026-01-01%20forged" in caplog.text
    assert number not in caplog.text


def test_logs_go_to_standard_error_alone():
    handlers = {one["class"] for one in product.LOGGING["handlers"].values()}
    assert handlers == {"logging.StreamHandler"}
