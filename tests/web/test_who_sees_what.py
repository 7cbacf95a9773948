"""Every address as every role against the objects of another: generated, so that new ones join.

A role that has nothing to do with a case gets no byte of it, and can change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import ID_NUMBERS, World
from tongban.base.gates import Audience, audience_of
from tongban.cases.models import Case, CaseEvent, Draft, MaterialFile
from tongban.catalogue.search.index import rebuild
from tongban.directory.models import Region
from tongban.ledger.models import Entry
from tongban.web.api import api
from tongban.web.gatekeeping import OWN_GATES

SECRETS = (ID_NUMBERS[0], "0826-2000101", "请补照片", "照片.png", "丢失补证")
# Who has to do with the case in the test, by the beginning of the address.
INVOLVED = {"cases/": {"resident"}, "work/cases/": {"clerk", "reviewer"}}
BODIES = (
    {},
    {"act": "accept", "reasons": "有理由的", "confirmed": "yes"},
    {"act": "refuse", "reasons": "有理由的", "confirmed": "yes"},
    {"action": "discard", "name": "x", "code": "x"},
)
REFUSALS = {302, 403, 404, 405}


def addresses(resolver: URLResolver, before: str = "", spaces: tuple = ()) -> Iterator[tuple]:
    """(route, pattern, namespaces) of every address of the site."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route, (*spaces, pattern.namespace))
        else:
            yield route, pattern, spaces


ALL = list(addresses(get_resolver()))


def path_of(pattern: URLPattern, route: str, values: dict[str, str]) -> str:
    """The route with its parts filled in; a part that is not known here must be added here."""
    path = route
    for name, converter in pattern.pattern.converters.items():
        kind = {"StringConverter": "str:", "UUIDConverter": "uuid:"}[type(converter).__name__]
        assert name in values, f"{route}: say in this test what {name!r} is"
        path = path.replace(f"<{kind}{name}>", values[name]).replace(f"<{name}>", values[name])
    assert "<" not in path, path
    return "/" + path


class Town(World):
    """The world of the tests, and everybody who has nothing to do with the resident's case."""

    def __init__(self) -> None:
        super().__init__()
        elsewhere = Region.objects.create(
            code="511603000000", name="前锋区", level=4, parent_id="511600000000", path="511603"
        )
        other = self.make_organ("区人社局")
        same_name = self.make_organ("区公安分局", elsewhere)
        self.roles = {
            "anonymous": None,
            "resident": self.resident,
            "neighbour": self.neighbour,
            "clerk": self.clerk,
            "reviewer": self.reviewer,
            "supervisor": self.make_staff("supervisor", self.organ, "supervisor"),
            "administrator": self.make_staff("administrator", self.organ, "administrator"),
            "other organ": self.make_staff("other", other, "clerk", "reviewer", "head"),
            "other region": self.make_staff("far", same_name, "clerk", "reviewer", "head"),
        }
        self.case = self.make_case("correction")
        self.make_draft(self.resident)

    def client(self, role: str) -> Client:
        client = Client(raise_request_exception=False)
        account = self.roles[role]
        if account is not None:
            client.force_login(account)
        return client

    def state(self) -> tuple:
        """All that a stranger could have changed."""
        self.case.refresh_from_db()
        return (
            self.case.state,
            self.case.answers,
            list(CaseEvent.objects.filter(case=self.case).values_list("act", flat=True)),
            MaterialFile.objects.filter(case=self.case).count(),
            Draft.objects.filter(account=self.resident).values_list("answers", flat=True)[0],
            Entry.objects.filter(case_ref=self.case.ledger_ref).count(),
            Case.objects.count(),
        )


@pytest.fixture
def town(db, calendar, own_home) -> Town:
    town = Town()
    rebuild()
    return town


def involved(route: str) -> set[str]:
    return next((who for start, who in INVOLVED.items() if route.startswith(start)), set())


def body_of(answer) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


def test_nobody_gets_a_byte_of_what_is_not_theirs_and_nothing_changes(town, record_property):
    values = {
        "code": town.item.code,
        "number": town.case.number,
        "page": "applicant",
        "key": str(town.case.files.get().key),
    }
    before = town.state()
    tried, leaks = 0, []
    for route, pattern, _spaces in ALL:
        path = path_of(pattern, route, values)
        for role in town.roles:
            if role == "resident" or role in involved(route):
                continue
            client = town.client(role)
            for body in (None, *BODIES):
                answer = client.get(path) if body is None else client.post(path, body)
                tried += 1
                text = body_of(answer)
                if answer.status_code >= 500 or any(secret in text for secret in SECRETS):
                    leaks.append((role, path, body, answer.status_code))
                if involved(route) and answer.status_code not in REFUSALS:
                    leaks.append((role, path, body, answer.status_code))
                if town.state() != before:
                    leaks.append((role, path, body, "changed"))
                    before = town.state()
    assert leaks == []
    assert tried > 500
    record_property("combinations", tried)
    print(f"{tried} combinations of role, address and request; no leak")


@pytest.mark.parametrize("role", ["resident", "clerk", "reviewer", "supervisor", "anonymous"])
def test_no_page_breaks_for_anybody(town, role):
    values = {
        "code": town.item.code,
        "number": town.case.number,
        "page": "check",
        "key": str(town.case.files.get().key),
    }
    client = town.client(role)
    for route, pattern, _spaces in ALL:
        answer = client.get(path_of(pattern, route, values))
        assert answer.status_code < 500, route


def test_every_address_says_whom_it_opens_to():
    silent = [
        route
        for route, pattern, spaces in ALL
        if not set(spaces) & set(OWN_GATES) and audience_of(pattern.callback) is None
    ]
    assert silent == []


def test_every_operation_of_the_api_says_whom_it_opens_to():
    operations = [
        operation
        for _prefix, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    ]
    assert operations
    for operation in operations:
        assert audience_of(operation.view_func) is Audience.EVERYONE, operation.view_func


def test_a_view_that_says_nothing_is_closed(rf, town):
    from tongban.web.gatekeeping import GateMiddleware

    def forgotten(request):
        raise AssertionError("let in")

    request = rf.get("/forgotten/")
    request.user, request.resolver_match = town.clerk, None
    answer = GateMiddleware(forgotten).process_view(request, forgotten, (), {})
    assert answer is not None
    assert answer.status_code == 403
