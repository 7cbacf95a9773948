"""What the applicant does after handing in: withdraw, hand missing papers in, take back a commitment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import InvalidInput
from tongban.cases.models import Case, Draft, MaterialFile
from tongban.cases.permissions import applicant_case
from tongban.cases.rules import Act, Part
from tongban.cases.services.drafting import (
    FILES_A_MATERIAL,
    forget_files,
    material_of,
)
from tongban.cases.services.taking import take_upload
from tongban.cases.services.writing import carry_out
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.ledger import acts
from tongban.ledger.traces import leaves_trace

APPLICANT = frozenset({Part.APPLICANT})


@leaves_trace(acts.CASE_WITHDRAWN)
@transaction.atomic
def withdraw(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Take an application back before it is decided (撤回; 安阳市政务服务条例 36).

    Raises NotFound for another's case, Conflict when it is decided or ended.
    """
    moment = at or utc_now()
    case = applicant_case(actor, number, lock=True)
    carry_out(case, Act.WITHDRAW, APPLICANT, actor=actor, at=moment)
    _forget_correction(case)
    return case


def _forget_correction(case: Case) -> None:
    """A correction that was begun goes with the application."""
    files = MaterialFile.objects.filter(draft__case=case)
    digests = list(files.values_list("sha256", flat=True))
    files.delete()
    Draft.objects.filter(case=case).delete()
    forget_files(digests)


@leaves_trace(acts.COMMITMENT_RETRACTED)
@transaction.atomic
def retract_commitment(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Take a commitment back before the decision: the case is handled in the ordinary time.

    Raises NotFound for another's case, Conflict when there is no commitment or it is decided.
    """
    moment = at or utc_now()
    case = applicant_case(actor, number, lock=True)
    return carry_out(case, Act.RETRACT_COMMITMENT, APPLICANT, actor=actor, at=moment)


@leaves_trace(acts.CASE_SUPPLIED)
def supply(
    actor: Account,
    number: str,
    material_key: str,
    uploads: Iterable[UploadedFile[Any]],
    *,
    at: datetime | None = None,
) -> Case:
    """Hand in a paper that was missing at acceptance (容缺后补).

    Raises InvalidInput for a file that can't be taken or was not missing, Conflict when nothing is
    missing, NotFound for another's case.
    """
    moment = at or utc_now()
    case = applicant_case(actor, number)
    material = material_of(document_of(case.guide), material_key)
    held = [upload for upload in uploads if upload]
    if not 0 < len(held) <= FILES_A_MATERIAL:
        raise InvalidInput(
            code="missing_file",
            title=_("The file was not taken"),
            detail=_("Choose one to %(most)d files.") % {"most": FILES_A_MATERIAL},
            field=material_key,
        )
    # The files lie on disk before the transaction begins: uploads don't hold the write lock.
    taken = [take_upload(upload, material) for upload in held]
    with transaction.atomic():
        case = applicant_case(actor, number, lock=True)
        files = [
            MaterialFile(
                case=case,
                key=uuid.uuid4(),
                material=material_key,
                **one._asdict(),
                uploaded_at=moment,
                checked_at=moment,
            )
            for one in taken
        ]
        carry_out(
            case,
            Act.SUPPLY,
            APPLICANT,
            actor=actor,
            at=moment,
            data=lambda _standing: {"supplied": [material_key]},
            payload={
                "files": [
                    {"material": one.material, "name": one.name, "sha256": one.sha256}
                    for one in files
                ]
            },
        )
        MaterialFile.objects.bulk_create(files)
    return case
