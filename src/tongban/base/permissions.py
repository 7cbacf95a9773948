"""Who may do what: the one table. What it does not list, nobody may.

A permission is held through posts (role x organ) or through a relation to the object. The table says
which; rooms ask it when they look for objects, so that what somebody may not see is never found.
Every view and endpoint names its permission (`opens_to`); the middleware closes those that don't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

CLERK, REVIEWER, HEAD = "clerk", "reviewer", "head"
ADMINISTRATOR, SUPERVISOR = "administrator", "supervisor"
ROLES = (CLERK, REVIEWER, HEAD, ADMINISTRATOR, SUPERVISOR)


class Permission(StrEnum):
    VISIT = "visit"
    OWN_SPACE = "own_space"
    APPLY = "apply"
    FOLLOW_CASE = "follow_case"
    BOOK = "book"
    WORKBENCH = "workbench"
    READ_CASE = "read_case"
    ACCEPT_CASE = "accept_case"
    DECIDE_CASE = "decide_case"
    DIRECT_CASE = "direct_case"
    RUN_COUNTER = "run_counter"
    FILE_AT_COUNTER = "file_at_counter"
    RECEIVE_PAPERS = "receive_papers"
    WRITE_REASON_TEXTS = "write_reason_texts"
    REPORT_CASES = "report_cases"
    REVEAL_DATA = "reveal_data"
    SERVE_PEOPLE = "serve_people"
    ANSWER_CORRECTION = "answer_correction"
    MANAGE_POSTS = "manage_posts"
    READ_SECURITY_LOG = "read_security_log"
    ASK_EMERGENCY = "ask_emergency"
    ALLOW_EMERGENCY = "allow_emergency"
    CHECK_GUIDES = "check_guides"
    EDIT_GUIDES = "edit_guides"
    PUBLISH_GUIDES = "publish_guides"
    READ_INDICATORS = "read_indicators"
    ASSESS = "assess"
    PUBLISH_ASSESSMENT = "publish_assessment"
    DO_STEPS = "do_steps"
    READ_PROCEDURES = "read_procedures"
    DRAW_PROCEDURES = "draw_procedures"
    PUBLISH_PROCEDURES = "publish_procedures"
    READ_SEARCHES = "read_searches"


class Reach(StrEnum):
    """Which objects a permission reaches."""

    PUBLIC = "public"
    OWN = "own"
    OWN_ORGAN = "own_organ"
    OWN_REGION = "own_region"
    ANY = "any"
    SYSTEM = "system"


@dataclass(frozen=True)
class Rule:
    """`roles`: any of these posts; none: no post is needed. `not_own`: never on one's own affair."""

    reach: Reach
    what: str
    roles: tuple[str, ...] = ()
    not_own: bool = False
    second_factor: bool = False
    reason: bool = False
    identity: bool = False


