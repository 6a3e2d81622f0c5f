"""Sessions in any order and octets of any kind: velocity is right or absent for a reason, and only our errors leave."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialect import Peer, Turn
from gateway.errors import FormatError, GatewayError
from gateway.formats.sapient import FORMAT, SapientDecoder, Splitter
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.v2 import SapientMessage
from gateway.formats.sapient.validate import validate
from gateway.limits import Limits
from gateway.track import Track
from tests.formats.sapient.nodes import NOW, frame_of, sensor, talk
from tests.formats.sapient.samples import every_kind

NODES = ("a8654cdf-4328-47de-81fa-c495589e30c8", "a8654cdf-4328-47de-81fa-c495589e30c9")
FACTORS = {"SPEED_UNITS_MS": 1.0, "SPEED_UNITS_KPH": 1 / 3.6, "": None}
MODES = ("Default", "Scan")
Sent = dict[str, tuple[str, float, float, float]]
"""Node and rates of each detection, by its report id."""


registrations = st.tuples(
    st.just("register"), st.sampled_from(NODES), st.sampled_from(sorted(FACTORS)), st.sampled_from(sorted(FACTORS))
)
statuses = st.tuples(st.just("status"), st.sampled_from(NODES), st.sampled_from((*MODES, "Other")), st.booleans())
detections = st.tuples(
    st.just("detect"), st.sampled_from(NODES), st.floats(-100, 100), st.floats(-100, 100), st.floats(-20, 20)
)
bearings = st.tuples(st.just("bearing"), st.sampled_from(NODES), st.floats(-180, 360), st.none() | st.floats(0, 9_000))
waits = st.tuples(st.just("wait"), st.just(""), st.floats(0, 6))
EVENTS = st.lists(st.one_of(registrations, statuses, detections, bearings, waits), max_size=25)


def registration(node_id: str, first: str, second: str) -> Message:
    """A Registration with two modes, each with its own unit, or none."""
    node = sensor(node_id=node_id, speed_units="SPEED_UNITS_MS")
    message: Any = node.registration(NOW)
    other = message.registration.mode_definition.add()
    other.CopyFrom(message.registration.mode_definition[0])
    other.mode_name = "Scan"
    for mode, units in zip(message.registration.mode_definition, (first, second), strict=True):
        definition = mode.detection_definition[0]
        if not units:
            definition.ClearField("velocity_type")
            continue
        declared = definition.velocity_type.enu_velocity_units
        declared.east_north_rate_units = declared.up_rate_units = units
    assert isinstance(message, Message)
    return message


class Model:
    """What a careful reader knows of one node."""

    def __init__(self) -> None:
        self.units: dict[str, str] | None = None
        self.mode: str | None = None

    def factors(self) -> set[float | None]:
        """Every factor that a detection may be read with now; empty while it must wait."""
        if self.units is None:
            return set()
        if self.mode is not None:
            return {FACTORS[self.units[self.mode]]} if self.mode in self.units else set()
        found = {FACTORS[unit] for unit in self.units.values()}
        return found if len(found) == 1 else set()


@settings(max_examples=120, deadline=None)
@given(events=EVENTS)
def test_velocity_is_right_or_the_detection_waits_or_is_given_up(events: list[tuple[Any, ...]]) -> None:
    conversation = talk(time_window_s=None)
    models = {node: Model() for node in NODES}
    sent: Sent = {}
    answered: set[str] = set()  # report ids
    for event in events:
        kind, node_id, *facts = event
        if kind == "wait":
            turn = conversation.wait(facts[0])
        else:
            turn = conversation.hear(made(kind, node_id, facts, models, sent))
        for track in turn.decoded.tracks:
            assert track.provenance[0].input_message_id is not None
            answered.add(track.provenance[0].input_message_id)
            check(track, models, sent)
        for frame, error in turn.decoded.overdue:
            assert error.code in (codes.NOT_REGISTERED, codes.NO_POSE, codes.NO_MODE)
            report = SapientMessage.FromString(frame.octets)
            answered.add(report.detection_report.report_id)
        assert not turn.decoded.problems, turn.decoded.problems
        own_words(turn)
    last = conversation.conversation.closed(conversation.now)
    answered |= {
        SapientMessage.FromString(frame.octets).detection_report.report_id for frame, _ in last.decoded.overdue
    }
    assert answered >= set(sent), "each detection became a track or was given up"


def made(kind: str, node_id: str, facts: list[Any], models: dict[str, Model], sent: Sent) -> Message:
    node, model = sensor(node_id=node_id), models[node_id]
    if kind == "register":
        model.units, model.mode = dict(zip(MODES, facts, strict=True)), None
        return registration(node_id, *facts)
    if kind == "status":
        if model.units is not None:  # else it waits with the others, and is read after the Registration
            model.mode = facts[0]
        place = {"latitude": 54.7, "longitude": 25.3} if facts[1] else {}
        return node.status_report(mode=facts[0], at=NOW, **place)
    if kind == "detect":
        message = node.detection(lat=54.7, lon=25.3, east=facts[0], north=facts[1], up=facts[2], at=NOW)
        sent[message.detection_report.report_id] = (node_id, *facts)
    else:
        message = node.bearing_report(azimuth=facts[0], range=facts[1], at=NOW)
        sent[message.detection_report.report_id] = (node_id, math.nan, math.nan, math.nan)
    return message


def check(track: Track, models: dict[str, Model], sent: Sent) -> None:
    """A track's velocity is what some unit that its node has declared makes of what was sent, or there is none."""
    report_id = track.provenance[0].input_message_id
    assert report_id is not None
    node_id, east, north, up = sent[report_id]
    state = track.state
    assert state is not None
    assert track.identity is None
    if math.isnan(east):
        assert state.polar is not None
        assert state.ground_speed_mps is None
        return
    units = models[node_id].units
    assert units is not None, "read before its Registration"
    factors = models[node_id].factors() or {FACTORS[unit] for unit in units.values()}
    if state.ground_speed_mps is None:
        assert None in factors
        assert "UNDECLARED" in {loss.reason for loss in track.provenance[0].losses}
        return
    assert any(
        factor is not None
        and math.isclose(state.ground_speed_mps, math.hypot(east, north) * factor, rel_tol=1e-9, abs_tol=1e-12)
        and math.isclose(state.vertical_rate_mps or 0.0, up * factor, rel_tol=1e-9, abs_tol=1e-12)
        for factor in factors
    )
    if state.ground_speed_mps == 0:
        assert state.course_deg is None


