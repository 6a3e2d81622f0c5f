"""XML to protobuf and back: nothing is lost that is not listed, and nothing is listed that is not lost."""

from __future__ import annotations

import pytest
import takproto
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import CotDecoder, CotEncoder
from gateway.formats.cot.tak.framing import mesh_frame, stream_frame
from gateway.formats.cot.tak.messages import new_message, read_message
from gateway.formats.cot.tak.to_proto import message_of
from gateway.formats.cot.tak.to_xml import xml_of
from gateway.limits import Limits
from gateway.track import Loss, Track
from tests.data import recording
from tests.formats.cot.generators import EVENT, NOW, event, frame, tracks
from tests.formats.cot.tak.generated import canonical, events

LIMITS = Limits()

# Everything that takproto 3.0.1 drops without a word, and what node-CoT loses.
RICH = event(
    '<contact callsign="HOPE" endpoint="*:-1:stcp" phone="555"/><track course="1.5" speed="2.5" slope="3.5" '
    'eCourse="4.5" eSpeed="5.5"/><precisionlocation geopointsrc="GPS" altsrc="GPS" PRECISE_IMAGE_FILE="a.nitf"/>'
    '<_flow-tags_ NCW="2026-11-22T08:12:00Z"/><__group name="Cyan" role="Team Member"/>',
    attributes=' access="RESTRICTED" caveat="NF" releasableTo="NLD,DEU" opex="e-X" qos="1-r-c"',
)


def there_and_back(octets: bytes) -> tuple[bytes, tuple[Loss, ...]]:
    made, losses = message_of(octets, LIMITS)
    written = xml_of(read_message(made.SerializeToString()), LIMITS)
    assert written is not None
    return written[0], losses + written[1]


@settings(max_examples=400)
@given(events())
@example(RICH)
@example(EVENT)
def test_every_event_comes_back_the_same_but_for_what_is_listed(octets: bytes) -> None:
    try:
        back, losses = there_and_back(octets)
    except FormatError as error:
        assert error.code.id in ("TAK-005", "COT-006")  # noqa: PT017 - no place or time that a message could hold
        return
    assert canonical(back) == canonical(octets, losses)
    if not losses:
        assert canonical(back) == canonical(octets)


@pytest.mark.parametrize("name", ["Marker_-_2525.cot", "Marker_-_Spot.cot"])
def test_the_event_files_of_atak_come_back_without_any_loss(name: str) -> None:
    octets = recording(f"cot/{name}").read_bytes()
    back, losses = there_and_back(octets)
    assert not losses
    assert canonical(back) == canonical(octets)


def without_raw(track: Track) -> Track:
    provenance = replace(track.provenance[0], mapping_id="", losses=())
    return replace(track, raw=None, provenance=(provenance,))


@settings(max_examples=200)
@given(events())
@example(RICH)
@example(EVENT)
def test_protobuf_is_read_as_the_xml_that_it_stands_for(octets: bytes) -> None:
    try:
        made, _ = message_of(octets, LIMITS)
        written = xml_of(made, LIMITS)
    except FormatError:
        return
    assert written is not None
    cot = made.cotEvent
    if not any((cot.lat, cot.lon, cot.hae, cot.ce, cot.le)):
        return  # protobuf cannot tell zeros from nothing: see the refusals below
    decoder = CotDecoder(node="n")
    from_xml = decoder.decode(frame(written[0]))
    for framed in (stream_frame(made.SerializeToString()), mesh_frame(made.SerializeToString())):
        from_proto = decoder.decode(frame(framed))
        assert [one.code for one in from_proto.problems] == [one.code for one in from_xml.problems]
        assert from_proto.silent == from_xml.silent
        ours = [without_raw(track) for track in from_proto.tracks]
        theirs = [without_raw(track) for track in from_xml.tracks]
        assert [sorted_extensions(track) for track in ours] == [sorted_extensions(track) for track in theirs]


def sorted_extensions(track: Track) -> tuple[Track, list[str]]:
    """The order of the children of `detail` has no meaning, and typed ones come first in protobuf."""
    letters = [str(sorted(one.xml)) for one in track.extensions]
    return replace(track, extensions=()), sorted(letters)