RULES: dict[Permission, Rule] = {
    Permission.VISIT: Rule(
        Reach.PUBLIC, "read what is public: search, guides, regions, the ledger"
    ),
    Permission.OWN_SPACE: Rule(Reach.OWN, "see and change one's own account, data and delegations"),
    Permission.APPLY: Rule(
        Reach.OWN,
        "fill in, hand in and correct an application, for oneself or for whom one acts for",
        identity=True,
    ),
    Permission.FOLLOW_CASE: Rule(
        Reach.OWN, "follow a case: the applicant, and who acts for the applicant"
    ),
    Permission.BOOK: Rule(Reach.OWN, "book, move and cancel one's own appointments", identity=True),
    Permission.WORKBENCH: Rule(Reach.OWN_ORGAN, "open the pages of the staff", roles=ROLES),
    Permission.READ_CASE: Rule(
        Reach.OWN_ORGAN, "read a case, ID and phone numbers masked", roles=(CLERK, REVIEWER, HEAD)
    ),
    Permission.ACCEPT_CASE: Rule(
        Reach.OWN_ORGAN,
        "accept, refuse, or ask for correction of an application; hand out what was decided",
        roles=(CLERK,),
        not_own=True,
    ),
    Permission.DECIDE_CASE: Rule(
        Reach.OWN_ORGAN,
        "examine a case (special procedures, other waits), decide or end it, check a commitment",
        roles=(REVIEWER, HEAD),
        not_own=True,
    ),
    Permission.DIRECT_CASE: Rule(
        Reach.OWN_ORGAN,
        "extend the limit of a case once, revoke an approval",
        roles=(HEAD,),
        not_own=True,
    ),
    Permission.RUN_COUNTER: Rule(
        Reach.OWN_ORGAN,
        "give out tickets, check people in by their code, call the next one to a counter",
        roles=(CLERK,),
    ),
    Permission.FILE_AT_COUNTER: Rule(
        Reach.OWN_ORGAN,
        "file for a person at a counter of the organ's office, in what the office serves; hand"
        " papers over",
        roles=(CLERK,),
        not_own=True,
    ),
    Permission.RECEIVE_PAPERS: Rule(
        Reach.OWN_ORGAN,
        "sign for papers that a counter hands over to the organ",
        roles=(CLERK, REVIEWER, HEAD),
    ),
    Permission.WRITE_REASON_TEXTS: Rule(
        Reach.OWN_ORGAN,
        "keep texts with which colleagues begin their reasons",
        roles=(REVIEWER, HEAD, ADMINISTRATOR),
    ),
    Permission.REPORT_CASES: Rule(
        Reach.SYSTEM,
        "report the cases that a department's system handles, for the organs that it may report for",
    ),
    Permission.REVEAL_DATA: Rule(
        Reach.OWN_ORGAN,
        "see masked numbers of a case in full; the person sees who did, and why",
        roles=(CLERK, REVIEWER, HEAD),
        not_own=True,
        reason=True,
    ),
    Permission.SERVE_PEOPLE: Rule(
        Reach.ANY,
        "find a person by ID number at a counter, verify them in person, record a delegation",
        roles=(CLERK,),
        not_own=True,
    ),
    Permission.ANSWER_CORRECTION: Rule(
        Reach.OWN_REGION,
        "correct what is on file about a person, or refuse with reasons",
        roles=(REVIEWER, HEAD),
        not_own=True,
        reason=True,
    ),
    Permission.MANAGE_POSTS: Rule(
        Reach.OWN_ORGAN,
        "give and take posts, and name substitutes",
        roles=(ADMINISTRATOR,),
        not_own=True,
        second_factor=True,
    ),
    Permission.READ_SECURITY_LOG: Rule(
        Reach.ANY, "read the security log and its alerts", roles=(SUPERVISOR,), second_factor=True
    ),
    Permission.ASK_EMERGENCY: Rule(
        Reach.ANY,
        "ask to read a case of another organ in an emergency",
        roles=(CLERK, REVIEWER, HEAD, SUPERVISOR),
        not_own=True,
        reason=True,
    ),
    Permission.ALLOW_EMERGENCY: Rule(
        Reach.OWN_ORGAN,
        "let a colleague of another organ read a case for a day: the second person",
        roles=(HEAD, REVIEWER),
        not_own=True,
        second_factor=True,
    ),
    Permission.CHECK_GUIDES: Rule(
        Reach.OWN_ORGAN, "see what is wrong with the guides of the organ", roles=ROLES
    ),
    Permission.READ_SEARCHES: Rule(
        Reach.ANY,
        "see what people looked for in vain, without who",
        roles=(ADMINISTRATOR, SUPERVISOR),
    ),
    Permission.EDIT_GUIDES: Rule(
        Reach.OWN_ORGAN,
        "write a new version of a guide and send it to be approved",
        roles=(ADMINISTRATOR, REVIEWER),
    ),
    Permission.PUBLISH_GUIDES: Rule(
        Reach.OWN_ORGAN,
        "approve or send back a version that somebody else wrote; withdraw a guide",
        roles=(HEAD, ADMINISTRATOR),
        second_factor=True,
    ),
    Permission.READ_INDICATORS: Rule(
        Reach.OWN_REGION,
        "read the live indicators of the organ; a supervisor those of the region and all below",
        roles=(HEAD, ADMINISTRATOR, SUPERVISOR),
    ),
    Permission.ASSESS: Rule(
        Reach.OWN_ORGAN,
        "write frameworks and try them, keep an assessment, propose both for publication",
        roles=(ADMINISTRATOR, SUPERVISOR),
    ),
    Permission.PUBLISH_ASSESSMENT: Rule(
        Reach.OWN_ORGAN,
        "publish an assessment or a framework of the organ that somebody else made",
        roles=(HEAD, ADMINISTRATOR, SUPERVISOR),
        second_factor=True,
    ),
    Permission.DO_STEPS: Rule(
        Reach.OWN_ORGAN,
        "do the steps that a procedure gives to one's post, also in cases of other organs:"
        " see what was handed in, numbers masked, as long as the case is handled",
        roles=(CLERK, REVIEWER, HEAD),
        not_own=True,
    ),
    Permission.READ_PROCEDURES: Rule(
        Reach.OWN_ORGAN, "see the procedures of the organ's items, also drafts", roles=ROLES
    ),
    Permission.DRAW_PROCEDURES: Rule(
        Reach.OWN_ORGAN,
        "draw the procedure of an item of the organ: import it, name who does what",
        roles=(ADMINISTRATOR,),
    ),
    Permission.PUBLISH_PROCEDURES: Rule(
        Reach.OWN_ORGAN,
        "put in force a procedure that somebody else drew; withdraw one",
        roles=(HEAD, ADMINISTRATOR),
        second_factor=True,
    ),
}


class Refusal(StrEnum):
    """Why somebody is not let in to a page."""

    SIGN_IN = "sign_in"
    NO_POST = "no_post"
    SECOND_FACTOR = "second_factor"


def refusal(
    permission: Permission, *, signed_in: bool, roles: Iterable[str], second_factor: bool
) -> Refusal | None:
    """Why the door stays closed, None when it opens. Objects are decided on behind it."""
    rule = RULES[permission]
    if rule.reach is Reach.PUBLIC:
        return None
    if rule.reach is Reach.SYSTEM:
        return Refusal.NO_POST  # No page is for systems; the API asks them itself.
    if not signed_in:
        return Refusal.SIGN_IN
    if rule.roles and not set(rule.roles) & set(roles):
        return Refusal.NO_POST
    if rule.second_factor and not second_factor:
        return Refusal.SECOND_FACTOR
    return None


def roles_for(permission: Permission) -> tuple[str, ...]:
    """The posts that give a permission."""
    return RULES[permission].roles


def opens_to(permission: Permission) -> Callable[[View], View]:
    """Declare which permission a view needs. A view without a declaration is closed to all."""

    def declare(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return declare


def permission_of(view: Callable[..., Any]) -> Permission | None:
    """The declared permission of a view, None when it has none."""
    return getattr(view, "permission", None)
