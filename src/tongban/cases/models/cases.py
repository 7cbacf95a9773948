"""Applications and cases: drafts, cases, what happened to them, the files handed in.

What a state may be and which act leads where is derived from `rules.table`: a change of the table
is a migration. Triggers (`migrations/0007`) refuse what a check constraint can't see: a change of
an event, and a step from a state to one that no act leads to.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.cases import rules
from tongban.catalogue.models import Guide, ServiceItem
from tongban.directory.models import Account, Delegation, Enterprise, Organ, Person
from tongban.ledger.sealed import SealedJSONField

# Events that change nothing: somebody looked.
LOOKS = ("viewed", "revealed", "emergency")


def _states(*states: rules.State | frozenset[rules.State]) -> list[str]:
    """Names in a stable order, as constraints quote them."""
    wanted: set[rules.State] = set()
    for one in states:
        wanted |= {one} if isinstance(one, rules.State) else one
    return [state.value for state in rules.State if state in wanted]


def _acts(acts: frozenset[rules.Act]) -> list[str]:
    return [act.value for act in rules.Act if act in acts]


def _known_moves() -> Q:
    """The table of acts as a condition on `act`, `before` and `after`."""
    allowed = Q(act__in=list(LOOKS), before="", after="")
    by_act: dict[tuple[str, str], list[str]] = {}
    for act, before, after in rules.moves():
        by_act.setdefault((act.value, after.value), []).append(before)
    stays: dict[str, list[str]] = {}
    for (act_name, after_name), befores in by_act.items():
        if befores == [after_name]:
            stays.setdefault(act_name, []).append(after_name)
        else:
            allowed |= Q(act=act_name, before__in=befores, after=after_name)
    for act_name, states in stays.items():
        allowed |= Q(act=act_name, before__in=states, after=models.F("before"))
    return allowed


class Draft(models.Model):
    """An application or a correction that is being filled in, kept until it is sent.

    An account has one new application an item; a case has one correction. One begun at a counter for
    a person who has no account has none; who later proves to be that person goes on with it.
    """

    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="drafts")
    item = models.ForeignKey(ServiceItem, models.PROTECT)
    guide = models.ForeignKey(Guide, models.PROTECT)
    case = models.OneToOneField("Case", models.CASCADE, null=True, related_name="correction")
    principal = models.ForeignKey(Person, models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    delegation = models.ForeignKey(Delegation, models.SET_NULL, null=True, related_name="+")
    key = models.UUIDField(unique=True)
    answers = SealedJSONField(default=dict)
    committed = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "item"], condition=Q(case=None), name="one_draft_an_item"
            ),
            models.UniqueConstraint(
                fields=["principal", "item"],
                condition=Q(account=None, case=None),
                name="one_counter_draft_an_item",
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.key}"


class Case(models.Model):
    """办件. `draft_key` makes a second submit of the same form find the first case.

    `applicant` is who applies, or who represents the `enterprise` that does; `delegation` is what
    an agent rests on who handed in for them. From `state` on, all but `answers` is what the events
    add up to (`rules.columns`); the constraints say what can't be, whoever writes.
    `due_on` is the day that people are told, `legal_due_on` the law's, `next_due_on` the organ's
    next one (answer, decision, delivery), `applicant_due_on` the applicant's. `claimed_by` is who
    of the staff looks after it: an arrangement among colleagues, not a power.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("Received, being checked")
        CORRECTION = "correction", _("Correction needed")
        ACCEPTED = "accepted", _("Accepted, being handled")
        PAUSED = "paused", _("Paused by a special procedure")
        REFUSED = "refused", _("Not accepted")
        APPROVED = "approved", _("Approved")
        DENIED = "denied", _("Denied")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        TERMINATED = "terminated", _("Ended without a decision")
        REVOKED = "revoked", _("Approval revoked")

    class Channel(models.TextChoices):
        WEB = "web", _("online")
        COUNTER = "counter", _("at the counter")

    number = models.CharField(max_length=32, unique=True)
    draft_key = models.UUIDField(unique=True)
    ledger_ref = models.CharField(max_length=32, unique=True)
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="cases")
    guide = models.ForeignKey(Guide, models.PROTECT)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="cases")
    region_path = models.CharField(max_length=12)
    applicant = models.ForeignKey(Person, models.PROTECT, related_name="cases")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="cases")
    delegation = models.ForeignKey(Delegation, models.PROTECT, null=True, related_name="cases")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=12, choices=State.choices)
    answers = SealedJSONField()
    submitted_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    delivered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revocation_ground = models.CharField(max_length=20, blank=True, default="")
    due_on = models.DateField(null=True)
    legal_due_on = models.DateField(null=True)
    next_due_on = models.DateField(null=True)
    due_provisional = models.BooleanField(default=False)
    applicant_due_on = models.DateField(null=True)
    extended_days = models.PositiveSmallIntegerField(null=True)
    open_procedures = models.PositiveSmallIntegerField(default=0)
    committed = models.BooleanField(default=False)
    # Its index is `cases_somebody_claimed`.
    claimed_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", db_index=False
    )
    claimed_at = models.DateTimeField(null=True)
    events_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=_states(frozenset(rules.State))), name="case_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=_states(
                        rules.State.SUBMITTED, rules.State.CORRECTION, rules.State.REFUSED
                    ),
                    accepted_at=None,
                )
                | Q(
                    state__in=_states(
                        rules.State.ACCEPTED, rules.State.PAUSED, rules.DECIDED_STATES
                    ),
                    accepted_at__isnull=False,
                )
                | Q(state__in=_states(rules.State.WITHDRAWN, rules.State.TERMINATED)),
                name="case_accepted_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, due_on=None, legal_due_on=None)
                | Q(accepted_at__isnull=False, due_on__isnull=False, legal_due_on__isnull=False),
                name="case_has_limits_from_acceptance",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_states(rules.DECIDED_STATES), decided_at__isnull=False)
                | (~Q(state__in=_states(rules.DECIDED_STATES)) & Q(decided_at=None)),
                name="case_decided_when_it_says_so",
            ),
            # Who accepted an application does not decide it (审查与决定相分离; house rule).
            models.CheckConstraint(
                condition=Q(accepted_by=None)
                | Q(decided_by=None)
                | ~Q(accepted_by=models.F("decided_by")),
                name="case_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(decided_at__isnull=False),
                name="case_decider_has_decided",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | Q(accepted_at__isnull=False),
                name="case_accepter_has_accepted",
            ),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(state__in=_states(rules.DECIDED_STATES)),
                name="case_delivered_after_decision",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_states(rules.ENDED_UNDECIDED), closed_at__isnull=False)
                | (~Q(state__in=_states(rules.ENDED_UNDECIDED)) & Q(closed_at=None)),
                name="case_closed_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=(Q(state="revoked", revoked_at__isnull=False) & ~Q(revocation_ground=""))
                | (~Q(state="revoked") & Q(revoked_at=None, revocation_ground="")),
                name="case_revoked_when_it_says_so",
            ),
            # art. 45: paused is a case exactly while a special procedure goes on.
            models.CheckConstraint(
                condition=Q(state="paused", open_procedures__gt=0)
                | (~Q(state="paused") & Q(open_procedures=0)),
                name="case_paused_by_a_procedure",
            ),
            # Somebody's day runs whenever the organ is at turn, and none when it is not.
            models.CheckConstraint(
                condition=Q(state__in=["submitted", "accepted"], next_due_on__isnull=False)
                | Q(state__in=["approved", "denied"], delivered_at=None, next_due_on__isnull=False)
                | Q(
                    state__in=["approved", "denied"],
                    delivered_at__isnull=False,
                    next_due_on=None,
                )
                | Q(
                    state__in=["correction", "paused", "refused", "withdrawn", "terminated"],
                    next_due_on=None,
                )
                | Q(state="revoked", next_due_on=None),
                name="case_has_a_next_day_when_at_turn",
            ),
            models.CheckConstraint(
                condition=Q(applicant_due_on=None)
                | Q(state__in=["correction", "accepted", "paused"]),
                name="case_waits_for_the_applicant",
            ),
            # art. 42: an extension is a number of days, of an accepted case.
            models.CheckConstraint(
                condition=Q(extended_days=None) | Q(extended_days__gt=0, accepted_at__isnull=False),
                name="case_extended_after_acceptance",
            ),
        ]
        indexes = [
            # The lists of the workbench, by the next day: `workbench/lanes.py` says which is for what.
            models.Index(fields=["organ", "state", "next_due_on", "id"], name="cases_of_an_organ"),
            models.Index(fields=["item", "state", "next_due_on", "id"], name="cases_of_an_item"),
            models.Index(
                fields=["organ", "state", "next_due_on", "id"],
                condition=Q(claimed_by=None),
                name="cases_nobody_claimed",
            ),
            models.Index(
                fields=["item", "state", "next_due_on", "id"],
                condition=Q(claimed_by=None),
                name="cases_of_an_item_unclaimed",
            ),
            models.Index(
                fields=["claimed_by", "state", "next_due_on", "id", "organ"],
                condition=Q(claimed_by__isnull=False),
                name="cases_somebody_claimed",
            ),
            models.Index(fields=["applicant", "-submitted_at"], name="cases_of_a_person"),
            models.Index(fields=["enterprise", "-submitted_at"], name="cases_of_an_enterprise"),
            models.Index(
                fields=["next_due_on"], condition=Q(state="submitted"), name="cases_to_answer"
            ),
            models.Index(
                fields=["applicant_due_on"],
                condition=Q(applicant_due_on__isnull=False),
                name="cases_that_may_lapse",
            ),
            models.Index(
                fields=["due_on"],
                condition=Q(due_provisional=True),
                name="cases_with_provisional_due",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CaseEvent(models.Model):
    """What happened, in order: the history that the applicant sees (处处留痕).

    Numbered without a gap and never changed: a trigger refuses an UPDATE.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    act = models.CharField(max_length=20)
    before = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(Account, models.PROTECT, null=True)
    organ = models.ForeignKey(Organ, models.PROTECT, null=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="one_event_a_place"),
            models.CheckConstraint(condition=Q(seq__gt=0), name="event_has_a_place"),
            models.CheckConstraint(condition=_known_moves(), name="event_is_a_known_move"),
            # 行政许可法 art. 32(4): what must be corrected is told once.
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(act="request_correction"),
                name="one_correction_notice_a_case",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(act__in=_acts(rules.ACCEPTANCES)),
                name="one_acceptance_a_case",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(act__in=_acts(rules.ENDINGS)),
                name="one_ending_a_case",
            ),
            # art. 42: extended once.
            models.UniqueConstraint(
                fields=["case"], condition=Q(act="extend"), name="one_extension_a_case"
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(act="deliver"), name="one_delivery_a_case"
            ),
            # art. 38(2): reasons, wherever the table wants them.
            models.CheckConstraint(
                condition=~Q(act__in=_acts(rules.REASONED)) | ~Q(text=""),
                name="event_has_its_reasons",
            ),
            models.CheckConstraint(
                condition=Q(act__in=_acts(rules.SYSTEM_ACTS), actor=None)
                | (~Q(act__in=_acts(rules.SYSTEM_ACTS)) & Q(actor__isnull=False)),
                name="event_has_who_acted",
            ),
            models.CheckConstraint(
                condition=~Q(act__in=_acts(rules.STAFF_ACTS)) | Q(organ__isnull=False),
                name="event_of_staff_has_its_organ",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.seq} {self.act}"


class EmergencyAccess(models.Model):
    """Reading a case of another organ in an emergency: a reason, a second person, a day."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="emergencies")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    allowed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    allowed_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(allowed_by=None) | ~Q(allowed_by=models.F("account")),
                name="emergency_needs_a_second_person",
            )
        ]
        indexes = [models.Index(fields=["account", "ends_at"], name="emergencies_of_an_account")]

    def __str__(self) -> str:
        return f"{self.account} reads {self.case}"


