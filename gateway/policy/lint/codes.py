"""What can be wrong with a policy that is valid in itself. `gateway explain POL-101` prints them like errors."""

from __future__ import annotations

from gateway.errors import Code

UNREACHABLE = Code(
    "POL-101",
    "rule is never reached",
    "move it above the rule that takes everything it is about, or remove it",
)
NEVER_MET = Code("POL-102", "condition can never be met", "correct the condition, or remove the rule")
RELEASES_MORE = Code(
    "POL-103",
    "rule releases to others what the rule above withholds",
    "name the groups that the rule is for, or withhold from every group",
)
SLIPS_OUT = Code(
    "POL-104",
    "what is withheld at first is released later",
    "leave out the age or the area, use delay_s, or see that it is meant so",
)
NO_GROUP = Code("POL-105", "partner is in no release group", "add it to a group, or remove it")
NO_CLEARANCE = Code("POL-106", "partner has no clearance, and is shown nothing", "give it a clearance, or remove it")
NO_RELEASE = Code("POL-107", "nothing reaches the group", "add a release rule, or check labels and clearances")
SEES_NOTHING = Code(
    "POL-108",
    "partner may see none of the labels that markings give",
    "check its clearance, the labels' categories and the equivalences",
)
LABEL_FOR_NOBODY = Code(
    "POL-109", "no partner may see the label", "see that it is meant for this nation alone, or check the clearances"
)
UNUSED_CLEARANCE = Code("POL-110", "clearance is not used", "give it to somebody, or remove it")
UNUSED_EQUIVALENCE = Code(
    "POL-111", "equivalence is not used", "remove it, or give a clearance of the policy that it leads to"
)
NOT_ADOPTED = Code(
    "POL-112",
    "security policy states an equivalence that is not adopted",
    "sign it off in [[equivalence]] if it is wanted; without that it decides nothing",
)
SIGN_OFF = Code("POL-113", "equivalence is signed off on a day to come", "correct the day")
SIGN_OFF_OLD = Code("POL-114", "equivalence was signed off long ago", "have it looked at and signed off anew")
LEFT_IN = Code("POL-115", "what is taken out may still be told by what is left in", "drop that too, or see to it")
PERSONAL = Code(
    "POL-116", "rule lets personal data through", "see that the partners have a legal ground for it, or remove it"
)
NO_LABEL_TEST = Code(
    "POL-117",
    "rule releases whatever label a track has",
    "name the labels it is for in when.label; clearances still decide",
)
DOWNGRADE = Code("POL-118", "rule shows an identity as a milder one, or as a threat", "see that it is meant so")
REVIEW_PASSED = Code("POL-119", "review date of the policy has passed", "review the policy and set a new date")
REVIEW_SOON = Code("POL-120", "policy is to be reviewed soon", "review it before that day")
UNMARKED_SOURCE = Code(
    "POL-121", "no marking is for the source, and its tracks go nowhere", "add a marking, or see that it is meant so"
)
UNKNOWN_SOURCE = Code("POL-122", "condition names a source that is not configured", "correct the name")
ACCEPTS_NOTHING = Code("POL-123", "nothing of partners is let in", "add [[accept]] rules, and clearances in [own]")
NO_LINK = Code("POL-124", "partner of the policy has no link", "add [link.NAME] to gateway.toml, or remove the partner")
LABEL_DATED = Code(
    "POL-125", "label is not one that its security policy gives today", "write it in words that are current"
)
TOO_LATE = Code(
    "POL-126",
    "all that the rule names is taken above",
    "move it above; where it stands it keeps back only what a track does not say",
)
ISSUED_LATER = Code("POL-127", "policy is issued on a day to come", "correct the date, or put it in force then")

CODES = (
    UNREACHABLE,
    NEVER_MET,
    RELEASES_MORE,
    SLIPS_OUT,
    NO_GROUP,
    NO_CLEARANCE,
    NO_RELEASE,
    SEES_NOTHING,
    LABEL_FOR_NOBODY,
    UNUSED_CLEARANCE,
    UNUSED_EQUIVALENCE,
    NOT_ADOPTED,
    SIGN_OFF,
    SIGN_OFF_OLD,
    LEFT_IN,
    PERSONAL,
    NO_LABEL_TEST,
    DOWNGRADE,
    REVIEW_PASSED,
    REVIEW_SOON,
    UNMARKED_SOURCE,
    UNKNOWN_SOURCE,
    ACCEPTS_NOTHING,
    NO_LINK,
    LABEL_DATED,
    TOO_LATE,
    ISSUED_LATER,
)
