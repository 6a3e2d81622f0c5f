from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import Code, FormatError
from gateway.formats.geojson import FORMAT, GeoJsonDecoder, GeoJsonEncoder, Splitter, codes, trace
from gateway.formats.geojson.members import NAMESPACE, PROPERTIES
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import (
    Accuracy,
    Classification,
    Covariance,
    Dimensions,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    LabelCategory,
    Loss,
    Operator,
    Polar,
    Position,
    Provenance,
    Relation,
    Source,
    State,
    Status,
    Track,
)

NOW = datetime(2026, 11, 22, 8, 12, 0, 500000, tzinfo=UTC)
UUID = "0191e0a1-0000-7000-8000-000000000001"
CODES_ = st.from_regex(r"[A-Z][A-Z0-9_]{0,39}", fullmatch=True) | st.just("x-nld:odd.code-1")
TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs",), exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"
    ),
    min_size=1,
    max_size=20,
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
FLAGS = st.none() | st.booleans()


def numbers(low: float = -1e6, high: float = 1e6) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def maybe(strategy: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.none() | strategy


POSITIVE = maybe(numbers(0.0, 9e3))
BEARING = maybe(numbers(0.0, 359.9))
POSITIONS = st.builds(Position, numbers(-90.0, 90.0), numbers(-179.9, 180.0))
STATES = st.builds(
    State,
    time=INSTANTS,
    time_quality=st.none() | CODES_,
    date_basis=st.none() | CODES_,
    received_at=INSTANTS,
    sent_at=st.none() | INSTANTS,
    stale_at=st.none() | INSTANTS,
    position=st.none() | POSITIONS,
    altitude_hae_m=maybe(numbers()),
    altitude_msl_m=maybe(numbers()),
    altitude_baro_m=maybe(numbers()),
    altitude_qnh_m=maybe(numbers()),
    height_agl_m=maybe(numbers()),
    height_takeoff_m=maybe(numbers()),
    altitude_quality=st.none() | CODES_,
    course_deg=BEARING,
    ground_speed_mps=POSITIVE,
    vertical_rate_mps=maybe(numbers()),
    heading_deg=BEARING,
    turn_rate_degps=maybe(numbers()),
    mach=maybe(numbers(0.0, 9.0)),
    accuracy=st.none()
    | st.builds(Accuracy, horizontal_95_m=POSITIVE, vertical_95_m=POSITIVE, basis=st.none() | CODES_),
    covariance=st.none() | st.builds(Covariance, CODES_, st.lists(numbers(), min_size=3, max_size=3).map(tuple)),
    polar=st.none()
    | st.builds(
        Polar,
        sensor=TEXT,
        sensor_position=st.none() | POSITIONS,
        range_m=POSITIVE,
        azimuth_deg=BEARING,
        range_rate_mps=maybe(numbers()),
        reach_m=POSITIVE,
        sensor_altitude_hae_m=maybe(numbers()),
        range_95_m=POSITIVE,
        azimuth_95_deg=maybe(numbers(0.0, 180.0)),
        elevation_95_deg=maybe(numbers(0.0, 180.0)),
    ),
)
XML = '<p:a xmlns:p="urn:other" b="1">text</p:a>'
TRACKS = st.builds(
    Track,
    track_id=st.just(UUID) | st.none(),
    identifiers=st.lists(st.builds(Identifier, TEXT, TEXT, st.none() | CODES_), min_size=1, max_size=3).map(tuple),
    environment=st.sampled_from(Environment),
    identity=st.none()
    | st.builds(
        IdentityGroup,
        value=st.sampled_from(Identity),
        amplification=st.none() | CODES_,
        confidence_pct=maybe(numbers(0.0, 100.0)),
        assigned_by=st.none() | TEXT,
        assigned_at=st.none() | INSTANTS,
    ),
    platform=st.none() | CODES_,
    name=st.none() | TEXT,
    remarks=st.none() | TEXT,
    classifications=st.lists(st.builds(Classification, type=TEXT, scheme=st.none() | CODES_), max_size=2).map(tuple),
    dimensions=st.none() | st.builds(Dimensions, length_m=POSITIVE),
    detection_confidence_pct=maybe(numbers(0.0, 100.0)),
    operator=st.none()
    | st.builds(
        Operator,
        identifier=st.none() | TEXT,
        position=st.none() | POSITIONS,
        altitude_hae_m=maybe(numbers()),
        basis=st.none() | CODES_,
        time=st.none() | INSTANTS,
    ),
    status=st.none()
    | st.builds(Status, confirmed=FLAGS, ended=FLAGS, simulated=FLAGS, exercise=FLAGS, emergency=st.none() | CODES_),
    state=st.none() | STATES,
    sources=st.lists(st.builds(Source, id=st.just("src-1"), name=TEXT), max_size=2).map(tuple),
    relations=st.lists(st.builds(Relation, CODES_, st.just((UUID,))), max_size=1).map(tuple),
    provenance=st.lists(
        st.builds(
            Provenance,
            gateway=TEXT,
            input_format=CODES_,
            mapping_id=TEXT,
            losses=st.lists(st.builds(Loss, TEXT, CODES_), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    label=st.none()
    | st.builds(
        Label,
        policy=TEXT,
        classification=TEXT,
        categories=st.just((LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU",)),)),
    ),
    extensions=st.just(()) | st.just((Extension("urn:other", "a", XML),)),
)


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="geo", source="west", peer="127.0.0.1:1", received_at=NOW)


def feature(
    properties: str = "{}", *, geometry: str = '{"type":"Point","coordinates":[14.25,50.5]}', more: str = ""
) -> bytes:
    return f'{{"type":"Feature","id":"t-1","geometry":{geometry},"properties":{properties}{more}}}'.encode()


def decode(octets: bytes, limits: Limits | None = None) -> Decoded:
    return GeoJsonDecoder(node="nld", limits=limits).decode(frame(octets))


def decoded(octets: bytes) -> Track:
    result = decode(octets)
    assert not result.problems
    return result.tracks[0]


def encoded(track: Track) -> dict[str, object]:
    result = GeoJsonEncoder().encode([track], NOW)
    assert not result.problems
    value: dict[str, object] = json.loads(result.frames[0])
    return value


def test_reads_a_feature() -> None:
    octets = feature(
        '{"environment":"AIR","identity":{"value":"SUSPECT"},"platform":"UAV","time":"2026-11-22T10:12:00.5+02:00",'
        '"course_deg":360,"ground_speed_mps":12,"status":{"confirmed":true}}',
        geometry='{"type":"Point","coordinates":[-180,50.5,120]}',
    )
    track = decoded(octets)
    assert track.identifiers == (Identifier("geojson_id", "t-1"),)
    assert track.identity == IdentityGroup(value=Identity.SUSPECT)
    assert (track.environment, track.platform, track.status) == (Environment.AIR, "UAV", Status(confirmed=True))
    assert track.state == State(
        time=NOW,
        received_at=NOW,
        position=Position(50.5, 180.0),
        altitude_hae_m=120.0,
        course_deg=0.0,
        ground_speed_mps=12.0,
    )
    assert track.raw is not None
    assert track.raw.octets == octets
    assert [(one.gateway, one.input_format, one.mapping_id) for one in track.provenance] == [
        ("nld", "GEOJSON", "geojson/1.0")
    ]


def test_a_feature_without_a_time_has_the_time_of_reception() -> None:
    state = decoded(feature()).state
    assert state is not None
    assert (state.time, state.time_quality) == (NOW, "RECEIVED")


def test_a_null_geometry_is_no_position_and_null_members_are_absent() -> None:
    track = decoded(feature('{"course_deg":5,"platform":null,"identity":null}', geometry="null"))
    assert track.state is not None
    assert track.state.position is None
    assert (track.platform, track.identity) == (None, None)
    assert encoded(track)["geometry"] is None
    assert decoded(feature("null", geometry="null")).state is None


def test_writes_longitude_first_and_the_height_above_the_ellipsoid() -> None:
    state = State(time=NOW, position=Position(50.5, 14.25), altitude_hae_m=7.0, altitude_baro_m=8.0)
    value = encoded(Track(track_id=UUID, state=state))
    assert value["geometry"] == {"type": "Point", "coordinates": [14.25, 50.5, 7.0]}
    assert value["id"] == UUID
    assert value["properties"] == {
        "track_id": UUID,
        "environment": "UNKNOWN",
        "time": "2026-11-22T08:12:00.500000Z",
        "altitude_baro_m": 8.0,
    }
    without = encoded(Track(track_id=UUID, state=replace(state, position=None)))
    assert without["geometry"] is None
    assert without["properties"]["altitude_hae_m"] == 7.0  # type: ignore[index]  # a JSON object


@settings(max_examples=150)
@given(TRACKS)
def test_a_track_comes_back_whole(track: Track) -> None:
    result = GeoJsonEncoder(personal_data=True).encode([track], NOW)
    assert not result.losses
    back = GeoJsonDecoder(keep_raw=False, keep_track_id=True).decode(frame(result.frames[0]))
    assert not back.problems
    own = back.tracks[0].provenance[-1]
    assert own.losses == ()
    assert replace(back.tracks[0], provenance=back.tracks[0].provenance[:-1]) == track


@settings(max_examples=50)
@given(st.lists(TRACKS, max_size=4))
def test_a_collection_holds_all_tracks_in_order(tracks: list[Track]) -> None:
    result = GeoJsonEncoder(collection=True).encode(tracks, NOW)
    assert len(result.frames) == 1
    value = json.loads(result.frames[0])
    assert value["type"] == "FeatureCollection"
    assert "crs" not in value
    back = GeoJsonDecoder(keep_track_id=True).decode(frame(result.frames[0]))
    assert [one.identifiers for one in back.tracks] == [one.identifiers for one in tracks]


@settings(max_examples=50)
@given(st.lists(TRACKS, max_size=4))
def test_an_encoder_with_memory_writes_what_a_new_one_writes(tracks: list[Track]) -> None:
    encoder = GeoJsonEncoder()
    encoder.encode(tracks, NOW)
    assert encoder.encode(tracks, NOW).frames == tuple(GeoJsonEncoder().encode([one], NOW).frames[0] for one in tracks)


def test_an_encoder_remembers_no_more_than_its_bound() -> None:
    encoder = GeoJsonEncoder()
    for n in range(10):
        names = [(Identifier("callsign", f"{n}-{i}" + "x" * (i % 2) * 4_000),) for i in range(1_000)]
        encoder.encode([Track(identifiers=one) for one in names], NOW)
        assert len(encoder._known) <= 4_096  # the one place that can grow
        assert all(len(bytes(text)) < 2_048 for text in encoder._known.values())
    assert encoder._known


def test_unknown_members_come_back() -> None:
    unknown = {"colour": ["red", {"a": "<&>\u0000\ud800"}], "status": {"mood": 1}, "n": 12345678901234567890}
    octets = feature(json.dumps(unknown | {"status": {"mood": 1, "ended": True}}))
    track = decoded(octets)
    assert track.status == Status(ended=True)
    assert track.extensions[0].namespace == NAMESPACE
    properties = encoded(track)["properties"]
    assert isinstance(properties, dict)
    assert {name: properties[name] for name in ("colour", "n")} == {name: unknown[name] for name in ("colour", "n")}
    assert properties["status"] == {"ended": True, "mood": 1}


def test_an_extension_cannot_overwrite_a_canonical_property() -> None:
    for text in ('{"identity":{"value":"FRIEND"},"platform":"UAV"}', "[1]", "{", '{"a":NaN'):
        xml = f'<properties xmlns="{NAMESPACE}">{text}</properties>'
        track = Track(
            track_id=UUID,
            identity=IdentityGroup(value=Identity.HOSTILE),
            extensions=(Extension(NAMESPACE, "properties", xml),),
        )
        properties = encoded(track)["properties"]
        assert isinstance(properties, dict)
        assert properties["identity"] == {"value": "HOSTILE"}
        assert "platform" not in properties


def test_the_track_id_of_others_is_not_believed_unless_configured() -> None:
    octets = feature(f'{{"track_id":"{UUID}"}}')
    track = decoded(octets)
    assert track.track_id is None
    assert Loss("properties.track_id", "NOT_MODELLED") in track.provenance[0].losses
    assert GeoJsonDecoder(keep_track_id=True).decode(frame(octets)).tracks[0].track_id == UUID


def test_members_beside_the_properties_are_listed_as_lost() -> None:
    track = decoded(feature(more=',"bbox":[1,2,3,4],"style":"red"'))
    assert track.provenance[0].losses == (Loss("feature.style", "NOT_MODELLED"),)


def test_lines_and_record_separators_are_read() -> None:
    result = decode(feature() + b"\n\n\x1e" + feature() + b"\r\n{]\n" + feature("5"))
    assert len(result.tracks) == 2
    assert [(error.code, error.place.partition(".")[0]) for error in result.problems] == [
        (codes.NOT_JSON, "line 3"),
        (codes.WRONG_TYPE, "line 4"),
    ]


def test_a_pretty_printed_collection_is_one_text() -> None:
    value = {"type": "FeatureCollection", "features": [json.loads(feature())]}
    assert len(decode(json.dumps(value, indent=2).encode()).tracks) == 1


def test_a_refused_feature_leaves_its_neighbours_alone() -> None:
    features = [feature(), feature('{"course_deg":400}'), feature('{"a":1,"a":2}'), b"7", feature()]
    result = decode(b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]}")
    assert len(result.tracks) == 2
    assert [(error.code, error.place) for error in result.problems] == [
        (codes.RANGE, "features[1].properties.course_deg"),
        (codes.DUPLICATE, "features[2]"),
        (codes.NOT_GEOJSON, "features[3]"),
    ]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", None),
        (b"{", codes.NOT_JSON),
        (b"\xff", codes.NOT_JSON),
        (b"[]", codes.NOT_GEOJSON),
        (b'{"type":"Point","coordinates":[1,2]}', codes.NOT_GEOJSON),
        (b'{"type":"FeatureCollection"}', codes.WRONG_TYPE),
        (b'{"type":"FeatureCollection","features":[],"features":[]}', codes.DUPLICATE),
        (b'{"type":"FeatureCollection","crs":{},"features":[]}', codes.CRS),
        (feature(more=',"crs":null'), codes.CRS),
        (feature(more=',"id":"t-2"'), codes.DUPLICATE),
        (feature('{"status":{"ended":true,"ended":false}}'), codes.DUPLICATE),
        (feature('{"course_deg":NaN}'), codes.NOT_JSON),
        (feature('{"course_deg":Infinity}'), codes.NOT_JSON),
        (feature('{"course_deg":1e999}'), codes.RANGE),
        (feature('{"other":1e999}'), codes.RANGE),
        (feature('{"other":' + "9" * 5_000 + "}"), codes.NOT_JSON),
        (feature('{"other":' + "[" * 100 + "]" * 100 + "}"), codes.TOO_DEEP),
        (b"[" * 100_000, codes.TOO_DEEP),
        (feature(geometry='{"type":"Polygon","coordinates":[]}'), codes.GEOMETRY),
        (feature(geometry='{"type":"Point","coordinates":[1]}'), codes.GEOMETRY),
        (feature(geometry='{"type":"Point","coordinates":[1,2,3,4]}'), codes.GEOMETRY),
        (feature(geometry='{"type":"Point","coordinates":["1",2]}'), codes.WRONG_TYPE),
        (feature(geometry='{"type":"Point","coordinates":[true,2]}'), codes.WRONG_TYPE),
        (feature(geometry='{"type":"Point","coordinates":[50,91]}'), codes.RANGE),
        (feature(geometry='{"type":"Point","coordinates":[180.1,2]}'), codes.RANGE),
        (feature('{"course_deg":-1}'), codes.RANGE),
        (feature('{"ground_speed_mps":-1}'), codes.RANGE),
        (feature('{"accuracy":{"horizontal_95_m":-1}}'), codes.RANGE),
        (feature('{"course_deg":"12"}'), codes.WRONG_TYPE),
        (feature('{"course_deg":false}'), codes.WRONG_TYPE),
        (feature('{"status":{"ended":1}}'), codes.WRONG_TYPE),
        (feature('{"status":"x"}'), codes.WRONG_TYPE),
        (feature('{"identity":{}}'), codes.WRONG_TYPE),
        (feature('{"identity":{"value":"FOE"}}'), codes.WRONG_TYPE),
        (feature('{"environment":"air"}'), codes.WRONG_TYPE),
        (feature('{"identifiers":[{"scheme":"a","value":"b","extra":1}]}'), codes.WRONG_TYPE),
        (feature('{"platform":"drone"}'), codes.CODE),
        (feature('{"time":"2026-11-22T08:12:00"}'), codes.ZONE),
        (feature('{"time":"yesterday"}'), codes.WRONG_TYPE),
        (feature('{"time":"0001-01-01T00:00:00+10:00"}'), codes.RANGE),
        (feature('{"stale_at":"9999-12-31T23:59:59-10:00"}'), codes.RANGE),
        (feature('{"identity":{"value":"FRIEND","assigned_at":"0001-01-01T00:00:00+10:00"}}'), codes.RANGE),
        (feature('{"time":5}'), codes.WRONG_TYPE),
        (feature('{"identity":{"value":"FRIEND","assigned_at":"2026-11-22T08:12:00"}}'), codes.ZONE),
        (feature('{"name":"' + "n" * 65_536 + '"}'), codes.TOO_LONG),
        (feature('{"other":"' + "n" * 65_536 + '"}'), codes.TOO_LONG),
        (feature('{"name":"a\\u0001"}'), codes.TEXT),
        (feature('{"name":"a\\ud800"}'), codes.TEXT),
        (feature('{"track_id":"7"}'), codes.WRONG_TYPE),
        (b'{"type":"Feature","geometry":null,"properties":{}}', codes.NO_NAME),
        (b'{"type":"Feature","id":true,"geometry":null,"properties":{}}', codes.WRONG_TYPE),
        (feature('{"extensions":[{"namespace":"urn:x","name":"a","xml":"<a/>"}]}'), codes.EXTENSION),
        (feature('{"extensions":[{"namespace":"urn:x","name":"a","xml":"<a"}]}'), codes.EXTENSION),
        (
            feature('{"extensions":[{"namespace":"urn:x","name":"b","xml":"<a xmlns=\\"urn:x\\"></a>"}]}'),
            codes.EXTENSION,
        ),
        (
            feature('{"extensions":[{"namespace":"urn:x","name":"a","xml":"<a xmlns=\\"urn:x\\"><?p?></a>"}]}'),
            codes.EXTENSION,
        ),
    ],
)
def test_refuses_what_is_no_feature_with_its_code(octets: bytes, code: object) -> None:
    result = decode(octets)
    assert not result.tracks
    assert [error.code for error in result.problems] == ([] if code is None else [code])


def test_refuses_what_exceeds_the_limits() -> None:
    assert decode(feature(), Limits(max_frame_octets=10)).problems[0].code is codes.TOO_LARGE
    two = b'{"type":"FeatureCollection","features":[1,2]}'
    assert decode(two, Limits(max_records_per_frame=1)).problems[0].code is codes.TOO_MANY
    assert decode(feature() + b"\n" + feature(), Limits(max_records_per_frame=1)).problems[0].code is codes.TOO_MANY


def test_tracks_that_json_cannot_carry_are_problems() -> None:
    tracks = [
        Track(track_id=UUID, state=State(time=NOW, position=Position(float("nan"), 1.0))),
        Track(track_id=UUID, state=State(time=NOW, position=Position(1.0, 1.0), altitude_hae_m=float("inf"))),
        Track(track_id=UUID, state=State(time=NOW, mach=float("nan"))),
        Track(track_id=UUID, name="\ud800"),
        Track(track_id=UUID),
    ]
    result = GeoJsonEncoder().encode(tracks, NOW)
    assert len(result.frames) == 1
    assert [error.code for error in result.problems] == [codes.NOT_FINITE] * 3 + [codes.UNWRITABLE]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*PROPERTIES, "type", "value", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(PROPERTIES)), JSON, max_size=4), JSON, JSON)
