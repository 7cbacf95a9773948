"""Why an answer of the upstream signs nobody in."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.client import OAuth2Error


class Refused(OAuth2Error):  # type: ignore[misc]
    """`code` says what did not fit: for the log, not for the person, who can't mend it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