class MaterialFile(models.Model):
    """A file handed in for one material, of a draft first and then of the case.

    `trust` is 可信等级 (`rules.trust`). A correction makes a new version that `replaces` the one before;
    `reused_from` is the file of an earlier case with the same content. `checked_at` is when its
    content was read and scanned; files of earlier releases have none.
    """

    class Trust(models.TextChoices):
        ISSUED = "A", _("issued by the authority")
        VERIFIED = "B", _("compared with the original")
        UPLOADED = "C", _("uploaded; the original can be asked for")
        VOUCHED = "D", _("made by the applicant, who vouches for it")

    # DO_NOTHING: sending moves the files to the case first; the database refuses to orphan them.
    draft = models.ForeignKey(Draft, models.DO_NOTHING, null=True, related_name="files")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="files")
    key = models.UUIDField(unique=True)
    material = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    superseded = models.BooleanField(default=False)
    trust = models.CharField(max_length=1, choices=Trust.choices, default=Trust.UPLOADED)
    pages = models.PositiveSmallIntegerField(default=1)
    version = models.PositiveSmallIntegerField(default=1)
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    reused_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(trust__in=["A", "B", "C", "D"]), name="file_trust_is_known"
            ),
            models.CheckConstraint(
                condition=Q(trust="B", verified_by__isnull=False, verified_at__isnull=False)
                | ~Q(trust="B"),
                name="file_verified_by_somebody",
            ),
            models.CheckConstraint(condition=Q(pages__gt=0), name="file_has_pages"),
            models.CheckConstraint(
                condition=(Q(draft=None) & Q(case__isnull=False))
                | (Q(draft__isnull=False) & Q(case=None)),
                name="file_belongs_to_a_draft_or_a_case",
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="files_of_a_content")]

    def __str__(self) -> str:
        return self.name
