"""What must hold of every page, cookie, session and key, whatever the feature."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.conf import settings as django_settings
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.shortcuts import resolve_url
from django.test import Client, override_settings
from django.urls import reverse

from tests.conftest import PNG, World, png
from tests.web.test_who_sees_what import ALL, path_of
from tongban.base.problems import InvalidInput
from tongban.cases import storage
from tongban.cases.forms import KEPT_FORM
from tongban.cases.services import drafting, submitting, taking
from tongban.cases.workbench.lanes import QUEUES
from tongban.catalogue.search import text
from tongban.catalogue.search.index import rebuild
from tongban.directory.clients import client_address
from tongban.directory.models import AccountPhone
from tongban.directory.sign_in import devices
from tongban.web import environment, middleware
from tongban.web import settings as product
from tongban.web.logs import LineFormatter

SOURCE = Path(product.__file__).parent.parent
PASSWORD = " Ein langes 密码 with Spaces, " + "x" * 70 + " "
MODULES = {"pickle", "marshal", "shelve", "yaml", "random", "xml", "lxml", "jinja2"}
CALLS = {"eval", "exec", "system", "popen", "md5", "from_string", "Template"}
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


@pytest.fixture
def site(world, calendar, own_home) -> World:
    rebuild()
    return world


def signed_in(account) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(account)
    return client


def pages(site, **values: str) -> list[str]:
    """Every address, about the resident's case unless `values` says otherwise."""
    case = site.make_case("correction")
    about = {
        "code": site.item.code,
        "organ": site.organ.code,
        "number": case.number,
        "page": "applicant",
        "key": str(case.files.get().key),
        "form": "json",
        "delegation": str(uuid.uuid4()),
        "message": str(uuid.uuid4()),
        "upload": str(uuid.uuid4()),
        "sheet": "1",
        "device": "1",
        "emergency": "1",
        "level": "0",
        "place": "000.p/1",
        "seq": "1",
        "office": "hall",
        "reference": "0" * 32,
        "listed": "260302-AAAAAA",
        "pk": "1",
        "uidb36": "1",
        "slug": "moving-in",
        "filing": case.number,
        "part": "idcard",
        "region": site.region.code,
        "indicator": "maturity_promise",
        "run": "2345678abc",
        "draft": "my-index",
        "step": "1",
        "version": "1",
        "section": "basics",
        "basic": "511A0005200004",
        "family": "theme",
        "shelf": "health",
        "letter": "J",
        "imported": str(uuid.UUID(int=1)),
    } | values
    return [path_of(pattern, route, about) for route, pattern, _spaces in ALL]


def sign_in(client: Client, password: str) -> bool:
    """Through the sign-in page, whatever it calls the name; True when it let us in."""
    client.post(
        resolve_url(django_settings.LOGIN_URL),
        {"username": "li", "login": "li", "password": password},
    )
    return client.get("/me/").status_code == 200


# The code


