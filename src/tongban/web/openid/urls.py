"""Addresses of the OpenID provider."""

from django.urls import path

from tongban.web.openid import connected, endpoints, signing_out, views

provider = (
    [
        path("openid/authorize/", views.authorize, name="authorize"),
        path("openid/consent/", views.consent, name="consent"),
        path("openid/token/", endpoints.token, name="token"),
        path("openid/userinfo/", endpoints.userinfo, name="userinfo"),
        path("openid/revoke/", endpoints.revoke, name="revoke"),
        path("openid/jwks/", endpoints.jwks, name="jwks"),
        path("openid/logout/", signing_out.logout, name="logout"),
        path("openid/logout/confirm/", signing_out.confirm, name="logout-confirm"),
        path("me/connected/", connected.connected, name="connected"),
    ],
    "openid",
)
# The toolkit derives the issuer from an address of this name, wherever it is mounted.
discovery = (
    [
        path(
            ".well-known/openid-configuration",
            endpoints.discovery,
            name="oidc-connect-discovery-info",
        ),
    ],
    "oauth2_provider",
)
