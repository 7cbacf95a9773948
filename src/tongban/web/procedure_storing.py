"""What `tongban procedures import|export|publish` do with the database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tongban.cases.models import ItemProcedure
from tongban.cases.procedures.assigning import Doer, assigned
from tongban.cases.procedures.document import from_data
from tongban.cases.procedures.exporting import export_bpmn
from tongban.cases.procedures.model import Procedure
from tongban.cases.services import designing
from tongban.directory.models import Account


def account_named(username: str) -> Account:
    """The account of this name. Raises ClickException when there is none."""
    found = Account.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise click.ClickException(f"there is no account {username!r}")
    return found


def store_draft(
    procedure: Procedure, item: str, lanes: Mapping[str, Doer], by: str
) -> dict[str, Any]:
    """Keep an imported procedure as the item's draft; what it is now and what it still lacks."""
    actor = account_named(by) if by else None
    planned = assigned(procedure, lanes)
    kept = designing.store(actor, item, planned)
    return {
        "item": item,
        "version": kept.version,
        "state": kept.state,
        "not_ready": [
            {"element": one.element, "id": one.id, "name": one.name, "reason": one.reason}
            for one in designing.faults_of(planned)
        ],
    }


def export_to(item: str, version: int | None, out: Path | None) -> None:
    """Write a version as BPMN, by default the one in force. Raises ClickException without one."""
    versions = ItemProcedure.objects.filter(item__code=item)
    found = (
        versions.filter(state=ItemProcedure.State.PUBLISHED).first()
        if version is None
        else versions.filter(version=version).first()
    )
    if found is None:
        which = "procedure in force" if version is None else f"procedure of version {version}"
        raise click.ClickException(f"the item {item!r} has no {which}")
    content = export_bpmn(from_data(found.document))
    if out is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as problem:
        raise click.ClickException(f"{out} can't be written: {problem.strerror}") from None
    click.echo(f"Wrote {out}")


def publish(item: str, by: str) -> dict[str, Any]:
    """Put the draft of an item in force, by somebody who may and did not draw it."""
    done = designing.publish(account_named(by), item)
    return {"item": item, "version": done.version, "state": done.state}