@settings(max_examples=100)
@given(tracks())
def test_a_track_that_cot_can_carry_comes_back_from_protobuf(track: Track) -> None:
    for protocol in ("stream", "mesh"):
        encoded = CotEncoder(protocol=protocol).encode([track], NOW)
        assert not encoded.problems
        by_xml = CotDecoder().decode(frame(CotEncoder().encode([track], NOW).frames[0])).tracks[0]
        back = CotDecoder().decode(frame(encoded.frames[0])).tracks[0]
        assert back.state is not None
        assert by_xml.state is not None
        lost = {loss.field for _, loss in encoded.losses}
        assert lost <= {"event@time", "event@start", "event@stale"}
        for name, field in (("time", "sent_at"), ("start", "time"), ("stale", "stale_at")):
            ours, theirs = getattr(back.state, field), getattr(by_xml.state, field)
            assert (ours == theirs) == (f"event@{name}" not in lost)
            assert ours == theirs.replace(microsecond=theirs.microsecond // 1000 * 1000)
        state = replace(by_xml.state, sent_at=back.state.sent_at, time=back.state.time, stale_at=back.state.stale_at)
        assert without_raw(back) == without_raw(replace(by_xml, state=state))


# ---------------------------------------------------------------------------------------------- the whole-element rule


@pytest.mark.parametrize(
    ("element", "field"),
    [
        ('<contact callsign="A" endpoint="B"/>', "contact"),
        ('<contact callsign="A"/>', "contact"),
        ('<__group name="Cyan" role="Medic"/>', "group"),
        ('<precisionlocation geopointsrc="GPS" altsrc="DTED0"/>', "precisionLocation"),
        ('<status battery="0"/>', "status"),
        ('<takv device="d" platform="p" os="29" version="4.5"/>', "takv"),
        ('<track course="0.0" speed="0.0"/>', "track"),
    ],
)
def test_an_element_that_its_message_holds_whole_is_typed(element: str, field: str) -> None:
    made, losses = message_of(event(element), LIMITS)
    assert made.cotEvent.detail.HasField(field)
    assert made.cotEvent.detail.xmlDetail == ""
    assert not losses


@pytest.mark.parametrize(
    "element",
    [
        '<contact callsign="A" phone="1"/>',
        '<contact endpoint="B"/>',
        '<contact callsign=""/>',
        '<contact callsign="A" endpoint=""/>',
        '<contact callsign="A">text</contact>',
        '<__group name="Cyan"/>',
        '<precisionlocation altsrc="???"/>',
        '<precisionlocation geopointsrc="GPS" altsrc="GPS" PRECISE_IMAGE_FILE="a"/>',
        '<status battery="078"/>',
        '<status battery="4294967296"/>',
        '<status readiness="true"/>',
        '<takv device="" platform="p" os="29" version="4.5"/>',
        '<track course="1.0" speed="2.0" slope="3.0"/>',
        '<track course="1" speed="2.0"/>',
        '<track course="NaN" speed="2.0"/>',
        '<track course="-0.0" speed="2.0"/>',
        '<track course="1.0"/>',
        '<track course="1.0" speed="inf"/>',
        '<track course="1.0" speed="2.0"/><track course="1.0" speed="2.0"/>',
    ],
)
def test_an_element_that_its_message_cannot_hold_whole_stays_xml(element: str) -> None:
    made, losses = message_of(event(element), LIMITS)
    detail = made.cotEvent.detail
    assert detail.xmlDetail == element
    names = ("contact", "group", "precisionLocation", "status", "takv", "track")
    assert not any(detail.HasField(name) for name in names)
    assert not losses


def test_what_stands_in_the_xml_wins_over_its_message() -> None:
    made, _ = message_of(event('<contact callsign="A"/><track course="1.0" speed="2.0"/>'), LIMITS)
    made.cotEvent.detail.xmlDetail = '<contact callsign="B" phone="1"/><track course="3.0" speed="4.0" slope="0.0"/>'
    written = xml_of(made, LIMITS)
    assert written is not None
    assert written[0].count(b"<contact") == written[0].count(b"<track") == 1
    track = CotDecoder().decode(frame(stream_frame(made.SerializeToString()))).tracks[0]
    assert track.identifiers[1].value == "B"
    assert track.state is not None
    assert track.state.ground_speed_mps == 4.0


# --------------------------------------------------------------------------------------------------- markers and edges


def test_releasable_is_spelt_as_each_side_spells_it() -> None:
    made, _ = message_of(RICH, LIMITS)
    assert (made.cotEvent.caveat, made.cotEvent.releaseableTo) == ("NF", "NLD,DEU")
    assert b'releasableTo="NLD,DEU"' in there_and_back(RICH)[0]


def test_not_known_is_999999_in_protobuf_and_9999999_in_xml() -> None:
    for unknown in ("9999999.0", "999999", "NaN", "unknown", ""):
        point = f'lat="50.5" lon="14.25" hae="{unknown}" ce="{unknown}" le="{unknown}"'
        made, losses = message_of(event(point=point), LIMITS)
        assert (made.cotEvent.hae, made.cotEvent.ce, made.cotEvent.le) == (999999.0, 999999.0, 999999.0)
        assert not losses
        assert b'hae="9999999.0" ce="9999999.0" le="9999999.0"' in there_and_back(event(point=point))[0]
        state = CotDecoder().decode(frame(stream_frame(made.SerializeToString()))).tracks[0].state
        assert state is not None
        assert (state.altitude_hae_m, state.accuracy) == (None, None)


def test_finer_times_and_further_digits_are_listed() -> None:
    octets = event(
        start="2026-11-22T08:12:00.000001Z", point='lat="0.1234567890123456789" lon="1" hae="1" ce="1" le="far"'
    )
    _, losses = message_of(octets.replace(b'how="m-g"', b'how="m-g" mine="1"'), LIMITS)
    assert set(losses) == {
        Loss("event@mine", "NO_TARGET"),
        Loss("event@start", "TRUNCATED"),
        Loss("event/point@lat", "ROUNDED"),
        Loss("event/point@le", "OUT_OF_RANGE"),
    }


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (event(start="1969-12-31T23:59:59Z"), "TAK-005"),
        (event(start="1970-01-01T00:00:00Z"), "TAK-005"),
        (event(point='lat="NaN" lon="1" hae="1" ce="1" le="1"'), "TAK-005"),
        (event(point='lat="north" lon="1" hae="1" ce="1" le="1"'), "COT-006"),
        (event(uid=""), "COT-003"),
        (event(start="yesterday"), "COT-004"),
        (b"<other/>", "COT-001"),
        (b"<event", "XML-001"),
        (event("<a b='1' b='2'/>"), "XML-001"),
    ],
)
def test_refuses_what_no_message_could_say(octets: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        message_of(octets, LIMITS)
    assert caught.value.code.id == code


def payload(**fields: object) -> bytes:
    made = new_message()
    usual: dict[str, object] = {
        "type": "a-f-G",
        "uid": "u",
        "how": "m-g",
        "sendTime": 1_700_000_000_000,
        "startTime": 1_700_000_000_000,
        "staleTime": 1_700_000_060_000,
        "lat": 50.5,
        "lon": 14.25,
        "hae": 1.0,
        "ce": 1.0,
        "le": 1.0,
    }
    for name, value in (usual | fields).items():
        if name == "xmlDetail":
            made.cotEvent.detail.xmlDetail = str(value)
        else:
            setattr(made.cotEvent, name, value)
    return made.SerializeToString()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"uid": ""}, "COT-003"),
        ({"type": ""}, "COT-003"),
        ({"startTime": 0}, "COT-003"),
        ({"staleTime": 2**64 - 1}, "TAK-001"),
        ({"lat": float("nan"), "lon": float("inf")}, "COT-006"),
        ({"lat": 91.0}, "COT-006"),
        ({"lat": 0.0, "lon": 0.0, "hae": 0.0, "ce": 0.0, "le": 0.0}, "COT-003"),
        ({"uid": "a\x00b"}, "TAK-006"),
        ({"access": "\x1b"}, "TAK-006"),
        ({"type": "a f"}, "COT-005"),
        ({"xmlDetail": "<a>"}, "XML-001"),
        ({"xmlDetail": "</detail><detail>"}, "XML-001"),
        ({"xmlDetail": "<!DOCTYPE a>"}, "XML-001"),
        ({"xmlDetail": "\x00"}, "XML-001"),
        ({"xmlDetail": '<a xmlns="urn:alliance:track-exchange:ext:cot:2.0"/>'}, "COT-009"),
        ({"xmlDetail": "<a>" * 70 + "</a>" * 70}, "COT-008"),
    ],
)
def test_refuses_messages_that_say_nothing_sound(fields: dict[str, object], code: str) -> None:
    decoded = CotDecoder().decode(frame(stream_frame(payload(**fields))))
    assert [error.code.id for error in decoded.problems] == [code]


