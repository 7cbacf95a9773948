"""The identities of the upstream that an account signs in with."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import Conflict, NotFound
from tongban.directory.models import Account, AccountPhone
from tongban.directory.upstream import upstream_in_force
from tongban.ledger.traces import leaves_no_trace


@leaves_no_trace("how somebody signs in is their own affair; the security log has it")
@transaction.atomic
def disconnect(actor: Account, pk: int) -> None:
    """Take an upstream identity from one's account.

    Raises NotFound for one that is not there, Conflict when it is the last way to sign in.
    """
    Account.objects.select_for_update().get(pk=actor.pk)  # Two at once would leave none.
    identity = SocialAccount.objects.filter(user=actor, pk=pk).first()
    if identity is None:
        raise NotFound(code="no_identity", title=_("This is not connected"))
    if not _other_ways(actor, identity):
        raise Conflict(
            code="last_way",
            title=_("You could not sign in any more"),
            detail=_("This is the only way to sign in to your account."),
            fix=_("Set a password, a passkey or a phone number first."),
        )
    identity.delete()


def _other_ways(account: Account, besides: SocialAccount) -> bool:
    """A password, a passkey, a code by phone or e-mail, or another identity of this upstream."""
    others = SocialAccount.objects.filter(user=account, provider=upstream_in_force().issuer)
    return (
        account.has_usable_password()
        or Authenticator.objects.filter(user=account, type="webauthn").exists()
        or AccountPhone.objects.filter(account=account, verified=True).exists()
        or EmailAddress.objects.filter(user=account, verified=True).exists()
        or others.exclude(pk=besides.pk).exists()
    )
