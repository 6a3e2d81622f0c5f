"""NFFI written: every facet holds, and what it costs is listed."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from lxml import etree
from msgspec.structs import replace

from gateway.formats.nffi import NffiEncoder
from gateway.formats.nffi.facets import ACCURACIES, FACETS
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    LabelCategory,
    Operator,
    Position,
    Source,
    State,
    Status,
    Track,
)
from tests.formats.nffi.making import NOW, decode, identification, message, one, positional, tracks
from tests.formats.nffi.schema import NFFI, SCHEMA, assert_valid

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
FRIEND = IdentityGroup(value=Identity.FRIEND)


def state(**fields: object) -> State:
    return State(**({"time": NOW, "time_quality": "TAGGED", "position": Position(60.5, 10.25)} | fields))  # type: ignore[arg-type]


def track(**fields: object) -> Track:
    return Track(**({"track_id": ID, "name": "ALPHA", "identity": FRIEND, "state": state()} | fields))  # type: ignore[arg-type]


def written(*many: Track, **options: object) -> etree._Element:
    encoded = NffiEncoder(**({"node": "nld-1"} | options)).encode(many, NOW)  # type: ignore[arg-type]
    assert not encoded.problems
    return assert_valid(encoded.frames[0])


def lost(*many: Track, **options: object) -> set[tuple[str, str]]:
    encoded = NffiEncoder(**options).encode(many, NOW)  # type: ignore[arg-type]
    return {(loss.field, loss.reason) for _, loss in encoded.losses}


def text(root: etree._Element, name: str) -> str | None:
    found = root.find(f".//{{{NFFI}}}{name}")
    return None if found is None else found.text


def test_units_are_kilometres_per_hour_metres_above_the_sea_and_degrees() -> None:
    root = written(track(state=state(ground_speed_mps=10.0, course_deg=45.0, altitude_msl_m=120.0)))
    assert [text(root, name) for name in ("speed", "bearing", "altitude", "latitude", "longitude")] == [
        "36",
        "45",
        "120",
        "60.5",
        "10.25",
    ]
    assert text(root, "dateTime") == "20261122081200"
    assert ("state.time", "TRUNCATED") in lost(track())


def test_a_second_is_cut_and_never_rounded_into_the_future() -> None:
    late = NOW.replace(microsecond=999_999)
    assert text(written(track(state=state(time=late))), "dateTime") == "20261122081200"
    whole = NOW.replace(microsecond=0)
    assert "state.time" not in {field for field, _ in lost(track(state=state(time=whole)))}


@pytest.mark.parametrize(("climb", "inclination"), [(10.0, 45.0), (-10.0, 315.0), (0.0, 0.0), (-1e-15, 0.0)])
def test_a_descent_is_360_minus_its_angle(climb: float, inclination: float) -> None:
    root = written(track(state=state(ground_speed_mps=10.0, vertical_rate_mps=climb)))
    assert float(text(root, "inclination") or "nan") == pytest.approx(inclination)
    assert float(text(root, "speed") or "nan") == pytest.approx(math.hypot(10.0, climb) * 3.6)


def test_a_vertical_rate_alone_is_a_loss() -> None:
    own = track(state=state(vertical_rate_mps=5.0))
    assert text(written(own), "inclination") is None
    assert ("state.vertical_rate_mps", "NO_TARGET") in lost(own)


def test_no_height_is_written_as_another() -> None:
    own = track(state=state(altitude_hae_m=150.0, altitude_baro_m=99.0, height_agl_m=9.0))
    assert text(written(own), "altitude") is None
    assert {(f"state.{name}", "NO_DATUM") for name in ("altitude_hae_m", "altitude_baro_m", "height_agl_m")} <= lost(
        own
    )


def test_accuracies_are_probable_errors_and_whole_ranges() -> None:
    accuracy = Accuracy(horizontal_95_m=20.789, vertical_95_m=14.529, course_95_deg=10.0, speed_95_mps=1.0)
    root = written(track(state=state(ground_speed_mps=10.0, course_deg=1.0, altitude_msl_m=1.0, accuracy=accuracy)))
    figures = {
        name: float(
            (found.get("accuracy") if (found := root.find(f".//{{{NFFI}}}{name}")) is not None else "") or "nan"
        )
        for name in ("latitude", "longitude", "altitude", "bearing", "speed")
    }
    assert figures == pytest.approx(
        {"latitude": 10, "longitude": 10, "altitude": 5, "bearing": 20, "speed": 7.2}, rel=1e-3
    )


@pytest.mark.parametrize(
    ("name", "expected", "reasons"),
    [
        ("ALPHA", "ALPHA", set()),
        ("1 BN A COY", "1-BN-A-COY", {"NO_CODE"}),
        ("A" * 16, "A" * 15, {"TRUNCATED"}),
        ("Größe 1234567890", "Gr--e-123456789", {"NO_CODE", "TRUNCATED"}),
        (" ", "-", {"NO_CODE"}),
    ],
)
def test_a_short_name_has_fifteen_characters_and_no_space(name: str, expected: str, reasons: set[str]) -> None:
    assert text(written(track(name=name)), "unitShortName") == expected
    assert {reason for field, reason in lost(track(name=name)) if field == "name"} == reasons


def test_remarks_are_four_of_sixty_without_spaces() -> None:
    root = written(track(remarks="a b\n" + "c" * 70 + "\nd\ne\nf"))
    found = [one.text for one in root.iter(f"{{{NFFI}}}remarks")]
    assert found == ["a-b", "c" * 60, "c" * 10, "d"]
    assert {("remarks", "NO_CODE"), ("remarks", "TRUNCATED"), ("remarks", "ROUNDED")} <= lost(
        track(remarks="a b\n" + "c" * 70 + "\nd\ne\nf")
    )


def test_the_symbol_has_no_asterisk_and_keeps_what_the_source_said() -> None:
    own = one(message(positional() + identification("SFGPUCI---*****")))
    assert text(written(own), "unitSymbol") == "SFGPUCI--------"
    assert (
        text(written(replace(own, identity=IdentityGroup(value=Identity.HOSTILE))), "unitSymbol") == "SHGPUCI--------"
    )


@pytest.mark.parametrize("identity", [None, *Identity])
def test_the_affiliation_is_always_written_because_a_consumer_takes_the_unmarked_for_friends(
    identity: Identity | None,
) -> None:
    own = track(identity=IdentityGroup(value=identity) if identity else None, environment=Environment.AIR)
    symbol = text(written(own), "unitSymbol")
    assert symbol is not None
    assert (symbol[1] in "FA") is (identity in (Identity.FRIEND, Identity.ASSUMED_FRIEND))
    encoded = NffiEncoder(friendly_only=True).encode([own], NOW)
    friendly = identity in (Identity.FRIEND, Identity.ASSUMED_FRIEND)
    assert [problem.code.id for problem in encoded.problems] == ([] if friendly else ["NFI-025"])


@pytest.mark.parametrize("exercise", [True, None])
@pytest.mark.parametrize(
    "code", [None, "SJAPMFQ--------", "SOAPMFQ--------", "S*APMFQ--------", "10151500001103000000"]
)
def test_nobody_declared_does_not_come_back_as_a_friend(code: str | None, exercise: bool | None) -> None:
    said = (Classification(type=code, scheme="APP6B"),) if code else ()
    own = track(identity=None, classifications=said, status=Status(exercise=exercise))
    encoded = NffiEncoder().encode([own], NOW)
    assert ("identity.value", "IMPLIED") in {(loss.field, loss.reason) for _, loss in encoded.losses}
    (again,) = decode(encoded.frames[0]).tracks
    assert again.identity == IdentityGroup(value=Identity.UNKNOWN)
    marked = exercise is True or code in ("SJAPMFQ--------", "10151500001103000000")
    assert again.status == (Status(exercise=True) if marked else None)


def test_the_source_s_own_names_stay_and_ours_are_used_for_others() -> None:
    own = replace(one(message(positional())), track_id=ID)
    root = written(own)
    assert [text(root, name) for name in ("country", "system", "transponderId")] == ["NOR", "FTS", "T-1"]
    other = track(sources=(Source(id="s", name="s", nation="NLD"),))
    root = written(other, system="NLD AOC", subsystem="N")
    assert [text(root, name) for name in ("country", "system", "subsystem", "transponderId")] == [
        "NLD",
        "NLD-AOC",
        "N",
        ID,
    ]
    assert text(written(other, country="DEU"), "country") == "DEU"
    with pytest.raises(ValueError, match="country"):
        NffiEncoder(country="de")


def test_a_transponder_id_of_a_track_without_id_is_cut_and_listed() -> None:
    own = track(track_id=None, identifiers=(Identifier("cot_uid", "x y" * 30),))
    assert text(written(own), "transponderId") == ("x-y" * 30)[:60]
    assert {("identifiers.nffi_track", "NO_CODE"), ("identifiers.nffi_track", "TRUNCATED")} <= lost(own)


def test_longitude_minus_180_is_written_as_180() -> None:
    assert text(written(track(state=state(position=Position(1.0, -180.0)))), "longitude") == "180"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (track(state=state(position=None)), "NFI-020"),
        (track(track_id=None), "NFI-021"),
        (track(state=None), "NFI-022"),
        (track(state=state(position=Position(math.nan, 1.0))), "NFI-023"),
        (track(label=Label(policy="p", classification="x" * 31)), "NFI-024"),
        (track(label=Label(policy="p" * 257, classification="x")), "NFI-024"),
        (track(label=Label(policy="p", classification="")), "NFI-024"),
    ],
)
def test_what_cannot_be_written_is_refused_alone_and_a_marking_is_never_cut(bad: Track, code: str) -> None:
    encoded = NffiEncoder().encode([bad, track(track_id="1" + ID[1:])], NOW)
    assert [problem.code.id for problem in encoded.problems] == [code]
    assert len(assert_valid(encoded.frames[0])) == 1


def test_ended_tracks_are_left_out_and_nothing_is_no_message() -> None:
    assert NffiEncoder().encode([track(status=Status(ended=True))], NOW).frames == ()


def test_an_emergency_is_an_alert_and_another_kind_of_it_is_listed() -> None:
    assert text(written(track(status=Status(emergency="GENERAL"))), "alert") == "true"
    assert ("status.emergency", "ROUNDED") in lost(track(status=Status(emergency="UNLAWFUL_INTERFERENCE")))


def test_the_operator_is_withheld() -> None:
    own = track(operator=Operator(identifier="FIN87", position=Position(1.0, 2.0)))
    assert ("operator", "WITHHELD") in lost(own)
    assert b"FIN87" not in NffiEncoder().encode([own], NOW).frames[0]


# ------------------------------------------------------------------------------------------------------------ markings


def markings(root: etree._Element) -> list[tuple[str | None, ...]]:
    names = ("secPolicyName", "secClassification", "secCategory")
    return [tuple(one.get(name) for name in names) for one in root[0]]


def test_a_label_marks_every_section() -> None:
    categories = (
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("NLD", "DEU")),
        LabelCategory(tag="Caveat", kind="RESTRICTIVE", values=("EYES",)),
    )
    own = track(remarks="r", label=Label(policy="NATO", classification="SECRET", categories=categories))
    root = written(own)
    assert len(root[0]) == 3
    assert set(markings(root)) == {("NATO", "SECRET", "RELEASABLE TO NLD, DEU; Caveat: EYES")}
    (again,) = decode(etree.tostring(root), label_policy="NATO").tracks
    assert again.label is not None
    assert again.label.classification == "SECRET"
    assert again.label.categories[0].values == ("DEU", "NLD")


def test_nothing_is_marked_where_nothing_was() -> None:
    assert set(markings(written(track()))) == {(None, None, None)}


def test_a_section_keeps_its_source_s_marking_where_it_is_higher() -> None:
    attributes = ' secPolicyName="NATO" secClassification="SECRET"'
    own = one(message(positional(attributes=attributes) + identification()))
    assert [one[1] for one in markings(written(own))] == ["SECRET", None]
    lower = replace(own, label=Label(policy="NATO", classification="RESTRICTED"))
    assert [one[1] for one in markings(written(lower))] == ["SECRET", "RESTRICTED"]
    higher = replace(own, label=Label(policy="NATO", classification="COSMIC TOP SECRET"))
    assert [one[1] for one in markings(written(higher))] == ["COSMIC TOP SECRET"] * 2
    unknown = replace(own, label=Label(policy="NATO", classification="GEHEIM"))
    assert [one.code.id for one in NffiEncoder().encode([unknown], NOW).problems] == ["NFI-024"]


def test_no_category_of_either_side_is_dropped() -> None:
    attributes = ' secPolicyName="NATO" secClassification="SECRET" secCategory="ATOMAL; RELEASABLE TO NLD"'
    own = one(message(positional(attributes=attributes)))
    readers = LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("NLD",))
    for classification in ("RESTRICTED", "SECRET", "COSMIC TOP SECRET"):
        label = Label(policy="NATO", classification=classification, categories=(readers,))
        category = markings(written(replace(own, label=label)))[0][2]
        assert sorted((category or "").split("; ")) == ["ATOMAL", "RELEASABLE TO NLD"]


# ----------------------------------------------------------------------------------------------------------- leftovers


def test_leftovers_come_back_in_their_place_or_in_detail_data() -> None:
    inner = (
        positional("<speed>36</speed><credibility>PROBABLY TRUE</credibility><reliability>MAYBE</reliability>"
                   '<inclination accuracy="3">10</inclination>')
        + identification()
        + "<operStatusData><statusCode>OPERATIONAL</statusCode><strength>70000</strength><new>1</new></operStatusData>"
        + "<deviceSpecificData><phoneNumber>+49</phoneNumber><serialNumber>a b</serialNumber></deviceSpecificData>"
        + '<detailData own="1"><x xmlns="urn:x">1</x></detailData>'
    )  # fmt: skip
    root = written(one(message(inner)))
    assert [text(root, name) for name in ("credibility", "statusCode", "phoneNumber")] == [
        "PROBABLY TRUE",
        "OPERATIONAL",
        "+49",
    ]
    inclination = root.find(f".//{{{NFFI}}}inclination")
    assert inclination is not None
    assert inclination.get("accuracy") == "3"
    detail = root.find(f".//{{{NFFI}}}detailData")
    assert detail is not None
    assert detail.get("own") == "1"
    assert sorted(etree.QName(child).localname for child in detail) == [
        "new",
        "reliability",
        "serialNumber",
        "strength",
        "x",
    ]
    again = written(one(etree.tostring(root)))
    assert etree.tostring(again, method="c14n") == etree.tostring(root, method="c14n")  # and so for ever


def test_other_formats_leftovers_travel_in_detail_data() -> None:
    xml = '<event xmlns="urn:alliance:track-exchange:ext:cot:2.0" how="m-g"></event>'
    root = written(track(extensions=(Extension("urn:alliance:track-exchange:ext:cot:2.0", "event", xml),)))
    assert xml in etree.tostring(root, method="c14n").decode()


@pytest.mark.parametrize("remarks", ["\n", "one\n\nthree", "one\n"])
def test_an_empty_line_of_remarks_is_listed(remarks: str) -> None:
    written(track(remarks=remarks))
    assert ("remarks", "ROUNDED") in lost(track(remarks=remarks))


def test_equal_ids_of_leftovers_do_not_make_the_message_unreadable() -> None:
    xml = '<detail xmlns="urn:d" xml:id="a"></detail>'
    own = track(extensions=(Extension("urn:d", "detail", xml),))
    root = written(own, replace(own, track_id=ID.replace("0", "1")))
    assert len(root.findall(".//{urn:d}detail")) == 2
    assert ("extensions", "OUT_OF_RANGE") in lost(own)


@pytest.mark.parametrize("xml", ["", "<a", '<!DOCTYPE a><a xmlns="urn:a"/>', "<a/><b/>", "</detailData>"])
def test_an_extension_that_is_none_breaks_no_message(xml: str) -> None:
    for namespace in ("urn:a", NFFI):
        own = track(extensions=(Extension(namespace, "track", xml),))
        assert ("extensions", "OUT_OF_RANGE") in lost(own)
        written(own)


# -------------------------------------------------------------------------------------------------------------- facets

EDGES = {
    "country": ["NLD", "NL", "nld", "NLDX", ""],
    "system": ["a.b,c:d*e-f", "a b", "x" * 30, "x" * 31, "", "ä"],
    "subsystem": ["", "a_b"],
    "transponderId": ["x", "", "x" * 60, "x" * 61, ID, "a/b", "a\n"],
    "dateTime": ["20261122081200", "2026112208120", "202611220812001", "2026112208120x"],
    "latitude": ["90", "-90", "90.1", "NaN", "INF", "x"],
    "longitude": ["180", "-180", "-179.999", "181", "1e1"],
    "altitude": ["-5", "1e3", "x"],
    "bearing": ["0", "359.999", "360", "-1"],
    "speed": ["0", "-1", "1e4"],
    "inclination": ["0", "359", "360"],
    "reliability": ["UNRELIABLE", "unreliable", ""],
    "credibility": ["IMPROBABLE", "MAYBE"],
    "unitSymbol": ["SFGPUCI--------", "SFGPUCI---*****", "SFGPUCI-------", "sFGPUCI--------"],
    "unitShortName": ["A", "", "A B", "x" * 15, "x" * 16],
    "footprint": ["0", "-1"],
    "strength": ["0", "65535", "65536", "-1", "007", "99999"],
    "statusCode": ["NOT KNOWN", "UNKNOWN"],
    "additionalId": ["", "x" * 30, "x" * 31, "a b"],
    "phoneNumber": ["+4912", "49 12", "1" * 31],
    "serialNumber": ["aB1", "a-1", "1" * 31],
    "terminalType": ["aB1", "a-1"],
    "terminalId": ["aB1", "a-1"],
    "specialUserDefined": ["x" * 60, "x" * 61, "a b"],
    "alert": ["true", "0", "yes"],
    "remarks": ["x" * 60, "x" * 61, "a b", ""],
}
_SYSTEM = "<sourceSystem>{country}<system>{system}</system>{subsystem}</sourceSystem>"


def put(name: str, value: str, accuracy: str = "") -> bytes:
    """A message whose element of that name has that value, and which is right otherwise."""
    usual = {"system": "FTS", "transponderId": "T", "dateTime": "20261122081200", "latitude": "1", "longitude": "1"}
    usual |= {"unitSymbol": "SFGPUCI--------", "unitShortName": "A"}
    usual[name] = value

    def shown(*names: str) -> str:
        return "".join(f"<{one}{accuracy if one == name else ''}>{usual[one]}</{one}>" for one in names if one in usual)

    source = f"<sourceSystem>{shown('country', 'system', 'subsystem')}</sourceSystem>{shown('transponderId')}"
    coordinates = f"<coordinates>{shown('latitude', 'longitude', 'altitude')}</coordinates>"
    motion = shown("bearing", "speed", "reliability", "credibility", "inclination")
    device = ("additionalId", "phoneNumber", "serialNumber", "terminalType", "terminalId", "specialUserDefined")
    return message(
        f"<positionalData><trackSource>{source}</trackSource>{shown('dateTime')}{coordinates}{motion}</positionalData>"
        f"<identificationData>{shown('unitSymbol', 'unitShortName')}</identificationData>"
        f"<operStatusData>{shown('footprint', 'strength', 'statusCode')}</operStatusData>"
        f"<deviceSpecificData>{shown(*device, 'alert', 'remarks')}</deviceSpecificData>"
    )


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in EDGES.items() for value in values])
def test_each_facet_agrees_with_the_schema(name: str, value: str) -> None:
    # xs:double has INF and NaN; the writer has neither
    expected = SCHEMA.validate(etree.fromstring(put(name, value))) and value not in ("NaN", "INF")
    assert FACETS[name](value) is expected


@pytest.mark.parametrize("name", sorted(ACCURACIES))
@pytest.mark.parametrize("accuracy", ["0", "359.9", "360", "9999.9", "10000", "-1", "x"])
def test_each_accuracy_facet_agrees_with_the_schema(name: str, accuracy: str) -> None:
    octets = put(name, "1", f' accuracy="{accuracy}"')
    assert ACCURACIES[name](accuracy) is SCHEMA.validate(etree.fromstring(octets))


def test_every_facet_has_its_edges_tried() -> None:
    assert set(EDGES) == set(FACETS)


# ---------------------------------------------------------------------------------------------------------- properties


@given(tracks())
@settings(max_examples=150, deadline=None)
def test_every_message_is_valid_and_what_is_not_listed_as_lost_comes_back(own: Track) -> None:
    encoded = NffiEncoder(node="nld-1").encode([own], NOW)
    assert not encoded.problems
    assert_valid(encoded.frames[0])
    gone = {loss.field for _, loss in encoded.losses}
    (again,) = decode(encoded.frames[0]).tracks
    assert again.identifiers[0].value.endswith(f"/{own.track_id}")
    for name in ("environment", "platform", "remarks"):
        assert name in gone or getattr(again, name) == getattr(own, name), name
    if own.name is not None and "name" not in gone:
        assert again.name == own.name
    if "identity.value" not in gone and own.identity is not None:
        assert again.identity == own.identity
    assert own.state is not None
    assert again.state is not None
    assert timedelta(0) <= own.state.time - again.state.time < timedelta(seconds=1)
    assert ("state.time" in gone) is (own.state.time != again.state.time)
    assert again.state.position == own.state.position
    assert again.state.altitude_msl_m == own.state.altitude_msl_m
    assert "state.altitude_hae_m" in gone or own.state.altitude_hae_m is None
    speed, climb = own.state.ground_speed_mps, own.state.vertical_rate_mps
    assert again.state.ground_speed_mps == (None if speed is None else pytest.approx(speed, abs=1e-6, rel=1e-9))
    if "state.vertical_rate_mps" not in gone:
        assert again.state.vertical_rate_mps == (None if climb is None else pytest.approx(climb, abs=1e-6, rel=1e-9))
