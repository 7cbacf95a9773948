"""What the commands do that look at a log from outside: no Django, no database."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from tongban.base.merkle import ProofError
from tongban.base.note_keys import WITNESS_SIGNERS, NoteVerifier, new_secret, verifier_of
from tongban.base.notes import NoteError
from tongban.base.private_files import written_once
from tongban.ledger import auditing
from tongban.ledger.auditing import AuditProblem, Seen
from tongban.ledger.policies import Policy, PolicyError, parse_policy
from tongban.ledger.receipts import Checked, ReceiptError, check_receipt, parse_receipt
from tongban.ledger.remote import RemoteLog
from tongban.ledger.witness import Witness, WitnessSigner, server
from tongban.web.cli import end_progress, print_json
from tongban.web.cli_ledger import home, read_json

Progress = Callable[[int, str], None]
CHECKPOINT_BYTES_MOST = 1_000_000


def verifiers_of(vkeys: Sequence[str]) -> list[NoteVerifier]:
    """The keys that a person gave. Raises ClickException."""
    try:
        return [verifier_of(vkey) for vkey in vkeys]
    except NoteError as problem:
        raise click.UsageError(str(problem)) from None


# Receipts


def verify_receipt_command(
    file: Path,
    *,
    checkpoint_file: Path | None,
    consistency_file: Path | None,
    policy_file: Path | None,
    vkeys: Sequence[str],
    as_json: bool,
) -> None:
    """Check a receipt and say what it shows."""
    policy = _policy(policy_file)
    keys = [*verifiers_of(vkeys), *policy.logs]
    keys += [one.verifier for one in policy.witnesses.values()]
    try:
        checked = check_receipt(
            parse_receipt(file.read_bytes()),
            keys=keys,
            checkpoint=_text(checkpoint_file) if checkpoint_file else None,
            consistency=_hashes(consistency_file) if consistency_file else None,
        )
        cosigned = [one for one in keys if _signed(checked, one)]
        if not policy.is_met([one.vkey for one in cosigned]):
            raise ReceiptError("witnesses", "fewer witnesses signed than the policy asks for")
    except ReceiptError as problem:
        if as_json:
            print_json({"ok": False, "step": problem.step, "reason": str(problem)})
        else:
            click.echo(f"NOT ok ({problem.step}): {problem}", err=True)
        sys.exit(1)
    _say(checked, as_json=as_json)


def _signed(checked: Checked, key: NoteVerifier) -> bool:
    return any((one.name, one.key_id) == (key.name, key.key_id.hex()) for one in checked.signatures)


def _policy(file: Path | None) -> Policy:
    if file is None:
        return Policy()
    try:
        return parse_policy(_text(file))
    except PolicyError as problem:
        raise click.ClickException(f"{file}: {problem}") from None


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
        if len(content) > CHECKPOINT_BYTES_MOST:
            raise click.ClickException(f"{file} is too long")
        return content.decode()
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not text") from None


def _hashes(file: Path) -> list[bytes]:
    try:
        return [base64.b64decode(line, validate=True) for line in _text(file).split()]
    except ValueError:
        raise click.ClickException(f"{file} is not a list of hashes in base64") from None


def _say(checked: Checked, *, as_json: bool) -> None:
    signatures = [
        {
            "name": one.name,
            "key_id": one.key_id,
            "at": one.at.isoformat() if one.at else None,
            "trusted": one.trusted,
        }
        for one in checked.signatures
    ]
    if as_json:
        print_json(
            {
                "ok": True,
                "trusted": checked.trusted,
                "entry": checked.index,
                "leaf": vars(checked.leaf),
                "payload": checked.payload,
                "log": checked.checkpoint.origin,
                "size": checked.checkpoint.size,
                "root": checked.checkpoint.root.hex(),
                "signatures": signatures,
            }
        )
        return
    leaf, said = checked.leaf, checked.checkpoint
    click.echo(f"ok: entry {checked.index} of {said.origin}, a log of {said.size} entries")
    click.echo(f"  act {leaf.act} at {leaf.at}, organ {leaf.organ or '-'}, item {leaf.item or '-'}")
    if checked.payload is None:
        click.echo("  the receipt holds no opening: what was done stays behind the commitment")
    else:
        click.echo(f"  payload {json.dumps(checked.payload, ensure_ascii=False)}")
    for one in checked.signatures:
        when = f", witness at {one.at:%Y-%m-%d %H:%M:%S} UTC" if one.at else ""
        click.echo(f"  signed by {one.name} ({one.key_id}){when}")
    if not checked.trusted:
        click.echo(
            "  The key was taken from the receipt itself. Compare it with the one that the"
            " government publishes elsewhere, or give that one with --key.",
            err=True,
        )


# Audit and monitor


def audit_command(
    url: str,
    *,
    vkeys: Sequence[str],
    witnesses: Sequence[str],
    state: Path | None,
    entries: bool,
    as_json: bool,
    progress: Progress,
) -> None:
    """One look at a remote log; what it said is remembered in the state folder."""
    folder = state or home() / "audit"
    record = folder / f"{sha256(url.rstrip('/').encode()).hexdigest()[:16]}.json"
    asked = [_asked(one) for one in witnesses]
    given = verifiers_of(vkeys)
    try:
        seen, source = Seen.read(record), RemoteLog(url)
        seen.vkeys += [one.vkey for one in given if one.vkey not in seen.vkeys]
        report = auditing.audit(
            source, seen, entries=entries, progress=lambda done: progress(done, "entries")
        )
        findings = list(report.findings)
        for key, address in asked:
            path = f"{sha256(report.checkpoint.origin.encode()).hexdigest()}/checkpoint"
            note = RemoteLog(address).get(path).decode("utf-8", "replace")
            found = auditing.compare_with_witness(source, report.checkpoint, report.note, note, key)
            findings += [found] if found else []
    except AuditProblem as problem:
        end_progress()
        raise click.ClickException(str(problem)) from None
    end_progress()
    kept = [str(auditing.evidence(folder, one)) for one in findings]
    if not findings:
        seen.write(record)
    said = report.checkpoint
    if as_json:
        print_json(
            {
                "ok": not findings,
                "log": said.origin,
                "size": said.size,
                "root": said.root.hex(),
                "before": report.before,
                "entries_checked": report.entries,
                "pinned": list(report.pinned),
                "witnesses": [key.name for key, _address in asked],
                "findings": [
                    {"kind": one.kind, "detail": one.detail, "evidence": path}
                    for one, path in zip(findings, kept, strict=True)
                ],
            }
        )
    else:
        _say_audit(report, findings, kept)
    if findings:
        sys.exit(1)


def follow(look: Callable[[], None], seconds: int) -> None:
    """Look until a finding ends it, or somebody does; a log that is away is asked again."""
    while True:
        try:
            look()
        except click.ClickException as problem:
            click.echo(f"not checked: {problem.message}", err=True)
        try:
            time.sleep(seconds)
        except KeyboardInterrupt:
            return


def _asked(text: str) -> tuple[NoteVerifier, str]:
    vkey, _equals, address = text.rpartition("=http")
    if not vkey:
        raise click.UsageError("--witness is VKEY=URL, the URL with http:// or https://")
    (key,) = verifiers_of([vkey])
    return key, f"http{address}"


def _say_audit(
    report: auditing.Report, findings: Sequence[auditing.Finding], kept: Sequence[str]
) -> None:
    said = report.checkpoint
    for vkey in report.pinned:
        click.echo(f"trusted from now on: {vkey}")
    for one, path in zip(findings, kept, strict=True):
        click.echo(f"NOT ok ({one.kind}): {one.detail}\n  proof kept in {path}", err=True)
    if findings:
        return
    since = "seen for the first time" if report.before is None else f"extends {report.before}"
    checked = f", {report.entries} entries hashed" if report.entries else ""
    click.echo(f"ok: {said.origin} has {said.size} entries, {since}{checked}")


def monitor_command(
    url: str, files: Sequence[Path], *, vkeys: Sequence[str], as_json: bool, progress: Progress
) -> None:
    """List the acts that one's own receipts lead to; exit 1 when one of them is not in the log."""
    receipts, references = _own(files)
    try:
        checked = [check_receipt(one, keys=verifiers_of(vkeys)) for one in receipts]
        references |= {one.leaf.case for one in checked if one.leaf.case}
        source = RemoteLog(url)
        report = auditing.audit(
            source, Seen(vkeys=list(vkeys)), entries=False, progress=lambda done: None
        )
        acts, missing = auditing.monitor(
            source,
            report.checkpoint,
            references=references,
            commitments={one.leaf.commitment for one in checked},
            progress=lambda done: progress(done, "entries"),
        )
    except ReceiptError as problem:
        raise click.ClickException(f"a receipt does not hold ({problem.step}): {problem}") from None
    except (AuditProblem, ProofError) as problem:
        end_progress()
        raise click.ClickException(str(problem)) from None
    end_progress()
    rows = [{"entry": one.place, **vars(one.leaf), "held": one.held} for one in acts]
    if as_json:
        print_json({"ok": not missing, "acts": rows, "missing": sorted(missing)})
    else:
        for row in rows:
            mark = "you hold its opening" if row["held"] else "NO OPENING: ask for its receipt"
            click.echo(f"{row['entry']:>9}  {row['at']}  {row['act']:34} {mark}")
        click.echo(f"{len(rows)} acts carry your identity; {len(missing)} of yours are missing")
    if missing:
        sys.exit(1)


