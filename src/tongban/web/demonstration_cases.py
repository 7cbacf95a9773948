"""Demonstration cases: one in every state, by the real acts, on days before today; an office."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from tongban.base.clocks import local_date, utc_now
from tongban.base.worktime import is_working_day
from tongban.cases.models import Case, Counter, Office, OfficeHours, OfficeService
from tongban.cases.rules import Ground
from tongban.cases.services import clockwork, drafting, following, handling, submitting
from tongban.catalogue.guide_schema import FormField
from tongban.catalogue.models import Guide
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account, Message, Organ
from tongban.directory.selectors import working_calendar

# A picture of one grey point: what is handed in as every document.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63680000"
    "0082008177cd72b60000000049454e44ae426082"
)
HALL_ORGAN = "区公安分局"
WHY = "材料齐全,符合规定。(示例)"
ANSWERS: Mapping[str, str] = {
    "date": "2026-01-05",
    "phone": "0826-2000101",
    "resident_id": "511602188002290018",
    "uscc": "91511602MA0000000L",
    "checkbox": "yes",
}


@dataclass(frozen=True)
class Sample:
    """A case to show. `days`: working days ago that it was handed in; `then`: what happened."""

    slug: str
    who: str
    organ: str
    days: int
    then: Callable[[Stage], None]
    committed: bool = False
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A case and the people around it; `day(n)` is n working days after it was handed in."""

    number: str
    received: date
    applicant: Account
    clerk: Account
    reviewer: Account
    head: Account | None

    def at(self, days: int) -> datetime:
        return _noon(_working_day_after(self.received, days))

    def accept(self, days: int = 1) -> None:
        handling.accept(self.clerk, self.number, at=self.at(days))

    def approve(self, days: int) -> None:
        handling.decide(self.reviewer, self.number, approve=True, reasons=WHY, at=self.at(days))


def _noon(day: date) -> datetime:
    now = utc_now()
    moment = now.replace(year=day.year, month=day.month, day=day.day, hour=4, minute=0, second=0)
    return min(moment, now)


def _working_day_after(start: date, days: int) -> date:
    calendar, day = working_calendar(), start
    while days:
        day += timedelta(days=1 if days > 0 else -1)
        if is_working_day(day, calendar):
            days -= 1 if days > 0 else -1
    return day


def _correction(stage: Stage) -> None:
    handling.request_correction(
        stage.clerk, stage.number, reasons="请补一张近期正面照片。(示例)", at=stage.at(1)
    )


def _extended(stage: Stage) -> None:
    stage.accept()
    if stage.head:
        handling.extend(
            stage.head,
            stage.number,
            days=10,
            reasons="核对外地档案需要更多时间。(示例)",
            at=stage.at(6),
        )


def _testing(stage: Stage) -> None:
    stage.accept()
    handling.start_special(
        stage.reviewer,
        stage.number,
        kind="testing",
        until=_working_day_after(local_date(utc_now()), 8),
        reasons="设备由检测机构检测,预计需要 10 个工作日。(示例)",
        at=stage.at(2),
    )


def _after_testing(stage: Stage) -> None:
    stage.accept()
    until = stage.at(7).date()
    handling.start_special(
        stage.reviewer,
        stage.number,
        kind="expert_review",
        until=until,
        reasons="请专家评审。(示例)",
        at=stage.at(2),
    )
    handling.end_special(
        stage.reviewer,
        stage.number,
        kind="expert_review",
        reasons="专家同意。(示例)",
        at=stage.at(6),
    )
    handling.start_wait(
        stage.reviewer,
        stage.number,
        kind="site_inspection",
        until=_working_day_after(local_date(utc_now()), 2),
        officers="张示例、李示例",
        reasons="到场核查经营条件。(示例)",
        at=stage.at(7),
    )


def _delivered(stage: Stage) -> None:
    stage.accept()
    stage.approve(4)
    handling.deliver(stage.clerk, stage.number, how="collected", at=stage.at(6))


def _denied(stage: Stage) -> None:
    stage.accept()
    handling.decide(
        stage.reviewer,
        stage.number,
        approve=False,
        reasons="缴费不满一年,不符合社会保险法第四十五条的条件。(示例)",
        at=stage.at(3),
    )


def _refused(stage: Stage) -> None:
    handling.refuse(
        stage.clerk,
        stage.number,
        ground=Ground.NOT_OUR_POWER,
        competent="户籍所在地公安机关(示例)",
        reasons="户口不在本区。(示例)",
        at=stage.at(1),
    )


def _committed(stage: Stage) -> None:
    stage.accept(0)
    stage.approve(0)


def _tolerated(stage: Stage) -> None:
    handling.accept_tolerantly(stage.clerk, stage.number, at=stage.at(1))


