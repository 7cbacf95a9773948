"""What tests share: small builders for people, posts, items and cases."""

from __future__ import annotations

import atexit
import fcntl
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from tests.migrating import empty_database
from tongban.base.clocks import local_date
from tongban.base.regions import NATION, Level
from tongban.catalogue import counting
from tongban.catalogue.guide_schema import GuideDocument, read_guide
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.services import PACKAGED_GUIDES, publish_guide
from tongban.directory.models import Account, Organ, Person, Post, Region
from tongban.directory.selectors import forget_calendar

atexit.register(shutil.rmtree, settings.TONGBAN_FILES.parent, ignore_errors=True)

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ff"
    "ff3f0005fe02fe0def46b80000000049454e44ae426082"
)
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 2 March 2026, 9:00 in China
DISTRICT = "511602000000"
ID_NUMBERS = (
    "511602188002290018",
    "511602189912310131",
    "511602188101019987",
    "440103188002290018",
)


class World:
    """A district with one organ, one complete guide, its staff and two residents."""

    def __init__(self) -> None:
        self.counter = itertools.count(1)
        self.residents = itertools.count(1)
        self.region = self.make_regions()
        self.organ = self.make_organ("区公安分局")
        self.document: GuideDocument = read_guide(PACKAGED_GUIDES / "resident-id-card.toml")
        self.item = self.make_item(
            self.document.item_code, "居民身份证办理（包括临时）", self.organ
        )
        guide = publish_guide(self.document, is_sample=True)
        assert guide is not None
        self.guide = guide
        self.resident = self.make_resident("li", ID_NUMBERS[0])
        self.neighbour = self.make_resident("wang", ID_NUMBERS[1])
        self.clerk = self.make_staff("clerk", self.organ, "clerk")
        self.reviewer = self.make_staff("reviewer", self.organ, "reviewer")

    def make_regions(self) -> Region:
        parent = None
        for code, name, path, level in (
            (NATION, "全国", "", Level.NATIONAL),
            ("510000000000", "四川省", "51", Level.PROVINCIAL),
            ("511600000000", "广安市", "5116", Level.MUNICIPAL),
            (DISTRICT, "广安区", "511602", Level.COUNTY),
        ):
            parent, _ = Region.objects.get_or_create(
                code=code, defaults={"name": name, "path": path, "level": level, "parent": parent}
            )
        assert parent is not None
        return parent

    def make_organ(self, name: str, region: Region | None = None) -> Organ:
        return Organ.objects.create(
            code=f"test.{next(self.counter)}", name=name, region=region or self.region
        )

    def make_item(
        self, code: str, name: str, organ: Organ, kind: str = "public_service"
    ) -> ServiceItem:
        return ServiceItem.objects.create(
            code=code,
            code_pattern="sichuan",
            name=name,
            kind=kind,
            region=organ.region,
            region_path=organ.region.path,
            organ=organ,
            source="sichuan",
            source_row={},
        )

    def change_guide(self, *, photo: str = "required", **changes: object) -> None:
        """Publish the guide anew with other rules; `photo` is how needed the photo is."""
        document = self.document.model_dump(mode="json") | changes
        for material in document["materials"]:
            if material["key"] == "photo":
                material["necessity"] = photo
        self.document = GuideDocument.model_validate(document)
        guide = publish_guide(self.document, is_sample=True)
        assert guide is not None
        self.guide = guide

    def make_account(self, username: str) -> Account:
        return Account.objects.create_user(
            username, password="a-long-password", display_name=username
        )

    def make_resident(self, username: str, id_number: str) -> Account:
        account = self.make_account(username)
        Person.objects.create(
            account=account,
            name=f"{username}(示例)",
            id_number=id_number,
            phone=f"0826-2000{100 + next(self.residents)}",
        )
        return account

    def make_staff(self, username: str, organ: Organ, *roles: str) -> Account:
        account = self.make_account(username)
        for role in roles:
            Post.objects.create(account=account, organ=organ, role=role)
        return account

    # Cases, through the real use cases

    def answers(self, account: Account | None = None) -> dict[str, str]:
        return {
            "name": "李晓明",
            "id_number": (account or self.resident).person.id_number,
            "phone": "0826-2000101",
            "reason": "lost",
            "delivery": "collect",
            "address": "",
        }

    def make_draft(self, account: Account | None = None, *, photo: bool = True):
        from tongban.cases.services import drafting

        account = account or self.resident
        draft = drafting.start_draft(account, self.item, at=AT)
        for page in self.document.form_pages:
            answers = self.answers(account)
            typed = {field.key: answers.get(field.key, "") for field in page.fields}
            assert drafting.save_page(account, draft.key, page, typed, at=AT) == []
        if photo:
            drafting.attach_file(account, draft.key, "photo", png(), at=AT)
        draft.refresh_from_db()
        return draft

    def make_case(
        self, state: str = "submitted", account: Account | None = None, *, at: datetime = AT
    ):
        """A case that came to this state by the real acts, all at the moment `at`."""
        from tongban.cases.rules import Ground
        from tongban.cases.services import following, handling, submitting

        account = account or self.resident
        case = submitting.submit(account, self.make_draft(account).key, at=at)
        number, why = case.number, {"reasons": "有理由的", "at": at}
        if state == "refused":
            case = handling.refuse(self.clerk, number, ground=Ground.NO_LICENCE_NEEDED, **why)
        if state == "correction":
            case = handling.request_correction(self.clerk, number, reasons="请补照片", at=at)
        if state == "withdrawn":
            case = following.withdraw(account, number, at=at)
        if state in ("accepted", "paused", "approved", "denied", "terminated", "revoked"):
            case = handling.accept(self.clerk, number, at=at)
        if state == "paused":
            until = local_date(at) + timedelta(days=30)
            case = handling.start_special(self.reviewer, number, kind="testing", until=until, **why)
        if state == "terminated":
            case = handling.terminate(self.reviewer, number, ground=Ground.OBJECT_GONE, **why)
        if state in ("approved", "denied", "revoked"):
            case = handling.decide(
                self.reviewer, number, approve=state != "denied", reasons="材料齐全", at=at
            )
        if state == "revoked":
            case = handling.revoke(self.head, number, ground=Ground.FRAUD, **why)
        return case

    @property
    def head(self) -> Account:
        """The head of the organ, made when first asked for."""
        account = Account.objects.filter(username="head").first()
        return account or self.make_staff("head", self.organ, "head")


