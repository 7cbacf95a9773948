"""The same code or token brought twice at the same moment, with real connections."""

from __future__ import annotations

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, RefreshToken

from tests.cases.test_two_at_once import together
from tests.conftest import World
from tests.web.openid_client import System, make_system, sign_in
from tongban.directory.openid_keys import public_keys, rotate_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def system() -> System:
    World()
    browser = Client()
    sign_in(browser, "li")
    return make_system(browser)


def alive() -> int:
    return AccessToken.objects.count() + RefreshToken.objects.filter(revoked=None).count()


def test_of_many_who_bring_one_code_at_most_one_gets_tokens_and_none_keeps_them(system):
    code = system.code()
    answers = together(lambda _number: system.redeem(code))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    assert alive() == 0


def test_of_many_who_bring_one_refresh_token_one_is_renewed_and_none_keeps_it(system):
    first = system.tokens()
    answers = together(lambda _number: system.renew(first["refresh_token"]))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    assert alive() == 0


def test_many_agreements_at_once_are_one_consent(system):
    answers = together(lambda _number: system.agree())
    assert {answer.status_code for answer in answers} == {302}
    assert all("code=" in answer["Location"] for answer in answers)


def test_processes_that_need_the_first_key_at_once_share_one(settings, tmp_path):
    settings.TONGBAN_KEYS = tmp_path / "keys"
    found = together(lambda _number: public_keys()[0]["kid"])
    assert len(set(found)) == 1
    assert rotate_key()[1] == [found[0]]
