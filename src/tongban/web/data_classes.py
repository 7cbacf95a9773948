"""What kind of data every column holds: the one table (个人信息保护法 art. 28, 51; GB/T 35273 annex B).

A test walks the models: a new column is classified here, or the test fails. Sensitive columns of
ours are sealed; `UNSEALED` lists those that are not, each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final


class DataClass(StrEnum):
    """Public: anybody reads it. Internal: says nothing of a person. Sensitive: art. 28, secrets."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


PUBLIC, INTERNAL = DataClass.PUBLIC, DataClass.INTERNAL
PERSONAL, SENSITIVE = DataClass.PERSONAL, DataClass.SENSITIVE
Said = DataClass | tuple[DataClass, str]

LEDGER: Final[dict[str, dict[str, Said]]] = {
    "ledger.Entry": {
        "id": INTERNAL,
        "leaf": (PUBLIC, "published"),
        "leaf_hash": (PUBLIC, "published"),
        "salt": (SENSITIVE, "opens the commitment"),
        "payload": SENSITIVE,
        "case_ref": (PUBLIC, "opaque"),
        "seq": PUBLIC,
    },
    "ledger.KeyRotation": {
        "id": INTERNAL,
        "table": INTERNAL,
        "key": INTERNAL,
        "done_to": INTERNAL,
        "finished_at": INTERNAL,
    },
    "ledger.Tile": {"id": INTERNAL, "level": PUBLIC, "index": PUBLIC, "hashes": PUBLIC},
    "ledger.Checkpoint": {"size": PUBLIC, "root": PUBLIC, "note": PUBLIC, "signed_at": PUBLIC},
}

PLACES: Final[dict[str, dict[str, Said]]] = {
    "directory.Region": {
        "code": PUBLIC,
        "name": PUBLIC,
        "level": PUBLIC,
        "parent": PUBLIC,
        "path": PUBLIC,
        "valid_from": PUBLIC,
        "valid_to": PUBLIC,
    },
    "directory.Organ": {
        "id": INTERNAL,
        "code": PUBLIC,
        "uscc": PUBLIC,
        "name": PUBLIC,
        "region": PUBLIC,
    },
    "directory.OrganCode": {"id": INTERNAL, "organ": PUBLIC, "code": PUBLIC, "style": PUBLIC},
    "directory.CalendarYear": {"year": PUBLIC, "source": PUBLIC},
    "directory.CalendarDay": {"day": PUBLIC, "kind": PUBLIC, "name": PUBLIC},
}

PEOPLE: Final[dict[str, dict[str, Said]]] = {
    "directory.Account": {
        "id": INTERNAL,
        "password": (SENSITIVE, "secret"),
        "last_login": PERSONAL,
        "is_superuser": INTERNAL,
        "username": PERSONAL,
        "email": PERSONAL,
        "is_staff": INTERNAL,
        "is_active": INTERNAL,
        "date_joined": PERSONAL,
        "display_name": PERSONAL,
        "demonstration": INTERNAL,
    },
    "directory.Account_groups": {
        "id": INTERNAL,
        "account": (INTERNAL, "unused"),
        "group": INTERNAL,
    },
    "directory.Account_user_permissions": {
        "id": INTERNAL,
        "account": (INTERNAL, "unused"),
        "permission": INTERNAL,
    },
    "directory.Person": {
        "id": INTERNAL,
        "account": (PERSONAL, "link"),
        "name": PERSONAL,
        "id_number": SENSITIVE,
        "id_number_index": (SENSITIVE, "recognises"),
        "phone": SENSITIVE,
        "address": SENSITIVE,
        "region": PERSONAL,
        "identity_level": PERSONAL,
        "identity_source": PERSONAL,
        "identity_verified_at": PERSONAL,
        "demonstration": INTERNAL,
    },
    "directory.PopulationRecord": {
        "id": INTERNAL,
        "name": (PERSONAL, "invented"),
        "id_number": SENSITIVE,
        "id_number_index": (SENSITIVE, "recognises"),
        "phone": SENSITIVE,
        "address": SENSITIVE,
    },
    "directory.Enterprise": {
        "id": INTERNAL,
        "uscc": (PUBLIC, "registered"),
        "name": (PUBLIC, "registered"),
        "region": PUBLIC,
        "legal_representative": (PERSONAL, "link"),
        "demonstration": INTERNAL,
    },
    "directory.Post": {
        "id": INTERNAL,
        "account": (PERSONAL, "link"),
        "organ": PERSONAL,
        "role": PERSONAL,
    },
    "directory.Substitution": {
        "id": INTERNAL,
        "absent": (PERSONAL, "link"),
        "substitute": (PERSONAL, "link"),
        "organ": PERSONAL,
        "valid_from": PERSONAL,
        "valid_to": PERSONAL,
        "reason": PERSONAL,
        "granted_by": (PERSONAL, "link"),
        "granted_at": PERSONAL,
        "revoked_at": PERSONAL,
    },
    "directory.Delegation": {
        "id": INTERNAL,
        "key": (INTERNAL, "opaque"),
        "kind": (PERSONAL, "guardianship"),
        "person": (PERSONAL, "link"),
        "enterprise": PERSONAL,
        "agent": (PERSONAL, "link"),
        "valid_from": PERSONAL,
        "valid_to": PERSONAL,
        "consent": PERSONAL,
        "consent_note": PERSONAL,
        "recorded_by": (PERSONAL, "link"),
        "recorded_at": PERSONAL,
        "revoked_at": PERSONAL,
    },
    "directory.DelegatedItem": {"id": INTERNAL, "delegation": PERSONAL, "item_code": PERSONAL},
    "directory.CorrectionRequest": {
        "id": INTERNAL,
        "person": (PERSONAL, "link"),
        "field": PERSONAL,
        "wanted": (SENSITIVE, "address"),
        "state": PERSONAL,
        "asked_at": PERSONAL,
        "answer": (PERSONAL, "reasons"),
        "answered_by": (PERSONAL, "link"),
        "answered_at": PERSONAL,
    },
}