def png(name: str = "照片.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PNG, "image/png")


@pytest.fixture
def world(db) -> World:
    return World()


# What takes a minute begins at once.
LONG = {"test_who_sees_what.py", "test_commands.py", "test_killed_server.py", "test_proofs.py"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what asks a database runs: the rest has run on the other one already.

    With TONGBAN_TEST_QUICK neither does what is marked `once`, nor what is marked `matrix`.
    """
    items.sort(key=lambda item: item.path.name not in LONG)
    rest = [item for item in items if not is_wanted(item)]
    config.hook.pytest_deselected(items=rest)
    items[:] = [item for item in items if is_wanted(item)]


def is_wanted(item: pytest.Item) -> bool:
    quick, postgres = os.environ.get("TONGBAN_TEST_QUICK"), os.environ.get("DATABASE_URL")
    again = item.get_closest_marker("matrix") or (postgres and item.get_closest_marker("once"))
    if quick and again:
        return False
    fixtures = {"db", "transactional_db", "environment", "versions"}
    asks = fixtures & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
    return bool(asks) or not postgres


def made_once(request, factory, name: str, *words: str, start: Path | None = None) -> Path:
    """The data folder that a command leaves, made by the first process of a run that asks for it.

    With TONGBAN_TEST_HOMES, a folder, it lies there: for several runs of the same code.
    """
    base = factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    shared = Path(os.environ.get("TONGBAN_TEST_HOMES") or shared)
    home, begun = shared / name, shared / f"{name}-begun"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            if start:
                shutil.copytree(start, begun)
            others = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
            kept = {key: value for key, value in os.environ.items() if key not in others}
            command = [sys.executable, "-m", "tongban.web.cli", *words]
            subprocess.run(command, env=kept | {"TONGBAN_HOME": str(begun)}, check=True)
            begun.rename(home)
    return home


@pytest.fixture(scope="session")
def migrated_home(request, tmp_path_factory) -> Path:
    """A database of the newest version and nothing in it: to copy."""
    return made_once(request, tmp_path_factory, "migrated", "migrate")


@pytest.fixture(scope="session")
def demonstration_home(request, tmp_path_factory, migrated_home) -> Path:
    """The demonstration: to copy."""
    return made_once(request, tmp_path_factory, "loaded", "load", "demo", start=migrated_home)


@pytest.fixture(scope="session")
def django_db_keepdb(request, django_db_modify_db_settings) -> bool:
    """On SQLite the tests' database is a copy of the migrated one, in which nothing is left to do."""
    default = connections["default"]
    if default.vendor == "postgresql":
        return False
    found = request.getfixturevalue("migrated_home") / "tongban.sqlite3"
    shutil.copy(found, default.settings_dict["TEST"]["NAME"])
    return True


@pytest.fixture(autouse=True)
def _fresh_caches():
    from tongban.assessment.selectors.material import forget_counts
    from tongban.cases.services.running import forget_procedures
    from tongban.catalogue import selectors
    from tongban.catalogue.bundles import selectors as bundles
    from tongban.directory import choice
    from tongban.web.public_log.views import forget_overview

    forget_calendar()
    forget_overview()
    forget_counts()
    forget_procedures()
    choice._region_name.cache_clear()
    selectors._documents.clear()
    selectors._records.clear()
    bundles._documents.clear()
    yield
    forget_calendar()


@pytest.fixture(autouse=True)
def _nothing_published():
    """Each test has a log of its own, of which nobody has seen anything."""
    yield
    for path in Path(settings.TONGBAN_KEYS).glob("ledger-published*"):
        path.unlink()


@pytest.fixture
def calendar(db) -> None:
    """The statutory calendar as `load demo` seeds it."""
    from tongban.directory.services.calendar import seed_calendar

    seed_calendar()
    forget_calendar()


@pytest.fixture(autouse=True)
def _own_sums(monkeypatch) -> None:
    """What is opened and looked for in vain in this test alone; nothing is written by the clock."""
    monkeypatch.setattr(counting, "_sums", counting.Sums())


@pytest.fixture
def versions(request, tmp_path: Path) -> Iterator[None]:
    """An empty database of this test alone, for steps from version to version."""
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock(), empty_database(tmp_path):
        yield


@pytest.fixture
def own_home(tmp_path: Path, settings) -> Path:
    """Files, index and keys of this test alone."""
    settings.TONGBAN_FILES = tmp_path / "files"
    settings.TONGBAN_INDEX = tmp_path / "index"
    return tmp_path
