"""Asking witnesses to sign what was published, and keeping what they sign."""

from __future__ import annotations

import base64
import logging
from datetime import UTC, datetime
from pathlib import Path

import requests
from django.conf import settings

from tongban.base.note_keys import cosigned_at
from tongban.base.notes import NoteError, Signature, open_note
from tongban.ledger.models import Checkpoint, Cosignature
from tongban.ledger.policies import Policy, PolicyError, Witness, parse_policy
from tongban.ledger.publishing import latest_published
from tongban.ledger.selectors import consistency_of
from tongban.ledger.witness import SIZE_TYPE

log = logging.getLogger(__name__)
SECONDS_TO_ANSWER = 10
ANSWER_MOST = 64 * 1024


class WitnessRefused(Exception):
    """A witness did not sign; the message says why."""


def policy() -> Policy:
    """The witnesses of this installation (`TONGBAN_LEDGER_POLICY`). Raises PolicyError."""
    path: Path | None = settings.TONGBAN_LEDGER_POLICY
    if path is None or not path.exists():
        return Policy()
    try:
        return parse_policy(path.read_text(encoding="utf-8"))
    except (PolicyError, UnicodeDecodeError) as problem:
        raise PolicyError(f"{path}: {problem}") from None


def ask_witnesses() -> int:
    """Have the latest checkpoint signed by every witness that has not yet; returns how many did.

    A witness that does not answer is tried again at the next call; its failure is logged.
    """
    latest = latest_published()
    if latest is None:
        return 0
    have = set(latest.cosignatures.values_list("witness", "key_id"))
    signed = 0
    for witness in policy().witnesses.values():
        key = (witness.verifier.name, witness.verifier.key_id.hex())
        if witness.url is None or key in have:
            continue
        try:
            signed += _ask(witness, latest)
        except (WitnessRefused, requests.RequestException) as problem:
            log.warning("the witness %s did not sign: %s", witness.name, problem)
    return signed


def _ask(witness: Witness, latest: Checkpoint) -> int:
    known = Cosignature.objects.filter(
        witness=witness.verifier.name, key_id=witness.verifier.key_id.hex()
    )
    old = known.order_by("-checkpoint_id").values_list("checkpoint_id", flat=True).first() or 0
    answer = _send(witness, latest, old)
    if answer.status_code == 409:
        answer = _send(witness, latest, _size_at_witness(answer, latest))
    if answer.status_code != 200:
        raise WitnessRefused(f"{answer.status_code}: {answer.text[:200].strip()}")
    return _keep(witness, latest, answer.text)


def _send(witness: Witness, latest: Checkpoint, old: int) -> requests.Response:
    proof = consistency_of(old, latest.size)
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return requests.post(
        f"{witness.url}/add-checkpoint",
        data=f"old {old}\n{lines}\n{latest.note}".encode(),
        timeout=SECONDS_TO_ANSWER,
        allow_redirects=False,
    )


def _size_at_witness(answer: requests.Response, latest: Checkpoint) -> int:
    said = answer.text.strip()
    if not answer.headers.get("Content-Type", "").startswith(SIZE_TYPE) or not said.isdecimal():
        raise WitnessRefused("it names no size that it signed last")
    if int(said) > latest.size:
        raise WitnessRefused(
            f"it signed {said} entries of this log, which has {latest.size}: was an older backup"
            " restored?"
        )
    return int(said)


def _keep(witness: Witness, latest: Checkpoint, lines: str) -> int:
    if len(lines) > ANSWER_MOST:
        raise WitnessRefused("its answer is too long")
    text = latest.note.rpartition("\n\n")[0] + "\n"
    try:
        _text, signatures = open_note(f"{text}\n{lines}", [witness.verifier])
    except NoteError as problem:
        raise WitnessRefused(f"its signature does not hold: {problem}") from None
    return sum(_stored(latest, one) for one in signatures)


def _stored(latest: Checkpoint, signature: Signature) -> bool:
    _row, new = Cosignature.objects.get_or_create(
        checkpoint=latest,
        witness=signature.name,
        key_id=signature.key_id.hex(),
        defaults={
            "line": signature.line,
            "at": datetime.fromtimestamp(cosigned_at(signature.data), UTC),
        },
    )
    return new
