"""Suggestions, filters with counts and the index that follows, in a real browser on a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser

EDIT = """
import django; django.setup()
from tongban.catalogue.models import ServiceItem
item = ServiceItem.objects.get(name="残疾人证挂失补办")
item.name = "养蜂场与宠物犬登记"
item.save()
"""


def settled(page) -> None:
    expect(page.locator("#suggestions [role=option]").first).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("width", ["desktop", "phone", "narrow"])
def test_suggestions_with_the_keyboard(browser, server, width):
    """WAI-ARIA Authoring Practices, combobox with list autocomplete: keys, roles, states."""
    visitor = Visitor(browser, server, width, "suggestions")
    page = visitor.page
    page.goto("/")
    field = page.get_by_role("combobox", name="搜索服务")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("社保")
    settled(page)
    expect(field).to_have_attribute("aria-expanded", "true")
    options = page.get_by_role("listbox", name="搜索建议").get_by_role("option")
    count = options.count()
    assert 2 <= count <= 8
    expect(page.locator("[data-suggest-status]")).to_contain_text(str(count))
    visitor.sees("open")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    expect(options.first).to_have_attribute("aria-selected", "true")
    visitor.sees("chosen")
    field.press("ArrowUp")
    assert field.get_attribute("aria-activedescendant") is None
    field.press("ArrowUp")
    expect(field).to_have_attribute("aria-activedescendant", f"suggestion-{count}")
    field.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("社保")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-expanded", "true")
    chosen = options.first.text_content()
    field.press("ArrowDown") if field.get_attribute("aria-activedescendant") is None else None
    field.press("Enter")
    page.wait_for_load_state()
    assert "/items/" in page.url or "/search?q=" in page.url
    expect(page.locator("h1")).to_contain_text(chosen.strip()[:4])
    visitor.close()


def test_suggestions_with_the_mouse_and_enter_without_a_choice(browser, server):
    visitor = Visitor(browser, server, "desktop", "mouse")
    page = visitor.page
    page.goto("/help/")  # The field of the frame, on every page.
    page.locator("#q").press_sequentially("退")
    settled(page)
    event = page.get_by_role("option", name="退休").first
    expect(event).to_contain_text("人生大事")
    visitor.sees("frame")
    event.click()
    expect(page.locator("h1")).to_contain_text("退休")
    expect(page.get_by_text("结果中也包含与“退休”有关的事项")).to_be_visible()
    visitor.sees("event")
    page.locator("#q").fill("身份证")
    settled(page)
    page.locator("#q").press("Enter")
    expect(page.locator("h1")).to_contain_text("身份证")
    expect(page.get_by_role("listbox", name="搜索建议")).to_be_hidden()
    visitor.close()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_a_filter_leaves_as_many_as_it_says(browser, server, width):
    visitor = Visitor(browser, server, width, "facets")
    page = visitor.page
    page.goto("/search?q=" + urllib.parse.quote("许可"))
    visitor.sees("counts")
    option = page.locator(".filter").first.locator(".filter__option").nth(1)
    count = int(option.locator(".filter__count").text_content().split("：")[-1])
    option.click()
    expect(page.locator(".result-count")).to_contain_text(f"{count} ")
    expect(page.locator(".filter__option[aria-current]")).to_have_count(1)
    visitor.sees("chosen")
    page.locator(".filter__option[aria-current]").click()
    expect(page.locator(".filter__option[aria-current]")).to_have_count(0)
    visitor.close()


def test_what_was_looked_for_in_vain_is_a_page_of_the_administrator(browser, server):
    visitor = Visitor(browser, server, "desktop", "administrator")
    visitor.sign_in("police-admin", "/work/searches/")
    expect(visitor.page.locator("h1")).to_contain_text("没搜到的内容")
    visitor.sees("in-vain")
    visitor.close()


def test_an_edit_is_found_within_two_seconds(server, surroundings):
    """From another process, through the server's own loop and a worker that has the index open."""
    asked = f"{server}/api/v1/search?q=" + urllib.parse.quote("养蜂场与宠物犬登记")

    def total() -> int:
        with urllib.request.urlopen(asked) as answer:
            found = json.load(answer)
        return len([one for one in found["results"] if one["name"].startswith("养蜂场")])

    assert total() == 0
    surroundings = surroundings | {"DJANGO_SETTINGS_MODULE": "tongban.web.settings"}
    subprocess.run([sys.executable, "-c", EDIT], env=surroundings, check=True)
    began = time.monotonic()
    while total() == 0 and time.monotonic() - began < 20:
        time.sleep(0.05)
    assert time.monotonic() - began < 2
