"""How long what is kept, on which basis, and what happens then: the rules, and nothing else.

What is about people is deleted when its purpose is reached, unless a law keeps it (个人信息保护法
art. 19, 47). `retention_records.py` finds the records, `retention_run.py` does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from tongban.base.clocks import LOCAL


class Deed(StrEnum):
    DELETE = "delete"
    REVOKE = "revoke"
    REPORT = "report only"


@dataclass(frozen=True)
class Rule:
    """`since` names the columns counted from; files count from when they were written."""

    kind: str
    records: str
    keep_days: int
    since: str
    basis: str
    deed: Deed = Deed.DELETE


@dataclass(frozen=True)
class Due:
    """How many records are due, and the day of the oldest where one is known."""

    count: int
    oldest: date | None

    def __add__(self, other: Due) -> Due:
        days = [day for day in (self.oldest, other.oldest) if day]
        return Due(self.count + other.count, min(days, default=None))


NOTHING: Final = Due(0, None)

RULES: Final = (
    Rule(
        "drafts",
        "applications, bundles and corrections being filled in, with their files",
        180,
        "cases.Draft.updated_at, cases.BundleFiling.updated_at",
        "个人信息保护法 art. 19, 47: nobody goes on with it; 180 days are a house rule",
    ),
    Rule(
        "security-log",
        "entries of the security log",
        400,
        "directory.SecurityEvent.at",
        "网络安全法 (2016) art. 21(3): at least six months; 400 days let years be compared",
    ),
    Rule(
        "attempts",
        "counts of attempts whose span is over",
        0,
        "directory.Attempts.ends_at",
        "个人信息保护法 art. 19: no use after the span",
    ),
    Rule(
        "cache",
        "expired rows of the shared cache: counts of attempts, some under a network address",
        0,
        "tongban_cache.expires",
        "个人信息保护法 art. 19: no use after the span",
    ),
    Rule(
        "sessions",
        "sessions that ended, and what is listed of them",
        1,
        "sessions.Session.expire_date, usersessions.UserSession.created_at",
        "个人信息保护法 art. 19; the security log knows of the sign-in",
    ),
    Rule(
        "devices",
        "devices not seen any more",
        400,
        "directory.KnownDevice.last_seen_at",
        "个人信息保护法 art. 19; house rule: as long as the security log",
    ),
    Rule(
        "openid-tokens",
        "codes, tokens and sign-ins to department systems that ended",
        1,
        "oauth2_provider.Grant.expires, oauth2_provider.RefreshToken.revoked,"
        " oauth2_provider.AccessToken.expires, oauth2_provider.IDToken.expires,"
        " oauth2_provider.DeviceGrant.expires, directory.SystemSignIn.begun_at",
        "个人信息保护法 art. 19; RFC 9700 4.14.2: a used refresh token stays to tell of a theft",
    ),
    Rule(
        "closed-accounts",
        "what closing an account left behind",
        0,
        "directory.Account.username",
        "个人信息保护法 art. 47(1)(3)",
    ),
    Rule(
        "closed-consents",
        "consents of closed accounts that are still in force",
        0,
        "directory.Account.username",
        "个人信息保护法 art. 15, 47",
        Deed.REVOKE,
    ),
    Rule(
        "corrections",
        "answered requests to correct what is on file",
        2 * 365,
        "directory.CorrectionRequest.answered_at",
        "个人信息保护法 art. 46, 50; house rule: longer than the answer can be contested",
    ),
    Rule(
        "outbox",
        "messages in the folder outbox/",
        7,
        "when the file was written",
        "个人信息保护法 art. 19: they hold phones and codes; house rule",
    ),
    Rule(
        "unused-files",
        "files under files/ that no draft and no case names",
        2,
        "when the file was written",
        "个人信息保护法 art. 19: uploads that came to nothing; two days for those under way",
    ),
    Rule(
        "uploads",
        "uploads in pieces with which nobody went on",
        2,
        "cases.Upload.touched_at",
        "个人信息保护法 art. 19: they came to nothing; their bytes go as unused files",
    ),
    Rule(
        "appointments",
        "appointments that are past, with their tickets",
        180,
        "cases.Booking.begins_at",
        "个人信息保护法 art. 19; house rule: as long as missed ones count (90 + 30 days)",
    ),
    Rule(
        "assistances",
        "that a clerk opened a form for somebody at a counter and it was not sent there",
        180,
        "cases.Assistance.begun_at",
        "个人信息保护法 art. 19; as long as the form itself; the ledger keeps the act",
    ),
    Rule(
        "messages",
        "messages in accounts that are no legal notices",
        2 * 366,
        "directory.Message.available_at",
        "个人信息保护法 art. 19; house rule: legal notices stay as long as the account",
    ),
    Rule(
        "delegations",
        "delegations that ended",
        5 * 366,
        "directory.Delegation.valid_to, directory.Delegation.revoked_at",
        "民法典 art. 188: claims within three years; cases rest on them, an archivist decides",
        Deed.REPORT,
    ),
    Rule(
        "emergencies",
        "emergency accesses to cases",
        3 * 366,
        "cases.EmergencyAccess.asked_at",
        "part of the case's history (档案法); 个人信息保护法 art. 56: records three years at least",
        Deed.REPORT,
    ),
    Rule(
        "reported-cases",
        "concluded cases of other systems, as they were reported",
        10 * 366,
        "cases.ReportedCase.concluded_at",
        "档案法 art. 13-16: the organ that handled them keeps the archive; an archivist decides",
        Deed.REPORT,
    ),
    Rule(
        "cases",
        "cases that are decided or were refused, with history and files",
        10 * 366,
        "cases.Case.decided_at, cases.Case.submitted_at",
        "档案法 art. 13-16; 国家档案局令第8号: 10 years, 30 years or for ever, by the organ's"
        " schedule; handed over or destroyed by the archive's procedure alone",
        Deed.REPORT,
    ),
)


def boundary(rule: Rule, day: date) -> date:
    """The first day that is still kept on `day`; what is older than it is due.

    Days are local and whole: nothing goes before it was kept for all of its days.
    """
    return day - timedelta(days=rule.keep_days)


def beginning(day: date) -> datetime:
    """The moment at which a local day begins."""
    return datetime.combine(day, time.min, tzinfo=LOCAL)
