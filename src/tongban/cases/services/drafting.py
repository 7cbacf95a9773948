"""Filling in: drafts, pages of answers, files. Nothing here reaches an organ yet."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import LOCAL, utc_now
from tongban.base.problems import Conflict, FieldError, NotFound
from tongban.cases import storage
from tongban.cases.answers import check_page
from tongban.cases.models import Assistance, Draft, MaterialFile
from tongban.cases.permissions import applicant_case, cases_of_applicant
from tongban.cases.rules import State
from tongban.cases.rules.trust import trust_when_seen
from tongban.cases.services.principals import (
    MYSELF,
    Principal,
    acting_person,
    check_level,
    chosen,
)
from tongban.cases.services.taking import Taken, refused, take_upload
from tongban.catalogue.guide_schema import FormPage, GuideDocument, Material
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account, Person
from tongban.ledger.traces import leaves_no_trace

FILES_A_MATERIAL = 5
# What is known of a content goes with it into another draft or case.
KNOWN_OF_A_FILE = (
    "trust",
    "pages",
    "version",
    "checked_at",
    "verified_by_id",
    "verified_at",
    "reused_from_id",
)
# Of all the forms that an account has open; what was handed in does not count.
DRAFT_BYTES_MOST = 300 * 1024 * 1024


def _prefilled(principal: Principal, pages: tuple[FormPage, ...]) -> dict[str, str]:
    person, enterprise = principal.person, principal.enterprise
    known = {
        "enterprise.name": enterprise.name if enterprise else "",
        "enterprise.uscc": enterprise.uscc if enterprise else "",
        "person.name": person.name,
        "person.id_number": person.id_number,
        "person.phone": person.phone,
        "person.address": person.address,
    }
    return {
        field.key: known[field.prefill]
        for page in pages
        for field in page.fields
        if field.prefill and known[field.prefill]
    }


@leaves_no_trace("a draft is the applicant's own until it is handed in")
def start_draft(
    actor: Account, item: ServiceItem, *, principal: str = "", at: datetime | None = None
) -> Draft:
    """The actor's draft for an item; the one that is there, else a new one with what is known.

    `principal` is for whom, as `principals.principals` names them; nobody named is oneself. Raises
    Conflict when the item can't be applied for online or a form for another is open, NotPermitted
    when the actor is not sure enough who they are, InvalidInput when they may not act for them.
    """
    for_whom = chosen(actor, item.code, principal)
    held = Draft.objects.filter(account=actor, item=item, case=None).select_related("guide").first()
    held = held or _begun_at_counter(actor, item)
    guide = _guide_of(item)
    if held:
        _check_same_principal(held, for_whom, principal)
        return held
    document = document_of(guide)
    check_level(acting_person(actor).identity_level, document.identity_level)
    try:
        with transaction.atomic():
            return Draft.objects.create(
                account=actor,
                item=item,
                guide=guide,
                principal=for_whom.person,
                enterprise=for_whom.enterprise,
                delegation_id=for_whom.delegation_id,
                key=uuid.uuid4(),
                answers=_prefilled(for_whom, document.form_pages),
                updated_at=at or utc_now(),
            )
    except IntegrityError:  # Started twice at once: both go on with the first.
        return Draft.objects.select_related("guide").get(account=actor, item=item, case=None)


def _guide_of(item: ServiceItem) -> Guide:
    guide = item.guides.filter(effective_to=None).first()
    if guide is None or not guide.accepts_online:
        raise Conflict(
            code="not_online",
            title=_("This item can't be applied for here yet"),
            detail=_("Its guide is not complete, or the organ takes applications at the counter."),
            fix=_("Ask the organ, or call 12345."),
        )
    return guide


def held_draft(actor: Account, item: ServiceItem) -> Draft | None:
    """The form of an item that the account has open, or that was begun for it at a counter."""
    own = Q(account=actor) | Q(account=None, principal__account=actor, enterprise=None)
    return Draft.objects.filter(own, item=item, case=None).order_by("account").first()


def _begun_at_counter(actor: Account, item: ServiceItem) -> Draft | None:
    """What was begun at a counter before the person had an account becomes the account's."""
    begun = Draft.objects.filter(
        account=None, principal__account=actor, enterprise=None, item=item, case=None
    )
    if not begun.update(account=actor):
        return None
    return Draft.objects.select_related("guide").get(account=actor, item=item, case=None)


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def draft_for(person: Person, item: ServiceItem, *, at: datetime) -> Draft:
    """The draft of a person who stands at a counter: the one they began, else a new one.

    Raises Conflict when the item can't be applied for, or when their form of this item that is open
    is for somebody else.
    """
    guide = _guide_of(item)
    if person.account is not None:
        _begun_at_counter(person.account, item)
        held = Draft.objects.filter(account=person.account, item=item, case=None).first()
        if held and (held.principal_id, held.enterprise_id) != (person.pk, None):
            raise Conflict(
                code="begun_for_another",
                title=_("They have begun this for somebody else"),
                detail=_("One form of an item can be open at a time."),
                fix=_("They send it or throw it away first."),
            )
    else:
        held = Draft.objects.filter(account=None, principal=person, item=item, case=None).first()
    if held:
        return held
    own = Principal(MYSELF, person.name, person)
    return Draft.objects.create(
        account=person.account,
        item=item,
        guide=guide,
        principal=person,
        key=uuid.uuid4(),
        answers=_prefilled(own, document_of(guide).form_pages),
        updated_at=at,
    )


