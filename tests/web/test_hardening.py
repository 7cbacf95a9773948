"""What must hold of every page and address, and of the code, whatever the feature."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.conftest import PNG, png
from tests.web.visits import pages, sign_in, signed_in
from tongban.base.problems import InvalidInput
from tongban.cases import storage
from tongban.cases.services import drafting, taking
from tongban.cases.workbench.lanes import QUEUES
from tongban.catalogue.search import text
from tongban.catalogue.search.index import rebuild
from tongban.web import environment, middleware
from tongban.web import settings as product

SOURCE = Path(product.__file__).parent.parent
MODULES = {"pickle", "marshal", "shelve", "yaml", "random", "xml", "lxml", "jinja2"}
CALLS = {"eval", "exec", "system", "popen", "md5", "from_string", "Template"}


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
