"""The alliance XML as a dialect among others: frames in, tracks out, and back; nothing but our errors."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.dialect import Decoder, Encoder, Splitter
from gateway.errors import FormatError
from gateway.formats.alliance import CODES, FORMAT, marked, render
from gateway.limits import Limits
from gateway.stages import Decoded, Exercise, Frame, Simulation
from gateway.track import Identifier, Label, Position, Provenance, RawRecord, State, Status, Track
from tests.formats.alliance import examples
from tests.formats.alliance.test_examples import signed
from tests.strategies import tracks

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="file", source="nld", peer="test", received_at=NOW)


def decode(octets: bytes) -> Decoded:
    decoder: Decoder = FORMAT.decoder()
    return decoder.decode(frame(octets))


def encoder(**options: object) -> Encoder:
    ids = count(1)
    made: Encoder = FORMAT.encoder(
        **{"new_id": lambda: examples.uuid(next(ids)), "new_nonce": lambda: "0" * 32, **options}
    )
    return made


LABEL = Label(policy="NONE", classification="UNMARKED", created_at=NOW, review_at=datetime(2027, 11, 22, 9, tzinfo=UTC))


@given(st.lists(tracks(), max_size=3))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_tracks_survive_the_way_there_and_back(sent: list[Track]) -> None:
    encoded = encoder().encode(sent, NOW)
    assert encoded.problems == ()
    got = [track for octets in encoded.frames for track in decode(octets).tracks]
    assert got == [replace(track, label=track.label or LABEL) for track in marked(tuple(sent), TEST)]


TEST = replace(examples.minimal().header, exercise=Exercise.TEST, simulation=Simulation.SYNTHESIZED)
"""What the encoder's header says where nobody says else."""


def test_a_signed_message_is_read_without_believing_it() -> None:
    decoded = decode(signed(render(examples.airliner())))
    assert decoded.problems == ()
    assert [track.track_id for track in decoded.tracks] == [examples.uuid(2)]


@pytest.mark.parametrize(
    "own", [None, Status(), Status(confirmed=True), Status(exercise=False), Status(simulated=True)]
)
@pytest.mark.parametrize("exercise", Exercise)
@pytest.mark.parametrize("simulation", Simulation)
def test_what_the_header_says_of_all_tracks_stands_in_each_that_says_nothing_else(
    own: Status | None, exercise: Exercise, simulation: Simulation
) -> None:
    header = replace(examples.minimal().header, exercise=exercise, simulation=simulation)
    tracks = (Track(track_id=examples.uuid(7), status=own), Track(track_id=examples.uuid(8)))
    shown = marked(tracks, header)
    if exercise is Exercise.OPERATIONAL and simulation is not Simulation.SIMULATED:
        assert shown is tracks
        return
    for track, before in zip(shown, tracks, strict=True):
        was, status = before.status or Status(), track.status
        assert status is not None
        assert replace(status, exercise=None, simulated=None) == replace(was, exercise=None, simulated=None)
        practises, unreal = exercise is not Exercise.OPERATIONAL or None, simulation is Simulation.SIMULATED or None
        assert status.exercise is (practises if was.exercise is None else was.exercise)
        assert status.simulated is (unreal if was.simulated is None else was.simulated)
    assert marked(shown, header)[0] is shown[0]


def test_tracks_take_along_the_label_and_the_simulation_of_their_message() -> None:
    (faker,) = decode(render(examples.exercise())).tracks
    assert faker.label == examples.UNCLASSIFIED
    message = examples.exercise()
    bare = replace(message, tracks=(Track(track_id=examples.uuid(7)),))
    assert decode(render(bare)).tracks[0].status == Status(simulated=True, exercise=True)
    told = replace(message, tracks=(Track(track_id=examples.uuid(7), status=Status(simulated=False, exercise=False)),))
    assert decode(render(told)).tracks[0].status == Status(simulated=False, exercise=False)
    header = replace(message.header, simulation=Simulation.REAL, exercise=Exercise.OPERATIONAL)
    assert decode(render(replace(bare, header=header))).tracks[0].status is None


