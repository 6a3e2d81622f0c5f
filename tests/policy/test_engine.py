"""The compiled rules say what the plain ones say, for every group, member and track."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction, Equivalence
from gateway.policy import engine as compiled
from gateway.policy import trace as room
from gateway.policy.condition import Circumstances, meets
from gateway.policy.engine import NO_LABEL, NO_MEMBER, NO_RULE
from gateway.policy.judging import LABEL_REFUSED
from gateway.policy.match import Matcher
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import engine_of, release
from gateway.policy.terms import Condition, Field, Redaction, ReleaseRule
from gateway.policy.ways import NO_TIME, RATE
from gateway.stages import Held, Refused, Release
from gateway.track import Identity, LabelCategory, Operator, Position, State, Status, Succession, Track
from tests.policy import policies as make
from tests.policy.policies import AREAS, HIGH, LOW, NODE, NOW, TO_XAT, TRACK

QUIET = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
Verdicts = list[Release | Refused | Held]


def decide(policy: Policy, tracks: Sequence[Track], **more: Any) -> Verdicts:
    given_: dict[str, Any] = {"source": "radar-north", "origin": NODE, "now": NOW, "memory": Memory()}
    return release(policy, tracks, **{**given_, **more})


def fates(policy: Policy, verdicts: Verdicts, group: str, member: str) -> dict[str, tuple[str, object]]:
    """What became of each track for one member of a group: its rule, and the track or until when it is held."""
    found: dict[str, tuple[str, object]] = {}

    def put(name: str, fate: tuple[str, object]) -> None:
        assert name not in found, "one verdict for each track and member"
        found[name] = fate

    for verdict in verdicts:
        if verdict.group != group:
            continue
        if isinstance(verdict, Release):
            assert verdict.policy == policy.digest
            if member in verdict.recipients:
                for track in verdict.tracks:
                    put(track.track_id or "", (verdict.rule, track))
        elif isinstance(verdict, Held):
            for track in verdict.tracks:
                put(track.track_id or "", (verdict.rule, verdict.until))
        elif member in verdict.members or not verdict.members:
            for name in verdict.track_ids:
                put(name, (verdict.rule, None))
    return found


@given(make.rule_lists(), make.some_tracks(4), st.sampled_from([*make.SOURCES, None]), st.sampled_from([NODE, "deu"]))
@QUIET
def test_the_engine_and_the_explanation_agree_on_every_track_and_partner(
    rules: tuple[ReleaseRule, ...], tracks: list[Track], source: str | None, origin: str
) -> None:
    policy = make.policy(releases=rules)
    verdicts = decide(policy, tracks, source=source, origin=origin)
    assert verdicts == decide(policy, tracks, source=source, origin=origin), "what is remembered changes nothing"
    if origin != NODE and not any(rule.onward for rule in rules):
        assert verdicts == []
        return
    for group, members in policy.groups.items():
        for member in members:
            if member == origin:
                continue
            found = fates(policy, verdicts, group, member)
            assert set(found) == {track.track_id for track in tracks}
            for track in tracks:
                unmarked = replace(policy, markings=()) if origin == NODE else policy
                told = next(
                    one
                    for one in explain(unmarked, track, source=source, origin=origin, partner=member)
                    if one.group == group
                )
                rule, fate = found[track.track_id or ""]
                if isinstance(fate, datetime) and not told.released:
                    assert told.rule.startswith(LABEL_REFUSED), "told when the others of the group get it"
                    continue
                assert rule == told.rule, told
                if told.until is not None:
                    assert fate == told.until
                else:
                    assert fate == told.track


def explain(policy: Policy, track: Track, **given_: Any) -> Any:
    """The verdicts of an explanation of a track that bears its label already."""
    circumstances = Circumstances(source=given_["source"], origin=given_["origin"], now=NOW, areas=policy.areas)
    return [
        room._verdict(policy, group, given_["partner"], track, circumstances)
        for group, members in policy.groups.items()
        if given_["partner"] in members
    ]


@given(st.lists(make.conditions(), max_size=6), make.some_tracks(), st.sampled_from([*make.SOURCES, None]))
@QUIET
def test_many_conditions_at_once_are_met_as_one_by_one(
    conditions: list[Condition], tracks: list[Track], source: str | None
) -> None:
    matcher = Matcher(conditions, AREAS)
    circumstances = Circumstances(source=source, origin=NODE, now=NOW, areas=AREAS)
    for track in tracks:
        maybe, sure = matcher.masks(track, NOW, matcher.given(source, NODE))
        for bit, condition in enumerate(conditions):
            met = meets(condition, track, circumstances).met
            assert (maybe >> bit & 1, sure >> bit & 1) == (met is not False, met is True), (condition, track)


# ------------------------------------------------------------------------------------------------------ single verdicts

EVERYBODY = ReleaseRule(id="all", release=True)
ONE = {"allies": ("bel", "deu")}


def only(verdicts: Verdicts) -> Release | Refused | Held:
    (verdict,) = verdicts
    return verdict


def test_the_first_rule_that_is_met_decides_and_the_last_is_deny() -> None:
    hostile = Condition(identities=frozenset({Identity.HOSTILE}))
    rules = (
        ReleaseRule(id="others", groups=frozenset({"eu"}), release=True),
        ReleaseRule(id="hostile", when=hostile, release=False),
        ReleaseRule(id="rest", release=True),
    )
    policy = make.policy(releases=rules, groups=ONE)
    assert only(decide(policy, [TRACK])) == Refused(
        group="allies", track_ids=(TRACK.track_id or "",), rule="release.hostile"
    )
    friend = replace(TRACK, identity=None)
    assert only(decide(policy, [friend])).rule == "release.rest"
    assert only(decide(replace(policy, releases=rules[:2]), [friend])).rule == NO_RULE


def test_a_rule_never_overrides_a_label_and_members_are_asked_one_by_one() -> None:
    policy = make.policy(groups=ONE)
    verdicts = decide(policy, [replace(TRACK, label=HIGH)])
    assert [(type(one), one.rule) for one in verdicts] == [
        (Release, "release.all"),
        (Refused, LABEL_REFUSED + "classification"),
    ]
    released, refused = verdicts
    assert isinstance(refused, Refused)
    assert isinstance(released, Release)
    assert refused.members == ("bel",)
    assert released.recipients == ("deu",)
    assert released.tracks[0].label is HIGH


def test_a_group_of_whom_nobody_may_see_it_is_refused_as_a_whole() -> None:
    policy = make.policy(groups={"eu": ("aut", "irl")})
    assert only(decide(policy, [TRACK])) == Refused(
        group="eu", track_ids=(TRACK.track_id or "",), rule=LABEL_REFUSED + "tag-set"
    )


def test_members_who_are_refused_for_different_reasons_are_told_apart() -> None:
    policy = make.policy(groups={"eu": ("aut", "nobody")})
    found = {one.rule: one.members for one in decide(policy, [TRACK]) if isinstance(one, Refused)}
    assert len(found) == 2
    assert sorted(found.values()) == [("aut",), ("nobody",)]


def test_what_has_no_label_goes_nowhere_by_any_rule() -> None:
    assert {one.rule for one in decide(make.policy(groups=ONE), [replace(TRACK, label=None)])} == {NO_LABEL}


def test_a_group_without_members_is_told_so() -> None:
    assert only(decide(make.policy(groups={"none": ()}), [TRACK])).rule == NO_MEMBER


def test_tracks_that_share_group_rule_and_recipients_share_a_release_in_their_order() -> None:
    tracks = [
        replace(TRACK, track_id=f"t{n}", label=(LOW, HIGH, TO_XAT)[n % 3], platform=("UAV", "BALLOON")[n % 2])
        for n in range(30)
    ]
    rules = (ReleaseRule(id="uav", when=Condition(platforms=("UAV",)), release=True), EVERYBODY)
    verdicts = decide(make.policy(releases=rules, groups={"d": ("deu",)}), tracks)
    assert [(one.rule, len(one.tracks)) for one in verdicts if isinstance(one, Release)] == [
        ("release.uav", 15),
        ("release.all", 15),
    ]
    for verdict in verdicts:
        assert isinstance(verdict, Release)
        numbers = [int((track.track_id or "")[1:]) for track in verdict.tracks]
        assert numbers == sorted(numbers)


def test_tracks_that_leave_as_they_are_are_the_very_same_objects_for_all_groups() -> None:
    plain = replace(TRACK, operator=None)
    verdicts = decide(make.policy(groups={"a": ("bel",), "b": ("deu",)}), [plain, plain])
    first, second = verdicts
    assert isinstance(first, Release)
    assert isinstance(second, Release)
    assert first.tracks is second.tracks
    assert first.tracks[0] is plain


def test_frames_after_each_other_are_decided_each_by_its_own_label_and_what_is_personal_in_it() -> None:
    rules = (ReleaseRule(id="all", release=True),)
    policy = make.policy(releases=rules)
    plain = replace(TRACK, operator=None)
    flown = replace(TRACK, operator=Operator(identifier="NLDpilot", position=Position(52.1, 4.1)))
    kinds = [plain, replace(plain, label=HIGH), replace(plain, label=None), flown]
    for track in (*kinds, *reversed(kinds), *kinds):
        verdicts = decide(policy, [track])
        assert verdicts == decide(make.policy(releases=rules), [track])
        released = [one for verdict in verdicts if isinstance(verdict, Release) for one in verdict.tracks]
        assert all(one.operator is None and one.label == track.label for one in released)
        assert bool(released) == (track.label is not None)


def test_what_several_groups_see_alike_is_made_once() -> None:
    rule = ReleaseRule(id="r", release=True, redaction=Redaction(drop=frozenset({Field.SENSORS})))
    first, second = decide(make.policy(releases=(rule,), groups={"a": ("bel",), "b": ("deu",)}), [TRACK])
    assert isinstance(first, Release)
    assert isinstance(second, Release)
    assert first.tracks is second.tracks
    assert TRACK.sources, "what was given is not touched"
    assert not first.tracks[0].sources


def test_only_the_groups_that_are_asked_for_are_decided() -> None:
    policy = make.policy()
    assert {one.group for one in decide(policy, [TRACK], groups=["eu"])} == {"eu"}
    assert decide(policy, []) == []


# ----------------------------------------------------------------------------------------------------- what is not said

BEARING = replace(TRACK, state=State(time=NOW))


def test_a_withholding_rule_keeps_back_what_it_may_mean_and_a_releasing_one_lets_out_what_it_means() -> None:
    inside = Condition(areas=("box",))
    withhold = ReleaseRule(id="site", when=inside, release=False)
    policy = make.policy(releases=(withhold, EVERYBODY), groups=ONE)
    assert only(decide(policy, [BEARING])).rule == "release.site"
    lets_out = make.policy(releases=(ReleaseRule(id="site", when=inside, release=True),), groups=ONE)
    assert only(decide(lets_out, [BEARING])).rule == NO_RULE
    outside = ReleaseRule(id="off", when=Condition(not_areas=("box",)), release=True)
    assert only(decide(make.policy(releases=(outside,), groups=ONE), [BEARING])).rule == NO_RULE


def test_what_a_redacting_rule_may_mean_is_taken_out_by_the_rule_that_lets_it_go() -> None:
    rules = (
        ReleaseRule(
            id="site",
            when=Condition(areas=("box",)),
            release=True,
            redaction=Redaction(drop=frozenset({Field.SENSORS})),
        ),
        ReleaseRule(id="rest", release=True, personal_data=True, redaction=Redaction(drop=frozenset({Field.NAME}))),
    )
    policy = make.policy(releases=rules, groups=ONE)
    bearing = replace(BEARING, operator=Operator(identifier="NLDpilot"))
    verdict = only(decide(policy, [bearing]))
    assert isinstance(verdict, Release)
    (track,) = verdict.tracks
    assert (verdict.rule, track.sources, track.name, track.operator) == ("release.rest", (), None, None)
    elsewhere = replace(bearing, state=replace(TRACK.state, position=Position(10.0, 10.0)))  # type: ignore[type-var]
    verdict = only(decide(policy, [elsewhere]))
    assert isinstance(verdict, Release)
    assert verdict.tracks[0].sources
    assert verdict.tracks[0].operator


# -------------------------------------------------------------------------------------------------------- personal data


def test_personal_data_goes_by_rules_that_name_it_alone() -> None:
    pilot = Operator(identifier="NLDpilot", position=Position(52.1, 4.1))
    flown = replace(TRACK, operator=pilot)
    rules = (ReleaseRule(id="police", groups=frozenset({"a"}), release=True, personal_data=True), EVERYBODY)
    found = {
        one.group: one.tracks[0]
        for one in decide(make.policy(releases=rules, groups={"a": ("bel",), "b": ("deu",)}), [flown])
        if isinstance(one, Release)
    }
    assert found["a"].operator == pilot
    assert found["a"].raw
    assert found["b"].operator is None
    assert found["b"].raw is None


# --------------------------------------------------------------------------------------------------------------- onward

RELAY = ReleaseRule(id="relay", release=True, onward=True)


def test_a_partners_tracks_go_on_by_onward_rules_alone_and_never_back_to_it() -> None:
    policy = make.policy(releases=(EVERYBODY, RELAY), groups=ONE)
    verdict = only(decide(policy, [TRACK], source=None, origin="bel"))
    assert isinstance(verdict, Release)
    assert (verdict.rule, verdict.recipients) == ("release.relay", ("deu",))
    assert only(decide(policy, [TRACK])).rule == "release.all"
    assert decide(make.policy(groups=ONE), [TRACK], source=None, origin="bel") == []
    assert decide(make.policy(releases=(RELAY,), groups={"b": ("bel",)}), [TRACK], source=None, origin="bel") == []


# ------------------------------------------------------------------------------------------------------- delay and rate


def test_a_snapshot_is_held_until_it_is_old_enough_and_goes_then() -> None:
    policy = make.policy(releases=(replace(EVERYBODY, delay_s=60.0),), groups=ONE)
    verdict = only(decide(policy, [TRACK]))
    assert isinstance(verdict, Held)
    assert verdict.until == NOW + timedelta(seconds=58), "a minute after it came to us, which was after its time"
    assert verdict.tracks == (TRACK,), "as it was, for it is decided anew"
    assert isinstance(only(decide(policy, verdict.tracks, now=verdict.until, groups=[verdict.group])), Release)
    before = verdict.until - timedelta(microseconds=1)
    assert isinstance(only(decide(policy, verdict.tracks, now=before)), Held)


def test_a_sensor_whose_clock_is_slow_ends_no_delay() -> None:
    state = TRACK.state
    assert state is not None
    policy = make.policy(releases=(replace(EVERYBODY, delay_s=60.0),), groups=ONE)
    for slow_s in (59, 61, 3_600, 86_400):
        slow = replace(TRACK, state=replace(state, time=NOW - timedelta(seconds=slow_s), received_at=NOW))
        verdict = only(decide(policy, [slow]))
        assert isinstance(verdict, Held)
        assert verdict.until == NOW + timedelta(seconds=60)
        assert isinstance(only(decide(policy, [slow], now=verdict.until)), Release)
    ahead = replace(TRACK, state=replace(state, received_at=NOW + timedelta(hours=1)))
    assert only(decide(policy, [ahead])).rule == NO_TIME


def test_tracks_of_one_scan_are_held_together() -> None:
    state = TRACK.state
    assert state is not None
    scan = [
        replace(TRACK, track_id=f"t{n}", state=replace(state, time=NOW + timedelta(milliseconds=1 + n)))
        for n in range(50)
    ]
    policy = make.policy(releases=(replace(EVERYBODY, delay_s=5.0),), groups=ONE)
    verdict = only(decide(policy, scan))
    assert isinstance(verdict, Held)
    assert all(one.state and (verdict.until - one.state.time).total_seconds() >= 5 for one in verdict.tracks)


def test_what_says_no_time_or_one_far_ahead_is_not_held_for_ever() -> None:
    policy = make.policy(releases=(replace(EVERYBODY, delay_s=60.0),), groups=ONE)
    ahead = datetime.max.replace(tzinfo=NOW.tzinfo)
    for state in (None, State(time=ahead), State(time=NOW + timedelta(hours=1))):
        assert only(decide(policy, [replace(TRACK, state=state)])).rule == NO_TIME


def test_those_whom_the_label_denies_are_told_when_the_others_get_it() -> None:
    policy = make.policy(releases=(replace(EVERYBODY, delay_s=60.0, every_s=60.0),), groups=ONE)
    memory = Memory()
    secret = replace(TRACK, label=HIGH)
    held = only(decide(policy, [secret], memory=memory))
    assert isinstance(held, Held)
    verdicts = decide(policy, [secret], memory=memory, now=held.until)
    assert [(one.rule, getattr(one, "members", None)) for one in verdicts] == [
        (LABEL_REFUSED + "classification", ("bel",)),
        ("release.all", None),
    ]
    verdicts = decide(policy, [secret], memory=memory, now=held.until)
    assert [(one.rule, one.members) for one in verdicts if isinstance(one, Refused)] == [
        (LABEL_REFUSED + "classification", ("bel",)),
        (RATE, ("deu",)),
    ]


def test_a_group_gets_one_snapshot_in_the_time_of_the_rule_and_every_end() -> None:
    policy = make.policy(releases=(replace(EVERYBODY, every_s=10.0),), groups=ONE)
    memory = Memory()
    rules = []
    for second in (0, 1, 9, 10, 11):
        rules.append(only(decide(policy, [TRACK], memory=memory, now=NOW + timedelta(seconds=second))).rule)
    assert rules == ["release.all", RATE, RATE, "release.all", RATE]
    ended = replace(TRACK, status=Status(ended=True))
    assert only(decide(policy, [ended], memory=memory, now=NOW + timedelta(seconds=12))).rule == "release.all"


def test_what_was_refused_by_its_label_does_not_count_as_a_snapshot() -> None:
    policy = make.policy(releases=(replace(EVERYBODY, every_s=10.0),), groups={"b": ("bel",)})
    memory = Memory()
    assert only(decide(policy, [replace(TRACK, label=HIGH)], memory=memory)).rule == LABEL_REFUSED + "classification"
    assert only(decide(policy, [TRACK], memory=memory)).rule == "release.all"


# --------------------------------------------------------------------------------------------------------- equivalences

EU = Clearance(
    policy="BRAVO",
    classifications=("OPEN", "LIMITED"),
    categories=(LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("BRV",)),),
)
SIGNED_OFF = Equivalence(
    source="ALPHA",
    target="BRAVO",
    direction=Direction.ENCRYPT,
    classifications={"UNCLASSIFIED": "LIMITED"},
    values={("Releasable To", "BRV"): ("Releasable To", "BRV")},
    discarded=frozenset({"Context"}),
    signed_off_by="the security officer",
    signed_off_on="2026-01-01",
)


def test_a_member_who_reads_by_an_equivalence_gets_the_label_with_its_words_and_the_others_the_same_label() -> None:
    policy = make.policy(
        book=Book(make.SPIFS.values(), [SIGNED_OFF]),
        groups={"mixed": ("deu", "eu")},
        partners={**make.NATIONS, "eu": (EU,)},
    )
    to_eu = replace(TRACK, label=make.label(to=["BRV"]))
    verdict = only(decide(policy, [to_eu]))
    assert isinstance(verdict, Release), verdict
    assert verdict.recipients == ("deu", "eu")
    (track,) = verdict.tracks
    assert track.label is not None
    assert [one.policy for one in track.label.alternatives] == ["BRAVO"]
    assert replace(track.label, alternatives=()) == to_eu.label
    assert to_eu.label is not None
    assert not to_eu.label.alternatives
    without = replace(policy, book=make.book())
    assert {getattr(one, "recipients", one.rule) for one in decide(without, [to_eu])} == {
        ("deu",),
        LABEL_REFUSED + "not-mapped",
    }


# --------------------------------------------------------------------------------------------------------- what is kept


def test_what_is_remembered_is_bounded_and_forgotten_without_harm(monkeypatch: Any) -> None:
    monkeypatch.setattr(compiled, "MOST_PLANS", 3)
    monkeypatch.setattr(compiled, "MOST_ROUTES", 2)
    rules = tuple(
        ReleaseRule(id=f"r{n}", when=Condition(identifiers={"icao24": (f"{n:06x}",)}), release=True) for n in range(9)
    )
    policy = make.policy(releases=rules, groups=ONE)
    for n in range(9):
        named = [replace(one, value=f"{n:06x}") if one.scheme == "icao24" else one for one in TRACK.identifiers]
        track = replace(TRACK, identifiers=tuple(named))
        assert only(decide(policy, [track], source=f"s{n}")).rule == f"release.r{n}"
    assert engine_of(policy) is engine_of(policy)
    assert engine_of(replace(policy)) is not engine_of(policy), "a reload compiles anew"


def test_a_label_whose_successor_applies_later_is_decided_anew_then() -> None:
    at = NOW + timedelta(hours=1)
    following = make.label("SECRET")
    changing = replace(
        make.label(), review_at=None, successor=Succession(at=at, label=replace(following, review_at=None))
    )
    policy = make.policy(book=Book(make.SPIFS.values(), follow_succession=True), groups={"b": ("bel",)})
    track = replace(TRACK, label=changing)
    assert isinstance(only(decide(policy, [track])), Release)
    assert only(decide(policy, [track], now=at)).rule == LABEL_REFUSED + "classification"
    assert isinstance(only(decide(policy, [track])), Release), "a clock that was set back"
