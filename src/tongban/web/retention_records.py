"""Which records a retention rule is about, how they are found and how they go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, Count, Exists, Min, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, TruncDate
from oauth2_provider.models import AccessToken, DeviceGrant, Grant, IDToken, RefreshToken

from tongban.base.clocks import LOCAL, local_date
from tongban.cases.models import (
    Assistance,
    Booking,
    BundleFiling,
    BundlePart,
    Case,
    Draft,
    EmergencyAccess,
    MaterialFile,
    ReportedCase,
    Upload,
)
from tongban.cases.rules import DECIDED_STATES, ENDED_UNDECIDED
from tongban.cases.services.drafting import forget_files
from tongban.directory.models import (
    Account,
    AccountPhone,
    Attempts,
    CorrectionRequest,
    DataConsent,
    Delegation,
    KnownDevice,
    Message,
    MessagePreferences,
    SecurityEvent,
    SystemSignIn,
)
from tongban.web.retention import Due, beginning
from tongban.web.retention_cache import CacheRows
from tongban.web.retention_files import Outbox, UnusedFiles

BATCH = 500
Found = QuerySet[Any]


def _delete(rows: Found, at: datetime) -> None:
    rows.delete()


def _delete_drafts(drafts: Found, at: datetime) -> None:
    files = MaterialFile.objects.filter(draft__in=drafts)
    digests = list(files.values_list("sha256", flat=True))
    files.delete()
    drafts.delete()
    forget_files(digests)


def _old_drafts(day: date) -> Found:
    """All but those that were sent with a bundle and wait for their turn."""
    waiting = BundlePart.objects.filter(
        filing__sent_at__isnull=False, filing__finished_at=None, stopped=""
    )
    old = Draft.objects.filter(updated_at__lt=beginning(day))
    return old.exclude(key__in=waiting.values("draft_key"))


def _withdraw(consents: Found, at: datetime) -> None:
    consents.update(withdrawn_at=at)


@dataclass(frozen=True)
class Rows:
    """Rows that `old` finds for a boundary; `since` is what they are counted from."""

    old: Callable[[date], Found]
    since: str | None
    remove: Callable[[Found, datetime], None] = _delete

    def due(self, kept_from: date) -> Due:
        """One query."""
        wanted: dict[str, Any] = {"count": Count("pk")}
        if self.since:
            wanted["oldest"] = Min(self.since)
        found = self.old(kept_from).aggregate(**wanted)
        return Due(found["count"], _day(found.get("oldest")))

    def steps(self, kept_from: date, at: datetime, first: Callable[[], None]) -> Iterator[int]:
        """Take the rows, some in each short transaction; `first` is called inside each of them.

        Rows that somebody works on just now are left for the next run.
        """
        while True:
            with transaction.atomic():
                rows = self.old(kept_from).only("pk").order_by("pk")
                locked = rows.select_for_update(of=("self",), skip_locked=True)[:BATCH]
                keys = [row.pk for row in locked]
                if keys:
                    first()
                    self.remove(rows.model._default_manager.filter(pk__in=keys), at)
            if not keys:
                return
            yield len(keys)


def _day(value: date | datetime | None) -> date | None:
    return local_date(value) if isinstance(value, datetime) else value


def _before(model: type[Model], field: str, **also: object) -> Rows:
    """Rows whose moment `field` is before the boundary."""
    return Rows(
        lambda day: model._default_manager.filter(**{f"{field}__lt": beginning(day)}, **also), field
    )


def _ended_listings(day: date) -> Found:
    """Listed sessions that are gone. The listing is written a moment before its session."""
    alive = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gte=beginning(day)
    )
    ended: Found = UserSession.objects.filter(~Exists(alive), created_at__lt=beginning(day))
    return ended


# Tokens: the same as the toolkit's `clear_expired`, by whole days and in short transactions.


def _ended_refresh_tokens(day: date) -> Found:
    moment = beginning(day)
    return RefreshToken.objects.filter(
        Q(revoked__lt=moment)
        | Q(revoked=None, access_token__expires__lt=moment)
        | Q(revoked=None, access_token=None, updated__lt=moment)
    )


def _ended_id_tokens(day: date) -> Found:
    alive = AccessToken.objects.filter(id_token=OuterRef("pk"), expires__gte=beginning(day))
    return IDToken.objects.filter(~Exists(alive), expires__lt=beginning(day))


def _ended_sign_ins(day: date) -> Found:
    moment = beginning(day)
    alive = RefreshToken.objects.filter(
        Q(revoked__gte=moment)
        | Q(revoked=None, access_token__expires__gte=moment)
        | Q(revoked=None, access_token=None, updated__gte=moment),
        token_family=OuterRef("family"),
    )
    return SystemSignIn.objects.filter(~Exists(alive), begun_at__lt=moment)


def _closed_accounts() -> QuerySet[Account]:
    """Accounts as `my_data.close_account` leaves them."""
    name = Concat(Value("closed-"), Cast("pk", CharField()), output_field=CharField())
    return Account.objects.filter(is_active=False, username=name)


def _of_closed(
    model: type[Model], link: str, since: str | None, remove: Any = _delete, **also: object
) -> Rows:
    return Rows(
        lambda _day: model._default_manager.filter(**{f"{link}__in": _closed_accounts()}, **also),
        since,
        remove,
    )


def _ended_delegations(day: date) -> Found:
    ended = Coalesce(TruncDate("revoked_at", tzinfo=LOCAL), "valid_to")
    return Delegation.objects.annotate(ended=ended).filter(ended__lt=day)


def _closed_cases(day: date) -> Found:
    closed = DECIDED_STATES | ENDED_UNDECIDED
    cases = Case.objects.annotate(
        closed=Coalesce("revoked_at", "decided_at", "closed_at", "submitted_at")
    )
    return cases.filter(state__in=sorted(closed), closed__lt=beginning(day))


def _answered(day: date) -> Found:
    open_ = CorrectionRequest.State.OPEN
    answered = CorrectionRequest.objects.filter(answered_at__lt=beginning(day))
    return answered.exclude(state=open_)


Records = Rows | CacheRows | Outbox | UnusedFiles
RECORDS: Final[Mapping[str, Collection[Records]]] = {
    "drafts": [
        Rows(_old_drafts, "updated_at", _delete_drafts),
        Rows(
            lambda day: BundleFiling.objects.filter(sent_at=None, updated_at__lt=beginning(day)),
            "updated_at",
        ),
    ],
    "security-log": [_before(SecurityEvent, "at")],
    "attempts": [_before(Attempts, "ends_at")],
    "cache": [CacheRows()],
    "sessions": [_before(Session, "expire_date"), Rows(_ended_listings, "created_at")],
    "devices": [_before(KnownDevice, "last_seen_at")],
    "openid-tokens": [
        _before(Grant, "expires"),
        Rows(_ended_refresh_tokens, "created"),
        _before(AccessToken, "expires"),
        Rows(_ended_id_tokens, "expires"),
        _before(DeviceGrant, "expires"),
        Rows(_ended_sign_ins, "begun_at"),
    ],
    "closed-accounts": [
        _of_closed(Draft, "account", "updated_at", _delete_drafts),
        _of_closed(BundleFiling, "account", "updated_at", sent_at=None),
        _of_closed(Upload, "account", "touched_at"),
        _of_closed(AccountPhone, "account", None),
        _of_closed(KnownDevice, "account", "last_seen_at"),
        _of_closed(EmailAddress, "user", None),
        _of_closed(Authenticator, "user", "created_at"),
        _of_closed(UserSession, "user", "created_at"),
        _of_closed(Message, "account", "available_at"),
        _of_closed(MessagePreferences, "account", None),
        _of_closed(Grant, "user", "created"),
        _of_closed(RefreshToken, "user", "created"),
        _of_closed(AccessToken, "user", "created"),
        _of_closed(IDToken, "user", "created"),
        _of_closed(SystemSignIn, "account", "begun_at"),
    ],
    "closed-consents": [
        _of_closed(DataConsent, "account", "given_at", _withdraw, withdrawn_at=None)
    ],
    "corrections": [Rows(_answered, "answered_at")],
    "outbox": [Outbox()],
    "unused-files": [UnusedFiles()],
    "uploads": [_before(Upload, "touched_at")],
    "appointments": [_before(Booking, "begins_at")],
    "assistances": [_before(Assistance, "begun_at", case=None)],
    "messages": [_before(Message, "available_at", legal=False)],
    "delegations": [Rows(_ended_delegations, "ended")],
    "emergencies": [_before(EmergencyAccess, "asked_at")],
    "reported-cases": [_before(ReportedCase, "concluded_at", state="concluded")],
    "cases": [Rows(_closed_cases, "closed")],
}
