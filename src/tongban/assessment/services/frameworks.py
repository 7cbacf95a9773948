"""Frameworks that people write: a draft of their organ, published by a second person."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.assessment.library import shipped
from tongban.assessment.models import FrameworkDraft
from tongban.assessment.permissions import draft_in_sight
from tongban.assessment.sandbox import checked_framework
from tongban.assessment.services.keeping import owned_organ
from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotPermitted
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.indices import FrameworkProblem, in_language
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

SLUG: Final = re.compile(r"[a-z][a-z0-9-]{2,59}")
TEXT_MOST: Final = 200_000


@leaves_no_trace("a text in the making, of the author's organ alone")
@transaction.atomic
def begin_draft(
    actor: Account, *, slug: str, text: str, organ: str = "", at: datetime | None = None
) -> FrameworkDraft:
    """Begin a framework. Raises InvalidInput, Conflict for a name that is taken, NotPermitted."""
    owner = owned_organ(actor, organ, Permission.ASSESS)
    slug = slug.strip()
    if not SLUG.fullmatch(slug):
        raise InvalidInput(
            code="slug",
            title=_("The name must be small letters, digits and hyphens"),
            detail=_("From 3 to 60 of them, the first a letter."),
            field="slug",
        )
    if slug in shipped() or FrameworkDraft.objects.filter(slug=slug).exists():
        raise Conflict(
            code="slug_taken", title=_("This name is taken"), field="slug",
            fix=_("Choose another one."),
        )  # fmt: skip
    _short_enough(text)
    return FrameworkDraft.objects.create(
        slug=slug,
        title=_title_of(text, slug),
        text=text,
        organ=owner,
        author=actor,
        updated_at=at or utc_now(),
    )


def _short_enough(text: str) -> None:
    if len(text) > TEXT_MOST or "\x00" in text:
        raise InvalidInput(
            code="text",
            title=_("The text is too long, or no text"),
            field="text",
        )


def _title_of(text: str, otherwise: str) -> str:
    try:
        framework = checked_framework(text).edition()
    except FrameworkProblem:
        return otherwise
    return (in_language(framework.names, "zh") or otherwise)[:200]


@leaves_no_trace("a text in the making, of the author's organ alone")
@transaction.atomic
def save_draft(
    actor: Account, slug: str, *, text: str, revision: int, at: datetime | None = None
) -> FrameworkDraft:
    """Save a framework, also one with faults: they are named, and keep it from being proposed.

    Raises NotFound, NotPermitted, Conflict when somebody saved it since, InvalidInput.
    """
    draft = _locked(actor, slug, Permission.ASSESS)
    if draft.state == FrameworkDraft.State.PUBLISHED:
        raise Conflict(
            code="published",
            title=_("It is published and does not change any more"),
            fix=_("Begin a new one from its text."),
        )
    if draft.revision != revision:
        raise Conflict(
            code="somebody_was_faster",
            title=_("Somebody saved it since you opened it"),
            fix=_("Copy your text, reload the page, and put your changes in again."),
        )
    _short_enough(text)
    draft.text, draft.title = text, _title_of(text, draft.slug)
    # Who wrote last is the author: somebody else publishes.
    draft.author, draft.state = actor, FrameworkDraft.State.DRAFT
    draft.revision, draft.updated_at = draft.revision + 1, at or utc_now()
    draft.save()
    return draft


@leaves_no_trace("asks a second person; nothing is public yet")
@transaction.atomic
def propose_framework(actor: Account, slug: str) -> FrameworkDraft:
    """Ask for a framework to be published. Raises NotFound, NotPermitted, Conflict, InvalidInput."""
    draft = _locked(actor, slug, Permission.ASSESS)
    if draft.state != FrameworkDraft.State.DRAFT:
        raise Conflict(code="not_possible_now", title=_("It is proposed or published already"))
    try:
        checked_framework(draft.text)
    except FrameworkProblem as problem:
        raise InvalidInput(
            code="faults",
            title=_("The framework has faults"),
            detail="; ".join(problem.faults[:5]),
            field="text",
        ) from None
    draft.state = FrameworkDraft.State.PROPOSED
    draft.save(update_fields=["state"])
    return draft


@leaves_trace(acts.FRAMEWORK_PUBLISHED)
@transaction.atomic
def publish_framework(actor: Account, slug: str, *, at: datetime | None = None) -> FrameworkDraft:
    """Publish a framework that somebody else wrote. Raises NotFound, NotPermitted, Conflict."""
    moment = at or utc_now()
    draft = _locked(actor, slug, Permission.PUBLISH_ASSESSMENT)
    if draft.author_id == actor.pk:
        raise NotPermitted(
            code="own_affair",
            title=_("A second person publishes it"),
            detail=_("You wrote this framework yourself."),
        )
    if draft.state != FrameworkDraft.State.PROPOSED:
        raise Conflict(code="not_possible_now", title=_("It is not proposed for publication"))
    draft.state, draft.published_by = FrameworkDraft.State.PUBLISHED, actor
    draft.published_at = moment
    draft.save(update_fields=["state", "published_by", "published_at"])
    record(
        acts.FRAMEWORK_PUBLISHED,
        at=moment,
        organ=draft.organ.code,
        region=draft.organ.region_id,
        payload={
            "framework": draft.slug,
            "sha256": hashlib.sha256(draft.text.encode()).hexdigest(),
            "author": draft.author.username,
            "by": actor.username,
        },
    )
    return draft


def _locked(actor: Account, slug: str, permission: Permission) -> FrameworkDraft:
    draft_in_sight(actor, slug)
    held = FrameworkDraft.objects.select_for_update(of=("self",))
    draft = held.select_related("organ", "author").get(slug=slug)
    if draft.organ_id not in duties_of(actor).organs_for(permission):
        raise NotPermitted(
            code="not_your_organ",
            title=_("This is for another post"),
            detail=_("You have no post in this organ that may do it."),
        )
    return draft
