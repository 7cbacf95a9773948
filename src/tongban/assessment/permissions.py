"""Whose figures an account may read, and which runs and frameworks are its organs'."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.assessment.models import FrameworkDraft, Run
from tongban.base.permissions import ADMINISTRATOR, HEAD, SUPERVISOR, Permission
from tongban.base.problems import NotFound
from tongban.directory.models import Account, Organ, Region
from tongban.directory.selectors import Duties, duties_of, find_region


@dataclass(frozen=True)
class Sight:
    """What an account may look at: organs (their keys), and regions with all below (their paths)."""

    organs: frozenset[int]
    paths: tuple[str, ...]

    def sees_region(self, region: Region) -> bool:
        return any(region.path.startswith(path) for path in self.paths)

    def sees_organ(self, organ: Organ) -> bool:
        return organ.pk in self.organs or self.sees_region(organ.region)


def sight_of(account: Account) -> Sight:
    """What the account's posts let it look at. Two queries."""
    duties = duties_of(account)
    supervised = duties.organs(SUPERVISOR)
    paths = Organ.objects.filter(pk__in=supervised).values_list("region__path", flat=True)
    return Sight(duties.organs(HEAD, ADMINISTRATOR, SUPERVISOR), tuple(sorted(set(paths))))


def _nothing() -> NotFound:
    return NotFound(
        code="unit_not_found",
        title=_("There is no such place or organ in your care"),
        detail=_(
            "Live figures are for the heads of an organ and for those who supervise the place."
        ),
        fix=_("Published assessments are open to everybody."),
    )


def region_in_sight(sight: Sight, code: str) -> Region:
    """A region whose figures may be read. Raises NotFound for any other."""
    region = find_region(code)
    if region is None or not sight.sees_region(region):
        raise _nothing()
    return region


def organ_in_sight(sight: Sight, region: str, code: str) -> Organ:
    """An organ of that region whose figures may be read. Raises NotFound for any other."""
    organ = Organ.objects.select_related("region").filter(code=code, region=region).first()
    if organ is None or not sight.sees_organ(organ):
        raise _nothing()
    return organ


def runs_for(account: Account | None) -> QuerySet[Run]:
    """Published runs, and those that the account's organs keep."""
    runs = Run.objects.select_related("region", "organ", "owner")
    if account is None:
        return runs.filter(state=Run.State.PUBLISHED)
    mine = duties_of(account).organs_for(Permission.ASSESS)
    mine |= duties_of(account).organs_for(Permission.PUBLISH_ASSESSMENT)
    return runs.filter(Q(state=Run.State.PUBLISHED) | Q(owner__in=mine))


def run_in_sight(account: Account | None, code: str) -> Run:
    """A run that the account may read. Raises NotFound for any other."""
    run = runs_for(account).filter(code=code).first()
    if run is None:
        raise NotFound(code="run_not_found", title=_("There is no such assessment"))
    return run


def drafts_for(account: Account, duties: Duties | None = None) -> QuerySet[FrameworkDraft]:
    """The frameworks of the account's organs."""
    duties = duties or duties_of(account)
    mine = duties.organs_for(Permission.ASSESS) | duties.organs_for(Permission.PUBLISH_ASSESSMENT)
    return FrameworkDraft.objects.select_related("organ", "author").filter(organ__in=mine)


def draft_in_sight(account: Account, slug: str) -> FrameworkDraft:
    """A framework of one of the account's organs. Raises NotFound for any other."""
    draft = drafts_for(account).filter(slug=slug).first()
    if draft is None:
        raise NotFound(code="framework_not_found", title=_("There is no such framework"))
    return draft