def _own(files: Sequence[Path]) -> tuple[list[dict[str, object]], set[str]]:
    receipts: list[dict[str, object]] = []
    references: set[str] = set()
    for file in files:
        document = read_json(file)
        if isinstance(document, dict) and document.get("format") == "tongban-receipts/1":
            many, own = document.get("receipts", []), document.get("references", [])
            if not isinstance(many, list) or not isinstance(own, list):
                raise click.ClickException(f"{file}: receipts and references are lists")
            references |= {str(one) for one in own}
        else:
            many = [document]
        try:
            receipts += [parse_receipt(json.dumps(one).encode()) for one in many]
        except ReceiptError as problem:
            raise click.ClickException(f"{file}: {problem}") from None
    return receipts, references


# Witness


def _now() -> int:
    return int(time.time())


def witness_key_command(name: str, file: Path, kind: str) -> None:
    """Make a witness's key file, once."""
    secret = new_secret()
    try:
        signer = WITNESS_SIGNERS[kind](name, secret, _now)
    except NoteError as problem:
        raise click.UsageError(str(problem)) from None
    document = {"name": name, "kind": kind, "secret": base64.b64encode(secret).decode()}
    if not written_once(file, json.dumps(document, indent=1).encode()):
        raise click.ClickException(f"{file} is there already; a key is made once")
    click.echo(signer.verifier().vkey)


def _witness_signer(file: Path) -> WitnessSigner:
    document: Any = read_json(file)
    try:
        secret = base64.b64decode(document["secret"])
        return WITNESS_SIGNERS[document["kind"]](document["name"], secret, _now)
    except (KeyError, TypeError, ValueError):
        raise click.ClickException(f"{file} is not a witness's key file") from None


def witness_run_command(
    *, logs: Sequence[str], key_files: Sequence[Path], state: Path, host: str, port: int
) -> None:
    """Serve until interrupted."""
    signers = [_witness_signer(file) for file in key_files]
    witness = Witness(signers, verifiers_of(logs), state)
    try:
        serving = server(witness, host, port, log_requests=True)
    except OSError as problem:
        raise click.ClickException(f"can't listen on {host}:{port}: {problem.strerror}") from None
    click.echo(f"witness on http://{host}:{serving.server_address[1]}, state in {state}")
    for signer in signers:
        click.echo(f"  {signer.verifier().vkey}")
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped")
    finally:
        serving.server_close()
