"""An explanation of a partner's message says what `accept` and onward release decide, and why, check by check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.policy import codes
from gateway.policy.acceptance import NO_RULE, accept, offer_of
from gateway.policy.memory import Memory
from gateway.policy.onward import carry, pass_on
from gateway.policy.policy import Policy
from gateway.policy.terms import AcceptRule, Admittance, Field, Redaction, ReleaseRule
from gateway.policy.trace_in import Hearing, Passing, hear, passings
from gateway.stages import Accepted, Hop, Opened, Retraction
from gateway.track import Environment, Label, Track
from tests.policy.relayed import NOW, alpha, header, opened, policy, relayed, track, when
from tests.policy.test_acceptance import LOW, OURS, RULES, TRACKS, rule

NEAR = alpha("RESTRICTED", "XBB")
SECRET = alpha("SECRET", "XBB", "XCC")
ONWARD = ReleaseRule(id="onward", release=True, onward=True)
GROUPS = {"near": ("ccc", "ddd"), "far": ("eee",)}


def heard(by: Policy, message: Opened) -> Hearing:
    return hear(by, offer_of(message), now=NOW)


def onward(by: Policy, message: Opened, *, most_hops: int = 8) -> dict[str, Passing]:
    octets = message.content.verified.inbound.octets
    return {one.partner: one for one in passings(by, heard(by, message), octets, most_hops=most_hops)}


def test_each_rule_that_was_tried_says_why_it_was_not_met() -> None:
    by = policy(
        accepts=(
            rule("others", of=("ccc",)),
            rule("ships", environments=frozenset({Environment.SURFACE})),
            rule("no-uavs", Admittance.DROP, platforms=("UAV",)),
            rule("rest"),
            rule("never"),
        )
    )
    told = heard(by, opened(header(OURS), track("1", LOW, platform="VESSEL"), track("2")))
    one, two = told.tracks
    assert [(tried.rule, tried.met, tried.effect) for tried in one.tried] == [
        ("accept.ships", False, "passed"),
        ("accept.no-uavs", False, "passed"),
        ("accept.rest", True, "decides"),
    ]
    assert one.tried[0].why == "its environment is AIR"
    assert (one.rule, one.admit, one.is_own_label, one.track.label) == ("accept.rest", Admittance.ACCEPT, True, LOW)
    assert [(tried.rule, tried.met, tried.effect) for tried in two.tried] == [
        ("accept.ships", False, "passed"),
        ("accept.no-uavs", None, "decides"),
    ]
    assert (two.admit, two.is_own_label, two.track.label) == (Admittance.DROP, False, OURS)
    assert told.refusal is None
    assert told.admission is not None
    assert told.admission.left_out == ((track("2").track_id, "accept.no-uavs"),)


def test_every_label_is_asked_even_after_one_that_refuses() -> None:
    message = opened(header(SECRET), track("1", LOW), track("2", OURS))
    told = heard(policy(), message)
    assert [(check.place.split()[0], check.refusal is None) for check in told.checks] == [
        ("message", False),
        ("track", True),
        ("track", True),
    ]
    assert told.refusal is not None
    assert told.refusal.code is codes.NOT_CLEARED
    assert told.tracks[0].admit is Admittance.ACCEPT, "what the rules say is told none the less"
    less = heard(policy(), opened(header(LOW), track("1", OURS)))
    (check,) = [one for one in less.checks if one.refusal is not None]
    assert (check.above, check.label, check.judgement) == (LOW, OURS, None)
    assert check.refusal is not None
    assert check.refusal.code is codes.SAYS_LESS


def test_a_partner_about_whom_there_is_no_rule_is_told_so() -> None:
    told = heard(policy(accepts=(rule("others", of=("ccc",)),)), opened(header(OURS), track("1")))
    (one,) = told.tracks
    assert (one.tried, one.rule, one.admit) == ((), NO_RULE, None)
    assert told.refusal is not None
    assert "no rule is about aaa" in told.refusal.cause


def test_what_goes_on_to_whom_and_why_not() -> None:
    by = policy(
        releases=(ONWARD,),
        groups={**GROUPS, "back": ("aaa",)},
        aaa=(),
        ccc=policy().partners["ccc"],
        ddd=policy().partners["ddd"],
        eee=(),
    )
    label = alpha("RESTRICTED", "XBB", "XCC")
    told = onward(by, opened(header(label, to=("bbb", "ddd")), track("1"), track("2")))
    assert told["ccc"].outcome == "WHOLE"
    assert told["ccc"].released == (("release.onward", (track("1").track_id, track("2").track_id)),)
    assert (told["ddd"].outcome, told["ddd"].has_it) == ("NOTHING", "it was addressed to it")
    assert (told["aaa"].outcome, told["aaa"].has_it) == ("NOTHING", "its origin")
    assert told["eee"].outcome == "NOTHING"
    (refused,) = told["eee"].refused
    assert refused.rule.startswith("release.refused.label.")
    way = opened(header(label, hops=(Hop("ccc", NOW), Hop("aaa", NOW))), track("1"))
    assert onward(by, way)["ccc"].has_it == "it passed it on"


def test_what_is_redacted_held_or_too_far_is_told() -> None:
    less = replace(ONWARD, redaction=Redaction(drop=frozenset({Field.SENSORS, Field.RAW, Field.NAME})))
    label = alpha("RESTRICTED", "XBB", "XCC")
    message = opened(header(label), track("1", name="N"))
    some: dict[str, tuple[str, ...]] = {"near": ("ccc",)}
    assert onward(policy(releases=(less,), groups=some), message)["ccc"].outcome == "REDACTED"
    late = onward(policy(releases=(replace(ONWARD, delay_s=60.0),), groups=some), message)["ccc"]
    assert (late.outcome, late.held[0].until) == ("HELD", NOW + timedelta(seconds=60))
    far = onward(policy(releases=(ONWARD,), groups=some), message, most_hops=0)["ccc"]
    assert (far.outcome, far.refused[0].rule) == ("NOTHING", "release.refused.too-far")
    nothing = onward(policy(groups=some), message)["ccc"]
    assert (nothing.outcome, nothing.refused, nothing.released) == ("NOTHING", (), ())


def test_of_a_message_that_is_refused_nothing_goes_on() -> None:
    by = policy(releases=(ONWARD,), groups={"near": ("ccc",)}, accepts=())
    assert onward(by, opened(header(OURS), track("1"))) == {}


# --------------------------------------------------------------------------------------------------------- properties


@dataclass
class Case:
    """A policy and a message, as they come."""

    by: Policy
    message: Opened


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rules: tuple[AcceptRule, ...] = draw(RULES)
    rules = tuple(
        replace(one, partners=frozenset(draw(st.sampled_from([(), (), ("aaa",), ("bbb",), ("zzz",)])))) for one in rules
    )
    tracks: tuple[Track, ...] = draw(TRACKS)
    extra: Label | None = draw(st.sampled_from([None, None, NEAR, SECRET]))
    if extra is not None:
        tracks = (*tracks, track("8", extra))
    gone = (Retraction(track_id=track("1").track_id or "", time=NOW, reason="ERROR"),) if draw(st.booleans()) else ()
    if gone and draw(st.sampled_from([False, False, True])):
        tracks = ()
    said = draw(st.sampled_from([OURS, OURS, LOW, NEAR]))
    redaction = draw(st.sampled_from([Redaction(), Redaction(position_grid_m=1_000.0)]))
    delay = draw(st.sampled_from([0.0, 60.0]))
    releases = (
        ReleaseRule(id="air", when=when(environments=frozenset({Environment.AIR})), release=True, onward=True),
        replace(ONWARD, redaction=redaction, delay_s=delay),
    )[draw(st.sampled_from([0, 1, 1, 2])) :]
    message = opened(header(said, to=draw(st.sampled_from([("bbb",), ("bbb", "ccc")]))), *tracks, retractions=gone)
    node = "bbb"
    if draw(st.booleans()):
        message, node = relayed(message, label=draw(st.sampled_from([None, OURS, LOW]))), "ccc"
    groups = {"near": ("aaa", "bbb", "ccc", "ddd"), "one": ("ddd",)}
    return Case(policy(accepts=rules, releases=releases, groups=groups, node=node), message)


@settings(max_examples=300)
@given(cases())
def test_the_explanation_says_what_accept_decides(case: Case) -> None:
    by, message = case.by, case.message
    told = heard(by, message)
    try:
        accepted: Accepted | None = accept(by, message, NOW)
        error = None
    except PolicyError as refused:
        accepted, error = None, refused
    if error is not None:
        assert told.admission is None
        assert told.refusal is not None
        assert (told.refusal.code, told.refusal.rule) == (error.code, error.rule)
        assert (told.refusal.place, told.refusal.cause) == (error.place, error.cause)
    else:
        assert accepted is not None
        assert told.refusal is None
        assert told.admission is not None
        assert (told.admission.tracks, told.admission.rule) == (accepted.tracks, accepted.rule)
        assert told.admission.left_out == accepted.left_out
    assert _put_together(told) == (None if error is None else (error.code, error.rule, error.place))
    if accepted is not None:
        lets = [one.track for one in told.tracks if one.admit is Admittance.ACCEPT]
        assert lets == list(accepted.tracks)
        drops = [(one.track.track_id, one.rule) for one in told.tracks if one.admit is Admittance.DROP]
        assert drops == list(accepted.left_out)


def _put_together(told: Hearing) -> tuple[object, str, str] | None:
    """The refusal that the parts of the explanation amount to, read in their order as a person does."""
    for check in told.checks:
        if check.refusal is not None:
            return check.refusal.code, check.refusal.rule, check.refusal.place
    if told.tracks and not told.tracks[0].tried:
        return codes.NOT_ACCEPTED, NO_RULE, "message"
    for one in told.tracks:
        place = f"track {one.track.track_id}"
        decides = [tried.rule for tried in one.tried if tried.effect == "decides"]
        assert decides == ([] if one.admit is None else [one.rule]), "the last that was tried, and no other"
        if one.admit is None:
            return codes.NOT_ACCEPTED, NO_RULE, place
        if one.admit is Admittance.REFUSE:
            return codes.REFUSED_BY_RULE, one.rule, place
    if not told.tracks and told.refusal is not None:  # withdrawals alone: no track tells of the rules
        return told.refusal.code, told.refusal.rule, told.refusal.place
    return None


@settings(max_examples=300)
@given(cases())
def test_the_explanation_says_what_onward_release_decides(case: Case) -> None:
    by, message = case.by, case.message
    try:
        accepted = accept(by, message, NOW)
    except PolicyError:
        assert onward(by, message) == {}
        return
    carried = carry(accepted, node=by.node, origin="aaa")
    decided = pass_on(by, carried, now=NOW, memory=Memory(), most_hops=8)
    told = passings(by, heard(by, message), message.content.verified.inbound.octets, most_hops=8)
    gets = {(one.group, one.partner) for one in told if one.released}
    assert gets == {(one.group, name) for one in decided.passages for name in one.recipients}
    whole = {(one.group, one.partner) for one in told if one.is_whole}
    assert whole == {(one.group, name) for one in decided.passages if one.whole for name in one.recipients}
    for one in told:
        assert not (one.has_it and (one.released or one.held or one.refused))
        assert bool(one.has_it) is (one.partner in carried.shut)
        rules = [each.rule for each in decided.passages if each.group == one.group and one.partner in each.recipients]
        assert [name for name, _ in one.released] == rules
    held = {one.group for one in decided.held}
    assert held == {one.group for one in told if one.held}
