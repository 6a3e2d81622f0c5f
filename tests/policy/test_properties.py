"""What leaves is no more than policy allows: every octet, over random policies and tracks."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.formats import alliance
from gateway.labels.equivalence import Direction
from gateway.policy.condition import Circumstances, meets
from gateway.policy.labelling import batch_labels
from gateway.policy.memory import Memory
from gateway.policy.personal import has_personal
from gateway.policy.release import release
from gateway.policy.terms import Field, ReleaseRule
from gateway.stages import Exercise, Header, Message, Release, Simulation
from gateway.track import Extension, Identifier, Identity, IdentityGroup, Operator, Position, RawRecord, Track
from tests.policy import policies as make
from tests.policy.policies import GROUPS, NATIONS, NODE, NOW, SENSOR

SECRETS: dict[Field, tuple[bytes, ...]] = {
    Field.SENSORS: (b"radar-north", b"25/201", b"crc-", b"asterix"),
    Field.IDENTITY: (b"HOSTILE",),
    Field.NAME: (b"Blackbird",),
    Field.IDENTIFIERS: (b"Blackbird", b"4841d6", b"25/201/7"),
    Field.POSITION: (b"52.5123", b"4.7123"),
    Field.OPERATOR: (b"NLDpilot", b"52.1987"),
    Field.POLAR: (b"17.125",),
    Field.ALTITUDE: (b"3048.125",),
    Field.KINEMATICS: (b"120.375",),
}
RAW = b" ".join(sorted({secret for secrets in SECRETS.values() for secret in secrets}))
OPEN = RAW.replace(b"NLDpilot", b"").replace(b"52.1987", b"").decode()
"""For free text and foreign elements: no decoder puts there what it knows of an operator."""


def secretive(track: Track) -> Track:
    """The track with a secret in every place that may hold it, and all of them where nobody can look."""
    state = make.TRACK.state
    assert state is not None
    assert state.polar is not None
    told = replace(
        state,
        position=Position(52.5123, 4.7123),
        altitude_hae_m=3_048.125,
        ground_speed_mps=120.375,
        polar=replace(state.polar, azimuth_deg=17.125),
    )
    return replace(
        track,
        identifiers=(Identifier("system_track", "25/201/7"), *track.identifiers, Identifier("icao24", "4841d6")),
        identity=IdentityGroup(value=Identity.HOSTILE, assigned_by="crc-1"),
        name="Blackbird",
        remarks=OPEN,
        operator=Operator(identifier="NLDpilot", position=Position(52.1987, 4.1)),
        sources=(SENSOR,),
        state=told if track.state is None else replace(told, time=track.state.time),
        raw=RawRecord("ASTERIX_048", RAW),
        extensions=(Extension("urn:x", "seen", f'<seen xmlns="urn:x">{OPEN}</seen>'),),
    )


def header(label: Any, recipients: tuple[str, ...]) -> Header:
    return Header(
        message_id="00000000-0000-4000-8000-000000009001",
        created_at=NOW,
        sender="nld",
        recipients=recipients,
        nonce="0" * 32,
        exercise=Exercise.OPERATIONAL,
        simulation=Simulation.REAL,
        label=label,
    )


def allowed(rules: tuple[ReleaseRule, ...], group: str, track: Track, rule: str) -> bool:
    """Whether the plain reading lets the track out to the group by that rule, and by no rule above it."""
    given_ = Circumstances(source="radar-north", origin=NODE, now=NOW, areas=make.AREAS)
    for one in rules:
        if one.onward or (one.groups and group not in one.groups):
            continue
        met = meets(one.when, track, given_).met
        if met or (met is None and not one.release):
            return one.release and f"release.{one.id}" == rule
    return False


@given(make.rule_lists(), make.some_tracks(4))
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_octet_leaves_that_a_rule_or_a_label_keeps_back(rules: tuple[ReleaseRule, ...], tracks: list[Track]) -> None:
    policy = make.policy(releases=rules)
    given_ = [
        secretive(replace(track, track_id=f"{n:08d}-0000-4000-8000-000000000001")) for n, track in enumerate(tracks)
    ]
    by_id = {track.track_id: track for track in given_}
    for verdict in release(policy, given_, source="radar-north", origin=NODE, now=NOW, memory=Memory()):
        if not isinstance(verdict, Release):
            continue
        assert set(verdict.recipients) <= set(GROUPS[verdict.group])
        rule = next(one for one in rules if f"release.{one.id}" == verdict.rule)
        for track in verdict.tracks:
            original = by_id[track.track_id]
            assert allowed(rules, verdict.group, original, verdict.rule)
            for member in verdict.recipients:
                judged = policy.book.judge(original.label, NATIONS[member], NOW, direction=Direction.ENCRYPT)
                assert judged.decision.permit
        if not rule.personal_data:
            assert not has_personal(verdict.tracks)
        for label, those in batch_labels(policy, verdict.tracks, verdict.recipients, NOW):
            octets = alliance.render(Message(header=header(label, verdict.recipients), tracks=those))
            gone = set(rule.redaction.drop) | (set() if rule.personal_data else {Field.OPERATOR})
            if rule.redaction.position_grid_m:
                gone |= {Field.POSITION, Field.POLAR}
            if rule.redaction.altitude_grid_m and 3_048.125 % rule.redaction.altitude_grid_m:
                gone |= {Field.ALTITUDE}
            for field in gone:
                for secret in SECRETS.get(field, ()):
                    assert secret not in octets, (field, secret)
            if gone - {Field.EXTENSIONS}:
                assert b64encode(RAW) not in octets
            if gone - {Field.RAW, Field.EXTENSIONS, Field.OPERATOR} or Field.OPERATOR in rule.redaction.drop:
                assert OPEN.encode() not in octets


def test_the_secrets_are_there_to_be_found() -> None:
    track = secretive(replace(make.TRACK, classifications=()))
    octets = alliance.render(Message(header=header(track.label, ("deu",)), tracks=(track,)))
    for secrets in SECRETS.values():
        assert all(secret in octets for secret in secrets)
    assert b64encode(RAW) in octets
    assert OPEN.encode() in octets


@given(make.rule_lists(4), make.some_tracks(3), st.sampled_from(sorted(GROUPS)))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_withholding_rule_put_first_never_lets_more_out(
    rules: tuple[ReleaseRule, ...], tracks: list[Track], group: str
) -> None:
    def reached(policy: Any) -> set[tuple[str, str]]:
        verdicts = release(policy, tracks, source=None, origin=NODE, now=NOW, memory=Memory())
        return {
            (member, track.track_id or "")
            for one in verdicts
            if isinstance(one, Release)
            for member in one.recipients
            for track in one.tracks
        }

    policy = make.policy(releases=rules, groups={group: GROUPS[group]})
    for when in [rule.when for rule in rules]:
        stricter = replace(policy, releases=(ReleaseRule(id="first", when=when, release=False), *rules))
        assert reached(stricter) <= reached(policy)
