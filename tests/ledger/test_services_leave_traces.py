"""Every use case that changes something leaves its entry, or says why it need not.

The source of every service is read: what writes to the database must be registered with the acts
that it writes down (`leaves_trace`), what is registered must reach `record`, and every kind of act
must be written by somebody. A new act without an entry fails here.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pytest

import tongban
from tongban.ledger import acts, payloads
from tongban.ledger.traces import TRACED, UNTRACED, leaves_trace

ROOT = Path(tongban.__file__).parent
WRITES = {
    "save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete",
    "insert", "execute",
}  # fmt: skip
# `set.update` and the like are no writes: only what is called on a queryset is.
ON_QUERYSETS = {"update"}
# One transaction around the services that leave the traces, or around what is no act at all.
ELSEWHERE = {
    "tongban.directory.sign_in.limits.take": "counts attempts",
    "tongban.directory.sign_in.upstream.adapter.SocialAdapter.save_user": "join_vouched traces",
    "tongban.directory.sign_in.upstream.adapter.SocialAdapter._connect": "join_vouched traces",
    "tongban.ledger.integrating._number": "numbers what others wrote",
    "tongban.ledger.publishing.publish": "shows what was signed",
    "tongban.ledger.rotation._reseal_in_steps": "_make_key and _retire_older trace",
    "tongban.web.openid.endpoints._answered": "note_data_handed_out traces",
    "tongban.web.openid.signing_out._leave": "signs out",
    "tongban.web.openid.views.consent": "give_consent traces",
    "tongban.web.openid.views._hand_code": "begin_sign_in, note_token_issued",
    "tongban.web.retention_cache": "retention_run traces each rule",
    "tongban.web.retention_files": "retention_run traces each rule",
    "tongban.web.retention_records": "retention_run traces each rule",
}


@dataclass
class Function:
    """What the source of a function says."""

    name: str
    calls: set[str] = field(default_factory=set)
    writes: bool = False
    atomic: bool = False


@dataclass
class Module:
    name: str
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)


def read_module(path: Path) -> Module:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    module = Module(".".join(part for part in parts if part != "__init__"))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tongban"):
            for name in node.names:
                module.imports[name.asname or name.name] = f"{node.module}.{name.name}"
    for name, node in functions_of(tree):
        module.functions[name] = read_function(name, node)
    return module


def functions_of(tree: ast.AST, before: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield before + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions_of(node, f"{before}{node.name}.")


def read_function(name: str, node: ast.FunctionDef) -> Function:
    found = Function(name)
    found.atomic = any("transaction.atomic" in ast.unparse(one) for one in node.decorator_list)
    for inner in ast.walk(node):
        if isinstance(inner, ast.With):
            found.atomic |= any("transaction.atomic" in ast.unparse(one) for one in inner.items)
        if not isinstance(inner, ast.Call):
            continue
        called = ast.unparse(inner.func)
        found.calls.add(called)
        last = called.rpartition(".")[2]
        found.writes |= last in WRITES or (last in ON_QUERYSETS and ".objects." in called)
    return found


@lru_cache(maxsize=1)
def modules() -> dict[str, Module]:
    paths = (path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)
    return {module.name: module for module in map(read_module, paths)}


def resolved(module: Module, called: str) -> str:
    first, _dot, rest = called.partition(".")
    if called in module.functions:
        return f"{module.name}.{called}"
    target = module.imports.get(first, "")
    return f"{target}.{rest}" if rest else target


@lru_cache(maxsize=1)
def import_everything() -> None:
    for name in modules():
        if not name.endswith((".wsgi", ".settings", "__main__")):
            importlib.import_module(name)


def writes_itself(_name: str, function: Function | None) -> bool:
    return function is not None and function.writes


def registered_names() -> set[str]:
    import_everything()
    return {*TRACED, *UNTRACED}


def reaches(start: str, wanted, but_not_through=frozenset()) -> bool:
    """Whether a function, or one of ours that it calls, fits."""
    waiting, seen = [start], set(but_not_through) - {start}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        module_name, _dot, function_name = name.rpartition(".")
        module = modules().get(module_name)
        function = module.functions.get(function_name) if module else None
        if wanted(name, function):
            return True
        if module and function:
            waiting += [found for call in function.calls if (found := resolved(module, call))]
    return False


def is_service(module: str) -> bool:
    return ".services" in module or module in (
        "tongban.ledger.key_acts", "tongban.ledger.erasing", "tongban.catalogue.importing",
        "tongban.web.my_data",
    )  # fmt: skip


def acts_of_service() -> list[str]:
    found = []
    for module in modules().values():
        for function in module.functions.values():
            name = f"{module.name}.{function.name}"
            public = not function.name.startswith("_") and is_service(module.name)
            writes = public and reaches(name, writes_itself, but_not_through=registered_names())
            if function.atomic or (writes and module.name != "tongban.ledger.services"):
                found.append(name)
    return sorted(found)


@pytest.mark.parametrize("name", acts_of_service())
def test_what_changes_something_is_registered(name):
    if any(name == one or name.startswith(f"{one}.") for one in ELSEWHERE):
        return
    assert name in registered_names(), (
        f"{name} changes something: put @leaves_trace(acts.…) on it and write the entry in its"
        " transaction, or @leaves_no_trace with the reason"
    )


def test_there_are_services_to_look_at():
    assert len(acts_of_service()) > 40


def test_what_is_registered_reaches_the_log():
    import_everything()
    for name in TRACED:
        if name.startswith("tongban."):
            assert reaches(name, lambda found, _f: found == "tongban.ledger.services.record"), name


def test_every_kind_of_act_is_written_by_somebody():
    import_everything()
    written = {kind for kinds in TRACED.values() for kind in kinds}
    by_rules = {acts.RETENTION_APPLIED}  # Written by the run of each rule, not by a service.
    assert set(acts.ACTS) - written == by_rules


def test_every_kind_of_act_has_a_schema_and_every_schema_an_act():
    assert set(payloads.PAYLOADS) == set(acts.ACTS)
    assert set(acts.ACTS) >= payloads.PUBLIC


def test_an_act_that_is_not_listed_is_not_registered():
    with pytest.raises(KeyError):
        leaves_trace("case.invented")


def test_every_exception_is_still_one():
    names = {f"{module.name}.{one}" for module in modules().values() for one in module.functions}
    for name in ELSEWHERE:
        assert name in names or name in modules(), name


@pytest.mark.parametrize(
    ("act", "payload", "said"),
    [
        (acts.CASE_VIEWED, {"number": "1", "by": "li", "why": "x"}, "no part 'why'"),
        (acts.CASE_VIEWED, {"number": "1"}, "lacks 'by'"),
        (acts.CASE_VIEWED, {"number": 1, "by": "li"}, "is int, not str"),
        (acts.KEY_RETIRED, {"keys": "k1"}, "is str, not list"),
        (acts.CORRECTION_ANSWERED,
         {"request": True, "granted": True, "by": "li", "answer": ""}, "is bool, not int"),
    ],
)  # fmt: skip
def test_a_payload_of_another_shape_is_refused(act, payload, said):
    with pytest.raises(TypeError, match=said):
        payloads.check(act, payload)
