"""Columns that the database can't read: sealed on the way in, opened on the way out.

Rows are found by a blind index beside the sealed column. Here because every room above, and the
ledger's own payloads, are stored so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

from tongban.base.clocks import utc_now
from tongban.base.private_files import made_once, replaced
from tongban.base.sealing import INDEX_CHARACTERS, KeyRing, new_key

FILE_NAME = "data-keys.json"
# Another process that made a new key is noticed within this time; unknown keys are, at once.
LOOK_AGAIN_SECONDS = 1.0


class _Held(NamedTuple):
    ring: KeyRing
    stamp: tuple[int, int]
    looked_at: float


# By the folder as the settings name it: asked for so often that building a path would count.
_held: dict[object, _Held] = {}


def _path() -> Path:
    return Path(settings.TONGBAN_KEYS) / FILE_NAME


def _first_ring() -> bytes:
    key = new_key(1, settings.TONGBAN_CIPHER, utc_now().isoformat())
    return KeyRing([key]).as_bytes()


def ring(*, afresh: bool = False) -> KeyRing:
    """The keys in force; the file is looked at once a second at most, or now with `afresh`."""
    folder, now = settings.TONGBAN_KEYS, time.monotonic()
    held = _held.get(folder)
    if held and not afresh and now - held.looked_at < LOOK_AGAIN_SECONDS:
        return held.ring
    path = _path()
    if not held or not path.exists() or held.stamp != _stamp(path):
        content = made_once(path, _first_ring)
        held = _Held(KeyRing.from_bytes(content), _stamp(path), now)
    _held[folder] = held._replace(looked_at=now)
    return held.ring


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def change_ring(change: Callable[[KeyRing], KeyRing]) -> KeyRing:
    """Write the ring anew. The caller sees to it that nobody else does so at the same time."""
    replaced(_path(), change(ring(afresh=True)).as_bytes())
    return ring(afresh=True)


def opened(sealed: str, context: str) -> str:
    """Open a sealed text; a key that another process has just made is fetched first."""
    keys = ring()
    if not keys.knows(sealed):
        keys = ring(afresh=True)
    return keys.open(sealed, context)


if TYPE_CHECKING:
    _Text = models.TextField[Any, Any]
    _Characters = models.CharField[str, str]
else:  # Django's fields take no type arguments at run time.
    _Text, _Characters = models.TextField, models.CharField


class SealedTextField(_Text):
    """Text that is sealed in the database. Can't be searched or sorted by: FieldError."""

    @property
    def context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def to_text(self, value: Any) -> str:
        return str(value)

    def from_text(self, text: str) -> Any:
        return text

    def from_db_value(self, value: Any, *_args: object) -> Any:
        return None if value is None else self.from_text(opened(value, self.context))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return super().get_db_prep_save(value, connection)
        return ring().seal(self.to_text(value), self.context)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is sealed: look it up by its blind index")
        return super().get_lookup(lookup_name)


class SealedBytesField(SealedTextField):
    """A few bytes that are sealed in the database."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def to_text(self, value: Any) -> str:
        return bytes(value).hex()

    def from_text(self, text: str) -> Any:
        return bytes.fromhex(text)


class SealedJSONField(SealedTextField):
    """A JSON document that is sealed in the database."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def to_text(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def from_text(self, text: str) -> Any:
        return json.loads(text)


class BlindIndexField(_Characters):
    """The blind index of the field `of`, set whenever a row is saved."""

    def __init__(self, *args: Any, of: str, **options: Any) -> None:
        self.of = of
        super().__init__(*args, **options | {"max_length": INDEX_CHARACTERS, "editable": False})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        del options["max_length"], options["editable"]
        return name, path, args, options | {"of": self.of}

    @property
    def context(self) -> str:
        return f"{self.model._meta.db_table}.{self.of}"

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        index = ring().blind(getattr(model_instance, self.of), self.context)
        setattr(model_instance, self.attname, index)
        return index

    def candidates(self, value: str) -> list[str]:
        """Every index the value may be stored under now; use with `__in`."""
        return ring().blinds(value, self.context)


def seal_stored(
    schema_editor: Any, table: str, columns: list[str], blind: dict[str, str] | None = None
) -> None:
    """For migrations: seal what stands in plain text; `blind` maps index columns to their source."""
    with schema_editor.connection.cursor() as cursor:
        blind = blind or {}
        cursor.execute(f"SELECT id, {', '.join(columns)} FROM {table}")  # noqa: S608
        sets = ", ".join(f"{name} = %s" for name in (*columns, *blind))
        for key, *texts in cursor.fetchall():
            plain = dict(zip(columns, texts, strict=True))
            values = [
                None if text is None else ring().seal(text, f"{table}.{name}")
                for name, text in plain.items()
            ]
            values += [ring().blind(plain[of], f"{table}.{of}") for of in blind.values()]
            cursor.execute(f"UPDATE {table} SET {sets} WHERE id = %s", [*values, key])  # noqa: S608


def open_stored(schema_editor: Any, table: str, columns: list[str]) -> None:
    """For migrations backwards: write what is sealed in plain text again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {', '.join(columns)} FROM {table}")  # noqa: S608
        sets = ", ".join(f"{name} = %s" for name in columns)
        for key, *texts in cursor.fetchall():
            values = [
                None if text is None else opened(text, f"{table}.{name}")
                for name, text in zip(columns, texts, strict=True)
            ]
            cursor.execute(f"UPDATE {table} SET {sets} WHERE id = %s", [*values, key])  # noqa: S608
