"""Pages of assessments: whose figures one sees, publishing with a second person, the editor."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from django.urls import reverse

from tests.assessment.histories import START as BEGIN
from tests.assessment.histories import accepted, write_case
from tongban.assessment.models import FrameworkDraft, Run
from tongban.assessment.sandbox import assess_texts, checked_framework
from tongban.assessment.services.frameworks import (
    begin_draft,
    propose_framework,
    publish_framework,
    save_draft,
)
from tongban.assessment.services.keeping import keep_table, propose_run, publish_run
from tongban.assessment.services.refreshing import refresh
from tongban.assessment.views.frameworks import START
from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.directory.models import Region
from tongban.indices import FrameworkProblem
from tongban.ledger.models import Entry

TABLE = "code,name,online_share,days\na,甲,80,5\nb,乙,60,9\nc,丙,70,2\n"


@pytest.fixture
def town(world, calendar):
    world.supervisor = world.make_staff("watch", world.organ, "supervisor")
    world.administrator = world.make_staff("admin", world.organ, "administrator")
    world.province = Region.objects.get(code="510000000000")
    world.chief = world.make_staff(
        "chief", world.make_organ("省政务局", world.province), "supervisor"
    )
    elsewhere = Region.objects.create(
        code="511603000000", name="前锋区", level=4, parent_id="511600000000", path="511603"
    )
    world.far = world.make_organ("区卫健局", elsewhere)
    world.far_supervisor = world.make_staff("far", world.far, "supervisor")
    begins = (utc_now() - BEGIN).days - 60
    for number in range(40):
        # Up to 24 days: late by a promise of three working days even over a week of holidays.
        steps = [("submit", 0, {}), accepted(1, 3), ("approve", 3 * (number % 9), {})]
        write_case(world, steps, begins=begins + number % 9, counter=number % 3 == 0)
    refresh(whole=True)
    return world


def client(account=None) -> Client:
    found = Client()
    if account:
        found.force_login(account)
        session = found.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "type": "totp", "at": time.time()}
        ]
        session.save()
    return found


def pages_of(region: str, organ: str = "") -> list[str]:
    query = f"?organ={organ}" if organ else ""
    return [
        reverse("assessment:dashboard", args=[region]) + query,
        reverse("assessment:to-do", args=[region]) + query,
        reverse("assessment:behind", args=[region, "maturity_promise"]) + query,
        reverse("assessment:behind", args=[region, "coverage_peers"]) + query,
        reverse("assessment:download", args=[region, "json"]) + query,
        reverse("assessment:download", args=[region, "csv"]) + query,
        reverse("assessment:download", args=[region, "report"]) + query,
    ]


def test_a_supervisor_reads_the_place_and_all_below_and_nothing_else(town):
    chief, near = client(town.chief), client(town.supervisor)
    own = [*pages_of(town.region.code), reverse("assessment:numbers", args=[town.region.code])]
    for page in own:
        assert near.get(page).status_code == 200, page
        assert chief.get(page).status_code == 200, page
        assert client(town.far_supervisor).get(page).status_code == 404, page
    for page in pages_of(town.province.code):
        assert chief.get(page).status_code == 200, page
        assert near.get(page).status_code == 404, page
    for page in pages_of(town.region.code, town.organ.code):
        assert chief.get(page).status_code == 200, page
        assert client(town.far_supervisor).get(page).status_code == 404, page
    # An organ is read under its own place only.
    page = reverse("assessment:dashboard", args=["511603000000"]) + f"?organ={town.organ.code}"
    assert chief.get(page).status_code == 404


def test_a_head_reads_the_own_organ_only(town):
    head = client(town.head)
    for page in pages_of(town.region.code, town.organ.code):
        assert head.get(page).status_code == 200, page
    for page in pages_of(town.region.code):
        assert head.get(page).status_code == 404, page
    overview = head.get(reverse("assessment:live")).content.decode()
    assert town.organ.name in overview
    assert f"/assessment/live/{town.region.code}/&quot;" not in overview


@pytest.mark.parametrize("who", ["", "resident", "clerk", "reviewer"])
def test_others_are_not_let_in(town, who):
    account = getattr(town, who) if who else None
    for page in (*pages_of(town.region.code), reverse("assessment:live"),
                 reverse("assessment:frameworks"), reverse("assessment:compare")):  # fmt: skip
        assert client(account).get(page).status_code in (302, 403), page
    assert client(account).get(reverse("assessment:index")).status_code == 200


def test_only_who_handles_cases_sees_them_listed(town):
    page = reverse("assessment:behind", args=[town.region.code, "maturity_promise"])
    page += f"?organ={town.organ.code}"
    number = town.item.cases.first().number
    assert "/work/cases/" in client(town.head).get(page).content.decode()
    for account in (town.supervisor, town.administrator):
        text = client(account).get(page).content.decode()
        assert "/work/cases/" not in text
        assert number not in text


def test_a_dashboard_says_what_it_was_made_of(town):
    text = client(town.supervisor).get(pages_of(town.region.code)[0]).content.decode()
    assert "本平台尚无此类数据" in text
    assert "谨慎解读" in text
    english = client(town.supervisor)
    english.cookies["tongban_language"] = "en"
    text = english.get(pages_of(town.region.code)[0]).content.decode()
    assert "Nothing of the kind is counted" in text


def test_two_places_are_compared_only_when_both_may_be_read(town):
    page = reverse("assessment:compare")
    asks = f"?a=511602000000&b=511602000000:{town.organ.code}"
    answer = client(town.supervisor).get(page + asks)
    assert answer.status_code == 200
    assert town.organ.name in answer.content.decode()
    assert client(town.supervisor).get(page + "?a=511602000000&b=511603000000").status_code == 404
    assert client(town.chief).get(page + "?a=511602000000&b=511603000000").status_code == 200


def test_how_many_queries_a_dashboard_takes(town, django_assert_max_num_queries):
    browser = client(town.chief)
    page = pages_of("511600000000")[0]
    browser.get(page)
    with django_assert_max_num_queries(60):  # Most are the lists behind the five things to mend.
        browser.get(page)


# Runs


def kept(town) -> Run:
    result = assess_texts(START, table=TABLE, draws=20)
    return keep_table(
        town.administrator, result, framework=START, table=TABLE, title="三地比较",
    )  # fmt: skip


def test_a_run_is_published_by_a_second_person_and_then_read_by_all(town):
    run = kept(town)
    page = reverse("assessment:run", args=[run.code])
    assert client().get(page).status_code == 404
    assert client(town.far_supervisor).get(page).status_code == 404
    assert client(town.administrator).get(page).status_code == 200
    with pytest.raises(Conflict):
        publish_run(town.head, run.code)
    propose_run(town.administrator, run.code)
    with pytest.raises(NotPermitted):
        publish_run(town.administrator, run.code)
    with pytest.raises(NotFound):
        publish_run(town.far_supervisor, run.code)
    with pytest.raises(NotFound):
        propose_run(town.clerk, run.code)
    assert client().get(page).status_code == 404
    answer = client(town.head).post(
        reverse("assessment:act-on-run", args=[run.code]), {"act": "publish"}
    )
    assert answer.status_code == 302
    text = client().get(page).content.decode()
    assert "三地比较" in text
    assert run.results_sha256 in text
    for form in ("json", "csv", "report", "inputs"):
        assert (
            client().get(reverse("assessment:run-file", args=[run.code, form])).status_code == 200
        )
    assert client().get(reverse("assessment:run-file", args=[run.code, "exe"])).status_code == 404
    assert "三地比较" in client().get(reverse("assessment:index")).content.decode()
    assert Entry.objects.filter(leaf__contains="assessment.published").count() == 1


def test_live_figures_are_kept_from_the_page(town):
    page = reverse("assessment:keep", args=[town.region.code])
    answer = client(town.supervisor).post(page, {"title": "年度实时指数"})
    run = Run.objects.get()
    assert answer.headers["Location"] == reverse("assessment:run", args=[run.code])
    assert (run.title, run.owner, run.region) == ("年度实时指数", town.organ, town.region)
    assert client(town.supervisor).get(answer.headers["Location"]).status_code == 200
    assert client(town.head).post(page, {}).status_code == 403
    assert client(town.far_supervisor).post(page, {}).status_code == 404


def test_what_a_published_live_run_tells_has_no_small_numbers(town):
    client(town.supervisor).post(reverse("assessment:keep", args=[town.region.code]), {})
    figures = Run.objects.get().inputs["figures"]
    for codes in figures.values():
        for code, one in codes.items():
            if code.startswith("maturity") and one["denominator"] is not None:
                assert one["denominator"] >= 10
    assert "T0000" not in json.dumps(Run.objects.get().results)  # No case numbers.


# The editor


def test_a_framework_is_written_tried_and_published_by_two(town):
    browser = client(town.administrator)
    answer = browser.post(reverse("assessment:frameworks"), {"slug": "three-places", "like": ""})
    page = answer.headers["Location"]
    assert "框架没有错误" in browser.get(page).content.decode()
    broken = START.replace('parent = "index"\ndirection', 'parent = "nowhere"\ndirection')
    answer = browser.post(page, {"act": "save", "text": broken, "revision": "1"})
    assert "nowhere" in browser.get(page).content.decode()
    assert browser.post(page, {"act": "propose"}).status_code == 422
    browser.post(page, {"act": "save", "text": START, "revision": "2"})
    tried = browser.post(page, {"act": "try", "text": START, "table": TABLE}).content.decode()
    assert "丙" in tried
    assert "chart--wide" in tried
    assert Run.objects.count() == 0  # Trying keeps nothing.
    wrong = browser.post(page, {"act": "try", "text": START, "table": TABLE.replace("60", "6,0")})
    assert "decimal comma" in wrong.content.decode()
    browser.post(page, {"act": "propose"})
    assert browser.post(page, {"act": "publish"}).status_code == 403
    assert client(town.supervisor).post(page, {"act": "publish"}).status_code == 302
    draft = FrameworkDraft.objects.get()
    assert (draft.state, draft.published_by) == ("published", town.supervisor)
    assert draft.title == "我的指数"
    assert "我的指数" in client().get(reverse("assessment:index")).content.decode()
    text = client().get(reverse("assessment:published-framework", args=[draft.slug]))
    assert text.content.decode() == START
    with pytest.raises(Conflict):
        save_draft(town.administrator, draft.slug, text=START, revision=draft.revision)
    answer = browser.post(page, {"act": "keep", "text": START, "table": TABLE, "title": "三地"})
    assert Run.objects.get().title == "三地"


def test_a_framework_of_others_does_not_exist(town):
    draft = begin_draft(town.administrator, slug="secret", text=START)
    page = reverse("assessment:framework", args=[draft.slug])
    for body in ({"act": "save", "text": "x", "revision": "1"}, {"act": "publish"}):
        assert client(town.far_supervisor).post(page, body).status_code == 404
    assert client(town.far_supervisor).get(page).status_code == 404
    hidden = reverse("assessment:published-framework", args=[draft.slug])
    assert client().get(hidden).status_code == 404
    assert (
        "secret"
        not in client(town.far_supervisor).get(reverse("assessment:frameworks")).content.decode()
    )


def test_who_saves_last_must_have_seen_the_text(town):
    draft = begin_draft(town.administrator, slug="two-writers", text=START)
    save_draft(town.supervisor, draft.slug, text=START + "\n", revision=1)
    with pytest.raises(Conflict):
        save_draft(town.administrator, draft.slug, text=START, revision=1)
    propose_framework(town.administrator, draft.slug)
    # The supervisor wrote last, so another one publishes.
    with pytest.raises(NotPermitted):
        publish_framework(town.supervisor, draft.slug)
    publish_framework(town.administrator, draft.slug)


@pytest.mark.parametrize("slug", ["", "ab", "UPPER", "1st", "live", "a" * 61, "a/b", "../x"])
def test_a_name_must_be_short_and_free(town, slug):
    with pytest.raises((InvalidInput, Conflict)):
        begin_draft(town.administrator, slug=slug, text=START)


@pytest.mark.parametrize(
    "text",
    [
        '[units]\nfile = "/etc/passwd"\n',
        '[units]\nfile = "../../secret.csv"\n',
        '[editions]\nnewest = "1"\n[editions.1]\nunits = { file = "/etc/passwd" }\n',
        "units = 3\n",
        'units = "x"\n',
        "node = 3\n",
        "indicator = [1]\n",
        "tiers = 4\n",
        'decimals = "many"\n',
        "= =",
        "a." * 2_000 + "b = 1",
        "[[node]]\n" * 3,
        "x = " + "[" * 5_000,
    ],
)
def test_a_hostile_framework_is_refused_with_words(text):
    with pytest.raises(FrameworkProblem):
        checked_framework(text + "\n" if text.startswith("[") else text)


def test_a_table_of_any_size_is_bounded():
    rows = "".join(f"u{n},x,1,1\n" for n in range(4_000))
    with pytest.raises(ValueError, match="3,500"):
        assess_texts(START, table="code,name,online_share,days\n" + rows)
    with pytest.raises(ValueError, match="bytes"):
        assess_texts(START, table="x" * 1_000_001)


def test_the_period_of_an_address_is_checked(town):
    browser = client(town.supervisor)
    page = reverse("assessment:dashboard", args=[town.region.code])
    for asks in ("?from=x", "?from=2026-02-30", "?from=2026-05-01&to=2026-01-01", "?to=0001-01-01",
                 "?from=1990-01-01&to=2026-01-01", "?from=９９９９-01-01"):  # fmt: skip
        assert browser.get(page + asks).status_code == 200, asks
