"""The lint of release policies: what it says is so, and each of its words is said when there is reason to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.policy.condition import Circumstances, matches, meets
from gateway.policy.engine import NO_RULE
from gateway.policy.lint import Facts, Finding, Severity, codes, lint
from gateway.policy.lint.implication import covers_glob, implies, why_never
from gateway.policy.lint.order import reached_groups
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.release import release
from gateway.policy.terms import (
    AcceptRule,
    Admittance,
    AltitudeBand,
    Condition,
    Field,
    Height,
    Marking,
    Redaction,
    ReleaseRule,
)
from gateway.stages import Refused
from gateway.track import Environment, Identity
from tests.policy.policies import (
    AREAS,
    HIGH,
    LOW,
    NODE,
    NOW,
    SPIFS,
    clearance,
    conditions,
    label,
    markings,
    policy,
    rule_lists,
    some_tracks,
)

HOSTILE = frozenset({Identity.HOSTILE})
ALLIES, EU = frozenset({"allies"}), frozenset({"eu"})


ACTS = ("redaction", "personal_data", "onward", "delay_s", "every_s")
NO_FACTS = Facts()


def rule(name: str, *, to: frozenset[str] = frozenset(), release: bool = True, **more: Any) -> ReleaseRule:
    acts = {key: more.pop(key) for key in ACTS if key in more}
    return ReleaseRule(id=name, groups=to, release=release, when=Condition(**more), **acts)


def findings(*rules: ReleaseRule, facts: Facts = NO_FACTS, now: datetime = NOW, **more: Any) -> list[Finding]:
    if rules:
        more["releases"] = rules
    return list(lint(policy(**more), facts, now))


def said(code: Any, *rules: ReleaseRule, **more: Any) -> list[Finding]:
    return [one for one in findings(*rules, **more) if one.code is code]


# ----------------------------------------------------------------------------------------------------------- it is so


@st.composite
def alike(draw: st.DrawFn) -> tuple[Condition, Condition]:
    """Two conditions that have much in common, so that one often implies the other."""
    broad, other = draw(conditions()), draw(conditions())
    changed = draw(st.lists(st.sampled_from(Condition.__struct_fields__), max_size=4))
    return replace(broad, **{name: getattr(other, name) for name in changed}), broad


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(alike(), some_tracks(), st.booleans(), st.booleans())
def test_what_is_implied_is_met_by_every_track(
    pair: tuple[Condition, Condition], tracks: list[Any], narrow_lenient: bool, broad_lenient: bool
) -> None:
    narrow, broad = pair
    if not implies(narrow, broad, narrow_lenient=narrow_lenient, broad_lenient=broad_lenient):
        event("not implied")
        return
    event("implied")
    here = Circumstances(source="radar-north", origin=NODE, now=NOW, areas=AREAS)
    for track in tracks:
        one, other = meets(narrow, track, here).met, meets(broad, track, here).met
        if one or (narrow_lenient and one is None):
            assert other or (broad_lenient and other is None)


@settings(max_examples=200, deadline=None)
@given(conditions(), some_tracks(), st.booleans())
def test_what_can_never_be_met_is_met_by_no_track(when: Condition, tracks: list[Any], lenient: bool) -> None:
    if not why_never(when, lenient=lenient)[0]:
        event("may be met")
        return
    event("never met")
    here = Circumstances(source="radar-north", origin=NODE, now=NOW, areas=AREAS)
    for track in tracks:
        met = meets(when, track, here).met
        assert met is False or (met is None and not lenient)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_lists(), some_tracks(), st.sampled_from([("radar-north", NODE), (None, "deu")]))
def test_without_the_rules_that_are_dead_everything_is_decided_as_with_them(
    rules: tuple[ReleaseRule, ...], tracks: list[Any], whence: tuple[str | None, str]
) -> None:
    whole = policy(releases=rules)
    dead = {name for name, groups in reached_groups(whole).items() if not groups}
    event(f"dead rules: {bool(dead)}")
    living = policy(releases=tuple(one for one in rules if one.id not in dead))
    source, origin = whence

    def verdicts(of: Any) -> list[Any]:
        found = release(of, tracks, source=source, origin=origin, now=NOW, memory=Memory())
        # With no rule at all for partners' tracks there is not even a refusal
        return [one for one in found if not (isinstance(one, Refused) and one.rule == NO_RULE)]

    assert verdicts(whole) == verdicts(living)


@settings(max_examples=100, deadline=None)
@given(markings(), some_tracks())
def test_without_the_markings_that_are_dead_every_label_is_the_same(
    rules: tuple[Marking, ...], tracks: list[Any]
) -> None:
    whole = policy(markings=rules)
    codes_of_dead = (codes.UNREACHABLE, codes.NEVER_MET)
    dead = {one.path[1] for one in lint(whole, Facts(), NOW) if one.code in codes_of_dead and one.path[0] == "marking"}
    living = policy(markings=tuple(one for index, one in enumerate(rules) if index not in dead))
    assert [one.label for one in mark(whole, tracks, source="radar-north", now=NOW)] == [
        one.label for one in mark(living, tracks, source="radar-north", now=NOW)
    ]


_PATTERNS = st.text(alphabet="ab*?", max_size=5)


@settings(max_examples=300, deadline=None)
@given(_PATTERNS, _PATTERNS, st.text(alphabet="ab", max_size=5))
def test_a_pattern_that_covers_another_matches_all_that_the_other_does(broad: str, narrow: str, text: str) -> None:
    if covers_glob(broad, narrow) and matches(narrow, text):
        assert matches(broad, text)


@pytest.mark.parametrize(
    ("broad", "narrow", "covered"),
    [
        ("*", "ASTERIX_*", True),
        ("ASTERIX_*", "ASTERIX_062", True),
        ("ASTERIX_*", "ASTERIX_0*", True),
        ("ASTERIX_0??", "ASTERIX_06?", True),
        ("ASTERIX_0??", "ASTERIX_0*", False),
        ("ASTERIX_0*", "ASTERIX_*", False),
        ("?", "*", False),
        ("*x", "?x", True),
        ("", "", True),
        ("", "*", False),
        ("COT", "cot", False),
    ],
)
def test_a_pattern_covers_another(broad: str, narrow: str, covered: bool) -> None:
    assert covers_glob(broad, narrow) is covered


# ------------------------------------------------------------------------------------------------ rules without effect


@pytest.mark.parametrize(
    "narrow",
    [
        {"identities": HOSTILE},
        {"identities": HOSTILE, "platforms": ("UAV",)},
        {"identities": HOSTILE, "areas": ("box",)},
        {"identities": HOSTILE, "identifiers": {"icao24": ("4841*",)}},
    ],
)
def test_a_rule_below_one_that_takes_everything_it_is_about_is_never_reached(narrow: dict[str, Any]) -> None:
    [found] = said(codes.UNREACHABLE, rule("wide", identities=frozenset(Identity)), rule("narrow", **narrow))
    assert found.severity is Severity.ERROR
    assert found.path == ("release", 1)
    assert '"narrow"' in found.words
    assert '"wide"' in found.words


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"areas": ("box",)}, {"areas": ("field",)}),
        ({"areas": ("box",)}, {"platforms": ("UAV",)}),
        ({"not_areas": ("box",)}, {"areas": ("field",)}),
        ({"max_age_s": 10.0}, {"max_age_s": 20.0}),
        ({"min_age_s": 10.0}, {"min_age_s": 5.0}),
        ({"identities": HOSTILE}, {"identities": frozenset({Identity.HOSTILE, None})}),
        ({"environments": frozenset({Environment.AIR})}, {}),
        ({"altitude": AltitudeBand(height=Height.HAE, max_m=100)}, {"altitude": AltitudeBand(height=Height.MSL)}),
        ({"altitude": AltitudeBand(height=Height.HAE, max_m=100)}, {"altitude": AltitudeBand(height=Height.HAE)}),
        ({"labels": (("ALPHA", ("SECRET",)),)}, {"labels": (("ALPHA", ()),)}),
        ({"has": frozenset({Field.OPERATOR})}, {"has": frozenset({Field.RAW})}),
        ({"exercise": True}, {"exercise": False}),
        ({"exercise": True}, {"exercise": True, "unsaid_exercise": True}),
        ({"simulated": False, "unsaid_simulated": True}, {"simulated": False}),
        ({"identifiers": {"icao24": ("4841*",)}}, {"identifiers": {"icao24": ("48*",)}}),
        ({"identifiers": {"icao24": ("*",), "callsign": ("*",)}}, {"identifiers": {"icao24": ("4841d6",)}}),
        ({"formats": ("COT",)}, {"formats": ("COT", "NVG")}),
    ],
)
def test_a_rule_that_some_track_reaches_is_not_called_dead(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    assert said(codes.UNREACHABLE, rule("wide", **wide), rule("narrow", **narrow)) == []


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"areas": ("box", "field")}, {"areas": ("field",)}),
        ({"not_areas": ("box",)}, {"not_areas": ("field", "box")}),
        ({"max_age_s": 20.0}, {"max_age_s": 10.0, "min_age_s": 1.0}),
        (
            {"altitude": AltitudeBand(height=Height.HAE, min_m=0, max_m=500)},
            {"altitude": AltitudeBand(height=Height.HAE, min_m=100, max_m=500)},
        ),
        ({"labels": (("ALPHA", ()),)}, {"labels": (("ALPHA", ("SECRET",)),)}),
        ({"classes": ("uav*",)}, {"classes": ("UAV Rotary*",)}),
        ({"exercise": True}, {"exercise": True, "simulated": False}),
        ({"lacks": frozenset({Field.OPERATOR})}, {"lacks": frozenset({Field.OPERATOR, Field.RAW})}),
    ],
)
def test_every_kind_of_condition_can_take_a_narrower_one(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    assert said(codes.UNREACHABLE, rule("wide", **wide), rule("narrow", **narrow))


def test_a_withholding_rule_still_acts_on_what_a_release_of_the_same_area_does_not_know() -> None:
    """A track without a position is not in the area for the release, and may be for what keeps back."""
    rules = rule("show", areas=("box",)), rule("keep", release=False, areas=("box",))
    assert said(codes.UNREACHABLE, *rules) == []
    assert said(codes.UNREACHABLE, *reversed(rules))


@pytest.mark.parametrize("late", [{"release": False}, {"redaction": Redaction(drop=frozenset({Field.RAW}))}])
def test_a_rule_that_keeps_back_what_one_above_has_let_out_comes_too_late(late: dict[str, Any]) -> None:
    rules = rule("show", platforms=("UAV*",)), rule("keep", platforms=("UAV",), areas=("box",), **late)
    [found] = said(codes.TOO_LATE, *rules)
    assert (found.severity, found.path) == (Severity.WARNING, ("release", 1))
    assert found.words == (
        'release rule "keep" comes too late: "show" above takes every track that says what it asks for'
    )
    assert said(codes.TOO_LATE, *reversed(rules)) == []
    assert said(codes.TOO_LATE, rule("show", areas=("box",)), rules[1]), "named alike"
    assert said(codes.TOO_LATE, rule("show", areas=("field",)), rules[1]) == []
    assert said(codes.TOO_LATE, rule("show", to=ALLIES, platforms=("UAV*",)), rules[1]) == [], "others are kept from it"
    assert said(codes.TOO_LATE, rules[0], rule("keep", platforms=("UAV",), onward=True, **late)) == []
    drops = rule("drop", areas=("box",), **late)
    assert said(codes.TOO_LATE, rule("none", release=False, areas=("box",)), drops) == [], "it is never reached at all"


def test_a_marking_and_a_rule_for_acceptance_can_come_too_late() -> None:
    drones, drone = Condition(platforms=("UAV*",)), Condition(platforms=("UAV",))
    [marking] = said(
        codes.TOO_LATE, markings=(Marking(id="a", when=drones, label=LOW), Marking(id="b", when=drone, label=HIGH))
    )
    assert marking.path == ("marking", 1)
    accepts = (
        AcceptRule(id="a", when=drones, admit=Admittance.ACCEPT),
        AcceptRule(id="b", when=drone, admit=Admittance.DROP),
    )
    [accept] = said(codes.TOO_LATE, accepts=accepts)
    assert accept.path == ("accept", 1)


def test_a_redaction_still_counts_beside_the_rule_that_decides() -> None:
    redaction = Redaction(drop=frozenset({Field.RAW}))
    rules = rule("show", platforms=("UAV",)), rule("redact", platforms=("UAV",), redaction=redaction)
    assert said(codes.UNREACHABLE, *rules) == []
    assert said(codes.UNREACHABLE, rules[0], rule("plain", platforms=("UAV",)))


def test_a_rule_is_dead_only_when_it_is_so_for_each_of_its_groups() -> None:
    all_of = rule("below", identities=HOSTILE)
    assert said(codes.UNREACHABLE, rule("a", to=ALLIES), all_of) == []
    several = rule("a", to=ALLIES), rule("b", to=EU), rule("c", to=frozenset({"all", "none"}))
    [found] = said(codes.UNREACHABLE, *several, all_of)
    assert 'for allies by "a"' in found.words
    assert 'for eu by "b"' in found.words


def test_rules_for_our_own_tracks_and_for_partners_tracks_do_not_take_each_others() -> None:
    assert said(codes.UNREACHABLE, rule("own"), rule("onward", onward=True)) == []
    assert said(codes.UNREACHABLE, rule("one", onward=True), rule("other", onward=True))


def test_markings_and_rules_for_acceptance_can_be_dead_too() -> None:
    found = said(codes.UNREACHABLE, markings=(Marking(id="all", label=LOW), Marking(id="late", label=HIGH)))
    assert [one.path for one in found] == [("marking", 1)]
    first = AcceptRule(id="all", admit=Admittance.ACCEPT)
    for second, dead in (
        (AcceptRule(id="deu", partners=frozenset({"deu"}), admit=Admittance.DROP), True),
        (AcceptRule(id="any", admit=Admittance.REFUSE), True),
    ):
        assert bool(said(codes.UNREACHABLE, accepts=(first, second))) is dead
    narrow = AcceptRule(id="deu", partners=frozenset({"deu"}), admit=Admittance.ACCEPT)
    assert said(codes.UNREACHABLE, accepts=(narrow, first)) == []
    every = AcceptRule(id="each", partners=frozenset(policy().partners), admit=Admittance.ACCEPT)
    assert said(codes.UNREACHABLE, accepts=(every, first)) == []  # a partner to come is in no list


@pytest.mark.parametrize(
    ("when", "key"),
    [
        ({"has": frozenset({Field.RAW}), "lacks": frozenset({Field.RAW})}, "lacks"),
        ({"min_age_s": 10.0, "max_age_s": 5.0}, "min_age_s"),
        ({"areas": ("box",), "not_areas": ("box", "field")}, "not_area"),
        ({"areas": ("box",), "lacks": frozenset({Field.POSITION})}, "lacks"),
        ({"not_areas": ("box",), "lacks": frozenset({Field.POSITION})}, "lacks"),
        ({"identifiers": {"icao24": ("*",)}, "lacks": frozenset({Field.IDENTIFIERS})}, "lacks"),
        ({"identities": HOSTILE, "lacks": frozenset({Field.IDENTITY})}, "identity"),
        ({"identities": frozenset({None}), "has": frozenset({Field.IDENTITY})}, "identity"),
        ({"altitude": AltitudeBand(height=Height.HAE), "lacks": frozenset({Field.ALTITUDE})}, "lacks"),
        ({"altitude": AltitudeBand(height=Height.HAE, min_m=9.0, max_m=9.0)}, "altitude"),
    ],
)
def test_a_condition_that_no_track_can_meet_is_found_at_its_key(when: dict[str, Any], key: str) -> None:
    [found] = said(codes.NEVER_MET, rule("never", **when))
    assert found.severity is Severity.ERROR
    assert found.path == ("release", 0, "when", key)


def test_a_rule_that_keeps_back_may_be_about_what_a_track_does_not_say() -> None:
    for when in ({"areas": ("box",), "lacks": frozenset({Field.POSITION})}, {"min_age_s": 2.0, "max_age_s": 1.0}):
        assert said(codes.NEVER_MET, rule("keep", release=False, **when)) == []
        assert said(codes.NEVER_MET, rule("show", **when))


# --------------------------------------------------------------------------------------- more than the rule above keeps


def test_a_rule_for_every_group_shows_others_what_the_one_above_withholds() -> None:
    rules = rule("no-hostiles", to=EU, release=False, identities=HOSTILE), rule("all")
    [found] = said(codes.RELEASES_MORE, *rules)
    assert found.severity is Severity.WARNING
    assert found.path == ("release", 1)
    assert "shows all, allies, none" in found.words


def test_who_names_the_groups_has_thought_of_each() -> None:
    keeper = rule("no-hostiles", to=EU, release=False, identities=HOSTILE)
    [found] = said(codes.RELEASES_MORE, keeper, rule("both", to=ALLIES | EU))
    assert found.severity is Severity.NOTE
    assert said(codes.RELEASES_MORE, keeper, rule("others", to=ALLIES)) == []
    assert said(codes.RELEASES_MORE, keeper, rule("same", to=EU)) == []


def test_what_another_rule_keeps_from_the_others_is_not_shown_to_them() -> None:
    rules = (
        rule("eu", to=EU, release=False, identities=HOSTILE),
        rule("rest", to=frozenset({"allies", "all", "none"}), release=False, identities=HOSTILE),
        rule("everybody"),
    )
    assert said(codes.RELEASES_MORE, *rules) == []


def test_a_release_that_is_not_about_what_is_withheld_is_no_finding() -> None:
    keeper = rule("no-hostiles", to=EU, release=False, identities=HOSTILE)
    assert said(codes.RELEASES_MORE, keeper, rule("drones", platforms=("UAV",))) == []
    assert said(codes.RELEASES_MORE, keeper, rule("theirs", onward=True)) == []


@pytest.mark.parametrize(("when", "word"), [({"max_age_s": 60.0}, "young"), ({"areas": ("box",)}, "inside an area")])
def test_what_is_withheld_for_a_while_or_in_a_place_only_is_noted(when: dict[str, Any], word: str) -> None:
    [found] = said(codes.SLIPS_OUT, rule("keep", release=False, identities=HOSTILE, **when), rule("show"))
    assert found.severity is Severity.NOTE
    assert word in found.words
    assert said(codes.SLIPS_OUT, rule("keep", release=False, min_age_s=60.0), rule("show")) == []


# ------------------------------------------------------------------------------------------- partners, groups, labels


def test_a_partner_in_no_group_and_one_without_a_clearance_are_found() -> None:
    found = findings(groups={"allies": ("deu",)}, partners={"deu": (), "bel": (clearance("UNCLASSIFIED"),)})
    assert [(one.code, one.path) for one in found if one.code in (codes.NO_GROUP, codes.NO_CLEARANCE)] == [
        (codes.NO_CLEARANCE, ("partner", "deu")),
        (codes.NO_GROUP, ("partner", "bel")),
    ]


def test_a_group_that_no_living_rule_releases_to_is_found() -> None:
    assert [one.path for one in said(codes.NO_RELEASE, rule("a", to=ALLIES))] == [
        ("group", "all"),
        ("group", "eu"),
        ("group", "none"),
    ]
    below = rule("keep", to=EU, release=False), rule("show")
    assert [one.path for one in said(codes.NO_RELEASE, *below)] == [("group", "eu")]
    dead = rule("keep", to=EU, release=False), rule("show", to=EU)
    paths = [one.path for one in said(codes.NO_RELEASE, *dead, groups={"eu": ("aut",)})]
    assert paths == [("group", "eu")]


def test_a_group_whose_members_may_see_no_label_is_found_with_each_of_them() -> None:
    found = findings(markings=(Marking(id="all", label=HIGH),))
    groups = [one.path[1] for one in found if one.code is codes.NO_RELEASE]
    assert groups == ["eu"]
    partners = {one.path[1]: one.words for one in found if one.code is codes.SEES_NOTHING}
    assert set(partners) == {"bel", "aut", "irl"}
    assert "classification" in partners["bel"]


def test_whom_only_tracks_of_partners_reach_is_not_accused_of_seeing_none_of_our_labels() -> None:
    ours = rule("ours", to=ALLIES)
    onward = rule("onward", to=frozenset({"theirs"}), onward=True)
    groups = {"allies": ("bel",), "theirs": ("aut",)}
    partners = {"bel": (clearance("UNCLASSIFIED"),), "aut": (clearance("SECRET", to="XAT"),)}
    found = findings(ours, onward, groups=groups, partners=partners)
    assert not [one.words for one in found if one.code is codes.SEES_NOTHING]
    found = findings(ours, replace(onward, onward=False), groups=groups, partners=partners)
    assert [one.path for one in found if one.code is codes.SEES_NOTHING] == [("partner", "aut")]


def test_tracks_of_partners_have_labels_that_nobody_knows_here() -> None:
    onward = rule("theirs", onward=True, to=EU)
    assert said(codes.NO_RELEASE, onward, markings=(Marking(id="a", label=HIGH),), groups={"eu": ("aut",)}) == []


def test_a_label_that_is_for_nobody_is_noted_once() -> None:
    secret = Marking(id="a", when=Condition(platforms=("UAV",)), label=HIGH)
    again = Marking(id="b", label=HIGH)
    partners = {"aut": (clearance("UNCLASSIFIED", to="XAT"),)}
    found = said(codes.LABEL_FOR_NOBODY, markings=(secret, again), partners=partners, facts=Facts(labels={0: "high"}))
    assert [(one.path, one.severity) for one in found] == [(("marking", 0, "label"), Severity.NOTE)]
    assert '"high"' in found[0].words
    assert said(codes.LABEL_FOR_NOBODY, markings=(secret,)) == []


def test_a_clearance_that_nobody_holds_is_found_where_the_holders_are_known() -> None:
    held = {"one": clearance("SECRET"), "other": clearance("RESTRICTED")}
    assert said(codes.UNUSED_CLEARANCE, clearances=held) == []
    found = said(codes.UNUSED_CLEARANCE, clearances=held, facts=Facts(clearances_in_use=frozenset({"one"})))
    assert [one.path for one in found] == [("clearance", "other")]
    assert len(said(codes.UNUSED_CLEARANCE, clearances=held, facts=Facts(clearances_in_use=frozenset()))) == 2


def test_sources_are_held_against_the_configuration() -> None:
    marking = Marking(id="north", when=Condition(sources=("radar-n*", "sonar-*")), label=LOW)
    facts = Facts(sources=("radar-north", "wall"))
    found = findings(rule("sea", sources=("wall",)), markings=(marking,), facts=facts)
    assert [one.path for one in found if one.code is codes.UNMARKED_SOURCE] == [("marking",)]
    assert [one.path for one in found if one.code is codes.UNKNOWN_SOURCE] == [("marking", 0, "when", "source")]
    assert said(codes.UNMARKED_SOURCE, markings=(marking,)) == []


def test_a_partner_without_a_link_is_found_where_the_links_are_known() -> None:
    assert said(codes.NO_LINK) == []
    found = said(codes.NO_LINK, facts=Facts(links=("deu", "bel", "aut", "irl")))
    assert [one.path for one in found] == [("partner", "nobody")]


def test_a_node_that_lets_nothing_in_is_noted_and_one_that_may_receive_nothing_is_warned() -> None:
    [found] = said(codes.ACCEPTS_NOTHING)
    assert found.severity is Severity.NOTE
    accepts = (AcceptRule(id="a", admit=Admittance.ACCEPT),)
    [found] = said(codes.ACCEPTS_NOTHING, accepts=accepts)
    assert (found.severity, found.path) == (Severity.WARNING, ("own",))
    assert said(codes.ACCEPTS_NOTHING, accepts=accepts, own=(clearance("UNCLASSIFIED"),)) == []
    assert said(codes.ACCEPTS_NOTHING, partners={}, groups={}) == []


# -------------------------------------------------------------------------------------------------------- equivalences


def equivalence(direction: Direction = Direction.ENCRYPT, on: str = "2026-06-01") -> Equivalence:
    return Equivalence(
        source="ALPHA",
        target="BRAVO",
        direction=direction,
        classifications={"RESTRICTED": "LIMITED"},
        discarded=frozenset({"Context"}),
        signed_off_by="somebody",
        signed_off_on=on,
    )


BRAVO = Clearance(policy="BRAVO", classifications=("OPEN", "LIMITED"))


@pytest.mark.parametrize(
    ("direction", "used"), [(Direction.ENCRYPT, True), (Direction.BOTH, True), (Direction.DECRYPT, False)]
)
def test_an_equivalence_that_leads_to_nobodys_clearance_is_found(direction: Direction, used: bool) -> None:
    book = Book(SPIFS.values(), [equivalence(direction)])
    partners = {"eu-1": (BRAVO,)}
    assert bool(said(codes.UNUSED_EQUIVALENCE, book=book, partners=partners, groups={})) is not used
    if direction is Direction.DECRYPT:
        assert said(codes.UNUSED_EQUIVALENCE, book=book, own=(BRAVO,)) == []


@pytest.mark.parametrize(
    ("on", "code", "severity"),
    [
        ("2026-11-23", codes.SIGN_OFF, Severity.ERROR),
        ("2025-11-21", codes.SIGN_OFF_OLD, Severity.WARNING),
        ("2026-11-22", None, None),
        ("2025-11-22", None, None),
    ],
)
def test_a_sign_off_is_neither_to_come_nor_long_ago(on: str, code: Any, severity: Any) -> None:
    found = findings(book=Book(SPIFS.values(), [equivalence(on=on)]))
    told = [one for one in found if one.code in (codes.SIGN_OFF, codes.SIGN_OFF_OLD)]
    assert [(one.code, one.severity) for one in told] == ([] if code is None else [(code, severity)])
    assert all(one.path == ("equivalence", 0, "signed_off_on") for one in told)


def test_a_stated_equivalence_is_noted_where_somebody_would_need_it() -> None:
    partners = {"eu-1": (BRAVO,)}
    found = said(codes.NOT_ADOPTED, partners=partners, groups={"eu": ("eu-1",)})
    assert [one.severity for one in found] == [Severity.NOTE]
    assert "ALPHA" in found[0].words
    assert said(codes.NOT_ADOPTED, partners=partners, book=Book(SPIFS.values(), [equivalence()])) == []
    assert said(codes.NOT_ADOPTED, partners={"eu-1": (BRAVO, clearance("UNCLASSIFIED"))}, groups={}) == []


# ------------------------------------------------------------------------------------------------- what rules let out


def test_personal_data_that_goes_out_is_a_warning_with_its_groups() -> None:
    [found] = said(codes.PERSONAL, rule("drones", to=EU, personal_data=True))
    assert found.severity is Severity.WARNING
    assert found.path == ("release", 0, "personal_data")
    assert found.words.endswith("to eu")
    [found] = said(codes.PERSONAL, rule("above", to=ALLIES), rule("drones", to=ALLIES | EU, personal_data=True))
    assert found.words.endswith("to eu")
    dropped = Redaction(drop=frozenset({Field.OPERATOR}))
    assert said(codes.PERSONAL, rule("drones", personal_data=True, redaction=dropped)) == []
    assert said(codes.PERSONAL, rule("drones")) == []


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        (Identity.HOSTILE, Identity.SUSPECT, Severity.WARNING),
        (Identity.HOSTILE, Identity.UNKNOWN, Severity.WARNING),
        (Identity.SUSPECT, Identity.NEUTRAL, Severity.WARNING),
        (Identity.UNKNOWN, Identity.FRIEND, Severity.NOTE),
        (Identity.FRIEND, Identity.UNKNOWN, None),
        (Identity.SUSPECT, Identity.HOSTILE, Severity.WARNING),
        (Identity.NEUTRAL, Identity.SUSPECT, Severity.WARNING),
    ],
)
def test_an_identity_that_is_shown_as_a_milder_one_or_as_a_threat_is_told(
    before: Identity, after: Identity, severity: Any
) -> None:
    found = said(codes.DOWNGRADE, rule("mild", redaction=Redaction(identities={before: after})))
    assert [one.severity for one in found] == ([] if severity is None else [severity])
    assert all(one.path == ("release", 0, "downgrade", before.value) for one in found)


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        ({Field.RAW}, "extensions and remarks"),
        ({Field.RAW, Field.EXTENSIONS}, "remarks"),
        ({Field.NAME}, "identifiers"),
        ({Field.IDENTIFIERS}, "name"),
        ({Field.NAME, Field.IDENTIFIERS}, ""),
        ({Field.SENSORS}, ""),
        ({Field.REMARKS}, ""),
        (set(), ""),
    ],
)
def test_what_repeats_what_is_taken_out_is_noted(drop: set[Field], left: str) -> None:
    found = said(codes.LEFT_IN, rule("redact", redaction=Redaction(drop=frozenset(drop))))
    assert [one.words.partition(" leaves ")[2] for one in found] == ([f"{left} in"] if left else [])


def test_rules_that_ask_for_no_label_are_told_in_one_note() -> None:
    labelled = rule("low", labels=(("ALPHA", ("UNCLASSIFIED",)),))
    [found] = said(codes.NO_LABEL_TEST, labelled, rule("a", to=ALLIES), rule("b", to=EU), rule("c", release=False))
    assert found.path == ("release", 1)
    assert found.words.startswith("2 of 4 rules")
    assert said(codes.NO_LABEL_TEST, labelled) == []


@pytest.mark.parametrize(
    ("days", "code"), [(-1, codes.REVIEW_PASSED), (0, codes.REVIEW_PASSED), (30, codes.REVIEW_SOON), (31, None)]
)
def test_a_policy_is_reviewed_in_time(days: int, code: Any) -> None:
    found = findings(facts=Facts(review_at=NOW + timedelta(days=days)))
    told = [one.code for one in found if one.code in (codes.REVIEW_PASSED, codes.REVIEW_SOON)]
    assert told == ([] if code is None else [code])


def test_a_policy_of_a_day_to_come_is_found() -> None:
    for days, count in ((-1, 0), (0, 0), (1, 1)):
        facts = Facts(issued_at=NOW + timedelta(days=days))
        found = said(codes.ISSUED_LATER, facts=facts)
        assert [(one.severity, one.path) for one in found] == [(Severity.WARNING, ("policy", "issued"))] * count


def test_a_label_in_words_that_are_obsolete_is_found_once() -> None:
    text = shipped()["ALPHA"].replace(b'name="LANTERN" lacv="3"/>', b'name="LANTERN" lacv="3" obsolete="true"/>')
    lantern = label("RESTRICTED", sensitivity=["LANTERN"])
    rules = (Marking(id="a", when=Condition(platforms=("UAV",)), label=lantern), Marking(id="b", label=lantern))
    [found] = said(codes.LABEL_DATED, book=Book([read_spif(text)]), markings=rules)
    assert (found.severity, found.path) == (Severity.WARNING, ("marking", 0, "label"))
    assert "obsolete" in found.words
    assert said(codes.LABEL_DATED, markings=rules) == []


# -------------------------------------------------------------------------------------------------------- as a whole


def test_the_worst_comes_first_and_each_finding_says_what_to_do() -> None:
    rules = rule("a", personal_data=True), rule("b", personal_data=True)
    found = findings(*rules, markings=(Marking(id="all", label=HIGH),), accepts=())
    severities = [one.severity for one in found]
    assert severities == sorted(severities, key=list(Severity).index)
    assert set(severities) == set(Severity)
    for one in found:
        assert one.advice
        assert one.words
        assert one.path


def test_every_code_of_the_lint_has_its_case_here() -> None:
    text = Path(__file__).read_text()
    names = [name for name in vars(codes) if name.isupper() and name != "CODES"]
    assert len(names) == len(codes.CODES)
    assert [name for name in names if f"codes.{name}" not in text] == []


def test_a_sound_policy_has_no_error_and_no_warning() -> None:
    members = {"deu": (clearance("UNCLASSIFIED", "SECRET"),)}
    sound = policy(
        partners=members,
        groups={"allies": ("deu",)},
        own=(clearance("UNCLASSIFIED"),),
        clearances={},
        releases=(rule("air", to=ALLIES, labels=(("ALPHA", ()),)),),
        accepts=(AcceptRule(id="a", admit=Admittance.ACCEPT),),
    )
    facts = Facts(review_at=NOW + timedelta(days=300), sources=("radar-north",), links=("deu",))
    assert lint(sound, facts, NOW) == ()
    assert lint(replace(sound, releases=()), facts, NOW) != ()
