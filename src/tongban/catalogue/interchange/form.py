"""An item as it travels: the same form behind every format, so that each gives back what it got."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from tongban.base.regions import RegionCodeError, pad
from tongban.catalogue.codes import KINDS
from tongban.catalogue.guide_schema import GuideRecord, content_of

CODE_LONGEST, BASIC_CODE_LONGEST, NAME_LONGEST, ORGAN_NAME_LONGEST = 64, 24, 400, 200


class FormError(ValueError):
    """A form that can't be filed: which field, a stable code, and what is wrong."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class OrganForm:
    """`code` is our public code, "" where a source has none; `codes` are as sources write them."""

    name: str
    region: str
    code: str = ""
    uscc: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BasicForm:
    """The basic item and its main item; `parent_code` is "" for a main item."""

    code: str
    name: str
    kind: str = ""
    parent_code: str = ""
    parent_name: str = ""


@dataclass(frozen=True)
class GuideForm:
    """`record` is the content of a `GuideRecord`; `version` 0 lets the catalogue number it."""

    record: dict[str, Any]
    version: int = 0
    effective_from: str = ""
    is_sample: bool = False


@dataclass(frozen=True)
class ItemForm:
    """One implementation of an item. `region` has 12 digits, or is "" where it is not known.

    `region_name` is for readers of an export; an import goes by the code.
    """

    code: str
    name: str
    kind: str = ""
    basic_code: str = ""
    main_item: str = ""
    region: str = ""
    source: str = "tongban"
    organ: OrganForm | None = None
    basic: BasicForm | None = None
    guide: GuideForm | None = None
    source_row: dict[str, Any] = field(default_factory=dict)
    region_name: str = field(default="", compare=False)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _part(content: dict[str, Any], name: str, form: type[Any]) -> Any:
    part = content.get(name)
    if part is None:
        return None
    if not isinstance(part, dict):
        raise FormError(name, "bad_value", "must be an object or null")
    known = {one.name for one in form.__dataclass_fields__.values()}
    if strange := sorted(set(part) - known):
        raise FormError(f"{name}.{strange[0]}", "unknown_field", "there is no such field")
    try:
        return form(**part)
    except TypeError:
        missing = sorted(known - set(part))
        raise FormError(name, "missing", f"one of {', '.join(missing)} is missing") from None


def form_of(content: dict[str, Any]) -> ItemForm:
    """The form in JSON data. Raises FormError when it is not of the form."""
    known = set(ItemForm.__dataclass_fields__)
    if strange := sorted(set(content) - known):
        raise FormError(strange[0], "unknown_field", "there is no such field")
    for name in ("code", "name"):
        if not content.get(name):
            raise FormError(name, "missing", f"no {name}: the item can't be filed")
    organ = _part(content, "organ", OrganForm)
    if organ is not None and isinstance(organ.codes, list):
        organ = OrganForm(**{**asdict(organ), "codes": tuple(organ.codes)})
    return checked(
        ItemForm(
            **{
                **content,
                "organ": organ,
                "basic": _part(content, "basic", BasicForm),
                "guide": _part(content, "guide", GuideForm),
            }
        )
    )


def checked(form: ItemForm) -> ItemForm:
    """The form with its guide's record in normal form. Raises FormError for what can't be stored."""
    texts = {
        "code": (form.code, CODE_LONGEST),
        "name": (form.name, NAME_LONGEST),
        "main_item": (form.main_item, NAME_LONGEST),
        "basic_code": (form.basic_code, BASIC_CODE_LONGEST),
        "source": (form.source, 40),
    }
    if form.organ:
        texts["organ.name"] = (form.organ.name, ORGAN_NAME_LONGEST)
        texts["organ.code"] = (form.organ.code, 100)
    if form.basic:
        texts["basic.code"] = (form.basic.code, BASIC_CODE_LONGEST)
        texts["basic.parent_code"] = (form.basic.parent_code, BASIC_CODE_LONGEST)
        texts["basic.name"] = (form.basic.name, NAME_LONGEST)
    for name, (value, longest) in texts.items():
        if not isinstance(value, str):
            raise FormError(name, "bad_value", f"must be text, not {type(value).__name__}")
        if len(value) > longest:
            raise FormError(name, "too_long", f"{len(value)} characters, at most {longest} fit")
    for name, kind in (("kind", form.kind), ("basic.kind", form.basic.kind if form.basic else "")):
        if kind and kind not in KINDS:
            raise FormError(name, "bad_value", f"{kind!r} is no kind; use {', '.join(KINDS)}")
    if form.region:
        _check_region("region", form.region)
    if form.organ:
        _check_region("organ.region", form.organ.region)
    return form if form.guide is None else _with_checked_guide(form, form.guide)


def _check_region(name: str, code: str) -> None:
    try:
        if pad(code) == code:
            return
    except RegionCodeError:
        pass
    raise FormError(name, "bad_value", f"{code!r} is not a region code of 12 digits")


def _with_checked_guide(form: ItemForm, guide: GuideForm) -> ItemForm:
    try:
        if guide.effective_from:
            date.fromisoformat(guide.effective_from)
    except (ValueError, TypeError):
        raise FormError(
            "guide.effective_from",
            "bad_value",
            f"{guide.effective_from!r} is not a date YYYY-MM-DD",
        ) from None
    if not isinstance(guide.version, int) or not 0 <= guide.version <= 100_000:
        raise FormError("guide.version", "bad_value", f"{guide.version!r} is no version number")
    try:
        record = content_of(GuideRecord.model_validate(guide.record))
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FormError(f"guide.{where}", "bad_value", first["msg"]) from None
    return ItemForm(
        **{
            **{name: getattr(form, name) for name in ItemForm.__dataclass_fields__},
            "guide": GuideForm(record, guide.version, guide.effective_from, guide.is_sample),
        }
    )