def test_no_feature_raises_anything_but_our_errors(properties: object, geometry: object, id_: object) -> None:
    value = {"type": "Feature", "id": id_, "geometry": geometry, "properties": properties}
    for octets in (json.dumps(value).encode(), json.dumps(value | {"id": "t", "geometry": None}).encode()):
        result = decode(octets)
        assert len(result.tracks) + len(result.problems) == 1
        assert not GeoJsonEncoder().encode(result.tracks, NOW).problems


@settings(max_examples=300)
@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_octets_raise_anything_but_our_errors(noise: bytes, at: int) -> None:
    octets = feature('{"course_deg":5,"status":{"ended":true},"time":"2026-11-22T08:12:00Z"}')
    for data in (noise, octets[:at] + noise + octets[at + len(noise) :], octets[:at]):
        result = decode(data)
        assert all(isinstance(error, FormatError) for error in result.problems)


def test_the_splitter_cuts_at_line_feeds_whatever_the_read_boundaries() -> None:
    octets = b"\x1e" + feature() + b"\n\r\n" + feature("null") + b"\n" + b"tail"
    for cut in range(len(octets) + 1):
        splitter = Splitter()
        frames = splitter.feed(octets[:cut]) + splitter.feed(octets[cut:])
        assert frames == [feature(), feature("null")]
        assert splitter.rest() == [b"tail"]


