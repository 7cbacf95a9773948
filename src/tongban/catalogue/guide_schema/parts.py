"""The parts of a guide. Each comes in two strengths: as a source writes it (anything may be unknown),
and complete (`Complete…`): what people need to apply.

Words of the standard: GB/T 39046-2020 table 4; what it lacks is named by 国办函〔2016〕108号 reporting.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Phone = Annotated[str, Field(pattern=r"^(\d{3,4}-\d{7,8}|\d{5})$")]

Unit = Literal["working_day", "day", "month", "year", "hour", "on_the_spot"]
Audience = Literal[
    "natural_person",
    "enterprise",
    "public_institution",
    "social_organisation",
    "administrative_organ",
    "other_organisation",
]
HandlingForm = Literal["counter", "web", "mobile", "post", "other"]
Capability = Literal[
    "enquire",
    "hand_in",
    "precheck",
    "accept",
    "handle",
    "result_feedback",
    "licence_feedback",
    "other",
]
FieldKind = Literal[
    "text", "textarea", "choice", "date", "number", "checkbox", "resident_id", "uscc", "phone"
]
Prefill = Literal[
    "person.name",
    "person.id_number",
    "person.phone",
    "person.address",
    "enterprise.name",
    "enterprise.uscc",
]
Range = Literal["national", "cross_province", "cross_city", "cross_county", "none"]

# What a promise is counted in; a year is written as 12 months.
TIME_UNITS = ("working_day", "day", "month", "hour", "on_the_spot")
AUDIENCES = get_args(Audience)
HANDLING_FORMS = get_args(HandlingForm)
FIELD_KINDS = get_args(FieldKind)
PREFILLS = get_args(Prefill)
ONLINE_CAPABILITIES = get_args(Capability)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Text(Strict):
    """A text in the two languages of the product; `en` is "" where a source has Chinese only."""

    zh: str = Field(min_length=1)
    en: str = ""


class Condition(Text):
    """受理条件; `question` asks for it in plain words, to be answered with yes."""

    question: Text | None = None


class LegalBasis(Strict):
    """设定依据: instrument, article, what the article says."""

    instrument: str = Field(min_length=2)
    article: str = ""
    text: str = ""


class Limit(Strict):
    """办结时限 in its own unit; `on_the_spot` has the value 0."""

    value: int = Field(ge=0, le=100_000)
    unit: Unit
    note: Text | None = None


class Fee(Strict):
    """收费: for what, how much (收费标准), by which rule; a reduction (减免) rests on its own."""

    name: Text
    standard: Text | None = None
    basis: str = ""
    reduction: Text | None = None
    reduction_basis: str = ""


class CompleteFee(Fee):
    standard: Text
    basis: str = Field(min_length=4)


class Step(Strict):
    """环节: what the organ does, in order."""

    name: Text
    office: Text | None = None
    limit: Limit | None = None
    note: Text | None = None


class CompleteStep(Step):
    office: Text
    limit: Limit


class Material(Strict):
    """申请材料. `how` tells the person what to do about it; None is not known.

    `issuer` 出具机构, `issue_time` 出具时间要求, `obtaining_note` 办理说明, `obtaining_place`
    办理地点, `use_note` 使用说明 are those of the standard. `shared_resource` names the data resource
    that can replace it, `when` the situation in which it is asked for.
    """

    key: str = Field(default="", max_length=40)
    name: Text
    kind: Literal["certificate", "form", "other"] | None = None
    form: Literal["paper", "electronic", "both"] | None = None
    necessity: Literal["required", "not_required", "to_follow"] | None = None
    source: Literal["applicant", "government", "other"] | None = None
    how: Literal["upload", "shared", "on_file", "bring"] | None = None
    issuer: Text | None = None
    issue_time: Text | None = None
    obtaining_note: Text | None = None
    obtaining_place: Text | None = None
    use_note: Text | None = None
    when: Text | None = None
    note: Text | None = None
    originals: int = Field(default=0, ge=0, le=99)
    photocopies: int = Field(default=0, ge=0, le=99)
    paper_size: str = ""
    blank_form: str = ""
    sample_form: str = ""
    acceptance_standard: Text | None = None
    shared_resource: str = Field(default="", max_length=64)
    accept: tuple[Literal["pdf", "jpg", "png"], ...] = ("pdf", "jpg", "png")
    max_mb: int = Field(default=10, ge=1, le=50)
    legal_basis: str | None = None


class CompleteMaterial(Material):
    key: Key
    kind: Literal["certificate", "form", "other"]
    form: Literal["paper", "electronic", "both"]
    necessity: Literal["required", "not_required", "to_follow"]
    source: Literal["applicant", "government", "other"]
    how: Literal["upload", "shared", "on_file", "bring"]

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
    kind: FieldKind
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
    """办理结果; `sample` is the address of a specimen (结果样本)."""

    name: Text
    kind: Literal["certificate", "document", "approval", "record", "none"] | None = None
    sample: str = ""


class CompleteResult(Result):
    kind: Literal["certificate", "document", "approval", "record", "none"]


class JointOrgan(Strict):
    """共同实施部门 and its part in the work."""

    name: str = Field(min_length=2)
    code: str = Field(default="", max_length=64)
    part: str = ""


class SpecialProcedure(Strict):
    """特别程序: its time is not counted, or lengthens the limit (行政许可法 art. 42, 45)."""

    name: Text
    basis: str = ""
    limit: Limit | None = None


def texts_in(value: Any, path: str = "") -> list[tuple[str, Text]]:
    """Every bilingual text below a part of a guide, with where it stands."""
    if isinstance(value, Text):
        found = [(path, value)]
        if isinstance(value, Condition) and value.question:
            found.append((f"{path}.question", value.question))
        return found
    if isinstance(value, tuple):
        return [
            one for place, part in enumerate(value) for one in texts_in(part, f"{path}.{place}")
        ]
    if isinstance(value, BaseModel):
        return [
            one
            for name in type(value).model_fields
            for one in texts_in(getattr(value, name), f"{path}.{name}".lstrip("."))
        ]
    return []
