"""Organs named by incoming items: known ones are found, new ones made a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable

from tongban.base.tables import LoadReport
from tongban.catalogue import codes
from tongban.catalogue.interchange.form import OrganForm
from tongban.catalogue.interchange.incoming import Incoming
from tongban.directory.models import Organ, OrganCode


class Organs:
    """All organs by region and name (there are some thirty a district), read once."""

    def __init__(self) -> None:
        self.by_name: dict[tuple[str, str], Organ] = {
            (organ.region_id, organ.name): organ for organ in Organ.objects.all()
        }
        self.taken = {organ.code for organ in self.by_name.values()}
        self.sound = {organ.uscc for organ in self.by_name.values() if organ.uscc}
        self.codes = set(OrganCode.objects.values_list("organ_id", "code"))

    def find(self, form: OrganForm | None) -> Organ | None:
        return None if form is None else self.by_name.get((form.region, form.name))

    def make(self, batch: Iterable[Incoming], regions: set[str], report: LoadReport) -> None:
        """Make the organs and organ codes of a batch that are not there. Two statements."""
        new: list[Organ] = []
        for incoming in batch:
            form = incoming.form.organ
            if form is None or form.region not in regions or self.find(form) is not None:
                continue
            new.append(self._organ_of(form))
            self.by_name[form.region, form.name] = new[-1]
            if form.code and new[-1].code != form.code:
                detail = f"{form.code} is another organ's code; {form.name} gets {new[-1].code}"
                report.note(incoming.row, "organ.code", "organ_code_taken", detail)
        Organ.objects.bulk_create(new)
        self._make_codes(batch)

    def _organ_of(self, form: OrganForm) -> Organ:
        """A new organ with a stable public code: its own, its credit code, or one made up."""
        sound = form.uscc if codes.organ_code_style(form.uscc).style == "uscc" else ""
        if sound in self.sound:
            sound = ""
        wanted = form.code or sound
        if not wanted or wanted in self.taken:
            base = f"{form.region}.{(form.codes or ('none',))[0]}"[:90]
            number = 1
            while (wanted := base if number == 1 else f"{base}.{number}") in self.taken:
                number += 1
        self.taken.add(wanted)
        if sound:
            self.sound.add(sound)
        return Organ(code=wanted, uscc=sound or None, name=form.name, region_id=form.region)

    def _make_codes(self, batch: Iterable[Incoming]) -> None:
        new = []
        for incoming in batch:
            form, organ = incoming.form.organ, self.find(incoming.form.organ)
            if form is None or organ is None:
                continue
            for code in form.codes:
                if (organ.pk, code) not in self.codes and 0 < len(code) <= 64:
                    self.codes.add((organ.pk, code))
                    style = codes.organ_code_style(code).style
                    new.append(OrganCode(organ=organ, code=code, style=style))
        OrganCode.objects.bulk_create(new)
