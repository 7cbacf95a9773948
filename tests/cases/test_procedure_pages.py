"""The pages of procedures: drawing one, putting it in force, doing steps, seeing how far it is."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from tests.cases.drawings import Office, joint, open_now, two_at_once
from tests.conftest import AT, ID_NUMBERS
from tongban.base.clocks import utc_now
from tongban.cases.models import CaseStep, ItemProcedure
from tongban.cases.procedures.document import from_data
from tongban.cases.procedures.exporting import export_bpmn
from tongban.cases.procedures.importing import import_bpmn
from tongban.ledger.models import Entry

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parent / "data" / "bpmn"


@pytest.fixture
def office(calendar, settings) -> Office:
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield Office()


def client_of(account, *, strong: bool = False) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(account)
    if strong:
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "type": "totp", "at": time.time()}
        ]
        session["account_authentication_methods_user"] = str(account.pk)
        session.save()
    return client


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("p.bpmn", content, "application/xml")


def url(office: Office, rest: str = "") -> str:
    return f"/work/procedures/{office.item.code}/{rest}"


def text_of(answer) -> str:
    return answer.content.decode()


def test_an_administrator_imports_names_who_does_what_and_another_puts_it_in_force(office):
    admin = client_of(office.admin)
    drawn = joint("消防")
    page = admin.post(url(office, "draw/"), {"act": "import", "file": upload(export_bpmn(drawn))})
    assert page.status_code == 302
    shown = text_of(admin.get(url(office)))
    assert "be put in force yet" in shown
    assert "data:image/svg+xml;base64," in shown
    draft = ItemProcedure.objects.get()
    typed = {"act": "plan", "revision": draft.revision}
    for place, step in enumerate(from_data(draft.document).tasks):
        organ = office.other.code if step.organ else ""
        typed |= {f"organ-{place}": organ, f"role-{place}": step.role, f"days-{place}": "4"}
        typed |= {f"special-{place}": step.special, f"signs-{place}": step.signed_by}
    wrong = admin.post(url(office, "draw/"), typed | {"days-0": "many"})
    assert wrong.status_code == 422
    assert admin.post(url(office, "draw/"), typed).status_code == 302
    assert {one.limit_days for one in from_data(ItemProcedure.objects.get().document).tasks} == {4}
    stale = admin.post(url(office, "draw/"), typed)
    assert stale.status_code == 409
    # The author may not, a head without a second factor may not, with one may.
    publish = {"act": "publish", "revision": draft.revision + 1}
    own = client_of(office.admin, strong=True).post(url(office, "publish/"), publish)
    assert own.status_code == 403
    assert client_of(office.head).post(url(office, "publish/"), publish).status_code == 403
    assert ItemProcedure.objects.get().state == "draft"
    head = client_of(office.head, strong=True)
    assert head.post(url(office, "publish/"), publish).status_code == 302
    assert ItemProcedure.objects.get().state == "published"
    assert "version 1" in text_of(head.get("/work/procedures/"))
    file = head.get(url(office, "1/bpmn/"))
    assert import_bpmn(file.content).procedure == from_data(ItemProcedure.objects.get().document)
    assert head.get(url(office, "7/bpmn/")).status_code == 404
    ended = head.post(url(office, "publish/"), {"act": "withdraw", "reasons": "规定已改"})
    assert ended.status_code == 302
    assert ItemProcedure.objects.get().state == "withdrawn"


def test_a_refused_file_is_told_element_by_element_and_nothing_is_stored(office):
    admin = client_of(office.admin)
    page = admin.post(
        url(office, "draw/"),
        {"act": "import", "file": upload((DATA / "B.1.0.bpmn").read_bytes())},
    )
    assert page.status_code == 422
    assert "dataStore" in text_of(page)
    for content in (b"", b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"):
        page = admin.post(url(office, "draw/"), {"act": "import", "file": upload(content)})
        assert page.status_code == 422
    assert admin.post(url(office, "draw/"), {"act": "import"}).status_code == 422
    assert admin.post(url(office, "draw/"), {"act": "other"}).status_code == 422
    assert admin.post(url(office, "draw/"), {"act": "discard"}).status_code == 404
    assert not ItemProcedure.objects.exists()


def test_other_posts_and_organs_may_not_draw_or_see_it(office):
    office.put_in_force(two_at_once(office.other.code))
    there = office.make_staff("there-admin", office.other, "administrator")
    body = {"act": "import", "file": upload(export_bpmn(two_at_once("")))}
    assert client_of(there).post(url(office, "draw/"), body).status_code == 404
    assert client_of(there).get(url(office)).status_code == 404
    assert client_of(there).get(url(office, "1/bpmn/")).status_code == 404
    assert client_of(office.reviewer).post(url(office, "draw/"), body).status_code == 403
    assert client_of(office.resident).get(url(office)).status_code == 403
    assert client_of(office.reviewer).get(url(office)).status_code == 200
    assert ItemProcedure.objects.count() == 1
    found = text_of(client_of(office.reviewer).get("/work/procedures/?q=身份证"))
    assert office.item.code in found


def test_a_clerk_of_another_organ_sees_and_does_just_the_step_of_that_case(office):
    now = utc_now()
    office.put_in_force(joint(office.other.code), at=now)
    case = office.make_case("accepted", at=now)
    other = office.make_case("accepted", account=office.neighbour, at=now)
    office.do(case, "look", at=now)
    there = client_of(office.there["reviewer"])
    shown = text_of(there.get("/work/steps/"))
    assert case.number in shown
    assert other.number not in shown
    token = case.steps.get(node="there").token
    page = there.get(f"/work/cases/{case.number}/steps/{token}/")
    assert page.status_code == 200
    assert "会审" in text_of(page)
    assert ID_NUMBERS[0] not in text_of(page)
    key = case.files.get().key
    file = there.get(f"/work/cases/{case.number}/steps/{token}/files/{key}/")
    assert file.status_code == 200
    # The case itself, its other steps and its files elsewhere are not theirs.
    hear = case.steps.get(node="hear").token
    for path in (
        f"/work/cases/{case.number}/",
        f"/work/cases/{case.number}/steps/{hear}/",
        f"/work/cases/{case.number}/steps/99/",
        f"/work/cases/{case.number}/files/{key}/",
        f"/work/cases/{other.number}/steps/{other.steps.get().token}/",
        f"/work/cases/{other.number}/steps/{other.steps.get().token}/files/{key}/",
    ):
        assert there.get(path).status_code == 404, path
        assert there.post(path, {"act": "complete", "text": "同意"}).status_code in (404, 405), path
    viewed = case.events.get(act="viewed", actor=office.there["reviewer"])
    assert viewed.organ == office.other
    done = there.post(
        f"/work/cases/{case.number}/steps/{token}/", {"act": "complete", "text": "同意"}
    )
    assert done.status_code == 302
    assert open_now(case) == ["hear", "visit"]


def test_the_step_page_has_a_form_for_every_act_and_says_what_is_wrong(office):
    now = utc_now()
    office.put_in_force(joint(office.other.code), at=now)
    case = office.make_case("accepted", at=now)
    clerk = client_of(office.clerk)
    token = case.steps.get().token
    path = f"/work/cases/{case.number}/steps/{token}/"
    assert clerk.post(path, {"act": "claim"}).status_code == 302
    assert CaseStep.objects.get().state == "claimed"
    assert clerk.post(path, {"act": "release"}).status_code == 302
    wrong = clerk.post(path, {"act": "complete", "text": ""})
    assert (wrong.status_code, "Write 2 to 4000 characters" in text_of(wrong)) == (422, True)
    assert clerk.post(path, {"act": "nonsense"}).status_code == 422
    assert clerk.post(path, {"act": "hand_over", "to": "nobody"}).status_code == 422
    assert clerk.post(path, {"act": "complete", "text": "符合"}).status_code == 302
    assert clerk.post(path, {"act": "complete", "text": "符合"}).status_code == 409
    hear = f"/work/cases/{case.number}/steps/{case.steps.get(node='hear').token}/"
    reviewer = client_of(office.reviewer)
    begun = reviewer.post(hear, {"act": "begin", "until": "2020-01-01", "reasons": "依申请听证"})
    assert begun.status_code == 422
    back = reviewer.post(hear, {"act": "send_back", "to": "look", "reasons": "材料有疑"})
    assert back.status_code == 302
    assert open_now(case) == ["look"]
    # On the case page the own organ sees its step, all steps, and no decision yet.
    shown = text_of(clerk.get(f"/work/cases/{case.number}/"))
    assert re.search(r"Step: 初审", shown)
    assert "材料有疑" in shown
    assert 'value="approve"' not in text_of(reviewer.get(f"/work/cases/{case.number}/"))


def test_the_applicant_sees_stages_and_progress_but_no_opinions(office):
    now = utc_now()
    office.put_in_force(joint(office.other.code), at=now)
    case = office.make_case("accepted", at=now)
    office.do(case, "look", at=now, text="内部意见在此")
    page = text_of(client_of(office.resident).get(f"/cases/{case.number}/"))
    assert "联合审查" in page
    assert "going on now · 0 of 3 steps done" in page
    assert "区消防救援大队" in page
    assert "内部意见在此" not in page


def test_the_list_of_steps_takes_few_queries(office, django_assert_num_queries):
    from tongban.base.clocks import local_date
    from tongban.cases.step_selectors import case_progress, step_list

    office.put_in_force(two_at_once(office.other.code))
    cases = [office.make_case("accepted", account=a) for a in (office.resident, office.neighbour)]
    with django_assert_num_queries(5):
        found = step_list(office.reviewer, today=local_date(AT))
    assert [row.number for row in found.rows] == [case.number for case in cases]
    assert found.counts == {"open": 2, "mine": 0, "late": 0}
    with django_assert_num_queries(2):
        assert case_progress(cases[0], local_date(AT)).stages[0].standing == "now"


def test_after_the_decision_the_other_organ_sees_the_case_no_more(office):
    now = utc_now()
    office.put_in_force(two_at_once(office.other.code), at=now)
    case = office.make_case("accepted", at=now)
    path = f"/work/cases/{case.number}/steps/{case.steps.get(node='there').token}/"
    for node in ("here", "there", "last"):
        office.do(case, node, at=now)
    there = client_of(office.there["reviewer"])
    assert there.get(path).status_code == 200
    from tongban.cases.services import handling

    handling.decide(office.second, case.number, approve=True, reasons="材料齐全", at=now)
    assert there.get(path).status_code == 404
    assert Entry.objects.filter(leaf__contains="case.decided").count() == 1
