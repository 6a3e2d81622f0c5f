"""The compiled rules say what the plain ones say, for every group, member and track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.policy.condition import Circumstances, meets
from gateway.policy.match import Matcher
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.policy.terms import Condition, ReleaseRule
from gateway.stages import Held, Refused, Release
from gateway.track import Track
from tests.policy import policies as make
from tests.policy.policies import AREAS, NODE, NOW

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
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


@given(make.rule_lists(), make.some_tracks(), st.sampled_from([*make.SOURCES, None]), st.sampled_from([NODE, "deu"]))
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
                assert rule == told.rule, told
                if told.until is not None:
                    assert fate == told.until
                else:
                    assert fate == told.track


def explain(policy: Policy, track: Track, **given_: Any) -> Any:
    """The verdicts of an explanation of a track that bears its label already."""
    from gateway.policy import trace as room

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
