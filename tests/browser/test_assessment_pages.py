"""Pages of assessments as people see them: wide and on a phone, both languages, in print."""

from __future__ import annotations

import subprocess

import pytest

from tests.browser.conftest import COMMAND, SCREENSHOTS, crossed, findings

REGION = "511602000000"
PAGES = {
    "index": "/assessment/",
    "overview": "/assessment/live/",
    "dashboard": f"/assessment/live/{REGION}/",
    "behind": f"/assessment/live/{REGION}/behind/coverage_guides/",
    "to-do": f"/assessment/live/{REGION}/to-do/",
    "numbers": f"/assessment/live/{REGION}/numbers/",
    "compare": f"/assessment/compare/?a={REGION}&b=511600000000",
    "frameworks": "/assessment/frameworks/",
}


def signed_in(browser, server: str, **screen):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **screen)
    page = context.new_page()
    page.goto(f"{server}/sign-in/")
    page.fill("input[name=login]", "supervisor")
    page.fill("input[name=password]", "tongban-demo")
    page.click("main button[type=submit]")
    return page


@pytest.fixture(scope="module")
def counted(server, surroundings) -> str:
    """The server with everything counted."""
    subprocess.run([*COMMAND, "assess", "tally"], env=surroundings, check=True)
    return server


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "language"), crossed(["light", "dark"], ["zh", "en"]))
def test_pages_read_well(browser, counted, scheme, language):
    page = signed_in(browser, counted, color_scheme=scheme)
    errors: list[str] = []
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    if language == "en":
        page.click("text=English")
    found = []
    for name, path in PAGES.items():
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.goto(counted + path)
            # The demonstration's supervisor does not read the city above.
            assert answer.status == (404 if name == "compare" else 200), path
            errors.clear() if name == "compare" else None
            page.screenshot(
                path=SCREENSHOTS / f"assessment-{name}-{language}-{width}-{scheme}.png",
                full_page=True,
            )
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, (name, width)
            for summary in page.locator("summary").all():
                summary.click()
            found += [(name, width, one) for one in findings(page)]
    assert found == []
    assert errors == []
    page.context.close()


@pytest.mark.browser
def test_a_framework_is_written_tried_and_kept(browser, counted):
    page = signed_in(browser, counted)
    page.goto(f"{counted}/assessment/frameworks/")
    page.fill("#slug", "three-places")
    page.click("main form button[type=submit]")
    page.fill("#table", "code,name,online_share,days\na,甲,80,5\nb,乙,60,9\nc,丙,70,2\n")
    page.click("button[value=try]")
    assert page.locator("svg.chart--wide").first.is_visible()
    assert findings(page) == []
    page.screenshot(path=SCREENSHOTS / "assessment-framework.png", full_page=True)
    page.fill("#title", "三地比较")
    page.click("button[value=keep]")
    assert "三地比较" in page.inner_text("h1")
    assert page.inner_text("pre").startswith("tongban assess recompute")
    assert findings(page) == []
    page.screenshot(path=SCREENSHOTS / "assessment-run.png", full_page=True)
    page.emulate_media(media="print")
    page.pdf(path=SCREENSHOTS / "assessment-run.pdf", format="A4")
    assert page.locator("svg.chart--wide").first.is_visible()
    assert page.locator(".downloads").is_hidden()
    page.context.close()
