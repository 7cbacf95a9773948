"""The form of a complete guide (办事指南): what people need to apply, in both languages.

One guide is one TOML file. Pydantic refuses a file that is not of this form and names the field,
so that a guide with a missing element never takes an application.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from tongban.catalogue.guide_schema.parts import (
    Audience,
    Capability,
    CompleteFee,
    CompleteMaterial,
    CompleteResult,
    CompleteStep,
    Condition,
    FormPage,
    HandlingForm,
    LegalBasis,
    Limit,
    Phone,
    Question,
    Range,
    Text,
    texts_in,
)
from tongban.catalogue.guide_schema.record import GuideRecord


class GuideDocument(GuideRecord):
    """One complete guide; see `data/guides/README.md` for how to write one."""

    item_code: str = Field(min_length=8, max_length=64)
    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{2,59}$")
    effective_from: date
    name: Text
    summary: Text
    aliases: tuple[str, ...] = Field(min_length=1)
    audience: tuple[Audience, ...] = Field(min_length=1)
    case_type: Literal["instant", "promised", "other"]
    legal_bases: tuple[LegalBasis, ...] = Field(min_length=1)
    power_source: Text
    statutory_limit: Limit
    promised_limit: Limit
    conditions: tuple[Condition, ...] = Field(min_length=1)
    steps: tuple[CompleteStep, ...] = Field(min_length=2)
    materials: tuple[CompleteMaterial, ...] = ()
    fees: tuple[CompleteFee, ...] = ()
    result: CompleteResult
    handling_forms: tuple[HandlingForm, ...] = Field(min_length=1)
    online_capabilities: tuple[Capability, ...] = ()
    on_site_visits: int = Field(ge=0, le=9)
    cross_region_range: Range
    supports_appointment: bool
    supports_delivery: bool
    place: Text
    opening_hours: Text
    enquiry_phone: Phone
    complaint_phone: Phone
    remedies: Text
    faq: tuple[Question, ...] = Field(min_length=1)
    form_pages: tuple[FormPage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        fields = [field.key for page in self.form_pages for field in page.fields]
        for what, keys in (
            ("field", fields),
            ("material", [material.key for material in self.materials]),
            ("form page", [page.key for page in self.form_pages]),
        ):
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise ValueError(f"{what} key twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _a_commitment_replaces_papers_of_the_guide(self) -> Self:
        asked = {material.key for material in self.materials}
        commitment = self.handling.commitment
        unknown = sorted(set(commitment.replaces) - asked) if commitment else []
        if unknown:
            raise ValueError(f"the commitment replaces what is not asked for: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _texts_are_in_both_languages(self) -> Self:
        for path, text in texts_in(self):
            if not text.en:
                raise ValueError(f"{path}: the English text is missing")
        return self

    @model_validator(mode="after")
    def _the_law_is_quoted(self) -> Self:
        for place, basis in enumerate(self.legal_bases):
            if len(basis.article) < 2 or len(basis.text) < 6:
                raise ValueError(f"legal_bases.{place}: article and text are needed")
        return self

    @model_validator(mode="after")
    def _limits_are_whole(self) -> Self:
        steps = [step.limit for step in self.steps]
        for limit in (self.statutory_limit, self.promised_limit, *steps):
            if (limit.unit == "on_the_spot") != (limit.value == 0):
                raise ValueError(
                    "`on_the_spot` has the value 0, and every other unit a positive value"
                )
        if self.promised_limit.unit == "year":
            raise ValueError("promised_limit: write 12 months for a year")
        return self

    @model_validator(mode="after")
    def _visits_have_a_reason(self) -> Self:
        if bool(self.on_site_visits) != (self.on_site_reason is not None):
            raise ValueError("on-site visits need a reason, and no visit has none")
        return self

    @model_validator(mode="after")
    def _instant_means_on_the_spot(self) -> Self:
        if (self.case_type == "instant") != (self.promised_limit.unit == "on_the_spot"):
            raise ValueError("an instant item is promised on the spot, and no other item is")
        return self


def read_guide(path: Path) -> GuideDocument:
    """The guide in one TOML file. Raises `pydantic.ValidationError` or `tomllib.TOMLDecodeError`."""
    return GuideDocument.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def completed(record: GuideRecord) -> GuideDocument | None:
    """The record as a complete guide, None when anything is missing."""
    if isinstance(record, GuideDocument):
        return record
    try:
        return GuideDocument.model_validate(record.model_dump(exclude_defaults=True))
    except ValidationError:
        return None
