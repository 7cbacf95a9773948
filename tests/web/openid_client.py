"""A department's system as the tests play it: Authlib checks what our provider says."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oidc.core import CodeIDToken
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet

from tongban.base.clocks import utc_now
from tongban.directory.models import ConnectedSystem
from tongban.directory.services.systems import register_system

ISSUER = "http://testserver"
BACK = "http://127.0.0.1:9000/back"
LEFT = "http://127.0.0.1:9000/left"
ALL_SCOPES = ("profile", "identity", "phone", "address", "enterprises", "posts")


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


@dataclass
class System:
    """`browser` is the person's; `server` is the system's own, without cookies."""

    browser: Client
    record: ConnectedSystem
    secret: str
    server: Client = field(default_factory=Client)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(40))
    nonce: str = "nonce-1"

    def question(self, **changes: str | None) -> dict[str, str]:
        """Parameters of an authorization request; a change to None leaves one out."""
        usual = {
            "client_id": self.record.client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid profile",
            "state": "state-1",
            "nonce": self.nonce,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def ask(self, **changes: str | None):
        return self.browser.get("/openid/authorize/", self.question(**changes))

    def agree(self, decision: str = "agree", **changes: str | None):
        query = urlencode(self.question(**changes))
        return self.browser.post(f"/openid/consent/?{query}", {"decision": decision})

    def code(self, **changes: str | None) -> str:
        answer = self.agree(**changes)
        assert answer.status_code == 302, answer.content.decode()
        back = query_of(answer["Location"])
        assert back["state"] == "state-1"
        assert back["iss"] == ISSUER
        return back["code"]

    def post(self, path: str, body: dict[str, str | None], *, basic: bool = True):
        body = {name: value for name, value in body.items() if value is not None}
        if not basic:
            body = {"client_id": self.record.client_id, "client_secret": self.secret} | body
            return self.server.post(path, body)
        pair = f"{self.record.client_id}:{self.secret}".encode()
        return self.server.post(
            path, body, headers={"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        )

    def redeem(self, given: str, /, *, basic: bool = True, **changes: str | None):
        body = {
            "grant_type": "authorization_code",
            "code": given,
            "redirect_uri": BACK,
            "code_verifier": self.verifier,
        }
        return self.post("/openid/token/", body | changes, basic=basic)

    def renew(self, refresh_token: str, **changes: str | None):
        body = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.post("/openid/token/", body | changes)

    def tokens(self, **changes: str | None) -> dict[str, str]:
        answer = self.redeem(self.code(**changes))
        assert answer.status_code == 200, answer.content
        return answer.json()

    def userinfo(self, access_token: str):
        return self.server.get(
            "/openid/userinfo/", headers={"authorization": f"Bearer {access_token}"}
        )

    def check(self, id_token: str, access_token: str | None = None, nonce: str | None = None):
        """The ID token's claims, as Authlib accepts them; raises its JoseError otherwise."""
        keys = KeySet.import_key_set(self.server.get("/openid/jwks/").json())
        token = jwt.decode(id_token, keys, algorithms=["RS256"])
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": ISSUER},
                "aud": {"essential": True, "value": self.record.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": self.record.client_id,
                "access_token": access_token,
            },
        )
        claims.validate(leeway=0)
        return claims


def make_system(browser: Client, **changes: object) -> System:
    said: dict[str, object] = {
        "name": "区人社局考勤系统",
        "redirect_uris": [BACK],
        "logout_uris": [LEFT],
        "scopes": ALL_SCOPES,
    }
    record, secret = register_system(**(said | changes), at=utc_now())  # type: ignore[arg-type]
    return System(browser, record, secret)


def sign_in(browser: Client, username: str) -> None:
    """Through the page, so that the time of the sign-in is noted."""
    answer = browser.post("/sign-in/?again=1", {"login": username, "password": "a-long-password"})
    assert answer.status_code == 302
