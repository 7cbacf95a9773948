"""Basic catalogue, versions with their days, two people, differences, an organ's list of powers."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.submit import id_number
from tests.conftest import AT
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.services import handling
from tongban.catalogue.guide_schema import content_of
from tongban.catalogue.lint.model import Subject
from tongban.catalogue.lint.rules import findings_of
from tongban.catalogue.models import BasicItem, BasicVersion, Guide, Proposal
from tongban.catalogue.rules import BasicDocument, differences, inherited
from tongban.catalogue.services import (
    Override,
    packaged_basics,
    packaged_guides,
    proposals,
    publish_basic,
    publish_basics,
    publish_guide,
)
from tongban.directory.selectors import working_calendar
from tongban.ledger.models import Entry
from tongban.web.lint_facts import facts_of

GUIDES = {guide.slug: guide for guide in packaged_guides()}
GOOD = content_of(GUIDES["food-business-licence"])
BASIC = {
    "code": "511A0005200004",
    "kind": "licence",
    "statutory_limit": {"value": 20, "unit": "working_day"},
    "charges_fee": False,
    "audience": ["natural_person", "enterprise"],
    "legal_bases": [
        {"instrument": "食品安全法", "article": "第三十五条", "text": "应当依法取得许可。"}
    ],
    "materials": copy.deepcopy(GOOD["materials"]),
    "conditions": copy.deepcopy(GOOD["conditions"]),
    "handling_forms": ["counter", "web"],
    "on_site_visits": 0,
}


# Inheritance (行政许可法 art. 16: no conditions beyond the law's)


def test_an_implementation_takes_over_what_it_does_not_say():
    own = {"place": {"zh": "大厅1号"}, "promised_limit": {"value": 5, "unit": "working_day"}}
    whole = inherited(BASIC, own)
    assert whole["statutory_limit"] == BASIC["statutory_limit"]
    assert whole["materials"] == BASIC["materials"]
    assert whole["charges_fee"] is False
    assert whole["promised_limit"]["value"] == 5
    assert "code" not in whole


def test_local_rules_are_added_to_those_of_the_law():
    local = {"instrument": "四川省实施办法", "article": "第三条"}
    same = {"instrument": "中华人民共和国食品安全法", "article": "第三十五条"}
    assert inherited(BASIC, {"legal_bases": [local]})["legal_bases"] == [
        *BASIC["legal_bases"],
        local,
    ]
    assert inherited(BASIC, {"legal_bases": [same, local]})["legal_bases"] == [same, local]


def against_basic(change: dict) -> set[str]:
    content = inherited(BASIC, {**copy.deepcopy(GOOD), **change})
    return {
        one.rule.code
        for one in findings_of(
            Subject(
                "c", "食品经营许可核发", "licence", "局", "o", "51", "tongban", content, basic=BASIC
            )
        )
        if one.rule.code[0] == "B"
    }


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        # Adding and tightening
        ({}, None),
        ({"promised_limit": {"value": 1, "unit": "working_day"}}, None),
        ({"statutory_limit": {"value": 15, "unit": "working_day"}}, None),
        ({"materials": GOOD["materials"][:1]}, None),
        ({"handling_forms": ["counter", "web", "post"]}, None),
        ({"audience": ["natural_person", "enterprise", "public_institution"]}, None),
        # Loosening and demanding more
        ({"promised_limit": {"value": 21, "unit": "working_day"}}, "B01"),
        ({"statutory_limit": {"value": 2, "unit": "month"}}, "B01"),
        ({"fees": [{"name": {"zh": "工本费"}}]}, "B02"),
        ({"audience": ["enterprise"]}, "B03"),
        ({"materials": [*GOOD["materials"], {"name": {"zh": "消防验收意见"}}]}, "B04"),
        ({"conditions": [*GOOD["conditions"], {"zh": "有五年经验。"}]}, "B05"),
        ({"on_site_visits": 1}, "B07"),
        ({"handling_forms": ["counter"]}, "B08"),
    ],
)
def test_an_implementation_may_add_and_tighten_only(change, rule):
    assert against_basic(change) == ({rule} if rule else set())


def test_the_packaged_guides_fit_the_packaged_basic_items(world):
    by_code = {basic.code: basic for basic in packaged_basics()}
    fitting = 0
    for guide in GUIDES.values():
        basic = by_code.get(guide.item_code.split("-")[0])
        if basic is None:
            continue
        fixed = basic.model_dump(mode="json", exclude_defaults=True)
        content = inherited(fixed, content_of(guide))
        subject = Subject(
            "c", guide.name.zh, basic.kind, "局", "o", "51", "tongban", content, basic=fixed
        )
        assert not [one for one in findings_of(subject) if one.rule.code[0] == "B"]
        fitting += 1
    assert fitting == len(by_code) >= 2


# Basic versions


def basic(**change) -> BasicDocument:
    return packaged_basics()[0].model_copy(update=change)


def test_a_basic_item_has_versions_and_joins_the_items_with_its_code(world):
    world.item.basic_code = "511A0005200004"
    world.item.save()
    first = publish_basic(basic())
    assert first.version == 1
    assert publish_basic(basic()) is None
    world.item.refresh_from_db()
    assert world.item.basic.code == "511A0005200004"
    second = publish_basic(basic(effective_from=date(2026, 6, 1), charges_fee=None))
    first.refresh_from_db()
    assert (first.state, first.effective_to) == ("superseded", date(2026, 5, 31))
    assert (second.version, second.state) == (2, "published")
    assert sum("basic_published" in entry.leaf for entry in Entry.objects.all()) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "permit"}, "unknown_kind"),
        ({"parent_code": "nowhere"}, "bad_parent"),
        ({"parent_code": "511A0005200004"}, "bad_parent"),
        ({"effective_from": date(2026, 1, 1), "charges_fee": True}, "version_not_later"),
    ],
)
def test_a_basic_item_that_cannot_be_is_refused(world, change, code):
    publish_basic(basic())
    with pytest.raises(InvalidInput, match=code):
        publish_basic(basic(**change))
    report = publish_basics([basic(**change), basic(code="B2")])
    assert (report.created, list(report.counts)) == (1, [code])


def test_a_cycle_of_basic_items_is_refused(world):
    publish_basic(basic())
    publish_basic(basic(code="B2", parent_code="511A0005200004"))
    with pytest.raises(InvalidInput, match="bad_parent"):
        publish_basic(basic(parent_code="B2", effective_from=date(2026, 2, 1)))
    with pytest.raises(IntegrityError), transaction.atomic():
        BasicItem.objects.filter(code="B2").update(parent=BasicItem.objects.get(code="B2").pk)


def test_publishing_takes_over_what_the_basic_item_fixes(world):
    world.item.basic_code = "511A0005200004"
    world.item.save()
    local = {"instrument": "四川省办法", "article": "第九条", "text": "按本办法执行。"}
    publish_basic(
        basic(
            kind="public_service",
            result=None,
            statutory_limit=None,
            charges_fee=None,
            audience=("natural_person",),
        )
    )
    document = world.document.model_copy(update={"enquiry_phone": "0826-2009999"})
    guide = publish_guide(document, is_sample=False, on=date(2026, 5, 1))
    instruments = [one["instrument"] for one in guide.document["legal_bases"]]
    assert instruments[0] == "中华人民共和国食品安全法"
    assert len(instruments) == len(world.document.legal_bases) + 1
    assert local["instrument"] not in instruments


# Proposals: two people, a day, nothing overwritten


def written(office, **change):
    proposals.begin(office.administrator, office.item.code, at=AT)
    content = office.guide.document | {"enquiry_phone": "0826-2007777"} | change
    return proposals.save(office.administrator, office.item.code, content, revision=1, at=AT)


def test_one_writes_another_approves_and_the_case_keeps_its_version(office):
    case = office.make_case()
    written(office)
    proposals.send_to_review(office.administrator, office.item.code, at=AT)
    done = proposals.approve(office.approver, office.item.code, at=AT)
    assert done.state == "published"
    assert done.guide.version == 2
    assert done.guide.effective_from == AT.date()
    office.guide.refresh_from_db()
    assert office.guide.state == "superseded"
    case.refresh_from_db()
    assert case.guide == office.guide
    assert case.guide.document["enquiry_phone"] != "0826-2007777"
    acts = [entry.leaf for entry in Entry.objects.order_by("id")]
    for act in ("guide_sent_to_review", "guide_approved", "guide_published"):
        assert sum(act in leaf for leaf in acts) >= 1, act


def test_nobody_approves_what_they_wrote_themselves(office):
    both = office.make_staff("both", office.organ, "administrator", "head")
    proposals.begin(both, office.item.code, at=AT)
    proposals.send_to_review(both, office.item.code, at=AT)
    with pytest.raises(NotPermitted, match="own_proposal"):
        proposals.approve(both, office.item.code, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(approver=both)
    assert proposals.approve(office.approver, office.item.code, at=AT).state == "published"


def test_who_saves_second_is_told_and_can_merge(office):
    written(office)
    other = office.make_staff("other-editor", office.organ, "reviewer")
    mine = office.guide.document | {"complaint_phone": "0826-2008888"}
    with pytest.raises(Conflict, match="saved_by_another") as told:
        proposals.save(other, office.item.code, mine, revision=1, at=AT)
    assert str(told.value.detail) == "administrator"
    held = Proposal.objects.get()
    assert held.document["enquiry_phone"] == "0826-2007777"
    merged = held.document | {"complaint_phone": "0826-2008888"}
    saved = proposals.save(other, office.item.code, merged, revision=held.revision, at=AT)
    assert (saved.revision, saved.author) == (3, other)


def test_an_approved_version_waits_for_its_day(office):
    written(office)
    day = AT.date() + timedelta(days=10)
    proposals.save(
        office.administrator, office.item.code, office.guide.document | {"complaint_phone": "0826-2008888"},
        revision=2, effective_from=day, at=AT,
    )  # fmt: skip
    proposals.send_to_review(office.administrator, office.item.code, at=AT)
    assert proposals.approve(office.approver, office.item.code, at=AT).state == "approved"
    assert Guide.objects.get(effective_to=None).version == 1
    assert proposals.publish_due(at=AT + timedelta(days=9)) == (0, [])
    assert proposals.publish_due(at=AT + timedelta(days=10)) == (1, [])
    guide = Guide.objects.get(effective_to=None)
    assert (guide.version, guide.effective_from) == (2, day)
    office.guide.refresh_from_db()
    assert office.guide.effective_to == day - timedelta(days=1)


def test_a_version_begun_from_an_older_one_is_not_published_over_a_newer(office):
    written(office)
    proposals.send_to_review(office.administrator, office.item.code, at=AT)
    publish_guide(
        office.document.model_copy(update={"complaint_phone": "0826-2005555"}), is_sample=True
    )
    with pytest.raises(Conflict, match="base_is_gone"):
        proposals.approve(office.approver, office.item.code, at=AT)
    proposals.send_back(office.approver, office.item.code, reasons="已有新版本,请对照", at=AT)
    held = Proposal.objects.get()
    proposals.save(
        office.administrator, office.item.code, held.document, revision=held.revision, based_on=2, at=AT
    )  # fmt: skip
    proposals.send_to_review(office.administrator, office.item.code, at=AT)
    assert proposals.approve(office.approver, office.item.code, at=AT).guide.version == 3


def test_a_guide_with_an_error_needs_a_reason_and_a_name(office):
    bad = [{"name": {"zh": "其他材料", "en": "Other papers"}}]
    written(office, materials=bad)
    proposals.send_to_review(office.administrator, office.item.code, at=AT)
    with pytest.raises(InvalidInput, match="lint_errors") as refused:
        proposals.approve(office.approver, office.item.code, at=AT)
    assert [(one.pointer, one.code) for one in refused.value.errors] == [
        ("/materials/0/name", "V01")
    ]
    with pytest.raises(InvalidInput, match="override_without_reason"):
        proposals.approve(office.approver, office.item.code, override_reason="急", at=AT)
    proposals.approve(
        office.approver, office.item.code, override_reason="上级系统暂时只收这一项,月底改", at=AT
    )
    entry = next(one for one in Entry.objects.all() if "lint_overridden" in one.leaf)
    assert '"head"' in entry.opening
    assert "V01" in entry.opening
    assert "上级系统" in entry.opening


def test_a_file_with_an_error_is_not_published_without_an_override(world):
    worse = world.document.model_copy(
        update={"complaint_phone": "0826-2006666", "legal_bases": (
            world.document.legal_bases[0].model_copy(update={"instrument": "中华人民共和国婚姻法"}),
        )}
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="lint_errors"):
        publish_guide(worse, is_sample=True)
    guide = publish_guide(
        worse, is_sample=True, override=Override("李主任", "旧法条目等待省里统一更正")
    )
    assert guide.version == 2


def test_a_withdrawn_guide_takes_no_applications_and_its_cases_stay(office):
    case = office.make_case()
    with pytest.raises(InvalidInput, match="reasons_missing"):
        proposals.withdraw(office.approver, office.item.code, reasons="", at=AT)
    guide = proposals.withdraw(office.approver, office.item.code, reasons="事项已取消", at=AT)
    assert (guide.state, guide.effective_to) == ("withdrawn", max(guide.effective_from, AT.date()))
    assert office.item.guides.filter(effective_to=None).first() is None
    case.refresh_from_db()
    assert case.guide == guide
    with pytest.raises(NotFound, match="no_guide"):
        proposals.withdraw(office.approver, office.item.code, reasons="再撤一次看看", at=AT)
    written_again = proposals.begin(office.administrator, office.item.code, at=AT)
    assert written_again.based_on == 0


@pytest.mark.parametrize("who", ["clerk", "resident", "elsewhere"])
def test_others_find_no_item_to_write_on(office, who):
    office.elsewhere = office.make_staff(
        "elsewhere", office.make_organ("区人社局"), "administrator", "head"
    )
    actor = getattr(office, who)
    for act in (
        lambda: proposals.begin(actor, office.item.code),
        lambda: proposals.approve(actor, office.item.code),
        lambda: proposals.withdraw(actor, office.item.code, reasons="没有理由"),
    ):
        with pytest.raises(NotFound, match="item_not_found"):
            act()


def test_there_is_one_open_version_an_item(office):
    first = proposals.begin(office.administrator, office.item.code, at=AT)
    assert proposals.begin(office.reviewer, office.item.code, at=AT) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            item=office.item, document={}, based_on=0, author=office.approver, updated_at=AT
        )
    proposals.discard(office.administrator, office.item.code, at=AT)
    assert proposals.begin(office.reviewer, office.item.code, at=AT) != first


# Differences


CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "place": st.fixed_dictionaries({"zh": st.text(max_size=3)}),
        "aliases": st.lists(st.text(max_size=2), max_size=2),
        "materials": st.lists(
            st.fixed_dictionaries(
                {"name": st.fixed_dictionaries({"zh": st.sampled_from("甲乙丙丁")})}
            ),
            max_size=4,
        ),
    },
)


@settings(max_examples=200)
@given(before=CONTENT, after=CONTENT)
def test_there_is_a_difference_exactly_when_they_differ(before, after):
    assert bool(differences(before, after)) == (before != after)
    assert len(differences(before, after)) == len(differences(after, before))


def test_a_new_material_in_the_middle_is_one_difference():
    before = {"materials": [{"name": {"zh": "甲"}}, {"name": {"zh": "乙"}, "originals": 1}]}
    after = {
        "materials": [
            {"name": {"zh": "甲"}},
            {"name": {"zh": "丙"}},
            {"name": {"zh": "乙"}, "originals": 2},
        ]
    }
    assert [(one.path, one.before, one.after) for one in differences(before, after)] == [
        ("materials[乙].originals", 1, 2),
        ("materials[丙]", None, {"name": {"zh": "丙"}}),
    ]


# Pages


def test_the_page_of_versions_shows_what_changed(office, client):
    written(office)
    proposals.send_to_review(office.administrator, office.item.code, at=AT)
    proposals.approve(office.approver, office.item.code, at=AT)
    page = client.get(f"/items/{office.item.code}/versions/").content.decode()
    assert "enquiry_phone" in page
    assert "<ins>0826-2007777</ins>" in page
    assert "complaint_phone" not in page
    same = client.get(f"/items/{office.item.code}/versions/?from=1&to=1").content.decode()
    assert "两个版本内容相同" in same
    assert client.get(f"/items/{office.item.code}/versions/?from=1&to=9").status_code == 404
    assert client.get("/items/none/versions/").status_code == 404


def test_the_list_of_powers_groups_by_kind(world, client, django_assert_max_num_queries):
    world.make_item("code-licence", "某项许可", world.organ, "licence")
    page = client.get(f"/organs/{world.organ.code}/powers/").content.decode()
    assert page.index("行政许可") < page.index("公共服务")
    assert world.document.legal_bases[0].instrument in page
    assert client.get("/organs/nobody/powers/").status_code == 404
    from tongban.catalogue.listing import powers_of

    with django_assert_max_num_queries(1):
        assert sum(map(len, powers_of(world.organ).values())) == 2


def test_an_organ_sees_the_score_and_the_worst_of_its_own_items(office, client):
    bare = office.make_item("code-bare", "没有指南的许可", office.organ, "licence")
    client.force_login(office.clerk)
    scores = client.get("/work/guides/").content.decode()
    assert office.organ.name in scores
    page = client.get(f"/work/guides/{office.organ.code}/").content.decode()
    assert bare.name in page
    assert "C24" in page
    assert page.index("没有指南的许可") < page.index("居民身份证办理")
    other = office.make_organ("区人社局")
    assert client.get(f"/work/guides/{other.code}/").status_code == 404
    client.force_login(office.resident)
    assert client.get("/work/guides/").status_code == 403


# What happened, told from above


def test_lint_is_told_of_slow_cases_and_of_what_staff_asked_for(
    office, calendar, django_assert_num_queries
):
    from tongban.cases.models import Case
    from tongban.catalogue.lint.running import items_to_check, subjects_of, what_happened

    assert facts_of in what_happened
    people = [office.make_resident(f"r{place}", id_number(place)) for place in range(7)]
    now = datetime.now(UTC)
    decided = [office.make_case("approved", one).pk for one in people[:4]]
    Case.objects.filter(pk__in=decided).update(
        accepted_at=now - timedelta(days=60), decided_at=now - timedelta(days=2)
    )
    for one in people[4:]:
        case = office.make_case(account=one, at=now)
        handling.request_correction(
            office.clerk, case.number, reasons="请补交居住满三年的证明,并签名。", at=now
        )
    codes = [office.make_item(f"none-{place}", "没有办件", office.organ).code for place in range(5)]
    with django_assert_num_queries(1):  # which of them have cases
        assert facts_of(codes) == {}
    working_calendar()  # kept for a minute
    with django_assert_num_queries(3):  # and what was decided, and what was asked for
        (facts,) = facts_of([office.item.code, *codes]).values()
    assert facts.decided == 4
    assert facts.median_working_days > 30
    assert (facts.corrected, facts.asked_for) == (3, ("居住满三年的证明",))
    (subject,) = subjects_of(items_to_check().filter(pk=office.item.pk))
    assert "X02" in {one.rule.code for one in findings_of(subject)}


def test_a_version_without_end_is_in_force_in_the_database(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        Guide.objects.filter(pk=world.guide.pk).update(state="superseded")
    with pytest.raises(IntegrityError), transaction.atomic():
        Guide.objects.filter(pk=world.guide.pk).update(is_complete=False)
    assert not BasicVersion.objects.exists()
