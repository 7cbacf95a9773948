"""Demonstration data: people who don't exist, posts in real organs, the sample guides.

ID numbers are valid in form and have birth years before 1900, so that none belongs to anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import NotPermitted
from tongban.base.tables import LoadReport
from tongban.catalogue.bundles.publishing import packaged_bundles, publish_bundles
from tongban.catalogue.importing import load_items
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.search.index import rebuild
from tongban.catalogue.services import (
    NEIGHBOURS,
    PACKAGED_ITEMS,
    SAMPLE_ITEMS,
    packaged_basics,
    packaged_guides,
    publish_basics,
    publish_guides,
)
from tongban.directory.models import (
    Account,
    Delegation,
    Enterprise,
    Organ,
    Person,
    PopulationRecord,
    Post,
    Region,
)
from tongban.directory.selectors import find_person
from tongban.directory.services.calendar import seed_calendar
from tongban.directory.services.delegations import grant
from tongban.directory.services.regions import PACKAGED, load_divisions
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace
from tongban.web.demonstration_cases import load_cases, load_office

PASSWORD = "tongban-demo"  # noqa: S105 - shown on the sign-in page, refused in production
REGION = "511602000000"

PEOPLE = (
    # username, name, ID number, phone, address
    ("resident-li", "李晓明(示例)", "511602188002290018", "0826-2000101", "广安区示例路 1 号"),
    ("resident-wang", "王桂兰(示例)", "511602189912310131", "0826-2000102", "广安区示例路 2 号"),
    ("owner-zhao", "赵建国(示例)", "511602188101019987", "0826-2000103", "广安区示例路 3 号"),
    ("helper-chen", "陈小玲(示例)", "511602188507150029", "0826-2000104", "广安区示例社区"),
)
# People of the register who have no account yet: open one, then verify as one of them.
REGISTER = (
    ("周小川(示例)", "51160218900303001X", "0826-2000105", "广安区示例路 5 号"),
    ("吴秀英(示例)", "511602188612120024", "0826-2000106", "广安区示例路 6 号"),
)
# Who helps whom, with which guides (by their slugs).
HELPED = ("resident-wang", "helper-chen", ("resident-id-card", "social-security-card"))
AGENT = ("owner-zhao", "resident-li", "91511602MA0000000L")
# Posts above the counters: username, name, organ, role.
OFFICERS = (
    ("police-head", "区公安分局负责人(示例)", "区公安分局", "head"),
    ("police-admin", "区公安分局管理员(示例)", "区公安分局", "administrator"),
    ("supervisor", "区行政审批局监督员(示例)", "区行政审批局", "supervisor"),
)
ENTERPRISES = (("91511602MA0000000L", "广安示例餐饮有限公司", "owner-zhao"),)
# Staff of each organ that has guides: username stem and name of the organ in the item list.
STAFFED = (
    ("police", "区公安分局"),
    ("approvals", "区行政审批局"),
    ("social", "区人社局"),
    ("health", "区卫健局"),
    ("disabled", "区残联"),
    ("transport", "区交通运输局"),
    ("tax", "广安区税务局"),
    ("land", "区自然资源和规划局(示例)"),
)
ROLES = (("clerk", "窗口"), ("reviewer", "审核"))


@dataclass(frozen=True)
class DemonstrationAccount:
    username: str
    password: str
    who: str
    note: str


def demonstration_accounts() -> list[DemonstrationAccount]:
    """Accounts to show on the sign-in page: only those that were loaded. Two queries."""
    if settings.ENVIRONMENT.production:
        return []
    accounts = Account.objects.filter(demonstration=True).prefetch_related("posts__organ")
    return [
        DemonstrationAccount(account.username, PASSWORD, str(account), _duty(account))
        for account in accounts.order_by("id")
    ]


def _duty(account: Account) -> str:
    posts = [f"{post.organ.name} · {post.get_role_display()}" for post in account.posts.all()]
    return "; ".join(posts) or _("resident")


def refuse_in_production() -> None:
    """Raises NotPermitted in production."""
    if settings.ENVIRONMENT.production:
        raise NotPermitted(
            code="no_demonstration_in_production",
            title="No demonstration data in production",
            detail="TONGBAN_ENV is production; demonstration accounts have a public password",
        )


def load_demonstration(
    progress: Callable[[int, str], None] = lambda done, what: None,
) -> dict[str, LoadReport]:
    """Load regions, calendar, items, sample guides and demonstration people; what is there stays.

    Raises NotPermitted in production.
    """
    refuse_in_production()
    reports: dict[str, LoadReport] = {}
    if not Region.objects.filter(code=REGION).exists():
        reports["divisions"] = load_divisions(PACKAGED, progress=progress)
    seed_calendar()
    if not ServiceItem.objects.filter(region_id=REGION).exists():
        reports["items"] = load_items(PACKAGED_ITEMS, progress=progress)
        reports["sample items"] = load_items(SAMPLE_ITEMS, source="sample")
    reports["basic items"] = publish_basics(packaged_basics())
    reports["guides"] = publish_guides(packaged_guides(), is_sample=True)
    reports["items nearby"] = load_items(NEIGHBOURS)
    reports["bundles"] = publish_bundles(packaged_bundles(), is_sample=True)
    reports["people"] = _load_people()
    for name, made in (("office", load_office()), ("cases", load_cases())):
        reports[name] = LoadReport(read=made, created=made)
    if any(report.created or report.updated for report in reports.values()):
        progress(0, "search index")
        rebuild()
    return reports


@leaves_trace(acts.DEMONSTRATION_LOADED)
@transaction.atomic
def _load_people() -> LoadReport:
    report = LoadReport()
    password = make_password(PASSWORD)
    region = Region.objects.get(code=REGION)
    for username, name, id_number, phone, address in PEOPLE:
        account = _account(username, name, password, report)
        if find_person(id_number) is None:
            Person.objects.create(
                id_number=id_number,
                account=account,
                name=name,
                phone=phone,
                address=address,
                region=region,
                demonstration=True,
            )
    for name, id_number, phone, address in REGISTER:
        register = PopulationRecord._meta.get_field("id_number_index")
        known = PopulationRecord.objects.filter(id_number_index__in=register.candidates(id_number))
        if not known.exists():
            PopulationRecord.objects.create(
                name=name, id_number=id_number, phone=phone, address=address
            )
    for uscc, name, owner in ENTERPRISES:
        Enterprise.objects.get_or_create(
            uscc=uscc,
            defaults={
                "name": name,
                "region": region,
                "legal_representative": Person.objects.get(account__username=owner),
                "demonstration": True,
            },
        )
    for stem, organ_name in STAFFED:
        organ = Organ.objects.filter(region=region, name=organ_name).first()
        if organ is None:
            report.note(0, "organ", "unknown_organ", f"{organ_name} is not in the item list")
            continue
        for role, label in ROLES:
            account = _account(f"{stem}-{role}", f"{organ_name}{label}(示例)", password, report)
            Post.objects.get_or_create(account=account, organ=organ, role=role)
    for username, name, organ_name, role in OFFICERS:
        organ = Organ.objects.filter(region=region, name=organ_name).first()
        if organ:
            account = _account(username, name, password, report)
            Post.objects.get_or_create(account=account, organ=organ, role=role)
    _load_delegations()
    if report.created:
        record(
            acts.DEMONSTRATION_LOADED,
            at=utc_now(),
            region=REGION,
            payload={"accounts": report.created},
        )
    return report


def _load_delegations() -> None:
    """A community worker helps an elder; an employee acts for an enterprise."""
    if Delegation.objects.exists():
        return
    elder, helper, slugs = HELPED
    guides = Guide.objects.filter(slug__in=slugs, effective_to=None)
    codes = list(guides.values_list("item__code", flat=True))
    until = local_date(utc_now()) + timedelta(days=180)
    owner, employee, uscc = AGENT
    for principal, agent, items, enterprise in (
        (elder, helper, codes, ""),
        (owner, employee, [], uscc),
    ):
        who = Person.objects.get(account__username=agent)
        if items or enterprise:
            grant(
                Account.objects.get(username=principal),
                agent_name=who.name,
                agent_id_number=who.id_number,
                items=items,
                valid_to=until,
                uscc=enterprise,
            )


def _account(username: str, name: str, password: str, report: LoadReport) -> Account:
    report.read += 1
    account, created = Account.objects.get_or_create(
        username=username,
        defaults={"display_name": name, "password": password, "demonstration": True},
    )
    if created:
        report.created += 1
    else:
        report.unchanged += 1
    return account
