"""Nothing is asked twice: a file that was handed in before is taken again, without uploading it.

令716 art. 7, 11: what was submitted once is not asked for again. Only the applicant's own files serve
them again: whose application it is decides, not who fills it in.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import NotFound
from tongban.cases.files.kinds import MEDIA_TYPES
from tongban.cases.models import Draft, MaterialFile
from tongban.cases.permissions import cases_of_applicant
from tongban.cases.rules.trust import Trust, same_material
from tongban.cases.services.drafting import add_file, material_of
from tongban.cases.services.taking import MEGABYTE, Taken
from tongban.catalogue.guide_schema import GuideDocument, Material
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.ledger.traces import leaves_no_trace

# Of the newest so many files; older ones are found in their cases.
LOOKED_AT = 200
OFFERED_MOST = 5


@dataclass(frozen=True)
class Earlier:
    """A file of an earlier case that fits a material."""

    key: uuid.UUID
    name: str
    item: str
    handed_in_at: datetime
    trust: str
    pages: int


def reusable(actor: Account, draft: Draft) -> dict[str, list[Earlier]]:
    """By material: files of the same applicant's earlier cases that could serve again, newest first.

    At most four queries, and the guides of the cases, which are kept in the process.
    """
    wanted = [one for one in document_of(draft.guide).materials if one.how == "upload"]
    held = set(draft.files.values_list("sha256", flat=True))
    found: dict[str, list[Earlier]] = {}
    for file in _own_files(actor, draft)[:LOOKED_AT]:
        if file.sha256 in held:
            continue
        case = file.case
        assert case is not None
        source = _material(document_of(case.guide), file.material)
        for material in wanted:
            offered = found.setdefault(material.key, [])
            known = {one.key for one in offered}
            if (
                source
                and _fits(file, source, material)
                and len(offered) < OFFERED_MOST
                and file.key not in known
            ):
                offered.append(
                    Earlier(
                        file.key,
                        file.name,
                        case.item.name,
                        case.submitted_at,
                        file.trust,
                        file.pages,
                    )
                )
    return {key: _once_each(files) for key, files in found.items() if files}


def _once_each(files: list[Earlier]) -> list[Earlier]:
    return list({(one.name, one.handed_in_at): one for one in files}.values())


def _own_files(actor: Account, draft: Draft) -> QuerySet[MaterialFile]:
    """Files of cases that the actor may see and whose applicant is the draft's."""
    cases = cases_of_applicant(actor).filter(
        applicant=draft.principal_id, enterprise=draft.enterprise_id
    )
    if draft.case_id:
        cases = cases.exclude(pk=draft.case_id)
    files = MaterialFile.objects.filter(case__in=cases.values("pk"), superseded=False)
    return files.select_related("case__guide", "case__item").order_by("-pk")


def _material(document: GuideDocument, key: str) -> Material | None:
    return next((one for one in document.materials if one.key == key), None)


def _fits(file: MaterialFile, source: Material, wanted: Material) -> bool:
    return (
        same_material((source.kind or "", source.name.zh), (wanted.kind or "", wanted.name.zh))
        and MEDIA_TYPES.get(file.media_type) in wanted.accept
        and file.size <= wanted.max_mb * MEGABYTE
    )


@leaves_no_trace("a draft is the applicant's own until it is handed in; then the entry names it")
@transaction.atomic
def reuse(
    actor: Account,
    key: uuid.UUID,
    material_key: str,
    file_key: uuid.UUID,
    *,
    at: datetime | None = None,
) -> MaterialFile:
    """Take a file of an earlier case into a draft: the same content, and what is known of it.

    Raises NotFound for a file that is not the applicant's or does not fit, InvalidInput for one too
    many.
    """
    draft = _draft(actor, key)
    wanted = material_of(document_of(draft.guide), material_key)
    file = _own_files(actor, draft).select_related("verified_by").filter(key=file_key).first()
    case = file.case if file else None
    source = _material(document_of(case.guide), file.material) if file and case else None
    if file is None or source is None or not _fits(file, source, wanted):
        raise NotFound(
            code="file_not_found",
            title=_("There is no such file"),
            detail=_("It is in somebody else's case, was replaced, or does not fit here."),
        )
    taken = Taken(
        name=file.name,
        media_type=file.media_type,
        pages=file.pages,
        size=file.size,
        sha256=file.sha256,
        trust=Trust(file.trust),
    )
    known: dict[str, Any] = {
        "reused_from": file,
        "verified_by": file.verified_by,
        "verified_at": file.verified_at,
        "checked_at": file.checked_at,
    }
    return add_file(actor, key, material_key, taken, at=at or utc_now(), **known)


def _draft(actor: Account, key: uuid.UUID) -> Draft:
    mine = Q(account=actor, case=None) | Q(case__in=cases_of_applicant(actor))
    draft = Draft.objects.select_related("guide").filter(mine, key=key).first()
    if draft is None:
        raise NotFound(code="draft_not_found", title=_("This form is not open any more"))
    return draft
