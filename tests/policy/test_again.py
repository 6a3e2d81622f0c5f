"""What waits for a partner, decided again: never laxer than a release that day, no stricter where nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from gateway.formats import alliance
from gateway.labels.book import Book
from gateway.labels.equivalence import Direction, Equivalence
from gateway.limits import Limits
from gateway.node.gate import read_waiting
from gateway.policy.again import HELD, OTHER_LABEL, REDACTED, Kept, Waiting, decide_again
from gateway.policy.engine import NO_LABEL, NO_MEMBER, NO_RULE
from gateway.policy.labelling import batch_labels
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.outline import Outline, bare, from_octets, outline_of, to_octets
from gateway.policy.policy import Policy
from gateway.policy.redact import takes_nothing
from gateway.policy.release import release
from gateway.policy.terms import AltitudeBand, Condition, Existing, Field, Height, Marking, Redaction, ReleaseRule
from gateway.policy.ways import RATE
from gateway.stages import Header, Message, Release, Retraction
from gateway.track import Environment, Extension, Identity, Label, Operator, Position, Track
from tests.policy import policies as make
from tests.policy.policies import GROUPS, LOW, NATIONS, NODE, NOW
from tests.policy.test_properties import header

SOURCE = "radar-north"
TRACK = replace(make.TRACK, label=None, extensions=(Extension("urn:x", "seen", '<seen xmlns="urn:x">it</seen>'),))
OPEN = ReleaseRule(id="open", release=True)
HOSTILE = Condition(identities=frozenset((Identity.HOSTILE,)))


def sent(policy: Policy, *tracks: Track, now: Any = NOW, source: str = SOURCE) -> list[Waiting]:
    """The messages that a policy makes of tracks of a source, as they are read again from their octets."""
    found: list[Waiting] = []
    for verdict in release(
        policy, mark(policy, tracks, source=source, now=now), source=source, origin=NODE, now=now, memory=Memory(),
        groups=None,
    ):  # fmt: skip
        if isinstance(verdict, Release):
            for label, those in batch_labels(policy, verdict.tracks, verdict.recipients, now):
                about = replace(header(label, verdict.recipients), rule=verdict.rule, release_group=verdict.group)
                octets = alliance.render(Message(header=replace(about, policy=policy.digest), tracks=those))
                found.append(read_waiting(octets, Limits()))
    return found


def one(policy: Policy, *tracks: Track) -> Waiting:
    (waiting,) = sent(policy, *(tracks or (TRACK,)))
    return waiting


def rules(*releases: ReleaseRule, **more: Any) -> Policy:
    return make.policy(**{"releases": releases, "groups": {"allies": ("bel", "deu")}, **more})


def again(old: Policy | None, new: Policy, waiting: Waiting, partner: str = "deu", now: Any = NOW) -> Kept | None:
    outline = None if old is None else outline_of(old)
    return decide_again(new, outline, waiting, partner=partner, now=now)


def why(kept: Kept | None) -> str:
    return "" if kept is None else kept.rule


# ------------------------------------------------------------------------------------------------------- what changed


def test_nothing_is_kept_back_where_what_changed_is_about_something_else() -> None:
    far = make.AREAS["pacific"]
    old = rules(ReleaseRule(id="a", when=Condition(sources=(SOURCE,), areas=("box",)), release=True), OPEN)
    waiting = one(old)
    assert again(old, old, waiting) is None
    first, second = old.releases
    others = ReleaseRule(id="new", groups=frozenset(("others",)), release=False)
    for releases in (
        (replace(first, id="renamed"), second),
        (first,),
        (first, ReleaseRule(id="below", release=False)),
        (others, first, second),
        (replace(first, groups=frozenset(("allies",))), second),
        (ReleaseRule(id="onward", onward=True, release=False), first),
    ):
        new = replace(old, releases=releases, digest="cd" * 32)
        assert again(old, new, waiting) is None, releases
    new = replace(old, groups={"friends": ("deu",)}, areas={**old.areas, "pacific": make.AREAS["field"], "more": far})
    assert again(old, new, waiting) is None
    later = replace(LOW, created_at=NOW, originator="other.example")
    assert again(old, replace(old, markings=(Marking(id="renamed", label=later),)), waiting) is None, "issued anew"


def test_a_rule_that_goes_does_not_keep_back_what_later_ones_let_out() -> None:
    old = rules(ReleaseRule(id="no", when=Condition(sources=("wall",)), release=False), OPEN)
    waiting = one(old)
    assert again(old, rules(OPEN), waiting) is None
    assert why(again(rules(OPEN), old, waiting)) == "release.no", "it may have come from there"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"groups": {"allies": ("bel",)}}, NO_MEMBER),
        ({"groups": {}}, NO_MEMBER),
        ({"partners": {**NATIONS, "deu": ()}}, "release.refused.label.not-mapped"),
        ({"partners": {**NATIONS, "deu": (make.clearance("RESTRICTED"),)}}, "release.refused.label.classification"),
        ({"releases": ()}, NO_RULE),
        ({"releases": (ReleaseRule(id="no", when=HOSTILE, release=False), OPEN)}, "release.no"),
        ({"releases": (replace(OPEN, release=False),)}, "release.open"),
        ({"releases": (replace(OPEN, groups=frozenset(("others",))),)}, NO_RULE),
        ({"releases": (replace(OPEN, redaction=Redaction(drop=frozenset((Field.IDENTITY,)))),)}, REDACTED),
        ({"releases": (replace(OPEN, redaction=Redaction(position_grid_m=100.0)),)}, REDACTED),
        ({"releases": (replace(OPEN, delay_s=60.0),)}, HELD),
        ({"releases": (replace(OPEN, every_s=5.0),)}, RATE),
        ({"markings": ()}, NO_LABEL),
        ({"markings": (Marking(id="all", label=make.HIGH),)}, OTHER_LABEL),
        ({"markings": (Marking(id="h", when=HOSTILE, label=make.ANVIL), Marking(id="all", label=LOW))}, OTHER_LABEL),
        ({"releases": (replace(OPEN, when=Condition(sources=(SOURCE,))),)}, NO_RULE),
    ],
)  # fmt: skip
def test_what_was_tightened_keeps_back_what_waits_and_says_by_which_rule(change: dict[str, Any], rule: str) -> None:
    old = rules(OPEN)
    waiting = one(old)
    new = replace(old, digest="cd" * 32, **change)
    kept = again(old, new, waiting)
    assert why(kept) == rule
    assert kept is not None
    assert kept.why


def test_each_partner_is_decided_by_himself() -> None:
    old = rules(OPEN)
    waiting = one(old)
    new = replace(old, partners={**NATIONS, "deu": ()})
    assert again(old, new, waiting, "bel") is None
    assert again(old, new, waiting, "deu") is not None


def test_what_delays_lets_go_what_is_old_enough_by_now() -> None:
    old = rules(OPEN)
    waiting, new = one(old), rules(replace(OPEN, delay_s=60.0))
    assert why(again(old, new, waiting, now=NOW + timedelta(seconds=50))) == HELD
    assert again(old, new, waiting, now=NOW + timedelta(seconds=61)) is None
    timeless = one(old, replace(TRACK, state=None))
    assert why(again(old, new, timeless, now=NOW + timedelta(seconds=61))) == "release.refused.no-time"


def test_a_marking_that_became_milder_keeps_nothing_back() -> None:
    old = rules(OPEN, markings=(Marking(id="all", label=make.label("RESTRICTED")),))
    assert again(old, rules(OPEN), one(old)) is None


def test_a_rule_about_labels_is_asked_again_where_markings_changed() -> None:
    about = ReleaseRule(id="r", when=Condition(labels=(("ALPHA", ("RESTRICTED",)),)), release=True)
    old = rules(about, markings=(Marking(id="all", label=make.label("RESTRICTED")),))
    assert why(again(old, replace(old, markings=(Marking(id="all", label=LOW),)), one(old))) == NO_RULE


def test_a_label_of_the_sources_own_stays_where_the_markings_do() -> None:
    kept = Marking(id="kept", label=LOW, existing=Existing.KEEP)
    old = rules(OPEN, markings=(kept,))
    waiting = one(old, replace(TRACK, label=make.label("RESTRICTED")))
    assert again(old, rules(OPEN, ReleaseRule(id="below", release=False), markings=(kept,)), waiting) is None
    refusing = rules(OPEN, markings=(replace(kept, existing=Existing.REFUSE),))
    assert why(again(old, refusing, waiting)) == NO_LABEL


def test_who_is_told_by_an_equivalence_is_not_told_when_it_is_signed_off_no_more() -> None:
    mapped = Equivalence(
        source="ALPHA",
        target="BRAVO",
        direction=Direction.ENCRYPT,
        classifications={"RESTRICTED": "LIMITED"},
        values={("Releasable To", "BRV"): ("Releasable To", "BRV")},
        discarded=frozenset({"Context"}),
        signed_off_by="somebody",
        signed_off_on="2026-01-01",
    )
    union = make.clearance("LIMITED", to="BRV")
    union = replace(union, policy="BRAVO", categories=tuple([c for c in union.categories if c.tag == "Releasable To"]))
    fields: dict[str, Any] = {
        "markings": (Marking(id="all", label=make.label("RESTRICTED", to=["BRV"])),),
        "groups": {"allies": ("deu", "eu")},
        "partners": {**NATIONS, "eu": (union,)},
    }
    old = rules(OPEN, book=Book(make.SPIFS.values(), [mapped]), **fields)
    waiting = one(old)
    assert waiting.header.label.alternatives
    assert waiting.header.recipients == ("deu", "eu")
    signed_anew = Book(make.SPIFS.values(), [replace(mapped, signed_off_by="somebody else")])
    for partner in ("deu", "eu"):
        assert again(old, replace(old, book=signed_anew), waiting, partner) is None
        assert again(None, old, waiting, partner) is None, "it is given anew"
        # Nor does anybody else get a label that says more than is signed off
        assert why(again(old, rules(OPEN, **fields), waiting, partner)) == OTHER_LABEL


def test_what_withdraws_tracks_and_tells_of_none_always_goes() -> None:
    gone = Retraction(track_id=str(TRACK.track_id), time=NOW, reason="MISTAKE")
    about = replace(header(LOW, ("deu",)), rule="release.onward.withdrawal")
    waiting = read_waiting(alliance.render(Message(header=about, retractions=(gone,))), Limits())
    assert again(rules(OPEN), rules(groups={}), waiting) is None
    both = read_waiting(alliance.render(Message(header=about, retractions=(gone,), tracks=(TRACK,))), Limits())
    assert why(again(rules(OPEN), rules(groups={}), both)) == NO_MEMBER


# ------------------------------------------------------------------------------------------------ what is not said


def test_what_was_taken_out_is_not_said() -> None:
    """A downgraded identity must not let through what the true one would not."""
    milder = Redaction(identities={Identity.HOSTILE: Identity.SUSPECT})
    old = rules(ReleaseRule(id="milder", redaction=milder, release=True))
    waiting = one(old)
    (track,) = waiting.tracks
    assert track.identity is not None
    assert track.identity.value is Identity.SUSPECT
    (rule,) = old.releases
    new = rules(ReleaseRule(id="no", when=HOSTILE, release=False), rule)
    assert why(again(old, new, waiting)) == "release.no"
    suspects = Condition(identities=frozenset((Identity.SUSPECT,)))
    assert why(again(old, rules(replace(rule, id="s", when=suspects)), waiting)) == NO_RULE
    assert again(old, rules(ReleaseRule(id="x", when=Condition(exercise=True), release=False), rule), waiting) is None


@pytest.mark.parametrize(
    ("drop", "when"),
    [
        (Field.IDENTIFIERS, Condition(identifiers={"icao24": ("4841d6",)})),
        (Field.CLASSIFICATIONS, Condition(platforms=("UAV",))),
        (Field.CLASSIFICATIONS, Condition(classes=("a-h-*",))),
        (Field.POSITION, Condition(areas=("box",))),
        (Field.POSITION, Condition(not_areas=("pacific",))),
        (Field.ALTITUDE, Condition(altitude=AltitudeBand(height=Height.HAE, min_m=1_000.0))),
        (Field.SENSORS, Condition(formats=("ASTERIX_*",))),
        (Field.SENSORS, Condition(has=frozenset((Field.SENSORS,)))),
        (Field.OPERATOR, Condition(has=frozenset((Field.OPERATOR,)))),
    ],
)
def test_a_new_rule_about_what_was_taken_out_keeps_back(drop: Field, when: Condition) -> None:
    track = replace(TRACK, operator=Operator(identifier="NLDpilot"))
    old = rules(ReleaseRule(id="less", redaction=Redaction(drop=frozenset((drop,))), release=True))
    waiting = one(old, track)
    assert (
        why(again(old, rules(ReleaseRule(id="no", when=when, release=False), *old.releases), waiting)) == "release.no"
    )
    # And one about something else that is there does not
    lands = Condition(environments=frozenset((Environment.LAND,)))
    assert again(old, rules(ReleaseRule(id="no", when=lands, release=False), *old.releases), waiting) is None


def test_a_grid_that_was_applied_is_not_asked_for_again_and_a_coarser_one_is() -> None:
    def gridded(grid_m: float, step_m: float = 50.0) -> ReleaseRule:
        return ReleaseRule(id="g", redaction=Redaction(position_grid_m=grid_m, altitude_grid_m=step_m), release=True)

    first = ReleaseRule(id="first", when=Condition(environments=frozenset((Environment.LAND,))), release=False)
    old = rules(gridded(500.0))
    waiting = one(old)
    assert again(old, rules(first, gridded(500.0)), waiting) is None
    assert again(None, rules(gridded(500.0)), waiting) is None
    assert why(again(old, rules(gridded(5_000.0)), waiting)) == REDACTED
    assert why(again(old, rules(gridded(500.0, 500.0)), waiting)) == REDACTED
    assert why(again(None, rules(gridded(500.0)), one(rules(OPEN)))) == REDACTED


def test_a_place_that_is_the_middle_of_a_cell_by_chance_is_not_taken_for_a_coarse_one() -> None:
    grid = Redaction(position_grid_m=500.0)
    state = TRACK.state
    assert state is not None
    (coarse,) = one(rules(ReleaseRule(id="g", redaction=grid, release=True))).tracks
    assert takes_nothing(coarse, grid, personal_data=False, node=NODE)
    assert coarse.state is not None
    plain = replace(TRACK, raw=None, extensions=(), remarks=None, operator=None)
    exact = replace(plain, state=replace(state, position=coarse.state.position, polar=None, covariance=None))
    assert not takes_nothing(exact, grid, personal_data=False, node=NODE)


def test_without_an_outline_the_content_decides() -> None:
    old = rules(OPEN)
    waiting = one(old)
    assert again(None, old, waiting) is None
    assert (
        why(again(None, rules(ReleaseRule(id="s", when=Condition(sources=(SOURCE,)), release=True)), waiting))
        == NO_RULE
    )
    personal = one(rules(replace(OPEN, personal_data=True)), replace(TRACK, operator=Operator(identifier="NLDp")))
    assert why(again(None, old, personal)) == REDACTED


# -------------------------------------------------------------------------------------------------------- outlines


def test_an_outline_is_kept_as_octets_and_another_version_counts_as_none() -> None:
    outline = outline_of(make.policy(releases=(OPEN, ReleaseRule(id="x", when=HOSTILE, release=False))))
    assert from_octets(to_octets(outline)) == outline
    assert from_octets(to_octets(replace(outline, version=0))) is None
    assert from_octets(None) is None
    assert from_octets(b"{}") is None
    assert from_octets(b"\xff" * 9) is None


@given(st.binary(max_size=200))
def test_octets_that_are_no_outline_are_none(octets: bytes) -> None:
    assert from_octets(octets) is None


@given(make.rule_lists(6), make.rule_lists(6))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_equal_rules_have_equal_prints_and_others_have_others(
    some: tuple[ReleaseRule, ...], others: tuple[ReleaseRule, ...]
) -> None:
    def printed(releases: tuple[ReleaseRule, ...]) -> list[str]:
        return [line.print for line in outline_of(make.policy(releases=releases)).lines]

    assert printed(some) == printed(tuple([replace(rule) for rule in some]))
    for one_rule, mine in zip(some, printed(some), strict=True):
        for other, theirs in zip(others, printed(others), strict=True):
            plain = replace(other, id=one_rule.id, groups=one_rule.groups, onward=one_rule.onward)
            assert (mine == theirs) == (plain == one_rule)


# -------------------------------------------------------------------------------------------------------- soundness


def facts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """All that a track says, but for its label and what it says of what was taken."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            if not (path == "" and name in ("label", "provenance")):
                yield from facts(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for item in value:
            if isinstance(item, Struct):
                yield path, repr(item)
            yield from facts(item, path)
    elif value is not None:
        yield path, repr(value)


def as_told(track: Track, label: Label) -> Track:
    """The track with the decimals that a message gives it."""
    octets = alliance.render(Message(header=header(label, ("deu",)), tracks=(replace(track, label=label),)))
    return read_waiting(octets, Limits()).tracks[0]


def fresh(policy: Policy, tracks: list[Track], partner: str, now: Any) -> dict[str, list[Track]]:
    """What the policy lets go to the partner now, by a release that knows everything."""
    found: dict[str, list[Track]] = {}
    marked = mark(policy, tracks, source=SOURCE, now=now)
    for verdict in release(policy, marked, source=SOURCE, origin=NODE, now=now, memory=Memory(), groups=None):
        if isinstance(verdict, Release) and partner in verdict.recipients:
            for track in verdict.tracks:
                found.setdefault(str(track.track_id), []).append(track)
    return found


def is_no_more(policy: Policy, told: Track, allowed: Track, whole: Track) -> bool:
    """Whether a track that was told says nothing that one that may be told does not."""
    assert allowed.label is not None
    assert told.label is not None
    shown, said = as_told(allowed, allowed.label), as_told(whole, allowed.label)
    if set(facts(told)) & set(facts(said)) - set(facts(shown)):
        return False
    mine, theirs, true = (one.state.position if one.state else None for one in (told, shown, said))
    if mine is not None and theirs != true and not (theirs is not None and near(mine, theirs)):
        return False
    return bare(told.label) == bare(allowed.label) or policy.book.covers(told.label, allowed.label, NOW)


def near(one: Position, other: Position) -> bool:
    off = abs(one.latitude_deg - other.latitude_deg), abs(one.longitude_deg - other.longitude_deg)
    return max(off) < 1e-6


PARTS = (
    HOSTILE,
    Condition(identities=frozenset((Identity.SUSPECT, Identity.UNKNOWN))),
    Condition(identifiers={"icao24": ("4841*",)}),
    Condition(platforms=("UAV",)),
    Condition(classes=("uav*", "a-h-*")),
    Condition(areas=("box",)),
    Condition(not_areas=("box",)),
    Condition(altitude=AltitudeBand(height=Height.HAE, min_m=3_048.05)),
    Condition(formats=("ASTERIX_*",)),
    Condition(sources=("wall",)),
    Condition(sources=(SOURCE,)),
    Condition(has=frozenset((Field.OPERATOR,))),
    Condition(lacks=frozenset((Field.NAME,))),
)
"""Conditions about one part each: what a redaction may have taken out."""
REDACTIONS = st.one_of(
    make.redactions(),
    st.builds(Redaction, drop=st.sampled_from(Field).map(lambda one: frozenset((one,)))),
    st.just(Redaction(identities={Identity.HOSTILE: Identity.SUSPECT})),
    st.sampled_from([100.0, 10_000.0]).map(lambda grid_m: Redaction(position_grid_m=grid_m)),
)


def plain_rules(name: str) -> st.SearchStrategy[ReleaseRule]:
    """Rules about one part, or about everything."""
    return st.builds(
        ReleaseRule,
        id=st.just(name),
        when=st.one_of(st.sampled_from(PARTS), st.just(Condition())),
        release=st.booleans(),
        redaction=REDACTIONS,
        personal_data=st.booleans(),
        delay_s=st.sampled_from([0.0, 0.0, 0.0, 60.0]),
    )


@st.composite
def changed_policies(draw: Any) -> tuple[Policy, Policy]:
    """A policy that releases something, and another that is more or less like it."""
    last = ReleaseRule(id="last", release=True, redaction=draw(REDACTIONS), personal_data=draw(st.booleans()))
    releases = [*draw(make.rule_lists(2)), *draw(st.lists(plain_rules("some"), max_size=1)), last]
    markings = draw(st.one_of(*[st.just((Marking(id="all", label=LOW),))] * 3, make.markings()))
    old = make.policy(releases=tuple(releases), markings=markings)
    new = list(releases)
    for number in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(new)))
        act = draw(st.sampled_from(["insert", "insert", "delete", "change", "redact"]))
        rule = draw(st.one_of(make.rules(90 + number), plain_rules(f"new{number}")))
        if act == "insert" or at == len(new):
            new.insert(at, rule)
        elif act == "delete":
            del new[at]
        else:
            new[at] = rule if act == "change" else replace(new[at], redaction=rule.redaction)
    if draw(st.integers(0, 5)) == 5:
        new = draw(st.permutations(new))
    groups = draw(st.sampled_from([GROUPS, GROUPS, {"allies": ("bel",), "eu": ("aut", "deu", "irl")}]))
    held = draw(st.sampled_from([NATIONS, NATIONS, {**NATIONS, "deu": NATIONS["bel"], "bel": NATIONS["aut"]}]))
    after = draw(st.one_of(st.just(markings), st.just(markings), make.markings()))
    return old, replace(old, releases=tuple(new), groups=groups, partners=held, markings=after, digest="cd" * 32)