def test_a_line_over_the_limit_is_refused_and_the_next_one_lives() -> None:
    limits = Limits(max_frame_octets=200)
    for size in (1, 7, 1_000):
        splitter = Splitter(limits)
        octets = feature() + b"\n" + b"x" * 900 + b"\n" + feature() + b"\n"
        frames = [one for at in range(0, len(octets), size) for one in splitter.feed(octets[at : at + size])]
        assert [frames[0], frames[-1], len(frames), len(frames[1])] == [feature(), feature(), 3, 201]
        assert decode(frames[1], limits).problems[0].code is codes.TOO_LARGE


def test_the_trace_shows_where_each_value_stood() -> None:
    octets = feature('{"name":"é","course_deg":5.5,"accuracy":{"horizontal_95_m":3},"odd":[1,{"b":"x,]"}]}')
    fields = {field.item: field for field in trace(frame(octets))}
    for field in fields.values():
        assert octets[field.offset :].startswith(field.raw.encode())
    course = fields["properties.course_deg"]
    assert (course.value, course.unit, course.canonical) == ("5.5", "deg", "state.course_deg")
    assert fields["geometry.coordinates[1]"].canonical == "state.position.latitude_deg"
    assert fields["properties.accuracy.horizontal_95_m"].unit == "m"
    assert fields["properties.odd[1].b"].canonical == ""
    assert fields["properties.name"].value == "é"
    with pytest.raises(FormatError):
        trace(frame(b"{"))


