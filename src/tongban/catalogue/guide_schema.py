"""The form of a complete guide (办事指南): what GB/T 39046-2020 table 4 asks for and people need.

One guide is one TOML file. Pydantic refuses a file that is not of this form and names the field,
so that a guide with a missing element never reaches a page.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Phone = Annotated[str, Field(pattern=r"^(\d{3,4}-\d{7,8}|\d{5})$")]

TIME_UNITS = ("working_day", "day", "month", "hour", "on_the_spot")
AUDIENCES = (
    "natural_person",
    "enterprise",
    "public_institution",
    "social_organisation",
    "administrative_organ",
    "other_organisation",
)
HANDLING_FORMS = ("counter", "web", "mobile", "post", "other")
FIELD_KINDS = (
    "text",
    "textarea",
    "choice",
    "date",
    "number",
    "checkbox",
    "resident_id",
    "uscc",
    "phone",
)
Prefill = Literal[
    "person.name",
    "person.id_number",
    "person.phone",
    "person.address",
    "enterprise.name",
    "enterprise.uscc",
]
PREFILLS = get_args(Prefill)
ONLINE_CAPABILITIES = (
    "enquire",
    "hand_in",
    "precheck",
    "accept",
    "handle",
    "result_feedback",
    "licence_feedback",
    "other",
)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Text(Strict):
    """A text in the two languages of the product."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class LegalBasis(Strict):
    """设定依据: instrument, article, what the article says."""

    instrument: str = Field(min_length=2)
    article: str = Field(min_length=2)
    text: str = Field(min_length=6)


class Limit(Strict):
    """办结时限 in its own unit; `on_the_spot` has the value 0."""

    value: int = Field(ge=0)
    unit: Literal["working_day", "day", "month", "hour", "on_the_spot"]
    note: Text | None = None

    @model_validator(mode="after")
    def _on_the_spot_has_no_length(self) -> Self:
        if (self.unit == "on_the_spot") != (self.value == 0):
            raise ValueError("`on_the_spot` has the value 0, and every other unit a positive value")
        return self


class Fee(Strict):
    name: Text
    standard: Text
    basis: str = Field(min_length=4)
    reduction: Text | None = None


class Step(Strict):
    """环节: what the organ does, in order."""

    name: Text
    office: Text
    limit: Limit
    note: Text | None = None


class Material(Strict):
    """申请材料. `how` tells the person what to do about it."""

    key: Key
    name: Text
    kind: Literal["certificate", "form", "other"]
    form: Literal["paper", "electronic", "both"]
    necessity: Literal["required", "not_required", "to_follow"]
    source: Literal["applicant", "government", "other"]
    how: Literal["upload", "shared", "on_file", "bring"]
    issuer: Text | None = None
    when: Text | None = None
    note: Text | None = None
    originals: int = Field(default=0, ge=0, le=99)
    photocopies: int = Field(default=0, ge=0, le=99)
    accept: tuple[Literal["pdf", "jpg", "png"], ...] = ("pdf", "jpg", "png")
    max_mb: int = Field(default=10, ge=1, le=50)
    legal_basis: str | None = None

    @model_validator(mode="after")
    def _what_is_shared_is_not_asked_for(self) -> Self:
        if self.how == "shared" and self.source != "government":
            raise ValueError("only what another organ holds can be shared")
        return self


class Option(Strict):
    value: Key
    label: Text


class FormField(Strict):
    key: Key
    label: Text
    kind: Literal[
        "text", "textarea", "choice", "date", "number", "checkbox", "resident_id", "uscc", "phone"
    ]
    required: bool = True
    hint: Text | None = None
    max_length: int = Field(default=100, ge=1, le=2000)
    minimum: int | None = None
    maximum: int | None = None
    options: tuple[Option, ...] = ()
    prefill: Prefill | None = None

    @model_validator(mode="after")
    def _a_choice_has_options(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice needs options, and nothing else has them")
        return self


class FormPage(Strict):
    key: Key
    title: Text
    fields: tuple[FormField, ...] = Field(min_length=1)


class Question(Strict):
    question: Text
    answer: Text


class Result(Strict):
    name: Text
    kind: Literal["certificate", "document", "approval", "record", "none"]


class Commitment(Strict):
    """告知承诺: what the applicant is told and vouches for, and which papers that replaces."""

    text: Text
    replaces: tuple[Key, ...] = ()


class ExcludedWait(Strict):
    """A wait outside art. 45 of the Licensing Law that another law leaves out of the count."""

    kind: Literal["site_inspection", "technical_review", "publicity", "other_organ"]
    basis: str = Field(min_length=6)


class Handling(Strict):
    """Where the item's own rules differ from the Licensing Law's ordinary way (art. 42, 45).

    `extension`: how far the head may extend, with its basis; none: as art. 42 says. A value of 0
    on the spot means never. `to_follow_days`: working days for papers that may follow.
    """

    joint: bool = False
    extension: Limit | None = None
    extension_basis: str | None = None
    commitment: Commitment | None = None
    excluded_waits: tuple[ExcludedWait, ...] = ()
    to_follow_days: int = Field(default=5, ge=1, le=60)

    @model_validator(mode="after")
    def _another_extension_has_a_basis(self) -> Self:
        if (self.extension is None) != (self.extension_basis is None):
            raise ValueError("an extension of its own needs its legal basis, and nothing else does")
        return self


class GuideDocument(Strict):
    """One complete guide; see `data/guides/README.md` for how to write one."""

    item_code: str = Field(min_length=8, max_length=64)
    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{2,59}$")
    effective_from: date
    name: Text
    summary: Text
    aliases: tuple[str, ...] = Field(min_length=1)
    # How sure the organ must be who applies (实名等级); see `directory/rules.py`.
    identity_level: Literal["registered", "verified", "in_person"] = "verified"
    audience: tuple[
        Literal[
            "natural_person",
            "enterprise",
            "public_institution",
            "social_organisation",
            "administrative_organ",
            "other_organisation",
        ],
        ...,
    ] = Field(min_length=1)
    case_type: Literal["instant", "promised", "other"]
    legal_bases: tuple[LegalBasis, ...] = Field(min_length=1)
    power_source: Text
    statutory_limit: Limit
    promised_limit: Limit
    conditions: tuple[Text, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=2)
    materials: tuple[Material, ...]
    fees: tuple[Fee, ...] = ()
    result: Result
    handling_forms: tuple[Literal["counter", "web", "mobile", "post", "other"], ...] = Field(
        min_length=1
    )
    online_capabilities: tuple[
        Literal[
            "enquire",
            "hand_in",
            "precheck",
            "accept",
            "handle",
            "result_feedback",
            "licence_feedback",
            "other",
        ],
        ...,
    ]
    on_site_visits: int = Field(ge=0, le=9)
    on_site_reason: Text | None = None
    cross_region_range: Literal["national", "cross_province", "cross_city", "cross_county", "none"]
    supports_appointment: bool
    supports_delivery: bool
    place: Text
    opening_hours: Text
    enquiry_phone: Phone
    complaint_phone: Phone
    quantity_limit: Text | None = None
    intermediary_service: Text | None = None
    remedies: Text
    faq: tuple[Question, ...] = Field(min_length=1)
    form_pages: tuple[FormPage, ...] = Field(min_length=1)
    handling: Handling = Handling()

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
