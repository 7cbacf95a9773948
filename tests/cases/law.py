"""The law once more, as plain checks of a finished history: independent of the table of acts.

Each check names its article; `breaks` lists those that a history goes against.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tongban.base.clocks import local_date
from tongban.base.worktime import Calendar, is_working_day

ACCEPTED = {"accept", "accept_tolerantly", "accept_by_silence"}
DECIDED = {"approve", "deny"}
ENDED = DECIDED | {"refuse", "withdraw", "lapse", "terminate"}
HANDLING = {"extend", "start_special", "end_special", "start_wait", "end_wait", "supply"}


@dataclass(frozen=True)
class Line:
    """One event, as somebody who reads the file sees it."""

    act: str
    actor: int | None
    at: datetime
    data: dict


def lines_of(case) -> list[Line]:
    looks = ("viewed", "revealed", "emergency")
    events = case.events.exclude(act__in=looks).order_by("seq")
    return [Line(event.act, event.actor_id, event.at, event.data) for event in events]


def naive_working_days(start: date, end: date, calendar: Calendar) -> int:
    """Working days d with start < d <= end, one by one."""
    count, day = 0, start
    while day < end:
        day += timedelta(days=1)
        count += is_working_day(day, calendar)
    return count


def breaks(history: list[Line], calendar: Calendar) -> list[str]:
    """Every rule of the law that the history breaks."""
    acts = [line.act for line in history]
    found = []

    def rule(holds: bool, what: str) -> None:
        if not holds:
            found.append(what)

    def places(wanted: set[str]) -> list[int]:
        return [place for place, act in enumerate(acts) if act in wanted]

    accepted, ended, decided = places(ACCEPTED), places(ENDED), places(DECIDED)
    rule(acts[:1] == ["submit"] and acts.count("submit") == 1, "29: begins with one application")
    for act in ("request_correction", "extend", "deliver", "revoke"):
        rule(acts.count(act) <= 1, f"{act} at most once (32(4), 42, 44)")
    rule(len(accepted) <= 1, "32: accepted once")
    rule(len(ended) <= 1, "34: ended once")
    first, last = (accepted or [len(acts)])[0], (ended or [len(acts)])[0]
    rule(all(first < place < last for place in places(HANDLING)), "handled between 32 and 34")
    rule(all(first < place for place in decided), "38: decided after acceptance")
    rule(all(last < place for place in places({"deliver", "revoke"})), "44, 69: after the decision")
    rule("revoke" not in acts or "approve" in acts, "69: only what was given is revoked")
    answers = {"accept", "accept_tolerantly", "refuse", "request_correction"}
    rule(all(place < first or place == first for place in places(answers)), "32: answered once")
    for line, before in zip(history[1:], history, strict=False):
        rule(line.at >= before.at, "in the order of time")
    _correction(acts, rule)
    _answer_in_five_days(history, calendar, rule)
    _second_person(history, rule)
    _procedures(history, rule)
    for line in history:
        rule(line.act != "extend" or 1 <= line.data["days"] <= 10, "42: at most ten days")
    return found


def _correction(acts: list[str], rule) -> None:
    waiting = False
    for act in acts:
        if act == "request_correction":
            waiting = True
        elif act == "correct":
            rule(waiting, "32(4): a correction answers a notice")
            waiting = False
        elif waiting:
            rule(
                act in {"withdraw", "lapse", "terminate", "due_recomputed"},
                "32(4): nothing happens before the correction is in",
            )


def _answer_in_five_days(history: list[Line], calendar: Calendar, rule) -> None:
    received = history[0].at
    for line in history:
        waited = naive_working_days(local_date(received), local_date(line.at), calendar)
        if line.act in {"accept", "accept_tolerantly", "refuse", "request_correction"}:
            rule(waited <= 5, "32(4): answered within five days, else accepted by law")
        if line.act == "accept_by_silence":
            rule(waited > 5, "32(4): silence is five full days")
        if line.act == "correct":
            received = line.at


def _second_person(history: list[Line], rule) -> None:
    who = {line.act: line.actor for line in history}
    accepter = who.get("accept") or who.get("accept_tolerantly")
    for act in ("approve", "deny", "terminate"):
        rule(accepter is None or who.get(act) != accepter, f"{act} by a second person")
    rule("revoke" not in who or who["revoke"] != who.get("approve"), "69: by a second person")


def _procedures(history: list[Line], rule) -> None:
    running: set[str] = set()
    for line in history:
        if line.act in {"start_special", "start_wait"}:
            rule(line.data["kind"] not in running, "45: one procedure of a kind at a time")
            running.add(line.data["kind"])
        elif line.act in {"end_special", "end_wait"}:
            rule(line.data["kind"] in running, "45: only what runs is ended")
            running.discard(line.data["kind"])
        elif line.act in DECIDED:
            rule(not running, "45: no decision while a procedure runs")