def _check_same_principal(held: Draft, wanted: Principal, named: str) -> None:
    enterprise = wanted.enterprise.pk if wanted.enterprise else None
    same = (held.principal_id, held.enterprise_id) == (wanted.person.pk, enterprise)
    if named and not same:
        raise Conflict(
            code="begun_for_another",
            title=_("You have begun this for somebody else"),
            detail=_("One form of an item can be open at a time."),
            fix=_("Send it or throw it away first."),
        )


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def start_correction(actor: Account, number: str, *, at: datetime | None = None) -> Draft:
    """The draft in which the applicant corrects a case: its answers and files to begin with.

    Raises NotFound for another's case, Conflict when no correction is asked for.
    """
    case = applicant_case(actor, number, lock=True)
    if case.state != State.CORRECTION:
        raise Conflict(
            code="no_correction_asked",
            title=_("Nothing has to be corrected"),
            detail=_("The organ has not asked for a correction, or it is already handed in."),
        )
    draft, created = Draft.objects.select_related("guide").get_or_create(
        case=case,
        defaults={
            "account": actor,
            "principal": case.applicant,
            "enterprise": case.enterprise,
            "delegation": case.delegation,
            "item": case.item,
            "guide": case.guide,
            "key": uuid.uuid4(),
            "answers": case.answers,
            "committed": case.committed,
            "updated_at": at or utc_now(),
        },
    )
    if created:
        MaterialFile.objects.bulk_create(
            MaterialFile(
                draft=draft,
                key=uuid.uuid4(),
                material=kept.material,
                name=kept.name,
                media_type=kept.media_type,
                size=kept.size,
                sha256=kept.sha256,
                uploaded_at=kept.uploaded_at,
                replaces=kept,
                **{name: getattr(kept, name) for name in KNOWN_OF_A_FILE},
            )
            for kept in case.files.filter(superseded=False)
        )
    return draft


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def save_page(
    actor: Account,
    key: uuid.UUID,
    page: FormPage,
    typed: Mapping[str, str],
    *,
    at: datetime | None = None,
) -> list[FieldError]:
    """Keep what was typed on a page, right or wrong, and return what is wrong with it."""
    draft = _own_draft(actor, key)
    answers, errors = check_page(page, typed)
    draft.answers = draft.answers | answers
    draft.updated_at = at or utc_now()
    draft.save(update_fields=["answers", "updated_at"])
    return errors


def _assisted(actor: Account) -> QuerySet[Assistance, uuid.UUID]:
    """Keys of the forms that people let the actor fill in at a counter today."""
    midnight = utc_now().astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Assistance.objects.filter(clerk=actor, ended_at=None, begun_at__gte=midnight)
    return mine.values_list("draft_key", flat=True)


def _own_draft(actor: Account, key: uuid.UUID) -> Draft:
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("guide")
        .filter(
            Q(account=actor, case=None)
            | Q(case__in=cases_of_applicant(actor))
            | Q(case=None, key__in=_assisted(actor)),
            key=key,
        )
        .first()
    )
    if draft is None:
        raise NotFound(
            code="draft_not_found",
            title=_("This form is not open any more"),
            detail=_("It has been sent already, or it belongs to another account."),
            fix=_("See «My cases» for what you have sent."),
        )
    return draft


def material_of(document: GuideDocument, key: str) -> Material:
    """What the guide asks to be uploaded. Raises InvalidInput for what it does not ask for."""
    material = next((one for one in document.materials if one.key == key), None)
    if material is None or material.how != "upload":
        raise refused(key, "no_such_material", _("The guide does not ask for this file."))
    return material


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def choose_commitment(
    actor: Account, key: uuid.UUID, *, committed: bool, at: datetime | None = None
) -> None:
    """Choose to be handled on a commitment (告知承诺), or in the ordinary way.

    Raises Conflict when the item offers none.
    """
    draft = _own_draft(actor, key)
    if committed and document_of(draft.guide).handling.commitment is None:
        raise Conflict(
            code="no_commitment",
            title=_("This item can't be handled on a commitment"),
            fix=_("Hand in the papers that the guide asks for."),
        )
    draft.committed, draft.updated_at = committed, at or utc_now()
    draft.save(update_fields=["committed", "updated_at"])