def test_times_are_utc_whatever_their_offset() -> None:
    state = decoded(feature('{"time":"2026-11-22T10:12:00.5+02:00","stale_at":"2026-11-22T08:13:00Z"}')).state
    assert state is not None
    assert state.time.utcoffset() == timedelta(0)
    assert state.stale_at is not None


def test_the_registry_entry_is_complete() -> None:
    assert (FORMAT.name, FORMAT.media_type, FORMAT.splitter) == ("geojson", "application/geo+json", Splitter)
    assert FORMAT.decoder(node="n").decode(frame(feature())).tracks
    assert FORMAT.encoder(collection=True).encode([], NOW).frames == (b'{"type":"FeatureCollection","features":[]}',)
    with pytest.raises(TypeError):
        FORMAT.decoder(colour="red")


OPERATOR = Operator(
    identifier="NLDr8pilot", position=Position(52.37011, 4.70891), altitude_hae_m=43.25, basis="TAKEOFF"
)


def test_the_operator_of_a_drone_stays_behind_unless_asked_for() -> None:
    track = Track(track_id=UUID, operator=OPERATOR, detection_confidence_pct=80.0)
    for plain in (GeoJsonEncoder(), GeoJsonEncoder(collection=True)):
        result = plain.encode([track, replace(track, operator=None)], NOW)
        assert result.losses == ((UUID, Loss("operator", "WITHHELD")),)
        assert all(b"operator" not in one and b"NLDr8pilot" not in one for one in result.frames)
        assert b'"detection_confidence_pct":80.0' in result.frames[0]
    asked = GeoJsonEncoder(personal_data=True).encode([track], NOW)
    assert not asked.losses
    assert json.loads(asked.frames[0])["properties"]["operator"] == {
        "identifier": "NLDr8pilot",
        "position": {"latitude_deg": 52.37011, "longitude_deg": 4.70891},
        "altitude_hae_m": 43.25,
        "basis": "TAKEOFF",
    }


