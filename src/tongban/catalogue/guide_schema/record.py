"""What is known about an item as it is done here: all of GB/T 39046-2020 table 4, and what guides need.

A record may be of any source, so anything may be unknown: None or "" says so, and is not the same
as "no". What a record lacks or contradicts is named by lint, not refused here.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from tongban.catalogue.guide_schema.handling import Handling
from tongban.catalogue.guide_schema.parts import (
    Audience,
    Capability,
    Condition,
    Fee,
    FormPage,
    HandlingForm,
    JointOrgan,
    LegalBasis,
    Limit,
    Material,
    Question,
    Range,
    Result,
    SpecialProcedure,
    Step,
    Strict,
    Text,
)


class GuideRecord(Strict):
    """办事指南 as a source has it. `GuideDocument` is the complete one, which people apply with."""

    item_code: str = Field(default="", max_length=64)
    slug: str = Field(default="", max_length=60)
    effective_from: date | None = None
    name: Text | None = None
    summary: Text | None = None
    aliases: tuple[str, ...] = ()
    # How sure the organ must be who applies (实名等级); see `directory/rules.py`.
    identity_level: Literal["registered", "verified", "in_person"] = "verified"
    audience: tuple[Audience, ...] = ()
    case_type: Literal["instant", "promised", "other"] | None = None

    # Power: where it comes from and who exercises it.
    legal_bases: tuple[LegalBasis, ...] = ()
    power_source: Text | None = None
    power_division: Text | None = None
    power_content: Text | None = None
    level: (
        Literal["national", "provincial", "municipal", "county", "town", "village", "by_grade"]
        | None
    ) = None
    organ_nature: Literal["statutory", "authorised", "entrusted", "other"] | None = None
    entrusting_organ: str = ""
    joint_organs: tuple[JointOrgan, ...] = ()
    handling_office: Text | None = None
    handling_office_code: str = Field(default="", max_length=64)
    system_level: Literal["national", "provincial", "municipal"] | None = None

    # Time and procedure.
    statutory_limit: Limit | None = None
    promised_limit: Limit | None = None
    conditions: tuple[Condition, ...] = ()
    steps: tuple[Step, ...] = ()
    special_procedures: tuple[SpecialProcedure, ...] = ()
    materials: tuple[Material, ...] = ()
    # False: the item needs none. None: not known.
    needs_materials: bool | None = None
    fees: tuple[Fee, ...] = ()
    charges_fee: bool | None = None
    result: Result | None = None
    further_results: tuple[Result, ...] = ()
    quantity_limit: Text | None = None
    intermediary_service: Text | None = None

    # Ways to apply.
    handling_forms: tuple[HandlingForm, ...] = ()
    online_capabilities: tuple[Capability, ...] = ()
    online_url: str = ""
    on_site_visits: int | None = Field(default=None, ge=0, le=9)
    on_site_reason: Text | None = None
    cross_region_range: Range | None = None
    supports_appointment: bool | None = None
    daily_appointments: int | None = Field(default=None, ge=0)
    supports_delivery: bool | None = None
    supports_online_payment: bool | None = None
    single_sign_on: bool | None = None
    enters_hall: bool | None = None
    self_service: bool | None = None
    tolerant_acceptance: bool | None = None
    commitment_handling: bool | None = None
    handling: Handling = Handling()

    # Where to go, whom to ask, what one may do.
    personal_themes: tuple[str, ...] = ()
    personal_theme_codes: tuple[str, ...] = ()
    corporate_themes: tuple[str, ...] = ()
    corporate_theme_codes: tuple[str, ...] = ()
    place: Text | None = None
    opening_hours: Text | None = None
    enquiry_channel: Text | None = None
    enquiry_phone: str = ""
    complaint_phone: str = ""
    rights_and_duties: Text | None = None
    remedies: Text | None = None
    faq: tuple[Question, ...] = ()
    form_pages: tuple[FormPage, ...] = ()


def content_of(record: GuideRecord) -> dict[str, Any]:
    """The record as JSON data, without what is unknown: what is stored, compared and exchanged."""
    if type(record) is not GuideRecord:  # What is complete has other defaults.
        record = GuideRecord.model_validate(record.model_dump())
    return record.model_dump(mode="json", exclude_defaults=True)


def online_depth(capabilities: set[str], visits: int | None) -> int:
    """网上办理深度 I-IV of a set of capabilities, 0 for none (domain.md: one documented rule).

    I {enquire}; II hands in or pre-checks; III accepts; IV accepts, handles, gives the result and
    needs no visit.
    """
    if {"accept", "handle", "result_feedback"} <= capabilities and visits == 0:
        return 4
    if "accept" in capabilities:
        return 3
    if capabilities & {"hand_in", "precheck"}:
        return 2
    return 1 if "enquire" in capabilities else 0
