"""What a department's system may learn of a person who signs in to it: one table of scopes.

A scope is a kind of data that a system asks for and a person consents to (OpenID Connect Core 5.4;
个人信息保护法 art. 6 only what is needed, art. 23 who gets what is said first, art. 15 consent can be
withdrawn). A system gets a scope only when it was registered with it, asked for it, and the person
agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tongban.directory.models import Account, ConnectedSystem
from tongban.directory.openid_keys import pairwise_subject
from tongban.directory.selectors import person_of

Claims = dict[str, object]
OPENID = "openid"
# What is left readable of a resident ID number at each end: 1101**********1234.
ID_NUMBER_SHOWN = 4


@dataclass(frozen=True)
class Scope:
    """`gives` in plain words, as on the consent page; `gives_in_full` for a system that may see all;
    `about` for one that sees nothing of it.

    The ID token travels through the browser as a hint at sign-out, so that it carries the claims
    of few scopes; the rest is read at the userinfo endpoint (Core 5.4).
    """

    name: str
    gives: Promise
    claims: tuple[str, ...]
    read: Callable[[Account, ConnectedSystem], Claims]
    in_id_token: bool = False
    gives_in_full: Promise | None = None
    about: Promise | None = None


def masked(id_number: str) -> str:
    """A resident ID number with the birth date and the region hidden: 1101**********1234."""
    hidden = len(id_number) - 2 * ID_NUMBER_SHOWN
    return id_number[:ID_NUMBER_SHOWN] + "*" * hidden + id_number[-ID_NUMBER_SHOWN:]


def _subject(account: Account, system: ConnectedSystem) -> Claims:
    return {"sub": pairwise_subject(str(account.pk), system.client_id)}


def _profile(account: Account, system: ConnectedSystem) -> Claims:
    return {"name": str(account)}


def _identity(account: Account, system: ConnectedSystem) -> Claims:
    person = person_of(account)
    if person is None:
        return {}
    number = person.id_number if system.full_id_number else masked(person.id_number)
    return {"resident_name": person.name, "resident_id_number": number}


def _phone(account: Account, system: ConnectedSystem) -> Claims:
    person = person_of(account)
    return {"phone_number": person.phone} if person and person.phone else {}


def _address(account: Account, system: ConnectedSystem) -> Claims:
    """Core 5.1.1: an address is an object; ours is one line."""
    person = person_of(account)
    return {"address": {"formatted": person.address}} if person and person.address else {}


def _enterprises(account: Account, system: ConnectedSystem) -> Claims:
    person = person_of(account)
    if person is None:
        return {"enterprises": []}
    found = person.represented_enterprises.order_by("uscc").values("name", "uscc")
    return {"enterprises": [{"name": one["name"], "credit_code": one["uscc"]} for one in found]}


def _posts(account: Account, system: ConnectedSystem) -> Claims:
    found = account.posts.select_related("organ").order_by("organ__code", "role")
    return {
        "posts": [
            {
                "organ_code": post.organ.code,
                "organ_name": post.organ.name,
                "role": post.role,
                "region": post.organ.region_id,
            }
            for post in found
        ]
    }


SCOPES: tuple[Scope, ...] = (
    Scope(
        OPENID,
        _("a number that stands for you in this system and in no other"),
        ("sub",),
        _subject,
        in_id_token=True,
    ),
    Scope("profile", _("the name that your account shows"), ("name",), _profile, in_id_token=True),
    Scope(
        "identity",
        _("your legal name, and your resident ID number with ten digits hidden"),
        ("resident_name", "resident_id_number"),
        _identity,
        gives_in_full=_("your legal name, and your whole resident ID number"),
        about=_("your legal name and your resident ID number"),
    ),
    Scope("phone", _("your phone number"), ("phone_number",), _phone),
    Scope("address", _("your address"), ("address",), _address),
    Scope(
        "enterprises",
        _("name and credit code of the enterprises that you represent"),
        ("enterprises",),
        _enterprises,
    ),
    Scope(
        "posts",
        _("your posts as staff: organ, role and region"),
        ("posts",),
        _posts,
    ),
)
BY_NAME = {scope.name: scope for scope in SCOPES}
ALL_CLAIMS = tuple(claim for scope in SCOPES for claim in scope.claims)


def in_order(names: Collection[str]) -> list[str]:
    """Names of scopes in the order of the table, without those that are not in it."""
    return [scope.name for scope in SCOPES if scope.name in names]


def told(scope: Scope, system: ConnectedSystem) -> Promise:
    """What a scope gives this system, in plain words."""
    if system.full_id_number and scope.gives_in_full is not None:
        return scope.gives_in_full
    return scope.gives


def withheld(names: Collection[str]) -> list[Promise]:
    """What a system that gets these scopes does not get, in plain words."""
    return [scope.about or scope.gives for scope in SCOPES if scope.name not in names]


def userinfo_claims(account: Account, system: ConnectedSystem, names: Collection[str]) -> Claims:
    """All claims of the scopes. At most one query a scope and two for posts' organs."""
    claims: Claims = {}
    for scope in SCOPES:
        if scope.name in names:
            claims.update(scope.read(account, system))
    return claims


def id_token_claims(account: Account, system: ConnectedSystem, names: Collection[str]) -> Claims:
    """The claims that the ID token carries: who, and the shown name. No query."""
    return userinfo_claims(
        account, system, [name for name in names if name in BY_NAME and BY_NAME[name].in_id_token]
    )
