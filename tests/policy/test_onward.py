"""Onward release: by a rule that says so alone, as the origin's label allows, never back, and whole where it can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.policy import engine as engine_module
from gateway.policy.acceptance import accept
from gateway.policy.memory import Memory
from gateway.policy.onward import (
    INPUT_FORMAT,
    NOTHING,
    TOO_FAR,
    WITHDRAWAL,
    Carried,
    Onward,
    Passage,
    carry,
    pass_on,
    passes_on,
)
from gateway.policy.policy import Policy
from gateway.policy.terms import AcceptRule, Admittance, Field, Redaction, ReleaseRule
from gateway.stages import Derivation, Hop, Opened, Retraction
from gateway.track import Environment, Label, Operator, Track
from tests.policy.relayed import (
    ACCEPT_ALL,
    BRAVO,
    DIGEST,
    NOW,
    alpha,
    cleared,
    header,
    mapped_book,
    opened,
    policy,
    relayed,
    track,
    when,
)

ALL = alpha("RESTRICTED", "ALPHA", "XBB", "XCC", "XDD")
NOT_CCC = alpha("RESTRICTED", "ALPHA", "XBB", "XDD")
ONWARD = ReleaseRule(id="pass-on", release=True, onward=True)
GROUPS = {"others": ("ccc", "ddd")}


def nation(*releases: str) -> tuple[object, ...]:
    """A clearance that holds these releases and not the alliance's own."""
    (one,) = cleared()
    context, to = one.categories
    return (replace(one, categories=(context, replace(to, values=releases))),)


PARTNERS = {name: nation(f"X{name.upper()[0] * 2}") for name in ("aaa", "bbb", "ccc", "ddd")}


def relay_policy(
    *releases: ReleaseRule,
    groups: dict[str, tuple[str, ...]] | None = None,
    accepts: tuple[AcceptRule, ...] = (ACCEPT_ALL,),
    **more: object,
) -> Policy:
    fields: dict[str, object] = {**PARTNERS, **more}
    return policy(releases=releases, groups=groups or GROUPS, accepts=accepts, **fields)  # type: ignore[arg-type]


def carried(by: Policy, message: Opened) -> Carried:
    return carry(accept(by, message, NOW), node="bbb", origin="aaa")


def go(by: Policy, message: Opened, **more: object) -> Onward:
    arguments: dict[str, object] = {"now": NOW, "memory": Memory(), "most_hops": 8, **more}
    return pass_on(by, carried(by, message), **arguments)  # type: ignore[arg-type]  # a test's own names


def whole(onward: Onward) -> dict[str, tuple[str, ...]]:
    return {one.group or "": one.recipients for one in onward.passages if one.whole}


def parts(onward: Onward) -> list[tuple[tuple[str, ...], list[str | None]]]:
    return [(one.recipients, [each.track_id for each in one.tracks]) for one in onward.passages if not one.whole]


def ids(*names: str) -> list[str | None]:
    return [track(name).track_id for name in names]


# ------------------------------------------------------------------------------------------------------- who and when


def test_without_a_rule_that_says_onward_nothing_goes_on() -> None:
    own = ReleaseRule(id="own-tracks", release=True)
    by = relay_policy(own)
    assert not passes_on(by)
    assert go(by, opened(header(ALL), track("1"))) is NOTHING
    withheld = ReleaseRule(id="none", release=False, onward=True)
    assert go(relay_policy(withheld, own), opened(header(ALL), track("1"))) is NOTHING


def test_a_message_that_goes_on_as_it_is_goes_whole_to_all_who_may_see_it() -> None:
    by = relay_policy(ONWARD)
    onward = go(by, opened(header(ALL), track("1"), track("2")))
    (passage,) = onward.passages
    assert passage == Passage(
        group="others", recipients=("ccc", "ddd"), rule="release.pass-on", policy=DIGEST, whole=True
    )
    assert (onward.refused, onward.held) == ((), ())


def test_a_rule_never_overrides_the_origins_label() -> None:
    onward = go(relay_policy(ONWARD), opened(header(NOT_CCC), track("1")))
    assert whole(onward) == {"others": ("ddd",)}
    assert parts(onward) == []
    (refused,) = onward.refused
    assert (refused.members, refused.rule) == (("ccc",), "release.refused.label.tag-set")


