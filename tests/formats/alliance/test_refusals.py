"""Hostile values survive or are refused with a code and a place; nothing invalid is ever rendered."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.alliance import fault, packaged_schema, read, render
from gateway.limits import Limits
from gateway.stages import Hop, Message, Retraction
from gateway.track import (
    Accuracy,
    Classification,
    Covariance,
    Dimensions,
    Identifier,
    Identity,
    IdentityGroup,
    Loss,
    Operator,
    Polar,
    Position,
    Provenance,
    RawRecord,
    Relation,
    Source,
    State,
    Status,
    Track,
)
from gateway.xml import parse
from tests.formats.alliance import examples

T0 = examples.T0
ID = examples.uuid(1)


def message_of(*tracks: Track) -> Message:
    return Message(header=examples.header(1), tracks=tracks)


def read_back(message: Message) -> Message:
    return read(parse(render(message), max_octets=Limits().max_message_octets))


def state(**values: Any) -> Track:
    return Track(track_id=ID, state=State(time=T0, **values))


HOSTILE = [
    "<script>alert(1)</script>",
    "</Name><Name>",
    "&lt;&amp;&#0;",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- x -->",
    "\u202eright to left",
    "𝕋𝕣𝕒𝕔𝕜 🛩",
    "tab\tnew\nline\rreturn\r\n",
    "  spaces  ",
    "\u0085\u2028\u00a0",
    "'\"",
    "x" * 1024,
    "𝕋" * 1024,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_survives(value: str) -> None:
    track = Track(
        track_id=ID,
        name=value,
        remarks=value,
        identifiers=(Identifier("callsign", value),),
        identity=IdentityGroup(value=Identity.PENDING, assigned_by=value),
        classifications=(Classification(type=value),),
        sources=(Source(id="s", name=value),),
        state=State(time=T0, polar=Polar(sensor=value)),
        provenance=(Provenance(gateway="nld", input_format="COT", mapping_id=value, losses=(Loss(value, "ROUNDED"),)),),
    )
    message = message_of(track)
    assert read_back(message) == message


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "ALM-005"),
        ("\x00", "ALM-003"),
        ("a\x0bb", "ALM-003"),
        ("\x1b[31m", "ALM-003"),
        ("\ud800", "ALM-003"),
        ("\udfff<", "ALM-003"),
        ("\uffff", "ALM-003"),
        ("x" * 1025, "ALM-004"),
        ("x" * 65_536, "ALM-004"),
    ],
)
def test_text_that_the_schema_does_not_admit_is_refused(value: str, code: str) -> None:
    passed = Provenance(gateway="nld", input_format="COT", mapping_id="m", losses=(Loss(value, "ROUNDED"),))
    for track in (
        Track(track_id=ID, name=value),
        Track(track_id=ID, identifiers=(Identifier("callsign", value),)),
        Track(track_id=ID, sources=(Source(id="s", name=value),)),
        Track(track_id=ID, classifications=(Classification(type=value),)),
        Track(track_id=ID, provenance=(passed,)),
        state(polar=Polar(sensor=value)),
    ):
        with pytest.raises(FormatError) as refused:
            render(message_of(Track(track_id=ID), track))
        assert refused.value.code.id == code
        # A source stands in the header, everything else in the second track.
        assert refused.value.place == "Source/Name" or refused.value.place.startswith("Track[2]/")


def test_remarks_may_be_long_but_not_endless() -> None:
    longest = message_of(Track(track_id=ID, remarks="<" * 16_384))
    assert read_back(longest) == longest
    with pytest.raises(FormatError) as refused:
        render(message_of(Track(track_id=ID, remarks="<" * 16_385)))
    assert (refused.value.code.id, refused.value.place) == ("ALM-004", "Track[1]/Remarks")


QUANTITIES: list[tuple[str, Callable[[float], Track], float, float]] = [
    ("Latitude", lambda x: state(position=Position(x, 0.0)), -90, 90),
    ("Longitude", lambda x: state(position=Position(0.0, x)), -180, 180),
    ("AltitudeHae", lambda x: state(altitude_hae_m=x), -1e9, 1e9),
    ("AltitudeMsl", lambda x: state(altitude_msl_m=x), -1e9, 1e9),
    ("AltitudeBaro", lambda x: state(altitude_baro_m=x), -1e9, 1e9),
    ("AltitudeQnh", lambda x: state(altitude_qnh_m=x), -1e9, 1e9),
    ("HeightAgl", lambda x: state(height_agl_m=x), -1e9, 1e9),
    ("HeightTakeoff", lambda x: state(height_takeoff_m=x), -1e9, 1e9),
    ("CourseOverGround", lambda x: state(course_deg=x), 0, 360),
    ("SpeedOverGround", lambda x: state(ground_speed_mps=x), 0, 1e6),
    ("VerticalRate", lambda x: state(vertical_rate_mps=x), -1e6, 1e6),
    ("Heading", lambda x: state(heading_deg=x), 0, 360),
    ("MagneticHeading", lambda x: state(magnetic_heading_deg=x), 0, 360),
    ("TurnRate", lambda x: state(turn_rate_degps=x), -1e4, 1e4),
    ("AccelerationEast", lambda x: state(acceleration_east_mps2=x), -1e5, 1e5),
    ("AccelerationNorth", lambda x: state(acceleration_north_mps2=x), -1e5, 1e5),
    ("IndicatedAirspeed", lambda x: state(indicated_airspeed_mps=x), 0, 1e6),
    ("TrueAirspeed", lambda x: state(true_airspeed_mps=x), 0, 1e6),
    ("Mach", lambda x: state(mach=x), 0, 1e3),
    ("HorizontalAccuracy95", lambda x: state(accuracy=Accuracy(horizontal_95_m=x)), 0, 1e9),
    ("VerticalAccuracy95", lambda x: state(accuracy=Accuracy(vertical_95_m=x)), 0, 1e9),
    ("CourseAccuracy95", lambda x: state(accuracy=Accuracy(course_95_deg=x)), 0, 180),
    ("SpeedAccuracy95", lambda x: state(accuracy=Accuracy(speed_95_mps=x)), 0, 1e6),
    ("Term", lambda x: state(covariance=Covariance("EN", (x,))), -1e15, 1e15),
    ("SensorAltitudeMsl", lambda x: state(polar=Polar(sensor="s", sensor_altitude_msl_m=x)), -1e9, 1e9),
    ("SensorAltitudeHae", lambda x: state(polar=Polar(sensor="s", sensor_altitude_hae_m=x)), -1e9, 1e9),
    ("SlantRange", lambda x: state(polar=Polar(sensor="s", range_m=x)), 0, 1e9),
    ("Azimuth", lambda x: state(polar=Polar(sensor="s", azimuth_deg=x)), 0, 360),
    ("Elevation", lambda x: state(polar=Polar(sensor="s", elevation_deg=x)), -90, 90),
    ("RangeRate", lambda x: state(polar=Polar(sensor="s", range_rate_mps=x)), -1e6, 1e6),
    ("Reach", lambda x: state(polar=Polar(sensor="s", reach_m=x)), 0, 1e9),
    ("RangeAccuracy95", lambda x: state(polar=Polar(sensor="s", range_95_m=x)), 0, 1e9),
    ("AzimuthAccuracy95", lambda x: state(polar=Polar(sensor="s", azimuth_95_deg=x)), 0, 180),
    ("ElevationAccuracy95", lambda x: state(polar=Polar(sensor="s", elevation_95_deg=x)), 0, 180),
    ("Latitude", lambda x: Track(track_id=ID, operator=Operator(position=Position(x, 0.0))), -90, 90),
    ("Longitude", lambda x: Track(track_id=ID, operator=Operator(position=Position(0.0, x))), -180, 180),
    ("AltitudeHae", lambda x: Track(track_id=ID, operator=Operator(altitude_hae_m=x)), -1e9, 1e9),
    ("DetectionConfidence", lambda x: Track(track_id=ID, detection_confidence_pct=x), 0, 100),
    ("Length", lambda x: Track(track_id=ID, dimensions=Dimensions(length_m=x)), 0, 1e9),
    ("Width", lambda x: Track(track_id=ID, dimensions=Dimensions(width_m=x)), 0, 1e9),
    ("Height", lambda x: Track(track_id=ID, dimensions=Dimensions(height_m=x)), 0, 1e9),
    (
        "Confidence",
        lambda x: Track(track_id=ID, identity=IdentityGroup(value=Identity.FRIEND, confidence_pct=x)),
        0,
        100,
    ),
    ("Confidence", lambda x: Track(track_id=ID, classifications=(Classification(type="t", confidence_pct=x),)), 0, 100),
]


@pytest.mark.parametrize(("name", "make", "low", "high"), QUANTITIES)
def test_a_quantity_is_refused_outside_of_its_bounds(
    name: str, make: Callable[[float], Track], low: float, high: float
) -> None:
    for value in (math.nan, math.inf, -math.inf, low - 1, high + 1, 1e300):
        error = fault(make(value))
        assert error is not None, value
        assert (error.code.id, error.place) == ("ALM-001", name)


@pytest.mark.parametrize(("name", "make", "low", "high"), QUANTITIES)
@given(share=st.floats(0, 1))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_quantity_within_its_bounds_is_rendered_validly(
    name: str, make: Callable[[float], Track], low: float, high: float, share: float
) -> None:
    for value in (
        low,
        high,
        low + share * (high - low),
        math.nextafter(low, high),
        math.nextafter(high, low),
        -0.0 + low,
    ):
        octets = render(message_of(make(value)))
        packaged_schema().check(parse(octets, max_octets=100_000))


@pytest.mark.parametrize(
    ("track", "element"),
    [
        (state(course_deg=360.0), b"<CourseOverGround>0.0000<"),
        (state(course_deg=359.99999), b"<CourseOverGround>0.0000<"),
        (state(course_deg=359.9999), b"<CourseOverGround>359.9999<"),
        (state(position=Position(0.0, -180.0)), b"<Longitude>180.00000000<"),
        (state(position=Position(0.0, -179.999999999)), b"<Longitude>180.00000000<"),
        (state(position=Position(-0.0, -0.0000000001)), b"<Latitude>0.00000000</Latitude><Longitude>0.00000000<"),
        (state(vertical_rate_mps=-0.00001), b"<VerticalRate>0.0000<"),
        (state(altitude_msl_m=0.0005000001), b"<AltitudeMsl>0.001<"),
        (state(altitude_msl_m=1e9), b"<AltitudeMsl>1000000000.000<"),
        (state(altitude_msl_m=12), b"<AltitudeMsl>12.000<"),
    ],
)
def test_writes_the_ends_of_circles_and_zero_in_one_way(track: Track, element: bytes) -> None:
    assert element in render(message_of(track))


@pytest.mark.parametrize(
    ("track", "place"),
    [
        (Track(track_id=ID, platform="uav"), "Platform"),
        (Track(track_id=ID, platform="A" * 41), "Platform"),
        (Track(track_id=ID, platform="x-nld:"), "Platform"),
        (Track(track_id=ID, platform="UAV\n"), "Platform"),
        (Track(track_id=ID, platform=""), "Platform"),
        (Track(track_id=ID, platform='"><x y="'), "Platform"),
        (Track(track_id="00000000-0000-4000-8000-00000000000A"), "TrackId"),
        (Track(track_id=ID + "\n"), "TrackId"),
        (Track(track_id=ID, identifiers=(Identifier("CALLSIGN", "x"),)), "Identifier@scheme"),
        (Track(track_id=ID, identifiers=(Identifier("a", "x", 'A" b="'),)), "Identifier@quality"),
        (Track(track_id=ID, sources=(Source(id="1a", name="x"),)), "Source@id"),
        (Track(track_id=ID, sources=(Source(id='a" b="', name="x"),)), "Source@id"),
        (Track(track_id=ID, status=Status(emergency="no")), "Status/Emergency"),
        (Track(track_id=ID, raw=RawRecord("a", b"")), "RawRecord@format"),
        (Track(track_id=ID, relations=(Relation("MERGE", ("x",)),)), "Relation/RelatedTrackId"),
        (state(time_quality="?"), "State/TimeQuality"),
        (state(covariance=Covariance("en", (1.0,))), "Covariance@form"),
        (state(polar=Polar(sensor="s", north="true")), "Polar/NorthReference"),
        (
            Track(track_id=ID, provenance=(Provenance(gateway="n n", input_format="COT", mapping_id="m"),)),
            "Provenance/Gateway",
        ),
        (
            Track(
                track_id=ID,
                provenance=(Provenance(gateway="n", input_format="COT", mapping_id="m", mapping_hash="AB" * 32),),
            ),
            "Provenance/MappingHash",
        ),
    ],
)
def test_a_code_that_has_not_the_form_of_its_registry_is_refused(track: Track, place: str) -> None:
    error = fault(track)
    assert error is not None
    assert (error.code.id, error.place) == ("ALM-002", place)


@pytest.mark.parametrize(
    ("track", "code"),
    [
        (Track(), "ALM-006"),
        (Track(track_id=ID, relations=(Relation("MERGE", ()),)), "ALM-005"),
        (Track(track_id=ID, relations=(Relation("MERGE", (ID,) * 101),)), "ALM-004"),
        (Track(track_id=ID, identifiers=(Identifier("a", "b"),) * 101), "ALM-004"),
        (Track(track_id=ID, sources=(Source(id="a", name="b"),) * 101), "ALM-004"),
        (Track(track_id=ID, classifications=(Classification(type="t"),) * 101), "ALM-004"),
        (Track(track_id=ID, classifications=(Classification(type="t", level=0),)), "ALM-001"),
        (Track(track_id=ID, raw=RawRecord("COT", bytes(1_048_577))), "ALM-004"),
        (state(covariance=Covariance("EN", ())), "ALM-005"),
        (state(covariance=Covariance("EN", (1.0,) * 46)), "ALM-004"),
        (Track(track_id=ID, state=State(time=datetime(2026, 1, 1))), "ALM-007"),
        (
            Track(track_id=ID, state=State(time=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))),
            "ALM-001",
        ),
    ],
)
def test_lists_times_and_ids_that_the_schema_does_not_admit_are_refused(track: Track, code: str) -> None:
    error = fault(track)
    assert error is not None
    assert error.code.id == code


def test_a_good_track_has_no_fault() -> None:
    assert [fault(track) for track in examples.drone().tracks] == [None, None]


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    east = datetime(2026, 11, 22, 10, 12, 0, 500000, tzinfo=timezone(timedelta(hours=2)))
    octets = render(message_of(Track(track_id=ID, state=State(time=east))))
    assert b"<State><Time>2026-11-22T08:12:00.500000Z</Time>" in octets
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert b"<State><Time>0001-01-01T00:00:00Z</Time>" in render(
        message_of(Track(track_id=ID, state=State(time=first)))
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender": "two words"}, "ALM-002"),
        ({"sender": ""}, "ALM-002"),
        ({"message_id": "x"}, "ALM-002"),
        ({"nonce": "0" * 31}, "ALM-002"),
        ({"recipients": ("a",) * 201}, "ALM-004"),
        ({"recipients": ("<",)}, "ALM-002"),
        ({"release_group": "a b"}, "ALM-002"),
        ({"hops": (Hop("a", T0),) * 33}, "ALM-004"),
        ({"created_at": datetime(2026, 1, 1)}, "ALM-007"),
    ],
)
def test_a_header_that_the_schema_does_not_admit_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(FormatError) as refused:
        render(Message(header=replace(examples.header(1), **change)))
    assert refused.value.code.id == code


def test_a_message_of_too_many_tracks_retractions_or_octets_is_refused() -> None:
    gone = Retraction(track_id=ID, time=T0, reason="ERROR")
    big = Track(track_id=ID, raw=RawRecord("COT", bytes(1_000_000)))
    for message, code in (
        (message_of(*[Track(track_id=ID)] * 1001), "ALM-004"),
        (Message(header=examples.header(1), retractions=(gone,) * 1001), "ALM-004"),
        (message_of(big, big, big, big), "ALM-009"),
        (replace(message_of(), version="2.0"), "ALM-002"),
    ):
        with pytest.raises(FormatError) as refused:
            render(message)
        assert refused.value.code.id == code


def test_two_sources_of_one_id_both_travel_under_ids_of_their_own() -> None:
    ours, theirs = Source(id="src-1", name="north"), Source(id="src-1", name="south")
    tracks = (Track(track_id=ID, sources=(ours, theirs)), Track(track_id=ID, sources=(theirs,)))
    first, second = read_back(message_of(*tracks)).tracks
    assert [(source.id, source.name) for source in first.sources] == [("src-1", "north"), ("src-1.2", "south")]
    assert second.sources == (first.sources[1],)


def test_a_message_of_too_many_sources_is_refused() -> None:
    tracks = [Track(track_id=ID, sources=(Source(id=f"s{i}", name="x"),)) for i in range(1000)]
    assert len(read_back(message_of(*tracks)).tracks) == 1000
    more = replace(tracks[0], sources=(*tracks[0].sources, Source(id="one-more", name="x")))
    with pytest.raises(FormatError) as refused:
        render(message_of(more, *tracks[1:]))
    assert refused.value.code.id == "ALM-011"
