"""NVG documents written: valid against 2.0.2, whatever went in."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.formats.nvg import NvgDecoder, NvgEncoder
from gateway.track import (
    Classification,
    Covariance,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    Loss,
    Operator,
    Polar,
    Position,
    State,
    Status,
    Track,
)
from tests.data import recording
from tests.formats.nvg.making import NOW, NVG, NVG_15, assert_rules, decode, document, frame, one, point, tracks

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
Validate = Callable[[bytes], None]


@pytest.fixture(scope="module")
def validate() -> Validate:
    schema = etree.XMLSchema(etree.parse(recording("nvg/nvg.data.2.0.xsd")))

    def check(octets: bytes) -> None:
        schema.assertValid(etree.fromstring(octets))

    return check


def track(**fields: object) -> Track:
    state = State(time=NOW, time_quality="TAGGED", position=Position(54.5, 25.25))
    return Track(**({"track_id": ID, "state": state} | fields))  # type: ignore[arg-type]


def written(*many: Track, **options: object) -> etree._Element:
    encoded = NvgEncoder(**options).encode(many, NOW)  # type: ignore[arg-type]
    assert not encoded.problems
    return assert_rules(encoded.frames[0])


def lost(*many: Track, **options: object) -> set[tuple[str, str]]:
    encoded = NvgEncoder(**options).encode(many, NOW)  # type: ignore[arg-type]
    return {(loss.field, loss.reason) for _, loss in encoded.losses}


def facts(element: etree._Element) -> dict[str, str]:
    return {one.get("key", ""): one.text or "" for one in element.iter(f"{{{NVG}}}SimpleData")}


def state(**fields: object) -> State:
    return State(**({"time": NOW, "time_quality": "TAGGED", "position": Position(54.5, 25.25)} | fields))  # type: ignore[arg-type]


def test_speed_is_written_in_kilometres_per_hour_and_x_is_the_longitude() -> None:
    root = written(track(state=state(ground_speed_mps=10.0, course_deg=90.0, altitude_msl_m=120.0)))
    shown = root.find(f"{{{NVG}}}point")
    assert shown is not None
    assert (shown.get("x"), shown.get("y"), shown.get("z")) == ("25.25", "54.5", "120")
    assert (shown.get("speed"), shown.get("course")) == ("36", "90")
    assert shown.get("uri") == f"urn:uuid:{ID}"


@pytest.mark.parametrize(("z", "expected"), [("msl", "120"), ("hae", "150"), ("none", None)])
def test_no_height_is_written_as_another(z: str, expected: str | None) -> None:
    own = track(state=state(altitude_msl_m=120.0, altitude_hae_m=150.0, altitude_baro_m=99.0))
    shown = written(own, z=z).find(f"{{{NVG}}}point")
    assert shown is not None
    assert shown.get("z") == expected
    told = facts(shown)
    assert told["altitude_baro_m"] == "99"
    assert ("altitude_hae_m" in told, "altitude_msl_m" in told) == (z != "hae", z != "msl")
    hae_only = track(state=state(altitude_hae_m=150.0))
    alone = written(hae_only).find(f"{{{NVG}}}point")
    assert alone is not None
    assert alone.get("z") is None


def test_an_altitude_of_zero_is_extended_data_because_zero_is_the_default() -> None:
    own = track(state=state(altitude_msl_m=0.0))
    shown = written(own).find(f"{{{NVG}}}point")
    assert shown is not None
    assert shown.get("z") is None
    again = one(NvgEncoder().encode([own], NOW).frames[0])
    assert again.state is not None
    assert again.state.altitude_msl_m == 0.0


def test_the_source_s_own_uri_stays_constant_through_mediation() -> None:
    own = one(document(point('symbol="app6d:10030100001103000000"', uri="https://hq.example/obj/7")))
    (shown,) = written(replace(own, track_id=ID)).iter(f"{{{NVG}}}point")
    assert shown.get("uri") == "https://hq.example/obj/7"
    assert shown.get("symbol") == "app6d:10030100001103000000"


@pytest.mark.parametrize("uri", ["urn:x:1#a", "http://hq.example:8080/a?b=c/d#e", "//host", "a/b:c", "#7", "%41"])
def test_every_usual_reference_is_a_uri(uri: str, validate: Validate) -> None:
    encoded = NvgEncoder().encode([track(identifiers=(Identifier("nvg_uri", uri),))], NOW)
    validate(encoded.frames[0])
    assert f'uri="{uri}"'.encode() in encoded.frames[0]


@pytest.mark.parametrize("name", ["uri", "href"])
@pytest.mark.parametrize("value", ["::", "2026-01-01T00:00:00Z", "http://[", "http://a:b/", "//h:", "a#b#c", "a%4"])
def test_a_reference_that_strict_readers_refuse_does_not_make_the_document_invalid(
    name: str, value: str, validate: Validate
) -> None:
    uri = value if name == "uri" else "urn:x:1"
    octets = document(point(f'href="{value}"' if name == "href" else "", uri=uri))
    encoded = NvgEncoder().encode([replace(one(octets), track_id=ID)], NOW)
    validate(encoded.frames[0])


@pytest.mark.parametrize("uri", ["with space", "100%", "ümlaut", "<tag>"])
def test_a_uri_that_is_none_gives_way_and_is_not_lost(uri: str) -> None:
    own = track(identifiers=(Identifier("nvg_uri", uri),))
    (shown,) = written(own).iter(f"{{{NVG}}}point")
    assert shown.get("uri") == f"urn:uuid:{ID}"
    assert facts(shown)["identifier.nvg_uri"] == uri


def test_two_tracks_never_share_a_uri() -> None:
    same = (Identifier("nvg_uri", "urn:x:1"),)
    other = track(track_id="1" + ID[1:], identifiers=same)
    root = written(track(identifiers=same), other)
    assert len(root.findall(f"{{{NVG}}}point")) == 2


def test_of_one_track_s_snapshots_the_last_stands_and_ended_tracks_are_left_out() -> None:
    first, second = track(name="first"), track(name="second")
    ended = track(track_id="1" + ID[1:], status=Status(ended=True))
    (shown,) = written(first, second, ended).iter(f"{{{NVG}}}point")
    assert shown.get("label") == "second"


def test_an_empty_picture_is_an_empty_document() -> None:
    assert len(written()) == 0


@given(st.permutations([track(track_id=f"{n}" + ID[1:]) for n in range(4)]), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_same_tracks_give_the_same_octets_whenever_and_in_whatever_order(order: list[Track], later: int) -> None:
    usual = NvgEncoder().encode(sorted(order, key=lambda one: one.track_id or ""), NOW)
    assert NvgEncoder().encode(order, NOW + timedelta(seconds=later)).frames == usual.frames


@pytest.mark.parametrize(("symbols", "length"), [("app6d", 20), ("app6b", 15)])
def test_symbols_are_built_in_the_standard_that_the_consumer_wants(symbols: str, length: int) -> None:
    hostile = IdentityGroup(value=Identity.HOSTILE)
    own = track(environment=Environment.AIR, identity=hostile, platform="UAV")
    (shown,) = written(own, symbols=symbols).iter(f"{{{NVG}}}point")
    prefix, _, code = (shown.get("symbol") or "").partition(":")
    assert (prefix, len(code)) == (symbols, length)
    again = one(NvgEncoder(symbols=symbols).encode([own], NOW).frames[0])
    assert (again.environment, again.identity, again.platform) == (Environment.AIR, hostile, "UAV")


@pytest.mark.parametrize("code", [None, ("APP6D", "10060100001103000000"), ("APP6B", "SHAPMFQ--------")])
def test_what_is_simulated_is_marked_so_in_the_symbol_of_every_origin(code: tuple[str, str] | None) -> None:
    said = (Classification(type=code[1], scheme=code[0]),) if code else ()
    own = track(
        environment=Environment.AIR,
        platform="UAV",
        identity=IdentityGroup(value=Identity.HOSTILE),
        classifications=said,
        status=Status(simulated=True),
    )
    (shown,) = written(own, extended_data=False).iter(f"{{{NVG}}}point")
    assert (shown.get("symbol") or "").startswith("app6d:102601")
    again = one(NvgEncoder(extended_data=False).encode([own], NOW).frames[0])
    assert again.status == Status(simulated=True)
    assert again.identity == IdentityGroup(value=Identity.HOSTILE)


def test_an_identity_that_changed_changes_the_symbol() -> None:
    own = one(document(point('symbol="app6a:SUAPMFQ-------"')))
    changed = replace(own, identity=IdentityGroup(value=Identity.HOSTILE))
    (shown,) = written(changed, symbols="app6b").iter(f"{{{NVG}}}point")
    assert shown.get("symbol") == "app6b:SHAPMFQ--------"


def test_an_unknown_standard_or_datum_is_refused() -> None:
    with pytest.raises(ValueError, match="symbols is"):
        NvgEncoder(symbols="app6z")
    with pytest.raises(ValueError, match="z is"):
        NvgEncoder(z="agl")


def test_what_nvg_cannot_carry_is_listed() -> None:
    own = track(
        label=Label(policy="NATO", classification="SECRET"),
        state=state(covariance=Covariance("EN", (1.0, 0.0, 1.0))),
        operator=Operator(position=Position(1.0, 2.0)),
    )
    assert {("label", "NO_TARGET"), ("state.covariance", "NO_TARGET"), ("operator", "WITHHELD")} <= lost(own)
    bare = track(state=state(altitude_hae_m=150.0), identifiers=(Identifier("icao24", "3c660c"),))
    assert {("state.altitude_hae_m", "NO_TARGET"), ("identifiers.icao24", "NO_TARGET")} <= lost(
        bare, extended_data=False
    )
    assert not {field for field, _ in lost(bare)} & {"state.altitude_hae_m", "identifiers.icao24"}


def test_the_operator_is_a_point_of_his_own_and_only_when_personal_data_may_go() -> None:
    operator = Operator(identifier="FIN87astrdge12k8", position=Position(54.25, 25.125), basis="TAKEOFF", time=NOW)
    own = track(operator=operator)
    assert b"FIN87" not in NvgEncoder().encode([own], NOW).frames[0]
    assert b"54.25" not in NvgEncoder().encode([own], NOW).frames[0]
    root = written(own, personal_data=True)
    assert len(root.findall(f"{{{NVG}}}point")) == 2
    again = one(NvgEncoder(personal_data=True).encode([own], NOW).frames[0])
    assert again.operator == operator


def test_a_refusal_does_not_tell_where_the_operator_stands() -> None:
    own = track(operator=Operator(position=Position(54.75, 25.5)))
    octets = NvgEncoder(personal_data=True).encode([own], NOW).frames[0].replace(b'x="25.5"', b'x="255"')
    (problem,) = decode(octets).problems
    assert problem.code.id == "NVG-003"
    assert "54.75" not in str(problem)


def test_an_operator_without_a_place_is_no_point() -> None:
    own = track(operator=Operator(identifier="X"))
    assert ("operator", "NO_POSITION") in lost(own, personal_data=True)


# ------------------------------------------------------------------------------------------ detections without a point

SENSOR = Position(54.0, 25.0)


@pytest.mark.parametrize(
    ("polar", "element"),
    [
        (
            Polar(
                sensor="s", sensor_position=SENSOR, azimuth_deg=5.0, azimuth_95_deg=10.0, north="TRUE", reach_m=900.0
            ),
            "arcband",
        ),
        (Polar(sensor="s", sensor_position=SENSOR, azimuth_deg=5.0, north="TRUE", reach_m=900.0), "polyline"),
        (Polar(sensor="s", sensor_position=SENSOR, range_m=700.0, range_95_m=50.0), "arcband"),
        (Polar(sensor="s", sensor_position=SENSOR, reach_m=900.0), "circle"),
    ],
)
def test_a_detection_without_a_position_is_drawn_at_its_sensor_and_read_back(
    polar: Polar, element: str, validate: Validate
) -> None:
    own = track(state=state(position=None, polar=polar))
    encoded = NvgEncoder().encode([own], NOW)
    validate(encoded.frames[0])
    root = assert_rules(encoded.frames[0])
    assert [etree.QName(child).localname for child in root] == ["Schema", element]
    (again,) = decode(encoded.frames[0]).tracks
    assert again.state is not None
    assert again.state.position is None
    assert again.state.polar == polar


def test_the_sector_of_a_bearing_is_as_wide_as_its_error() -> None:
    polar = Polar(sensor="s", sensor_position=SENSOR, azimuth_deg=5.0, azimuth_95_deg=10.0, north="TRUE", reach_m=900.0)
    (band,) = written(track(state=state(position=None, polar=polar))).iter(f"{{{NVG}}}arcband")
    assert {name: band.get(name) for name in ("cx", "cy", "minr", "maxr", "startangle", "endangle")} == {
        "cx": "25",
        "cy": "54",
        "minr": "0",
        "maxr": "900",
        "startangle": "355",
        "endangle": "15",
    }


def test_a_bearing_that_does_not_count_from_true_north_is_not_drawn() -> None:
    polar = Polar(sensor="s", sensor_position=SENSOR, azimuth_deg=5.0, north="PLATFORM", reach_m=900.0)
    own = track(state=state(position=None, polar=polar))
    assert ("state.polar.azimuth_deg", "NO_DATUM") in lost(own)
    assert len(list(written(own).iter(f"{{{NVG}}}circle"))) == 1


@pytest.mark.parametrize(
    "polar",
    [
        None,
        Polar(sensor="s"),
        Polar(sensor="s", sensor_position=SENSOR),
        Polar(sensor="s", sensor_position=SENSOR, azimuth_deg=5.0, azimuth_95_deg=10.0, north="TRUE"),
        Polar(sensor="s", sensor_position=SENSOR, reach_m=math.nan),
        Polar(sensor="s", sensor_position=SENSOR, reach_m=1e12),
    ],
)
def test_no_point_and_no_length_is_invented(polar: Polar | None) -> None:
    encoded = NvgEncoder().encode([track(state=state(position=None, polar=polar))], NOW)
    assert [problem.code.id for problem in encoded.problems] == ["NVG-020"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (track(state=None), "NVG-022"),
        (Track(state=state()), "NVG-021"),
        (track(state=state(position=Position(math.nan, 1.0))), "NVG-023"),
        (track(state=state(position=Position(1.0, 400.0))), "NVG-023"),
    ],
)
def test_what_cannot_be_written_is_refused_alone(bad: Track, code: str) -> None:
    good = track(track_id="1" + ID[1:])
    encoded = NvgEncoder().encode([bad, good], NOW)
    assert [problem.code.id for problem in encoded.problems] == [code]
    assert len(assert_rules(encoded.frames[0]).findall(f"{{{NVG}}}point")) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_listed_and_not_written(value: float, validate: Validate) -> None:
    own = track(state=state(ground_speed_mps=value, course_deg=value, altitude_msl_m=value, vertical_rate_mps=value))
    encoded = NvgEncoder().encode([own], NOW)
    validate(encoded.frames[0])
    assert {loss.field for _, loss in encoded.losses} == {
        "state.ground_speed_mps",
        "state.course_deg",
        "state.altitude_msl_m",
        "state.vertical_rate_mps",
    }


# ----------------------------------------------------------------------------------------------------------- leftovers

DELTA = (
    '<Schema schemaId="delta-schema"><SimpleField id="d:good" type="string"/></Schema>'
    '<Schema schemaId="broken"><SimpleField id="a:b:c" type="string"/></Schema>'
)
SECTIONS = (
    '<ExtendedData schemaRef="#delta-schema"><SimpleData key="a">4</SimpleData>'
    '<Section label="L" schemaRef="#delta-schema"><SimpleData key="d:good">4</SimpleData></Section></ExtendedData>'
)


@pytest.mark.parametrize(
    ("data", "inside"),
    [
        ('<ExtendedData schemaRef="#delta-schema"><SimpleData key="d:good">4</SimpleData></ExtendedData>', False),
        (
            '<ExtendedData schemaRef="#delta-schema"><SimpleData key="plain" unit="m">4</SimpleData></ExtendedData>',
            False,
        ),
        (SECTIONS, False),
        ('<ExtendedData schemaRef="#delta-schema"><SimpleData key="delta:MIM:7f">4</SimpleData></ExtendedData>', True),
        ('<ExtendedData schemaRef="#broken"><SimpleData key="nowhere:x">4</SimpleData></ExtendedData>', True),
        ('<ExtendedData><SimpleData key="a">4</SimpleData></ExtendedData>', True),
        ('<ExtendedData schemaRef="s"><Other/></ExtendedData>', True),
        ('<ExtendedData schemaRef="s"><SimpleData key="a" type="string">4</SimpleData></ExtendedData>', True),
        ('<extension><a xmlns="urn:a" b="c"/></extension>', True),
        ("<unknown>5</unknown>", True),
        ('<foreign xmlns="urn:f"/>', True),
    ],
)
def test_extended_data_comes_back_in_its_place_if_the_schema_admits_it_else_in_extension(
    data: str, inside: bool, validate: Validate
) -> None:
    octets = document(DELTA + point('odd="x" d:a="1" rotation="5"', data), attributes=' xmlns:d="urn:delta"')
    encoded = NvgEncoder().encode([one(octets)], NOW)
    validate(encoded.frames[0])
    (shown,) = assert_rules(encoded.frames[0]).iter(f"{{{NVG}}}point")
    assert (shown.get("odd"), shown.get("{urn:delta}a"), shown.get("rotation")) == ("x", "1", "5")
    assert (shown.find(f"{{{NVG}}}extension") is not None) is inside
    again = NvgEncoder().encode([one(encoded.frames[0])], NOW)
    assert again.frames == encoded.frames  # and so for ever


def test_a_schema_that_2_0_2_does_not_admit_is_listed(validate: Validate) -> None:
    data = '<ExtendedData schemaRef="#broken"><SimpleData key="a:b:c">4</SimpleData></ExtendedData>'
    encoded = NvgEncoder().encode([one(document(DELTA + point("", data)))], NOW)
    validate(encoded.frames[0])
    assert ("extensions", "OUT_OF_RANGE") in {(loss.field, loss.reason) for _, loss in encoded.losses}


def test_leftovers_of_1_5_are_written_into_a_valid_2_0_document(validate: Validate) -> None:
    data = '<ExtendedData schemaUrl="u"><SimpleData key="k" type="string">v</SimpleData></ExtendedData>'
    inner = f"<metadata><x/></metadata>{data}"
    octets = document(point('modifier="J:B2" rotation="no"', inner), version="1.4.0", namespace=NVG_15)
    encoded = NvgEncoder().encode([one(octets)], NOW)
    validate(encoded.frames[0])
    (shown,) = assert_rules(encoded.frames[0]).iter(f"{{{NVG}}}point")
    assert shown.get("modifiers") == "J:B2"
    assert shown.get("rotation") is None
    assert b"schemaUrl" in encoded.frames[0]


def test_other_formats_leftovers_travel_in_extension(validate: Validate) -> None:
    xml = '<event xmlns="urn:alliance:track-exchange:ext:cot:2.0" how="m-g"></event>'
    own = track(extensions=(Extension("urn:alliance:track-exchange:ext:cot:2.0", "event", xml),))
    encoded = NvgEncoder().encode([own], NOW)
    validate(encoded.frames[0])
    assert xml.encode() in encoded.frames[0]


@pytest.mark.parametrize("xml", ["", "<a", '<!DOCTYPE a><a xmlns="urn:a"/>', "<a/><b/>", "</extension><point/>"])
def test_an_extension_that_is_none_breaks_no_document(xml: str) -> None:
    for namespace in ("urn:a", "urn:alliance:track-exchange:ext:nvg:2.0"):
        own = track(extensions=(Extension(namespace, "a", xml),))
        assert ("extensions", "OUT_OF_RANGE") in lost(own)
        written(own)


@pytest.mark.parametrize(
    "xml",
    [
        f'<metadata xmlns="{NVG}" a="1"></metadata>',
        f'<a xmlns="urn:a"><metadata xmlns="{NVG}">text</metadata></a>',
        f'<nvg xmlns="{NVG}"></nvg>',
        '<a xmlns="urn:a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="b"></a>',
        '<kept xmlns="urn:alliance:track-exchange:ext:nvg:2.0"></kept>',
    ],
)
def test_what_even_extension_does_not_admit_is_left_out_and_listed(xml: str, validate: Validate) -> None:
    own = track(extensions=(Extension("urn:a", "a", xml),))
    encoded = NvgEncoder().encode([own], NOW)
    validate(encoded.frames[0])
    assert ("extensions", "OUT_OF_RANGE") in lost(own)
    if xml.startswith("<metadata"):
        inside = NvgEncoder().encode([one(document(point(inner=xml)))], NOW)
        validate(inside.frames[0])
        assert "extensions" in {loss.field for _, loss in inside.losses}


def test_equal_ids_of_leftovers_do_not_make_the_document_unreadable(validate: Validate) -> None:
    own = one(document(point('xml:id="a"', '<foreign xmlns="urn:f" xml:id="b"/>')))
    assert Loss("nvg//@xml:id", "NOT_MODELLED") in own.provenance[-1].losses
    xml = '<detail xmlns="urn:d" xml:id="a"></detail>'
    other = track(track_id=ID.replace("0", "1"), extensions=(*own.extensions, Extension("urn:d", "detail", xml)))
    encoded = NvgEncoder().encode([replace(own, track_id=ID), other], NOW)
    validate(encoded.frames[0])  # a usual parser refuses a document with two equal ids, and all of its tracks
    assert [loss.reason for _, loss in encoded.losses if loss.field == "extensions"] == ["OUT_OF_RANGE"]
    assert b'<detail xmlns="urn:d"></detail>' in encoded.frames[0]
    assert b"xml:id" not in encoded.frames[0]


@pytest.mark.parametrize(
    ("prefixes", "schema"),
    [
        ("", '<Schema schemaId="s">text</Schema>'),
        ("", '<Schema schemaId="s"><SimpleField id="a" type="string"></SimpleField>text</Schema>'),
        ("", '<Schema schemaId="s"><SimpleField id="a" type="string">text</SimpleField></Schema>'),
        ("d=http://www.w3.org/2000/xmlns/", '<Schema schemaId="s"></Schema>'),
        ("d=http://www.w3.org/XML/1998/namespace", '<Schema schemaId="s"></Schema>'),
    ],
)
def test_what_a_partner_made_of_leftovers_breaks_no_document(prefixes: str, schema: str, validate: Validate) -> None:
    bound = f' prefixes="{prefixes}"' if prefixes else ""
    inner = f'<point odd="1"></point>{schema}'.replace(" ", f' xmlns="{NVG}" ', 1).replace(
        "<Schema", f'<Schema xmlns="{NVG}"'
    )
    xml = f'<kept xmlns="urn:alliance:track-exchange:ext:nvg:2.0"{bound}>{inner}</kept>'
    own = track(extensions=(Extension("urn:alliance:track-exchange:ext:nvg:2.0", "kept", xml),))
    encoded = NvgEncoder().encode([own], NOW)
    validate(encoded.frames[0])
    assert b'odd="1"' in encoded.frames[0]


def test_text_that_xml_cannot_carry_is_cleaned_and_listed(validate: Validate) -> None:
    own = track(name="a\x00b", remarks="c\x1fd", identifiers=(Identifier("callsign", "\ufffe"),))
    encoded = NvgEncoder().encode([own], NOW)
    validate(encoded.frames[0])
    assert {"name", "remarks", "identifiers.callsign"} <= {loss.field for _, loss in encoded.losses}


# ---------------------------------------------------------------------------------------------------------- properties


@given(st.lists(tracks(), max_size=3), st.sampled_from(["app6d", "app6b"]), st.booleans())
@settings(max_examples=80, deadline=None)
def test_every_document_is_valid(validate: Validate, many: list[Track], symbols: str, extended: bool) -> None:
    encoded = NvgEncoder(symbols=symbols, extended_data=extended).encode(many, NOW)
    assert not encoded.problems
    validate(encoded.frames[0])
    assert_rules(encoded.frames[0])


@given(tracks(), st.sampled_from(["app6d", "app6b"]))
@settings(max_examples=120, deadline=None)
def test_what_is_not_listed_as_lost_comes_back(own: Track, symbols: str) -> None:
    encoded = NvgEncoder(symbols=symbols).encode([own], NOW)
    gone = {loss.field for _, loss in encoded.losses}
    (again,) = NvgDecoder().decode(frame(encoded.frames[0])).tracks
    for name in ("environment", "platform", "name", "remarks", "dimensions"):
        assert name in gone or getattr(again, name) == getattr(own, name), name
    if "identity.value" not in gone:
        assert again.identity == own.identity
    assert again.status == own.status
    assert again.identifiers[1:] == own.identifiers
    assert again.state is not None
    assert own.state is not None
    for name in State.__struct_fields__:
        mine, theirs = getattr(own.state, name), getattr(again.state, name)
        if name == "received_at" or f"state.{name}" in gone:
            continue
        if name == "ground_speed_mps" and mine is not None:
            assert theirs == pytest.approx(mine, abs=1e-9)
        elif name == "polar" and mine is not None:
            assert theirs.azimuth_deg == mine.azimuth_deg
            assert theirs.reach_m == mine.reach_m
            assert theirs.sensor_position.latitude_deg == pytest.approx(mine.sensor_position.latitude_deg, abs=1e-9)
        else:
            assert theirs == mine, name
