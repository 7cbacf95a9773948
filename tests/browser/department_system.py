"""A small department system in a process of its own that signs people in through Tongban.

    python department_system.py ISSUER CLIENT_ID CLIENT_SECRET PORT

Authlib and joserfc check everything; nothing of Tongban is imported. `/sign-in?fault=…` plays one
attack on this system: what it then says is what the browser test reads.
"""

from __future__ import annotations

import html
import secrets
import sys
import time
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

ISSUER, CLIENT_ID, CLIENT_SECRET, PORT = sys.argv[1:5]
HOME = f"http://127.0.0.1:{PORT}"
SCOPE = "openid profile posts"
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
SESSIONS: dict[str, dict[str, str]] = {}


class Refused(Exception):
    """Nobody is signed in; the message says why."""


def client(**options: str) -> OAuth2Session:
    return OAuth2Session(
        CLIENT_ID,
        CLIENT_SECRET,
        scope=SCOPE,
        redirect_uri=f"{HOME}/back",
        token_endpoint_auth_method="client_secret_basic",
        **options,
    )


def begin(session: dict[str, str], query: dict[str, str]) -> str:
    """Where to send the person: with PKCE, state and nonce that this session alone knows."""
    session.clear()
    session.update(nonce=generate_token(20), verifier=generate_token(48))
    session["fault"] = query.get("fault", "")
    address, session["state"] = client().create_authorization_url(
        METADATA["authorization_endpoint"],
        nonce=session["nonce"],
        code_challenge=create_s256_code_challenge(session["verifier"]),
        code_challenge_method="S256",
        **({"prompt": query["prompt"]} if "prompt" in query else {}),
    )
    return address


def finish(session: dict[str, str], query: dict[str, str]) -> dict[str, object]:
    """What the provider answered, checked; raises Refused."""
    state, fault = session.pop("state", None), session.get("fault")
    if not state or query.get("state") != state:
        raise Refused("the answer does not belong to this browser: wrong state")
    if query.get("iss") != METADATA["issuer"]:
        raise Refused("the answer is not from our provider: wrong iss")
    if "error" in query:
        raise Refused(f"the provider refused: {query['error']}")
    token = redeem(session, query["code"])
    if fault == "replay":
        redeem(session, query["code"])
    if fault == "nonce":
        session["nonce"] = "another"
    claims = checked(token, session["nonce"], fault)
    info = client(token=token).get(METADATA["userinfo_endpoint"]).json()
    if info["sub"] != claims["sub"]:
        raise Refused("userinfo speaks of somebody else")
    session.update(name=claims["name"], id_token=token["id_token"])
    session["posts"] = "; ".join(f"{post['organ_name']} {post['role']}" for post in info["posts"])
    return claims


def redeem(session: dict[str, str], code: str) -> dict[str, str]:
    answer = requests.post(
        METADATA["token_endpoint"],
        auth=(CLIENT_ID, CLIENT_SECRET),
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{HOME}/back",
            "code_verifier": session["verifier"],
        },
        timeout=10,
    )
    if answer.status_code != 200:
        raise Refused(f"the code is not good: {answer.json()['error']}")
    return answer.json()


def checked(token: dict[str, str], nonce: str, fault: str | None) -> dict[str, object]:
    """OpenID Connect Core 3.1.3.7."""
    keys = KeySet.import_key_set(requests.get(METADATA["jwks_uri"], timeout=10).json())
    id_token = token["id_token"]
    if fault == "signature":
        true = jwt.decode(id_token, keys, algorithms=["RS256"])
        id_token = jwt.encode(true.header, true.claims, RSAKey.generate_key(2048))
    try:
        decoded = jwt.decode(id_token, keys, algorithms=["RS256"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": METADATA["issuer"]},
                "aud": {"essential": True, "value": CLIENT_ID},
            },
            params={"nonce": nonce, "access_token": token["access_token"]},
        )
        claims.validate(now=int(time.time()) + (3600 if fault == "expired" else 0))
    except JoseError as problem:
        raise Refused(f"the ID token is not good: {problem}") from None
    return claims


def out(session: dict[str, str]) -> str:
    query = {"id_token_hint": session.get("id_token", ""), "state": "out"}
    session.clear()
    query["post_logout_redirect_uri"] = f"{HOME}/left"
    return f"{METADATA['end_session_endpoint']}?{urlencode(query)}"


def application(environ, start_response):
    cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    key = cookies["department"].value if "department" in cookies else ""
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if key not in SESSIONS:
        key = secrets.token_urlsafe()
        SESSIONS[key] = {}
        headers.append(("Set-Cookie", f"department={key}; Path=/; HttpOnly; SameSite=Lax"))
    session, path = SESSIONS[key], environ["PATH_INFO"]
    query = {name: values[-1] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    status, text = "200 OK", "nobody is signed in"
    if path in ("/sign-in", "/out"):
        where = begin(session, query) if path == "/sign-in" else out(session)
        start_response("302 Found", [*headers, ("Location", where)])
        return [b""]
    if path == "/back":
        try:
            finish(session, query)
        except Refused as why:
            session.clear()
            status, text = "403 Forbidden", f"refused: {why}"
    if "name" in session:
        text = f"signed in: {session['name']} ({session['posts']})"
    start_response(status, headers)
    page = f'<!doctype html><title>HR</title><link rel="icon" href="data:,"><p>{html.escape(text)}'
    return [page.encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    make_server("127.0.0.1", int(PORT), application, handler_class=Quiet).serve_forever()
