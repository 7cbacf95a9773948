"""The pages of a case: the buttons are those of the table, and what they lead to."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.conftest import png
from tongban.base.clocks import local_date, utc_now
from tongban.cases.labels import BUTTONS
from tongban.cases.models import Case
from tongban.cases.rules import STEPS, Part, Situation, State, steps_possible
from tongban.cases.services import drafting, handling, submitting
from tongban.cases.services.writing import standing_of
from tongban.catalogue.search.index import rebuild
from tongban.directory.selectors import working_calendar

pytestmark = pytest.mark.usefixtures("calendar")


@pytest.fixture
def site(world, own_home):
    rebuild()
    return world


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def offered(page: str) -> set[str]:
    # Claims and notes are among colleagues, no acts of the table.
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    said = "".join(one for one in forms if "/desk/" not in one)
    return set(re.findall(r'name="act" value="(\w+)"', said)) - {"reveal"}


@pytest.mark.parametrize("state", list(State))
def test_the_buttons_of_staff_are_the_open_rows_of_the_table(site, state):
    case = site.make_case(state.value, at=utc_now())
    parts = {
        site.clerk: {Part.CLERK},
        site.reviewer: {Part.REVIEWER},
        site.head: {Part.REVIEWER, Part.HEAD},
    }
    for account, held in parts.items():
        page = signed_in(account).get(f"/work/cases/{case.number}/").content.decode()
        now = Situation(standing_of(case), local_date(utc_now()), working_calendar(), account.pk)
        assert offered(page) == {step.act.value for step in steps_possible(now, held)}
    rows = {step.act for step in STEPS if state in step.starts and step.act in BUTTONS}
    assert rows or state in (
        State.REFUSED,
        State.WITHDRAWN,
        State.TERMINATED,
        State.REVOKED,
    )


def test_an_act_is_read_once_more_before_it_is_done(site):
    case = site.make_case("accepted", at=utc_now())
    client, path = signed_in(site.head), f"/work/cases/{case.number}/"
    typed = {"act": "extend", "days": "5", "reasons": "核对档案需要时间"}
    page = client.post(path, typed).content.decode()
    assert "核对档案需要时间" in page
    assert 'name="days" value="5"' in page
    case.refresh_from_db()
    assert case.extended_days is None
    assert client.post(path, typed | {"confirmed": "yes"}).status_code == 302
    case.refresh_from_db()
    assert case.extended_days == 5


def test_every_mistake_stands_at_its_field(site):
    case = site.make_case("accepted", at=utc_now())
    page = (
        signed_in(site.head)
        .post(f"/work/cases/{case.number}/", {"act": "extend", "days": "99", "reasons": ""})
        .content.decode()
    )
    assert 'id="days-extend-error"' in page
    assert 'id="reasons-extend-error"' in page
    assert 'value="99"' in page


def test_another_post_can_not_do_it_by_hand(site):
    case = site.make_case("accepted", at=utc_now())
    typed = {"act": "extend", "days": "5", "reasons": "核对档案", "confirmed": "yes"}
    answer = signed_in(site.clerk).post(f"/work/cases/{case.number}/", typed)
    assert answer.status_code == 403
    for act in ("accept_by_silence", "lapse", "due_recomputed", "withdraw", "submit"):
        answer = signed_in(site.clerk).post(f"/work/cases/{case.number}/", {"act": act})
        assert answer.status_code in (403, 409), act
    case.refresh_from_db()
    assert (case.state, case.extended_days) == ("accepted", None)


def test_the_applicant_withdraws_after_one_more_question(site):
    case = site.make_case("accepted", at=utc_now())
    client, path = signed_in(site.resident), f"/cases/{case.number}/act/"
    page = client.post(path, {"act": "withdraw"}).content.decode()
    assert 'name="confirmed" value="yes"' in page
    assert client.post(path, {"act": "withdraw", "confirmed": "yes"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "withdrawn"
    again = client.post(path, {"act": "withdraw", "confirmed": "yes"})
    assert again.status_code == 409
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("act", ["accept", "approve", "nonsense", ""])
def test_the_applicant_does_nothing_of_the_organs(site, act):
    case = site.make_case(at=utc_now())
    answer = signed_in(site.resident).post(
        f"/cases/{case.number}/act/", {"act": act, "confirmed": "yes"}
    )
    assert answer.status_code == 422
    case.refresh_from_db()
    assert case.state == "submitted"


def test_a_missing_paper_is_handed_in_on_the_page_of_the_case(site):
    site.change_guide(photo="to_follow")
    case = submitting.submit(site.resident, site.make_draft(photo=False).key)
    client = signed_in(site.resident)
    assert "file-photo" not in client.get(f"/cases/{case.number}/").content.decode()
    handling.accept_tolerantly(site.clerk, case.number)
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert 'name="file-photo"' in page
    assert "近期正面免冠照片" in page
    empty = client.post(f"/cases/{case.number}/supply/", {"material": "photo"})
    assert empty.status_code == 422
    done = client.post(f"/cases/{case.number}/supply/", {"material": "photo", "file-photo": png()})
    assert done.status_code == 302
    assert "file-photo" not in client.get(f"/cases/{case.number}/").content.decode()


def test_the_promises_are_read_before_sending(site):
    commitment = {"text": {"zh": "我承诺属实", "en": "I vouch"}, "replaces": ["photo"]}
    site.change_guide(handling={"commitment": commitment})
    draft = site.make_draft(photo=False)
    client = signed_in(site.resident)
    base = f"/items/{site.item.code}/apply"
    page = client.get(f"{base}/materials/").content.decode()
    assert "我承诺属实" in page
    assert client.post(f"{base}/materials/", {"action": "next"}).status_code == 200  # photo missing
    answer = client.post(f"{base}/materials/", {"action": "next", "committed": "yes"})
    assert answer.status_code == 302
    assert "我承诺属实" in client.get(f"{base}/check/").content.decode()
    client.post(f"{base}/check/", {"draft": str(draft.key)})
    assert Case.objects.get().committed


def test_time_is_shown_as_two_bars_that_are_read_aloud(site):
    case = site.make_case("accepted", at=utc_now())
    until = local_date(utc_now()) + timedelta(days=9)
    handling.start_special(
        site.reviewer, case.number, kind="testing", until=until, reasons="送检测机构"
    )
    page = signed_in(site.resident).get(f"/cases/{case.number}/").content.decode()
    assert (
        len(re.findall(r'<svg class="time__bar[^>]*role="img"[^>]*aria-label="[^"]+"', page)) == 2
    )
    assert "检测" in page
    assert "送检测机构" in page


def test_the_pages_of_a_case_cost_few_queries(site, django_assert_max_num_queries):
    case = site.make_case("paused", at=utc_now())
    client = signed_in(site.resident)
    client.get(f"/cases/{case.number}/")
    with django_assert_max_num_queries(14):
        client.get(f"/cases/{case.number}/")
    staff = signed_in(site.reviewer)
    staff.get(f"/work/cases/{case.number}/")
    with django_assert_max_num_queries(24):
        staff.get(f"/work/cases/{case.number}/")


def test_a_draft_of_a_correction_keeps_the_commitment(site):
    commitment = {"text": {"zh": "我承诺属实", "en": "I vouch"}, "replaces": ["photo"]}
    site.change_guide(handling={"commitment": commitment})
    draft = site.make_draft(photo=False)
    drafting.choose_commitment(site.resident, draft.key, committed=True)
    case = submitting.submit(site.resident, draft.key)
    handling.request_correction(site.clerk, case.number, reasons="请核对地址")
    drafting.start_correction(site.resident, case.number)
    case = submitting.hand_in_correction(site.resident, case.number)
    assert (case.state, case.committed) == ("submitted", True)
