"""Legal basis: complete, in force, of a rank that may set it (行政许可法 arts. 14-17)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from tongban.catalogue.lint.model import NOTHING, Rule, Severity, Spot, Subject

_TABLE: Final = tomllib.loads(
    (Path(__file__).parent / "data" / "repealed.toml").read_text(encoding="utf-8")
)
REPEALED: Final[dict[str, str]] = {
    name: f"{entry['since']}起废止({entry['by']})"
    for entry in _TABLE["repealed"]
    for name in entry["names"]
}
ARTICLE: Final = re.compile(
    r"第[一二三四五六七八九十百千零〇\d]+条|附件|全文|目录|第[一二三四五六七八九十\d]+项"
)
LOW_RANK: Final = re.compile(
    r"(?:通知|意见|纪要|函|方案|公告|通告|批复)(?:[(\uff08][^)\uff09]*[)\uff09])?$"
)
BRACKETS: Final = re.compile(r"[《》\s]|[(\uff08](?:19|20)\d\d[^)\uff09]*[)\uff09]$")


@lru_cache(maxsize=65_536)
def plain_name(instrument: str) -> str:
    """The name of an instrument without brackets, year of the text and the country."""
    return BRACKETS.sub("", instrument).removeprefix("中华人民共和国")


def _without_article(s: Subject) -> Iterable[Spot]:
    return [
        (f"legal_bases.{place}.article", f"《{basis['instrument']}》")
        for place, basis in enumerate(s.guide.get("legal_bases") or ())
        if not basis.get("article")
    ]


def _article_unreadable(s: Subject) -> Iterable[Spot]:
    return [
        (f"legal_bases.{place}.article", f"《{basis['instrument']}》{basis['article']}")
        for place, basis in enumerate(s.guide.get("legal_bases") or ())
        if basis.get("article")
        and not ARTICLE.search(basis["article"])
        and len(basis["article"]) < 4
    ]


def _without_text(s: Subject) -> Iterable[Spot]:
    return [
        (f"legal_bases.{place}.text", f"《{basis['instrument']}》{basis.get('article', '')}")
        for place, basis in enumerate(s.guide.get("legal_bases") or ())
        if len(basis.get("text", "")) < 6
    ]


def _repealed(s: Subject) -> Iterable[Spot]:
    bases = s.guide.get("legal_bases")
    if not bases:
        return NOTHING
    return [
        (f"legal_bases.{place}.instrument", f"《{basis['instrument']}》{REPEALED[name]}")
        for place, basis in enumerate(bases)
        if (name := plain_name(basis["instrument"])) in REPEALED
    ]


def _repealed_elsewhere(s: Subject) -> Iterable[Spot]:
    found = []
    for part, entries in (("fees", s.guide.get("fees")), ("materials", s.guide.get("materials"))):
        for place, entry in enumerate(entries or ()):
            said = entry.get("basis") or entry.get("legal_basis") or ""
            for name in re.findall(r"《([^》]+)》", said):
                if plain_name(name) in REPEALED:
                    found.append((f"{part}.{place}", f"《{name}》{REPEALED[plain_name(name)]}"))
    return found


def _rank_too_low(s: Subject) -> Iterable[Spot]:
    bases = s.guide.get("legal_bases")
    if not bases or s.kind != "licence":
        return NOTHING
    names = [plain_name(basis["instrument"]) for basis in bases]
    if all(LOW_RANK.search(name) for name in names):
        return (("legal_bases", f"《{bases[0]['instrument']}》"),)
    return NOTHING


def _twice(s: Subject) -> Iterable[Spot]:
    seen: set[tuple[str, str]] = set()
    found = []
    for place, basis in enumerate(s.guide.get("legal_bases") or ()):
        key = (plain_name(basis["instrument"]), basis.get("article", ""))
        if key in seen:
            found.append((f"legal_bases.{place}", f"《{basis['instrument']}》{key[1]}"))
        seen.add(key)
    return found


def _licence_article(s: Subject) -> Iterable[Spot]:
    """A pause that no rule allows: 行政许可法 art. 45 lists what isn't counted."""
    allowed = re.compile(r"听证|招标|拍卖|检验|检测|检疫|鉴定|专家评审|延长")
    if s.kind != "licence":
        return NOTHING
    return [
        (f"special_procedures.{place}", one["name"]["zh"])
        for place, one in enumerate(s.guide.get("special_procedures") or ())
        if not one.get("basis") and not allowed.search(one["name"]["zh"])
    ]


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
LICENSING: Final = ("行政许可法第十四条至第十七条", "Administrative Licensing Law arts. 14-17")
BASIS: Final = (
    "GB/T 39046-2020 表4第6项;事项库填报要求",
    "GB/T 39046-2020 table 4 item 6; national reporting",
)
RULES: Final = (
    Rule(
        "L01",
        W,
        _without_article,
        ("设定依据没有写到条", "A legal basis without the article"),
        BASIS,
        ("写明第几条", "Name the article"),
        "legal_bases",
    ),
    Rule(
        "L02",
        W,
        _article_unreadable,
        ("条款看不出是第几条", "It can't be read which article is meant"),
        BASIS,
        ("写成“第几条”", "Write “第…条”"),
        "legal_bases",
    ),
    Rule(
        "L03",
        N,
        _without_text,
        ("设定依据没有条文内容", "A legal basis without its text"),
        BASIS,
        ("写上条文内容", "Quote what the article says"),
        "legal_bases",
    ),
    Rule(
        "L04",
        E,
        _repealed,
        ("依据的法律、法规已经废止", "The legal basis is repealed"),
        ("立法法;见废止目录", "Legislation Law; see the list of repealed instruments"),
        ("换成现行规定", "Name what is in force"),
        "legal_bases",
    ),
    Rule(
        "L05",
        E,
        _repealed_elsewhere,
        ("收费或者材料的依据已经废止", "The basis of a fee or material is repealed"),
        ("立法法;见废止目录", "Legislation Law; see the list of repealed instruments"),
        ("换成现行规定;没有的取消", "Name what is in force, or drop it"),
        "legal_bases",
    ),
    Rule(
        "L06",
        W,
        _rank_too_low,
        ("许可只有文件作依据", "A licence that rests on notices only"),
        LICENSING,
        ("写明设定许可的法律、法规", "Name the law or regulation that sets the licence"),
        "legal_bases",
    ),
    Rule(
        "L07",
        N,
        _twice,
        ("同一条依据写了两次", "The same basis twice"),
        BASIS,
        ("合并", "Merge them"),
        "legal_bases",
    ),
    Rule(
        "L08",
        W,
        _licence_article,
        ("特别程序没有依据,时间不能扣除", "A special procedure without a rule: its time counts"),
        ("行政许可法第四十五条", "Administrative Licensing Law art. 45"),
        ("写明依据,或者计入时限", "Give the rule, or count the time"),
        "special_procedures",
    ),
)
