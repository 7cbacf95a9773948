"""A reported case as a record: read from a row, checked, merged with what is known. Pure.

A record has up to four sections, by the names of `fields`: `application` (with its `materials`),
`acceptance`, `handling` (a list of steps), `conclusion`. Times are written YYYYMMDDThhmmss, as the
standard does, in local time.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from tongban.base.clocks import LOCAL
from tongban.base.identifiers import IdentifierError, check_resident_id
from tongban.base.problems import FieldError
from tongban.cases.reporting.fields import (
    BY_ZH,
    CODES,
    ITEM,
    MATERIAL,
    NOT_TAKEN,
    SECTIONS,
    DataItem,
)

Record = dict[str, Any]
TIME: Final = "%Y%m%dT%H%M%S"
STANDARD: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)", re.ASCII)
# What systems really write, beside the standard's own form of table 8.
TIMES: Final = (TIME, "%Y%m%d%H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
DAYS: Final = ("%Y-%m-%d", "%Y%m%d", "%Y年%m月%d日")
RESIDENT_ID: Final = "111"  # GA/T 2000.156
STEPS_MOST: Final = 200
MATERIALS_MOST: Final = 100
STATES: Final = ("applied", "accepted", "paused", "concluded")
SECTION_BY_ZH: Final = {zh: name for name, zh in SECTIONS.items()}
# Written with a ' before it in a table, so that no spreadsheet runs it.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
UNLIMITED_MOST: Final = 20_000


class RowProblem(ValueError):
    """A row that can't be taken; all that is wrong with it."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{one.pointer}: {one.detail}" for one in errors))
        self.errors = tuple(errors)


# Reading


def columns_of(header: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Where each column of a table belongs: `事项受理.受理时间`, `acceptance.accepted_at`, or a bare
    name. Bare names are those of the one dataset that has them all, else of the first that has each.

    Unknown columns are left out.
    """
    found: dict[str, tuple[str, str]] = {}
    bare = [name for name in header if name and "." not in name]
    whole = next(
        (one for one in SECTIONS if bare and all(_name_in(one, name) for name in bare)), None
    )
    for column in header:
        section, dot, name = column.partition(".")
        if dot:
            section = SECTION_BY_ZH.get(section, section)
            options: Collection[str] = (section,)
        else:
            name, options = column, (whole,) if whole else SECTIONS
        for option in options:
            known = _name_in(option, name)
            if known:
                found[column] = (option, known)
                break
    return found


def _name_in(section: str, name: str) -> str:
    if (section, name) in ITEM:
        return name
    return BY_ZH.get((section, name), "")


def from_cells(cells: Mapping[str, str], columns: Mapping[str, tuple[str, str]]) -> Record:
    """A record from one row of a table: empty cells say nothing."""
    found: Record = {}
    material: dict[str, str] = {}
    for column, (section, name) in columns.items():
        value = cells.get(column, "").strip()
        if value[:1] == "'" and value[1:2] in FORMULA:
            value = value[1:]
        if not value:
            continue
        if name in MATERIAL:
            material[name] = value
        elif section == "handling":
            found.setdefault("handling", [{}])[0][name] = value
        else:
            found.setdefault(section, {})[name] = value
    if material:
        found.setdefault("application", {})["materials"] = [material]
    return found


def read(said: object) -> tuple[str, Record]:
    """The case number and the checked record of a row, with Chinese or English names.

    Raises RowProblem that lists every fault.
    """
    errors: list[FieldError] = []
    if not isinstance(said, Mapping):
        raise RowProblem([FieldError("", "not_an_object", "A row is an object with sections.")])
    record: Record = {}
    numbers: set[str] = set()
    for key, value in said.items():
        section = SECTION_BY_ZH.get(str(key), str(key))
        pointer = f"/{key}"
        if section not in SECTIONS:
            errors.append(
                FieldError(pointer, "unknown_section", f"Sections: {', '.join(SECTIONS)}")
            )
        elif section == "handling":
            record[section] = _list(value, section, pointer, STEPS_MOST, errors, numbers)
        else:
            record[section] = _section(value, section, pointer, errors, numbers)
    record = {name: part for name, part in record.items() if part}
    if len(numbers) != 1:
        code = "missing" if not numbers else "two_numbers"
        errors.append(FieldError("/application/case_number", code, "One case number a row."))
    errors += order(record) if not errors else []
    if errors:
        raise RowProblem(errors)
    return numbers.pop(), record


def _list(
    value: object,
    section: str,
    pointer: str,
    most: int,
    errors: list[FieldError],
    numbers: set[str],
) -> list[dict[str, str]]:
    if not isinstance(value, list) or len(value) > most:
        errors.append(FieldError(pointer, "not_a_list", f"A list of at most {most}."))
        return []
    parts = [
        _section(one, section, f"{pointer}/{place}", errors, numbers)
        for place, one in enumerate(value)
    ]
    return [part for part in parts if part]


def _section(
    value: object, section: str, pointer: str, errors: list[FieldError], numbers: set[str]
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        errors.append(FieldError(pointer, "not_an_object", "Fields with their values."))
        return {}
    found: dict[str, Any] = {}
    for key, said in value.items():
        at = f"{pointer}/{key}"
        if section == "application" and key in ("materials", "材料"):
            parts = _list(said, section, at, MATERIALS_MOST, errors, numbers)
            found["materials"] = [
                {name: part[name] for name in MATERIAL if name in part} for part in parts
            ]
            continue
        name = _name_in(section, str(key))
        if not name:
            errors.append(FieldError(at, "unknown_field", "Not in this table of GB/T 39046."))
        elif name not in NOT_TAKEN:
            text = _value(said, ITEM[section, name], at, errors)
            if name == "case_number":
                numbers |= {text} if text else set()
            elif text:
                found[name] = text
    return found


def _value(said: object, item: DataItem, at: str, errors: list[FieldError]) -> str:
    if isinstance(said, bool) or not isinstance(said, str | int | None):
        errors.append(FieldError(at, "not_text", "A text or a whole number."))
        return ""
    text = "" if said is None else str(said).strip()
    if not text:
        return ""
    fault = ""
    if "\x00" in text:
        fault = "not_text"
    elif item.is_time:
        moment = _time(text)
        text, fault = (moment, "") if moment else (text, "bad_time")
    elif item.name in CODES:
        fault = "" if text in CODES[item.name] else "unknown_code"
    elif item.is_number and not (text.isascii() and text.isdigit()):
        fault = "not_digits"
    if not fault and len(text) > (item.longest or UNLIMITED_MOST) and not item.is_time:
        fault = "too_long"
    if fault:
        errors.append(FieldError(at, fault, _WHY[fault].format(form=item.form, zh=item.zh)))
        return ""
    return text


_WHY: Final = {
    "not_text": "{zh}: a text without control characters.",
    "bad_time": "{zh}: YYYYMMDDThhmmss, local time.",
    "unknown_code": "{zh}: not a code of annex A.",
    "not_digits": "{zh}: digits only ({form}).",
    "too_long": "{zh}: longer than {form}.",
}


def _parsed(text: str) -> datetime:
    """A time in the standard's form, ten times quicker than strptime. Raises ValueError."""
    found = STANDARD.fullmatch(text)
    if not found:
        raise ValueError(text)
    return datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]


