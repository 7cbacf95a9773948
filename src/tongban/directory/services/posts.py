"""Posts and absences: given and taken by the organ's administrator, never to oneself."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import ROLES, Permission
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.directory.models import Account, Organ, Post, Substitution
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

ABSENCE_DAYS_MOST = 92


def managed_organs(actor: Account) -> list[Organ]:
    """The organs whose posts the actor manages. Three queries."""
    organs = duties_of(actor).organs_for(Permission.MANAGE_POSTS)
    return list(Organ.objects.filter(pk__in=organs).order_by("name"))


def _organ(actor: Account, code: str) -> Organ:
    organ = next((one for one in managed_organs(actor) if one.code == code), None)
    if organ is None:
        raise NotFound(code="organ_not_found", title=_("There is no such organ in your care"))
    return organ


def _colleague(username: str, field: str) -> Account:
    account = Account.objects.filter(username=username.strip(), is_active=True).first()
    if account is None:
        raise InvalidInput(
            code="account_unknown",
            title=_("There is no such account"),
            detail=_("Type the account name exactly as the colleague signs in."),
            field=field,
        )
    return account


def _not_oneself(actor: Account, *others: Account) -> None:
    if any(actor.pk == other.pk for other in others):
        raise NotPermitted(
            code="own_affair",
            title=_("Nobody gives themselves a post"),
            detail=_("Another administrator has to do it."),
        )


@leaves_trace(acts.POST_GIVEN)
@transaction.atomic
def give_post(
    actor: Account, *, organ: str, username: str, role: str, at: datetime | None = None
) -> Post:
    """Give a colleague a post in an organ. Raises NotFound, InvalidInput, NotPermitted, Conflict."""
    moment, where = at or utc_now(), _organ(actor, organ)
    account = _colleague(username, "username")
    _not_oneself(actor, account)
    if role not in ROLES:
        raise InvalidInput(code="role", title=_("Choose a post from the list"), field="role")
    post, made = Post.objects.get_or_create(account=account, organ=where, role=role)
    if not made:
        raise Conflict(code="has_post", title=_("The colleague has this post already"))
    _trace(acts.POST_GIVEN, actor, where, moment, {"to": account.username, "role": role})
    return post


@leaves_trace(acts.POST_TAKEN)
@transaction.atomic
def take_post(actor: Account, *, post: int, at: datetime | None = None) -> None:
    """Take a post away. Raises NotFound, NotPermitted."""
    moment = at or utc_now()
    organs = [organ.pk for organ in managed_organs(actor)]
    found = Post.objects.select_related("account", "organ").filter(pk=post, organ__in=organs)
    held = found.first()
    if held is None:
        raise NotFound(code="post_not_found", title=_("There is no such post in your care"))
    _not_oneself(actor, held.account)
    _trace(
        acts.POST_TAKEN,
        actor,
        held.organ,
        moment,
        {"from": held.account.username, "role": held.role},
    )
    held.delete()


@leaves_trace(acts.SUBSTITUTE_NAMED)
@transaction.atomic
def name_substitute(
    actor: Account,
    *,
    organ: str,
    absent: str,
    substitute: str,
    valid_from: date,
    valid_to: date,
    reason: str,
    at: datetime | None = None,
) -> Substitution:
    """Let a colleague have the posts of somebody who is away (代岗), for at most three months.

    Raises NotFound, InvalidInput, NotPermitted.
    """
    moment, where = at or utc_now(), _organ(actor, organ)
    away, colleague = _colleague(absent, "absent"), _colleague(substitute, "substitute")
    _not_oneself(actor, colleague)
    if away.pk == colleague.pk:
        raise InvalidInput(
            code="same_person", title=_("Name somebody else as substitute"), field="substitute"
        )
    if not Post.objects.filter(account=away, organ=where).exists():
        raise InvalidInput(
            code="no_post", title=_("Who is away has no post in this organ"), field="absent"
        )
    if valid_to < valid_from or valid_to < local_date(moment):
        raise InvalidInput(
            code="order",
            title=_("The last day lies before the first, or is past"),
            field="valid_to",
        )
    if (valid_to - valid_from).days > ABSENCE_DAYS_MOST:
        raise InvalidInput(
            code="too_long", title=_("Three months at most; it can be renewed"), field="valid_to"
        )
    if len(reason.strip()) < 2:
        raise InvalidInput(code="reason", title=_("Give a reason"), field="reason")
    named = Substitution.objects.create(
        absent=away,
        substitute=colleague,
        organ=where,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason.strip()[:200],
        granted_by=actor,
        granted_at=moment,
    )
    _trace(
        acts.SUBSTITUTE_NAMED,
        actor,
        where,
        moment,
        {
            "absent": away.username,
            "substitute": colleague.username,
            "from": valid_from.isoformat(),
            "to": valid_to.isoformat(),
        },
    )
    return named


@leaves_trace(acts.SUBSTITUTE_ENDED)
@transaction.atomic
def end_substitution(actor: Account, *, substitution: int, at: datetime | None = None) -> None:
    """End a substitution before its day. Raises NotFound."""
    moment = at or utc_now()
    organs = [organ.pk for organ in managed_organs(actor)]
    named = Substitution.objects.filter(
        pk=substitution, organ__in=organs, revoked_at=None
    ).select_related("organ", "substitute")
    found = named.first()
    if found is None:
        raise NotFound(code="substitution_not_found", title=_("There is no such substitution"))
    found.revoked_at = moment
    found.save(update_fields=["revoked_at"])
    _trace(
        acts.SUBSTITUTE_ENDED, actor, found.organ, moment, {"substitute": found.substitute.username}
    )


def _trace(
    act: str, actor: Account, organ: Organ, at: datetime, payload: dict[str, object]
) -> None:
    record(
        act,
        at=at,
        organ=organ.code,
        region=organ.region_id,
        payload={"by": actor.username, **payload},
    )
