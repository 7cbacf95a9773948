"""What is in force, and what is unsafe. Each check is a function that names what it finds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection

from tongban.base.clocks import utc_now
from tongban.base.permissions import RULES
from tongban.base.sealing import SealingError
from tongban.catalogue.search.index import exists
from tongban.directory import security_log
from tongban.directory.messages.sending import backlog
from tongban.directory.models import Account, CalendarYear, ConnectedSystem, Person
from tongban.directory.sign_in.passwords import FILE_NAME as BREACHED
from tongban.directory.sign_in.upstream.adapter import SECRET_FILE
from tongban.ledger.integrating import current_root, what_stops_the_ledger
from tongban.ledger.rotation import unfinished
from tongban.ledger.sealed import ring
from tongban.web.environment import Environment

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
VERIFIED_TLS = {"verify-ca", "verify-full"}


def facts() -> dict[str, object]:
    """What is in force."""
    environment = settings.ENVIRONMENT
    years = sorted(CalendarYear.objects.values_list("year", flat=True))
    return {
        "environment": environment.kind,
        "home": str(environment.home),
        "database": connection.vendor,
        "ledger_origin": environment.origin,
        "openid_issuer": environment.issuer or "the address that is asked",
        "connected_systems": ConnectedSystem.objects.count(),
        "upstream": environment.upstream.issuer if environment.upstream else "none",
        "ledger_entries": current_root()[0],
        "search_index": exists(),
        "calendar_years": f"{years[0]}-{years[-1]}" if years else "none",
        "demonstration_accounts": Account.objects.filter(demonstration=True).count(),
        "data_key": f"{ring().current.id} ({ring().current.algorithm})",
    }


def unsafe(*, as_production: bool) -> list[str]:
    """What must be mended. `as_production` asks all that a public installation needs."""
    environment = settings.ENVIRONMENT
    production = environment.production or as_production
    found = [*_files(environment, everything=production), *_data_keys(), *_ledger(), *_messages()]
    if environment.upstream and not (environment.keys / SECRET_FILE).exists():
        found.append(f"{environment.keys / SECRET_FILE} is missing; nobody can sign in there")
    if not environment.production and not set(environment.allowed_hosts) <= LOCAL_HOSTS:
        found.append("TONGBAN_HOSTS names a public host, but TONGBAN_ENV is development")
    if production:
        found += [*_environment(environment), *_outside(environment), *_people()]
    return found


def _files(environment: Environment, *, everything: bool) -> Iterator[str]:
    """Keys are for their owner alone; in production the whole data folder is."""
    held = [environment.keys, *environment.keys.glob("*")]
    if everything:
        held += [environment.home, Path(str(settings.DATABASES["default"]["NAME"]))]
    for path in held:
        if path.is_absolute() and path.exists() and path.stat().st_mode & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield f"{path} can be read by others; chmod {mode}"


def _data_keys() -> Iterator[str]:
    """The keys that are here open what is stored."""
    try:
        Person.objects.first()
    except SealingError as problem:
        yield f"the data keys don't open what is stored ({problem}); restore the right key file"


def _ledger() -> Iterator[str]:
    """Nothing keeps the ledger from going on."""
    if problem := what_stops_the_ledger():
        yield f"the ledger does not go on: {problem}"


def _messages() -> Iterator[str]:
    """What people should hear goes out."""
    held = backlog()
    if held.failed:
        yield f"{held.failed} messages were given up; see `tongban messages status`, then `retry`"
    if held.is_late(utc_now()):
        yield f"{held.unplanned + held.waiting} messages wait too long: is `tongban serve` running?"


def _environment(environment: Environment) -> Iterator[str]:
    if not environment.production:
        yield "TONGBAN_ENV is development; set it to production"
    if Account.objects.filter(demonstration=True).exists():
        yield "demonstration accounts are in the database (sign-in refuses them)"
    if environment.origin.startswith("tongban.example"):
        yield "TONGBAN_LEDGER_ORIGIN is the example; set it to this log's own address"
    if set(environment.allowed_hosts) <= LOCAL_HOSTS:
        yield "TONGBAN_HOSTS names only this machine; set the public host name"
    if "*" in environment.allowed_hosts:
        yield "TONGBAN_HOSTS allows every name; set the public host name"
    if ConnectedSystem.objects.exists() and not environment.issuer:
        yield "TONGBAN_ISSUER is not set; systems sign people in, set its public address"


def _outside(environment: Environment) -> Iterator[str]:
    """What stands around it: proxy, database, gateways."""
    if not environment.proxies:
        yield "TONGBAN_PROXIES is 0: without a proxy nothing speaks https; say how many stand in front"
    if not environment.client_rate:
        yield "TONGBAN_CLIENT_RATE is 0: one client can ask without end"
    url = urlsplit(environment.database_url)
    if url.hostname and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        mode = parse_qs(url.query).get("sslmode", [""])[0]
        if mode not in VERIFIED_TLS:
            yield "DATABASE_URL reaches another machine without sslmode=verify-full"
    if not environment.sms_url and not environment.mail_url:
        yield "neither TONGBAN_SMS_URL nor TONGBAN_MAIL_URL is set: codes and notices reach nobody"
    program = environment.mini_program_url
    if program and not program.startswith("https://"):
        yield "TONGBAN_MINI_PROGRAM_URL is not https: messages can be read on the way"
    if not environment.clamd:
        yield "TONGBAN_CLAMD is not set: uploads are not scanned for malware"
    if environment.sms_url and not environment.sms_url.startswith("https://"):
        yield "TONGBAN_SMS_URL is not https: codes can be read on the way"


def _people() -> Iterator[str]:
    """Who can do much must have a second factor before they try."""
    strong = {role for rule in RULES.values() if rule.second_factor for role in rule.roles}
    protected = Authenticator.objects.exclude(type="recovery_codes").values("user")
    bare = (
        Account.objects.filter(posts__role__in=strong, is_active=True, demonstration=False)
        .exclude(pk__in=protected)
        .distinct()
        .count()
    )
    if bare:
        yield f"{bare} accounts with posts that need a second factor have none"


def advice() -> list[str]:
    """What would be better otherwise, but is not unsafe."""
    environment = settings.ENVIRONMENT
    said = []
    if not (environment.home / BREACHED).exists():
        said.append(f"no {BREACHED}: only the 20,000 commonest passwords are refused")
    if unfinished():
        said.append("a change of data keys is not finished; run `tongban keys rotate`")
    alerts = security_log.alerts(utc_now())
    if alerts:
        said.append(f"{len(alerts)} alerts in the security log; see /work/security/")
    if os.geteuid() == 0:
        said.append("it runs as root; give it a user of its own")
    return said