def test_a_label_that_permits_nobody_else_stops_here() -> None:
    onward = go(relay_policy(ONWARD), opened(header(alpha("RESTRICTED", "XBB", "XEE")), track("1")))
    assert onward.passages == ()
    assert {one.rule for one in onward.refused} == {"release.refused.label.tag-set"}


def test_of_a_message_with_one_tighter_track_the_rest_goes_redacted_to_who_may_not_see_it() -> None:
    onward = go(relay_policy(ONWARD), opened(header(NOT_CCC), track("1", ALL), track("2")))
    assert whole(onward) == {"others": ("ddd",)}
    assert parts(onward) == [(("ccc",), ids("1"))]
    (derived,) = [one for one in onward.passages if not one.whole]
    assert [one.label for one in derived.tracks] == [ALL]


def test_a_label_of_the_message_that_a_partner_may_not_see_keeps_its_signed_octets_from_him() -> None:
    """Each track permits him; the original itself does not, for its label is the message's."""
    onward = go(relay_policy(ONWARD), opened(header(NOT_CCC), track("1", ALL)))
    assert whole(onward) == {"others": ("ddd",)}
    assert parts(onward) == [(("ccc",), ids("1"))]


@pytest.mark.parametrize(
    "message",
    [
        opened(header(ALL, to=("bbb", "ccc")), track("1")),
        relayed(opened(header(ALL, to=("ccc",)), track("1")), by="ccc", to=("bbb",)),
        relayed(opened(header(ALL, to=("ddd",)), track("1")), by="ddd", to=("bbb", "ccc")),
        opened(header(ALL, hops=(Hop("ccc", NOW),)), track("1")),
    ],
)
def test_it_never_goes_to_whoever_has_it(message: Opened) -> None:
    onward = go(relay_policy(ONWARD, groups={"others": ("aaa", "ccc", "ddd"), "back": ("aaa", "ccc")}), message)
    reached = {name for one in onward.passages for name in one.recipients}
    assert reached <= {"ddd"}
    assert reached == (set() if message.message.header.sender == "ddd" else {"ddd"})
    assert "back" not in {one.group for one in onward.passages} | {one.group for one in onward.refused}


def test_it_goes_no_further_than_its_way_may_be_long() -> None:
    way = tuple(Hop(f"n{number}", NOW) for number in range(3))
    message = opened(header(ALL, hops=way), track("1"))
    by = relay_policy(ONWARD)
    assert go(by, message, most_hops=4).passages != ()
    onward = go(by, message, most_hops=3)
    assert onward.passages == ()
    assert [(one.rule, list(one.track_ids)) for one in onward.refused] == [(TOO_FAR, ids("1"))]


# ----------------------------------------------------------------------------------------------------------- redacted


def test_what_a_rule_takes_out_makes_it_another_message_that_says_so() -> None:
    rule = replace(ONWARD, redaction=Redaction(drop=frozenset({Field.SENSORS})))
    onward = go(relay_policy(rule), opened(header(ALL), track("1", name="seen"), track("2")))
    assert whole(onward) == {}
    assert parts(onward) == [(("ccc", "ddd"), ids("1", "2"))]


def test_what_is_taken_out_is_told_as_ours_and_not_the_origins() -> None:
    flown = track("1", operator=Operator(identifier="pilot"))
    onward = go(relay_policy(ONWARD), opened(header(ALL), flown))
    assert whole(onward) == {}
    (passage,) = onward.passages
    (told,) = passage.tracks
    assert told.operator is None
    first, last = told.provenance
    assert first == flown.provenance[0]
    assert (last.gateway, last.input_format, last.input_message_id) == ("bbb", INPUT_FORMAT, header(ALL).message_id)
    assert [loss.field for loss in last.losses] == ["operator"]
    kept = replace(ONWARD, personal_data=True)
    assert whole(go(relay_policy(kept), opened(header(ALL), flown))) == {"others": ("ccc", "ddd")}


def test_a_message_of_which_a_track_was_not_let_in_is_no_longer_whole() -> None:
    ships = AcceptRule(id="no-ships", when=when(environments=frozenset({Environment.SURFACE})), admit=Admittance.DROP)
    by = relay_policy(ONWARD, accepts=(ships, ACCEPT_ALL))
    onward = go(by, opened(header(ALL), track("1"), track("2", environment=Environment.SURFACE)))
    assert whole(onward) == {}
    assert parts(onward) == [(("ccc", "ddd"), ids("1"))]


