"""Cases that run through their item's procedure: who may do what, what opens, what stops the clock."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import IntegrityError, transaction

from tests.cases.drawings import (
    UNTIL,
    Office,
    by_answers,
    joint,
    open_now,
    two_at_once,
    with_timers,
)
from tests.conftest import AT
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import Case, CaseRun, CaseStep, CaseTimer, ItemProcedure
from tongban.cases.procedures.assigning import assigned
from tongban.cases.procedures.document import from_data
from tongban.cases.procedures.exporting import export_bpmn
from tongban.cases.procedures.importing import import_bpmn
from tongban.cases.selectors import misfits
from tongban.cases.services import designing, following, handling, stepping
from tongban.cases.services.elapsing import run_timers
from tongban.directory.models import Delegation, Substitution
from tongban.directory.selectors import working_calendar
from tongban.ledger.models import Entry
from tongban.web.cli import cli

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(calendar) -> Office:
    return Office()


@pytest.fixture
def case(office) -> Case:
    """A case in the examination of the joint procedure."""
    office.put_in_force(joint(office.other.code))
    return office.make_case("accepted")


def entries(act: str) -> int:
    return Entry.objects.filter(leaf__contains=f'"{act}"').count()


def step_of(case: Case, node: str) -> CaseStep:
    return case.steps.select_related("organ").get(
        node=node, state__in=["open", "claimed", "signing"]
    )


def decide(office: Office, case: Case) -> Case:
    return handling.decide(office.second, case.number, approve=True, reasons="材料齐全", at=AT)


# The path


def test_six_steps_of_two_organs_lead_to_a_decision_with_a_pause_for_the_hearing(office, case):
    assert open_now(case) == ["look"]
    with pytest.raises(Conflict) as stopped:
        decide(office, case)
    assert stopped.value.code == "not_possible_now"
    assert "流程" in str(stopped.value.detail)
    office.do(case, "look")
    assert open_now(case) == ["hear", "there"]
    hearing = step_of(case, "hear")
    stepping.begin_special(
        office.reviewer,
        case.number,
        hearing.token,
        {"until": UNTIL, "reasons": "依申请听证"},
        at=AT,
    )
    case.refresh_from_db()
    assert (case.state, case.open_procedures) == ("paused", 1)
    # The other organ goes on while the clock stands.
    office.do(case, "there")
    office.do(case, "visit")
    assert open_now(case) == ["hear"]
    stepping.complete(
        office.reviewer,
        case.number,
        hearing.token,
        text="听证笔录已形成",
        at=AT + timedelta(days=15),
    )
    case.refresh_from_db()
    assert case.state == "accepted"
    assert open_now(case) == ["draft"]
    office.do(case, "draft")
    office.do(case, "file")
    assert CaseRun.objects.get(case=case).finished
    assert decide(office, case).state == "approved"
    case.refresh_from_db()
    assert misfits(case) == []
    assert entries("procedures.step_done") == 6
    assert entries("procedures.step_signed") == 1
    assert entries("case.special_procedure_begun") == 1


def test_a_denial_waits_for_the_end_of_the_procedure_too(office, case):
    with pytest.raises(Conflict):
        handling.decide(office.second, case.number, approve=False, reasons="不符合条件", at=AT)
    ended = handling.terminate(
        office.second, case.number, ground=handling.Ground.OBJECT_GONE, reasons="标的灭失", at=AT
    )
    assert ended.state == "terminated"
    assert open_now(case) == []


def test_an_item_without_a_procedure_is_decided_as_before(office):
    case = office.make_case("accepted")
    assert not CaseRun.objects.filter(case=case).exists()
    assert decide(office, case).state == "approved"


def test_a_case_keeps_the_version_that_was_in_force_when_it_was_handed_in(office):
    first = office.put_in_force(two_at_once(office.other.code))
    before = office.make_case("submitted")
    later = AT + timedelta(hours=1)
    second = office.put_in_force(by_answers(), at=later)
    handling.accept(office.clerk, before.number, at=later)
    after = office.make_case("accepted", account=office.neighbour, at=later)
    assert CaseRun.objects.get(case=before).procedure_id == first.pk
    assert CaseRun.objects.get(case=after).procedure_id == second.pk
    first.refresh_from_db()
    assert (first.state, first.in_force_to) == ("superseded", later)
    assert [second.version, first.version] == [2, 1]


def test_a_withdrawn_procedure_is_not_begun_any_more_and_runs_go_on(office, case):
    later = AT + timedelta(hours=1)
    designing.withdraw(office.head, office.item.code, reasons="规定已改", at=later)
    office.do(case, "look", at=later)
    assert open_now(case) == ["hear", "there"]
    fresh = office.make_case("accepted", account=office.neighbour, at=later)
    assert not CaseRun.objects.filter(case=fresh).exists()


@pytest.mark.parametrize(("reason", "step"), [("lost", "lost"), ("damaged", "other")])
def test_the_way_follows_the_answers(office, reason, step):
    office.put_in_force(by_answers())
    case = office.make_case("submitted")
    Case.objects.filter(pk=case.pk).update(answers=case.answers | {"reason": reason})
    handling.accept(office.clerk, case.number, at=AT)
    assert open_now(case) == [step]


def test_a_choice_by_hand_is_the_next_act_of_who_did_the_step_before(office):
    office.put_in_force(by_answers())
    case = office.make_case("accepted")
    office.do(case, "lost")
    office.do(case, "sum")
    choice = step_of(case, "again")
    assert (choice.kind, choice.organ, choice.role) == ("choice", office.organ, "reviewer")
    with pytest.raises(InvalidInput):
        stepping.complete(office.reviewer, case.number, choice.token, text="同意", flow="f1", at=AT)
    stepping.complete(office.reviewer, case.number, choice.token, text="再查一次", flow="f7", at=AT)
    assert open_now(case) == ["sum"]
    office.do(case, "sum")
    office.do(case, "again", flow="f8")
    assert CaseRun.objects.get(case=case).finished


# Who


def test_only_the_post_of_the_organ_that_the_step_names_finds_it(office, case):
    office.do(case, "look")
    there = step_of(case, "there")
    for stranger in (
        office.clerk,
        office.head,
        office.there["clerk"],
        office.resident,
        office.admin,
    ):
        with pytest.raises(NotFound):
            stepping.complete(stranger, case.number, there.token, text="同意", at=AT)
        with pytest.raises(NotFound):
            stepping.claim(stranger, case.number, there.token)
    # Who may do this step may not do the one beside it, nor any act on the case.
    with pytest.raises(NotFound):
        stepping.complete(
            office.there["reviewer"], case.number, step_of(case, "hear").token, text="好的", at=AT
        )
    with pytest.raises(NotFound):
        handling.decide(
            office.there["reviewer"], case.number, approve=True, reasons="材料齐全", at=AT
        )
    with pytest.raises(NotFound):
        stepping.complete(office.there["reviewer"], "511602-000000-X", 1, text="好的")
    office.do(case, "there")


def test_nobody_does_a_step_in_their_own_affair(office, case):
    office.do(case, "look")
    Delegation.objects.create(
        key="00000000-0000-4000-8000-000000000001",
        kind="guardian",
        person=office.resident.person,
        agent=_person(office.there["reviewer"]),
        valid_from=AT.date(),
        valid_to=AT.date() + timedelta(days=9),
        consent="in_person",
        recorded_by=office.clerk,
        recorded_at=AT,
    )
    step = step_of(case, "there")
    with pytest.raises(NotPermitted) as refused:
        stepping.complete(office.there["reviewer"], case.number, step.token, text="同意", at=AT)
    assert refused.value.code == "own_affair"


def _person(account):
    from tongban.directory.models import Person

    return Person.objects.create(account=account, name="代理人", id_number="511602188507150029")


def test_a_claimed_step_is_its_claimers_and_their_substitutes(office, case):
    step = step_of(case, "look")
    colleague = office.make_staff("clerk-2", office.organ, "clerk")
    stepping.claim(office.clerk, case.number, step.token)
    with pytest.raises(Conflict):
        stepping.complete(colleague, case.number, step.token, text="同意", at=AT)
    with pytest.raises(Conflict):
        stepping.claim(colleague, case.number, step.token)
    Substitution.objects.create(
        absent=office.clerk,
        substitute=colleague,
        organ=office.organ,
        valid_from=date(2020, 1, 1),
        valid_to=date(2099, 1, 1),
        reason="休假",
        granted_by=office.admin,
        granted_at=AT,
    )
    done = stepping.complete(colleague, case.number, step.token, text="同意", at=AT)
    assert (done.done_by, done.claimed_by) == (colleague, office.clerk)


def test_a_step_is_handed_over_to_who_has_the_post_and_given_back(office, case):
    step = step_of(case, "look")
    key = (case.number, step.token)
    for wrong in ("reviewer", "nobody", "there-clerk"):
        with pytest.raises(InvalidInput):
            stepping.hand_over(office.clerk, *key, to=wrong)
    colleague = office.make_staff("clerk-2", office.organ, "clerk")
    stepping.hand_over(office.clerk, *key, to="clerk-2")
    with pytest.raises(Conflict):
        stepping.release(office.clerk, *key)
    stepping.release(colleague, *key)
    assert step_of(case, "look").state == "open"


def test_a_second_person_with_the_post_signs_or_sends_it_back_to_who_did_it(office, case):
    for node in ("look", "hear", "there", "visit"):
        office.do(case, node)
    step = step_of(case, "draft")
    key = (case.number, step.token)
    stepping.complete(office.reviewer, *key, text="建议准予", at=AT)
    assert open_now(case) == ["draft"]
    with pytest.raises(NotPermitted):
        stepping.sign(office.reviewer, *key, at=AT)
    with pytest.raises(Conflict):
        stepping.complete(office.reviewer, *key, text="再来一次", at=AT)
    head = office.head
    stepping.send_back(head, *key, to="draft", reasons="理由不充分", at=AT)
    stepping.complete(office.reviewer, *key, text="建议准予,理由补充", at=AT)
    stepping.sign(head, *key, text="同意", at=AT)
    assert open_now(case) == ["file"]


def test_the_head_who_did_a_step_does_not_sign_it(office):
    office.put_in_force(joint(office.other.code))
    case = office.make_case("accepted")
    for node in ("look", "hear", "there", "visit"):
        office.do(case, node)
    both = office.make_staff("both", office.organ, "reviewer", "head")
    step = step_of(case, "draft")
    stepping.complete(both, case.number, step.token, text="建议准予", at=AT)
    with pytest.raises(NotPermitted):
        stepping.sign(both, case.number, step.token, at=AT)


# Going back, special procedures, timers


def test_sent_back_with_reasons_what_went_on_beside_is_given_up(office, case):
    office.do(case, "look")
    there = step_of(case, "there")
    key = (case.number, there.token)
    with pytest.raises(InvalidInput):
        stepping.send_back(office.there["reviewer"], *key, to="draft", reasons="跳到后面", at=AT)
    with pytest.raises(InvalidInput):
        stepping.send_back(office.there["reviewer"], *key, to="look", reasons="", at=AT)
    stepping.send_back(office.there["reviewer"], *key, to="look", reasons="图纸不全", at=AT)
    assert open_now(case) == ["look"]
    states = dict(case.steps.values_list("node", "state"))
    assert (states["there"], states["hear"]) == ("returned", "dropped")
    assert entries("procedures.step_returned") == 1
    for node in ("look", "hear", "there", "visit", "draft", "file"):
        office.do(case, node)
    assert decide(office, case).state == "approved"


def test_nothing_is_sent_back_while_a_hearing_goes_on(office, case):
    office.do(case, "look")
    hearing, there = step_of(case, "hear"), step_of(case, "there")
    stepping.begin_special(
        office.reviewer,
        case.number,
        hearing.token,
        {"until": UNTIL, "reasons": "依申请听证"},
        at=AT,
    )
    with pytest.raises(Conflict):
        stepping.send_back(
            office.there["reviewer"], case.number, there.token, to="look", reasons="图纸不全", at=AT
        )


def test_a_hearing_begins_before_it_is_done_and_with_the_notice_that_the_law_wants(office, case):
    office.do(case, "look")
    key = (case.number, step_of(case, "hear").token)
    with pytest.raises(Conflict):
        stepping.complete(office.reviewer, *key, text="听证笔录", at=AT)
    with pytest.raises(InvalidInput) as early:
        stepping.begin_special(
            office.reviewer, *key, {"until": "2026-03-03", "reasons": "依申请听证"}, at=AT
        )
    assert early.value.code == "hearing_day"
    typed = {"until": UNTIL, "reasons": "依申请听证"}
    stepping.begin_special(office.reviewer, *key, typed, at=AT)
    with pytest.raises(Conflict):
        stepping.begin_special(office.reviewer, *key, typed, at=AT)
    # Ended by hand by the reviewer, the step is still to be done, and can be.
    handling.end_special(office.second, case.number, kind="hearing", reasons="听证已毕", at=AT)
    stepping.complete(office.reviewer, *key, text="听证笔录", at=AT)
    case.refresh_from_db()
    assert (case.state, misfits(case)) == ("accepted", [])


def test_another_organs_special_procedure_is_told_as_that_organs(office):
    drawn = joint(office.other.code, special="")
    nodes = tuple(
        replace(one, special="expert_review") if one.id == "there" else one for one in drawn.nodes
    )
    office.put_in_force(replace(drawn, nodes=nodes))
    case = office.make_case("accepted")
    office.do(case, "look")
    office.do(case, "there")
    events = list(case.events.filter(act__in=["start_special", "end_special"]))
    assert [one.organ for one in events] == [office.other, office.other]
    assert Entry.objects.filter(
        leaf__contains="special_procedure_begun", leaf__regex=office.other.code
    ).exists()


def test_timers_open_what_follows_and_a_limit_takes_a_step_away(office):
    office.put_in_force(with_timers())
    case = office.make_case("accepted")
    assert (open_now(case), CaseTimer.objects.count()) == ([], 1)
    # Monday 2 March and three working days: Thursday is the last.
    assert run_timers(at=AT + timedelta(days=3)) == 0
    thursday_over = AT + timedelta(days=4)
    assert run_timers(at=thursday_over) == 1
    assert open_now(case) == ["objections"]
    assert run_timers(at=thursday_over + timedelta(days=4, hours=23)) == 0
    assert run_timers(at=thursday_over + timedelta(days=5, hours=1)) == 1
    assert open_now(case) == ["merge"]
    assert case.steps.get(node="objections").state == "dropped"
    assert entries("procedures.step_timed_out") == 2
    assert CaseTimer.objects.count() == 0


def test_a_limit_is_forgotten_when_the_step_is_done_in_time(office):
    office.put_in_force(with_timers())
    case = office.make_case("accepted")
    friday = AT + timedelta(days=4)
    run_timers(at=friday)
    office.do(case, "objections", at=friday)
    assert CaseTimer.objects.count() == 0
    assert run_timers(at=friday + timedelta(days=30)) == 0
    office.do(case, "merge", at=friday)
    assert CaseRun.objects.get(case=case).finished


def test_what_is_open_ends_with_a_withdrawn_case(office):
    office.put_in_force(with_timers())
    case = office.make_case("accepted")
    following.withdraw(office.resident, case.number, at=AT)
    assert (open_now(case), CaseTimer.objects.count()) == ([], 0)
    assert run_timers(at=AT + timedelta(days=30)) == 0


def test_steps_have_sub_limits_in_working_days(office, case):
    # Monday 2 March: the day itself is not counted.
    assert step_of(case, "look").due_on == date(2026, 3, 4)
    friday = AT + timedelta(days=4)
    office.do(case, "look", at=friday)
    assert step_of(case, "there").due_on == date(2026, 3, 11)
    assert step_of(case, "hear").due_on is None


# By construction


def refused_by_the_database(change) -> bool:
    try:
        with transaction.atomic():
            change()
    except IntegrityError:
        return True
    return False


def test_the_database_refuses_what_the_services_do_not_do(office, case):
    done = office.do(case, "look")
    steps, cases = CaseStep.objects, Case.objects.filter(pk=case.pk)
    procedures, run = ItemProcedure.objects, CaseRun.objects.get(case=case)

    def decided_too_early() -> None:
        seq = case.events.count() + 1
        case.events.create(
            seq=seq,
            act="approve",
            before="accepted",
            after="approved",
            at=AT,
            actor=office.second,
            organ=office.organ,
            text="材料齐全",
        )
        cases.update(
            state="approved",
            decided_at=AT,
            decided_by=office.second,
            next_due_on=date(2026, 3, 16),
            events_count=seq,
        )

    for change in (
        decided_too_early,
        lambda: steps.filter(pk=done.pk).update(text="别的"),
        lambda: steps.filter(node="there").update(state="done", ended_at=AT),
        lambda: steps.filter(node="there").update(state="returned", ended_at=AT, text=""),
        lambda: steps.filter(node="there").update(node="hear"),
        lambda: procedures.update(document={}),
        lambda: procedures.update(approver=office.admin),
        lambda: procedures.create(
            item=office.item, version=9, state="published", document={}, updated_at=AT
        ),
    ):
        assert refused_by_the_database(change)
    for node in ("hear", "there", "visit", "draft", "file"):
        office.do(case, node)
    assert refused_by_the_database(lambda: CaseRun.objects.filter(pk=run.pk).update(finished=False))
    assert not refused_by_the_database(decided_too_early)


def test_a_step_costs_eight_statements_and_one_for_each_that_opens(
    office, case, django_assert_num_queries
):
    step = step_of(case, "look")
    working_calendar()
    # savepoint 2 · posts, case, step, own affair, the step, two that open, the run, the entry
    with django_assert_num_queries(2 + 9):
        stepping.complete(office.clerk, case.number, step.token, text="同意", at=AT)
    there = step_of(case, "there")
    with django_assert_num_queries(2 + 8):
        stepping.complete(office.there["reviewer"], case.number, there.token, text="同意", at=AT)


# Drawing


def test_nobody_puts_in_force_what_they_drew_and_nothing_that_lacks_a_doer(office):
    code = office.item.code
    both = office.make_staff("both", office.organ, "administrator", "head")
    designing.store(both, code, joint(office.other.code), at=AT)
    with pytest.raises(NotPermitted):
        designing.publish(both, code, at=AT)
    with pytest.raises(NotFound):
        designing.publish(office.there["head"], code, at=AT)
    with pytest.raises(NotFound):
        designing.store(office.reviewer, code, joint(""), at=AT)
    draft = designing.store(office.admin, code, joint("no-such-organ"), at=AT)
    with pytest.raises(InvalidInput) as lacking:
        designing.publish(office.head, code, at=AT)
    assert {one.pointer for one in lacking.value.errors} == {"/there", "/visit"}
    plan = designing.StepPlan(organ=office.other.code, role="clerk", limit_days=4)
    with pytest.raises(Conflict):
        designing.plan_steps(office.admin, code, {}, revision=draft.revision - 1, at=AT)
    planned = designing.plan_steps(
        office.admin, code, {"there": plan, "visit": plan}, revision=draft.revision, at=AT
    )
    assert planned.version == 1
    assert designing.publish(office.head, code, at=AT).state == "published"
    assert entries("procedures.published") == 1
    with pytest.raises(NotFound):
        designing.discard(office.admin, code)


@pytest.mark.parametrize(
    "plan",
    [
        designing.StepPlan(organ="", role="supervisor"),
        designing.StepPlan(organ="", role="clerk", limit_days=-1),
        designing.StepPlan(organ="", role="clerk", special="publicity"),
        designing.StepPlan(organ="", role="clerk", signed_by="mayor"),
        designing.StepPlan(organ="nobody", role="clerk"),
    ],
)
def test_a_plan_that_can_not_be_is_refused_and_nothing_is_stored(office, plan):
    draft = designing.store(office.admin, office.item.code, joint(office.other.code), at=AT)
    with pytest.raises(InvalidInput):
        designing.plan_steps(
            office.admin, office.item.code, {"look": plan}, revision=draft.revision, at=AT
        )
    draft.refresh_from_db()
    assert draft.revision == 1


REFERENCE = {
    name: (Path(__file__).parent / "data" / "bpmn" / f"{name}.bpmn").read_bytes()
    for name in ("A.1.0", "A.2.0")
}


@pytest.mark.parametrize("name", sorted(REFERENCE))
@pytest.mark.parametrize("seed", range(3))
def test_an_imported_reference_diagram_runs_and_exports_to_an_equivalent_file(office, name, seed):
    imported = import_bpmn(REFERENCE[name])
    held = office.put_in_force(assigned(imported.procedure, {}))
    case = office.make_case("accepted")
    chance = random.Random(seed)
    for _ in range(60):
        nodes = open_now(case)
        if not nodes:
            break
        node = chance.choice(nodes)
        ways = imported.procedure.outgoing[node]
        choice = step_of(case, node).kind == "choice"
        office.do(case, node, flow=chance.choice(ways).id if choice else "")
    assert CaseRun.objects.get(case=case).finished
    assert decide(office, case).state == "approved"
    stored = from_data(held.document)
    again = import_bpmn(export_bpmn(stored))
    assert (again.ok, again.procedure) == (True, stored)
    # The drawing says nothing of who; beside that it is the one that was imported.
    bare = replace(stored, nodes=tuple(replace(one, role="") for one in stored.nodes))
    assert bare == imported.procedure


def test_the_commands_store_put_in_force_and_export(office, tmp_path):
    drawn = joint("消防")
    file, code = tmp_path / "joint.bpmn", office.item.code
    file.write_bytes(export_bpmn(drawn))

    def run(*said: str):
        return CliRunner().invoke(cli, ["procedures", *said])

    assert run("import", str(file)).exit_code == 2
    assert run("import", str(file), "--item", code, "--organ", "消防").exit_code == 2
    assert run("import", str(file), "--item", "nothing").exit_code == 1
    stored = run("import", str(file), "--item", code, "--json")
    assert stored.exit_code == 0, stored.output
    lacking = json.loads(stored.stdout)["stored"]["not_ready"]
    assert {one["id"] for one in lacking} == {"there", "visit"}
    assert run("publish", "--item", code, "--by", "head").exit_code == 1
    assert run("export", "--item", code).exit_code == 1
    # A lane is told by its role or by its organ.
    lanes = ["--organ", f"消防={office.other.code}:clerk"]
    assert run("import", str(file), "--item", code, *lanes, "--by", "admin").exit_code == 0
    head = office.head
    assert run("publish", "--item", code, "--by", "admin").exit_code == 1
    assert run("publish", "--item", code, "--by", head.username, "--json").exit_code == 0
    out = tmp_path / "again.bpmn"
    assert run("export", "--item", code, "--out", str(out)).exit_code == 0
    held = ItemProcedure.objects.get(state="published")
    assert import_bpmn(out.read_bytes()).procedure == from_data(held.document)
    assert run("export", "--item", code, "--version", "1").exit_code == 0
    assert run("export", "--item", code, "--version", "9").exit_code == 1