def test_a_client_without_a_fix_has_no_position_in_protobuf_either() -> None:
    octets = payload(lat=0.0, lon=0.0, hae=999999.0, ce=999999.0, le=999999.0)
    state = CotDecoder().decode(frame(stream_frame(octets))).tracks[0].state
    assert state is not None
    assert state.position is None


def test_fields_of_later_versions_are_listed() -> None:
    later = payload() + b"\xa2\x06\x03new"  # field 100 of TakMessage
    track = CotDecoder().decode(frame(stream_frame(later))).tracks[0]
    assert track.provenance[0].losses == (Loss("TakMessage/*", "NOT_MODELLED"),)


def test_a_message_without_an_event_is_silent() -> None:
    made = new_message()
    made.takControl.maxProtoVersion = 1
    assert CotDecoder().decode(frame(mesh_frame(made.SerializeToString()))).silent == 1


@settings(max_examples=300)
@given(st.binary(max_size=120), st.randoms(use_true_random=False))
def test_no_octets_raise_anything_but_our_errors(octets: bytes, source: object) -> None:
    import random

    assert isinstance(source, random.Random)
    sound = bytearray(stream_frame(payload(xmlDetail="<a/>")))
    for _ in range(3):
        sound[source.randrange(len(sound))] = source.randrange(256)
    for data in (b"\xbf" + octets, stream_frame(octets), mesh_frame(octets), bytes(sound), EVENT + b"\xbf" + octets):
        decoded = CotDecoder().decode(frame(data))
        assert all(isinstance(error, FormatError) for error in decoded.problems)
        assert decoded.tracks or decoded.problems or decoded.silent


