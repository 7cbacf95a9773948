"""Filling in a bundle: its parts' drafts, written through one form. Nothing reaches an organ yet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, FieldError, InvalidInput, NotFound
from tongban.cases.answers import check_page
from tongban.cases.models import BundleFiling, BundlePart, Case, Draft, MaterialFile
from tongban.cases.services import drafting
from tongban.cases.services.taking import take_upload
from tongban.catalogue.bundles.merging import MergedForm, merged_form
from tongban.catalogue.bundles.publishing import guides_of
from tongban.catalogue.bundles.schema import BundleDocument, chosen_parts
from tongban.catalogue.bundles.schema import BundlePart as PartOfGuide
from tongban.catalogue.bundles.selectors import bundle_document
from tongban.catalogue.guide_schema import FormPage, GuideDocument
from tongban.catalogue.models import Bundle
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.ledger.services import new_case_ref
from tongban.ledger.traces import leaves_no_trace

OWN_UNTIL_SENT = "a filing is the applicant's own until it is handed in"


@dataclass(frozen=True)
class Opened:
    """A filing with all that its form needs. `drafts` and `guides` by the keys of the parts."""

    filing: BundleFiling
    document: BundleDocument
    parts: tuple[PartOfGuide, ...]
    drafts: Mapping[str, Draft]
    guides: Mapping[str, GuideDocument]
    form: MergedForm

    @property
    def answers(self) -> dict[str, str]:
        return self.form.gathered({key: draft.answers for key, draft in self.drafts.items()})


def read_choices(document: BundleDocument, typed: Mapping[str, str]) -> dict[str, str]:
    """Answers to the bundle's questions. Raises InvalidInput that names those without one."""
    faults = [
        FieldError(f"/{one.key}", "not_an_option", str(_("Choose one of the options.")))
        for one in document.questions
        if typed.get(one.key, "") not in {option.value for option in one.options}
    ]
    if faults:
        raise InvalidInput(
            code="questions_open",
            title=_("Answer the questions first"),
            detail=_("They say which parts you need."),
            errors=tuple(faults),
        )
    return {one.key: typed[one.key] for one in document.questions}


@leaves_no_trace(OWN_UNTIL_SENT)
@transaction.atomic
def begin(
    actor: Account,
    bundle: Bundle,
    *,
    choices: Mapping[str, str],
    principal: str = "",
    at: datetime | None = None,
) -> BundleFiling:
    """Begin a bundle, or go on with other choices. A form of one of its items that is open joins it.

    Raises Conflict when an item takes no applications or its form is open for somebody else,
    InvalidInput for a question without an answer, and what starting a draft raises.
    """
    moment, document = at or utc_now(), bundle_document(bundle)
    held = read_choices(document, choices)
    parts = chosen_parts(document, held)
    guides = guides_of(parts)
    missing = [part.key for part in parts if part.key not in guides]
    if missing:
        raise Conflict(
            code="part_not_online",
            title=_("A part can't be applied for here at the moment"),
            detail=_("The guide of one of the items is not in force."),
            fix=_("Apply for the other items one by one, or ask the organ; call 12345."),
        )
    drafts = {
        part.key: drafting.start_draft(actor, guides[part.key].item, principal=principal, at=moment)
        for part in parts
    }
    first = drafts[parts[0].key]
    filing = _open_filing(actor, bundle, first, moment)
    filing.choices, filing.updated_at = held, moment
    filing.principal_id, filing.enterprise_id = first.principal_id, first.enterprise_id
    filing.save(update_fields=["choices", "updated_at", "principal", "enterprise"])
    BundlePart.objects.filter(filing=filing).delete()
    BundlePart.objects.filter(
        filing__sent_at=None, draft_key__in=[draft.key for draft in drafts.values()]
    ).delete()
    BundlePart.objects.bulk_create(
        BundlePart(
            filing=filing,
            key=part.key,
            place=place,
            item=guides[part.key].item,
            draft_key=drafts[part.key].key,
        )
        for place, part in enumerate(parts)
    )
    return filing


@leaves_no_trace(OWN_UNTIL_SENT)
def _open_filing(actor: Account, bundle: Bundle, first: Draft, at: datetime) -> BundleFiling:
    held = BundleFiling.objects.filter(account=actor, bundle=bundle, sent_at=None).first()
    if held:
        return held
    try:
        with transaction.atomic():
            return BundleFiling.objects.create(
                key=uuid.uuid4(),
                bundle=bundle,
                account=actor,
                principal_id=first.principal_id,
                enterprise_id=first.enterprise_id,
                ledger_ref=new_case_ref(),
                updated_at=at,
            )
    except IntegrityError:  # Begun twice at once: both go on with the first.
        return BundleFiling.objects.get(account=actor, bundle=bundle, sent_at=None)


def opened(filing: BundleFiling) -> Opened:
    """A filing that is being filled in. Two queries. Raises Conflict when a part's form is gone."""
    document = bundle_document(filing.bundle)
    rows = list(filing.parts.order_by("place"))
    found = {
        draft.key: draft
        for draft in Draft.objects.select_related("guide").filter(
            key__in=[row.draft_key for row in rows], account=filing.account_id
        )
    }
    if len(found) < len(rows):
        raise Conflict(
            code="part_sent_alone",
            title=_("A part was sent or thrown away by itself"),
            detail=_("One of the items has been handed in alone, or its form is gone."),
            fix=_("Begin the bundle again: what you typed in the other parts is kept."),
        )
    drafts = {row.key: found[row.draft_key] for row in rows}
    guides = {key: document_of(draft.guide) for key, draft in drafts.items()}
    parts = chosen_parts(document, filing.choices)
    return Opened(filing, document, parts, drafts, guides, merged_form(document, parts, guides))


