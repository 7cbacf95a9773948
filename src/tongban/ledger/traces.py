"""Which use case leaves which trace: told by the use cases themselves, when they are imported.

A function that changes something in one transaction either names the acts whose entries it writes,
or says why it needs none. A test walks all of them and finds the one that does neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from tongban.ledger.acts import ACTS

F = TypeVar("F", bound=Callable[..., object])

# "module.function" -> the kinds of acts that it writes down.
TRACED: Final[dict[str, tuple[str, ...]]] = {}
# "module.function" -> why it writes nothing down.
UNTRACED: Final[dict[str, str]] = {}


def _name(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def leaves_trace(*kinds: str) -> Callable[[F], F]:
    """The function writes an entry of one of these kinds. Raises KeyError for one not listed."""
    for kind in kinds:
        ACTS[kind]

    def note(function: F) -> F:
        TRACED[_name(function)] = kinds
        return function

    return note


def leaves_no_trace(why: str) -> Callable[[F], F]:
    """The function exercises no power and touches nobody else's data; `why` says so."""

    def note(function: F) -> F:
        UNTRACED[_name(function)] = why
        return function

    return note