SIGN_IN: Final[dict[str, dict[str, Said]]] = {
    "directory.AccountPhone": {
        "id": INTERNAL,
        "account": (PERSONAL, "link"),
        "phone": SENSITIVE,
        "phone_index": (SENSITIVE, "recognises"),
        "verified": PERSONAL,
    },
    "directory.KnownDevice": {
        "id": INTERNAL,
        "account": (PERSONAL, "link"),
        "secret_hash": (SENSITIVE, "secret"),
        "name": PERSONAL,
        "first_seen_at": PERSONAL,
        "last_seen_at": PERSONAL,
    },
    "directory.Attempts": {
        "id": INTERNAL,
        "bucket": (PERSONAL, "pseudonym"),
        "count": INTERNAL,
        "ends_at": INTERNAL,
    },
    "directory.SecurityEvent": {
        "id": INTERNAL,
        "at": PERSONAL,
        "kind": PERSONAL,
        "account": (PERSONAL, "link"),
        "client": (PERSONAL, "pseudonym"),
        "subject": (PERSONAL, "reference"),
        "data": (PERSONAL, "references"),
    },
    "directory.ConnectedSystem": {
        "id": INTERNAL,
        "client_id": PUBLIC,
        "user": (INTERNAL, "unused"),
        "redirect_uris": INTERNAL,
        "post_logout_redirect_uris": INTERNAL,
        "client_type": INTERNAL,
        "authorization_grant_type": INTERNAL,
        "client_secret": (SENSITIVE, "secret"),
        "hash_client_secret": INTERNAL,
        "name": PUBLIC,
        "skip_authorization": INTERNAL,
        "created": INTERNAL,
        "updated": INTERNAL,
        "algorithm": INTERNAL,
        "allowed_origins": INTERNAL,
        "registration_source": INTERNAL,
        "cimd_expires_at": INTERNAL,
        "scopes": PUBLIC,
        "full_id_number": PUBLIC,
        "staff_only": INTERNAL,
        "purpose": PUBLIC,
        "contact": (PUBLIC, "shown"),
    },
    "directory.DataConsent": {
        "id": INTERNAL,
        "account": (PERSONAL, "link"),
        "system": PERSONAL,
        "scopes": PERSONAL,
        "given_at": PERSONAL,
        "withdrawn_at": PERSONAL,
    },
    "directory.SystemSignIn": {
        "family": (INTERNAL, "opaque"),
        "account": (PERSONAL, "link"),
        "system": PERSONAL,
        "begun_at": PERSONAL,
        "authenticated_at": PERSONAL,
    },
}