# ---------------------------------------------------------------------------------------------- beside another's codec


@settings(max_examples=100)
@given(tracks())
def test_what_we_write_is_what_takproto_writes_of_it_where_it_is_right(track: Track) -> None:
    """Without what takproto drops or cannot read: see the tests below."""
    octets = CotEncoder(declaration=False).encode([track], NOW).frames[0]
    made, losses = message_of(octets, LIMITS)
    if losses or b"slope" in octets or "&" in octets.decode() or not octets.isascii():
        return
    theirs = takproto.functions.xml2message(octets.decode())
    ours = read_message(theirs.SerializeToString())
    for name in ("hae", "ce", "le"):
        if getattr(made.cotEvent, name) == 999999.0:
            setattr(ours.cotEvent, name, 999999.0)  # theirs writes XML's 9999999 into protobuf
    ours.cotEvent.detail.xmlDetail = made.cotEvent.detail.xmlDetail.replace("<", "<")
    if not made.cotEvent.HasField("detail"):  # type: ignore[attr-defined]  # of the library's class
        ours.cotEvent.ClearField("detail")  # type: ignore[attr-defined]  # of the library's class
    assert ours == made


@pytest.mark.parametrize("protocol", ["stream", "mesh"])
def test_takproto_reads_our_frames(protocol: str) -> None:
    for octets in (EVENT, RICH):
        (framed,) = CotEncoder(protocol=protocol).encode(CotDecoder().decode(frame(octets)).tracks, NOW).frames
        theirs = takproto.parse_proto(bytearray(framed)).cotEvent
        assert (theirs.uid, theirs.detail.contact.callsign or "HOPE") == (
            message_of(octets, LIMITS)[0].cotEvent.uid,
            "HOPE",
        )


def test_what_takproto_drops_is_kept_here() -> None:
    """Defects of takproto 3.0.1: each line fails there."""
    theirs = xml_of(read_message(takproto.functions.xml2message(RICH.decode()).SerializeToString()), LIMITS)
    ours = there_and_back(RICH)[0]
    assert theirs is not None
    for text in ("caveat=", "releasableTo=", "slope=", "eCourse=", "eSpeed=", "phone=", "PRECISE_IMAGE_FILE="):
        assert text.encode() not in theirs[0]
        assert text.encode() in ours
    assert canonical(ours) == canonical(RICH)


def test_two_frames_in_one_buffer_are_two_events() -> None:
    framed = stream_frame(payload(uid="a")) + stream_frame(payload(uid="b"))
    assert takproto.parse_proto(bytearray(framed)).cotEvent.uid == "a"  # and the other is lost
    assert [track.identifiers[0].value for track in CotDecoder().decode(frame(framed)).tracks] == ["a", "b"]


@pytest.mark.parametrize("start", ["2026-11-22T10:12:00.05+02:00", "2026-11-22T08:12:00.1234567Z"])
def test_times_that_takproto_cannot_read(start: str) -> None:
    octets = event(start=start)
    with pytest.raises(ValueError, match="does not match format"):
        takproto.functions.xml2message(octets.decode())
    assert message_of(octets, LIMITS)[0].cotEvent.startTime // 1000 == 1795335120


def test_an_event_without_a_declaration_is_one() -> None:
    assert takproto.parse_proto(bytearray(event())) is None
    assert CotDecoder().decode(frame(event())).tracks