def test_our_gateway_stands_last_in_the_provenance_of_what_it_passes_on() -> None:
    message = examples.airliner()
    (track,) = FORMAT.decoder(node="nld-1").decode(frame(render(message))).tracks
    assert track.provenance == (
        *message.tracks[0].provenance,
        Provenance(
            gateway="nld-1",
            input_format="ALLIANCE",
            mapping_id="alliance/1.0",
            input_message_id=message.header.message_id,
        ),
    )
    assert decode(render(message)).tracks[0].provenance == message.tracks[0].provenance


def test_a_retraction_is_reported_for_it_is_no_track() -> None:
    decoded = decode(render(examples.retraction()))
    assert len(decoded.tracks) == 1
    assert [(p.code.id, p.place) for p in decoded.problems] == [("ALM-014", "Retraction[1]")]


def test_a_message_without_tracks_is_silent() -> None:
    decoded = decode(render(replace(examples.minimal(), tracks=())))
    assert (decoded.tracks, decoded.problems, decoded.silent) == ((), (), 1)


def test_the_encoder_writes_the_header_it_is_told() -> None:
    made = encoder(
        sender="nld", recipients=["deu"], release_group="NATO", exercise="EXERCISE", simulation="SIMULATED",
        policy="NATO", classification="RESTRICTED",
    )  # fmt: skip
    (octets,) = made.encode([Track(track_id=examples.uuid(9))], NOW).frames
    for part in (
        b"<SenderNode>nld</SenderNode><Recipient>deu</Recipient><ReleaseGroup>NATO</ReleaseGroup>",
        f"<ExerciseIndicator>{Exercise.EXERCISE}</ExerciseIndicator>".encode(),
        b"<SimulationIndicator>SIMULATED</SimulationIndicator>",
        b"<slab:PolicyIdentifier>NATO</slab:PolicyIdentifier><slab:Classification>RESTRICTED</slab:Classification>",
        b"<CreatedTime>2026-11-22T09:00:00Z</CreatedTime>",
        f"<MessageId>{examples.uuid(1)}</MessageId>".encode(),
    ):
        assert part in octets


def test_every_message_has_an_id_and_a_nonce_of_its_own() -> None:
    made: Encoder = FORMAT.encoder()
    one, two = [made.encode([Track(track_id=examples.uuid(9))], NOW).frames[0] for _ in range(2)]
    for name in (b"<MessageId>", b"<Nonce>"):
        assert one.partition(name)[2][:32] != two.partition(name)[2][:32]


def test_unknown_options_and_values_are_refused() -> None:
    with pytest.raises(TypeError):
        FORMAT.encoder(colour="red")
    with pytest.raises(ValueError):
        FORMAT.encoder(exercise="PLAY")