CATALOGUE: Final[dict[str, dict[str, Said]]] = {
    "catalogue.BasicItem": {
        "id": INTERNAL,
        "code": PUBLIC,
        "name": PUBLIC,
        "kind": PUBLIC,
        "parent": PUBLIC,
        "source": PUBLIC,
    },
    "catalogue.BasicVersion": {
        "id": INTERNAL,
        "basic": PUBLIC,
        "version": PUBLIC,
        "state": PUBLIC,
        "effective_from": PUBLIC,
        "effective_to": PUBLIC,
        "document": PUBLIC,
    },
    "catalogue.Proposal": {
        "id": INTERNAL,
        "item": INTERNAL,
        "state": INTERNAL,
        "document": INTERNAL,
        "based_on": INTERNAL,
        "revision": INTERNAL,
        "effective_from": INTERNAL,
        "author": (PERSONAL, "link"),
        "updated_at": INTERNAL,
        "answer": INTERNAL,
        "approver": (PERSONAL, "link"),
        "decided_at": INTERNAL,
        "override_reason": INTERNAL,
        "guide": PUBLIC,
    },
    "catalogue.ServiceItem": {
        "id": INTERNAL,
        "code": PUBLIC,
        "code_pattern": PUBLIC,
        "basic_code": PUBLIC,
        "basic": PUBLIC,
        "name": PUBLIC,
        "main_item": PUBLIC,
        "kind": PUBLIC,
        "region": PUBLIC,
        "region_path": PUBLIC,
        "organ": PUBLIC,
        "source": PUBLIC,
        "source_row": PUBLIC,
    },
    "catalogue.Guide": {
        "id": INTERNAL,
        "item": PUBLIC,
        "version": PUBLIC,
        "state": PUBLIC,
        "is_complete": PUBLIC,
        "slug": PUBLIC,
        "effective_from": PUBLIC,
        "effective_to": PUBLIC,
        "is_sample": PUBLIC,
        "case_type": PUBLIC,
        "promised_value": PUBLIC,
        "promised_unit": PUBLIC,
        "on_site_visits": PUBLIC,
        "accepts_online": PUBLIC,
        "document": PUBLIC,
    },
}

CASES: Final[dict[str, dict[str, Said]]] = {
    "cases.Draft": {
        "id": INTERNAL,
        "account": (PERSONAL, "link"),
        "item": (PERSONAL, "intention"),
        "guide": INTERNAL,
        "case": (PERSONAL, "link"),
        "principal": (PERSONAL, "link"),
        "enterprise": PERSONAL,
        "delegation": (PERSONAL, "link"),
        "key": (INTERNAL, "opaque"),
        "answers": SENSITIVE,
        "updated_at": PERSONAL,
    },
    "cases.Case": {
        "id": INTERNAL,
        "number": PERSONAL,
        "draft_key": (INTERNAL, "opaque"),
        "ledger_ref": (PERSONAL, "link"),
        "item": (PERSONAL, "intention"),
        "guide": INTERNAL,
        "organ": PERSONAL,
        "region_path": PERSONAL,
        "applicant": (PERSONAL, "link"),
        "enterprise": PERSONAL,
        "delegation": (PERSONAL, "link"),
        "channel": INTERNAL,
        "state": PERSONAL,
        "answers": SENSITIVE,
        "submitted_at": PERSONAL,
        "accepted_at": PERSONAL,
        "decided_at": PERSONAL,
        "due_on": PERSONAL,
        "due_provisional": INTERNAL,
        "events_count": INTERNAL,
    },
    "cases.CaseEvent": {
        "id": INTERNAL,
        "case": (PERSONAL, "link"),
        "seq": INTERNAL,
        "act": PERSONAL,
        "at": PERSONAL,
        "actor": (PERSONAL, "link"),
        "organ": PERSONAL,
        "text": (PERSONAL, "reasons"),
        "data": (PERSONAL, "references"),
    },
    "cases.EmergencyAccess": {
        "id": INTERNAL,
        "case": (PERSONAL, "link"),
        "account": (PERSONAL, "link"),
        "reason": PERSONAL,
        "asked_at": PERSONAL,
        "allowed_by": (PERSONAL, "link"),
        "allowed_at": PERSONAL,
        "ends_at": PERSONAL,
    },
    "cases.MaterialFile": {
        "id": INTERNAL,
        "draft": (PERSONAL, "link"),
        "case": (PERSONAL, "link"),
        "key": (INTERNAL, "opaque"),
        "material": PERSONAL,
        "name": PERSONAL,
        "media_type": INTERNAL,
        "size": INTERNAL,
        "sha256": (PERSONAL, "recognises"),
        "uploaded_at": PERSONAL,
        "superseded": INTERNAL,
    },
}

