"""Handing in an application: the whole use case against the same rows by plain SQL.

Both end each application with one durable transaction (WAL, synchronous=FULL) on the same disk.
"""

from __future__ import annotations

import sqlite3
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from stdnum.cn import ric

from bench.timing import line, seconds_each
from tongban.cases.models import Case, CaseEvent, Draft, MaterialFile
from tongban.cases.services import submitting
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Message
from tongban.ledger.models import Entry

COUNT = 1_500
ITEM = "513A0011200068-511602000000-000-1151130000877869M-1-00"
ANSWERS = {
    "name": "李晓明",
    "id_number": "511602188002290018",
    "phone": "0826-2000101",
    "reason": "lost",
    "delivery": "collect",
    "address": "",
}
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def id_number(place: int) -> str:
    """A number of valid form, of a year in which nobody alive was born."""
    day = date(1850, 1, 1) + timedelta(days=place // 1000)
    body = f"511602{day:%Y%m%d}{place % 1000:03d}"
    return body + ric.calc_check_digit(body + "0")


def make_drafts(count: int) -> list[uuid.UUID]:
    """Complete drafts, each of an account of its own, since an account has one draft an item."""
    item = ServiceItem.objects.get(code=ITEM)
    guide = item.guides.get(effective_to=None)
    start = Account.objects.count()
    accounts = Account.objects.bulk_create(
        Account(username=f"bench-{start + number}") for number in range(count)
    )
    from tongban.directory.models import Person

    numbers = {account.pk: id_number(account.pk) for account in accounts}
    Person.objects.bulk_create(
        Person(account=account, name="示例", id_number=numbers[account.pk]) for account in accounts
    )
    persons = {person.account_id: person for person in Person.objects.filter(account__in=accounts)}
    drafts = Draft.objects.bulk_create(
        Draft(
            account=account,
            item=item,
            guide=guide,
            principal=persons[account.pk],
            key=uuid.uuid4(),
            answers=ANSWERS | {"id_number": numbers[account.pk]},
            updated_at=AT,
        )
        for account in accounts
    )
    MaterialFile.objects.bulk_create(
        MaterialFile(
            draft=draft,
            key=uuid.uuid4(),
            material="photo",
            name="照片.png",
            media_type="image/png",
            size=1,
            sha256="0" * 64,
            uploaded_at=AT,
        )
        for draft in drafts
    )
    return [draft.key for draft in drafts]


class PlainSql:
    """The rows that one `submit` writes, written again with fresh keys by sqlite3 alone."""

    def __init__(self, path: Path, drafts: list[uuid.UUID]) -> None:
        case = Case.objects.order_by("-id").first()
        event = CaseEvent.objects.get(case=case)
        entry = Entry.objects.get(case_ref=case.ledger_ref)
        message = Message.objects.order_by("-id").first()
        self.rows = {
            model._meta.db_table: self.row(model, one)
            for model, one in (
                (Case, case),
                (CaseEvent, event),
                (Message, message),
                (Entry, entry),
            )
        }
        self.drafts = dict(Draft.objects.filter(key__in=drafts).values_list("key", "id"))
        self.database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.database.execute(f"PRAGMA {pragma}")

    @staticmethod
    def row(model, one) -> dict[str, object]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {model._meta.db_table} WHERE id = %s", [one.pk])
            names = [column[0] for column in cursor.description]
            found = dict(zip(names, cursor.fetchone(), strict=True))
        del found["id"]
        return found

    def insert(self, table: str, **changes: object) -> int:
        row = self.rows[table] | changes
        marks = ", ".join("?" * len(row))
        done = self.database.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )
        return int(done.lastrowid or 0)

    def __call__(self, key: object) -> None:
        fresh = uuid.uuid4().hex
        draft = self.drafts[key]
        self.database.execute("BEGIN IMMEDIATE")
        case = self.insert(
            "cases_case",
            number=fresh,
            draft_key=fresh,
            ledger_ref=fresh,
        )
        self.insert("cases_caseevent", case_id=case)
        self.database.execute(
            "UPDATE cases_materialfile SET draft_id = NULL, case_id = ? WHERE draft_id = ?",
            [case, draft],
        )
        self.database.execute("DELETE FROM cases_draft WHERE id = ?", [draft])
        self.insert("directory_message", key=fresh)
        self.insert("ledger_entry", case_ref=fresh)
        self.database.execute("COMMIT")


def run() -> None:
    before = Case.objects.count()  # The demonstration's.
    keys = make_drafts(COUNT * 2 + 20)
    accounts = {
        draft.key: draft.account
        for draft in Draft.objects.select_related("account").filter(key__in=keys)
    }

    def service(key: object) -> None:
        assert isinstance(key, uuid.UUID)
        submitting.submit(accounts[key], key, at=AT)

    seconds_each(service, keys[:20])
    plain = PlainSql(settings.ENVIRONMENT.home / "tongban.sqlite3", keys[20 + COUNT :])
    ours, base = [], []
    for start in range(20, 20 + COUNT, 100):
        ours += seconds_each(service, keys[start : start + 100])
        base += seconds_each(plain, keys[start + COUNT : start + COUNT + 100])
    assert Case.objects.count() == before + 20 + COUNT * 2
    line("submit: checks, case, message, ledger", ours, "the same rows by plain SQL", base)