def own_words(turn: Turn) -> None:
    for octets in turn.octets:
        assert validate(SapientMessage.FromString(octets[4:]), octets=octets[4:]) == ()


# -------------------------------------------------------------------------------------------------------------- octets

SAMPLES = [one.SerializeToString() for one in every_kind()]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid message of some kind with octets changed, cut or inserted; or octets of no kind."""
    octets = bytearray(draw(st.sampled_from(SAMPLES) | st.binary(max_size=300)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        match draw(st.sampled_from(("change", "cut", "insert"))):
            case "change" if octets:
                octets[at] = draw(st.integers(0, 255))
            case "cut":
                del octets[at : at + draw(st.integers(1, 20))]
            case _:
                octets[at:at] = draw(st.binary(min_size=1, max_size=10))
    return bytes(octets)


@settings(max_examples=300, deadline=None)
@given(frames=st.lists(damaged(), min_size=1, max_size=6), role=st.sampled_from(("fusion-node", "edge-node")))
def test_whatever_comes_a_conversation_goes_on_and_answers_in_valid_words(frames: list[bytes], role: str) -> None:
    assert FORMAT.endpoint is not None
    conversation = FORMAT.endpoint(node="ltu-1", role=role).converse(Peer())
    conversation.opened(NOW)
    for octets in frames:
        turn = conversation.received(frame_of(octets))
        own_words(turn)
        assert all(isinstance(problem, FormatError) for problem in turn.decoded.problems)
    own_words(conversation.tick(NOW + timedelta(seconds=60)))
    own_words(conversation.closed(NOW + timedelta(seconds=61)))


@settings(max_examples=300, deadline=None)
@given(octets=damaged(), hold=st.booleans(), implausible=st.sampled_from(("carry", "refuse")))
def test_whatever_comes_the_decoder_returns(octets: bytes, hold: bool, implausible: str) -> None:
    decoder = SapientDecoder(hold=hold, implausible=implausible)
    for sample in SAMPLES:
        decoder.decode(frame_of(sample))
    for one in (octets, len(octets).to_bytes(4, "little") + octets, b"{" + octets):
        decoded = decoder.decode(frame_of(one))
        assert all(isinstance(problem, FormatError) for problem in decoded.problems)


@settings(max_examples=200, deadline=None)
@given(octets=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_the_splitter_gives_the_same_frames_wherever_reads_end(octets: bytes, cuts: list[int]) -> None:
    def frames(parts: list[bytes]) -> tuple[list[bytes], bool]:
        splitter, found = Splitter(Limits(max_frame_octets=300)), list[bytes]()
        try:
            for part in parts:
                found += splitter.feed(part)
            found += splitter.rest()
        except GatewayError:
            return found, False
        return found, True

    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    assert frames([octets]) == frames([octets[a:b] for a, b in pairwise(edges)])
