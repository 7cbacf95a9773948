"""Department systems that people sign in to through us: registration, consent, what was handed out.

Everything about a person leaves a ledger entry in the same transaction. Its payload names the
system, the scopes and the account; never a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import AccessToken, Grant, IDToken, RefreshToken

from tongban.base.problems import InvalidInput, NotFound
from tongban.directory.models import Account, ConnectedSystem, DataConsent, SystemSignIn
from tongban.directory.openid import BY_NAME, OPENID, in_order
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

LOOPBACK = ("127.0.0.1", "localhost")


def stored(secret: str) -> str:
    """How codes and tokens are kept: who reads the database can't use them.

    They are long and random, so that a plain SHA-256 is enough.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def family_of(code: str) -> UUID:
    """The name of all tokens that come from a code, so that its second use finds them."""
    return UUID(hex=stored(code)[:32])


def checked_address(address: str, *, schemes: Collection[str]) -> str:
    """An address that people may be sent to (RFC 9700 2.1, RFC 8252 7.3). Raises InvalidInput."""
    parts = urlsplit(address)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    usable = (
        parts.scheme in schemes
        and (parts.scheme == "https" or plain)
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and address.isascii()
        and not set(address) & set(" #*;,'\"\\<>\t\r\n")
    )
    if not usable:
        raise InvalidInput(
            code="bad_address",
            title="This address can't be registered",
            detail=address,
            fix="Write it whole, with https:// and without #, * or spaces.",
        )
    return address


@leaves_trace(acts.SYSTEM_REGISTERED)
@transaction.atomic
def register_system(
    *,
    name: str,
    redirect_uris: Sequence[str],
    logout_uris: Sequence[str] = (),
    scopes: Collection[str] = (),
    full_id_number: bool = False,
    staff_only: bool = False,
    purpose: str = "",
    contact: str = "",
    at: datetime,
) -> tuple[ConnectedSystem, str]:
    """Register a system; returns it and its secret, which is not kept and can't be shown again.

    Done by an administrator of the installation, at its command line. Raises InvalidInput for a
    scope or an address that can't be.
    """
    for scope in scopes:
        if scope not in BY_NAME:
            raise InvalidInput(
                code="unknown_scope",
                title="There is no such scope",
                detail=scope,
                fix=f"Scopes: {', '.join(BY_NAME)}",
            )
    if not name.strip() or not redirect_uris:
        raise InvalidInput(code="incomplete", title="A name and an address are needed")
    secret = generate_client_secret()
    system = ConnectedSystem(
        name=name.strip(),
        client_secret=secret,
        client_type=ConnectedSystem.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ConnectedSystem.GRANT_AUTHORIZATION_CODE,
        algorithm=ConnectedSystem.RS256_ALGORITHM,
        scopes=" ".join(in_order({OPENID, *scopes})),
        full_id_number=full_id_number,
        staff_only=staff_only,
        purpose=purpose.strip(),
        contact=contact.strip(),
    )
    schemes = system.get_allowed_schemes()
    system.redirect_uris = _addresses(redirect_uris, schemes)
    system.post_logout_redirect_uris = _addresses(logout_uris, schemes)
    system.save()
    record(
        acts.SYSTEM_REGISTERED,
        at=at,
        payload={
            "system": system.client_id,
            "name": system.name,
            "scopes": system.scopes.split(),
            "full_id_number": full_id_number,
        },
    )
    return system, secret


def _addresses(given: Sequence[str], schemes: Collection[str]) -> str:
    return " ".join(checked_address(one, schemes=schemes) for one in given)


@leaves_trace(acts.DATA_CONSENTED)
@transaction.atomic
def give_consent(
    account: Account, system: ConnectedSystem, scopes: Collection[str], *, at: datetime
) -> DataConsent:
    """The person agrees that the system gets these scopes, beside what they agreed to before."""
    before = (
        DataConsent.objects.select_for_update()
        .filter(account=account, system=system, withdrawn_at=None)
        .first()
    )
    agreed = in_order({*scopes, *(before.scopes.split() if before else ())})
    consent, _created = DataConsent.objects.update_or_create(
        account=account,
        system=system,
        withdrawn_at=None,
        defaults={"scopes": " ".join(agreed), "given_at": at},
    )
    _trace(acts.DATA_CONSENTED, account, system, agreed, at)
    return consent


@leaves_trace(acts.CONSENT_WITHDRAWN)
@transaction.atomic
def withdraw_consent(account: Account, client_id: str, *, at: datetime) -> ConnectedSystem:
    """Disconnect a system: the consent ends, no code or token of the person works there any more.

    Raises NotFound when no consent is in force.
    """
    consent = (
        DataConsent.objects.select_for_update(of=("self",))
        .select_related("system")
        .filter(account=account, system__client_id=client_id, withdrawn_at=None)
        .first()
    )
    if consent is None:
        raise NotFound(code="not_connected", title=_("This system is not connected"))
    consent.withdrawn_at = at
    consent.save(update_fields=["withdrawn_at"])
    end_tokens(account, consent.system)
    _trace(acts.CONSENT_WITHDRAWN, account, consent.system, consent.scopes.split(), at)
    return consent.system


@leaves_no_trace("called by the acts that end a consent or an account")
def end_tokens(account: Account, system: ConnectedSystem) -> None:
    """Nothing that the system holds for the person works any more (RFC 7009)."""
    of_both = {"user": account, "application": system}
    Grant.objects.filter(**of_both).delete()
    for token in RefreshToken.objects.filter(**of_both, revoked=None):
        token.revoke()
    AccessToken.objects.filter(**of_both).delete()
    IDToken.objects.filter(**of_both).delete()


@leaves_no_trace("a code that is not yet exchanged gives nothing away")
def begin_sign_in(
    account: Account,
    system: ConnectedSystem,
    code: str,
    *,
    authenticated_at: datetime | None,
    at: datetime,
) -> SystemSignIn:
    """A code was made: what its tokens will have in common."""
    return SystemSignIn.objects.create(
        family=family_of(code),
        account=account,
        system=system,
        begun_at=at,
        authenticated_at=authenticated_at,
    )


@leaves_no_trace("ends what was stolen; the security log has it")
def end_family(family: UUID, system: ConnectedSystem) -> None:
    """A code or refresh token came back: end all tokens of its sign-in (RFC 6749 4.1.2, 10.4)."""
    if RefreshToken.objects.filter(token_family=family, application=system).exists():
        RefreshToken.revoke_family(family)


@leaves_trace(acts.TOKEN_ISSUED)
def note_token_issued(
    account: Account, system: ConnectedSystem, scopes: Collection[str], *, at: datetime
) -> None:
    """Write down that a system got tokens about a person. Call it in the same transaction."""
    _trace(acts.TOKEN_ISSUED, account, system, scopes, at)


@leaves_trace(acts.DATA_HANDED_OUT)
def note_data_handed_out(
    account: Account, system: ConnectedSystem, scopes: Collection[str], *, at: datetime
) -> None:
    """Write down that a system read a person's data. Call it in the same transaction."""
    _trace(acts.DATA_HANDED_OUT, account, system, scopes, at)


def _trace(
    act: str, account: Account, system: ConnectedSystem, scopes: Collection[str], at: datetime
) -> None:
    record(
        act,
        at=at,
        case_ref=account.ledger_ref,
        payload={
            "account": str(account.pk),
            "system": system.client_id,
            "scopes": in_order(scopes),
        },
    )
