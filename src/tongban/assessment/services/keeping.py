"""Keeping an assessment so that it can be computed again, and publishing it with a second person."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.assessment.library import FOLDER
from tongban.assessment.live.computing import FRAMEWORK, Live
from tongban.assessment.live.document import as_json, inputs_of
from tongban.assessment.models import Run, TalliedUpto
from tongban.assessment.permissions import run_in_sight
from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotPermitted
from tongban.directory.models import Account, Organ, Region
from tongban.directory.selectors import duties_of
from tongban.indices import Assessment
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

# Without letters and digits that are taken for each other.
ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
TITLE_MOST: Final = 200


def digest(document: object) -> str:
    """SHA-256 of a JSON document: sorted keys, no spaces, UTF-8, numbers as Python writes them."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _n in range(10))


def owned_organ(actor: Account, code: str, permission: Permission) -> Organ:
    """One of the actor's organs; the only one when none is named. Raises NotPermitted, InvalidInput."""
    organs = Organ.objects.filter(pk__in=duties_of(actor).organs_for(permission))
    found = list(organs.filter(code=code) if code else organs.order_by("name")[:1])
    if not found:
        raise NotPermitted(
            code="not_your_organ",
            title=_("This is for another post"),
            detail=_("You have no post in this organ that may do it."),
        )
    return found[0]


def _title(typed: str, otherwise: str) -> str:
    title = typed.strip()[:TITLE_MOST]
    return title or otherwise[:TITLE_MOST]


@leaves_trace(acts.ASSESSMENT_KEPT)
@transaction.atomic
def keep_live(
    actor: Account | None,
    live: Live,
    *,
    region: Region,
    organ: Organ | None,
    title: str = "",
    owner: str = "",
) -> Run:
    """Keep the live index of a unit with the figures it was computed from (快照).

    `actor` None: the command line, whose runs belong to no organ. Raises NotPermitted.
    """
    upto = TalliedUpto.objects.filter(id=1).first()
    inputs = inputs_of(live) | {"made_of": upto.made_of if upto else ""}
    results = as_json(live)
    keeper = owned_organ(actor, owner, Permission.ASSESS) if actor else None
    otherwise = f"{live.unit.name} {live.period.first:%Y-%m-%d} – {live.period.last:%Y-%m-%d}"
    return _keep(
        actor,
        Run(
            kind=Run.Kind.LIVE,
            title=_title(title, otherwise),
            framework=(FOLDER / f"{FRAMEWORK}.toml").read_text(encoding="utf-8"),
            region=region,
            organ=organ,
            owner=keeper,
            period_from=live.period.first,
            period_to=live.period.last,
            upto_event=live.upto_event,
            inputs=inputs,
            results=results,
            made_at=live.at,
        ),
    )


@leaves_trace(acts.ASSESSMENT_KEPT)
@transaction.atomic
def keep_table(
    actor: Account,
    result: Assessment,
    *,
    framework: str,
    table: str,
    title: str,
    owner: str = "",
    at: datetime | None = None,
) -> Run:
    """Keep the assessment of a table: `framework` and `table` are the texts it was made from.

    Raises NotPermitted, InvalidInput.
    """
    if len(title.strip()) < 2:
        raise InvalidInput(code="title", title=_("Give the assessment a title"), field="title")
    return _keep(
        actor,
        Run(
            kind=Run.Kind.TABLE,
            title=_title(title, ""),
            framework=framework,
            owner=owned_organ(actor, owner, Permission.ASSESS),
            inputs={"table": table, "draws": result.draws, "seed": result.seed},
            results=result.as_json(),
            made_at=at or utc_now(),
        ),
    )


def _keep(actor: Account | None, run: Run) -> Run:
    # As the database will give them back.
    run.inputs, run.results = _plain(run.inputs), _plain(run.results)
    run.code, run.made_by = _code(), actor
    run.inputs_sha256, run.results_sha256 = digest(run.inputs), digest(run.results)
    place = run.owner or run.organ
    run.entry = record(
        acts.ASSESSMENT_KEPT,
        at=run.made_at,
        organ=place.code if place else "",
        region=run.region_id or "",
        payload={
            "run": run.code,
            "framework_sha256": hashlib.sha256(run.framework.encode()).hexdigest(),
            "inputs_sha256": run.inputs_sha256,
            "results_sha256": run.results_sha256,
            "by": actor.username if actor else "",
        },
    )
    run.save()
    return run


def _plain(document: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(document, ensure_ascii=False, allow_nan=False))


@leaves_no_trace("asks a second person; nothing is public yet")
@transaction.atomic
def propose_run(actor: Account, code: str) -> Run:
    """Ask for a run to be published. Raises NotFound, NotPermitted, Conflict."""
    run = _locked(actor, code, Permission.ASSESS)
    if run.state != Run.State.KEPT:
        raise Conflict(code="not_possible_now", title=_("It is proposed or published already"))
    run.state = Run.State.PROPOSED
    run.save(update_fields=["state"])
    return run


@leaves_trace(acts.ASSESSMENT_PUBLISHED)
@transaction.atomic
def publish_run(actor: Account, code: str, *, at: datetime | None = None) -> Run:
    """Publish a run that somebody else made: everybody reads it from now on.

    Raises NotFound, NotPermitted for one's own, Conflict.
    """
    moment = at or utc_now()
    run = _locked(actor, code, Permission.PUBLISH_ASSESSMENT)
    if run.made_by_id == actor.pk:
        raise NotPermitted(
            code="own_affair",
            title=_("A second person publishes it"),
            detail=_("You made this assessment yourself."),
        )
    if run.state != Run.State.PROPOSED:
        raise Conflict(code="not_possible_now", title=_("It is not proposed for publication"))
    run.state, run.published_by, run.published_at = Run.State.PUBLISHED, actor, moment
    run.save(update_fields=["state", "published_by", "published_at"])
    record(
        acts.ASSESSMENT_PUBLISHED,
        at=moment,
        organ=run.owner.code if run.owner else "",
        region=run.region_id or "",
        payload={"run": run.code, "results_sha256": run.results_sha256, "by": actor.username},
    )
    return run


def _locked(actor: Account, code: str, permission: Permission) -> Run:
    run_in_sight(actor, code)
    run = Run.objects.select_for_update(of=("self",)).select_related("owner").get(code=code)
    if run.owner_id not in duties_of(actor).organs_for(permission):
        raise NotPermitted(
            code="not_your_organ",
            title=_("This is for another post"),
            detail=_("You have no post in this organ that may do it."),
        )
    return run
