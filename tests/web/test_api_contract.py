"""The API against its own OpenAPI document: everything that schemathesis can think of, as three roles.

All of its checks: no server error, status codes and media types as documented, answers that fit
their schemas, methods that are not documented refused, missing parameters refused.
"""

from __future__ import annotations

import pytest
import schemathesis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from tongban.catalogue.search.index import rebuild

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "resident", "clerk")
EXAMPLES = 60


@pytest.fixture
def site(world, calendar, own_home):
    """The requests share the transaction of the test, as those of Django's own client do."""
    rebuild()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield world
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def headers_of(role: str, site) -> dict[str, str]:
    if role == "anonymous":
        return {}
    client = Client()
    client.force_login(site.resident if role == "resident" else site.clerk)
    name = settings.SESSION_COOKIE_NAME
    return {"Cookie": f"{name}={client.cookies[name].value}"}


@pytest.mark.parametrize("role", ROLES)
def test_every_operation_keeps_its_word(role, site):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    headers = headers_of(role, site)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case):
            nonlocal tried
            tried += 1
            case.call_and_validate(headers=headers)

        check()
    assert tried > EXAMPLES