@leaves_no_trace("a draft is the applicant's own until it is handed in")
def attach_file(
    actor: Account,
    key: uuid.UUID,
    material_key: str,
    upload: UploadedFile[Any],
    *,
    replaces: uuid.UUID | None = None,
    seen_by: Account | None = None,
    at: datetime | None = None,
) -> MaterialFile:
    """Keep a file for a material of a draft. Raises InvalidInput for what can't be taken.

    `replaces`: the file of the draft of which it is a new version, and whose place it takes.
    `seen_by`: the clerk who scanned it from the original; the caller has looked that it is one.
    """
    with transaction.atomic():
        draft = _own_draft(actor, key)
    # The file lies on disk before the transaction begins: uploads don't hold the write lock.
    taken = take_upload(upload, material_of(document_of(draft.guide), material_key))
    seen: dict[str, Any] = {}
    if seen_by is not None:
        taken = taken._replace(trust=trust_when_seen(taken.trust))
        seen = {"verified_by": seen_by, "verified_at": at or utc_now()}
    return add_file(actor, key, material_key, taken, replaces=replaces, at=at, **seen)


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def add_file(
    actor: Account,
    key: uuid.UUID,
    material_key: str,
    taken: Taken,
    *,
    replaces: uuid.UUID | None = None,
    at: datetime | None = None,
    **more: Any,
) -> MaterialFile:
    """Put a file that was taken into a draft; `more` are columns that say where it comes from.

    Raises InvalidInput for one too many.
    """
    moment, draft = at or utc_now(), _own_draft(actor, key)
    before = _taken_out(draft, material_key, replaces)
    if draft.files.filter(material=material_key).count() >= FILES_A_MATERIAL:
        raise refused(
            material_key,
            "too_many_files",
            _("At most %(most)d files; remove one first.") % {"most": FILES_A_MATERIAL},
        )
    held = MaterialFile.objects.filter(draft__account=actor).aggregate(all=Sum("size"))["all"]
    if (held or 0) + taken.size > DRAFT_BYTES_MOST:
        raise refused(
            material_key,
            "too_much_held",
            _("Your open forms hold too many files. Send one or throw one away first."),
        )
    columns: dict[str, Any] = {
        "draft": draft,
        "key": uuid.uuid4(),
        "material": material_key,
        **taken._asdict(),
        "uploaded_at": moment,
        "checked_at": moment,
    }
    original = before.replaces if before else None
    if original is not None:
        columns |= {"replaces": original, "version": original.version + 1}
    return MaterialFile.objects.create(**columns | more)


def _taken_out(draft: Draft, material: str, replaces: uuid.UUID | None) -> MaterialFile | None:
    """The file of the draft that makes place for a new version. Raises NotFound when it is not there."""
    if replaces is None:
        return None
    before = draft.files.select_related("replaces").filter(key=replaces, material=material).first()
    if before is None:
        raise NotFound(code="file_not_found", title=_("There is no such file"))
    draft.files.filter(pk=before.pk).delete()
    forget_files([before.sha256])
    return before


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def remove_file(actor: Account, key: uuid.UUID, file_key: uuid.UUID) -> None:
    """Take a file out of a draft. Raises NotFound when it isn't there."""
    draft = _own_draft(actor, key)
    file = draft.files.filter(key=file_key).first()
    if file is None:
        raise NotFound(code="file_not_found", title=_("There is no such file"))
    file.delete()
    forget_files([file.sha256])


@leaves_no_trace("a draft is the applicant's own until it is handed in")
@transaction.atomic
def discard_draft(actor: Account, key: uuid.UUID) -> None:
    """Throw a draft away with its files. Raises NotFound when it isn't there."""
    draft = _own_draft(actor, key)
    digests = list(draft.files.values_list("sha256", flat=True))
    draft.files.all().delete()
    draft.delete()
    forget_files(digests)


@leaves_no_trace("files that no draft and no case names any more")
def forget_files(digests: Collection[str]) -> None:
    """Delete contents that nobody refers to any more, once the transaction stands."""

    def delete() -> None:
        held = MaterialFile.objects.filter(sha256__in=digests).values_list("sha256", flat=True)
        for digest in set(digests) - set(held):
            storage.delete(digest)

    transaction.on_commit(delete)
