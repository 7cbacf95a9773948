"""Proofs that people should not be asked for (国务院令716 art. 7; 优化营商环境条例 art. 43)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tongban.catalogue.lint.model import NOTHING, Rule, Severity, Spot, Subject, zh

_TABLE: Final = tomllib.loads(
    (Path(__file__).parent / "data" / "proofs.toml").read_text(encoding="utf-8")
)
INTRODUCTION: Final = re.compile(r"介绍信|单位证明(?!文件)")
NO_INTRODUCTION: Final = re.compile(r"部队|军|行政介绍信|组织关系|或")
OWN_ISSUE: Final = re.compile(
    r"我(?:局|厅|委|部门|单位|中心)(?:核发|颁发|出具|发放|签发)|本(?:机关|部门|局)(?:核发|颁发|出具)"
)
# What people of elsewhere prove is in no register of ours.
ABROAD: Final = re.compile(r"台湾|香港|澳门|港澳|境外|外国|外籍|外交|华侨")
MOST_MATERIALS: Final = 15


class _Known:
    """A table of patterns; one search tells that none of them fits, which is nearly always so."""

    def __init__(self, entries: list[dict[str, Any]], word: str) -> None:
        self.any = re.compile("|".join(f"(?:{one['pattern']})" for one in entries))
        self.entries = [
            (
                re.compile(one["pattern"]),
                re.compile(one["except"]) if one.get("except") else None,
                one[word],
            )
            for one in entries
        ]

    def find(self, name: str) -> str:
        if self.any.search(name):
            for pattern, exception, word in self.entries:
                if pattern.search(name) and not (exception and exception.search(name)):
                    return str(word)
        return ""


SHARED: Final = _Known(_TABLE["shared"], "resource")
ODD: Final = _Known(_TABLE["odd"], "what")
CHECKED: Final = _Known(_TABLE["checked"], "what")
OWN_WORDS: Final = {one["resource"]: one["word"] for one in _TABLE["shared"]}
ABOLISHED: Final = _Known(_TABLE["abolished"], "what")


def _shared(s: Subject) -> Iterable[Spot]:
    if ABROAD.search(s.name):
        return NOTHING
    return [
        (f"materials.{place}", f"{name} ← {resource}")
        for place, material, name in s.asked_for
        # What is bought, sold or exchanged must be brought itself.
        if material.get("how") != "bring"
        and (resource := SHARED.find(name))
        and OWN_WORDS[resource] not in s.name
    ]


def _named_resource(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", f"{name} ← {material['shared_resource']}")
        for place, material, name in s.asked_for
        if material.get("shared_resource")
    ]


def _odd(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", f"{name} ({what})")
        for place, _material, name in s.asked_for
        if (what := ODD.find(name))
    ]


def _checked_among_organs(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", f"{name} ({what})")
        for place, _material, name in s.asked_for
        if (what := CHECKED.find(name)) and not ODD.find(name)
    ]


def _abolished(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", f"{name}: {what}")
        for place, _material, name in s.asked_for
        if "或" not in name and (what := ABOLISHED.find(name))
    ]


def _own_licence(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", name)
        for place, material, name in s.asked_for
        if material.get("kind") == "certificate"
        and material.get("how") != "bring"
        and (
            zh(material.get("issuer")) == s.organ
            or OWN_ISSUE.search(name + zh(material.get("note")))
        )
    ]


def _introduction(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", name)
        for place, _material, name in s.asked_for
        if INTRODUCTION.search(name) and not NO_INTRODUCTION.search(name)
    ]


def _government_source(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", name)
        for place, material, name in s.asked_for
        if material.get("source") == "government" and material.get("how") == "upload"
    ]


def _paper_online(s: Subject) -> Iterable[Spot]:
    forms = set(s.guide.get("handling_forms") or ())
    if not forms or not forms <= {"web", "mobile"}:
        return NOTHING
    return [
        (f"materials.{place}", name)
        for place, material, name in s.asked_for
        if material.get("form") == "paper" or material.get("how") == "bring"
    ]


def _too_many(s: Subject) -> Iterable[Spot]:
    count = len(s.asked_for)
    return (("materials", f"{count}项"),) if count > MOST_MATERIALS else NOTHING


def _without_basis(s: Subject) -> Iterable[Spot]:
    """Certificates of other organs need a rule that asks for them."""
    return [
        (f"materials.{place}.legal_basis", name)
        for place, material, name in s.asked_for
        if material.get("kind") == "certificate"
        and material.get("source") == "government"
        and not material.get("legal_basis")
    ]


def _copies_of_uploads(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}.photocopies", f"{name}: {material['photocopies']}份复印件")
        for place, material, name in s.asked_for
        if material.get("photocopies", 0) > 3
    ]


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
SHARING: Final = (
    "国务院令第716号第七条;政务数据共享条例(国务院令第809号)第十九条",
    "Decree 716 art. 7; Regulation on sharing government data (Decree 809) art. 19",
)
NO_PROOF: Final = (
    "优化营商环境条例第四十三条;国务院令第716号第七条",
    "Regulation on the business environment art. 43; Decree 716 art. 7",
)
RULES: Final = (
    Rule(
        "N01",
        W,
        _shared,
        ("共享数据里有,不该再要", "Shared data supply it; it should not be asked for"),
        SHARING,
        ("改为共享取得", "Get it by sharing"),
        "materials",
    ),
    Rule(
        "N02",
        W,
        _named_resource,
        (
            "写明了可共享的数据资源,却还要申请人提交",
            "A data resource is named, but the applicant is asked all the same",
        ),
        SHARING,
        ("改为共享取得", "Get it by sharing"),
        "materials",
    ),
    Rule(
        "N03",
        E,
        _odd,
        ("奇葩证明", "An odd certificate"),
        NO_PROOF,
        ("删去,改为告知承诺或者部门核验", "Delete it; take a commitment, or let organs check"),
        "materials",
    ),
    Rule(
        "N04",
        W,
        _abolished,
        ("要的证件已经取消", "A certificate that no longer exists"),
        NO_PROOF,
        ("删去,或者换成现在的证件", "Delete it, or name what took its place"),
        "materials",
    ),
    Rule(
        "N05",
        W,
        _own_licence,
        ("本部门自己发的证,还要申请人再交", "The organ's own licence is asked for again"),
        NO_PROOF,
        ("查自己的记录", "Look it up in one's own records"),
        "materials",
    ),
    Rule(
        "N06",
        W,
        _introduction,
        ("介绍信、单位证明", "A letter of introduction"),
        NO_PROOF,
        ("用身份证件和委托书代替", "Identity and an authorisation will do"),
        "materials",
    ),
    Rule(
        "N07",
        W,
        _government_source,
        (
            "政府部门的材料要申请人上传",
            "A government organ's document is to be uploaded by the applicant",
        ),
        SHARING,
        ("改为共享取得,或者由部门函询", "Share it, or ask the organ"),
        "materials",
    ),
    Rule(
        "N08",
        W,
        _paper_online,
        ("全程网上办,却要交纸质材料", "Wholly online, but papers are to be handed in"),
        SHARING,
        ("改为上传或者共享", "Ask for an upload, or share"),
        "materials",
    ),
    Rule(
        "N09",
        N,
        _too_many,
        ("材料太多", "Very many materials"),
        NO_PROOF,
        ("合并、共享、承诺", "Merge, share, take commitments"),
        "materials",
    ),
    Rule(
        "N10",
        N,
        _without_basis,
        (
            "要其他部门的证明,没有写依据",
            "Another organ's certificate without the rule that asks for it",
        ),
        NO_PROOF,
        ("写明依据,没有依据的删去", "Give the rule, or delete it"),
        "materials",
    ),
    Rule(
        "N11",
        N,
        _copies_of_uploads,
        ("要很多份复印件", "Many photocopies"),
        NO_PROOF,
        ("内部流转的自己复印", "Copy for yourselves what goes round inside"),
        "materials",
    ),
    Rule(
        "N12",
        W,
        _checked_among_organs,
        (
            "亲属、婚姻、收入一类的证明:部门能核查,或者可以承诺",
            "Proof of kinship, marriage or income: organs can check it, or take a commitment",
        ),
        NO_PROOF,
        ("部门之间核查,或者改为告知承诺", "Check among organs, or take a commitment"),
        "materials",
    ),
)
