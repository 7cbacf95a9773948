"""Every link of every page, as every role: none is broken, none breaks."""

from __future__ import annotations

import html
import re
from collections import deque
from urllib.parse import urldefrag, urljoin

import pytest

from tests.web.test_who_sees_what import Town
from tongban.catalogue.search.index import rebuild
from tongban.ledger.integrating import integrate

LINK = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
PAGES_MOST = 250
# A code of the search links leads to the same page with other filters, again and again.
FILTERS = re.compile(r"^/search\?.*&")
STARTS = ("/", "/me/", "/work/")


@pytest.fixture
def town(db, calendar, own_home) -> Town:
    town = Town()
    rebuild()
    integrate()
    return town


@pytest.mark.parametrize(
    "role",
    [
        "anonymous",
        "resident",
        "guardian",
        "clerk",
        "reviewer",
        "head",
        "administrator",
        "supervisor",
        "asker",
        "other region",
    ],
)
@pytest.mark.once
def test_no_link_leads_nowhere_and_no_page_breaks(town, role):
    client = town.client(role)
    seen: dict[str, str] = dict.fromkeys(STARTS, "the start")
    queue = deque(STARTS)
    broken, read = [], 0
    while queue and read < PAGES_MOST:
        path = queue.popleft()
        answer = client.get(path, follow=True)
        read += 1
        if answer.status_code >= 500 or (answer.status_code == 404 and path not in STARTS):
            broken.append((path, "from", seen[path], answer.status_code))
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        for target in LINK.findall(answer.content.decode()):
            address = urldefrag(urljoin(path, html.unescape(target)))[0]
            if address.startswith("/") and address not in seen and not FILTERS.match(address):
                seen[address] = path
                queue.append(address)
    assert broken == []
    assert read > 20
