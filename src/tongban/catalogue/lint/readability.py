"""Whether people can read it (国务院令716 art. 6: 准确清晰; WCAG 2.2 3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tongban.catalogue.lint.model import NOTHING, Rule, Severity, Spot, Subject

LONGEST_SENTENCE, LONGEST_TEXT, LONGEST_NAME = 100, 400, 60
SENTENCES: Final = re.compile(
    r"[。;\uff1b!?\uff01\uff1f\n]|(?:[(\uff08]?[一二三四五六七八九十\d]{1,2}[)\uff09、.\uff0e])"
)
ABBREVIATION: Final = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,6}(?![A-Za-z0-9])")
# What everybody knows, and letters that are names of forms and grades.
KNOWN: Final = frozenset({"ID", "PDF", "JPG", "PNG", "APP", "VIP", "IC", "CA", "SIM", "QQ"}) | {
    *("WORD", "EXCEL", "ETC", "EMS", "PC", "KTV", "ATM", "IP")
}
OFFICIALESE: Final = re.compile(r"兹|特此|如下所示|予以(?:[^。]{0,6})为荷|贵单位|之情形下|系指")


def _long_sentence(s: Subject) -> Iterable[Spot]:
    if len(s.joined_texts) <= LONGEST_SENTENCE:
        return NOTHING
    found = []
    for path, text in s.texts:
        if len(text) <= LONGEST_SENTENCE:
            continue
        longest = max(SENTENCES.split(text), key=len)
        if len(longest) > LONGEST_SENTENCE:
            found.append((path, f"{len(longest)}字:{longest.strip()[:30]}…"))
    return found


def _wall_of_text(s: Subject) -> Iterable[Spot]:
    if len(s.joined_texts) <= LONGEST_TEXT:
        return NOTHING
    return [
        (path, f"{len(text)}字")
        for path, text in s.texts
        if len(text) > LONGEST_TEXT and text.count("\n") < len(text) // LONGEST_TEXT
    ]


def _abbreviation(s: Subject) -> Iterable[Spot]:
    if not ABBREVIATION.search(s.joined_texts):
        return NOTHING
    found = []
    for path, text in s.texts:
        if not ABBREVIATION.search(text):
            continue
        for hit in ABBREVIATION.finditer(text):
            around = text[max(hit.start() - 1, 0) : hit.end() + 1]
            if hit.group() not in KNOWN and not re.search(r"[(\uff08)\uff09“”\"《》]", around):
                found.append((path, hit.group()))
                break
    return found


def _no_summary(s: Subject) -> Iterable[Spot]:
    return NOTHING if s.guide.get("summary") else (("summary", ""),)


def _long_name(s: Subject) -> Iterable[Spot]:
    return (("name", f"{len(s.name)}字"),) if len(s.name) > LONGEST_NAME else NOTHING


def _no_aliases(s: Subject) -> Iterable[Spot]:
    return NOTHING if s.guide.get("aliases") else (("aliases", ""),)


def _no_english(s: Subject) -> Iterable[Spot]:
    name = s.guide.get("name")
    return NOTHING if not name or name.get("en") else (("name.en", ""),)


def _officialese(s: Subject) -> Iterable[Spot]:
    if not OFFICIALESE.search(s.joined_texts):
        return NOTHING
    return [(path, hit.group()) for path, text in s.texts if (hit := OFFICIALESE.search(text))]


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
CLEAR: Final = ("国务院令第716号第六条;WCAG 2.2 3.1.5", "Decree 716 art. 6; WCAG 2.2 SC 3.1.5")
RULES: Final = (
    Rule(
        "R01",
        N,
        _long_sentence,
        (
            f"一句话超过{LONGEST_SENTENCE}字",
            f"A sentence of more than {LONGEST_SENTENCE} characters",
        ),
        CLEAR,
        ("拆成短句或者列成几点", "Split it, or make it a list"),
    ),
    Rule(
        "R02",
        N,
        _wall_of_text,
        (f"一段超过{LONGEST_TEXT}字", f"A paragraph of more than {LONGEST_TEXT} characters"),
        CLEAR,
        ("分段,列成几点", "Make paragraphs or a list"),
    ),
    Rule(
        "R03",
        N,
        _abbreviation,
        ("没有解释的缩写", "An abbreviation that isn't explained"),
        ("WCAG 2.2 3.1.4", "WCAG 2.2 SC 3.1.4"),
        ("第一次出现时写全称", "Write it out where it first stands"),
    ),
    Rule(
        "R04",
        N,
        _no_summary,
        ("没有一句话说明", "No summary in one sentence"),
        CLEAR,
        ("用一句话写明办了有什么用", "Say in one sentence what it is good for"),
        "summary",
    ),
    Rule(
        "R05",
        N,
        _long_name,
        (f"名称超过{LONGEST_NAME}字", f"A name of more than {LONGEST_NAME} characters"),
        CLEAR,
        ("写短,情形放到办理项里", "Make it short; put the situation into a handling item"),
        on_guides=False,
    ),
    Rule(
        "R06",
        N,
        _no_aliases,
        ("没有人们平时的叫法,搜不到", "None of the names that people use: hard to find"),
        CLEAR,
        ("写上俗称", "Add what people call it"),
        "aliases",
    ),
    Rule(
        "R07",
        N,
        _no_english,
        ("没有英文名称", "No English name"),
        ("外籍人员办事(实践)", "Foreign residents (practice)"),
        ("写上英文名称", "Add the English name"),
        "english",
    ),
    Rule(
        "R08",
        N,
        _officialese,
        ("公文腔", "Officialese"),
        CLEAR,
        ("用人们说话的词", "Use words that people use"),
    ),
)
