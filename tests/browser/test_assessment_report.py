"""The report of an assessment as people see it: wide, on a phone, in print, dark, in both languages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.assessment import provinces
from tests.browser.conftest import COMMAND, ROOT, SCREENSHOTS, crossed, findings

DATA = ROOT / "tests" / "assessment" / "data"
PAGES = ["report.html", "report.en.html"]
# Texts of a picture that lie on top of each other, by their boxes; shapes may.
OVERLAPS = """
() => [...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, b] = [boxes[i][1], boxes[j][1]];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 0.55 * Math.min(a.height, b.height)) found.push([boxes[i][0], boxes[j][0]]);
  }
  return found;
})
"""
CUT = """
() => [...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.left < frame.left - 2 || box.right > frame.right + 2;
  }).map(text => text.textContent);
})
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    table = folder / "provinces.csv"
    table.write_text(provinces.table(), encoding="utf-8")
    runs = {
        "countries": ["un-egdi", DATA / "egdi-2014.csv", "--previous", DATA / "egdi-2012.csv",
                      "--groups", DATA / "countries-income.csv", "--unit", "CHN",
                      "--against", DATA / "egdi-2012.csv", "--against-column", "tii"],
        "provinces": ["cn-provincial-2015", table, "--unit", "62"],
        "connectivity": ["asem-sustainable-connectivity", DATA / "asem-indicators.csv",
                         "--unit", "BRN"],
    }  # fmt: skip
    for name, words in runs.items():
        subprocess.run(
            [*COMMAND, "assess", *map(str, words), "--out", str(folder / name)],
            check=True, capture_output=True,
        )  # fmt: skip
    return {name: folder / name for name in runs}


@pytest.mark.browser
@pytest.mark.parametrize("name", ["countries", "provinces", "connectivity"])
@pytest.mark.parametrize(("page_name", "screen"), crossed(PAGES, [(1280, "light"), (390, "dark")]))
def test_a_report_reads_well(browser, reports, name, page_name, screen):
    width, scheme = screen
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto((reports[name] / page_name).as_uri())
    label = f"report-{name}-{page_name.split('.')[1].replace('html', 'zh')}-{width}-{scheme}"
    page.screenshot(path=SCREENSHOTS / f"{label}.png", full_page=True)
    assert len(asked) == 1, "nothing but the page itself is asked for"
    sticking_out = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert sticking_out <= 0
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAPS) == []
    for summary in page.locator("summary").all():
        summary.click()
    assert findings(page) == []
    context.close()


@pytest.mark.browser
def test_a_report_prints(browser, reports):
    page = browser.new_page()
    page.goto((reports["provinces"] / "report.html").as_uri())
    printed = page.pdf(path=SCREENSHOTS / "report-print.pdf", format="A4")
    assert printed.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("svg.wide").first.is_visible()
    page.close()
