"""A table of 32 provinces that satisfies all figures published for 2015.

The true table is not public. Totals are chosen to give the published tier counts, tier means and leading
units; dimensions differ from the total by the published differences of their means, and by a pattern
that the assumed weights (10, 20, 20, 50) cancel out.
"""

from __future__ import annotations

DIMENSIONS = ("服务方式完备性", "服务事项覆盖性", "办事指南准确性", "在线服务交互性")
MEANS = (77.09, 70.73, 78.17, 77.98)
HIGH = ["浙江", "江苏", "湖南", "四川", "湖北", "上海", "北京", "广东", "福建", "贵州", "安徽", "江西",
        "山东", "海南"]  # fmt: skip
MIDDLE = ["河南", "河北", "天津", "辽宁", "吉林", "黑龙江", "内蒙古", "广西", "甘肃", "青海", "宁夏",
          "新疆", "新疆生产建设兵团"]  # fmt: skip
LOW = ["陕西", "云南", "山西", "重庆", "西藏"]


def totals() -> dict[str, float]:
    high = [93.0, 91.5, 88.5, 87.9, 87.2]
    rest = 14 * 85.10 - sum(high)
    high += [rest / 9 + step for step in (1.6, 1.2, 0.8, 0.4, 0, -0.4, -0.8, -1.2, -1.6)]
    middle = [78.0] + [(13 * 72.21 - 78.0) / 12 + 0.5 * (5.5 - place) for place in range(12)]
    low = [63.43 + step for step in (1.0, 0.5, 0, -0.5, -1.0)]
    return dict(zip(HIGH + MIDDLE + LOW, high + middle + low, strict=True))


def table(*, with_total: bool = False) -> str:
    found = totals()
    mean = sum(found.values()) / 32
    lines = ["name," + ",".join(DIMENSIONS) + (",total" if with_total else "")]
    for place, (name, total) in enumerate(found.items()):
        wave = 0.3 if place % 2 else -0.3
        pattern = (5 * wave, 0.0, 0.0, -wave)
        cells = [total + own - mean + w for own, w in zip(MEANS, pattern, strict=True)]
        if with_total:
            cells.append(total)
        lines.append(name + "," + ",".join(f"{cell:.4f}" for cell in cells))
    return "\n".join(lines) + "\n"
