"""NVG documents read: editions, units, symbols, leftovers, and what is no track."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.formats.alliance.extensions import splice
from gateway.formats.nvg import NvgDecoder
from gateway.limits import Limits
from gateway.track import Environment, Identity, Position
from tests.formats.nvg.making import KEPT, NOW, NVG, NVG_14, NVG_15, decode, document, frame, losses, one, point


def test_x_is_the_longitude_and_y_the_latitude() -> None:
    track = one(document(point()))
    assert track.state is not None
    assert track.state.position == Position(54.5, 25.25)
    assert track.identifiers[0].scheme == "nvg_uri"
    assert track.identifiers[0].value == "urn:x:1"


@pytest.mark.parametrize(
    ("version", "namespace", "metres_per_second"),
    [
        ("2.0.2", NVG, 20.0),
        ("2.0", NVG, 20.0),
        ("1.5.0", NVG_15, 72 * 1852 / 3600),
        ("1.4.0", NVG_14, 72 * 1852 / 3600),
        ("1.5.0", NVG, 72 * 1852 / 3600),  # the declared version decides, not the namespace
        ("2.0.2", NVG_15, 20.0),
        ("", NVG_15, 72 * 1852 / 3600),
        ("", NVG, 20.0),
        ("2.0.2", NVG.replace("https", "http"), 20.0),
    ],
)
def test_speed_is_in_knots_or_in_kilometres_per_hour_by_the_declared_version(
    version: str, namespace: str, metres_per_second: float
) -> None:
    track = one(document(point('speed="72" course="45"'), version=version, namespace=namespace))
    assert track.state is not None
    assert track.state.ground_speed_mps == pytest.approx(metres_per_second)
    assert track.state.course_deg == 45.0


@pytest.mark.parametrize(("version", "namespace"), [("3.0", NVG), ("", ""), ("new", NVG), ("1.9", NVG)])
def test_a_speed_of_no_declared_edition_has_no_unit_and_is_never_assumed_to_have_one(
    version: str, namespace: str
) -> None:
    track = one(document(point('speed="72"'), version=version, namespace=namespace))
    assert track.state is not None
    assert track.state.ground_speed_mps is None
    assert ("point@speed", "NO_CODE") in losses(track)
    assert 'speed="72"' in track.extensions[0].xml


def test_an_altitude_that_is_absent_or_the_default_is_none() -> None:
    for attributes in ("", 'z="0"', 'z="0.0"', 'z=""'):
        state = one(document(point(attributes))).state
        assert state is not None
        assert (state.altitude_msl_m, state.altitude_hae_m) == (None, None)


@pytest.mark.parametrize(("z", "msl", "hae"), [("msl", 120.5, None), ("hae", None, 120.5), ("none", None, None)])
def test_the_datum_of_z_is_what_the_operator_says_of_the_source(z: str, msl: float | None, hae: float | None) -> None:
    track = one(document(point('z="120.5"')), z=z)
    assert track.state is not None
    assert (track.state.altitude_msl_m, track.state.altitude_hae_m) == (msl, hae)
    assert (("point@z", "NO_DATUM") in losses(track)) is (z == "none")


def test_a_datum_that_is_not_one_is_refused() -> None:
    with pytest.raises(ValueError, match="z is"):
        NvgDecoder(z="agl")


@pytest.mark.parametrize(
    ("symbol", "environment", "identity", "scheme"),
    [
        ("app6d:10060100001100000000", Environment.AIR, Identity.HOSTILE, "APP6D"),
        ("app6D:100301000011000000000000000000", Environment.AIR, Identity.FRIEND, "APP6D"),
        ("2525d:10011000001211000000", Environment.LAND, Identity.UNKNOWN, "MIL2525D"),
        ("app6b:SHAPMFQ-------", Environment.AIR, Identity.HOSTILE, "APP6B"),
        ("app6a:SFGPUCI---*****", Environment.LAND, Identity.FRIEND, "APP6A"),
        ("2525b:SNSP-----------", Environment.SURFACE, Identity.NEUTRAL, "MIL2525B"),
        ("app6c:SSUP----------", Environment.SUBSURFACE, Identity.SUSPECT, "APP6C"),
    ],
)
def test_symbols_of_every_standard_say_environment_and_identity(
    symbol: str, environment: Environment, identity: Identity, scheme: str
) -> None:
    track = one(document(point(f'symbol="{symbol}"')))
    assert track.environment is environment
    assert track.identity is not None
    assert track.identity.value is identity
    assert track.classifications[0].scheme == scheme
    assert track.classifications[0].type == symbol.partition(":")[2]
    assert track.extensions == ()


@pytest.mark.parametrize("symbol", ["", "unknown:unknown", "icon:flag.png", "app6d:1003", "app6b:!!!", "nothing"])
def test_a_symbol_that_says_nothing_gives_no_identity_and_is_left_over(symbol: str) -> None:
    track = one(document(point(f'symbol="{symbol}"')))
    assert track.identity is None
    assert track.environment is Environment.UNKNOWN
    assert f'symbol="{symbol}"' in track.extensions[0].xml


def test_an_exercise_symbol_is_marked_so_that_it_cannot_leak_into_the_live_picture() -> None:
    track = one(document(point('symbol="app6d:10160100001100000000"')))
    assert track.status is not None
    assert track.status.exercise is True


@pytest.mark.parametrize(
    "drawn",
    [
        point('symbol="app6b:G*C*MGPI--*****"'),
        point('symbol="app6d:10032500001300000000"'),
        point('symbol="app6b:WAS-WSF----P---"'),
        '<multipoint uri="u" points="1,1 2,2"/>',
        '<polygon uri="u" points="1,1 2,2 3,3"/>',
        '<polyline uri="u" points="1,1 2,2"/>',
        '<circle uri="u" cx="1" cy="1" r="5"/>',
        '<arcband uri="u" cx="1" cy="1" minr="1" maxr="5" startangle="0" endangle="9"/>',
        '<text uri="u" x="1" y="1"><content>hello</content></text>',
        '<composite uri="u"><point uri="v" x="1" y="1"/></composite>',
        '<content-item uri="u"/>',
    ],
)
def test_drawings_are_counted_and_are_no_tracks(drawn: str) -> None:
    decoded = decode(document(drawn + point(uri="urn:x:2")))
    assert [track.identifiers[0].value for track in decoded.tracks] == ["urn:x:2"]
    assert (decoded.silent, decoded.problems) == (1, ())


def test_points_in_groups_and_anchors_are_found_and_the_group_is_a_listed_loss() -> None:
    decoded = decode(
        document(f'<g uri="g"><a href="h"><g uri="i">{point()}</g></a></g>', version="1.5.0", namespace=NVG_15)
    )
    (track,) = decoded.tracks
    assert ("nvg/g", "NO_TARGET") in losses(track)


def test_time_stamp_and_time_span_are_time_and_end_of_validity() -> None:
    span = "<TimeSpan><begin>2026-11-22T07:00:00Z</begin><end>2026-11-22T10:00:00+01:00</end></TimeSpan>"
    track = one(
        document(point(inner=f"<textInfo>seen twice</textInfo><TimeStamp>2026-11-22T08:00:00.25Z</TimeStamp>{span}"))
    )
    assert track.state is not None
    assert track.state.time == datetime(2026, 11, 22, 8, 0, 0, 250000, tzinfo=UTC)
    assert track.state.time_quality == "TAGGED"
    assert track.state.stale_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert track.remarks == "seen twice"
    assert "<begin>" in track.extensions[0].xml
    assert "<end>" not in track.extensions[0].xml


@pytest.mark.parametrize("stamp", ["", "<TimeStamp>2026-11-22T08:00:00</TimeStamp>", "<TimeStamp>today</TimeStamp>"])
def test_without_an_instant_the_time_is_that_of_reception_and_says_so(stamp: str) -> None:
    track = one(document(point(inner=stamp)))
    assert track.state is not None
    assert (track.state.time, track.state.time_quality) == (NOW, "RECEIVED")
    assert (("TimeStamp", "OUT_OF_RANGE") in losses(track)) is bool(stamp)


def test_a_thing_at_rest_has_no_course() -> None:
    track = one(document(point('speed="0" course="90"')))
    assert track.state is not None
    assert (track.state.ground_speed_mps, track.state.course_deg) == (0.0, None)
    assert 'course="90"' in track.extensions[0].xml


def test_the_shape_of_delta_is_read_and_kept_though_the_schema_forbids_it() -> None:
    data = '<ExtendedData schemaRef="#delta-schema"><SimpleData key="delta:MIM:7f3a">4</SimpleData></ExtendedData>'
    attributes = 'symbol="app6d:10060100001103000000" modifiers="T:BOB;J:B2;C:1;AD:x;DELTA_COLOR:red;" d:origin="7"'
    octets = document(point(attributes, data), attributes=' xmlns:d="https://org.c4isr.delta/nvg/extension"')
    track = one(octets)
    assert track.name == "BOB"
    assert track.identity is not None
    assert track.identity.value is Identity.HOSTILE
    assert 'modifiers="J:B2;C:1;AD:x;DELTA_COLOR:red;"' in track.extensions[0].xml
    assert 'key="delta:MIM:7f3a"' in track.extensions[0].xml
    assert 'd:origin="7"' in track.extensions[0].xml
    assert track.raw is not None
    assert b"T:BOB" in track.raw.octets


def test_the_label_is_the_name_and_a_different_designation_stays() -> None:
    track = one(document(point('label="Alpha 1" modifiers="T:A1"')))
    assert track.name == "Alpha 1"
    assert 'modifiers="T:A1"' in track.extensions[0].xml
    assert one(document(point('label="A1" modifiers="T:A1"'))).extensions == ()


def test_leftovers_are_one_extension_that_an_alliance_message_takes() -> None:
    schema = '<Schema schemaId="s"><SimpleField id="d:x" type="string"/></Schema>'
    data = '<ExtendedData schemaRef="#s"><SimpleData key="d:x">1</SimpleData></ExtendedData>'
    for namespace in (NVG, NVG_15, ""):
        octets = document(schema + point('odd="1"', data), namespace=namespace, attributes=' xmlns:d="urn:d"')
        if not namespace:
            octets = octets.replace(b' xmlns=""', b"")
        (extension,) = one(octets).extensions
        assert (extension.namespace, extension.name) == (KEPT, "kept")
        root = etree.fromstring(extension.xml)
        assert etree.tostring(root, method="c14n", exclusive=True).decode() == extension.xml
        assert root.get("prefixes") == "d=urn:d"
        assert len(root) == 2
        assert splice(extension)


def test_a_classification_of_1_5_becomes_a_label_only_when_asked() -> None:
    octets = document(point(), version="1.5.0", namespace=NVG_15, attributes=' classification="NATO RESTRICTED"')
    assert one(octets).label is None
    assert ("nvg@classification", "NO_TARGET") in losses(one(octets))
    label = one(octets, label_policy="NATO").label
    assert label is not None
    assert (label.policy, label.classification) == ("NATO", "NATO RESTRICTED")


def test_a_point_without_a_uri_is_a_track_without_a_name_of_its_own() -> None:
    track = one(document('<point x="1" y="2" label="L"/>', version="1.5.0", namespace=NVG_15))
    assert track.identifiers == ()
    assert track.name == "L"


@pytest.mark.parametrize(
    ("x", "y"), [("181", "0"), ("0", "91"), ("NaN", "0"), ("INF", "0"), ("", "1"), ("east", "1"), ("1e400", "0")]
)
def test_a_point_that_is_not_on_earth_is_refused_and_its_neighbours_live(x: str, y: str) -> None:
    decoded = decode(document(f'<point uri="u" x="{x}" y="{y}"/>{point()}'))
    assert len(decoded.tracks) == 1
    (problem,) = decoded.problems
    assert problem.code.id == "NVG-003"
    assert problem.place.startswith("object 1")


def test_the_antimeridian_is_one_meridian() -> None:
    state = one(document('<point uri="u" x="-180" y="1"/>')).state
    assert state is not None
    assert state.position == Position(1.0, 180.0)


@pytest.mark.parametrize("speed", ["-1", "fast", "NaN"])
def test_a_speed_that_makes_no_sense_is_kept_and_listed_and_never_used(speed: str) -> None:
    track = one(document(point(f'speed="{speed}"')))
    assert track.state is not None
    assert track.state.ground_speed_mps is None
    assert ("point@speed", "OUT_OF_RANGE") in losses(track)
    assert f'speed="{speed}"' in track.extensions[0].xml


def test_a_soap_answer_is_read_and_a_fault_is_told() -> None:
    body = document(point()).decode()
    start = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    end = "</s:Body></s:Envelope>"
    response = f'{start}<GetNvgResponse xmlns="https://tide.act.nato.int/wsdl/2012/nvg">{body}</GetNvgResponse>{end}'
    assert one(response.encode()).identifiers[0].value == "urn:x:1"
    fault = f"{start}<s:Fault><faultcode>s:Server</faultcode><faultstring>no data</faultstring></s:Fault>{end}"
    (problem,) = decode(fault.encode()).problems
    assert problem.code.id == "NVG-002"
    assert "no data" in problem.cause


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"<kml/>", "NVG-001"),
        (b"<nvg:nvg xmlns:nvg='urn:other'/>", "NVG-001"),
        (b"not xml", "XML-001"),
        (b'<!DOCTYPE nvg [<!ENTITY a "b">]><nvg/>', "XML-002"),
        ('<?xml version="1.0" encoding="UTF-16"?><nvg/>'.encode("utf-16"), "XML-003"),
    ],
)
def test_what_is_no_document_is_refused(octets: bytes, code: str) -> None:
    (problem,) = decode(octets).problems
    assert problem.code.id == code


@pytest.mark.parametrize(
    ("octets", "limits", "code"),
    [
        (document(point() * 3), Limits(max_records_per_frame=2), "NVG-006"),
        (document(point() + "<g/>" * 200), Limits(max_records_per_frame=2), "NVG-006"),
        (document("<g uri='g'>" * 70 + "</g>" * 70), Limits(), "NVG-005"),
        (document(point("".join(f' a{n}="1"' for n in range(70)))), Limits(), "NVG-005"),
        (document(point()), Limits(max_frame_octets=100), "NVG-007"),
        (document(point(uri="u" * 2000)), Limits(), "NVG-004"),
    ],
)
def test_every_bound_holds(octets: bytes, limits: Limits, code: str) -> None:
    decoded = NvgDecoder(limits=limits).decode(frame(octets))
    assert [problem.code.id for problem in decoded.problems] == [code]


def test_the_namespace_of_the_leftovers_cannot_be_smuggled_in() -> None:
    (problem,) = decode(document(point(inner=f'<extension><a xmlns="{KEPT}"/></extension>'))).problems
    assert problem.code.id == "NVG-009"