def told_tracks() -> st.SearchStrategy[list[Track]]:
    """Random ones, and one that says everything."""
    full = [TRACK, replace(TRACK, operator=Operator(identifier="NLDpilot", position=Position(52.1, 4.1)))]
    return st.one_of(make.some_tracks(3), st.sampled_from(full).map(lambda one: [one]))


@given(changed_policies(), told_tracks(), st.booleans(), st.sampled_from([0.0, 30.0]))
@settings(max_examples=90, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_still_goes_says_nothing_that_a_release_on_the_day_would_not(
    policies: tuple[Policy, Policy], tracks: list[Track], knows_old: bool, later_s: float
) -> None:
    old, new = policies
    named = [replace(one_, track_id=f"{n:08d}-0000-4000-8000-000000000001") for n, one_ in enumerate(tracks)]
    assume(named)
    whole = {str(track.track_id): track for track in named}
    # Rules about age are answered as on the day of the release where they stayed as they were
    ages = [rule.when for rule in (*old.releases, *new.releases)] + [
        one_.when for one_ in (*old.markings, *new.markings)
    ]
    aged = any(when.min_age_s is not None or when.max_age_s is not None for when in ages)
    now = NOW if aged else NOW + timedelta(seconds=later_s)
    outline: Outline | None = outline_of(old) if knows_old else None
    for waiting in sent(old, *named):
        for partner in waiting.header.recipients:
            if decide_again(new, outline, waiting, partner=partner, now=now) is not None:
                continue
            allowed = fresh(new, named, partner, now)
            for track in waiting.tracks:
                name = str(track.track_id)
                assert name in allowed, (partner, waiting.header.rule)
                assert any(is_no_more(new, track, one_, whole[name]) for one_ in allowed[name])


@given(make.rule_lists(5).filter(bool), make.some_tracks(3))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_policy_that_says_the_same_keeps_nothing_back(releases: tuple[ReleaseRule, ...], tracks: list[Track]) -> None:
    old = make.policy(releases=releases)
    same = replace(old, digest="cd" * 32, releases=tuple([replace(one_, id=f"other-{one_.id}") for one_ in releases]))
    named = [replace(one_, track_id=f"{n:08d}-0000-4000-8000-000000000001") for n, one_ in enumerate(tracks)]
    for waiting in sent(old, *named):
        for partner in waiting.header.recipients:
            assert again(old, same, waiting, partner) is None


def test_the_search_for_what_is_told_finds_what_is_told() -> None:
    """The property above could not fail if this did not hold."""
    waiting = one(rules(OPEN))
    less = rules(ReleaseRule(id="less", redaction=Redaction(drop=frozenset((Field.NAME,))), release=True))
    allowed = fresh(less, [TRACK], "deu", NOW)[str(TRACK.track_id)]
    (track,) = waiting.tracks
    assert not is_no_more(less, track, allowed[0], TRACK)
    coarse = rules(ReleaseRule(id="g", redaction=Redaction(position_grid_m=500.0), release=True))
    allowed = fresh(coarse, [TRACK], "deu", NOW)[str(TRACK.track_id)]
    assert not is_no_more(coarse, track, allowed[0], TRACK)
    assert isinstance(waiting.header, Header)