# Tables of packages. We do not choose how they store; docs/personal-data.md says what that means.
PACKAGES: Final[dict[str, dict[str, Said]]] = {
    "account.EmailAddress": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "email": PERSONAL,
        "verified": PERSONAL,
        "primary": PERSONAL,
    },
    "account.EmailConfirmation": {
        "id": INTERNAL,
        "email_address": (PERSONAL, "link"),
        "created": PERSONAL,
        "sent": PERSONAL,
        "key": (SENSITIVE, "secret"),
    },
    "mfa.Authenticator": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "type": PERSONAL,
        "data": (SENSITIVE, "secret"),
        "created_at": PERSONAL,
        "last_used_at": PERSONAL,
    },
    "socialaccount.SocialAccount": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "provider": PERSONAL,
        "uid": PERSONAL,
        "last_login": PERSONAL,
        "date_joined": PERSONAL,
        "extra_data": (PERSONAL, "empty"),
    },
    # Not used: the provider is set by variables, and neither tokens nor claims are kept.
    "socialaccount.SocialApp": {
        "id": INTERNAL,
        "provider": INTERNAL,
        "provider_id": INTERNAL,
        "name": INTERNAL,
        "client_id": INTERNAL,
        "secret": INTERNAL,
        "key": INTERNAL,
        "settings": INTERNAL,
    },
    "socialaccount.SocialToken": {
        "id": INTERNAL,
        "app": INTERNAL,
        "account": (PERSONAL, "link"),
        "token": INTERNAL,
        "token_secret": INTERNAL,
        "expires_at": INTERNAL,
    },
    "usersessions.UserSession": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "created_at": PERSONAL,
        "ip": PERSONAL,
        "last_seen_at": PERSONAL,
        "session_key": (SENSITIVE, "secret"),
        "user_agent": (PERSONAL, "device"),
        "data": PERSONAL,
    },
    "sessions.Session": {
        "session_key": (SENSITIVE, "secret"),
        "session_data": (SENSITIVE, "codes"),
        "expire_date": INTERNAL,
    },
    "oauth2_provider.Grant": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "code": (SENSITIVE, "secret"),
        "application": PERSONAL,
        "expires": INTERNAL,
        "redirect_uri": INTERNAL,
        "scope": PERSONAL,
        "created": PERSONAL,
        "updated": PERSONAL,
        "code_challenge": INTERNAL,
        "code_challenge_method": INTERNAL,
        "nonce": INTERNAL,
        "claims": INTERNAL,
        "resource": INTERNAL,
    },
    "oauth2_provider.AccessToken": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "source_refresh_token": INTERNAL,
        "token": (SENSITIVE, "secret"),
        "token_checksum": (SENSITIVE, "secret"),
        "id_token": INTERNAL,
        "application": PERSONAL,
        "expires": INTERNAL,
        "scope": PERSONAL,
        "resource": INTERNAL,
        "created": PERSONAL,
        "updated": PERSONAL,
    },
    "oauth2_provider.RefreshToken": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "token": (SENSITIVE, "secret"),
        "token_checksum": (SENSITIVE, "secret"),
        "application": PERSONAL,
        "access_token": INTERNAL,
        "token_family": INTERNAL,
        "resource": INTERNAL,
        "created": PERSONAL,
        "updated": PERSONAL,
        "revoked": PERSONAL,
    },
    "oauth2_provider.IDToken": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "jti": INTERNAL,
        "application": PERSONAL,
        "expires": INTERNAL,
        "scope": PERSONAL,
        "created": PERSONAL,
        "updated": PERSONAL,
    },
    "oauth2_provider.DeviceGrant": {
        "id": INTERNAL,
        "user": (PERSONAL, "link"),
        "device_code": (SENSITIVE, "secret"),
        "user_code": (SENSITIVE, "secret"),
        "scope": PERSONAL,
        "interval": INTERNAL,
        "expires": INTERNAL,
        "status": INTERNAL,
        "client_id": INTERNAL,
        "last_checked": INTERNAL,
    },
}

TABLE: Final[Mapping[str, Mapping[str, Said]]] = {
    **LEDGER,
    **PLACES,
    **PEOPLE,
    **SIGN_IN,
    **CATALOGUE,
    **CASES,
    **PACKAGES,
}

# Tables of packages that hold nothing about people.
WITHOUT_PEOPLE: Final = {
    "auth.Group",
    "auth.Group_permissions",
    "auth.Permission",
    "contenttypes.ContentType",
}

# Sensitive columns of ours that are not sealed, and why that is enough, or is not.
UNSEALED: Final = {
    "directory.Account.password": "a scrypt hash with a salt of its own",
    "directory.KnownDevice.secret_hash": "a SHA-256 of 256 random bits: can't be guessed",
    "directory.ConnectedSystem.client_secret": "a salted hash of 128 random characters",
}


def class_of(said: Said) -> DataClass:
    return said if isinstance(said, DataClass) else said[0]


def why(said: Said) -> str:
    """The word beside the class, "" where the class goes without saying."""
    return "" if isinstance(said, DataClass) else said[1]


def columns() -> Iterator[tuple[str, str, DataClass]]:
    """(model, field, class) of the whole table."""
    for model, fields in TABLE.items():
        for field, said in fields.items():
            yield model, field, class_of(said)