def own_filing(actor: Account, key: uuid.UUID, *, lock: bool = False) -> BundleFiling:
    """The actor's filing that is not sent yet. Raises NotFound."""
    filings = BundleFiling.objects.select_related("bundle")
    if lock:
        filings = filings.select_for_update(of=("self",))
    filing = filings.filter(account=actor, key=key, sent_at=None).first()
    if filing is None:
        raise NotFound(
            code="draft_not_found",
            title=_("This form is not open any more"),
            detail=_("It has been sent already, or it belongs to another account."),
            fix=_("See «My cases» for what you have sent."),
        )
    return filing


@leaves_no_trace(OWN_UNTIL_SENT)
@transaction.atomic
def save_page(
    actor: Account,
    key: uuid.UUID,
    page: FormPage,
    typed: Mapping[str, str],
    *,
    at: datetime | None = None,
) -> list[FieldError]:
    """Keep what was typed on a page in every part that asks it, and return what is wrong with it."""
    now = opened(own_filing(actor, key, lock=True))
    answers, errors = check_page(page, typed)
    moment = at or utc_now()
    for part, some in now.form.spread(answers).items():
        draft = now.drafts[part]
        draft.answers, draft.updated_at = draft.answers | some, moment
        draft.save(update_fields=["answers", "updated_at"])
    BundleFiling.objects.filter(pk=now.filing.pk).update(updated_at=moment)
    return errors


@leaves_no_trace(OWN_UNTIL_SENT)
def attach_file(
    actor: Account,
    key: uuid.UUID,
    material: str,
    upload: UploadedFile[Any],
    *,
    at: datetime | None = None,
) -> None:
    """Keep a file for every part that asks for it. Raises InvalidInput for what can't be taken."""
    now = opened(own_filing(actor, key))
    # The file lies on disk before the transaction begins: uploads don't hold the write lock.
    taken = take_upload(upload, _material(now, material))
    try:
        with transaction.atomic():
            for part, paper in now.form.papers[material]:
                drafting.add_file(actor, now.drafts[part].key, paper, taken, at=at)
    except InvalidInput as problem:
        raise InvalidInput(
            code=problem.code, title=problem.title, detail=problem.detail, field=material
        ) from problem


def _material(now: Opened, key: str) -> Any:
    found = now.form.material(key)
    if found is None or found.how != "upload":
        raise InvalidInput(
            code="no_such_material",
            title=_("The file was not taken"),
            detail=_("The guide does not ask for this file."),
            field=key,
        )
    return found


def files_of(now: Opened) -> dict[str, list[MaterialFile]]:
    """Files by the merged paper they are for; one that is kept for several parts once. One query."""
    files = MaterialFile.objects.filter(draft__in=now.drafts.values()).order_by("id")
    parts = {draft.pk: key for key, draft in now.drafts.items()}
    found: dict[str, dict[tuple[str, str], MaterialFile]] = {}
    for file in files:
        merged = now.form.key_of(parts[file.draft_id or 0], file.material)
        if merged:
            found.setdefault(merged, {}).setdefault((file.sha256, file.name), file)
    return {key: list(held.values()) for key, held in found.items()}


@leaves_no_trace(OWN_UNTIL_SENT)
@transaction.atomic
def remove_file(actor: Account, key: uuid.UUID, file_key: uuid.UUID) -> None:
    """Take a file out of every part that has it for the same paper. Raises NotFound."""
    now = opened(own_filing(actor, key, lock=True))
    files = MaterialFile.objects.filter(draft__in=now.drafts.values())
    file = files.filter(key=file_key).first()
    if file is None:
        raise NotFound(code="file_not_found", title=_("There is no such file"))
    parts = {draft.pk: (name, draft) for name, draft in now.drafts.items()}
    name, _draft = parts[file.draft_id or 0]
    targets = set(now.form.papers.get(now.form.key_of(name, file.material), ()))
    for held in files.filter(sha256=file.sha256, name=file.name):
        part, draft = parts[held.draft_id or 0]
        if (part, held.material) in targets:
            drafting.remove_file(actor, draft.key, held.key)


@leaves_no_trace(OWN_UNTIL_SENT)
@transaction.atomic
def discard(actor: Account, key: uuid.UUID) -> None:
    """Throw a filing away with the forms of its parts. Raises NotFound when it isn't there."""
    filing = own_filing(actor, key, lock=True)
    keys = list(filing.parts.values_list("draft_key", flat=True))
    for draft in Draft.objects.filter(key__in=keys, account=actor, case=None):
        drafting.discard_draft(actor, draft.key)
    filing.delete()


def cases_of(keys: list[uuid.UUID]) -> dict[uuid.UUID, Case]:
    """The cases that drafts with these keys became, by the key. One query."""
    cases = Case.objects.filter(draft_key__in=keys).select_related("item", "organ", "guide")
    return {case.draft_key: case for case in cases}