def _time(text: str) -> str:
    try:
        _parsed(text)
        return text
    except ValueError:
        pass
    for form in TIMES[1:]:
        try:
            return datetime.strptime(text, form).strftime(TIME)
        except ValueError:
            continue
    return ""


def moment(text: str) -> datetime:
    """A time of a record as a moment."""
    return _parsed(text).replace(tzinfo=LOCAL)


def order(record: Record) -> list[FieldError]:
    """What can't be: accepted before it was applied for, concluded before that."""
    times = [
        (f"/{section}/{name}", record[section][name])
        for section, name in (
            ("application", "applied_at"),
            ("acceptance", "accepted_at"),
            ("conclusion", "concluded_at"),
        )
        if name in record.get(section, {})
    ]
    return [
        FieldError(later[0], "order", f"Before {earlier[0]}.")
        for earlier, later in itertools.pairwise(times)
        if later[1] < earlier[1]
    ]


# Adding up


def digest(number: str, record: Record) -> str:
    """SHA-256 of a row as it was read: its order of fields and its names of columns don't count."""
    content = json.dumps([number, record], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def merged(held: Record, said: Record) -> Record:
    """What is known after a row: its fields take the place of the old ones, its steps and materials
    that of those of the same name and beginning; nothing is taken away.
    """
    after = dict(held)
    for section, part in said.items():
        if section == "handling":
            after[section] = _merged_list(held.get(section, []), part, _step_key)
        else:
            fields = held.get(section, {}) | part
            if "materials" in part:
                old = held.get(section, {}).get("materials", [])
                fields["materials"] = _merged_list(old, part["materials"], _material_key)
            after[section] = fields
    return after


def _merged_list(held: Sequence[dict[str, str]], said: Sequence[dict[str, str]], key: Any) -> Any:
    found = {key(one): one for one in held}
    for one in said:
        found[key(one)] = found.get(key(one), {}) | one
    return list(found.values())


def _step_key(step: Mapping[str, str]) -> tuple[str, ...]:
    names = ("step_name", "step_started_at", "special_procedure_started_at")
    return tuple(step.get(name, "") for name in names)


def _material_key(material: Mapping[str, str]) -> str:
    return material.get("material_name", "")


def state_of(record: Record) -> str:
    """How far a case is, by what is known of it."""
    if "concluded_at" in record.get("conclusion", {}):
        return "concluded"
    if any(
        "special_procedure_started_at" in step and "special_procedure_ended_at" not in step
        for step in record.get("handling", [])
    ):
        return "paused"
    return "accepted" if "accepted_at" in record.get("acceptance", {}) else "applied"


def due_of(record: Record) -> date | None:
    """The day by which it was promised (承诺办结时间), when it is written as a day or a time."""
    text = record.get("acceptance", {}).get("promised_conclusion", "")
    moment_text = _time(text)
    if moment_text:
        return moment(moment_text).date()
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def applicant_number(record: Record) -> str:
    """The applicant's document number in the form in which people are looked up."""
    number = re.sub(r"\s", "", record.get("application", {}).get("applicant_document_number", ""))
    try:
        return check_resident_id(number.upper())
    except IdentifierError:
        return number.upper()


def too_late(record: Record, now: datetime) -> list[FieldError]:
    """Times that lie in the future: a clock or a time zone is wrong."""
    limit = (now + timedelta(days=1)).astimezone(LOCAL).strftime(TIME)
    return [
        FieldError(f"/{section}/{name}", "in_the_future", "This time has not come yet.")
        for section, name in (
            ("application", "applied_at"),
            ("acceptance", "accepted_at"),
            ("conclusion", "concluded_at"),
        )
        if record.get(section, {}).get(name, "") > limit
    ]
