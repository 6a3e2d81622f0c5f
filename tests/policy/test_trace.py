"""An explanation says which marking and which rule decided, why not the others, and what the partner gets."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from gateway.policy.engine import NO_LABEL, NO_RULE
from gateway.policy.judging import LABEL_REFUSED
from gateway.policy.policy import Policy
from gateway.policy.terms import Condition, Existing, Field, Marking, Redaction, ReleaseRule
from gateway.policy.trace import Explanation, Verdict, trace
from gateway.policy.ways import NO_TIME
from gateway.track import Identity, IdentityGroup, Label, State, Track
from tests.policy import policies as make
from tests.policy.policies import DIGEST, HIGH, LOW, NODE, NOW, TRACK

BARE = replace(TRACK, label=None)
HOSTILE = Condition(identities=frozenset({Identity.HOSTILE}))
FRIEND = Condition(identities=frozenset({Identity.FRIEND}))


def explain(policy: Policy, track: Track = BARE, *, partner: str = "bel", origin: str = NODE) -> Explanation:
    return trace(policy, track, source="radar-north", origin=origin, partner=partner, now=NOW)


def only(told: Explanation) -> Verdict:
    (verdict,) = told.verdicts
    return verdict


def allies(**more: object) -> Policy:
    return make.policy(groups={"allies": ("bel", "deu")}, **more)


def test_each_rule_that_was_tried_says_why_it_was_not_met() -> None:
    rules = (
        ReleaseRule(id="friends", when=FRIEND, release=True),
        ReleaseRule(id="elsewhere", groups=frozenset({"eu"}), release=True),
        ReleaseRule(id="relay", release=True, onward=True),
        ReleaseRule(
            id="hostile", when=HOSTILE, release=True, redaction=Redaction(drop=frozenset({Field.SENSORS, Field.NAME}))
        ),
        ReleaseRule(id="never", release=True),
    )
    told = explain(allies(releases=rules))
    verdict = only(told)
    assert [(one.rule, one.met, one.why, one.effect) for one in verdict.tried] == [
        ("release.friends", False, "its identity is HOSTILE", "passed"),
        ("release.hostile", True, "", "decides"),
    ]
    assert told.released
    assert verdict.released
    assert (verdict.rule, verdict.until, verdict.every_s, told.policy) == ("release.hostile", None, 0.0, DIGEST)
    assert {(loss.field, loss.reason) for loss in verdict.losses} >= {("sources", "WITHHELD"), ("name", "WITHHELD")}
    assert verdict.track is not None
    assert verdict.track.sources == ()
    assert verdict.track.label == verdict.label == LOW
    assert verdict.judgement is not None
    assert verdict.judgement.decision.permit


def test_the_marking_that_gave_the_label_is_told() -> None:
    markings = (
        Marking(id="friends", when=FRIEND, label=HIGH),
        Marking(id="site", when=Condition(areas=("box",)), label=HIGH),
        Marking(id="all", label=LOW),
    )
    policy = allies(markings=markings)
    marked = explain(policy).marked
    assert marked is not None
    assert [(one.rule, one.effect) for one in marked.tried] == [("mark.friends", "passed"), ("mark.site", "decides")]
    assert (marked.rule, marked.given, marked.label, marked.why) == ("mark.site", None, HIGH, "the marking gives it")
    bearing = explain(policy, replace(BARE, state=State(time=NOW))).marked
    assert bearing is not None
    assert [one.effect for one in bearing.tried] == ["passed", "adds", "decides"]
    assert bearing.tried[1].why == "it has no position"
    assert bearing.label == HIGH
    assert "may meet" in bearing.why


def test_what_becomes_of_a_label_that_the_source_gave_is_told() -> None:
    given = Label(policy="ALPHA", classification="RESTRICTED", categories=LOW.categories)
    words = {}
    for existing in Existing:
        marked = explain(
            allies(markings=(Marking(id="m", label=LOW, existing=existing),)), replace(BARE, label=given)
        ).marked
        assert marked is not None
        assert marked.given == given
        words[existing] = marked.why
        assert (marked.label is None) is (existing is Existing.REFUSE)
    assert "keeps" in words[Existing.KEEP]
    assert "as strict" in words[Existing.COMBINE]
    assert "refuses" in words[Existing.REFUSE]
    foreign = Label(policy="BRAVO", classification="OPEN")
    combine = allies(markings=(Marking(id="m", label=LOW, existing=Existing.COMBINE),))
    marked = explain(combine, replace(BARE, label=foreign)).marked
    assert marked is not None
    assert "no valid label" in marked.why


def test_why_a_partner_gets_nothing_is_told() -> None:
    withhold = allies(releases=(ReleaseRule(id="no", when=HOSTILE, release=False),))
    assert (only(explain(withhold)).rule, only(explain(withhold)).why) == ("release.no", "the rule withholds")
    friend = replace(BARE, identity=IdentityGroup(value=Identity.FRIEND))
    assert only(explain(withhold, friend)).rule == NO_RULE
    assert only(explain(allies(markings=()))).rule == NO_LABEL
    high = only(explain(allies(markings=(Marking(id="m", label=HIGH),))))
    assert high.rule == LABEL_REFUSED + "classification"
    assert high.judgement is not None
    assert not high.judgement.decision.permit
    assert "does not permit bel: classification" in high.why
    assert high.track is None
    assert explain(allies(), partner="nobody-at-all").verdicts == ()
    assert not explain(allies(), partner="nobody-at-all").released
    delayed = allies(releases=(ReleaseRule(id="late", release=True, delay_s=60.0),))
    assert only(explain(delayed, replace(BARE, state=None))).rule == NO_TIME
    assert only(explain(delayed)).until == NOW + timedelta(seconds=58)


def test_a_withholding_rule_that_may_be_meant_decides_and_a_redacting_one_adds() -> None:
    bearing = replace(BARE, state=State(time=NOW))
    inside = Condition(areas=("box",))
    keeps = allies(releases=(ReleaseRule(id="site", when=inside, release=False), ReleaseRule(id="rest", release=True)))
    verdict = only(explain(keeps, bearing))
    assert [(one.met, one.why, one.effect) for one in verdict.tried] == [(None, "it has no position", "decides")]
    redacts = allies(
        releases=(
            ReleaseRule(id="site", when=inside, release=True, redaction=Redaction(drop=frozenset({Field.NAME}))),
            ReleaseRule(id="rest", release=True),
        )
    )
    verdict = only(explain(redacts, bearing))
    assert [(one.rule, one.effect) for one in verdict.tried] == [("release.site", "adds"), ("release.rest", "decides")]
    assert verdict.track is not None
    assert verdict.track.name is None


def test_a_partners_track_bears_its_origins_label_and_goes_by_onward_rules() -> None:
    rules = (ReleaseRule(id="all", release=True), ReleaseRule(id="relay", release=True, onward=True))
    told = explain(allies(releases=rules), TRACK, origin="deu")
    assert told.marked is None
    assert [one.rule for one in only(told).tried] == ["release.relay"]
    assert explain(allies(releases=rules), TRACK, origin="deu", partner="deu").verdicts == ()


def test_a_partner_in_several_groups_is_told_of_each() -> None:
    assert [one.group for one in explain(make.policy()).verdicts] == ["allies", "all"]