def test_tracks_that_go_by_two_rules_make_one_whole_message() -> None:
    air = replace(ONWARD, id="air", when=when(environments=frozenset({Environment.AIR})))
    onward = go(relay_policy(air, ONWARD), opened(header(ALL), track("1"), track("2", environment=Environment.LAND)))
    (passage,) = onward.passages
    assert (passage.whole, passage.rule) == (True, "release.air.and-1-more")


def test_a_label_that_a_partner_reads_by_our_equivalence_goes_with_it_and_not_whole() -> None:
    shared = alpha("RESTRICTED", "ALPHA", "XBB", "BRV")
    by = relay_policy(ONWARD, groups={"union": ("ccc",)}, ccc=BRAVO, words=mapped_book())
    onward = go(by, opened(header(shared), track("1")))
    assert whole(onward) == {}
    (passage,) = onward.passages
    label = passage.tracks[0].label
    assert label is not None
    assert replace(label, alternatives=()) == shared
    assert [one.policy for one in label.alternatives] == ["BRAVO"]


def test_successive_snapshots_of_one_track_are_counted_one_by_one() -> None:
    message = opened(header(ALL), track("1"), track("1", name="again"))
    assert whole(go(relay_policy(ONWARD), message)) == {"others": ("ccc", "ddd")}
    seldom = replace(ONWARD, every_s=60.0)
    onward = go(relay_policy(seldom), message)
    assert whole(onward) == {}
    assert parts(onward) == [(("ccc", "ddd"), ids("1"))]


def test_our_message_names_the_original_and_one_that_was_redacted_names_what_it_rests_on() -> None:
    by = relay_policy(ONWARD)
    direct = carried(by, opened(header(ALL), track("1")))
    assert (direct.derivation(redacted=True).origin, direct.derivation(redacted=True).sha256) == ("aaa", direct.sha256)
    cited = Derivation(origin="aaa", message_id="m-0", sha256="12" * 32, redacted=True)
    second = opened(header(ALL, sender="ddd", derived=cited, hops=(Hop("ddd", NOW),)), track("1"))
    again = carried(by, second)
    assert again.derivation(redacted=True) == cited
    passed = again.derivation(redacted=False)
    assert (passed.origin, passed.message_id, passed.redacted) == ("ddd", header(ALL).message_id, False)


# --------------------------------------------------------------------------------------------------------------- held


def test_what_is_held_waits_as_it_came_and_is_then_decided_whole() -> None:
    late = replace(ONWARD, delay_s=60.0)
    by = relay_policy(late)
    message = opened(header(ALL), track("1"), track("2"))
    onward = go(by, message)
    assert onward.passages == ()
    (held,) = onward.held
    assert held.group == "others"
    assert held.tracks == carried(by, message).tracks
    then = go(by, message, now=held.until, only="others", tracks=held.tracks)
    assert whole(then) == {"others": ("ccc", "ddd")}


def test_a_part_that_was_held_goes_by_itself() -> None:
    by = relay_policy(ONWARD)
    message = opened(header(ALL), track("1"), track("2"))
    onward = go(by, message, only="others", tracks=carried(by, message).tracks[:1])
    assert parts(onward) == [(("ccc", "ddd"), ids("1"))]
    assert go(by, message, only="gone", tracks=carried(by, message).tracks) == NOTHING


# -------------------------------------------------------------------------------------------------------- withdrawals


def gone(name: str) -> Retraction:
    return Retraction(track_id=track(name).track_id or "", time=NOW, reason="MISTAKE")


def test_a_withdrawal_follows_the_track_to_whoever_was_sent_it_whatever_the_rules_say_now() -> None:
    message = opened(header(ALL), retractions=(gone("1"), gone("2")))
    told = {gone("1").track_id: frozenset({"ccc", "aaa"}), gone("2").track_id: frozenset({"ccc", "ddd"})}
    onward = go(relay_policy(), message, told=told)
    assert [(one.recipients, one.whole, one.rule, one.retractions) for one in onward.passages] == [
        (("ccc",), True, WITHDRAWAL, (gone("1"), gone("2"))),
        (("ddd",), False, WITHDRAWAL, (gone("2"),)),
    ]
    assert go(relay_policy(), message) is NOTHING


