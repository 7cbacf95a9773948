"""The basic catalogue named by incoming items: made by batch, hung below its main items at the end."""

from __future__ import annotations

from collections.abc import Iterable

from tongban.base.tables import LoadReport
from tongban.catalogue.interchange.form import BasicForm
from tongban.catalogue.interchange.incoming import Incoming
from tongban.catalogue.models import BasicItem


def cycles_of(parents: dict[str, str]) -> set[str]:
    """Codes whose line of main items comes back to themselves."""
    safe: set[str] = set()
    circular: set[str] = set()
    for start in parents:
        line: list[str] = []
        place: dict[str, int] = {}
        code = start
        while code in parents and code not in safe and code not in circular and code not in place:
            place[code] = len(line)
            line.append(code)
            code = parents[code]
        if code in place:
            circular.update(line[place[code] :])
            line = line[: place[code]]
        safe.update(line)
    return circular


class Basics:
    def __init__(self, source: str = "") -> None:
        self.by_code: dict[str, BasicItem] = {}
        self.parents: dict[str, str] = {}
        self.rows: dict[str, int] = {}
        self.odd: set[str] = set()

    def find(self, form: BasicForm | None) -> BasicItem | None:
        return None if form is None else self.by_code.get(form.code)

    def make(self, batch: Iterable[Incoming], report: LoadReport) -> None:
        """Make the basic items of a batch that are not there. Two statements."""
        wanted: dict[str, BasicItem] = {}
        for incoming in batch:
            form = incoming.form.basic
            if form is None or not form.code:
                continue
            self._want(wanted, form.code, form.name, form.kind, incoming)
            if form.parent_code:
                if form.parent_name:
                    self._want(wanted, form.parent_code, form.parent_name, form.kind, incoming)
                self._hang(form, incoming.row, report)
        missing = [code for code in wanted if code not in self.by_code]
        for start in range(0, len(missing), 500):
            part = missing[start : start + 500]
            for held in BasicItem.objects.filter(code__in=part):
                self.by_code[held.code] = held
        new = [basic for code, basic in wanted.items() if code not in self.by_code]
        BasicItem.objects.bulk_create(new)
        self.by_code |= {basic.code: basic for basic in new}
        self._note_names(batch, report)

    def _want(
        self, wanted: dict[str, BasicItem], code: str, name: str, kind: str, incoming: Incoming
    ) -> None:
        if code not in self.by_code and code not in wanted:
            source = incoming.form.source
            wanted[code] = BasicItem(code=code, name=name, kind=kind, source=source)

    def _hang(self, form: BasicForm, row: int, report: LoadReport) -> None:
        held = self.parents.setdefault(form.code, form.parent_code)
        self.rows.setdefault(form.code, row)
        if held != form.parent_code and form.code not in self.odd:
            self.odd.add(form.code)
            detail = f"{form.code} stands below {held} above, and below {form.parent_code} here"
            report.note(row, "basic.parent_code", "two_parents", detail)

    def _note_names(self, batch: Iterable[Incoming], report: LoadReport) -> None:
        for incoming in batch:
            form, held = incoming.form.basic, self.find(incoming.form.basic)
            if form and held and form.name != held.name and form.code not in self.odd:
                self.odd.add(form.code)
                detail = f"{form.code} is called {held.name} elsewhere"
                report.note(incoming.row, "basic.name", "two_names", detail)

    def hang(self, report: LoadReport) -> None:
        """Put each basic item below its main item. Raises nothing: a cycle is noted and not made."""
        links = (
            dict(BasicItem.objects.exclude(parent=None).values_list("code", "parent__code"))
            | self.parents
        )
        circular = cycles_of(links)
        changed = []
        for code, parent_code in self.parents.items():
            basic, parent = self.by_code[code], self._parent(parent_code)
            if code in circular:
                detail = f"{code} is below {parent_code}, which is below it again"
                report.note(self.rows[code], "basic.parent_code", "cyclic_parent", detail)
            elif parent is None:
                detail = f"{parent_code}, above {code}, is nowhere"
                report.note(self.rows[code], "basic.parent_code", "unknown_parent", detail)
            elif basic.parent_id != parent.pk:
                basic.parent = parent
                changed.append(basic)
        BasicItem.objects.bulk_update(changed, ["parent"], batch_size=400)

    def _parent(self, code: str) -> BasicItem | None:
        if code not in self.by_code:
            found = BasicItem.objects.filter(code=code).first()
            if found is None:
                return None
            self.by_code[code] = found
        return self.by_code[code]
