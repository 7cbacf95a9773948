"""Each act of the law end to end: who can do it, what it changes, what people read, its trace."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.cases.law import breaks, lines_of
from tests.conftest import AT, png
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import Case
from tongban.cases.rules import Ground
from tongban.cases.selectors import case_clocks, case_file, misfits
from tongban.cases.services import clockwork, drafting, following, handling, submitting
from tongban.cases.wording import remedies_said, time_bars, timeline
from tongban.directory.selectors import working_calendar
from tongban.ledger.models import Entry
from tongban.ledger.rules import split_opening

pytestmark = pytest.mark.usefixtures("calendar")
WHY = "事实和理由"
TODAY = date(2026, 3, 2)  # Monday, the day of AT


def later(days: int) -> datetime:
    return AT + timedelta(days=days)


def entries(case: Case) -> list[dict]:
    found = Entry.objects.filter(case_ref=case.ledger_ref).order_by("id")
    return [json.loads(entry.leaf) | json.loads(split_opening(entry.opening)[1]) for entry in found]


def check(case: Case) -> None:
    case.refresh_from_db()
    assert misfits(case) == []
    assert breaks(lines_of(case), working_calendar()) == []


# 32(4): silence


def test_silence_for_five_days_counts_as_acceptance_from_the_receipt(world):
    case = world.make_case()
    # The fifth working day after 2 March is 9 March: on it the organ can still answer.
    assert clockwork.run_due(at=datetime(2026, 3, 9, 15, 59, tzinfo=UTC)).accepted == 0
    assert clockwork.run_due(at=datetime(2026, 3, 9, 16, 0, tzinfo=UTC)).accepted == 1
    case.refresh_from_db()
    assert (case.state, case.accepted_at, case.accepted_by) == ("accepted", AT, None)
    assert case.due_on == date(2026, 3, 30)
    event = case.events.last()
    assert (event.act, event.actor, event.organ) == ("accept_by_silence", None, None)
    assert entries(case)[-1]["act"] == "accept_by_silence"
    assert "逾期" in str(timeline(case_file(case).events)[-1]["title"])
    check(case)


def test_the_clock_of_silence_is_idempotent(world):
    case = world.make_case()
    assert clockwork.run_due(at=later(30)).accepted == 1
    assert clockwork.run_due(at=later(30)) == clockwork.Done(0, 0)
    assert len(entries(case)) == 2


def test_after_five_days_nobody_can_answer_any_more(world):
    case = world.make_case()
    for act in (
        lambda: handling.accept(world.clerk, case.number, at=later(8)),
        lambda: handling.request_correction(world.clerk, case.number, reasons=WHY, at=later(8)),
        lambda: handling.refuse(
            world.clerk,
            case.number,
            ground=Ground.NO_LICENCE_NEEDED,
            reasons=WHY,
            at=later(8),
        ),
    ):
        with pytest.raises(Conflict) as refusal:
            act()
        assert "32" in str(refusal.value.detail)


def test_silence_waits_for_the_holiday_notice_of_a_year_that_is_not_out(world):
    december = datetime(2026, 12, 28, 2, tzinfo=UTC)
    case = world.make_case(at=december)
    assert case.due_provisional
    assert clockwork.run_due(at=datetime(2027, 1, 20, tzinfo=UTC)).accepted == 0


def test_silence_costs_a_query_each_when_there_is_nothing_to_do(world, django_assert_num_queries):
    world.make_case("accepted")
    with django_assert_num_queries(2):
        clockwork.run_due(at=later(1))


# 32: refusal


def test_who_refuses_for_want_of_power_names_the_competent_organ(world):
    case = world.make_case()
    with pytest.raises(InvalidInput) as refusal:
        handling.refuse(world.clerk, case.number, ground=Ground.NOT_OUR_POWER, reasons=WHY, at=AT)
    assert refusal.value.field == "competent"
    case = handling.refuse(
        world.clerk,
        case.number,
        ground=Ground.NOT_OUR_POWER,
        competent="区人社局",
        reasons=WHY,
        at=AT,
    )
    assert case.state == "refused"
    assert "区人社局" in timeline(case_file(case).events)[-1]["text"]
    # 60 days end on 1 May, a holiday; the next working day is the 6th.
    assert "2026年5月6日" in remedies_said(case_file(case).events)
    check(case)


@pytest.mark.parametrize("ground", [Ground.STILL_INCOMPLETE, Ground.FRAUD])
def test_a_refusal_needs_a_ground_of_the_law(world, ground):
    case = world.make_case()
    with pytest.raises(InvalidInput, match="ground"):
        handling.refuse(world.clerk, case.number, ground=ground, reasons=WHY, at=AT)


# 42: extension


def test_a_head_extends_once_with_reasons(world):
    case = world.make_case("accepted")
    for actor in (world.clerk, world.reviewer):
        with pytest.raises(NotPermitted):
            handling.extend(actor, case.number, days=5, reasons=WHY, at=AT)
    for days in (0, 11):
        with pytest.raises(InvalidInput, match="days"):
            handling.extend(world.head, case.number, days=days, reasons=WHY, at=AT)
    case = handling.extend(world.head, case.number, days=10, reasons=WHY, at=AT)
    assert case.extended_days == 10
    assert case.due_on == case.legal_due_on == case.next_due_on
    with pytest.raises(Conflict):
        handling.extend(world.head, case.number, days=1, reasons=WHY, at=AT)
    assert entries(case)[-1]["reasons"] == WHY
    check(case)


def test_nothing_is_extended_after_its_end(world):
    world.change_guide(statutory_limit={"value": 20, "unit": "working_day"})
    case = world.make_case("accepted")
    with pytest.raises(Conflict) as refusal:  # 30 March is the last day
        handling.extend(world.head, case.number, days=5, reasons=WHY, at=later(29))
    assert refusal.value.code == "not_possible_now"
    handling.extend(world.head, case.number, days=5, reasons=WHY, at=later(28))


@pytest.mark.parametrize(
    ("handling_rules", "most"),
    [
        ({"joint": True}, 15),  # 42(2)
        (
            {
                "extension": {"value": 3, "unit": "working_day"},
                "extension_basis": "市场主体登记管理条例 19",
            },
            3,
        ),
        ({}, 10),  # 42(1)
    ],
)
def test_how_far_a_limit_can_be_extended(world, handling_rules, most):
    world.change_guide(
        statutory_limit={"value": 45, "unit": "working_day"}, handling=handling_rules
    )
    case = world.make_case("accepted")
    with pytest.raises(InvalidInput):
        handling.extend(world.head, case.number, days=most + 1, reasons=WHY, at=AT)
    assert (
        handling.extend(world.head, case.number, days=most, reasons=WHY, at=AT).extended_days
        == most
    )


# 45: special procedures


def test_a_special_procedure_stops_the_clock_and_the_applicant_reads_why_and_how_long(world):
    case = world.make_case("accepted")
    until = TODAY + timedelta(days=20)
    case = handling.start_special(
        world.reviewer, case.number, kind="testing", until=until, reasons=WHY, at=later(2)
    )
    assert (case.state, case.open_procedures, case.next_due_on) == ("paused", 1, None)
    shown = timeline(case_file(case).events)[-1]["text"]
    assert "检测" in shown
    assert WHY in shown
    assert "2026年3月22日" in shown
    check(case)
    case = handling.end_special(
        world.reviewer, case.number, kind="testing", reasons="合格", at=later(9)
    )
    assert (case.state, case.due_on) == ("accepted", date(2026, 4, 7))  # five days later
    standing = case_file(case).standing
    bars = time_bars(standing, case_clocks(standing, later(10)))
    promise = bars["bars"][0]
    assert (promise["used"], promise["paused"]) == (3, 5)
    assert "3月4日" in bars["pauses"][0]
    assert "3月11日" in bars["pauses"][0]
    check(case)


def test_two_procedures_at_once_pause_until_both_are_over(world):
    case = world.make_case("accepted")
    for kind in ("testing", "expert_review"):
        handling.start_special(
            world.reviewer,
            case.number,
            kind=kind,
            until=TODAY + timedelta(days=20),
            reasons=WHY,
            at=AT,
        )
    with pytest.raises(InvalidInput, match="kind"):
        handling.start_special(
            world.reviewer,
            case.number,
            kind="testing",
            until=TODAY + timedelta(days=20),
            reasons=WHY,
            at=AT,
        )
    case = handling.end_special(
        world.reviewer, case.number, kind="testing", reasons=WHY, at=later(3)
    )
    assert case.state == "paused"
    case = handling.end_special(
        world.reviewer, case.number, kind="expert_review", reasons=WHY, at=later(4)
    )
    assert case.state == "accepted"
    check(case)


@pytest.mark.parametrize(
    "kind", ["site_inspection", "technical_review", "publicity", "other_organ", "lunch"]
)
def test_nothing_outside_the_list_of_article_45_stops_the_clock(world, kind):
    case = world.make_case("accepted")
    with pytest.raises(InvalidInput, match="kind"):
        handling.start_special(
            world.reviewer,
            case.number,
            kind=kind,
            until=TODAY + timedelta(days=9),
            reasons=WHY,
            at=AT,
        )


def test_a_wait_that_another_law_excludes_stops_the_clock_with_its_basis(world):
    basis = "建设项目环境影响评价办法 第十九条"
    world.change_guide(handling={"excluded_waits": [{"kind": "publicity", "basis": basis}]})
    case = world.make_case("accepted")
    case = handling.start_special(
        world.reviewer,
        case.number,
        kind="publicity",
        until=TODAY + timedelta(days=9),
        reasons=WHY,
        at=AT,
    )
    assert case.state == "paused"
    assert basis in timeline(case_file(case).events)[-1]["text"]
    with pytest.raises(InvalidInput, match="kind"):
        handling.start_wait(
            world.reviewer,
            case.number,
            kind="publicity",
            until=TODAY + timedelta(days=9),
            reasons=WHY,
            at=AT,
        )


def test_a_check_on_site_counts_and_needs_two_officers(world):
    # 34(3): 两名以上工作人员
    case = world.make_case("accepted")
    before = case.due_on

    def begin(officers: str) -> Case:
        return handling.start_wait(
            world.reviewer,
            case.number,
            kind="site_inspection",
            until=TODAY + timedelta(days=9),
            reasons=WHY,
            officers=officers,
            at=AT,
        )

    for alone in ("", "张三", "张三,张三"):
        with pytest.raises(InvalidInput, match="officers"):
            begin(alone)
    begun = begin("张三、李四")
    assert (begun.state, begun.due_on) == ("accepted", before)
    with pytest.raises(Conflict):  # It goes on: nothing is decided meanwhile.
        handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)
    ended = handling.end_wait(
        world.reviewer, case.number, kind="site_inspection", reasons="符合", at=later(7)
    )
    assert ended.due_on == before
    check(ended)


@pytest.mark.parametrize(
    ("until", "fits"),
    [("2026-03-10", False), ("2026-03-11", True), ("2026-03-30", True), ("2026-03-31", False)],
)
def test_a_hearing_is_told_seven_days_before(world, until, fits):
    case = world.make_case("accepted")

    def begin() -> Case:
        return handling.start_special(
            world.reviewer,
            case.number,
            kind="hearing",
            until=date.fromisoformat(until),
            reasons=WHY,
            at=AT,
        )

    if fits:
        assert begin().state == "paused"
    else:
        with pytest.raises(InvalidInput, match="hearing_day"):
            begin()


# 38, 44: decision and delivery


def test_a_denial_tells_reasons_and_both_remedies(world):
    case = world.make_case("denied")
    content = case_file(case)
    assert content.reasons == "材料齐全"
    assert "60" in remedies_said(content.events)
    assert "2026年5月6日" in remedies_said(content.events)
    assert "2026年9月2日" in remedies_said(content.events)
    check(case)


def test_the_decision_is_delivered_once_and_within_ten_days(world):
    case = world.make_case("approved")
    assert case.next_due_on == date(2026, 3, 16)
    with pytest.raises(NotPermitted):
        handling.deliver(world.reviewer, case.number, how="post", at=AT)
    case = handling.deliver(world.clerk, case.number, how="collected", at=later(3))
    assert (case.delivered_at, case.next_due_on) == (later(3), None)
    with pytest.raises(Conflict):
        handling.deliver(world.clerk, case.number, how="post", at=later(4))
    assert entries(case)[-1]["act"] == "deliver"
    check(case)


def test_who_accepted_neither_decides_nor_ends_the_case(world):
    both = world.make_staff("both", world.organ, "clerk", "reviewer", "head")
    case = world.make_case()
    handling.accept(both, case.number, at=AT)
    for act in (
        lambda: handling.decide(both, case.number, approve=False, reasons=WHY, at=AT),
        lambda: handling.terminate(
            both, case.number, ground=Ground.OBJECT_GONE, reasons=WHY, at=AT
        ),
    ):
        with pytest.raises(NotPermitted, match="accepted_it_yourself"):
            act()


# 69: revocation


def test_another_head_revokes_on_a_ground_of_the_law(world):
    case = world.make_case("accepted")
    handling.decide(world.head, case.number, approve=True, reasons=WHY, at=AT)
    with pytest.raises(NotPermitted, match="decided_it_yourself"):
        handling.revoke(world.head, case.number, ground=Ground.FRAUD, reasons=WHY, at=AT)
    other = world.make_staff("other-head", world.organ, "head")
    with pytest.raises(InvalidInput, match="ground"):
        handling.revoke(other, case.number, ground=Ground.COMMITMENT_BROKEN, reasons=WHY, at=AT)
    case = handling.revoke(other, case.number, ground=Ground.FRAUD, reasons=WHY, at=later(100))
    assert (case.state, case.revocation_ground) == ("revoked", "fraud")
    assert remedies_said(case_file(case).events)
    check(case)


def test_a_denial_is_not_revoked(world):
    with pytest.raises(Conflict):
        handling.revoke(
            world.head, world.make_case("denied").number, ground=Ground.FRAUD, reasons=WHY, at=AT
        )


# Withdrawal


@pytest.mark.parametrize("state", ["submitted", "correction", "accepted", "paused"])
def test_the_applicant_withdraws_before_the_decision(world, state):
    case = world.make_case(state)
    if state == "correction":
        drafting.start_correction(world.resident, case.number, at=AT)
    with pytest.raises(NotFound):
        following.withdraw(world.neighbour, case.number, at=AT)
    case = following.withdraw(world.resident, case.number, at=AT)
    assert (case.state, case.next_due_on, case.open_procedures) == ("withdrawn", None, 0)
    assert not hasattr(Case.objects.get(pk=case.pk), "correction")
    check(case)


@pytest.mark.parametrize("state", ["approved", "denied", "refused", "withdrawn", "terminated"])
def test_what_is_decided_or_ended_is_not_withdrawn(world, state):
    with pytest.raises(Conflict):
        following.withdraw(world.resident, world.make_case(state).number, at=AT)


# 容缺受理


def tolerant(world) -> Case:
    world.change_guide(photo="to_follow", handling={"to_follow_days": 3})
    return submitting.submit(world.resident, world.make_draft(photo=False).key, at=AT)


def test_secondary_papers_may_follow_and_the_case_goes_on(world):
    case = tolerant(world)
    with pytest.raises(Conflict):  # As if nothing were missing: no.
        handling.accept(world.clerk, case.number, at=AT)
    case = handling.accept_tolerantly(world.clerk, case.number, at=AT)
    assert (case.state, case.applicant_due_on) == ("accepted", date(2026, 3, 5))
    with pytest.raises(Conflict):
        handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)
    with pytest.raises(InvalidInput, match="no_such_material"):
        following.supply(world.resident, case.number, "nonsense", [png()], at=AT)
    with pytest.raises(InvalidInput, match="missing_file"):
        following.supply(world.resident, case.number, "photo", [], at=AT)
    with pytest.raises(NotFound):
        following.supply(world.neighbour, case.number, "photo", [png()], at=AT)
    case = following.supply(world.resident, case.number, "photo", [png()], at=later(2))
    assert case.applicant_due_on is None
    assert [file.material for file in case.files.all()] == ["photo"]
    check(case)
    case = handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=later(2))
    assert case.state == "approved"
    with pytest.raises(Conflict):
        following.supply(world.resident, case.number, "photo", [png()], at=later(3))
    assert case.files.count() == 1


def test_promised_papers_that_do_not_come_are_a_withdrawal(world):
    case = handling.accept_tolerantly(world.clerk, tolerant(world).number, at=AT)
    assert clockwork.run_due(at=later(3)).lapsed == 0
    assert clockwork.run_due(at=later(4)).lapsed == 1
    assert clockwork.run_due(at=later(4)).lapsed == 0
    case.refresh_from_db()
    assert (case.state, case.applicant_due_on) == ("withdrawn", None)
    assert entries(case)[-1]["act"] == "lapse"
    check(case)


def test_a_correction_lapses_only_where_a_local_rule_says_so(world, settings):
    from dataclasses import replace

    case = world.make_case("correction")
    assert clockwork.run_due(at=later(300)).lapsed == 0
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, correction_days=10)
    other = world.make_case("correction", world.neighbour)
    assert other.applicant_due_on == date(2026, 3, 16)
    assert clockwork.run_due(at=later(15)).lapsed == 1
    case.refresh_from_db()
    assert case.state == "correction"
    check(other)


# 告知承诺


COMMITMENT = {"text": {"zh": "我承诺符合条件", "en": "I vouch for it"}, "replaces": ["photo"]}


def committed(world, account=None) -> Case:
    if world.document.handling.commitment is None:
        world.change_guide(handling={"commitment": COMMITMENT})
    account = account or world.resident
    draft = world.make_draft(account, photo=False)
    drafting.choose_commitment(account, draft.key, committed=True, at=AT)
    return submitting.submit(account, draft.key, at=AT)


def test_a_commitment_takes_the_place_of_papers_and_is_decided_the_same_day(world):
    case = handling.accept(world.clerk, committed(world).number, at=AT)
    assert case.committed
    assert (case.due_on, case.legal_due_on > case.due_on) == (TODAY, True)
    assert entries(case)[0]["commitment"] == "我承诺符合条件"
    case = handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)
    with pytest.raises(Conflict):
        following.retract_commitment(world.resident, case.number, at=AT)
    check(case)


def test_without_the_commitment_the_paper_is_needed(world):
    world.change_guide(handling={"commitment": COMMITMENT})
    draft = world.make_draft(photo=False)
    with pytest.raises(InvalidInput):
        submitting.submit(world.resident, draft.key, at=AT)


def test_a_commitment_can_be_taken_back_before_the_decision(world):
    case = handling.accept(world.clerk, committed(world).number, at=AT)
    case = following.retract_commitment(world.resident, case.number, at=AT)
    assert not case.committed
    assert case.due_on == date(2026, 3, 30)
    with pytest.raises(Conflict):
        following.retract_commitment(world.resident, case.number, at=AT)
    check(case)


def test_an_item_without_commitment_offers_none(world):
    draft = world.make_draft()
    with pytest.raises(Conflict, match="no_commitment"):
        drafting.choose_commitment(world.resident, draft.key, committed=True)
    case = world.make_case(account=world.neighbour)
    with pytest.raises(Conflict):
        following.retract_commitment(world.neighbour, case.number, at=AT)


def test_a_broken_commitment_is_ordered_to_be_made_good_then_revoked_and_shuts_the_way(world):
    case = handling.accept(world.clerk, committed(world).number, at=AT)
    handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)
    until = TODAY + timedelta(days=30)
    handling.order_repair(world.reviewer, case.number, until=until, reasons=WHY, at=later(9))
    with pytest.raises(Conflict):
        handling.order_repair(world.reviewer, case.number, until=until, reasons=WHY, at=later(9))
    case = handling.revoke(
        world.head, case.number, ground=Ground.COMMITMENT_BROKEN, reasons=WHY, at=later(40)
    )
    check(case)
    with pytest.raises(InvalidInput, match="commitment_broken_before"):
        committed(world)
    assert committed(world, world.neighbour).committed  # It is the person's, not everybody's.


def test_a_commitment_that_is_kept_is_written_down(world):
    case = handling.accept(world.clerk, committed(world).number, at=AT)
    handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)
    case = handling.confirm_commitment(
        world.reviewer, case.number, reasons="现场核实,属实", at=later(20)
    )
    with pytest.raises(Conflict):
        handling.confirm_commitment(world.reviewer, case.number, reasons=WHY, at=later(21))
    check(case)


# Cost


def test_an_act_takes_eleven_statements(world, django_assert_num_queries):
    case = world.make_case()
    working_calendar()
    # savepoint 2 · posts, case, own affair, events, next event, columns, message, entry · the guide is
    # kept · and the item's procedure: which version it begins with, or whether it still runs
    with django_assert_num_queries(11):
        handling.accept(world.clerk, case.number, at=AT)
    # And whether it is part of a bundle, since it ends the case.
    with django_assert_num_queries(12):
        handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)


def test_a_change_behind_the_services_is_found(world):
    case = world.make_case("accepted")
    Case.objects.filter(pk=case.pk).update(due_on=date(2027, 1, 1), extended_days=5)
    case.refresh_from_db()
    assert misfits(case) == ["due_on", "extended_days"]


def test_a_case_with_broken_events_is_named_and_does_not_stop_the_others(world, caplog):
    broken = world.make_case()
    fine = world.make_case(account=world.neighbour)
    broken.events.all().delete()
    assert misfits(broken) == ["events"]
    assert clockwork.run_due(at=later(9)).accepted == 1
    assert "does not fit its events" in caplog.text
    fine.refresh_from_db()
    assert fine.state == "accepted"