def test_a_dry_run_names_nameless_tracks_the_same_way_each_time() -> None:
    named = Track(identifiers=(Identifier("cot_uid", "A-1"),))
    lone = Track()
    ids = [
        [track.track_id for octets in encoder().encode([named, lone], NOW).frames for track in decode(octets).tracks]
        for _ in range(2)
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_provenance_of_a_decoder_that_knows_no_node_is_the_senders() -> None:
    here, there = [Provenance(gateway=node, input_format="COT", mapping_id="cot/2.0") for node in ("", "deu")]
    track = Track(track_id=examples.uuid(9), provenance=(there, here))
    (octets,) = encoder(sender="nld").encode([track], NOW).frames
    assert [passed.gateway for passed in decode(octets).tracks[0].provenance] == ["deu", "nld"]


def test_a_bad_track_takes_no_neighbour_down() -> None:
    good = Track(track_id=examples.uuid(9))
    bad = replace(good, state=State(time=NOW, position=Position(91.0, 0.0)))
    encoded = encoder().encode([good, bad, good], NOW)
    assert [(p.code.id, p.place) for p in encoded.problems] == [("ALM-001", "Track[2]/Latitude")]
    assert len(decode(encoded.frames[0]).tracks) == 2


def test_many_or_large_tracks_become_several_messages() -> None:
    many = [Track(track_id=examples.uuid(n)) for n in range(1_100)]
    assert [len(decode(octets).tracks) for octets in encoder().encode(many, NOW).frames] == [500, 500, 100]
    large = [Track(track_id=examples.uuid(n), raw=RawRecord("COT", bytes(1_000_000))) for n in range(5)]
    encoded = encoder().encode(large, NOW)
    assert encoded.problems == ()
    assert all(len(octets) < Limits().max_message_octets for octets in encoded.frames)
    assert sum(octets.count(b"<Track>") for octets in encoded.frames) == 5


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_the_splitter_finds_messages_whatever_the_read_boundaries(cuts: list[int]) -> None:
    whole = [render(make()) for make in examples.EXAMPLES.values()]
    stream = b"\n ".join(whole) + b"\n<Tr"
    assert FORMAT.splitter is not None
    splitter: Splitter = FORMAT.splitter()
    got: list[bytes] = []
    position = 0
    for size in cuts:
        got += splitter.feed(stream[position : position + size])
        position += size
    got += splitter.feed(stream[position:])
    assert got == whole


def test_the_splitter_gives_up_on_a_message_without_an_end() -> None:
    assert FORMAT.splitter is not None
    splitter = FORMAT.splitter()
    with pytest.raises(FormatError) as refused:
        splitter.feed(b"<TrackMessage>" + b" " * Limits().max_message_octets)
    assert refused.value.code.id == "ALM-009"


def only_our_errors(octets: bytes) -> Decoded:
    decoded = decode(octets)
    for problem in decoded.problems:
        assert problem.code.id.startswith(("ALM-", "XML-"))
    assert decoded.tracks or decoded.problems or decoded.silent
    return decoded


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_arbitrary_octets_raise_nothing(octets: bytes) -> None:
    only_our_errors(octets)


def test_mutated_messages_raise_nothing() -> None:
    whole = [render(make()) for make in examples.EXAMPLES.values()]
    chance = random.Random(4242)
    tokens = [b"<", b">", b"</", b"&", b'"', b"\x00", b"\xff", b"xmlns", b"<Track>", b"</State>", b"<Extensions>", b" ",
              b"9" * 400, b"<!--", b"<?a?>", b"<!DOCTYPE a>", b"-", b"Z", b"e5"]  # fmt: skip
    outcomes = set()
    for _ in range(1_500):
        octets = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(octets))
            match chance.randrange(4):
                case 0:
                    octets[at] = chance.randrange(256)
                case 1:
                    octets[at:at] = chance.choice(tokens)
                case 2:
                    del octets[at : at + chance.randint(1, 60)]
                case _:
                    begin = chance.randrange(len(octets))
                    octets[at:at] = octets[begin : begin + chance.randint(1, 80)]
        decoded = only_our_errors(bytes(octets))
        outcomes |= {problem.code.id for problem in decoded.problems} or {"ok"}
    assert {"ok", "XML-001", "ALM-010"} <= outcomes


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "XML-001"),
        (b"{}", "XML-001"),
        (b"<event/>", "ALM-010"),
        ("<TrackMessage/>".encode("utf-16"), "XML-003"),
        (b'<?xml version="1.1"?><TrackMessage/>', "XML-003"),
        (b"<!DOCTYPE x><TrackMessage/>", "XML-002"),
        (zlib.compress(b"<TrackMessage/>"), "XML-001"),
        (b"<a>" + b" " * 5_000_000 + b"</a>", "XML-004"),
        (render(examples.airliner()).replace(b":track-exchange:1", b":track-exchange:2"), "ALM-010"),
        (render(examples.airliner())[:-30], "XML-001"),
        (b"<TrackMessage " + b" ".join([b'a%d=""' % i for i in range(70)]) + b"/>", "ALM-013"),
    ],
)
def test_a_body_of_another_kind_is_refused_with_its_code(octets: bytes, code: str) -> None:
    decoded = decode(octets)
    assert decoded.tracks == ()
    assert [problem.code.id for problem in decoded.problems] == [code]


def test_the_codes_are_distinct() -> None:
    assert len({code.id for code in CODES}) == len(CODES)
