"""What must hold of every page, cookie, session and key, whatever the feature."""

from __future__ import annotations

import ast
import logging
import re
import uuid
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import get_hasher
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.shortcuts import resolve_url
from django.test import Client, override_settings

from tests.conftest import PNG, World
from tests.web.test_who_sees_what import ALL, path_of
from tongban.cases.selectors import FILTERS
from tongban.cases.services import drafting, submitting
from tongban.catalogue.search.index import rebuild
from tongban.web import settings as product

SOURCE = Path(product.__file__).parent.parent
PASSWORD = " Ein langes 密码 with Spaces, " + "x" * 70 + " "
MODULES = {"pickle", "marshal", "shelve", "yaml", "random", "xml", "lxml", "jinja2"}
CALLS = {"eval", "exec", "system", "popen", "md5", "from_string", "Template"}


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
        "number": case.number,
        "page": "applicant",
        "key": str(case.files.get().key),
        "form": "json",
        "delegation": str(uuid.uuid4()),
        "device": "1",
        "emergency": "1",
        "pk": "1",
        "uidb36": "1",
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
    assert found == {}


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
    lists = [f"/work/?show={show}" for show in FILTERS]
    assert any(number in signed_in(site.clerk).get(one).content.decode() for one in lists)
    for one in (*lists, f"/work/?number={number}"):
        answer = signed_in(other).get(one)
        assert answer.status_code == 200
        assert f"/work/cases/{number}" not in answer.content.decode(), one


def test_every_text_says_its_charset(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.get(path)
        kind = answer.headers["Content-Type"]
        assert kind, path
        if kind.startswith("text/"):
            assert "charset=utf-8" in kind, path


def test_no_other_site_may_read_an_answer_or_learn_an_address(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.get(path, headers={"origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers, path
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


def test_every_own_page_has_the_way_out(site):
    client = signed_in(site.resident)
    for path in pages(site):
        answer = client.get(path)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            page = answer.content.decode()
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
    from tongban.ledger.keys import signer

    signer()
    folder = Path(product.ENVIRONMENT.keys)
    assert folder.stat().st_mode & 0o077 == 0
    files = list(folder.iterdir())
    assert {path.name for path in files} >= {"django-secret", "ledger-ed25519.pem"}
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
