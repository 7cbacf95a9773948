"""What the private payload of each kind of act holds: one table, checked when an entry is written.

A payload is what a court will read: the same parts every time, of the same type. `docs/acts.md` is
written from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from tongban.ledger import acts


class Part(NamedTuple):
    """A part of a payload: its JSON type, what it means, and whether it may be missing."""

    kind: type
    meaning: str
    optional: bool = False


def _text(meaning: str) -> Part:
    return Part(str, meaning)


def _maybe(part: Part) -> Part:
    return part._replace(optional=True)


Schema = Mapping[str, Part]

BY: Final = _text("account of the official")
ACCOUNT: Final = _text("account of the person")
PERSON: Final = _text("resident ID number")
REASON: Final = _text("reason, as it was given")
NUMBER: Final = _text("case number")
VKEY: Final = _text("verifier key, as in a signed note")
SHA256: Final = _text("SHA-256 of the file, hexadecimal")
READ: Final = Part(int, "rows read")
CREATED: Final = Part(int, "rows that are new")
UPDATED: Final = Part(int, "rows that changed")

# The key of a notice is random and stands on its page: the entry proves when it was there to read.
NOTICES: Final = Part(list, "keys of the notices put into accounts with the act", optional=True)

_HANDED_IN: Final = {
    "number": NUMBER,
    "applicant": _text("resident ID number or credit code of the applicant"),
    "by": ACCOUNT,
    "answers": Part(dict, "the form as it was filled in"),
    "files": Part(list, "material, name, size and SHA-256 of each file"),
    "notices": NOTICES,
}
_STEP: Final = {
    "number": NUMBER,
    "act": _text("the step, as in the table of acts"),
    "by": _text("account of who did it; empty for the system"),
    "reasons": _text("reasons, as they were given"),
    "said": Part(dict, "days, grounds and limits that the step fixes"),
    "notices": NOTICES,
}
_APPOINTMENT: Final = {
    "code": _text("code of the booking"),
    "office": _text("address of the office"),
    "begins_at": _text("when, ISO 8601"),
    "by": _text("account of who did it; empty for the system"),
    "notices": NOTICES,
}
_BUNDLE: Final = {"number": _text("number of the bundle as handed in")}
_PROCEDURE_STEP: Final = {
    "number": NUMBER,
    "step": _text("id of the step in the procedure"),
    "name": _text("name of the step"),
    "by": BY,
    "said": _text("opinion or reasons, as they were given"),
    "version": Part(int, "version of the procedure"),
    "over": Part(bool, "whether the procedure has come to its end with it"),
}
_PROPOSAL: Final = {"revision": Part(int, "how often it was saved"), "by": BY}
_SYSTEM_READS: Final = {
    "account": ACCOUNT,
    "system": _text("client id of the system"),
    "scopes": Part(list, "scopes that were given"),
}

PAYLOADS: Final[Mapping[str, Schema]] = {
    acts.CASE_SUBMITTED: {
        **_HANDED_IN,
        "to_follow": _maybe(Part(list, "papers that the applicant promised to hand in later")),
        "commitment": _maybe(_text("the commitment, as it was shown")),
        "office": _maybe(_text("address of the office at whose counter it was filled in")),
        "consent": _maybe(_text("how consent was given")),
    },
    acts.CASE_CORRECTED: _HANDED_IN | _STEP,
    acts.CASE_CORRECTION_REQUESTED: {
        **_STEP,
        "annotations": _maybe(Part(list, "notes on pages: file, page, place in thousandths, text")),
    },
    acts.CASE_ACCEPTED: _STEP,
    acts.CASE_REFUSED: _STEP,
    acts.CASE_DECIDED: _STEP,
    **dict.fromkeys(
        (
            acts.CASE_DUE_RECOMPUTED,
            acts.CASE_ACCEPTED_BY_SILENCE,
            acts.CASE_EXTENDED,
            acts.CASE_PAUSED,
            acts.CASE_RESUMED,
            acts.CASE_WAIT_BEGUN,
            acts.CASE_WAIT_ENDED,
            acts.CASE_DELIVERED,
            acts.CASE_WITHDRAWN,
            acts.CASE_LAPSED,
            acts.CASE_TERMINATED,
            acts.CASE_REVOKED,
            acts.COMMITMENT_RETRACTED,
            acts.COMMITMENT_CONFIRMED,
            acts.COMMITMENT_REPAIR_ORDERED,
        ),
        _STEP,
    ),
    acts.CASE_SUPPLIED: {**_STEP, "files": Part(list, "material, name and SHA-256 of each file")},
    **dict.fromkeys(
        (
            acts.APPOINTMENT_BOOKED,
            acts.APPOINTMENT_CHANGED,
            acts.APPOINTMENT_CANCELLED,
            acts.APPOINTMENT_CHECKED_IN,
            acts.APPOINTMENT_MISSED,
        ),
        _APPOINTMENT,
    ),
    acts.CASE_VIEWED: {"number": NUMBER, "by": BY},
    acts.MATERIAL_VERIFIED: {
        "number": NUMBER,
        "by": BY,
        "material": _text("key of the material in the guide"),
        "sha256": SHA256,
    },
    acts.MATERIAL_SCANNED: {
        "number": NUMBER,
        "by": BY,
        "material": _text("key of the material in the guide"),
        "name": _text("name of the file"),
        "sha256": SHA256,
        "replaces": _text("SHA-256 of the file whose place it takes, hexadecimal"),
    },
    acts.DATA_REVEALED: {"number": NUMBER, "by": BY, "reason": REASON},
    acts.CASE_HANDED_OVER: {
        "number": NUMBER,
        "by": BY,
        "from": _text("account that had the case; empty for nobody"),
        "to": _text("account that has it now"),
        "reason": REASON,
    },
    acts.COUNTER_SERVICE_BEGUN: {
        "person": PERSON,
        "by": BY,
        "office": _text("address of the office"),
        "item": _text("code of the item"),
        "consent": _text("how consent was given"),
    },
    acts.PAPERS_SENT: {
        "number": NUMBER,
        "list": _text("code of the handover list"),
        "by": BY,
        "papers": Part(list, "what, and how many of it"),
    },
    acts.PAPERS_RECEIVED: {
        "number": NUMBER,
        "list": _text("code of the handover list"),
        "by": BY,
        "missing": Part(list, "papers that did not arrive"),
        "remark": _text("remark of the receiver"),
    },
    acts.CASE_REPORTED: {
        "system": _text("client id of the system"),
        "source_number": _text("number of the case in that system"),
        "state": _text("state, as it was reported"),
        "sha256": _text("SHA-256 of the reported row, as it was read"),
        "applicant": _text("document number of the applicant; empty when it was not reported"),
    },
    acts.CASES_EXPORTED: {
        "region": _text("code of the region; empty for all"),
        "organ": _text("code of the organ; empty for all"),
        "count": Part(int, "cases that were written"),
        "purpose": _text("what for, as it was given"),
    },
    acts.REPORTING_ALLOWED: {
        "system": _text("client id of the system"),
        "organ": _text("code of the organ"),
        "allowed": Part(bool, "whether it may report now"),
    },
    acts.EMERGENCY_ASKED: {"number": NUMBER, "by": BY, "reason": REASON},
    acts.EMERGENCY_ALLOWED: {
        "number": NUMBER,
        "by": BY,
        "reader": _text("account that may read"),
        "reason": REASON,
    },
    acts.IDENTITY_VERIFIED: {
        "person": PERSON,
        "account": _maybe(ACCOUNT),
        "source": _maybe(_text("who vouches for the identity")),
        "by": _maybe(BY),
        "in_person": _maybe(Part(bool, "whether the card was seen at a counter")),
    },
    acts.DELEGATION_GRANTED: {
        "delegation": _text("key of the delegation"),
        "kind": _text("kind of delegation"),
        "principal": _text("resident ID number or credit code of who is acted for"),
        "agent": _text("resident ID number of who acts"),
        "items": Part(list, "codes of the items"),
        "until": _text("last day, ISO 8601"),
        "consent": _text("how consent was given"),
        "by": ACCOUNT,
    },
    acts.DELEGATION_REVOKED: {"delegation": _text("key of the delegation"), "by": ACCOUNT},
    acts.POST_GIVEN: {
        "by": BY,
        "to": _text("account that holds the post"),
        "role": _text("role of the post"),
    },
    acts.POST_TAKEN: {
        "by": BY,
        "from": _text("account that held the post"),
        "role": _text("role of the post"),
    },
    acts.SUBSTITUTE_NAMED: {
        "by": BY,
        "absent": _text("account of who is away"),
        "substitute": _text("account of the substitute"),
        "from": _text("first day, ISO 8601"),
        "to": _text("last day, ISO 8601"),
    },
    acts.SUBSTITUTE_ENDED: {"by": BY, "substitute": _text("account of the substitute")},
    acts.CORRECTION_ASKED: {
        "person": PERSON,
        "field": _text("what is to be corrected"),
        "request": Part(int, "number of the request"),
    },
    acts.CORRECTION_ANSWERED: {
        "request": Part(int, "number of the request"),
        "granted": Part(bool, "whether it was corrected"),
        "by": BY,
        "answer": _text("answer to the person"),
    },
    acts.DATA_EXPORTED: {"account": ACCOUNT},
    acts.ACCOUNT_CLOSED: {"account": ACCOUNT},
    acts.LEDGER_KEY_ANNOUNCED: {"vkey": VKEY, "kind": _text("type of the signature")},
    acts.LEDGER_KEY_RETIRED: {"vkey": VKEY, "reason": REASON},
    acts.LEDGER_RESUMED: {
        "reason": REASON,
        "by": BY,
        "lost_checkpoint": _text("the published checkpoint that the database lacks"),
        "kept_size": Part(int, "entries under the newest checkpoint that was kept"),
    },
    acts.LEDGER_ERASED: {
        "entry": Part(int, "place of the entry in the log"),
        "order": _text("the legal order, by its number"),
        "reason": REASON,
        "by": BY,
    },
    acts.KEY_MADE: {"key": _text("id of the data key"), "algorithm": _text("cipher")},
    acts.KEY_RETIRED: {"keys": Part(list, "ids of the data keys")},
    acts.RETENTION_APPLIED: {
        "kind": _text("kind of data"),
        "deed": _text("what was done"),
        "due": Part(int, "how many were due"),
        "kept_from": _text("what is younger than this day was kept, ISO 8601"),
    },
    acts.CALENDAR_LOADED: {
        "source": _text("the notice"),
        "years": Part(list, "years that it covers"),
    },
    acts.REGIONS_LOADED: {
        "sha256": SHA256,
        "read": READ,
        "created": CREATED,
        "updated": UPDATED,
    },
    acts.DEMONSTRATION_LOADED: {"accounts": Part(int, "accounts that were made")},
    acts.DATA_CONSENTED: _SYSTEM_READS,
    acts.CONSENT_WITHDRAWN: _SYSTEM_READS,
    acts.TOKEN_ISSUED: _SYSTEM_READS,
    acts.DATA_HANDED_OUT: _SYSTEM_READS,
    acts.SYSTEM_REGISTERED: {
        "system": _text("client id of the system"),
        "name": _text("name of the system"),
        "scopes": Part(list, "scopes that it may ask for"),
        "full_id_number": Part(bool, "whether it may read whole ID numbers"),
    },
    acts.ITEMS_LOADED: {
        "sha256": SHA256,
        "source": _text("where the list comes from"),
        "read": READ,
        "created": CREATED,
        "updated": UPDATED,
        "problems": Part(int, "rows with a problem"),
    },
    acts.BASIC_PUBLISHED: {
        "code": _text("code of the basic item"),
        "version": Part(int, "version of the basic item"),
        "document": Part(dict, "the basic item"),
    },
    acts.BUNDLE_PUBLISHED: {
        "slug": _text("address of the bundle"),
        "version": Part(int, "version of the bundle"),
        "document": Part(dict, "the bundle"),
    },
    acts.BUNDLE_SENT: {
        **_BUNDLE,
        "slug": _text("address of the bundle"),
        "version": Part(int, "version of the bundle"),
        "by": ACCOUNT,
        "parts": Part(list, "key, item, case number and what it waits for, of each part"),
    },
    acts.BUNDLE_PART_DROPPED: {
        **_BUNDLE,
        "part": _text("key of the part"),
        "by": _text("account of who gave it up; empty for the system"),
        "reason": _text("why, as a code"),
    },
    acts.BUNDLE_FINISHED: {
        **_BUNDLE,
        "parts": Part(list, "key, case number and result of each part"),
    },
    acts.ASSESSMENT_KEPT: {
        "run": _text("code of the run"),
        "framework_sha256": SHA256,
        "inputs_sha256": _text("SHA-256 of the figures that it was computed from, hexadecimal"),
        "results_sha256": _text("SHA-256 of the results, hexadecimal"),
        "by": _text("account of who kept it; empty for the command line"),
    },
    acts.ASSESSMENT_PUBLISHED: {
        "run": _text("code of the run"),
        "results_sha256": _text("SHA-256 of the results, hexadecimal"),
        "by": BY,
    },
    acts.FRAMEWORK_PUBLISHED: {
        "framework": _text("name of the framework"),
        "sha256": SHA256,
        "author": _text("account of who wrote it"),
        "by": BY,
    },
    **dict.fromkeys((acts.GUIDE_SENT_TO_REVIEW, acts.GUIDE_APPROVED), _PROPOSAL),
    acts.GUIDE_RETURNED: {**_PROPOSAL, "reasons": REASON},
    acts.LINT_OVERRIDDEN: {
        "version": Part(int, "version of the guide"),
        "by": BY,
        "reason": REASON,
        "errors": Part(list, "codes and places of the findings"),
    },
    acts.GUIDE_WITHDRAWN: {
        "version": Part(int, "version of the guide"),
        "by": BY,
        "reasons": REASON,
    },
    acts.PROCEDURE_PUBLISHED: {
        "version": Part(int, "version of the procedure"),
        "author": _text("account of who drew it; empty for an operator"),
        "by": BY,
        "document": Part(dict, "the procedure"),
    },
    acts.PROCEDURE_WITHDRAWN: {
        "version": Part(int, "version of the procedure"),
        "by": BY,
        "reasons": REASON,
    },
    acts.STEP_DONE: {**_PROCEDURE_STEP, "chosen": _maybe(_text("id of the way that was chosen"))},
    acts.STEP_SIGNED: _PROCEDURE_STEP,
    acts.STEP_RETURNED: {**_PROCEDURE_STEP, "to": _text("id of the step that is open again")},
    acts.STEP_TIMED_OUT: {
        "number": NUMBER,
        "step": _text("id of the timer in the procedure"),
        "version": Part(int, "version of the procedure"),
        "over": Part(bool, "whether the procedure has come to its end with it"),
    },
    acts.GUIDE_PUBLISHED: {
        "slug": _text("address of the guide"),
        "version": Part(int, "version of the guide"),
        "document": Part(dict, "the guide"),
    },
}
# Payloads that everybody may read: they are about the log itself.
PUBLIC: Final = frozenset({acts.LEDGER_KEY_ANNOUNCED, acts.LEDGER_KEY_RETIRED, acts.LEDGER_RESUMED})


def check(act: str, payload: Mapping[str, object]) -> None:
    """Raises KeyError for an act that is not listed, TypeError for a payload of another shape."""
    schema = PAYLOADS[act]
    for name, value in payload.items():
        part = schema.get(name)
        if part is None:
            raise TypeError(f"the payload of {act} has no part {name!r}")
        # True is an int to Python, but not to who reads the payload.
        if not isinstance(value, part.kind) or (part.kind is int and isinstance(value, bool)):
            raise TypeError(
                f"{name!r} of {act} is {type(value).__name__}, not {part.kind.__name__}"
            )
    if len(payload) != len(schema):
        for name, part in schema.items():
            if name not in payload and not part.optional:
                raise TypeError(f"the payload of {act} lacks {name!r}")
