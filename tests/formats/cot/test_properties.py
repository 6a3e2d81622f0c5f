"""What must hold for every input: the two readers agree, tracks come back, what we write is valid."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import FORMAT, CotDecoder, CotEncoder, Splitter, trace
from gateway.formats.cot import plain as plain_reader
from gateway.formats.cot.kept import kept_of
from gateway.limits import Limits
from gateway.stages import Decoded
from gateway.track import Extension, Identifier, Track
from tests.data import recording
from tests.formats.cot.generators import EVENT, NOW, XML_TEXT, event, frame, same, tracks

NUMBERS = st.sampled_from(["0", "0.0", "12.5", "-3", "360", "359.9", "1e3", "9999999.0", "999999", "NaN", "", "x"])
VALUES = st.one_of(XML_TEXT, NUMBERS, st.sampled_from(["911 Alert", "false", "a b", ">"]))
NAMES = st.sampled_from(["contact", "track", "remarks", "uid", "link", "sensor", "emergency", "status", "_x", "takv"])
KEYS = st.sampled_from(["callsign", "course", "speed", "slope", "eCourse", "icao24", "Droid", "uid", "azimuth", "type"])
SPACES = st.sampled_from(["", "", "\n", " \t", "\r\n"])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@st.composite
def children(draw: st.DrawFn) -> str:
    name = draw(NAMES)
    pairs = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    attributes = "".join(f' {key}="{_escaped(value)}"' for key, value in pairs.items())
    form = draw(st.integers(0, 9))
    if form < 6:
        return f"<{name}{attributes}/>"
    if form < 9:
        return f"<{name}{attributes}>{_escaped(draw(VALUES))}</{name}>"
    return f"<{name}{attributes}><sub/></{name}>"


@st.composite
def events(draw: st.DrawFn) -> bytes:
    space = draw(SPACES)
    detail = space.join(draw(st.lists(children(), max_size=5)))
    point = (
        f'lat="{draw(st.sampled_from(["0.0", "-0", "50.1", "-90", "91", "NaN", "1_0"]))}" '
        f'lon="{draw(st.sampled_from(["0.0", "-180", "180", "14.25", "x"]))}" '
        f'hae="{draw(NUMBERS)}" ce="{draw(NUMBERS)}" le="{draw(NUMBERS)}"'
    )
    opex = draw(st.sampled_from(["", ' opex="e-X"', ' opex="s"', ' access="R &amp; D"', ' uid="twice"']))
    kind = draw(st.sampled_from(["a-f-A-M-F", "a-j-G", "b-d-a", "b-m-p", "t-x-d-d", "t-x-c-t", "a f", "a-o"]))
    prefix = draw(
        st.sampled_from(["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8'?>\n", " ", "<!-- -->"])
    )
    octets = event(space + detail + space, point=point, attributes=opex, type=kind, uid=_escaped(draw(XML_TEXT)))
    return prefix.encode() + octets


def both(octets: bytes) -> tuple[Decoded, Decoded]:
    """The answers with and without the plain reader."""
    full = CotDecoder(node="n")
    full._plain_event = lambda octets: None  # type: ignore[method-assign]  # the one seam between the two readers
    return CotDecoder(node="n").decode(frame(octets)), full.decode(frame(octets))


def summary(decoded: Decoded) -> tuple[tuple[Track, ...], list[tuple[str, str]], int]:
    return decoded.tracks, [(error.code.id, error.place) for error in decoded.problems], decoded.silent


@settings(max_examples=400)
@given(events())
def test_the_plain_reader_says_what_the_full_parser_says(octets: bytes) -> None:
    fast, full = both(octets)
    assert summary(fast) == summary(full)


MUTATIONS = [
    b"<",
    b">",
    b"&",
    b'"',
    b"'",
    b"/",
    b"\x00",
    b"\r",
    b"\t",
    b"\xff",
    b"\xc3\xa9",
    b"\xef\xbf\xbe",
    b"xmlns",
    b" ",
    b"<!--",
]


@settings(max_examples=600)
@given(st.randoms(use_true_random=False))
def test_the_plain_reader_takes_nothing_that_the_full_parser_refuses(source: random.Random) -> None:
    octets = bytearray(EVENT)
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(octets))
        if source.random() < 0.5:
            octets[at : at + 1] = source.choice(MUTATIONS)
        else:
            octets[at] = source.randrange(256)
    fast, full = both(bytes(octets))
    assert summary(fast) == summary(full)


def test_the_plain_reader_takes_the_events_of_tak_clients() -> None:
    text = plain_reader.text_of(EVENT)
    assert text is not None
    assert plain_reader.event_of(text) is not None
    usual = plain_reader.usual_of(text)
    assert usual is not None
    how_first = text.replace(' how="m-g"', "").replace(" time=", ' how="m-g" time=')
    assert how_first != text
    assert plain_reader.usual_of(how_first) == usual
    assert plain_reader.usual_of(how_first.replace(' stale="', ' how="h-e" stale="')) is None
    assert plain_reader.usual_of(text.replace('how="m-g">', 'how="m-g" how="m-g">')) is None


_EASY = ["0", "0.0", "-0.0", "12.5", "-12.25", "90", "-90", "180", "-180", "9999999.0", "999999", "9999999", "-1"]
_ODD = ["90.0000001", "-180.0", "181", "0.00000000000000000001", "123456789.5", "1234567890", "1e3", "+1", ".5", ""]
DECIMALS = st.sampled_from(_EASY * 3 + _ODD)


@settings(max_examples=400)
@given(
    figures=st.lists(DECIMALS, min_size=5, max_size=5),
    kind=st.sampled_from(["a-f-A-M-F", "a-j-G", "a-.-A", "b-d-a", "b-m-p", "t-x-d-d", "t-x-c-t", "a f", ""]),
    how=st.sampled_from(["", ' how="m-g"', ' how=""', ' how="x y"']),
    last=st.sampled_from(["", "", ' how="h-e"', ' opex="e-X"']),
    parts=st.lists(children(), max_size=4),
    space=SPACES,
)
def test_the_usual_event_is_read_as_any_other(
    figures: list[str], kind: str, how: str, last: str, parts: list[str], space: str
) -> None:
    lat, lon, hae, ce, le = figures
    text = (
        f'<event version="2.0" uid="U-1" type="{kind}"{how} time="2026-11-22T08:12:00Z" start="2026-11-22T08:12:00.5Z"'
        f' stale="2026-11-22T08:13:00Z"{last}>{space}<point lat="{lat}" lon="{lon}" hae="{hae}" ce="{ce}" le="{le}"/>'
        f"{space}<detail>{space.join(parts)}</detail>{space}</event>{space}"
    )
    fast, full = both(text.encode())
    assert summary(fast) == summary(full)
    again = CotDecoder(node="n")  # what it remembers of children and leftovers changes nothing
    assert [summary(again.decode(frame(text.encode()))) for _ in range(2)] == [summary(full)] * 2


def test_the_plain_reader_is_linear() -> None:
    for filling in ("<a ", "<a b='", " ", "<a></b>", "<a>", '<a b="c"'):
        text = EVENT.decode().replace("<detail>", "<detail>" + filling * (10_000 // len(filling)))
        plain_reader.event_of(text)
        plain_reader.pieces_of(text)
        plain_reader.usual_of(text)
    # The test's time-out is the assertion: nested repetition without possessive quantifiers would not end.


@settings(max_examples=200)
@given(tracks())
def test_a_track_that_cot_can_carry_comes_back(track: Track) -> None:
    encoder = CotEncoder()
    result = encoder.encode([track], NOW)
    assert not result.problems
    assert not result.losses
    back = CotDecoder().decode(frame(result.frames[0])).tracks[0]
    state, original = back.state, track.state
    assert state is not None
    assert original is not None
    assert (back.identity, back.environment, back.remarks) == (track.identity, track.environment, track.remarks)
    assert set(back.identifiers) == set(track.identifiers)
    assert back.status == track.status
    assert (state.stale_at, state.sent_at, state.time) == (original.stale_at, original.sent_at, original.time)
    assert state.position is not None
    assert original.position is not None
    assert state.position.latitude_deg == pytest.approx(original.position.latitude_deg, abs=1e-11)
    assert state.position.longitude_deg == pytest.approx(original.position.longitude_deg, abs=1e-11)
    assert state.altitude_hae_m == pytest.approx(original.altitude_hae_m, abs=1e-11)
    assert state.course_deg == pytest.approx(original.course_deg, abs=1e-11)
    assert state.ground_speed_mps == pytest.approx(original.ground_speed_mps, abs=1e-4)
    assert state.vertical_rate_mps == pytest.approx(original.vertical_rate_mps, abs=1e-4)
    if original.accuracy is not None:
        assert state.accuracy is not None
        assert state.accuracy.horizontal_95_m == pytest.approx(original.accuracy.horizontal_95_m, abs=0.0013)
    again = encoder.encode([replace(back, raw=None)], NOW)
    assert CotDecoder(keep_raw=False).decode(frame(again.frames[0])).tracks[0].state is not None


@settings(max_examples=200)
@given(events().filter(lambda octets: b"<emergency" not in octets))  # one without a type says nothing
@example(event("<link/>", type="t-x-d-d", uid="0"))
@example(event('<link uid="0"/>', type="t-x-d-d", uid="0"))
@example(event('<link uid="0"/>', type="t-x-d-d", uid="delete-0"))
def test_an_accepted_event_comes_back_the_same(octets: bytes) -> None:
    decoded = CotDecoder(keep_raw=False).decode(frame(octets))
    for track in decoded.tracks:
        first = CotEncoder().encode([track], NOW)
        for written in first.frames:
            back = CotDecoder(keep_raw=False).decode(frame(written))
            assert not back.problems
            assert same(CotEncoder().encode(back.tracks, NOW).frames[0], written)


@settings(max_examples=200)
@given(tracks(), st.text(), st.text(), st.floats(), st.floats())
def test_a_hostile_track_becomes_a_sound_event_or_a_problem(
    track: Track, uid: str, text: str, first: float, second: float
) -> None:
    state = track.state
    assert state is not None
    hostile = replace(
        track,
        identifiers=(Identifier("cot_uid", uid), Identifier("callsign", text), Identifier("icao24", text)),
        remarks=text,
        state=replace(state, altitude_hae_m=first, course_deg=second, vertical_rate_mps=first),
        extensions=(Extension("urn:x", "x", text),),
    )
    result = CotEncoder().encode([hostile], NOW)
    assert len(result.frames) + len(result.problems) == 1
    for written in result.frames:
        root = etree.fromstring(written)
        assert root.get("uid") == uid
        assert root.findtext("detail/remarks") in (text, text.replace("\r\n", "\n"), None)


@settings(max_examples=100)
@given(tracks())
def test_what_we_write_validates_against_the_schema_of_mitre(track: Track) -> None:
    base = etree.XMLSchema(etree.parse(recording("cot/CoT_Base-Event_Schema__PUBLIC_RELEASE.xsd")))
    for written in CotEncoder(node="nld", opex="e-X").encode([track], NOW).frames:
        base.assertValid(etree.fromstring(written))


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("CoT_Track_Schema__PUBLIC_RELEASE.xsd", "track"),
        ("CoT_Contact_Schema_PUBLIC_RELEASE.xsd", "contact"),
        ("CoT_Flow-Tags_Schema__PUBLIC_RELEASE.xsd", "_flow-tags_"),
        ("CoT_Uid_Schema__PUBLIC_RELEASE.xsd", "uid"),
        ("CoT_Remarks_Schema__PUBLIC_RELEASE.xsd", "remarks"),
        ("CoT_Link_Schema__PUBLIC_RELEASE.xsd", "link"),
        ("CoT_Sensor_Schema__PUBLIC_RELEASE.xsd", "sensor"),
    ],
)
def test_the_details_that_we_write_validate_too(schema: str, name: str) -> None:
    validator = etree.XMLSchema(etree.parse(recording(f"cot/{schema}")))
    sources = [
        event('<contact callsign="A" phone="1"/><track course="123.4" speed="1.25"/>'),
        event('<track course="0.0" speed="1e-5" slope="-89.9" eCourse="1e-9"/><remarks>r</remarks><uid icao24="a"/>'),
        event('<sensor azimuth="360" range="1.0"/>', type="b-d"),
        event('<link uid="t" relation="none" type="none"/>', type="t-x-d-d"),
        event('<track course="1" speed="0"/>'),
    ]
    found = 0
    for octets in sources:
        track = CotDecoder().decode(frame(octets)).tracks[0]
        for element in etree.fromstring(CotEncoder(node="nld").encode([track], NOW).frames[0]).iter(name):
            validator.assertValid(etree.fromstring(etree.tostring(element, with_tail=False)))
            found += 1
    assert found


@settings(max_examples=300)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_octets_raise_anything_but_our_errors(octets: bytes) -> None:
    for data in (octets, EVENT[: len(octets)] + octets, event(octets.decode("latin-1"))):
        decoded = CotDecoder().decode(frame(data))
        assert all(isinstance(error, FormatError) for error in decoded.problems)
        assert decoded.tracks or decoded.problems or decoded.silent
        with contextlib.suppress(FormatError):
            trace(frame(data))
        with contextlib.suppress(FormatError):
            kept_of(data.decode("latin-1"), Limits())


def test_the_trace_shows_where_each_value_stood() -> None:
    octets = b"\n" + EVENT + event("<!-- c --><remarks>hi</remarks><track course='1' speed='2'/>", uid="u&amp;v")
    fields = trace(frame(octets))
    for field in fields:
        assert octets[field.offset :].startswith(field.raw.encode())
    found = {(field.item, field.raw): field for field in fields}
    latitude = found["event/point@lat", "38.856650047254725"]
    assert (latitude.canonical, latitude.unit, latitude.value) == (
        "state.position.latitude_deg",
        "deg",
        "38.856650047254725",
    )
    assert found["event/point@ce", "9.9"].value.startswith("24.23")
    assert found["event/point@le", "9999999.0"].canonical == ""
    assert found["event/detail/__group@name", "Cyan"].canonical == ""
    assert found["event/detail/remarks", "hi"].canonical == "remarks"
    assert found["event@uid", "u&amp;v"].value == "u&v"
    heard = {field.item: field for field in trace(frame(event(type="b-d-a")))}
    assert heard["event/point@lat"].canonical == "state.polar.sensor_position.latitude_deg"


def test_a_trace_of_a_refused_event_says_why() -> None:
    with pytest.raises(FormatError) as caught:
        trace(frame(event() + event(type="a f")))
    assert caught.value.code.id == "COT-005"
    assert caught.value.place.startswith(f"octet {len(event())}")


def test_the_registry_entry_is_complete() -> None:
    assert FORMAT.name == "cot"
    assert FORMAT.splitter is Splitter
    assert FORMAT.decoder(node="n").decode(frame(EVENT)).tracks
    assert FORMAT.encoder(stale_after_s=1.0).encode([], NOW).frames == ()
