"""When somebody has to sign in anew (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tongban.web.openid.rules import read_max_age, recent_enough

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def ago(seconds: int) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("signed_in", "prompt", "max_age", "asked", "enough"),
    [
        (ago(99_999), set(), None, None, True),
        (None, set(), None, None, True),
        (ago(1), {"login"}, None, None, False),
        (ago(1), {"select_account"}, None, None, False),
        (ago(1), {"consent"}, None, None, True),
        (ago(1), {"login"}, 9_999, None, False),
        (ago(100), set(), 100, None, True),
        (ago(101), set(), 100, None, False),
        (ago(0), set(), 0, None, True),
        (ago(1), set(), 0, None, False),
        (None, set(), 100, None, False),
        (None, {"login"}, None, ago(5), False),
        (ago(3), {"login"}, None, ago(5), True),
        (ago(5), {"login"}, None, ago(5), True),
        (ago(6), {"login"}, None, ago(5), False),
        (ago(3), set(), 0, ago(5), True),
        (ago(6), set(), 0, ago(5), False),
    ],
)
def test_how_recent_is_recent_enough(signed_in, prompt, max_age, asked, enough):
    found = recent_enough(signed_in, now=NOW, prompt=prompt, max_age=max_age, asked_at=asked)
    assert found is enough


def test_max_age_is_a_number_of_seconds():
    assert read_max_age("") is None
    assert read_max_age("0") == 0
    assert read_max_age("9" * 100) == 10 * 365 * 24 * 3600
    for wrong in ("-1", "1.5", "soon", "１", " 1"):
        with pytest.raises(ValueError, match=r".*"):
            read_max_age(wrong)
