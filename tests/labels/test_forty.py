"""The forty decisions of the published examples: ten rows of labels of ADatP-4774 (one of two labels), four clearances.

The contents of the clearances in the standard's annex were not at hand; these are as small as the table of decisions
allows: a member, a partner who takes part in an operation and in the council of partners, one who takes part in two
operations, and one who takes part in nothing.
"""

from __future__ import annotations

import msgspec
import pytest

from gateway.labels.clearance import Clearance
from gateway.labels.decide import decide
from gateway.labels.spif_read import read_spif
from tests.data import recording
from tests.labels.spif_texts import NATO_LEVELS, NINE, NOW, I, P, R, category, clearance, nato, nato_shaped

BELOW_TOP = "UNCLASSIFIED RESTRICTED CONFIDENTIAL SECRET"


def _held(context: str, releasable: str, only: str, sensitive: str = "") -> tuple[object, ...]:
    def words(text: str) -> list[str]:
        return [word.replace("_", " ") for word in text.split()]

    return (
        category("Context", P, *words(context)),
        category("Releasable To", P, *words(releasable)),
        category("Only", P, *words(only)),
        category("Additional Sensitivity", R, *words(sensitive)),
    )


def _clearance(levels: str, context: str, releasable: str, only: str, sensitive: str = "") -> Clearance:
    return clearance(levels, *_held(context, releasable, only, sensitive), policy="NATO")  # type: ignore[arg-type]


CLEARANCES = {
    "GBR": _clearance(
        NATO_LEVELS, "NATO EAPC ISAF KFOR PFP RESOLUTE_SUPPORT Releasable",
        "NATO EAPC ISAF KFOR RESOLUTE_SUPPORT GBR", "NATO EAPC ISAF KFOR RESOLUTE_SUPPORT GBR",
        "ATOMAL CRYPTO SIOP BOHEMIA",
    ),
    "SWE": _clearance(
        BELOW_TOP, "EAPC ISAF KFOR PFP RESOLUTE_SUPPORT Releasable",
        "EAPC ISAF KFOR RESOLUTE_SUPPORT SWE", "EAPC ISAF KFOR RESOLUTE_SUPPORT SWE",
    ),
    "NZL": _clearance(
        BELOW_TOP, "ISAF RESOLUTE_SUPPORT Releasable", "ISAF RESOLUTE_SUPPORT NZL", "ISAF RESOLUTE_SUPPORT NZL"
    ),
    "WSM": _clearance(BELOW_TOP, "Releasable", "WSM", "WSM"),
}  # fmt: skip

LABELS = {
    "17-1": nato(
        "UNCLASSIFIED", category("Context", P, "NATO", "Releasable"),
        category("Releasable To", P, "NATO", "ISAF", "KFOR", "RESOLUTE SUPPORT"),
    ),
    "17-2": nato("UNCLASSIFIED", category("Context", P, "NATO")),
    "17-3": nato("UNCLASSIFIED", category("Context", P, "NATO"), category("Administrative", I, "STAFF")),
    "17-4": nato(
        "RESTRICTED", category("Context", P, "NATO", "Releasable"),
        category("Releasable To", P, "NATO", "JPN", "CHE", "UKR"),
    ),
    "17-5": nato(
        "CONFIDENTIAL", category("Context", P, "EAPC", "Releasable"), category("Releasable To", P, "EAPC", "ISAF")
    ),
    "17-6": nato("CONFIDENTIAL", category("Context", P, "KFOR"), category("Only", P, "NATO", "IRL", "SWE", "UKR")),
    "18": nato(
        "RESTRICTED", category("Context", P, "NATO", "Releasable"), category("Only", P, *NINE.split()),
        category("Releasable To", P, "NATO", "SWE"),
    ),
    "ATOMAL": nato("SECRET", category("Context", P, "NATO"), category("Additional Sensitivity", R, "ATOMAL")),
    "three sensitivities": nato(
        "SECRET", category("Context", P, "NATO"), category("Additional Sensitivity", R, "ATOMAL", "BOHEMIA", "OTHER")
    ),
    "TOP SECRET": nato("TOP SECRET", category("Context", P, "NATO")),
    "no category": nato("RESTRICTED"),
}  # fmt: skip

PERMIT = "permit"
TABLE = {
    "17-1": (PERMIT, PERMIT, PERMIT, "Releasable To"),
    "17-2": (PERMIT, "Context", "Context", "Context"),
    "17-3": (PERMIT, "Context", "Context", "Context"),
    "17-4": (PERMIT, "Releasable To", "", ""),
    "17-5": (PERMIT, PERMIT, PERMIT, ""),
    "17-6": (PERMIT, PERMIT, "Context", "Context"),
    "18": (PERMIT, "Only", "", ""),
    "ATOMAL": (PERMIT, "", "", ""),
    "three sensitivities": ("Additional Sensitivity: lacks OTHER", "", "", ""),
    "TOP SECRET": (PERMIT, "classification", "classification", "classification"),
    "no category": ("missing-mandatory",) * 4,
}
"""What decides: a rule, the tag set that denies, or nothing where the table says only that it denies."""


@pytest.mark.parametrize("name", TABLE)
def test_the_published_examples_are_decided_as_the_table_says(name: str) -> None:
    policy = nato_shaped()
    for nation, expected in zip(CLEARANCES, TABLE[name], strict=True):
        decision = decide(LABELS[name], CLEARANCES[nation], policy, NOW)
        assert decision.permit == (expected == PERMIT), f"{name} to {nation}: {decision}"
        assert expected in (decision.rule, "") or decision.detail.startswith(expected), (
            f"{name} to {nation}: {decision}"
        )


def test_without_the_mandatory_set_a_label_without_categories_would_be_everybodys() -> None:
    policy = msgspec.structs.replace(nato_shaped(), mandatory=frozenset())
    assert all(decide(LABELS["no category"], each, policy, NOW).permit for each in CLEARANCES.values())


def test_whoever_is_released_to_must_stand_in_only_too() -> None:
    listed = msgspec.structs.replace(
        LABELS["18"],
        categories=tuple(
            category("Only", P, *each.values, "SWE") if each.tag == "Only" else each for each in LABELS["18"].categories
        ),
    )
    assert not decide(LABELS["18"], CLEARANCES["SWE"], nato_shaped(), NOW).permit
    assert decide(listed, CLEARANCES["SWE"], nato_shaped(), NOW).permit


DEVIATIONS = {
    "17-5": "invalid-label",
    "three sensitivities": "invalid-label",
}
"""By the file of 2015 that others publish, EAPC and ISAF go with UNCLASSIFIED alone (its `excludedClass`), and OTHER is
no value: rule 2 of the decision denies both labels before any clearance is looked at."""


def test_the_published_policy_decides_the_same_where_it_knows_the_words() -> None:
    policy = read_spif(recording("labels/nato-4774-policy.xml").read_bytes())
    for name, row in TABLE.items():
        for nation, expected in zip(CLEARANCES, row, strict=True):
            decision = decide(LABELS[name], CLEARANCES[nation], policy, NOW)
            if name in DEVIATIONS:
                assert (decision.permit, decision.rule) == (False, DEVIATIONS[name])
            else:
                assert decision.permit == (expected == PERMIT), f"{name} to {nation}: {decision}"
