"""The guide against what happened in real cases; the facts come from the rooms above."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tongban.catalogue.lint.consistency import days, said
from tongban.catalogue.lint.model import NOTHING, Rule, Severity, Spot, Subject, zh

# Fewer cases say nothing about an item.
ENOUGH_CASES: Final = 10


def _slower_than_promised(s: Subject) -> Iterable[Spot]:
    happened, promised = s.happened, s.guide.get("promised_limit")
    if happened is None or not promised or happened.decided < ENOUGH_CASES:
        return NOTHING
    # On the spot is the same day: no working day after it.
    if happened.median_working_days <= days(promised):
        return NOTHING
    return (
        (
            "promised_limit",
            f"{said(promised)},{happened.decided}件的中位数{happened.median_working_days:g}工作日",
        ),
    )


def _asked_beside_the_guide(s: Subject) -> Iterable[Spot]:
    if s.happened is None or not s.happened.asked_for:
        return NOTHING
    listed = [zh(material["name"]) for material in s.guide.get("materials") or ()]
    return [
        ("materials", name)
        for name in s.happened.asked_for
        if not any(name in known or known in name for known in listed)
    ]


def _often_corrected(s: Subject) -> Iterable[Spot]:
    happened = s.happened
    if happened is None or happened.decided < ENOUGH_CASES:
        return NOTHING
    if happened.corrected * 2 <= happened.decided:
        return NOTHING
    return (("", f"{happened.decided}件中{happened.corrected}件补正"),)


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
RULES: Final = (
    Rule(
        "X01",
        W,
        _slower_than_promised,
        ("实际办理比承诺慢", "Real cases take longer than promised"),
        ("行政许可法第四十二条;优化营商环境条例", "Administrative Licensing Law art. 42"),
        ("查原因,改流程或者改承诺", "Find out why; change the procedure or the promise"),
    ),
    Rule(
        "X02",
        W,
        _asked_beside_the_guide,
        ("工作人员要的材料指南里没有", "Staff ask for what the guide doesn't list"),
        ("行政许可法第三十一条(不得要求提交无关材料)", "Licensing Law art. 31"),
        ("写进指南,或者不再要", "Put it in the guide, or stop asking"),
    ),
    Rule(
        "X03",
        N,
        _often_corrected,
        ("一半以上的申请要补正", "More than half of the applications needed correction"),
        ("行政许可法第三十二条", "Licensing Law art. 32"),
        ("把容易错的地方写进指南和表单", "Say in guide and form what goes wrong"),
    ),
)