def forbidden_in(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [one.name for one in node.names]
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [name for name in names if name.split(".")[0] in MODULES]
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            shell = any(word.arg == "shell" for word in node.keywords)
            found += [name] if name in CALLS or shell else []
    return found


@pytest.mark.parametrize(
    "line",
    ["eval(x)", "import pickle", "from xml import sax", "run(x, shell=True)", "os.system(x)"],
)
def test_the_check_of_the_code_sees_what_it_looks_for(line):
    assert forbidden_in(ast.parse(line))


def test_no_dangerous_call_is_in_the_code():
    found = {
        str(path.relative_to(SOURCE)): faults
        for path in SOURCE.rglob("*.py")
        if (faults := forbidden_in(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {
        # They write XML; the one that reads refuses document types and entities (test_procedures).
        "cases/procedures/drawing.py": ["xml.etree"],
        "cases/procedures/exporting.py": ["xml.etree"],
        "catalogue/atom.py": ["xml.etree"],
        "cases/procedures/reading_xml.py": ["xml.parsers"],
    }


# Every address


@pytest.mark.parametrize(
    "part", ["'", "' OR '1'='1", '"><script>alert(1)<', "{{7*7}}", "%s%n", "..%2f"]
)
def test_hostile_parts_of_an_address_break_nothing_and_come_back_harmless(site, part):
    client = signed_in(site.resident)
    hostile = quote(part, safe="")
    for path in pages(site, code=hostile, number=hostile, page=hostile):
        answer = client.get(path)
        assert answer.status_code < 500, path
        assert hostile not in path or answer.status_code != 200, path
        if "html" in answer.headers["Content-Type"]:
            assert b"<script>alert" not in answer.getvalue(), path


def test_markup_in_the_name_of_an_item_is_shown_and_not_run(site):
    site.item.name = "<script>alert(1)</script>身份证<b>"
    site.item.save()
    rebuild()
    for path in ("/", "/search?q=身份证", "/search?q=script", f"/items/{site.item.code}/"):
        page = Client().get(path).content.decode()
        assert "<script>alert" not in page, path
        assert "<b>" not in page, path


@pytest.mark.parametrize("state", ["submitted", "correction", "accepted", "approved"])
def test_the_workbench_lists_cases_of_own_organs_only(site, state):
    number = site.make_case(state).number
    other = site.make_staff("other", site.make_organ("区人社局"), "clerk", "reviewer", "head")
    lists = [f"/work/?show={show}" for show in QUEUES]
    assert any(number in signed_in(site.clerk).get(one).content.decode() for one in lists)
    for one in (*lists, f"/work/?number={number}"):
        answer = signed_in(other).get(one)
        assert answer.status_code == 200
        assert f"/work/cases/{number}" not in answer.content.decode(), one


@pytest.mark.once
def test_every_text_says_its_charset(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.get(path)
        kind = answer.headers["Content-Type"]
        assert kind, path
        if kind.startswith("text/"):
            assert "charset=utf-8" in kind, path


@pytest.mark.once
def test_no_other_site_may_read_an_answer_or_learn_an_address(site):
    client = signed_in(site.resident)
    public = {"/openid/jwks/", "/.well-known/openid-configuration"}
    for path in pages(site):
        answer = client.get(path, headers={"origin": "https://evil.example"})
        assert path in public or "Access-Control-Allow-Origin" not in answer.headers, path
        assert "Access-Control-Allow-Credentials" not in answer.headers, path
        assert answer.headers["Referrer-Policy"] == "same-origin", path


def test_cookies_are_known_kept_from_scripts_and_from_other_sites(site):
    client = Client()
    for path, form in (
        ("/region/", {"code": "511600000000"}),
        ("/language/", {"language": "en"}),
        ("/elder/", {}),
    ):
        client.post(path, form)
    client.get("/help/")
    assert sign_in(client, "a-long-password")
    assert len(client.cookies) >= 5
    for name, cookie in client.cookies.items():
        assert name.startswith("tongban_"), name
        assert cookie["samesite"] in ("Lax", "Strict"), name
        assert cookie["httponly"], name


def test_a_doubled_parameter_is_read_once_and_from_its_own_place(site):
    draft = site.make_draft()
    client = signed_in(site.resident)
    form = site.answers() | {"name": ["first", "last"]}
    client.post(f"/items/{site.item.code}/apply/applicant/?name=query&phone=query", form)
    draft.refresh_from_db()
    assert draft.answers["name"] == "last"
    assert draft.answers["phone"] == site.answers()["phone"]


def test_no_folder_and_no_source_is_served(site, client):
    for path in ("/static/", "/static/web/", "/.git/config", "/static/../manage.py", "/files/"):
        assert client.get(path).status_code == 404, path


@pytest.mark.once
def test_every_own_page_has_the_way_out(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.get(path)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            page = answer.content.decode()
            if "suggestions" in path or "/print/" in path:  # A piece of a page; one for paper.
                continue
            assert "docs" in path or re.search(r'<form method="post" action="[^"]*out', page), path


# Signing in


def test_a_session_is_new_after_sign_in_and_dead_after_sign_out(site):
    client = Client()
    client.post("/me/", {"kept": "before signing in"})
    before = client.session.session_key
    assert before
    assert sign_in(client, "a-long-password")
    inside = client.cookies["tongban_session"].value
    assert inside != before
    out = re.search(r'action="([^"]*out[^"]*)"', client.get("/me/").content.decode())
    assert out
    client.post(out[1])
    client.cookies["tongban_session"] = inside
    assert client.get("/me/").status_code == 302
    assert not Session.objects.filter(session_key__in=[before, inside]).exists()


def test_a_made_up_session_opens_nothing_and_a_real_one_cannot_be_guessed(site):
    keys = {signed_in(site.resident).cookies["tongban_session"].value for _ in range(20)}
    assert len(keys) == 20
    assert all(re.fullmatch(r"[a-z0-9]{32,}", key) for key in keys)  # 36**32 is 165 bits
    client = Client()
    client.cookies["tongban_session"] = "a" * 32
    assert client.get("/me/").status_code == 302


def test_a_disabled_account_is_out_at_once(site):
    client = signed_in(site.resident)
    assert client.get("/me/").status_code == 200
    site.resident.is_active = False
    site.resident.save()
    assert client.get("/me/").status_code == 302


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
def test_a_password_is_taken_exactly_as_typed(site):
    site.resident.set_password(PASSWORD)
    site.resident.save()
    for wrong in (PASSWORD.strip(), PASSWORD.lower(), PASSWORD[:72], PASSWORD[:-1]):
        assert not sign_in(Client(), wrong)
    assert sign_in(Client(), PASSWORD)


def test_the_password_field_hides_and_lets_password_managers_in(client, db):
    page = client.get(resolve_url(django_settings.LOGIN_URL)).content.decode()
    field = re.search(r'<input[^>]*name="password"[^>]*>', page)
    assert field
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]
    assert "onpaste" not in page


def test_passwords_are_kept_by_a_slow_hash():
    """OWASP's least: PBKDF2-SHA256 with 600,000 rounds; Argon2 and scrypt are slow by design."""
    from django.conf import global_settings

    hashers = getattr(product, "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    with override_settings(PASSWORD_HASHERS=hashers):
        first = get_hasher("default")
    assert first.algorithm in ("argon2", "scrypt", "pbkdf2_sha256")
    assert first.algorithm != "pbkdf2_sha256" or first.iterations >= 600_000


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


# Headers of every answer


@pytest.mark.once
def test_every_answer_has_the_strict_policy_and_can_not_be_framed(site):
    client = signed_in(site.resident)
    nonces = []
    for path in pages(site):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path
        if policy.startswith("sandbox"):
            continue
        assert "object-src 'none'" in policy, path
        assert "base-uri 'none'" in policy, path
        assert "unsafe" not in policy, path
        nonces += re.findall(r"'nonce-([^']+)'", policy)
    assert len(nonces) == len(set(nonces)) > 50
    assert "frame-ancestors" in Client().get("/static/x.css").headers["Content-Security-Policy"]


@pytest.mark.once
def test_no_page_has_a_script_or_style_without_its_nonce(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.get(path)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            page = answer.content.decode()
            scripts = [] if path.endswith("/docs") else re.findall(r"<script[^>]*>", page)
            for tag in scripts:
                assert 'nonce="' in tag or 'type="application/json"' in tag, path
            assert not re.search(r"<[^>]+\son[a-z]+=|href=\"javascript:", page), path


@pytest.mark.once
def test_nothing_that_somebody_saw_is_kept_and_leaving_clears_the_browser(site):
    client = Client()
    assert sign_in(client, "a-long-password")
    for path in pages(site):
        assert client.get(path).headers["Cache-Control"] == "no-store, private", path
    answer = client.post("/sign-out/")
    assert '"cache"' in answer.headers["Clear-Site-Data"]
    assert '"storage"' in answer.headers["Clear-Site-Data"]


@pytest.mark.once
def test_no_address_echoes_a_trace(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.trace(path, headers={"x-secret": "echoed-by-trace"})
        assert answer.streaming or b"echoed-by-trace" not in answer.content, path
    assert client.trace("/region/").status_code == 405


@pytest.mark.once
def test_forms_that_write_into_the_address_ask_for_nothing_personal(site):
    named = set()
    for account in (site.resident, site.clerk):
        client = signed_in(account)
        for path in (*pages(site), "/work/"):
            answer = client.get(path)
            if "text/html" in answer.headers["Content-Type"]:
                forms = re.findall(r"<form[^>]*>.*?</form>", answer.content.decode(), re.S)
                for form in forms:
                    if 'method="post"' not in form.partition(">")[0]:
                        named |= set(re.findall(r'name="([^"]+)"', form))
    assert named
    # `case` is the opaque reference of the public log.
    public = {"q", "region", "organ", "kind", "audience", "number", "show", "from", "to", "case"}
    # What the desk is filtered by: an item's code, a span of days, mine or nobody's.
    public |= {"item", "due", "whose"}
    assert named <= public


def test_what_leads_on_is_encoded_in_the_links_of_the_region_page(site):
    hostile = '/search?q=a&in=000000000000&x=javascript:alert(1)"><b>'
    page = Client().get("/region/", {"in": "510000000000", "next": hostile}).content.decode()
    links = [
        one for one in re.findall(r'href="([^"]*)"', page) if re.search("next=(?!/region/)", one)
    ]
    links = [one for one in links if one.startswith("/region/?in=")]
    assert links
    for link in links:
        assert quote(hostile, safe="") in link
    assert 'href="javascript:' not in page


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5_000, "-1", "٣", "1e9"])
def test_a_number_without_end_breaks_no_list(site, number):
    for path in (f"/search?q=x&page={number}", f"/search?q=身份证&page={number}"):
        assert Client().get(path).status_code == 200
    assert signed_in(site.clerk).get(f"/work/?page={number}").status_code == 200
    path = f"/me/security/devices/{quote(number)}/forget/"
    assert signed_in(site.resident).post(path).status_code in (302, 404)


# Too much, too fast


def test_a_client_that_asks_too_fast_is_told_to_wait_and_others_are_not(db, settings):
    settings.TONGBAN_CLIENT_RATE = 1
    fast, other = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")
    answers = [fast.get("/health/live") for _ in range(middleware.RATE_BURST + 5)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert other.get("/health/live").status_code == 200
    refused = fast.get("/api/v1/search?q=x")
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_reading_letters_as_pinyin_stays_short(monkeypatch):
    """Counted, not timed: sixty letters that have no reading, and sixty that have very many."""
    looked = 0

    class Counted(frozenset):
        def __contains__(self, letters):
            nonlocal looked
            looked += 1
            assert looked < 10_000, "it goes on and on"
            return super().__contains__(letters)

    known = Counted(text.all_syllables())
    monkeypatch.setattr(text, "all_syllables", lambda: known)
    for letters in ("xian" * 14 + "vvvv", "a" * 59 + "v", "a" * 60, "liangxiangying" * 4):
        text.split_pinyin(letters)
    assert looked


def test_open_forms_of_one_account_hold_only_so_much(site, monkeypatch):
    monkeypatch.setattr(drafting, "DRAFT_BYTES_MOST", 2 * len(PNG))
    draft = site.make_draft()
    drafting.attach_file(site.resident, draft.key, "photo", png())
    with pytest.raises(InvalidInput) as refused:
        drafting.attach_file(site.resident, draft.key, "photo", png())
    assert refused.value.code == "too_much_held"
    assert draft.files.count() == 2


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("photo.png", "photo.png"),
        ("photo.png.hta", "photo.png"),
        ("x.html", "x.png"),
        ("x.pdf", "x.png"),
        (".png", "png.png"),
        ("..\\..\\evil.exe", "evil.png"),
        ("", "file.png"),
    ],
)
def test_an_upload_is_named_as_its_content_is(name, kept):
    assert taking.safe_name(name, "image/png") == kept


def test_an_upload_is_stored_for_its_owner_alone(site):
    environment.make_home(django_settings.ENVIRONMENT)
    draft = site.make_draft()
    path = storage.path_of(draft.files.get().sha256)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


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


# Sessions, passwords, second factors


def test_a_kept_form_is_not_handed_to_another_account(site):
    path = f"/items/{site.item.code}/apply/request/"
    for owner, gets in (("li", True), ("wang", False)):
        site.make_draft(site.resident if owner == "li" else site.neighbour)
        client = Client()
        assert sign_in(client, "a-long-password")
        Session.objects.all().delete()
        client.post(path, {"reason": "lost", "address": "secret street 9"})
        client.post("/sign-in/", {"login": owner, "password": "a-long-password"})
        assert ("secret street 9" in client.get(path).content.decode()) is gets


def test_a_form_of_nobody_is_not_kept(site):
    client = Client()
    client.post(f"/items/{site.item.code}/apply/request/", {"address": "secret street 9"})
    assert KEPT_FORM not in client.session


def test_a_session_is_not_kept_when_the_browser_closes_and_ends_by_itself(site):
    client = Client()
    assert sign_in(client, "a-long-password")
    cookie = client.cookies["tongban_session"]
    assert cookie["max-age"] == ""
    assert cookie["expires"] == ""
    stored = Session.objects.get(session_key=cookie.value)
    stored.expire_date -= timedelta(seconds=product.SESSION_COOKIE_AGE)
    stored.save()
    assert product.SESSION_COOKIE_AGE == 12 * 3600
    assert client.get("/me/").status_code == 302


def test_passwords_of_any_kind_are_taken_and_poor_ones_are_not(db):
    for good in (
        "8402759163720459",
        "zhonghuaxiyuexiaoxi",
        "!!§§%%&&//(())",
        "密码很长很长很长很长",
    ):
        validate_password(good)
    for poor in ("short", "1234567890", "password123"):
        with pytest.raises(ValidationError):
            validate_password(poor)


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(site):
    here, elsewhere = Client(), Client()
    assert sign_in(here, "a-long-password")
    assert sign_in(elsewhere, "a-long-password")
    new = "another-long-password"
    form = {"password1": new, "password2": new}
    here.post("/account/password/", {"oldpassword": "wrong-password", **form})
    assert elsewhere.get("/me/").status_code == 200
    here.post("/account/password/", {"oldpassword": "a-long-password", **form})
    assert here.get("/me/").status_code == 200
    assert elsewhere.get("/me/").status_code == 302
    assert sign_in(Client(), new)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/email/", {"action_add": "", "email": "x@example.cn"}),
        ("/account/phone/", {"phone": "13812345678"}),
        ("/account/second-step/app/", {"code": "000000"}),
        ("/account/second-step/app/off/", {}),
        ("/account/passkeys/add/", {"name": "x"}),
        ("/account/recovery-codes/new/", {}),
    ],
)
def test_ways_to_sign_in_are_changed_only_after_proving_oneself_again(site, path, form):
    TOTP.activate(site.resident, generate_totp_secret())
    answer = signed_in(site.resident).post(path, form)
    assert answer.status_code in (200, 302), path
    assert answer.status_code == 200 or "again" in answer.headers["Location"], path
    assert not EmailAddress.objects.exists()
    assert not AccountPhone.objects.exists()
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp"}


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_forgotten_password_does_not_open_the_second_step(site):
    TOTP.activate(site.resident, generate_totp_secret())
    client, new = Client(), "another-long-password"
    key = default_token_generator.make_token(site.resident)
    link = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(site.resident), key])
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": new, "password2": new})
    assert client.get("/me/").status_code == 302
    site.resident.refresh_from_db()
    assert site.resident.check_password(new)
    answer = client.post("/sign-in/", {"login": "li", "password": new})
    assert answer.headers["Location"].startswith("/sign-in/second-step/")
    assert client.get("/me/").status_code == 302
    again = Client().get(link, follow=True)
    assert 'name="password1"' not in again.content.decode(), "the link works once"


def test_a_code_of_any_kind_works_once(site):
    secret = generate_totp_secret()
    TOTP.activate(site.resident, secret)
    recovery = RecoveryCodes.activate(site.resident).get_unused_codes()[0]
    app = code_now(secret)
    for code in (app, recovery):
        for works in (True, False):
            client = Client()
            assert not sign_in(client, "a-long-password")
            client.post("/sign-in/second-step/", {"code": code})
            assert (client.get("/me/").status_code == 200) is works


def test_codes_are_long_enough_and_their_seeds_are_sealed(site):
    secret = generate_totp_secret()
    TOTP.activate(site.resident, secret)
    codes = RecoveryCodes.activate(site.resident).get_unused_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[0-9]{8,}", code) for code in codes)
    assert len(secret) >= 32  # 160 bits
    for kept in Authenticator.objects.filter(user=site.resident):
        assert all(str(value).startswith("k") for value in kept.data.values() if value)


def test_a_code_by_text_message_belongs_to_the_browser_that_asked(site, settings, own_home):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, home=own_home)
    AccountPhone.objects.create(account=site.resident, phone="+8613812345678", verified=True)
    asked, other = Client(), Client()
    asked.post("/sign-in/code/", {"phone": "13812345678"})
    (message,) = (own_home / "outbox").glob("sms-*.txt")
    code = re.search(r"\b[0-9]{6}\b", message.read_text().split("\n")[1])
    assert code
    other.post("/sign-in/code/confirm/", {"code": code[0]})
    assert other.get("/me/").status_code == 302
    asked.post("/sign-in/code/confirm/", {"code": code[0]})
    assert asked.get("/me/").status_code == 200
    asked.post("/sign-out/")
    asked.post("/sign-in/code/confirm/", {"code": code[0]})
    assert asked.get("/me/").status_code == 302


def test_opening_an_account_asks_no_secret_questions(db):
    page = Client().get("/sign-up/").content.decode()
    names = set(re.findall(r'<(?:input|select|textarea)[^>]*name="([^"]+)"', page))
    assert names <= {
        "csrfmiddlewaretoken",
        "q",
        "next",
        "username",
        "phone",
        "password1",
        "password2",
        "language",
    }


def test_the_cookie_of_a_device_is_a_secret_that_is_kept_as_a_hash(site):
    client = Client()
    assert sign_in(client, "a-long-password")
    secret = client.cookies[devices.COOKIE].value
    assert len(secret) >= 43
    assert secret not in str(list(site.resident.devices.values()))
