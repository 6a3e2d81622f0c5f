"""NFFI read: units, identity, markings, and what other systems make of the schema."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.formats.alliance.extensions import splice
from gateway.formats.nffi import NffiDecoder
from gateway.limits import Limits
from gateway.track import Environment, Identity, LabelCategory, Position
from tests.formats.nffi.making import decode, frame, identification, losses, message, one, positional
from tests.formats.nffi.schema import NFFI


def test_a_track_says_who_where_and_when() -> None:
    where = (
        '<coordinates><latitude accuracy="10">60.5</latitude><longitude accuracy="10">10.25</longitude>'
        '<altitude accuracy="5">120.5</altitude></coordinates>'
    )
    track = one(message(positional('<bearing accuracy="20">45</bearing><speed accuracy="7.2">36</speed>', where=where)))
    assert (track.identifiers[0].scheme, track.identifiers[0].value) == ("nffi_track", "NOR/FTS//T-1")
    assert track.sources[0].nation == "NOR"
    state = track.state
    assert state is not None
    assert state.time == datetime(2026, 11, 22, 8, 11, 59, tzinfo=UTC)
    assert state.time_quality == "TAGGED"
    assert state.position == Position(60.5, 10.25)
    assert (state.altitude_msl_m, state.altitude_hae_m) == (120.5, None)
    assert (state.ground_speed_mps, state.course_deg, state.vertical_rate_mps) == (10.0, 45.0, None)
    accuracy = state.accuracy
    assert accuracy is not None
    assert accuracy.horizontal_95_m == pytest.approx(
        20.789, abs=1e-3
    )  # a circle that holds half, to one that holds 95 %
    assert accuracy.vertical_95_m == pytest.approx(14.529, abs=1e-3)
    assert (accuracy.course_95_deg, accuracy.speed_95_mps) == (10.0, pytest.approx(1.0))
    assert accuracy.basis == "CEP50"


@pytest.mark.parametrize(
    ("inclination", "ground", "climb"),
    [("30", 8.660254, 5.0), ("330", 8.660254, -5.0), ("0", 10.0, 0.0), ("90", 0.0, 10.0), ("270", 0.0, -10.0)],
)
def test_an_inclination_splits_the_speed_and_descents_count_from_360(
    inclination: str, ground: float, climb: float
) -> None:
    state = one(message(positional(f"<speed>36</speed><inclination>{inclination}</inclination>"))).state
    assert state is not None
    assert (state.ground_speed_mps, state.vertical_rate_mps) == (pytest.approx(ground), pytest.approx(climb))


def test_an_inclination_that_points_backwards_is_kept_and_never_used() -> None:
    track = one(message(positional("<speed>36</speed><inclination>120</inclination>")))
    assert track.state is not None
    assert (track.state.ground_speed_mps, track.state.vertical_rate_mps) == (10.0, None)
    assert ("positionalData/inclination", "OUT_OF_RANGE") in losses(track)
    assert "120" in track.extensions[0].xml


@pytest.mark.parametrize(
    ("symbol", "identity", "by"),
    [
        ("SFGPUCI--------", Identity.FRIEND, None),
        ("SHGPUCI--------", Identity.HOSTILE, None),
        ("SSGPUCI--------", Identity.SUSPECT, None),
        ("SUGPUCI--------", Identity.UNKNOWN, None),
        ("SNGPUCI--------", Identity.NEUTRAL, None),
        ("SOGPUCI--------", Identity.FRIEND, "NFFI"),
        ("S-GPUCI--------", Identity.FRIEND, "NFFI"),
        ("S*GPUCI---*****", Identity.FRIEND, "NFFI"),
        ("SXGPUCI--------", None, None),
    ],
)
def test_a_friend_it_is_where_the_symbol_does_not_say_otherwise(
    symbol: str, identity: Identity | None, by: str | None
) -> None:
    track = one(message(positional() + identification(symbol)))
    assert track.environment is Environment.LAND
    if identity is None:
        assert track.identity is None
    else:
        assert track.identity is not None
        assert (track.identity.value, track.identity.assigned_by) == (identity, by)


@pytest.mark.parametrize("symbol", ["SJGPUCI--------", "SKGPUCI--------", "???", "S"])
def test_joker_faker_and_the_unreadable_become_no_friend(symbol: str) -> None:
    track = one(message(positional() + identification(symbol)))
    assert track.identity is None
    assert losses(track)


def test_a_track_without_identification_is_a_friend_by_definition_in_no_known_environment() -> None:
    track = one(message(positional()))
    assert track.identity is not None
    assert (track.identity.value, track.identity.assigned_by) == (Identity.FRIEND, "NFFI")
    assert track.environment is Environment.UNKNOWN


def test_what_other_systems_send_against_the_facets_is_read() -> None:
    inner = (
        identification("SFGPUCI---*****", "1 BN A COY with a long name")
        + "<deviceSpecificData><remarks>free text, with spaces!</remarks><remarks>more</remarks></deviceSpecificData>"
        + "<operStatusData><alert>true</alert></operStatusData>"
        + positional()
    )
    track = one(message(inner))
    assert track.name == "1 BN A COY with a long name"
    assert track.remarks == "free text, with spaces!\nmore"
    assert track.status is not None
    assert track.status.emergency == "GENERAL"
    assert track.classifications[0].type == "SFGPUCI---*****"
    assert track.extensions == ()


def test_elements_of_a_section_are_found_in_any_order() -> None:
    where = "<coordinates><longitude>10.25</longitude><altitude>5</altitude><latitude>60.5</latitude></coordinates>"
    source = (
        "<trackSource><transponderId>T-1</transponderId><sourceSystem><subsystem>B</subsystem><system>FTS</system>"
        "</sourceSystem></trackSource>"
    )
    track = one(
        message(f"<positionalData><speed>36</speed>{where}<dateTime>20261122081159</dateTime>{source}</positionalData>")
    )
    assert track.identifiers[0].value == "/FTS/B/T-1"
    assert track.state is not None
    assert track.state.position == Position(60.5, 10.25)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261122081159", datetime(2026, 11, 22, 8, 11, 59, tzinfo=UTC)),
        ("20261122081159.25", datetime(2026, 11, 22, 8, 11, 59, 250000, tzinfo=UTC)),
        ("2026-11-22T09:11:59+01:00", datetime(2026, 11, 22, 8, 11, 59, tzinfo=UTC)),
        (" 20261122081159Z ", datetime(2026, 11, 22, 8, 11, 59, tzinfo=UTC)),
    ],
)
def test_times_are_utc(text: str, expected: datetime) -> None:
    state = one(message(positional(time=text))).state
    assert state is not None
    assert state.time == expected


@pytest.mark.parametrize("text", ["20261322081159", "2026112208115", "2026-11-22T08:11:59", "now", "00000000000000"])
def test_a_time_that_is_no_instant_is_refused(text: str) -> None:
    assert [problem.code.id for problem in decode(message(positional(time=text))).problems] == ["NFI-004"]


@pytest.mark.parametrize(
    ("track", "code"),
    [
        ("", "NFI-003"),
        (positional(source=""), "NFI-003"),
        (positional(time=""), "NFI-003"),
        (positional(where=""), "NFI-003"),
        (positional(where="<coordinates><latitude>60</latitude></coordinates>"), "NFI-005"),
        (positional(where="<coordinates><latitude>95</latitude><longitude>1</longitude></coordinates>"), "NFI-005"),
        (positional(where="<coordinates><latitude>NaN</latitude><longitude>1</longitude></coordinates>"), "NFI-005"),
        (positional(source="<trackSource><transponderId>" + "x" * 2000 + "</transponderId></trackSource>"), "NFI-006"),
    ],
)
def test_a_track_without_source_time_or_place_is_refused_and_its_neighbours_live(track: str, code: str) -> None:
    decoded = decode(message(track, positional()))
    assert [problem.code.id for problem in decoded.problems] == [code]
    assert decoded.problems[0].place.startswith("track 1")
    assert len(decoded.tracks) == 1


def test_the_antimeridian_is_one_meridian_though_the_schema_excludes_minus_180() -> None:
    where = "<coordinates><latitude>1</latitude><longitude>-180</longitude></coordinates>"
    state = one(message(positional(where=where))).state
    assert state is not None
    assert state.position == Position(1.0, 180.0)


def test_what_no_field_holds_is_kept_in_one_extension_that_an_alliance_message_takes() -> None:
    inner = (
        positional("<reliability>UNRELIABLE</reliability>")
        + identification()
        + "<operStatusData><strength>4</strength></operStatusData>"
        + '<detailData own="1"><x xmlns="urn:x">1</x><y xmlns="">2</y></detailData>'
    )
    for namespace in (NFFI, ""):
        (extension,) = one(message(inner, namespace=namespace)).extensions
        assert (extension.namespace, extension.name) == (NFFI, "track")
        root = etree.fromstring(extension.xml)
        assert etree.tostring(root, method="c14n", exclusive=True).decode() == extension.xml
        assert splice(extension)
        for text in ("UNRELIABLE", "<strength>4<", 'own="1"', 'xmlns="urn:x"'):
            assert text in extension.xml
        assert "transponderId" not in extension.xml


# ------------------------------------------------------------------------------------------------------------ markings


def marked(*sections: tuple[str, str]) -> bytes:
    first, second = sections
    attributes = [f' secPolicyName="NATO" secClassification="{one}" secCategory="{other}"' for one, other in sections]
    assert first
    assert second
    return message(positional(attributes=attributes[0]) + identification(attributes=attributes[1]))


def test_markings_become_a_label_only_when_asked_and_are_kept_in_any_case() -> None:
    track = one(marked(("SECRET", ""), ("SECRET", "")))
    assert track.label is None
    assert 'secClassification="SECRET"' in track.extensions[0].xml


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("UNCLASSIFIED", "SECRET", "SECRET"),
        ("NATO CONFIDENTIAL", "NATO RESTRICTED", "NATO CONFIDENTIAL"),
        ("COSMIC TOP SECRET", "NATO SECRET", "COSMIC TOP SECRET"),
        ("VS-NfD", "VS-NfD", "VS-NfD"),
    ],
)
def test_the_highest_section_wins(first: str, second: str, expected: str) -> None:
    for pair in ((first, second), (second, first)):
        label = one(marked((pair[0], ""), (pair[1], "")), label_policy="NATO").label
        assert label is not None
        assert (label.policy, label.classification) == ("NATO", expected)


def test_classifications_that_cannot_be_compared_refuse_the_track() -> None:
    decoded = decode(marked(("GEHEIM", ""), ("SECRET", "")), label_policy="NATO")
    assert [problem.code.id for problem in decoded.problems] == ["NFI-013"]
    assert len(decode(marked(("GEHEIM", ""), ("SECRET", ""))).tracks) == 1


def test_releases_narrow_and_other_categories_add_up() -> None:
    octets = marked(("SECRET", "RELEASABLE TO NLD, DEU; ATOMAL"), ("SECRET", "RELEASABLE TO DEU FRA; Caveat: EYES"))
    label = one(octets, label_policy="NATO").label
    assert label is not None
    assert label.categories == (
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU",)),
        LabelCategory(tag="Category", kind="RESTRICTIVE", values=("ATOMAL",)),
        LabelCategory(tag="Caveat", kind="RESTRICTIVE", values=("EYES",)),
    )
    apart = marked(("SECRET", "RELEASABLE TO NLD"), ("SECRET", "RELEASABLE TO FRA"))
    assert [problem.code.id for problem in decode(apart, label_policy="NATO").problems] == ["NFI-013"]


# ----------------------------------------------------------------------------------------------------------- documents


def response(inner: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><NFFIDataResponse '
        'xmlns="urn:nato:fft:protocols:sip3"><allAvailableDataTransferred>true</allAvailableDataTransferred>'
        f"{inner}</NFFIDataResponse></s:Body></s:Envelope>"
    ).encode()


def compressed(octets: bytes) -> bytes:
    return response(f"<compressedMessage>{base64.b64encode(octets).decode()}</compressedMessage>")


def test_a_sip3_answer_is_read_compressed_or_not() -> None:
    plain = message(positional())
    assert one(response(plain.decode())).identifiers[0].value == "NOR/FTS//T-1"
    assert one(compressed(gzip.compress(plain))).identifiers[0].value == "NOR/FTS//T-1"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (compressed(b"EFX"), "NFI-011"),
        (compressed(gzip.compress(message(positional()))[:-9]), "NFI-011"),
        (compressed(b"\x1f\x8b" + b"x" * 30), "NFI-011"),
        (compressed(gzip.compress(b"<a/>")), "NFI-001"),
        (compressed(gzip.compress(b" " * 50_000_000)), "NFI-009"),
        (response("<compressedMessage>###</compressedMessage>"), "NFI-011"),
        (response(""), "NFI-001"),
        (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "NFI-001"),
        (b"<event/>", "NFI-001"),
        (b'<FriendlyForceInformation xmlns="urn:nato:mtf:app-11(d):1:ffi"/>', "NFI-012"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><NFFIMessage/>', "XML-002"),
        (b"", "XML-001"),
    ],
)
def test_what_cannot_be_read_is_refused(octets: bytes, code: str) -> None:
    assert [problem.code.id for problem in decode(octets).problems] == [code]


def test_a_fault_of_the_server_is_told() -> None:
    octets = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
        b"<faultstring>no data</faultstring></s:Fault></s:Body></s:Envelope>"
    )
    (problem,) = decode(octets).problems
    assert (problem.code.id, "no data" in problem.cause) == ("NFI-002", True)


def test_an_empty_message_is_silent() -> None:
    assert decode(message()).silent == 1


def test_another_edition_is_read_and_called_unverified() -> None:
    track = one(message(positional(), namespace="urn:nato:fft:protocols:nffi14"))
    assert ("NFFIMessage@xmlns", "NO_CODE") in losses(track)


def test_octets_of_an_unknown_header_are_refused_unless_the_operator_says_otherwise() -> None:
    header = b"\x00\x01\x02\x03 header"
    assert decode(header).problems[0].code.id == "XML-001"
    assert decode(header, unverified_ip1=True).silent == 1


@pytest.mark.parametrize(
    ("octets", "limits", "code"),
    [
        (message(*[positional()] * 3), Limits(max_records_per_frame=2), "NFI-008"),
        (message(positional("<x>" * 70 + "</x>" * 70)), Limits(), "NFI-007"),
        (message(positional()), Limits(max_frame_octets=100), "NFI-009"),
    ],
)
def test_every_bound_holds(octets: bytes, limits: Limits, code: str) -> None:
    assert [problem.code.id for problem in NffiDecoder(limits=limits).decode(frame(octets)).problems] == [code]
