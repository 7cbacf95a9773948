"""Ways out of the account: each finds its addresses and sends one message. Nothing here decides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage

from tongban.directory.messages.kinds import Channel
from tongban.directory.messengers import Messenger, messenger, mini_program
from tongban.directory.models import Account, AccountPhone
from tongban.directory.openid_keys import pairwise_subject


@dataclass(frozen=True)
class Outgoing:
    """What leaves the account: that there is something, never what. `reference` is the same each
    time it is tried.
    """

    reference: str
    title: str
    text: str


class Way(Protocol):
    """A way out. `send` raises any error when it can't; what is sent twice carries one reference."""

    def addresses(self, accounts: Collection[int]) -> dict[int, str]: ...

    def send(self, address: str, outgoing: Outgoing) -> None: ...


class EmailWay:
    """Django's e-mail backend, to verified addresses; the primary one first."""

    def addresses(self, accounts: Collection[int]) -> dict[int, str]:
        found = EmailAddress.objects.filter(user__in=accounts, verified=True)
        return dict(found.order_by("primary", "pk").values_list("user_id", "email"))

    def send(self, address: str, outgoing: Outgoing) -> None:
        host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
        EmailMessage(
            subject=outgoing.title,
            body=outgoing.text,
            to=[address],
            # RFC 3834: nobody's holiday note answers; RFC 5322: a second try is the same mail.
            headers={
                "Message-ID": f"<{outgoing.reference}@{host}>",
                "Auto-Submitted": "auto-generated",
            },
        ).send()


class TextWay:
    """Text messages to the verified phone of the account."""

    def __init__(self, sender: Messenger) -> None:
        self.sender = sender

    def addresses(self, accounts: Collection[int]) -> dict[int, str]:
        phones = AccountPhone.objects.filter(account__in=accounts, verified=True)
        return {one.account_id: one.phone for one in phones}

    def send(self, address: str, outgoing: Outgoing) -> None:
        self.sender.send(address, outgoing.text, reference=outgoing.reference)


class MiniProgramWay:
    """A mini-program's gateway, which knows people by a name that is good for nothing else."""

    def __init__(self, sender: Messenger) -> None:
        self.sender = sender

    def addresses(self, accounts: Collection[int]) -> dict[int, str]:
        rows = Account.objects.filter(pk__in=accounts, is_active=True)
        return {key: mini_program_name(ref) for key, ref in rows.values_list("pk", "ledger_ref")}

    def send(self, address: str, outgoing: Outgoing) -> None:
        self.sender.send(address, outgoing.text, reference=outgoing.reference)


def mini_program_name(ledger_ref: str) -> str:
    """Under which the mini-program knows an account: shown to the person, who enters it there."""
    return pairwise_subject(ledger_ref, "mini-program")


def ways() -> dict[Channel, Way]:
    """The ways that are in force here."""
    found: dict[Channel, Way] = {Channel.EMAIL: EmailWay(), Channel.TEXT: TextWay(messenger())}
    program = mini_program()
    if program is not None:
        found[Channel.MINI_PROGRAM] = MiniProgramWay(program)
    return found
