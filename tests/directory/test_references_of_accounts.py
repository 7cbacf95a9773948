"""The step that gives accounts of before their references in the ledger."""

from __future__ import annotations

import re

from tests.migrating import migrated
from tongban.directory.models import Account

BEFORE = [("directory", "0004_openid")]
AFTER = [("directory", "0007_every_account_has_a_ledger_ref")]


def test_accounts_of_before_get_references_of_their_own(versions):
    old = migrated(BEFORE).get_model("directory", "Account")
    old.objects.bulk_create(
        old(username=f"resident-{number}", password="x") for number in range(2_100)
    )
    new = migrated(AFTER).get_model("directory", "Account")
    references = list(new.objects.values_list("ledger_ref", flat=True))
    assert len(references) == len(set(references)) == 2_100
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in references)


def test_a_new_account_has_a_reference_that_says_nothing_of_it(db):
    one = Account.objects.create_user("one")
    other = Account.objects.create_user("other")
    assert one.ledger_ref != other.ledger_ref
    assert re.fullmatch("[0-9a-f]{32}", one.ledger_ref)
