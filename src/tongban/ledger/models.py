"""The log: entries, the tiles of their Merkle tree, signed checkpoints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.ledger.sealed import SealedBytesField, SealedTextField


class Entry(models.Model):
    """One act. `leaf` is public; `salt` and `payload` open the commitment inside it.

    `seq` is the place in the Merkle tree, given by the integrator and never changed. `payload` is
    null when it was erased on legal order; the commitment in the leaf stays.
    """

    leaf = models.TextField()
    leaf_hash = models.BinaryField(max_length=32)
    salt = SealedBytesField(null=True)
    payload = SealedTextField(null=True)
    case_ref = models.CharField(max_length=32, blank=True)
    seq = models.BigIntegerField(null=True, unique=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=0), name="seq_not_negative")]
        indexes = [
            models.Index(fields=["id"], condition=Q(seq=None), name="entry_waiting_for_number"),
            models.Index(fields=["case_ref", "id"], name="entries_of_a_case"),
        ]

    def __str__(self) -> str:
        return f"entry {self.seq if self.seq is not None else f'(waiting {self.pk})'}"


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
    """A signed statement of the tree's size and root (C2SP tlog-checkpoint in a signed note)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"checkpoint {self.size}"
