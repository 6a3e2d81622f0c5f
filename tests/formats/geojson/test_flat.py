"""Usual features are read in one typed pass, and mean what the general reader says that they mean."""

from __future__ import annotations

import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.geojson import GeoJsonDecoder, GeoJsonEncoder
from gateway.formats.geojson.flat import FlatReader, is_simple
from gateway.formats.geojson.members import PROPERTIES
from gateway.limits import Limits
from gateway.stages import Decoded
from gateway.track import Track
from tests.formats.geojson.test_geojson import JSON, NOW, TRACKS, UUID, XML, feature, frame

GENERAL = Limits(max_xml_depth=15)  # too shallow for the short cut, deep enough for these texts
USUAL = {
    "type": "Feature",
    "id": "t-1",
    "geometry": {"type": "Point", "coordinates": [14.25, 50.5, 120]},
    "properties": {
        "track_id": UUID,
        "identifiers": [{"scheme": "callsign", "value": "é:x", "quality": "GARBLED"}],
        "environment": "AIR",
        "identity": {"value": "FRIEND", "confidence_pct": 50, "assigned_at": "2026-11-22T08:12:00Z"},
        "platform": "UAV",
        "name": "n",
        "remarks": "r: {[,]}",
        "classifications": [{"type": "t", "level": 2}],
        "dimensions": {"length_m": 3.5},
        "status": {"confirmed": True},
        "sources": [{"id": "s-1", "name": "one"}],
        "relations": [{"kind": "MERGE", "track_ids": [UUID]}],
        "provenance": [
            {
                "gateway": "g",
                "input_format": "COT",
                "mapping_id": "m",
                "losses": [{"field": "f", "reason": "ROUNDED"}],
            }
        ],
        "label": {"policy": "p", "classification": "c"},
        "time": "2026-11-22T10:12:00.5+02:00",
        "time_quality": "TAGGED",
        "stale_at": "2026-11-22T10:13:00Z",
        "altitude_hae_m": 7,
        "course_deg": 360,
        "ground_speed_mps": 12.5,
        "accuracy": {"horizontal_95_m": 3},
        "covariance": {"form": "EN", "values": [1, 0.5, 2]},
        "polar": {"sensor": "s", "azimuth_deg": 360, "range_m": 5},
    },
}
TEXT = json.dumps(USUAL, ensure_ascii=False, separators=(",", ":"))
VALUES = [
    "-1e999",
    *(
        "null",
        "true",
        "0",
        "-0",
        "-0.0",
        "1",
        "360",
        "360.0",
        "360.1",
        "1e5",
        "100001",
        "-1",
        "1e999",
        "-1e999",
        "1E+2",
    ),
    *("01", "1.", ".5", "+1", "NaN", "Infinity", "12345678901234567890", "9" * 400, "[]", "{}", "[1]", '{"a":1}'),
    *("[null]", "[[]]", '""', '"x"', '"X"', '"x-nld:a"', '"A\u0301"', '"a\\u0062"', '"\\ud800"', '"a\\"b"', '"a\tb"'),
    *('"\ufffe"', '"\x7f"', '"\u2028"', '"FRIEND"', '"2026-11-22T08:12:00"', '"2026-11-22T08:12:00+01:00"'),
    *('"2026-11-22t08:12:00z"', '"2026-11-22 08:12:00Z"', '"2026-02-30T08:12:00Z"', '"0001-01-01T00:00:00+10:00"'),
    *('"' + "n" * 256 + '"', '"' + "é" * 513 + '"', '"' + "n" * 1_025 + '"', '"' + "n" * 70_000 + '"', f'"{UUID}"'),
    *("[180,90]", "[-180,-90,1e9]", "[180.1,0]", "[0,90.1]", "[0,0,1e10]", "[0]", "[0,0,0,0]", '["0",0]', "[true,0]"),
    *('[{"scheme":"a","value":"b"}]', '[{"scheme":"a","scheme":"b","value":"c"}]', '[{"scheme":"a"}]', "[1e999]"),
    *('{"value":"FRIEND","value":"HOSTILE"}', '{"value":"FRIEND","assigned_at":"2026-11-22T08:12:00"}'),
    *('{"ended":true}', '{"ended":true,"mood":1}', '{"ended":1}', '{"ended":null}', '{"form":"EN","values":[]}'),
    json.dumps([{"namespace": "urn:other", "name": "a", "xml": '<a xmlns="urn:other"></a>'}]),
    json.dumps([{"namespace": "urn:other", "name": "a", "xml": XML}]),
    '[{"namespace":"urn:other","name":"a","xml":"<a/>"}]',
]


def told(result: Decoded) -> tuple[tuple[Track, ...], list[tuple[str, str, str]]]:
    return result.tracks, [(one.code.id, one.place, one.cause) for one in result.problems]


def same(octets: bytes) -> bool:
    """Whether the short cut was taken; fails where it makes a difference."""
    taken = False
    for keep in (False, True):
        usual, general = GeoJsonDecoder(keep_track_id=keep), GeoJsonDecoder(keep_track_id=keep, limits=GENERAL)
        expected = told(general.decode(frame(octets)))
        assert told(usual.decode(frame(octets))) == expected, octets[:300]
        assert told(usual.decode(frame(octets))) == expected, "remembered otherwise"
        taken = usual._usual(octets.strip(), frame(octets)) is not None
        assert general._usual(octets.strip(), frame(octets)) is None
    return taken


