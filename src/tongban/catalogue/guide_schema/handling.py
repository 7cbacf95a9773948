"""Where an item's own rules differ from the ordinary way of the Administrative Licensing Law."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tongban.catalogue.guide_schema.parts import Limit, Strict, Text


class Commitment(Strict):
    """告知承诺: what the applicant is told and vouches for, and which papers that replaces."""

    text: Text
    replaces: tuple[str, ...] = ()


class ExcludedWait(Strict):
    """A wait outside art. 45 of the Licensing Law that another law leaves out of the count."""

    kind: Literal["site_inspection", "technical_review", "publicity", "other_organ"]
    basis: str = Field(min_length=6)


class Handling(Strict):
    """Where the item's own rules differ from the Licensing Law's ordinary way (art. 42, 45).

    `extension`: how far the head may extend, with its basis; none: as art. 42 says. A value of 0
    on the spot means never. `to_follow_days`: working days for papers that may follow.
    """

    joint: bool = False
    extension: Limit | None = None
    extension_basis: str | None = None
    commitment: Commitment | None = None
    excluded_waits: tuple[ExcludedWait, ...] = ()
    to_follow_days: int = Field(default=5, ge=1, le=60)

    @model_validator(mode="after")
    def _another_extension_has_a_basis(self) -> Self:
        if (self.extension is None) != (self.extension_basis is None):
            raise ValueError("an extension of its own needs its legal basis, and nothing else does")
        return self
