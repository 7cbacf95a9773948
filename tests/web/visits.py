"""Going through all addresses, as somebody or as nobody."""

from __future__ import annotations

import uuid

from django.conf import settings as django_settings
from django.shortcuts import resolve_url
from django.test import Client

from tests.web.test_who_sees_what import ALL, FIXED, path_of

PASSWORD = " Ein langes 密码 with Spaces, " + "x" * 70 + " "


def signed_in(account) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(account)
    return client


def pages(site, **values: str) -> list[str]:
    """Every address, about the resident's case unless `values` says otherwise."""
    case = site.make_case("correction")
    about = (
        FIXED
        | {
            "code": site.item.code,
            "organ": site.organ.code,
            "number": case.number,
            "key": str(case.files.get().key),
            "delegation": str(uuid.uuid4()),
            "message": str(uuid.uuid4()),
            "upload": str(uuid.uuid4()),
            "device": "1",
            "emergency": "1",
            "seq": "1",
            "office": "hall",
            "reference": "0" * 32,
            "listed": "260302-AAAAAA",
            "slug": "moving-in",
            "filing": case.number,
            "region": site.region.code,
            "run": "2345678abc",
            "draft": "my-index",
        }
        | values
    )
    return [path_of(pattern, route, about) for route, pattern, _spaces in ALL]


def sign_in(client: Client, password: str) -> bool:
    """Through the sign-in page, whatever it calls the name; True when it let us in."""
    client.post(
        resolve_url(django_settings.LOGIN_URL),
        {"username": "li", "login": "li", "password": password},
    )
    return client.get("/me/").status_code == 200