def test_a_usual_feature_takes_the_short_cut() -> None:
    assert same(TEXT.encode())
    assert same(json.dumps(USUAL, ensure_ascii=False).encode())
    assert same(f'{{"type":"FeatureCollection","features":[{TEXT},{TEXT}]}}'.encode())
    assert same(b'{ "type" : "FeatureCollection", "features" : [ ] }')
    assert same(feature())
    assert same(feature(geometry="null"))
    assert same(feature('{"course_deg":1}', geometry="null"))


def test_doubled_members_are_seen_at_every_level() -> None:
    for match in re.finditer(r'("\w+"):("[^"]*"|[\d.]+|true)', TEXT):
        for doubled in (match[0], f"{match[1]} : {match[2]}", f"{match[1]}:5", f'{match[1]}:"x"', f"{match[1]}:null"):
            for text in (f"{TEXT[: match.start()]}{doubled},{TEXT[match.start() :]}",):
                assert not same(text.encode()), doubled
                assert told(GeoJsonDecoder().decode(frame(text.encode())))[1][0][0] == "GEO-006"
    for name in ("geometry", "properties"):
        assert not same(TEXT.replace(f'"{name}":', f'"{name}":{{}},"{name}":').encode())
    assert not same(f'{{"type":"FeatureCollection","features":[],"features":[{TEXT}]}}'.encode())
    assert not same(f'{{"type":"FeatureCollection","type":"FeatureCollection","features":[{TEXT}]}}'.encode())


@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_every_value_of_every_property_means_the_same(name: str) -> None:
    for value in VALUES:
        same(feature(f'{{"{name}":{value}}}'))


def test_every_value_in_every_place_means_the_same() -> None:
    taken = 0
    for match in re.finditer(r'(?<=:)(?:"[^"]*"|[\d.]+|true|\[[\d.,]+\])', TEXT):
        for value in VALUES:
            taken += same((TEXT[: match.start()] + value + TEXT[match.end() :]).encode())
    assert taken > 100


def test_what_is_not_usual_is_left_to_the_general_reader() -> None:
    for octets in (
        feature(more=',"bbox":[1,2,3,4]'),
        feature(more=',"crs":null'),
        feature('{"odd":1}'),
        feature('{"status":{"ended":true,"mood":1}}'),
        feature('{"name":null}'),
        feature('{"name":"\\u0041"}'),
        feature("null"),
        TEXT.replace(",", ",\n").encode(),
        b'{"type":"FeatureCollection","features":[' + feature() + b"," + feature('{"course_deg":400}') + b"]}",
        b'{"type":"FeatureCollection","features":[' + feature() + b",7]}",
        b'{"type":"FeatureCollection","features":[],"name":"x"}',
    ):
        assert not same(octets)


@settings(max_examples=150)
@given(TRACKS)
def test_what_is_encoded_means_the_same(track: Track) -> None:
    for one in GeoJsonEncoder(personal_data=True).encode([track], NOW).frames:
        same(one)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(PROPERTIES)), JSON, max_size=4), JSON, JSON)
def test_any_properties_mean_the_same(properties: object, geometry: object, id_: object) -> None:
    value = {"type": "Feature", "id": "t", "geometry": None, "properties": properties}
    for one in (value, value | {"id": id_}, value | {"geometry": geometry}):
        same(json.dumps(one, ensure_ascii=False).encode("utf-8", "replace"))


@settings(max_examples=400)
@given(st.randoms(use_true_random=False))
def test_damage_means_the_same(chance: random.Random) -> None:
    octets = bytearray(TEXT.encode())
    for _ in range(chance.randint(1, 3)):
        at, begin = chance.randrange(len(octets)), chance.randrange(len(octets))
        match chance.randrange(4):
            case 0:
                octets[at] = chance.randrange(256)
            case 1:
                octets[at : at + 1] = chance.choice(b'0123456789.-TZ:{}[]," \\en').to_bytes()
            case 2:
                del octets[at : at + chance.randint(1, 40)]
            case _:
                octets[at:at] = octets[begin : begin + chance.randint(1, 60)]
    same(bytes(octets))


def test_a_reader_remembers_no_more_than_its_bound() -> None:
    reader = FlatReader(lambda name, text: (name, text))
    for n in range(9_000):
        reader.feature(feature(f'{{"sources":[{n}{"0" * (n % 3) * 2_000}]}}'))
        assert len(reader._known) <= 4_096
    assert reader._known
    assert all(len(text) < 2_048 for _, text in reader._known)


def test_simple_texts_have_neither_escapes_nor_control_characters() -> None:
    assert is_simple("a é 𝕋".encode())
    for octets in (b"\\", b"\n", b"\x00", b"\x7f", b"\xff", "\ufffe".encode(), "\u2028".encode(), b"\xed\xa0\x80"):
        assert not is_simple(octets)
