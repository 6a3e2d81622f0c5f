"""Personal data leaves only by a rule that names it: to groups and clients that are named to see it, to nobody else.

Whatever an operator's data is written like, in a message, in any national format or in the raw octets of the source, it
is not among the octets that others get.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from inspect import signature

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.clock import ManualClock
from gateway.dialect import Format
from gateway.formats import alliance
from gateway.formats.registry import find, formats
from gateway.limits import Limits
from gateway.policy import OWN, Desk, Memory, Policy, View, has_personal, mark, release, withhold_personal
from gateway.policy.terms import ReleaseRule
from gateway.stages import Exercise, Frame, Header, Message, Refused, Release, Simulation
from gateway.track import (
    Classification,
    Extension,
    Identifier,
    Label,
    Loss,
    Operator,
    Polar,
    Position,
    Provenance,
    RawRecord,
    State,
    Track,
)
from tests.policy import policies
from tests.simulators.sapient_sensor import SapientSensor
from tests.strategies import grid, instants, maybe, tracks

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LABEL, SECRET = policies.LOW, policies.HIGH
CLEARANCE = policies.clearance("UNCLASSIFIED")
PERSONAL = "police"
POLICY = policies.policy(
    groups={"police": ("deu",), "all": ("bel", "frx"), "more": ("eu",)},
    partners=dict.fromkeys(("deu", "bel", "frx", "eu"), (CLEARANCE,)),
    releases=(
        ReleaseRule(id="police", groups=frozenset({PERSONAL}), release=True, personal_data=True),
        ReleaseRule(id="others", release=True),
    ),
    clearances={
        "low": CLEARANCE,
        "high": policies.clearance("UNCLASSIFIED", "SECRET"),
        "secret": policies.clearance("SECRET"),
    },
)
TELLING = frozenset({"alliance", "cot", "geojson", "nvg", "remoteid"})
"""Formats that can say who operates a drone."""
LOSSES = (Loss("operator", "WITHHELD"), Loss("raw", "WITHHELD"))
PASSED = Provenance(gateway="nld", input_format="REMOTE_ID", mapping_id="remote-id/1.0")
PILOT = Operator(identifier="NLDr8pilot", position=Position(52.37011, 4.70891), basis="LIVE_GNSS", time=NOW)
DRONE = Track(
    track_id="00000000-0000-4000-8000-000000000001",
    operator=PILOT,
    state=State(time=NOW, position=Position(52.5, 4.75), altitude_hae_m=120.0),
    provenance=(PASSED,),
    raw=RawRecord("REMOTE_ID", b"NLDr8pilot 52.37011 4.70891"),
)
PLANE = replace(DRONE, track_id="00000000-0000-4000-8000-000000000002", operator=None)


def header() -> Header:
    return Header(
        message_id="00000000-0000-4000-8000-000000009001",
        created_at=NOW,
        sender="nld",
        recipients=("deu",),
        nonce="0" * 32,
        exercise=Exercise.OPERATIONAL,
        simulation=Simulation.REAL,
        label=LABEL,
    )


def releases(tracks: Sequence[Track], policy: Policy = POLICY) -> dict[str, Release]:
    marked = mark(policy, tracks, source=None, now=NOW)
    verdicts = release(policy, marked, source=None, origin=policy.node, now=NOW, memory=Memory())
    assert not [one for one in verdicts if isinstance(one, Refused)]
    return {one.group: one for one in verdicts if isinstance(one, Release)}


def labelled(*tracks: Track) -> tuple[Track, ...]:
    return tuple(replace(track, label=LABEL) for track in tracks)


# ------------------------------------------------------------------------------------------------------------- taking


def test_a_track_without_an_operator_is_the_very_same_object() -> None:
    assert withhold_personal(PLANE) is PLANE
    assert PLANE.raw is not None


def test_the_operator_goes_with_the_raw_octets_and_the_last_gateway_says_so() -> None:
    first = Provenance(gateway="bel", input_format="COT", mapping_id="cot/2.0", losses=(Loss("x", "ROUNDED"),))
    last = replace(PASSED, losses=(Loss("y", "NO_CODE"),))
    track = withhold_personal(replace(DRONE, provenance=(first, last)))
    assert track == replace(
        DRONE, operator=None, raw=None, provenance=(first, replace(last, losses=(*last.losses, *LOSSES)))
    )
    assert withhold_personal(track) is track


def test_what_was_not_there_is_not_listed_and_nobody_speaks_for_a_track_without_provenance() -> None:
    assert withhold_personal(replace(DRONE, raw=None)).provenance[0].losses == LOSSES[:1]
    assert withhold_personal(replace(DRONE, provenance=())) == replace(DRONE, operator=None, raw=None, provenance=())


def test_saying_so_does_not_make_the_track_one_that_no_message_can_carry() -> None:
    many = replace(PASSED, losses=tuple(Loss(f"field-{n}", "NOT_MODELLED") for n in range(200)))
    track = withhold_personal(replace(DRONE, provenance=(many,)))
    assert track.provenance[0].losses[-2:] == LOSSES
    assert alliance.fault(track) is None


def test_an_operator_of_whom_nothing_is_known_is_one() -> None:
    assert has_personal([PLANE, replace(DRONE, operator=Operator())])
    assert withhold_personal(replace(DRONE, operator=Operator())).raw is None
    assert not has_personal([PLANE])


# ----------------------------------------------------------------------------------------------------------- releasing


def test_only_the_groups_that_are_named_see_the_operator_and_the_rule_says_which_it_was() -> None:
    found = releases([PLANE, DRONE])
    assert (found["police"].tracks, found["police"].rule) == (labelled(PLANE, DRONE), "release.police")
    for group in ("all", "more"):
        assert found[group].rule == "release.others"
        assert found[group].tracks == labelled(PLANE, withhold_personal(DRONE))


def test_without_an_operator_every_group_gets_the_same_tracks() -> None:
    found = releases([PLANE, PLANE])
    assert {one.tracks for one in found.values()} == {labelled(PLANE, PLANE)}


def test_a_policy_whose_rules_do_not_name_personal_data_releases_no_operator() -> None:
    found = releases([DRONE], replace(POLICY, releases=(ReleaseRule(id="all", release=True),)))
    assert len(found) == 3
    assert not any(has_personal(one.tracks) for one in found.values())


def test_a_group_is_named_for_personal_data_but_not_for_other_labels() -> None:
    secret = replace(DRONE, label=SECRET)
    verdicts = release(POLICY, [secret], source=None, origin=POLICY.node, now=NOW, memory=Memory())
    assert {(type(one), one.rule) for one in verdicts} == {(Refused, "release.refused.label.classification")}


# ------------------------------------------------------------------------------------------------------------- viewing

DESK = Desk(POLICY, ManualClock(NOW))


def view(*clearances: str, personal_data: bool = False) -> View:
    return View(desk=DESK, clearances=clearances, personal_data=personal_data)


def test_a_plain_view_of_plain_tracks_is_the_same_sequence() -> None:
    shown = [PLANE, replace(PLANE, label=SECRET)]
    for is_own in (True, False):
        assert View().filter(shown, is_own=is_own, label=LABEL) is shown
    assert view("high", personal_data=True).filter(shown, is_own=True, label=LABEL) is shown
    assert View(personal_data=True).filter([DRONE], is_own=True, label=LABEL) == [DRONE]


@pytest.mark.parametrize(("own", "allied"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_view_shows_the_origins_that_it_names(own: bool, allied: bool) -> None:
    one = View(own=own, allied=allied)
    assert bool(one.filter([PLANE], is_own=True, label=LABEL)) is own
    assert bool(one.filter([PLANE], is_own=False, label=LABEL)) is allied


def test_a_track_is_shown_by_its_own_label_and_one_without_by_that_under_which_it_came() -> None:
    secret = replace(PLANE, label=SECRET)
    assert list(view("low").filter([PLANE, secret], is_own=False, label=LABEL)) == [PLANE]
    # a summary of several labels hides none of the tracks that a consumer is cleared for
    own = replace(PLANE, label=LABEL)
    assert list(view("low").filter([PLANE, own], is_own=False, label=SECRET)) == [own]
    assert list(view("secret").filter([secret, PLANE], is_own=False, label=LABEL)) == [secret]


@pytest.mark.parametrize(
    "label",
    [
        None,
        Label(policy="OTHER", classification="UNCLASSIFIED"),
        replace(LABEL, unknown=("{urn:x}y",)),
        replace(LABEL, classification="\uff35NCLASSIFIED"),
        replace(LABEL, categories=()),
    ],
    ids=["none", "unknown policy", "unknown element", "look-alike letters", "nothing mandatory"],
)
def test_what_cannot_be_decided_on_is_shown_to_nobody_who_needs_a_clearance(label: Label | None) -> None:
    assert list(view("high").filter([replace(PLANE, label=label)], is_own=True, label=None)) == []


def test_no_clearance_and_one_that_the_policy_does_not_know_show_nothing() -> None:
    assert list(View(desk=DESK, clearances=()).filter([PLANE], is_own=True, label=LABEL)) == []
    assert list(view("removed").filter([PLANE], is_own=True, label=LABEL)) == []
    assert list(View(clearances=("low",)).filter([PLANE], is_own=True, label=LABEL)) == []


def test_a_view_follows_the_policy_on_the_desk() -> None:
    desk = Desk(POLICY, ManualClock(NOW))
    low = View(desk=desk, clearances=("low",))
    secret = replace(PLANE, label=SECRET)
    assert list(low.filter([secret], is_own=True, label=None)) == []
    desk.put(replace(POLICY, clearances={"low": policies.clearance("UNCLASSIFIED", "SECRET")}))
    assert list(low.filter([secret], is_own=True, label=None)) == [secret]


def test_a_consumer_without_clearances_of_its_own_sees_what_this_node_may_see() -> None:
    desk = Desk(replace(POLICY, own=(CLEARANCE,)), ManualClock(NOW))
    ours = View(desk=desk, clearances=OWN)
    assert list(ours.filter([replace(PLANE, label=SECRET), PLANE], is_own=False, label=LABEL)) == [PLANE]


def test_a_view_without_the_right_shows_no_operator_whatever_it_is_cleared_for() -> None:
    assert list(view("high").filter([PLANE, DRONE], is_own=True, label=SECRET)) == [PLANE, withhold_personal(DRONE)]
    assert list(view("high", personal_data=True).filter([DRONE], is_own=True, label=SECRET)) == [DRONE]


# ------------------------------------------------------------------------------------------------------------- leaving

# Digits that no other number of the track ends in, and a name that no other text of it holds
_FAR = grid(11, 79, 8).map(lambda value: round(value + 0.00000037, 8))
PILOTS = st.builds(
    Operator,
    identifier=st.integers(10**11, 10**12 - 1).map(lambda n: f"NLDpilot{n}"),
    position=st.builds(Position, _FAR, _FAR),
    altitude_hae_m=maybe(grid(100_000, 900_000, 3)),
    basis=st.none() | st.just("LIVE_GNSS"),
    time=maybe(instants()),
)


def texts_of(person: Operator) -> list[bytes]:
    """How anything may spell what is known of him."""
    assert person.identifier is not None
    assert person.position is not None
    found = [person.identifier]
    for value in (person.position.latitude_deg, person.position.longitude_deg):
        found += [f"{value:.8f}", repr(value), f"{value:.7f}"]
    return [text.encode() for text in found]


@given(st.lists(tracks(), min_size=1, max_size=2), PILOTS)
@example([PLANE], PILOT)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_octet_of_an_operator_leaves_to_those_who_are_not_named(others: list[Track], pilot: Operator) -> None:
    said = texts_of(pilot)
    raw = b" ".join([*said, b"and more"])
    flown = [
        replace(one, operator=pilot, raw=RawRecord("REMOTE_ID", raw), label=None, status=None, extensions=())
        for one in others
    ]
    said.append(b64encode(raw))
    for group, given_ in releases(flown).items():
        octets = alliance.render(Message(header=header(), tracks=given_.tracks))
        there = [text for text in (said[0], said[-1]) if text in octets]
        if group == PERSONAL:
            assert there == [said[0], said[-1]]
        else:
            assert not [text for text in said if text in octets]
    shown = View().filter(flown, is_own=False, label=LABEL)
    for name in ("cot", "geojson", "alliance", "asterix"):
        for frame in find(name).encoder().encode(shown, NOW).frames:
            assert not [text for text in said if text in frame], name
    for frame in find("geojson").encoder().encode(flown, NOW).frames:  # not even by itself
        assert not [text for text in said if text in frame]


def written(form: Format, track: Track) -> list[bytes]:
    """The track in the format, with everything that it can say of its operator."""
    options = {"personal_data": True} if "personal_data" in signature(form.encoder).parameters else {}
    encoded = form.encoder(**options).encode([track], NOW)
    return list(encoded.frames)


@pytest.mark.parametrize("name", sorted(formats()))
def test_a_format_that_says_who_operates_a_drone_says_it_in_no_place_that_is_passed_on(name: str) -> None:
    """Through the decoder, the release and the message: no identifier, name, remark or extension repeats him."""
    form = find(name)
    flown = replace(DRONE, platform="UAV", identifiers=(Identifier("uas_serial", "1581F5FKD229Q00ABCDE"),), raw=None)
    frames = written(form, flown)
    said = [*texts_of(PILOT), b"NLDr8pilot", b"52.37011", b"4.70891"]
    decoder = form.decoder(node="nld", limits=Limits())
    found: list[Track] = []
    for octets in frames:
        frame = Frame(octets=octets, feed="f", source="s", peer="p", received_at=NOW)
        found += decoder.decode(frame).tracks
    tells = any(text in octets for octets in frames for text in said) or any(one.operator for one in found)
    assert tells is (name in TELLING), "a format that tells of operators belongs into the list, and into this test"
    assert any(one.operator for one in found) or not tells
    passed_on = [replace(one, track_id=DRONE.track_id, label=None) for one in found]
    for group, given_ in releases(passed_on).items() if passed_on else ():
        octets = alliance.render(Message(header=header(), tracks=given_.tracks))
        if group != PERSONAL:
            assert not [text for text in said if text in octets]


# ----------------------------------------------------------------------------------------------------- control stations

STATION = Track(
    track_id="00000000-0000-4000-8000-000000000003",
    identifiers=(
        Identifier("sapient_object", "a8654cdf-4328-47de-81fa-c495589e30c8/01GGYFBAXH4VYRQYEX7S3XGK3H"),
        Identifier("callsign", "J. JANSEN"),
        Identifier("uas_registration", "NLDr8pilot"),
    ),
    platform="UAS_CONTROL_STATION",
    name="J. Jansen",
    remarks="behind the barn at 52.37011 4.70891",
    state=State(
        time=NOW,
        received_at=NOW,
        position=Position(52.37011, 4.70891),
        altitude_hae_m=12.25,
        ground_speed_mps=1.5,
        course_deg=17.25,
        polar=Polar(sensor="sapient:x", azimuth_deg=123.25, range_m=777.0, sensor_position=Position(52.3, 4.7)),
    ),
    provenance=(PASSED,),
    raw=RawRecord("SAPIENT", b"52.37011 4.70891"),
    extensions=(Extension("urn:x", "report", '<report xmlns="urn:x" at="52.37011"></report>'),),
)
NAMED = ("UAS Control Station", "Ground control station", "UAV operator", "Pilot", "taxonomy:Remote Controller", "GCS")


def test_of_a_control_station_nothing_is_left_but_what_it_is_and_when_it_was_seen() -> None:
    bare = withhold_personal(STATION)
    assert bare.state == State(time=NOW, received_at=NOW)
    assert (bare.platform, bare.name) == (STATION.platform, None)
    assert bare.identifiers == STATION.identifiers[:1], "what the sensor calls it, and nothing that names a person"
    assert (bare.remarks, bare.raw, bare.extensions) == (None, None, ())
    taken = {"raw", "state", "name", "identifiers", "remarks", "extensions"}
    assert {one.field for one in bare.provenance[-1].losses} == taken
    assert {one.reason for one in bare.provenance[-1].losses} == {"WITHHELD"}
    assert has_personal([STATION])
    assert not has_personal([bare])
    assert withhold_personal(bare) is bare
    assert alliance.fault(bare) is None


def test_a_control_station_is_seen_by_those_who_are_named_and_the_rule_says_so() -> None:
    found = releases([STATION])
    assert (found["police"].tracks, found["police"].rule) == (labelled(STATION), "release.police")
    assert (found["all"].tracks, found["all"].rule) == (labelled(withhold_personal(STATION)), "release.others")
    assert View().filter([STATION], is_own=True, label=LABEL) == [withhold_personal(STATION)]
    assert View(personal_data=True).filter([STATION], is_own=False, label=LABEL) == [STATION]


@pytest.mark.parametrize("name", NAMED)
def test_a_class_that_names_who_flies_it_is_enough_however_unsure_the_sensor_is(name: str) -> None:
    classes = (
        Classification(type="Human", confidence_pct=90.0),
        Classification(type=name, confidence_pct=5.0, level=2),
    )
    track = replace(STATION, platform="PERSON", classifications=classes)
    state = withhold_personal(track).state
    assert state is not None
    assert state.position is None


@pytest.mark.parametrize(
    "name", ["Human", "Air Vehicle", "UAV Rotary Wing", "Remotely piloted aircraft", "Radar", "Bird"]
)
def test_other_classes_are_nobodys_personal_data(name: str) -> None:
    track = replace(STATION, platform=None, classifications=(Classification(type=name),))
    assert withhold_personal(track) is track
    assert not has_personal([track])


def test_a_sensors_report_of_a_control_station_leaves_its_place_at_home() -> None:
    sensor = SapientSensor()
    report = sensor.detection(
        lat=52.37011,
        lon=4.70891,
        error=3.0,
        classes=("Equipment", "RF Transmitter", "UAS Control Station"),
    )
    ahead = report.detection_report.prediction_location.location
    ahead.CopyFrom(report.detection_report.location)
    report.detection_report.object_info.add(type="home", value="52.37011 4.70891")
    decoder = find("sapient").decoder(node="nld")
    frames = [
        Frame(octets=one.SerializeToString(), feed="wall", source="radar", peer="127.0.0.1:5020", received_at=NOW)
        for one in (sensor.registration(NOW), report)
    ]
    (track,) = [track for frame in frames for track in decoder.decode(frame).tracks]
    track = replace(track, track_id=DRONE.track_id)
    assert has_personal([track])
    octets = alliance.render(Message(header=header(), tracks=(withhold_personal(track),)))
    whole = alliance.render(Message(header=header(), tracks=(track,)))
    for told in (b"52.37", b"4.7089", b64encode(report.SerializeToString())):
        assert told not in octets
        assert told in whole
