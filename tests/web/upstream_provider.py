"""A national identity platform as the tests play it: it answers what our requests session asks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import secrets
from dataclasses import dataclass, field
from time import time
from typing import Any

import requests
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.web.openid_client import challenge_of, query_of

ISSUER = "https://id.example.gov.cn"
CLIENT_ID = "tongban"
SECRET = "a-secret-of-the-upstream"
ACCESS = "access-to-the-platform"
REFRESH = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')


def leads_to(answer) -> str:
    """Where a page of ours sends the browser on to."""
    assert answer.status_code == 200, answer.content.decode()
    found = REFRESH.search(answer.content.decode())
    assert found, answer.content.decode()
    return found[1].replace("&amp;", "&")


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class Platform:
    """`changes`, `header`, `signs`: what it gets wrong in ID tokens. `asked`: what reached it."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "person-1"})
    more: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs: RSAKey | bytes | None = None
    header: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    # In the person's browser

    def agree(self, address: str) -> dict[str, str]:
        """The person agrees; the parameters of the answer."""
        question = query_of(address)
        assert address.startswith(f"{ISSUER}/authorize?")
        assert question["response_type"] == "code"
        assert question["code_challenge_method"] == "S256"
        assert len(question["state"]) >= 16
        assert len(question["nonce"]) >= 16
        code = secrets.token_urlsafe()
        self.codes[code] = question
        return {"code": code, "state": question["state"], "iss": ISSUER}

    # Between servers

    def answer(self, session, method: str, address: str, **options: Any) -> requests.Response:
        self.asked.append(address)
        path = address.removeprefix(ISSUER)
        given = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": lambda _options: KeySet([self.key]).as_dict(private=False),
            "/token": self.token,
            "/userinfo": self.userinfo,
        }[path](options)
        response = requests.Response()
        response.status_code = 400 if "error" in given else 200
        response.url = address
        response.headers["content-type"] = "application/json"
        response.raw = io.BytesIO(json.dumps(given).encode())
        return response

    def discovery(self, _options: dict[str, Any]) -> dict[str, Any]:
        said = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_response_iss_parameter_supported": True,
        }
        if self.more is not None:
            said["userinfo_endpoint"] = f"{ISSUER}/userinfo"
        return said | self.metadata

    def token(self, options: dict[str, Any]) -> dict[str, Any]:
        body = options["data"]
        question = self.codes.pop(body["code"], None)
        if (
            question is None
            or challenge_of(body["code_verifier"]) != question["code_challenge"]
            or body["redirect_uri"] != question["redirect_uri"]
            or (options["auth"].username, options["auth"].password) != (CLIENT_ID, SECRET)
        ):
            return {"error": "invalid_grant"}
        token = {"access_token": ACCESS, "token_type": "Bearer"}
        id_token = self.id_token(question["nonce"])
        return token | ({"id_token": id_token} if id_token else {})

    def id_token(self, nonce: str) -> str:
        half = hashlib.sha256(ACCESS.encode()).digest()[:16]
        claims = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "iat": int(time()),
            "exp": int(time()) + 300,
            "nonce": nonce,
            "at_hash": coded(half),
        }
        said = claims | self.claims | self.changes
        said = {name: value for name, value in said.items() if value is not None}
        header = {"alg": "RS256", "kid": "one"} | self.header
        if header["alg"] == "none" or isinstance(self.signs, bytes):
            text = ".".join(coded(json.dumps(part).encode()) for part in (header, said))
            made = hmac.digest(self.signs, text.encode(), "sha256") if self.signs else b""
            return f"{text}.{coded(made)}"
        return jwt.encode(header, said, self.signs or self.key, algorithms=[header["alg"]])

    def userinfo(self, options: dict[str, Any]) -> dict[str, Any]:
        assert options["headers"]["Authorization"] == f"Bearer {ACCESS}"
        return self.more or {}


@dataclass
class Visitor:
    """Somebody with a browser on both sites."""

    platform: Platform
    browser: Client = field(default_factory=Client)

    def begin(self, path: str = "/sign-in/upstream/", **typed: str) -> str:
        return leads_to(self.browser.post(path, typed))

    def back(self, **brought: str):
        return self.browser.get("/sign-in/upstream/back/", brought)

    def sign_in(self, **typed: str):
        return self.back(**self.platform.agree(self.begin(**typed)))

    def account_id(self) -> int | None:
        found = self.browser.session.get("_auth_user_id")
        return int(found) if found else None
