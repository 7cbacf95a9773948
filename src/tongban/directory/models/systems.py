"""Systems of departments that sign people in through us, and what people let them know."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from jwcrypto.jwk import JWK
from oauth2_provider.models import AbstractApplication
from oauth2_provider.settings import oauth2_settings

from tongban.directory.models.people import Account
from tongban.directory.openid_keys import signing_keys


class ConnectedSystem(AbstractApplication):
    """A department's system that people sign in to through us (OpenID Connect: the client).

    Only one way in is possible: confidential, authorization code, RS256, hashed secret.
    """

    scopes = models.TextField()
    full_id_number = models.BooleanField(default=False)
    staff_only = models.BooleanField(default=False)
    purpose = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
                    authorization_grant_type=AbstractApplication.GRANT_AUTHORIZATION_CODE,
                    algorithm=AbstractApplication.RS256_ALGORITHM,
                    hash_client_secret=True,
                    skip_authorization=False,
                ),
                name="connected_system_signs_in_one_way",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed_scopes(self) -> frozenset[str]:
        return frozenset(self.scopes.split())

    @property
    def jwk_key(self) -> JWK:
        return signing_keys()[0]

    def get_allowed_schemes(self) -> list[str]:
        return list(oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES)

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Character by character (RFC 9700 2.1); the toolkit would let loopback ports differ."""
        return uri in self.redirect_uris.split()

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        return uri in self.post_logout_redirect_uris.split()


class DataConsent(models.Model):
    """That a person agreed to what a system gets, until withdrawn (个人信息保护法 art. 14, 15)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="data_consents")
    system = models.ForeignKey(ConnectedSystem, models.CASCADE, related_name="data_consents")
    scopes = models.TextField()
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "system"],
                condition=Q(withdrawn_at=None),
                name="one_consent_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} · {self.system_id}"


class SystemSignIn(models.Model):
    """One sign-in to a system: what its tokens have in common, however often they are renewed.

    `family` names the tokens; `authenticated_at` is when the person last proved who they are.
    """

    family = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="system_sign_ins")
    system = models.ForeignKey(ConnectedSystem, models.CASCADE, related_name="sign_ins")
    begun_at = models.DateTimeField()
    authenticated_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["begun_at"], name="sign_ins_by_age")]

    def __str__(self) -> str:
        return str(self.family)
