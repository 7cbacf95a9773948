"""Acts, payloads and failed checks in words, for pages and papers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.ledger.acts import ACTS
from tongban.ledger.payloads import PAYLOADS


def act_name(act: str) -> str:
    """What an act is called; a kind that is not known here, as it is written."""
    return str(ACTS.get(act, act)) or _("a line that can't be read")


@dataclass(frozen=True)
class PayloadRow:
    """A part of a payload: its meaning (or its key), and its text or its own parts."""

    label: str
    text: str = ""
    rows: tuple[PayloadRow, ...] = ()


# A receipt is read from strangers: nobody nests deeper than a form with its answers.
DEPTH_MOST = 8


def payload_rows(act: str, payload: Mapping[str, object]) -> tuple[PayloadRow, ...]:
    """The payload by the meanings of `payloads.PAYLOADS`; its values stay as they were written."""
    schema = PAYLOADS.get(act, {})
    return tuple(
        _row(_(schema[name].meaning) if name in schema else name, value)
        for name, value in payload.items()
    )


def _row(label: str, value: object, depth: int = 0) -> PayloadRow:
    if depth < DEPTH_MOST and isinstance(value, Mapping):
        rows = tuple(_row(str(name), inner, depth + 1) for name, inner in value.items())
        return PayloadRow(label, rows=rows) if rows else PayloadRow(label, "—")
    if depth < DEPTH_MOST and isinstance(value, list):
        rows = tuple(_row(str(at), inner, depth + 1) for at, inner in enumerate(value, start=1))
        return PayloadRow(label, rows=rows) if rows else PayloadRow(label, "—")
    return PayloadRow(label, in_words(value))


def in_words(value: object) -> str:
    """A value of a payload on one line."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, str):
        return value or "—"
    return json.dumps(value, ensure_ascii=False)


# What each check of a receipt asks, in order; `receipts.check_receipt` names them.
STEPS: Final = {
    "format": gettext_lazy("The file is a whole receipt"),
    "leaf": gettext_lazy("The public line of the act can be read"),
    "opening": gettext_lazy("The content is what the public line sealed"),
    "signature": gettext_lazy("A key of the log signed the checkpoint"),
    "inclusion": gettext_lazy("The act stands in the signed log"),
    "checkpoint": gettext_lazy("It is the same log as the one of this site"),
}
# What it means when a check fails, and what to do then.
FAILED: Final = {
    "format": gettext_lazy(
        "The file is no receipt, or a part of it is missing. Use the file as it was downloaded:"
        " opening and saving it in another program may change it."
    ),
    "leaf": gettext_lazy(
        "The public line was changed or cut. Download the receipt again and compare the two files."
    ),
    "opening": gettext_lazy(
        "The content, or the random number beside it, is not what was sealed when the act was done:"
        " even one changed letter shows. Trust nothing that the file says. Ask whoever gave it to"
        " you for the original, or download it again."
    ),
    "signature": gettext_lazy(
        "No key of the log signed what the file shows, so anybody may have made it. Download the"
        " receipt again; if it fails again, call 12345 and keep the file."
    ),
    "inclusion": gettext_lazy(
        "The signed log does not hold this act as the file tells it. Either the file was changed, or"
        " the act was never in the log. Download the receipt again; if it fails again, call 12345 and"
        " keep the file."
    ),
    "checkpoint": gettext_lazy(
        "The receipt was signed by a key of this log, but this site now shows a log that does not"
        " contain it. That must never happen. Keep the file: with the checkpoint of today it proves"
        " it to anybody. Call 12345, and tell the witnesses of the log."
    ),
}
STEP_OF: Final = {"proof": "format"}


def step_named(step: str) -> str:
    """The step of `STEPS` to which a check belongs."""
    return STEP_OF.get(step, step)