def test_what_else_is_said_of_an_operator_travels_in_the_raw_record_only() -> None:
    octets = feature('{"operator":{"identifier":"NLDr8pilot","phone":"+31-6-12345678"},"odd":1}')
    track = decoded(octets)
    assert track.operator == Operator(identifier="NLDr8pilot")
    assert track.provenance[-1].losses == (Loss("properties.operator", "NOT_MODELLED"),)
    assert track.raw is not None
    assert b"phone" in track.raw.octets
    assert [one.xml for one in track.extensions if "12345678" in one.xml] == []
    assert len(track.extensions) == 1  # the odd member


def test_an_extension_cannot_bring_an_operator_back() -> None:
    xml = f'<properties xmlns="{NAMESPACE}">{{"operator":{{"identifier":"NLDr8pilot"}},"odd":1}}</properties>'
    track = Track(track_id=UUID, extensions=(Extension(NAMESPACE, "properties", xml),))
    for encoder in (GeoJsonEncoder(), GeoJsonEncoder(personal_data=True)):
        (octets,) = encoder.encode([track], NOW).frames
        assert json.loads(octets)["properties"] == {"track_id": UUID, "environment": "UNKNOWN", "odd": 1}


@pytest.mark.parametrize(
    ("value", "code", "place"),
    [
        ('"KLM"', codes.WRONG_TYPE, "properties"),
        ('{"time":"2026-11-22T08:12:00"}', codes.ZONE, "properties.operator.time"),
        ('{"position":{"latitude_deg":91,"longitude_deg":0}}', codes.RANGE, "properties.operator.position"),
        ('{"basis":"take off"}', codes.CODE, "properties.operator.basis"),
    ],
)
def test_an_operator_is_held_to_its_type_and_bounds(value: str, code: Code, place: str) -> None:
    (problem,) = decode(feature(f'{{"operator":{value}}}')).problems
    assert problem.code is code
    assert problem.place.startswith(place)


def test_a_bearing_has_no_geometry_and_keeps_its_measurement() -> None:
    polar = Polar(sensor="df:7", sensor_position=Position(51.95, 4.1), azimuth_deg=312.5, azimuth_95_deg=4.0)
    track = Track(track_id=UUID, identifiers=(Identifier("x", "1"),), state=State(time=NOW, polar=polar))
    value = encoded(track)
    assert value["geometry"] is None
    assert value["properties"]["polar"]["azimuth_95_deg"] == 4.0  # type: ignore[index]  # a JSON object
    back = decoded(json.dumps(value).encode())
    assert back.state is not None
    assert (back.state.position, back.state.polar) == (None, polar)
