"""Conditions on answers: comparisons of fields, with and, or, not. Nothing else, and no `eval`.

    area >= 200 and (kind == "restaurant" or not has_chimney)

A field is its key, dots and Chinese included. A field alone holds when its answer is true. An answer
that was not given is equal to nothing and neither more nor less than anything. Numbers typed as
text count as numbers when they are compared with one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

LONGEST = 2000
DEEPEST = 40

TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>-?\d{1,30}(?:\.\d{1,30})?(?!\w))
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<word>[^\W\d]\w*(?:\.\w+)*)
  | (?P<sign>==|!=|<=|>=|<|>|\(|\))
    )""",
    re.VERBOSE,
)
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
CONSTANTS = {"true": True, "false": False}
RESERVED = frozenset({"and", "or", "not", "true", "false"})

Value = bool | Decimal | str
Comparable = TypeVar("Comparable", Decimal, str)


class NotUnderstood(ValueError):
    """The condition can't be read; the message says where."""


@dataclass(frozen=True)
class Field:
    key: str


@dataclass(frozen=True)
class Constant:
    value: Value


Operand = Field | Constant


@dataclass(frozen=True)
class Compare:
    left: Operand
    sign: str
    right: Operand


@dataclass(frozen=True)
class Holds:
    operand: Operand


@dataclass(frozen=True)
class Not:
    part: Condition


@dataclass(frozen=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Condition, ...]


Condition = Compare | Holds | Not | All | AnyOf


@lru_cache(maxsize=1024)
def parse(text: str) -> Condition:
    """Read a condition. Raises NotUnderstood with the place, counted from 1."""
    if len(text) > LONGEST:
        raise NotUnderstood(f"longer than {LONGEST} characters")
    reader = _Reader(_words(text))
    condition = reader.any_of(0)
    reader.expect_end()
    return condition


def holds(condition: Condition, answers: Mapping[str, object]) -> bool:
    """Whether the condition holds for these answers. Never raises on any answer."""
    match condition:
        case Compare(left, sign, right):
            return _compared(_value(left, answers), sign, _value(right, answers))
        case Holds(operand):
            return _value(operand, answers) is True
        case Not(part):
            return not holds(part, answers)
        case All(parts):
            return all(holds(part, answers) for part in parts)
        case AnyOf(parts):
            return any(holds(part, answers) for part in parts)


def fields_of(condition: Condition) -> frozenset[str]:
    """The keys of all fields that the condition asks for."""
    match condition:
        case Compare(left, _, right):
            return frozenset(one.key for one in (left, right) if isinstance(one, Field))
        case Holds(operand):
            return frozenset({operand.key} if isinstance(operand, Field) else ())
        case Not(part):
            return fields_of(part)
        case All(parts) | AnyOf(parts):
            return frozenset[str]().union(*(fields_of(part) for part in parts))


@dataclass(frozen=True)
class _Word:
    kind: str
    text: str
    column: int


def _words(text: str) -> list[_Word]:
    words, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise NotUnderstood(f"not understood at character {column}: {text[column - 1]!r}")
        kind = match.lastgroup
        words.append(_Word(kind, match.group(kind), match.start(kind) + 1))
        at = match.end()
    words.append(_Word("end", "", end + 1))
    return words


class _Reader:
    """Reads words from left to right; `depth` bounds the brackets and nots."""

    def __init__(self, words: list[_Word]) -> None:
        self.words = words
        self.at = 0

    @property
    def next(self) -> _Word:
        return self.words[self.at]

    def take(self, text: str) -> bool:
        if self.next.kind != "text" and self.next.text == text:
            self.at += 1
            return True
        return False

    def fail(self, wanted: str) -> NotUnderstood:
        found = repr(self.next.text) if self.next.text else "nothing more"
        return NotUnderstood(f"{wanted} expected at character {self.next.column}, found {found}")

    def expect_end(self) -> None:
        if self.next.kind != "end":
            raise self.fail("and, or, or the end")

    def any_of(self, depth: int) -> Condition:
        parts = [self.all_of(depth)]
        while self.take("or"):
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self, depth: int) -> Condition:
        parts = [self.single(depth)]
        while self.take("and"):
            parts.append(self.single(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def single(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise NotUnderstood(f"nested deeper than {DEEPEST}")
        if self.take("not"):
            return Not(self.single(depth + 1))
        if self.take("("):
            inner = self.any_of(depth + 1)
            if not self.take(")"):
                raise self.fail("')'")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        left = self.operand()
        if self.next.kind == "sign" and self.next.text in COMPARISONS:
            sign = self.next.text
            self.at += 1
            return Compare(left, sign, self.operand())
        return Holds(left)

    def operand(self) -> Operand:
        word = self.next
        if word.kind == "word" and word.text in CONSTANTS:
            operand: Operand = Constant(CONSTANTS[word.text])
        elif word.kind == "word" and word.text not in RESERVED:
            operand = Field(word.text)
        elif word.kind == "number":
            operand = Constant(Decimal(word.text))
        elif word.kind == "text":
            operand = Constant(word.text[1:-1])
        else:
            raise self.fail("a field or a value")
        self.at += 1
        return operand


def _value(operand: Operand, answers: Mapping[str, object]) -> Value | None:
    if isinstance(operand, Constant):
        return operand.value
    found = answers.get(operand.key)
    if isinstance(found, bool | str) or (isinstance(found, Decimal) and found.is_finite()):
        return found
    if isinstance(found, int):
        return Decimal(found)
    return _number(str(found)) if isinstance(found, float) else None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _compared(left: Value | None, sign: str, right: Value | None) -> bool:
    if isinstance(left, Decimal) and isinstance(right, str):
        right = _number(right)
    elif isinstance(right, Decimal) and isinstance(left, str):
        left = _number(left)
    same = left is not None and type(left) is type(right) and left == right
    if sign in ("==", "!="):
        return same is (sign == "==")
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _ordered(left, sign, right)
    if type(left) is str and type(right) is str:
        return _ordered(left, sign, right)
    return False


def _ordered(left: Comparable, sign: str, right: Comparable) -> bool:
    if left == right:
        return sign in ("<=", ">=")
    return (left < right) is (sign in ("<", "<="))
