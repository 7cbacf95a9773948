"""The single window: filing for who stands at the counter, continuing online, papers that change hands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.cases.offices import make_office
from tests.conftest import AT, ID_NUMBERS, World, png
from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.counter import assisting, papers
from tongban.cases.models import Assistance, Case, Draft, Paper, PaperList
from tongban.cases.own_acts import own_acts
from tongban.cases.selectors import misfits, my_cases, my_drafts
from tongban.cases.services import drafting, submitting
from tongban.directory.models import Delegation, Person
from tongban.directory.selectors import find_person
from tongban.directory.services.identity import _join
from tongban.ledger import acts
from tongban.ledger.models import Entry

pytestmark = pytest.mark.django_db
NEW = ("周新来", "511602188101019987")


@pytest.fixture
def office(world: World):
    return make_office(world)


def begin(world: World, office, *, name="", number=ID_NUMBERS[0], clerk=None, **changes):
    said = {
        "item": world.item.code,
        "name": name or world.resident.person.name,
        "id_number": number,
        "consent": "spoken",
    } | changes
    return assisting.begin(clerk or world.clerk, office.slug, **said)


def fill(world: World, assistance: Assistance, number: str = ID_NUMBERS[0]) -> None:
    answers = world.answers() | {"id_number": number}
    for page in world.document.form_pages:
        typed = {field.key: answers.get(field.key, "") for field in page.fields}
        assert drafting.save_page(assistance.clerk, assistance.draft_key, page, typed) == []
    drafting.attach_file(assistance.clerk, assistance.draft_key, "photo", png())


def entries(act: str) -> int:
    return Entry.objects.filter(leaf__contains=f'"{act}"').count()


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_a_clerk_files_for_who_has_an_account_and_the_case_is_theirs(world, office):
    begun = begin(world, office)
    fill(world, begun)
    case = assisting.file(world.clerk, office.slug, begun.key)
    assert case.channel == "counter"
    assert case.applicant.account == world.resident
    assert my_cases(world.resident) == [case]
    assert misfits(case) == []
    event = case.events.get()
    assert (event.actor, event.data["consent"], event.data["office"]) == (
        world.clerk,
        "spoken",
        office.slug,
    )
    assert entries(acts.COUNTER_SERVICE_BEGUN) == entries(acts.CASE_SUBMITTED) == 1
    # The person sees in their acts that somebody filled in for them.
    names = [row.leaf.act for row in own_acts(world.resident).rows]
    assert acts.COUNTER_SERVICE_BEGUN in names
    assert "clerk" in signed_in(world.resident).get(f"/cases/{case.number}/").content.decode()
    # Sent twice, it is one case.
    assert assisting.file(world.clerk, office.slug, begun.key) == case
    assert Draft.objects.count() == 0


def test_who_is_not_registered_is_and_takes_the_case_over_with_an_account(world, office):
    name, number = NEW
    begun = begin(world, office, name=name, number=number)
    fill(world, begun, number)
    case = assisting.file(world.clerk, office.slug, begun.key)
    person = find_person(number)
    assert person is not None
    assert (person.account, person.name, person.identity_level) == (None, name, 3)
    account = world.make_account("newcomer")
    assert my_cases(account) == []
    _join(account, number, name, "人口库", AT, "", "")
    assert my_cases(account) == [case]
    person.refresh_from_db()
    assert person.identity_level == 3  # Seen with the card: the online proof takes nothing away.
    assert signed_in(account).get(f"/cases/{case.number}/").status_code == 200


def test_what_was_begun_online_goes_on_at_the_counter_and_nothing_is_asked_twice(world, office):
    draft = world.make_draft(photo=False)
    begun = begin(world, office)
    assert begun.draft_key == draft.key
    held = assisting.open_draft(begun)
    assert held.answers["phone"] == world.answers()["phone"]
    drafting.attach_file(world.clerk, begun.draft_key, "photo", png())
    assert assisting.file(world.clerk, office.slug, begun.key).draft_key == draft.key


def test_what_was_begun_at_the_counter_goes_on_online(world, office):
    begun = begin(world, office)
    fill(world, begun)
    assisting.leave(world.clerk, office.slug, begun.key)
    assert [one.key for one in my_drafts(world.resident)] == [begun.draft_key]
    case = submitting.submit(world.resident, begun.draft_key)
    assert case.channel == "web"
    with pytest.raises(NotFound):
        drafting.save_page(world.clerk, begun.draft_key, world.document.form_pages[0], {})


def test_who_had_no_account_goes_on_online_after_proving_who_they_are(world, office):
    name, number = NEW
    begun = begin(world, office, name=name, number=number)
    fill(world, begun, number)
    assisting.leave(world.clerk, office.slug, begun.key)
    account = world.make_account("newcomer")
    _join(account, number, name, "人口库", AT, "", "")
    assert [one.key for one in my_drafts(account)] == [begun.draft_key]
    draft = drafting.start_draft(account, world.item)
    assert draft.key == begun.draft_key
    assert draft.files.count() == 1
    assert submitting.submit(account, draft.key).applicant.account == account


def test_a_clerk_is_let_into_the_one_form_for_the_one_day(world, office):
    own = world.make_draft(world.neighbour)
    begun = begin(world, office)
    page = world.document.form_pages[0]
    with pytest.raises(NotFound):  # Another person's form.
        drafting.save_page(world.clerk, own.key, page, {})
    colleague = world.make_staff("colleague", world.organ, "clerk")
    with pytest.raises(NotFound):  # A colleague the person did not speak to.
        drafting.save_page(colleague, begun.draft_key, page, {})
    with pytest.raises(NotFound):
        assisting.file(colleague, office.slug, begun.key)
    Assistance.objects.update(begun_at=utc_now() - timedelta(days=1))
    with pytest.raises(NotFound):
        drafting.save_page(world.clerk, begun.draft_key, page, {})
    with pytest.raises(NotFound):
        assisting.file(world.clerk, office.slug, begun.key)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"consent": ""}, InvalidInput),
        ({"consent": "assumed"}, InvalidInput),
        ({"name": "别人"}, InvalidInput),
        ({"number": "511602188002290019"}, InvalidInput),
        ({"item": "no-such-item"}, InvalidInput),
    ],
)
def test_without_consent_card_or_service_no_form_is_opened(world, office, changes, problem):
    with pytest.raises(problem):
        begin(world, office, **changes)
    assert Assistance.objects.count() == Draft.objects.count() == 0
    assert entries(acts.COUNTER_SERVICE_BEGUN) == 0


def test_only_who_serves_at_the_window_files_there(world, office):
    elsewhere = world.make_staff("elsewhere", world.make_organ("区人社局"), "clerk")
    for stranger in (elsewhere, world.reviewer, world.head, world.resident):
        with pytest.raises(NotFound):
            begin(world, office, clerk=stranger)
    other = world.make_item("not-served", "别的事项", world.organ)
    with pytest.raises(InvalidInput):
        begin(world, office, item=other.code)


def test_nobody_serves_themselves_or_whom_they_act_for(world, office):
    person = Person.objects.create(account=world.clerk, name="窗口", id_number="440103188002290018")
    with pytest.raises(NotPermitted):
        begin(world, office, name="窗口", number="440103188002290018")
    Delegation.objects.create(
        key="0" * 32, kind="helper", person=world.resident.person, agent=person,
        valid_from=AT.date(), valid_to=AT.date(), consent="online", recorded_by=world.resident,
        recorded_at=AT,
    )  # fmt: skip
    with pytest.raises(NotPermitted, match="own_affair"):
        begin(world, office)


def test_a_form_that_is_open_for_somebody_else_is_not_taken(world, office):
    draft = world.make_draft()
    Draft.objects.filter(pk=draft.pk).update(principal=world.neighbour.person)
    with pytest.raises(Conflict, match="begun_for_another"):
        begin(world, office)


def test_what_is_missing_is_named_at_once(world, office):
    begun = begin(world, office)
    with pytest.raises(InvalidInput, match="application_incomplete") as caught:
        assisting.file(world.clerk, office.slug, begun.key)
    assert len(caught.value.errors) >= 2
    begun.refresh_from_db()
    assert begun.ended_at is None


# Papers


def filed(world: World, office) -> Case:
    begun = begin(world, office)
    fill(world, begun)
    return assisting.file(world.clerk, office.slug, begun.key)


def test_papers_change_hands_with_a_list_that_the_receiver_signs(world, office):
    case = filed(world, office)
    assert papers.waiting(office) == [case]
    bundle = papers.Bundle(case.number, "照片、旧身份证", 2)
    sheet = papers.hand_over(world.clerk, office.slug, [bundle])[0]
    assert papers.waiting(office) == []
    assert (sheet.to_organ, entries(acts.PAPERS_SENT)) == (world.organ, 1)
    with pytest.raises(Conflict):
        papers.hand_over(world.clerk, office.slug, [bundle])
    paper = Paper.objects.get()
    with pytest.raises(NotPermitted, match="own_list"):
        papers.receive(world.clerk, sheet.code, {paper.pk})
    with pytest.raises(InvalidInput):
        papers.receive(world.reviewer, sheet.code, set())
    papers.receive(world.reviewer, sheet.code, set(), remark="缺旧身份证")
    paper.refresh_from_db()
    assert paper.arrived is False
    assert PaperList.objects.get().received_by == world.reviewer
    assert entries(acts.PAPERS_RECEIVED) == 1
    with pytest.raises(Conflict):
        papers.receive(world.reviewer, sheet.code, {paper.pk})
    # The applicant sees where the papers went.
    seen = {row.leaf.act for row in own_acts(world.resident).rows}
    assert {acts.PAPERS_SENT, acts.PAPERS_RECEIVED} <= seen


def test_lists_of_others_are_not_there(world, office):
    case = filed(world, office)
    sheet = papers.hand_over(world.clerk, office.slug, [papers.Bundle(case.number, "照片", 1)])[0]
    other = world.make_staff("other", world.make_organ("区人社局"), "clerk", "reviewer")
    with pytest.raises(NotFound):
        papers.receive(other, sheet.code, set(), remark="x")
    assert papers.lists_for(other) == []
    assert papers.lists_for(world.reviewer) == [sheet]
    online = world.make_case(account=world.neighbour)
    with pytest.raises(NotFound):  # It was not filed at the counter.
        papers.hand_over(world.clerk, office.slug, [papers.Bundle(online.number, "照片", 1)])


@pytest.mark.parametrize(("what", "copies"), [("", 1), ("x", 0), ("x", 1000), ("x" * 201, 1)])
def test_a_list_says_what_and_how_many(world, office, what, copies):
    case = filed(world, office)
    with pytest.raises(InvalidInput):
        papers.hand_over(world.clerk, office.slug, [papers.Bundle(case.number, what, copies)])
    with pytest.raises(InvalidInput):
        papers.hand_over(world.clerk, office.slug, [])


# Pages


def test_the_pages_lead_from_the_card_to_the_receipt_and_the_papers(world, office):
    clerk = signed_in(world.clerk)
    start = f"/work/counter/{office.slug}/file/"
    assert world.item.name in clerk.get(start).content.decode()
    refused = clerk.post(start, {"item": world.item.code, "name": "li(示例)",
                                 "id_number": ID_NUMBERS[0], "consent": ""})  # fmt: skip
    assert refused.status_code == 200
    assert 'role="alert"' in refused.content.decode()
    assert Assistance.objects.count() == 0
    first = clerk.post(start, {"item": world.item.code, "name": "li(示例)",
                               "id_number": ID_NUMBERS[0], "consent": "signed"})  # fmt: skip
    path = first.headers["Location"]
    for page in world.document.form_pages:
        typed = {field.key: world.answers().get(field.key, "") for field in page.fields}
        assert clerk.get(path).status_code == 200
        path = clerk.post(path, typed).headers["Location"]
    path = clerk.post(path, {"file-photo": png()}).headers["Location"]
    check = clerk.get(path).content.decode()
    assert "li(示例)" in check
    sent = clerk.post(path)
    receipt = clerk.get(sent.headers["Location"]).content.decode()
    case = Case.objects.get()
    assert case.number in receipt
    assert ID_NUMBERS[0] not in receipt
    # A second click leads to the same receipt, a colleague's to nothing.
    assert clerk.post(path).headers["Location"] == sent.headers["Location"]
    colleague = signed_in(world.make_staff("colleague", world.organ, "clerk"))
    assert colleague.get(sent.headers["Location"]).status_code == 404
    sheets = f"/work/counter/{office.slug}/papers/"
    number = case.number
    assert number in clerk.get(sheets).content.decode()
    clerk.post(sheets, {"number": number, f"what-{number}": "照片", f"copies-{number}": "2"})
    code = PaperList.objects.get().code
    reviewer = signed_in(world.reviewer)
    assert code in reviewer.get("/work/papers/").content.decode()
    assert "照片" in reviewer.get(f"/work/papers/{code}/").content.decode()
    reviewer.post(f"/work/papers/{code}/", {"arrived": str(Paper.objects.get().pk)})
    assert PaperList.objects.get().received_by == world.reviewer


def test_the_receipt_is_a_paper_once_the_entry_has_its_place(world, office):
    from tongban.ledger.integrating import integrate
    from tongban.ledger.publishing import publish

    begun = begin(world, office)
    fill(world, begun)
    assisting.file(world.clerk, office.slug, begun.key)
    clerk = signed_in(world.clerk)
    path = f"/work/counter/{office.slug}/file/{begun.key}/receipt/"
    assert clerk.get(path).status_code == 409
    while integrate():
        pass
    publish(at=utc_now())
    answer = clerk.get(path)
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