def _withdrawn(stage: Stage) -> None:
    following.withdraw(stage.applicant, stage.number, at=stage.at(1))


def _nothing(stage: Stage) -> None:
    """It waits for its answer; after five working days that is acceptance."""


SAMPLES = (
    Sample("resident-id-card", "resident-li", "police", 1, _nothing),
    Sample("household-move", "resident-wang", "police", 3, _correction),
    Sample("resident-id-card", "resident-wang", "police", 9, _extended),
    Sample("residence-permit", "resident-li", "police", 8, _nothing),  # silence
    Sample("resident-id-card", "owner-zhao", "police", 12, _delivered),
    Sample("household-move", "resident-li", "police", 5, _refused),
    Sample("unemployment-benefit", "resident-li", "social", 9, _denied),
    Sample(
        "food-business-licence",
        "owner-zhao",
        "approvals",
        4,
        _tolerated,
        without=("safety_rules",),
    ),
    Sample("food-business-licence", "resident-li", "approvals", 9, _after_testing),
    Sample("road-freight-licence", "owner-zhao", "transport", 7, _testing),
    Sample(
        "self-employed-registration",
        "resident-wang",
        "approvals",
        2,
        _committed,
        committed=True,
        without=("premises",),
    ),
    Sample(
        "social-security-card",
        "resident-wang",
        "social",
        3,
        _withdrawn,
    ),
)


def load_office() -> int:
    """The district's hall with its hours, counters and services; once."""
    organ = Organ.objects.filter(name=HALL_ORGAN, offices=None).order_by("pk").first()
    if organ is None or Office.objects.exists():
        return 0
    office = Office.objects.create(
        organ=organ,
        slug="guangan-hall",
        name="广安区政务服务中心(示例)",
        address="广安区示例路 10 号",
        region_path=organ.region.path,
        slot_minutes=30,
        people_a_slot=4,
        kept_percent=30,
        days_ahead=14,
    )
    for weekday in range(5):
        for begins, ends in ((time(9), time(12)), (time(13, 30), time(17))):
            OfficeHours.objects.create(office=office, weekday=weekday, begins=begins, ends=ends)
    # A comprehensive hall: what other organs handle is applied for here, too.
    here = Guide.objects.filter(effective_to=None, item__region=organ.region)
    for guide in here.order_by("slug"):
        OfficeService.objects.create(office=office, item_id=guide.item_id, people_a_slot=2)
    Counter.objects.bulk_create(Counter(office=office, number=number) for number in (1, 2, 3))
    return 1


def load_cases() -> int:
    """Make the demonstration cases once; returns how many. What can't be made is left out."""
    if Case.objects.exists():
        return 0
    made = 0
    with translation.override("zh-hans"):
        for sample in SAMPLES:
            made += _make(sample)
        # What time alone does: acceptance by silence.
        clockwork.run_due()
    # What is staged here is over long ago: it stands in the accounts and goes to no mailbox.
    Message.objects.update(planned=True)
    return made


def _make(sample: Sample) -> bool:
    guide = Guide.objects.filter(slug=sample.slug, effective_to=None).select_related("item").first()
    staff = {
        role: Account.objects.filter(username=f"{sample.organ}-{role}").first()
        for role in ("clerk", "reviewer", "head")
    }
    applicant = Account.objects.filter(username=sample.who).first()
    clerk, reviewer = staff["clerk"], staff["reviewer"]
    if guide is None or applicant is None or clerk is None or reviewer is None:
        return False
    received = _working_day_after(local_date(utc_now()), -sample.days)
    number = _hand_in(sample, guide, applicant, _noon(received))
    sample.then(Stage(number, received, applicant, clerk, reviewer, staff["head"]))
    return True


def _hand_in(sample: Sample, guide: Guide, applicant: Account, at: datetime) -> str:
    document = document_of(guide)
    draft = drafting.start_draft(applicant, guide.item, at=at)
    for page in document.form_pages:
        typed = {field.key: draft.answers.get(field.key) or _answer(field) for field in page.fields}
        drafting.save_page(applicant, draft.key, page, typed, at=at)
    for material in document.materials:
        if material.how == "upload" and material.key not in sample.without:
            name = f"{material.name.zh}(示例).png"
            picture: Any = SimpleUploadedFile(name, PICTURE, "image/png")
            drafting.attach_file(applicant, draft.key, material.key, picture, at=at)
    if sample.committed:
        drafting.choose_commitment(applicant, draft.key, committed=True, at=at)
    return submitting.submit(applicant, draft.key, at=at).number


def _answer(field: FormField) -> str:
    if field.kind == "choice":
        return field.options[0].value
    if field.kind == "number":
        return str(field.minimum if field.minimum is not None else 1)
    return ANSWERS.get(field.kind, "示例" if field.required else "")
