"""`tongban openid …`: what the commands do and print once Django is set up."""

from __future__ import annotations

from datetime import timedelta

import click
from oauth2_provider.models import Grant, RefreshToken, clear_expired
from oauth2_provider.settings import oauth2_settings

from tongban.base.clocks import utc_now
from tongban.directory.models import ConnectedSystem, SystemSignIn
from tongban.directory.openid_keys import rotate_key
from tongban.directory.services.systems import register_system
from tongban.web.cli import print_json


def register_command(*, as_json: bool, **said: object) -> None:
    system, secret = register_system(**said, at=utc_now())  # type: ignore[arg-type]
    if as_json:
        print_json({**_described(system), "client_secret": secret})
        return
    click.echo(f"client id      {system.client_id}")
    click.echo(f"client secret  {secret}")
    click.echo("Write the secret down now: it is not kept, and can't be shown again.", err=True)


def clients_command(*, as_json: bool) -> None:
    systems = list(ConnectedSystem.objects.order_by("created"))
    if as_json:
        print_json([_described(system) for system in systems])
        return
    for system in systems:
        click.echo(
            f"{system.client_id}  {system.name}\n  {system.scopes}\n  {system.redirect_uris}"
        )
    if not systems:
        click.echo("No system is registered; `tongban openid register --help` says how.")


def _described(system: ConnectedSystem) -> dict[str, object]:
    return {
        "client_id": system.client_id,
        "name": system.name,
        "redirect_uris": system.redirect_uris.split(),
        "logout_uris": system.post_logout_redirect_uris.split(),
        "scopes": system.scopes.split(),
        "full_id_number": system.full_id_number,
        "staff_only": system.staff_only,
    }


def rotate_key_command(*, as_json: bool) -> None:
    active, older = rotate_key()
    if as_json:
        print_json({"active": active, "older": older})
        return
    click.echo(f"signing with  {active}")
    for key in older:
        click.echo(f"published     {key}")


def clean_command() -> None:
    """Revoked refresh tokens are kept as long as their reuse can tell of a theft."""
    clear_expired()
    oldest = utc_now() - timedelta(seconds=oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS)
    alive = RefreshToken.objects.values("token_family")
    ended = SystemSignIn.objects.filter(begun_at__lt=oldest).exclude(family__in=alive)
    count, _each = ended.delete()
    click.echo(f"{count} sign-ins deleted; {Grant.objects.count()} codes wait to be used")