def test_whoever_gets_the_whole_message_gets_its_withdrawals_in_it() -> None:
    message = opened(header(NOT_CCC), track("3", ALL), retractions=(gone("1"),))
    told = {gone("1").track_id: frozenset({"ccc", "ddd"})}
    onward = go(relay_policy(ONWARD), message, told=told)
    assert whole(onward) == {"others": ("ddd",)}
    assert parts(onward) == [(("ccc",), ids("3"))]
    assert not [one for one in onward.passages if one.retractions]


def test_a_withdrawal_under_a_label_that_a_partner_may_not_see_is_not_for_him() -> None:
    told = {gone("1").track_id: frozenset({"ccc", "ddd"})}
    onward = go(relay_policy(), opened(header(NOT_CCC), retractions=(gone("1"),)), told=told)
    assert [one.recipients for one in onward.passages] == [("ddd",)]


# --------------------------------------------------------------------------------------------------------- properties

LABELS = [ALL, NOT_CCC, alpha("RESTRICTED", "ALPHA", "XBB"), alpha("UNCLASSIFIED", "ALPHA", "XBB", "XCC", "XDD")]
RULES = st.lists(
    st.builds(
        lambda number, release, onward, redaction, environments: ReleaseRule(
            id=f"r{number}",
            release=release,
            onward=onward,
            redaction=redaction if release else Redaction(),
            when=when(environments=environments),
        ),
        st.integers(0, 9),
        st.booleans(),
        st.booleans(),
        st.sampled_from([Redaction(), Redaction(), Redaction(drop=frozenset({Field.NAME}))]),
        st.sampled_from([frozenset(), frozenset({Environment.AIR})]),
    ),
    max_size=4,
)
TRACKS = st.lists(
    st.builds(
        lambda number, label, environment: track(str(number), label, environment=environment, name="N"),
        st.integers(1, 5),
        st.sampled_from([None, *LABELS]),
        st.sampled_from([Environment.AIR, Environment.SURFACE]),
    ),
    min_size=1,
    max_size=4,
)


@given(RULES, TRACKS, st.sampled_from(LABELS[:3]))
def test_nothing_goes_on_but_what_a_rule_names_and_the_label_permits(
    rules: list[ReleaseRule], tracks: list[Track], label: Label
) -> None:
    by = relay_policy(*rules, own=cleared("XBB"))
    covered = [one.label is None or by.book.covers(label, one.label, NOW) for one in tracks]
    tracks = [one if fits else replace(one, label=None) for one, fits in zip(tracks, covered, strict=True)]
    onward = go(by, opened(header(label), *tracks))
    reached: dict[str, list[str | None]] = {"ccc": [], "ddd": []}
    for passage in onward.passages:
        for name in passage.recipients:
            reached[name] += [one.track_id for one in (tracks if passage.whole else passage.tracks)]
            assert not passage.whole or _permits(label, name)
        for one in passage.tracks:
            rule = _first(rules, one)
            assert rule is not None
            assert (one.name is None) is (Field.NAME in rule.redaction.drop)
        if passage.whole:
            assert all((_first(rules, one) or ONWARD).redaction.is_empty for one in tracks)
    for name, got in reached.items():
        want = [one.track_id for one in tracks if _released(rules, one) and _permits(one.label or label, name)]
        assert sorted(map(str, got)) == sorted(map(str, want))


def _first(rules: list[ReleaseRule], one: Track) -> ReleaseRule | None:
    """The rule for partners' tracks that decides, as one would read them."""
    for rule in rules:
        if rule.onward and (not rule.when.environments or one.environment in rule.when.environments):
            return rule
    return None


def _released(rules: list[ReleaseRule], one: Track) -> bool:
    rule = _first(rules, one)
    return rule is not None and rule.release


def _permits(label: Label, name: str) -> bool:
    return any(f"X{name[0].upper() * 2}" in one.values for one in label.categories if one.tag == "Releasable To")


def test_what_is_remembered_of_large_labels_is_bounded_by_their_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MOST_PLANS", 40)
    by = relay_policy(ONWARD)
    large = tuple(replace(ALL, policy=f"P{n}", policy_uri=None, privacy_mark="x" * 4_000) for n in range(4))
    for n in range(20):
        label = replace(ALL, alternatives=large, originator=f"{n}.example", originator_kind="dNSName")
        assert whole(go(by, opened(header(label), track("1")))) == {"others": ("ccc", "ddd")}
        (engine,) = [one for one in by.__dict__.values() if isinstance(one, engine_module.Engine)]
        assert 0 < sum(len(route.plans) for route in engine._routes.values()) <= 3
