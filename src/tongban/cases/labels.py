"""What acts, procedures, grounds and inputs are called. One table each; texts are translated late."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tongban.cases.rules import Act, Delivery, Ground, Procedure

# What has happened, in the history of a case.
ACT_TITLES: Final[dict[str, Promise]] = {
    Act.SUBMIT: _("Application received"),
    Act.REQUEST_CORRECTION: _("Correction asked for"),
    Act.CORRECT: _("Correction handed in"),
    Act.ACCEPT: _("Accepted"),
    Act.ACCEPT_TOLERANTLY: _("Accepted; some papers follow"),
    Act.ACCEPT_BY_SILENCE: _("Accepted by law: the organ did not answer in time"),
    Act.REFUSE: _("Not accepted"),
    Act.SUPPLY: _("Missing paper handed in"),
    Act.EXTEND: _("Limit extended"),
    Act.START_SPECIAL: _("Special procedure begun: the clock stands"),
    Act.END_SPECIAL: _("Special procedure ended"),
    Act.START_WAIT: _("Step begun that counts as time"),
    Act.END_WAIT: _("Step ended that counted as time"),
    Act.APPROVE: _("Approved"),
    Act.DENY: _("Denied"),
    Act.DELIVER: _("Delivered"),
    Act.WITHDRAW: _("Withdrawn by the applicant"),
    Act.LAPSE: _("Counted as withdrawn: nothing was handed in in time"),
    Act.TERMINATE: _("Ended without a decision"),
    Act.REVOKE: _("Approval revoked"),
    Act.RETRACT_COMMITMENT: _("Commitment taken back: ordinary handling"),
    Act.CONFIRM_COMMITMENT: _("Commitment checked and found kept"),
    Act.ORDER_REPAIR: _("Commitment not kept: repair ordered"),
    Act.RECOMPUTE: _("Deadline recomputed"),
}

# What the button says that does it.
BUTTONS: Final[dict[str, Promise]] = {
    Act.ACCEPT: _("Accept"),
    Act.ACCEPT_TOLERANTLY: _("Accept; papers follow"),
    Act.REQUEST_CORRECTION: _("Ask for correction"),
    Act.REFUSE: _("Refuse to accept"),
    Act.EXTEND: _("Extend the limit"),
    Act.START_SPECIAL: _("Begin a special procedure"),
    Act.END_SPECIAL: _("End a special procedure"),
    Act.START_WAIT: _("Begin a step that counts"),
    Act.END_WAIT: _("End a step that counts"),
    Act.APPROVE: _("Approve"),
    Act.DENY: _("Deny"),
    Act.DELIVER: _("Deliver the decision"),
    Act.TERMINATE: _("End without a decision"),
    Act.REVOKE: _("Revoke the approval"),
    Act.CONFIRM_COMMITMENT: _("Commitment kept"),
    Act.ORDER_REPAIR: _("Order repair"),
    Act.WITHDRAW: _("Withdraw the application"),
    Act.RETRACT_COMMITMENT: _("Take the commitment back"),
}

# What the page says when it is done.
DONE: Final[dict[str, Promise]] = {
    Act.ACCEPT: _("Accepted. The clock runs, and the applicant sees the deadline."),
    Act.ACCEPT_TOLERANTLY: _("Accepted. The applicant sees which papers follow, and until when."),
    Act.REQUEST_CORRECTION: _("The applicant sees what to correct."),
    Act.REFUSE: _("Refused. The applicant sees the reasons."),
    Act.EXTEND: _("Extended. The applicant sees the new day and why."),
    Act.START_SPECIAL: _("The clock stands. The applicant sees why, and for how long."),
    Act.END_SPECIAL: _("Ended. The applicant sees the result."),
    Act.START_WAIT: _("Begun. The clock goes on."),
    Act.END_WAIT: _("Ended."),
    Act.APPROVE: _("Approved. The applicant sees the decision."),
    Act.DENY: _("Denied. The applicant sees the decision and the remedies."),
    Act.DELIVER: _("Delivered."),
    Act.TERMINATE: _("Ended. The applicant sees the reasons."),
    Act.REVOKE: _("Revoked. The applicant sees the reasons and the remedies."),
    Act.CONFIRM_COMMITMENT: _("Written down: the commitment was kept."),
    Act.ORDER_REPAIR: _("Ordered. The applicant sees what to make good, and until when."),
    Act.WITHDRAW: _("Withdrawn. Nothing more happens with this application."),
    Act.RETRACT_COMMITMENT: _("Taken back. The application is handled in the ordinary time."),
}

DANGEROUS: Final = frozenset({Act.REFUSE, Act.DENY, Act.TERMINATE, Act.REVOKE, Act.WITHDRAW})

PROCEDURES: Final[dict[str, Promise]] = {
    Procedure.HEARING: _("hearing"),
    Procedure.BIDDING: _("invitation of bids"),
    Procedure.AUCTION: _("auction"),
    Procedure.INSPECTION: _("inspection of goods"),
    Procedure.TESTING: _("testing"),
    Procedure.QUARANTINE: _("quarantine"),
    Procedure.APPRAISAL: _("appraisal"),
    Procedure.EXPERT_REVIEW: _("expert review"),
    Procedure.SITE_INSPECTION: _("check on site"),
    Procedure.TECHNICAL_REVIEW: _("technical review"),
    Procedure.PUBLICITY: _("publication for objections"),
    Procedure.OTHER_ORGAN: _("answer of another organ"),
}

GROUNDS: Final[dict[str, Promise]] = {
    Ground.NO_LICENCE_NEEDED: _("No licence is needed for this"),
    Ground.NOT_OUR_POWER: _("Another organ has the power"),
    Ground.STILL_INCOMPLETE: _("Still incomplete after the correction"),
    Ground.APPLICANT_GONE: _("The applicant died, lost capacity or was dissolved"),
    Ground.OBJECT_GONE: _("What was applied for became impossible by force majeure"),
    Ground.LAW_CHANGED: _("The law was changed or abolished"),
    Ground.OTHER_LAWFUL: _("Another case that a law names"),
    Ground.ABUSE: _("Officials abused their power or neglected their duty"),
    Ground.BEYOND_POWER: _("Decided beyond the legal power"),
    Ground.WRONG_PROCEDURE: _("Decided against the legal procedure"),
    Ground.NOT_QUALIFIED: _("The applicant was not qualified or not within the conditions"),
    Ground.OTHER_REVOCABLE: _("Another case in which the law allows revocation"),
    Ground.FRAUD: _("Obtained by fraud, bribery or other improper means"),
    Ground.COMMITMENT_BROKEN: _("The commitment was not kept"),
}

DELIVERIES: Final[dict[str, Promise]] = {
    Delivery.COLLECTED: _("collected at the counter"),
    Delivery.POST: _("by post"),
    Delivery.ONLINE: _("online, in the account"),
}
