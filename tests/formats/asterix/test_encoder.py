"""Canonical to CAT062 and CAT048: within half a step of the wire, and a loss for everything that does not fit."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.asterix import CODECS, FORMAT, block
from gateway.formats.asterix.leftovers import NAMESPACE
from gateway.stages import Encoded
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
    Operator,
    Polar,
    Position,
    RawRecord,
    State,
    Status,
    Track,
)
from tests.formats.asterix import recordings
from tests.formats.asterix.making import NOON, decoded, frame, names, octets_048, octets_062, state, status

FOOT = 0.3048
TRACK = "00000000-0000-4000-8000-000000000001"


def track(**fields: Any) -> Track:
    given_: dict[str, Any] = {"track_id": TRACK, "state": State(time=NOON), **fields}
    return Track(**given_)


def encode(*tracks: Track, **options: Any) -> Encoded:
    return FORMAT.encoder(**{"sac": 70, "sic": 16, **options}).encode(tracks, NOON)


def items(encoded: Encoded, category: int = 62) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for octets in encoded.frames:
        assert octets[0] == category
        assert int.from_bytes(octets[1:3], "big") == len(octets)
        place = 3
        while place < len(octets):
            end = CODECS[category].layout.size(octets, place, len(octets))
            found.append(CODECS[category].read(octets[place:end]))
            place = end
    return found


def back(encoded: Encoded, received_at: datetime = NOON) -> list[Track]:
    decoder = FORMAT.decoder(dedupe=False)
    results = [decoder.decode(frame(octets, received_at)) for octets in encoded.frames]
    assert not [problem for result in results for problem in result.problems]
    return [one for result in results for one in result.tracks]


def losses(encoded: Encoded) -> dict[str, str]:
    return {lost.field: lost.reason for _, lost in encoded.losses}


# ------------------------------------------------------------------------------------------------------------ real data


def test_the_half_hour_goes_out_and_comes_in_unchanged() -> None:
    decoder, encoder, again = FORMAT.decoder(), FORMAT.encoder(sac=1, sic=2), FORMAT.decoder(dedupe=False)
    tracks = [one for octets in recordings.final() for one in decoder.decode(frame(octets)).tracks]
    count = 0
    lost: set[str] = set()
    for start in range(0, len(tracks), 100):
        batch = tracks[start : start + 100]
        encoded = encoder.encode(batch, state(batch[0]).time)
        assert not encoded.problems
        lost |= losses(encoded).keys()
        returned = [one for octets in encoded.frames for one in again.decode(frame(octets)).tracks]
        for one, other in zip(batch, returned, strict=True):
            count += 1
            assert other.state == one.state
            assert replace(status(other), started=None) == replace(status(one), started=None)
            assert other.classifications == one.classifications
            own = [name for name in one.identifiers if name.scheme not in ("system_track", "asterix_service")]
            assert set(own) == {name for name in other.identifiers if name.scheme != "system_track"}
    assert count == 34_957
    assert lost == {"identifiers.system_track", "identifiers.asterix_service"}


def test_the_capture_goes_out_as_target_reports_and_comes_in_unchanged() -> None:
    decoder = FORMAT.decoder(dedupe=False)
    for time, data in recordings.datagrams(recordings.PCAP):
        tracks = decoder.decode(frame(data, time)).tracks
        for one in tracks:
            (other,) = back(encode(one, category=48), time)
            assert names(other) == names(one)  # the radar that measured keeps its own numbers
            assert other.status == one.status
            motion = ("magnetic_heading_deg", "indicated_airspeed_mps", "true_airspeed_mps", "mach")
            plain = replace(state(one), turn_rate_degps=None, vertical_rate_mps=None, **dict.fromkeys(motion))
            assert other.state == plain


def test_the_capture_goes_out_as_system_tracks_with_its_polar_original() -> None:
    decoder = FORMAT.decoder()
    time, data = recordings.datagrams(recordings.PCAP)[0]
    (one,) = decoder.decode(frame(data, time)).tracks
    encoded = encode(one)
    (item,) = items(encoded)
    assert item["340"] == {"SID": {"SAC": 25, "SIC": 201}, "POS": {"RHO": 197.68359375, "THETA": 340.13671875}}
    assert item["136"] == 330.0
    assert "105" not in item  # no site, no point
    assert losses(encoded) == {"identifiers.system_track": "NO_TARGET", "status.on_ground": "NO_CODE"}


def test_the_original_record_is_relayed_octet_for_octet_on_request() -> None:
    decoder = FORMAT.decoder()
    originals = recordings.final()[:50]
    tracks = [one for octets in originals for one in decoder.decode(frame(octets)).tracks]
    encoded = encode(*tracks, relay_raw=True)
    assert b"".join(octets[3:] for octets in encoded.frames) == b"".join(octets[3:] for octets in originals)
    assert encoded.losses == ()
    assert len(encoded.frames) < 5


def test_what_only_claims_to_be_a_raw_record_is_not_relayed() -> None:
    for octets in (b"", b"\xff", octets_062({})[:-1], octets_062({}) + b"\x00", b"\x80\x46\x10" * 600):
        (item,) = items(encode(track(raw=RawRecord("ASTERIX_062", octets)), relay_raw=True))
        assert item["010"] == {"SAC": 70, "SIC": 16}
        assert item["070"] == 43200.0
    other = track(raw=RawRecord("ASTERIX_048", octets_048({})))
    assert items(encode(other, relay_raw=True))[0]["040"] == 1


# --------------------------------------------------------------------------------------------------------- every field

REACHABLE = st.floats(-1, 1)


@settings(max_examples=300, deadline=None)
@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180, exclude_min=True),
    east=st.floats(-2000, 2000),
    north=st.floats(-2000, 2000),
    baro=st.floats(-400, 40_000),
    hae=st.floats(-400, 40_000),
    qnh=st.floats(-400, 40_000),
    rate=st.floats(-500, 500),
    second=st.integers(0, 86_399_999_999),
)
def test_every_value_is_within_half_a_step(
    latitude: float,
    longitude: float,
    east: float,
    north: float,
    baro: float,
    hae: float,
    qnh: float,
    rate: float,
    second: int,
) -> None:
    time = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=second)
    one = track(
        state=State(
            time=time,
            position=Position(latitude, longitude),
            course_deg=math.degrees(math.atan2(east, north)) % 360.0,
            ground_speed_mps=math.hypot(east, north),
            altitude_baro_m=baro,
            altitude_hae_m=hae,
            altitude_qnh_m=qnh,
            vertical_rate_mps=rate,
        )
    )
    encoded = encode(one)
    assert encoded.losses == ()
    (item,) = items(encoded)
    half = 90 / 2**25 * 1.000001
    assert abs(item["105"]["LAT"] - latitude) <= half
    assert abs((item["105"]["LON"] - longitude + 180) % 360 - 180) <= half
    assert abs(item["185"]["VX"] - east) <= 0.125 + 1e-9
    assert abs(item["185"]["VY"] - north) <= 0.125 + 1e-9
    assert abs(item["136"] * 30.48 - baro) <= 3.81 + 1e-9
    assert abs(item["130"] * FOOT - hae) <= 3.125 * FOOT + 1e-9
    assert item["135"]["QNH"] == 1
    assert abs(item["135"]["CTB"] * 30.48 - qnh) <= 3.81 + 1e-9
    assert abs(item["220"] * FOOT / 60 - rate) <= 3.125 * FOOT / 60 + 1e-9
    (other,) = back(encoded, time)
    assert abs((state(other).time - time).total_seconds()) <= 1 / 256 + 1e-6


def test_midnight_comes_round() -> None:
    late = datetime(2026, 3, 1, 23, 59, 59, 999_000, tzinfo=UTC)
    (item,) = items(encode(track(state=State(time=late))))
    assert item["070"] == 0.0
    (other,) = back(encode(track(state=State(time=late))), late)
    assert state(other).time == datetime(2026, 3, 2, tzinfo=UTC)


def test_everything_that_the_category_holds_comes_back() -> None:
    one = track(
        identifiers=(
            Identifier("icao24", "4ca7a8"),
            Identifier("mode3a", "7501", "NOT_VALIDATED_AND_GARBLED_AND_CHANGED"),
            Identifier("callsign", "RYR108K"),
            Identifier("registration", "SPLRA", "NOT_DOWNLINKED"),
            Identifier("flight_plan", "RYR108K"),
            Identifier("mode2", "0421"),
            Identifier("mode1", "7340"),
            Identifier("mode5_pin", "9000"),
            Identifier("mode5_nation", "17"),
            Identifier("mode5_mission", "4"),
            Identifier("composed_track", "11/448", "MASTER"),
            Identifier("composed_track", "12/7"),
        ),
        environment=Environment.AIR,
        platform="UAV",
        classifications=(
            Classification(type="13", scheme="ASTERIX_ECAT"),
            Classification(type="B738", scheme="ICAO_TYPE_DESIGNATOR"),
        ),
        dimensions=Dimensions(length_m=40.0, width_m=35.0),
        status=Status(
            confirmed=False,
            coasted=True,
            started=True,
            ended=False,
            simulated=True,
            emergency="MINIMUM_FUEL",
            spi=True,
            on_ground=True,
            military_emergency=True,
            mono_sensor=True,
            amalgamated=True,
            ghost=True,
            iff_mode4="FRIENDLY",
            iff_mode5="UNKNOWN",
        ),
        state=State(
            time=NOON,
            position=Position(45.0, 22.5),
            altitude_hae_m=625 * FOOT,
            altitude_baro_m=30.48 * 10,
            altitude_qnh_m=30.48 * 11,
            course_deg=90.0,
            ground_speed_mps=100.0,
            vertical_rate_mps=625 * FOOT / 60,
            heading_deg=90.0,
            magnetic_heading_deg=84.375,
            turn_rate_degps=-3.0,
            acceleration_east_mps2=-1.5,
            acceleration_north_mps2=2.25,
            indicated_airspeed_mps=0.0625 * 1852,
            true_airspeed_mps=450 * 1852 / 3600,
            mach=0.784,
            accuracy=Accuracy(
                horizontal_95_m=2.4477 * 20,
                vertical_95_m=1.96 * 12.5 * FOOT,
                speed_95_mps=1.96 * 2,
                basis="SIGMA_XY",
            ),
            covariance=Covariance("EN", (100.0, -25.0, 400.0)),
            polar=Polar(sensor="asterix:25/201", range_m=1852.0 * 100, azimuth_deg=45.0, north="TRUE"),
        ),
    )
    encoded = encode(one)
    assert encoded.losses == ()
    (other,) = back(encoded)
    assert set(other.identifiers[1:]) == set(one.identifiers)
    for name in ("environment", "platform", "classifications", "dimensions", "status"):
        assert getattr(other, name) == getattr(one, name), name
    for name in State.__struct_fields__:
        found, wanted = getattr(state(other), name), getattr(state(one), name)
        if isinstance(wanted, float):
            assert found == pytest.approx(wanted), name
        elif isinstance(wanted, Accuracy):
            assert found.horizontal_95_m == pytest.approx(wanted.horizontal_95_m)
            assert found.vertical_95_m == pytest.approx(wanted.vertical_95_m)
            assert found.speed_95_mps == pytest.approx(wanted.speed_95_mps)
        elif wanted is not None:
            assert found == wanted, name


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"identity": IdentityGroup(value=Identity.HOSTILE)}, "identity.value", "NO_TARGET"),
        ({"name": "Bravo"}, "name", "NO_TARGET"),
        ({"remarks": "low"}, "remarks", "NO_TARGET"),
        ({"label": Label(policy="P", classification="SECRET")}, "label", "NO_TARGET"),
        ({"environment": Environment.SURFACE}, "environment", "NO_CODE"),
        ({"platform": "FIXED_WING"}, "platform", "NO_CODE"),
        ({"classifications": (Classification(type="a-h-A", scheme="COT_TYPE"),)}, "classifications", "NO_TARGET"),
        (
            {"classifications": (Classification(type="13", scheme="ASTERIX_ECAT", confidence_pct=50.0),)},
            "classifications.confidence_pct",
            "NO_TARGET",
        ),
        ({"dimensions": Dimensions(width_m=5.0)}, "dimensions.width_m", "NO_TARGET"),
        ({"dimensions": Dimensions(length_m=200.0)}, "dimensions.length_m", "OUT_OF_RANGE"),
        ({"dimensions": Dimensions(height_m=2.0)}, "dimensions.height_m", "NO_TARGET"),
        ({"identifiers": (Identifier("cot_uid", "A"),)}, "identifiers.cot_uid", "NO_TARGET"),
        ({"identifiers": (Identifier("icao24", "zz"),)}, "identifiers.icao24", "OUT_OF_RANGE"),
        ({"identifiers": (Identifier("mode3a", "9000"),)}, "identifiers.mode3a", "OUT_OF_RANGE"),
        ({"identifiers": (Identifier("mode3a", "1000", "SMOOTHED"),)}, "identifiers.mode3a.quality", "NO_TARGET"),
        ({"identifiers": (Identifier("mode1", "73"),)}, "identifiers.mode1", "ROUNDED"),
        ({"identifiers": (Identifier("callsign", "SIM-UAS-12"),)}, "identifiers.callsign", "TRUNCATED"),
        ({"identifiers": (Identifier("flight_plan", "ABCDEFGH"),)}, "identifiers.flight_plan", "TRUNCATED"),
        ({"identifiers": (Identifier("mode5_pin", "99999"),)}, "identifiers.mode5_pin", "OUT_OF_RANGE"),
        ({"identifiers": (Identifier("composed_track", "1/99999"),)}, "identifiers.composed_track", "OUT_OF_RANGE"),
        ({"status": Status(test=True)}, "status.test", "NO_TARGET"),
        ({"status": Status(on_ground=False)}, "status.on_ground", "NO_CODE"),
        ({"status": Status(emergency="LOST_LINK")}, "status.emergency", "NO_CODE"),
        ({"status": Status(iff_mode5="GARBLED")}, "status.iff_mode5", "NO_CODE"),
        ({"state": State(time=NOON, altitude_msl_m=100.0)}, "state.altitude_msl_m", "NO_DATUM"),
        ({"state": State(time=NOON, height_agl_m=100.0)}, "state.height_agl_m", "NO_TARGET"),
        ({"state": State(time=NOON, height_takeoff_m=100.0)}, "state.height_takeoff_m", "NO_TARGET"),
        ({"detection_confidence_pct": 70.0}, "detection_confidence_pct", "NO_TARGET"),
        ({"operator": Operator(identifier="NLD-OP-1")}, "operator", "NO_TARGET"),
        ({"status": Status(exercise=True)}, "status.exercise", "NO_TARGET"),
        ({"state": State(time=NOON, altitude_baro_m=60_000.0)}, "state.altitude_baro_m", "OUT_OF_RANGE"),
        ({"state": State(time=NOON, altitude_baro_m=math.nan)}, "state.altitude_baro_m", "OUT_OF_RANGE"),
        ({"state": State(time=NOON, altitude_qnh_m=-6e4)}, "state.altitude_qnh_m", "OUT_OF_RANGE"),
        ({"state": State(time=NOON, vertical_rate_mps=2e3)}, "state.vertical_rate_mps", "OUT_OF_RANGE"),
        (
            {"state": State(time=NOON, ground_speed_mps=9e3, course_deg=0.0)},
            "state.ground_speed_mps",
            "OUT_OF_RANGE",
        ),
        ({"state": State(time=NOON, true_airspeed_mps=2e3)}, "state.true_airspeed_mps", "OUT_OF_RANGE"),
        ({"state": State(time=NOON, heading_deg=10.0)}, "state.heading_deg", "NO_TARGET"),
        ({"state": State(time=NOON, turn_rate_degps=20.0)}, "state.turn_rate_degps", "TRUNCATED"),
        ({"state": State(time=NOON, stale_at=NOON)}, "state.stale_at", "NO_TARGET"),
        (
            {"state": State(time=NOON, accuracy=Accuracy(horizontal_95_m=1e6))},
            "state.accuracy.horizontal_95_m",
            "TRUNCATED",
        ),
        (
            {"state": State(time=NOON, accuracy=Accuracy(course_95_deg=1.0))},
            "state.accuracy.course_95_deg",
            "NO_TARGET",
        ),
        ({"state": State(time=NOON, covariance=Covariance("XYZ", (1.0,)))}, "state.covariance", "NO_CODE"),
        ({"state": State(time=NOON, acceleration_east_mps2=1.0)}, "state.acceleration_east_mps2", "NO_TARGET"),
        ({"state": State(time=NOON, polar=Polar(sensor="rf-1"))}, "state.polar.sensor", "NO_CODE"),
        (
            {"state": State(time=NOON, polar=Polar(sensor="asterix:1/2", azimuth_deg=5.0))},
            "state.polar.azimuth_deg",
            "NO_TARGET",
        ),
        (
            {"state": State(time=NOON, polar=Polar(sensor="asterix:1/2", range_m=1.0, azimuth_deg=5.0, north="GRID"))},
            "state.polar.range_m",
            "NO_DATUM",
        ),
        (
            {"state": State(time=NOON, polar=Polar(sensor="asterix:1/2", range_m=1e6, azimuth_deg=5.0))},
            "state.polar.range_m",
            "OUT_OF_RANGE",
        ),
    ],
)
def test_what_a_system_track_cannot_hold_is_a_loss_with_its_reason(fields: Any, field: str, reason: str) -> None:
    encoded = encode(track(**fields))
    assert encoded.problems == ()
    assert len(items(encoded)) == 1
    assert losses(encoded).get(field) == reason
    assert all(of == TRACK for of, _ in encoded.losses)


def test_a_speed_without_a_course_and_a_course_without_a_speed_go_as_the_aircrafts_own() -> None:
    (speed,) = items(encode(track(state=State(time=NOON, ground_speed_mps=185.2))))
    (course,) = items(encode(track(state=State(time=NOON, course_deg=359.9999))))
    assert "185" not in speed
    assert speed["380"]["GS"] == pytest.approx(0.1, abs=1 / 2**15)
    assert course["380"]["TAN"] == 0.0
    (still,) = items(encode(track(state=State(time=NOON, ground_speed_mps=0.0))))
    assert still["185"] == {"VX": 0.0, "VY": 0.0}


def test_movement_and_ages_go_back_into_their_items() -> None:
    wanted: dict[str, Any] = {
        "200": {"TRANS": 1, "LONG": 0, "VERT": 2, "ADF": 0},
        "290": {"PSR": 2.5, "SSR": 0.0, "ADS": 16383.75},
        "295": {"MFL": 1.25},
    }
    one = decoded(62, octets_062(wanted), leftovers=True)
    encoded = encode(one)
    (item,) = items(encoded)
    assert {name: item[name] for name in wanted} == wanted
    assert losses(encoded) == {"identifiers.system_track": "NO_TARGET"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (' update-age-psr="999999"', set()),
        (' trans="9" long="0" vert="0" adf="0"', set()),
        (' trans="1"', set()),
        (' update-age-psr="NaN"', set()),
        (' data-age-mfl="1.5" update-age-nothing="1"', {"295"}),
    ],
)
def test_an_extension_that_came_through_partners_is_checked(attributes: str, expected: set[str]) -> None:
    xml = f'<x:SystemTrack xmlns:x="{NAMESPACE}"{attributes}></x:SystemTrack>'
    (item,) = items(encode(track(extensions=(Extension(NAMESPACE, "SystemTrack", xml),))))
    assert item.keys() & {"200", "290", "295"} == expected


def test_a_strange_extension_is_a_loss() -> None:
    strange = Extension("urn:other", "A", '<a:A xmlns:a="urn:other"></a:A>')
    assert losses(encode(track(extensions=(strange,)))) == {"extensions": "NO_TARGET"}


def test_a_doubted_level_goes_where_its_mark_can_stand() -> None:
    doubted = State(time=NOON, altitude_baro_m=3048.0, altitude_quality="GARBLED")
    (item,) = items(encode(track(state=doubted)))
    assert "136" not in item
    assert item["340"]["MDC"] == {"V": 0, "G": 1, "LMC": 100.0}


# ------------------------------------------------------------------------------------------------------------- numbers


def numbered(*ids: str, ended: bool = False) -> list[Track]:
    return [track(track_id=name, status=Status(ended=ended)) for name in ids]


def test_a_number_is_kept_until_the_end_and_the_first_and_last_reports_are_marked() -> None:
    encoder = FORMAT.encoder()
    seen = []
    for step, tracks in enumerate((numbered("a", "b"), numbered("b", "a"), numbered("a", ended=True), numbered("a"))):
        encoded = encoder.encode(tracks, NOON + timedelta(seconds=step))
        seen += [(item["040"], item["080"]["TSB"], item["080"]["TSE"]) for item in items(encoded)]
    assert seen == [(1, 1, 0), (2, 1, 0), (2, 0, 0), (1, 0, 0), (1, 0, 1), (3, 1, 0)]


def test_a_silent_track_begins_again() -> None:
    encoder = FORMAT.encoder(silence_s=60)
    first, second, third = (items(encoder.encode(numbered("a"), NOON + timedelta(seconds=s)))[0] for s in (0, 60, 121))
    assert [(item["040"], item["080"]["TSB"]) for item in (first, second, third)] == [(1, 1), (1, 0), (2, 1)]


def test_numbers_come_back_when_the_silent_give_them_up_and_not_before() -> None:
    encoder = FORMAT.encoder(category=48, silence_s=60)
    polar = Polar(sensor="rf", range_m=1000.0, azimuth_deg=1.0)
    many = [track(track_id=f"t{n}", state=State(time=NOON, polar=polar)) for n in range(4096)]
    full = encoder.encode(many, NOON)
    assert [problem.code.id for problem in full.problems] == ["AST-032"]
    later = encoder.encode(many[-1:], NOON + timedelta(seconds=61))
    assert not later.problems
    assert items(later, 48)[0]["161"] == {"TRN": 1}


def test_a_lone_plot_takes_no_lasting_number() -> None:
    encoder = FORMAT.encoder()
    plots = [Track(state=State(time=NOON)), Track(state=State(time=NOON))]
    seen = [(item["040"], item["080"]["TSB"]) for item in items(encoder.encode(plots, NOON))]
    assert seen == [(1, 1), (2, 1)]


# ------------------------------------------------------------------------------------------------------------- framing


def test_many_records_share_a_block_within_the_datagram() -> None:
    tracks = numbered(*(f"t{n}" for n in range(200)))
    for limit in (128, 1400, 65_507):
        encoded = encode(*tracks, max_datagram_octets=limit)
        assert all(len(octets) <= limit for octets in encoded.frames)
        assert len(items(encoded)) == 200
    assert len(encode(*tracks, max_datagram_octets=65_507).frames) == 1


def test_a_record_that_fits_no_datagram_is_a_problem_and_its_neighbours_go() -> None:
    many = tuple(Identifier("composed_track", f"1/{n}") for n in range(100))
    encoded = encode(track(identifiers=many), *numbered("x"), max_datagram_octets=128)
    assert [problem.code.id for problem in encoded.problems] == ["AST-031"]
    assert len(items(encoded)) == 1


def test_a_track_without_a_state_is_a_problem_and_its_neighbours_go() -> None:
    encoded = encode(Track(track_id="lost"), *numbered("x"))
    assert [(problem.code.id, problem.place) for problem in encoded.problems] == [("AST-030", "track lost")]
    assert len(items(encoded)) == 1


def test_a_block_beyond_its_length_field_is_refused() -> None:
    with pytest.raises(FormatError):
        block(62, [bytes(65_533)])


@pytest.mark.parametrize(
    "options",
    [
        {"category": 34},
        {"category": True},
        {"sac": 256},
        {"sic": -1},
        {"sac": "1"},
        {"service": 300},
        {"max_datagram_octets": 100},
        {"max_datagram_octets": 70_000},
        {"silence_s": 0},
        {"relay_raw": "yes"},
    ],
)
def test_refuses_an_option_that_is_not_usable(options: Any) -> None:
    with pytest.raises(FormatError) as error:
        FORMAT.encoder(**options)
    assert error.value.code.id == "AST-040"
    assert error.value.place in options


def test_service_and_station_are_the_nodes_own() -> None:
    (item,) = items(encode(track(), service=5))
    assert (item["010"], item["015"]) == ({"SAC": 70, "SIC": 16}, 5)


# -------------------------------------------------------------------------------------------------------------- CAT048


def plotted(**fields: Any) -> Track:
    polar = Polar(sensor="asterix:25/201", range_m=100 * 1852.0, azimuth_deg=45.0, north="TRUE")
    moving: dict[str, Any] = {"time": NOON, "polar": polar, **fields.pop("moving", {})}
    return track(state=State(**moving), **fields)


def test_a_radar_that_did_not_number_the_track_leaves_that_to_the_node() -> None:
    (item,) = items(encode(plotted(), category=48), 48)
    assert (item["010"], item["161"]) == ({"SAC": 70, "SIC": 16}, {"TRN": 1})
    native = plotted(identifiers=(Identifier("system_track", "25/201/3563"),))
    (item,) = items(encode(native, category=48), 48)
    assert (item["010"], item["161"]) == ({"SAC": 25, "SIC": 201}, {"TRN": 3563})


def test_everything_that_a_target_report_holds_comes_back() -> None:
    one = plotted(
        identifiers=(
            Identifier("system_track", "25/201/7"),
            Identifier("icao24", "3c660c"),
            Identifier("mode3a", "7700", "NOT_VALIDATED_AND_GARBLED_AND_SMOOTHED"),
            Identifier("callsign", "DLH65A"),
            Identifier("mode2", "1234", "GARBLED"),
            Identifier("mode1", "73"),
        ),
        environment=Environment.AIR,
        platform="ROTARY_WING",
        classifications=(Classification(type="HELICOPTER", scheme="ASTERIX_WE"),),
        status=Status(
            confirmed=False,
            coasted=False,
            ended=True,
            simulated=True,
            test=True,
            spi=True,
            on_ground=False,
            military_emergency=True,
            ghost=True,
            iff_mode4="NO_REPLY",
        ),
        moving={
            "altitude_baro_m": 3048.0,
            "altitude_quality": "NOT_VALIDATED",
            "altitude_msl_m": 10_000 * FOOT,
            "course_deg": 90.0,
            "ground_speed_mps": 0.125 * 1852,
            "accuracy": Accuracy(
                horizontal_95_m=2.4477 * 0.125 * 1852, speed_95_mps=1.96 * 1852 / 1024, course_95_deg=1.96 * 360 / 4096
            ),
            "polar": Polar(
                sensor="asterix:25/201",
                range_m=18_520.0 * 30,
                azimuth_deg=359.9999,
                range_rate_mps=-120.0,
                north="TRUE",
            ),
        },
    )
    encoded = encode(one, category=48)
    assert encoded.losses == ()
    (other,) = back(encoded)
    assert other.identifiers == one.identifiers
    assert (other.environment, other.platform) == (one.environment, one.platform)
    assert other.classifications == one.classifications
    assert other.status == one.status
    found, wanted = state(other), state(one)
    for name in ("altitude_baro_m", "altitude_msl_m", "course_deg", "ground_speed_mps"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name)), name
    assert found.altitude_quality == "NOT_VALIDATED"
    assert found.accuracy is not None
    assert found.accuracy.horizontal_95_m == pytest.approx(2.4477 * 0.125 * 1852)
    assert found.polar is not None
    assert found.polar.range_m == pytest.approx(555_600.0, abs=3.7)  # beyond 256 NM: the expansion field
    assert found.polar.azimuth_deg == 0.0
    assert found.polar.range_rate_mps == -120.0


@pytest.mark.parametrize(
    "fields",
    [
        {"polar": None},
        {"polar": Polar(sensor="x", range_m=1.0)},
        {"polar": Polar(sensor="x", azimuth_deg=1.0)},
        {"polar": Polar(sensor="x", range_m=1.0, azimuth_deg=1.0, north="MAGNETIC")},
        {"polar": Polar(sensor="x", range_m=1e9, azimuth_deg=1.0)},
        {"polar": Polar(sensor="x", range_m=-1.0, azimuth_deg=1.0)},
    ],
)
def test_a_track_that_no_radar_measured_is_no_target_report(fields: Any) -> None:
    encoded = encode(plotted(moving=fields), category=48)
    assert [problem.code.id for problem in encoded.problems] == ["AST-030"]
    assert encoded.frames == ()


def test_an_end_of_track_needs_no_measurement() -> None:
    ended = track(identifiers=(Identifier("system_track", "25/201/9"),), status=Status(ended=True))
    (item,) = items(encode(ended, category=48), 48)
    assert item["170"]["TRE"] == 1
    assert "040" not in item
    assert item["161"] == {"TRN": 9}


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"identity": IdentityGroup(value=Identity.FRIEND)}, "identity.value", "NO_TARGET"),
        ({"moving": {"position": Position(1.0, 2.0)}}, "state.position", "NO_TARGET"),
        ({"moving": {"altitude_hae_m": 1.0}}, "state.altitude_hae_m", "NO_DATUM"),
        ({"moving": {"vertical_rate_mps": 1.0}}, "state.vertical_rate_mps", "NO_TARGET"),
        ({"moving": {"ground_speed_mps": 1.0}}, "state.ground_speed_mps", "NO_TARGET"),
        ({"moving": {"ground_speed_mps": 9e3, "course_deg": 1.0}}, "state.ground_speed_mps", "OUT_OF_RANGE"),
        ({"moving": {"accuracy": Accuracy(horizontal_95_m=5.0)}}, "state.accuracy.horizontal_95_m", "NO_TARGET"),
        ({"moving": {"altitude_baro_m": 1e6}}, "state.altitude_baro_m", "OUT_OF_RANGE"),
        ({"status": Status(emergency="GENERAL")}, "status.emergency", "NO_TARGET"),
        ({"status": Status(on_ground=True)}, "status.on_ground", "NO_TARGET"),
        ({"identifiers": (Identifier("mode1", "77"),)}, "identifiers.mode1", "OUT_OF_RANGE"),
        ({"identifiers": (Identifier("mode2", "1"),)}, "identifiers.mode2", "OUT_OF_RANGE"),
        ({"environment": Environment.SPACE}, "environment", "NO_CODE"),
        ({"platform": "UAV"}, "platform", "NO_CODE"),
    ],
)
def test_what_a_target_report_cannot_hold_is_a_loss_with_its_reason(fields: Any, field: str, reason: str) -> None:
    encoded = encode(plotted(**fields), category=48)
    assert encoded.problems == ()
    assert losses(encoded).get(field) == reason
