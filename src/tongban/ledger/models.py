"""The log: entries and their places, the tiles of the Merkle tree, signed checkpoints, keys."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.ledger.sealed import SealedTextField


class Entry(models.Model):
    """One act. `leaf` is public; `opening` (salt and payload, see `rules.py`) opens its commitment.

    `opening` is null when it was erased on legal order; the commitment in the leaf stays. Nothing
    else of a row ever changes.
    """

    leaf = models.TextField()
    leaf_hash = models.BinaryField(max_length=32)
    opening = SealedTextField(null=True)
    case_ref = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["case_ref", "id"], name="entries_of_a_case")]

    def __str__(self) -> str:
        return f"entry with id {self.pk}"


class Waiting(models.Model):
    """An entry that has no place yet.

    On PostgreSQL a row written with the entry, which the integrator takes away: its keys are not
    given in the order of commits. On SQLite they are, and this is a view: every entry above the
    last that has a place (migration 0008).
    """

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True)

    def __str__(self) -> str:
        return f"entry with id {self.pk} waits"


class Place(models.Model):
    """Where an entry stands in the Merkle tree: given once by the integrator, never changed.

    A table of its own, so that numbering a million entries rewrites none of them.
    """

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=0), name="place_not_negative")]

    def __str__(self) -> str:
        return f"entry {self.seq}"


class KeyRotation(models.Model):
    """How far the rows of a table are sealed anew under a data key (see `rotation.py`)."""

    table = models.CharField(max_length=63)
    key = models.CharField(max_length=20)
    done_to = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "key"], name="one_rotation_a_table_and_key")
        ]

    def __str__(self) -> str:
        return f"{self.table} under {self.key}: to row {self.done_to}"


class Tile(models.Model):
    """C2SP tlog-tiles: up to 256 hashes of level `level`; the last one of a level still grows.

    A partial tile of a smaller tree is the beginning of the same row.
    """

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="one_tile_a_place")]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed statement of the tree's size and root (C2SP tlog-checkpoint in a signed note).

    It is shown to nobody before `published_at`: what was published is remembered outside the
    database first (see `publishing.py`).
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["size"], condition=Q(published_at=None), name="checkpoint_unpublished"
            )
        ]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Cosignature(models.Model):
    """A witness's signature under a checkpoint (C2SP tlog-cosignature)."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures"
    )
    witness = models.CharField(max_length=255)
    key_id = models.CharField(max_length=8)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness", "key_id"], name="one_cosignature_a_witness"
            )
        ]

    def __str__(self) -> str:
        return f"{self.witness} on checkpoint {self.checkpoint_id}"


class LogKey(models.Model):
    """A key that signs or signed checkpoints. Its secret lies in a file, never here.

    `announced` and `retired` are the entries of the log that say so.
    """

    vkey = models.TextField(unique=True)
    kind = models.CharField(max_length=20)
    origin = models.CharField(max_length=255)
    announced_at = models.DateTimeField()
    announced = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_at=None, retired=None)
                | Q(retired_at__isnull=False, retired__isnull=False),
                name="retired_with_an_entry",
            )
        ]

    def __str__(self) -> str:
        return self.vkey


class Tally(models.Model):
    """How many acts of a kind an organ did on a day (UTC) in a region: counted from leaves."""

    day = models.DateField()
    act = models.CharField(max_length=63)
    organ = models.CharField(max_length=32, blank=True)
    region = models.CharField(max_length=12, blank=True)
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "act", "organ", "region"], name="one_tally")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.act}: {self.count}"


class Counted(models.Model):
    """How far the leaves are counted in `Tally`: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    upto = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_count")]

    def __str__(self) -> str:
        return f"counted below {self.upto}"
