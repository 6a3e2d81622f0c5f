"""CAT048 to canonical: the polar original, what a site makes of it, and what the radar says against its own data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.formats.asterix import CODECS, FORMAT, block
from gateway.geodesy import LineOfSight, Site
from gateway.track import Classification, Environment, Track
from tests.formats.asterix import recordings
from tests.formats.asterix.making import (
    DESCRIPTOR_1,
    DESCRIPTOR_2,
    SITE,
    TRACK_1,
    TRACK_2,
    decoded,
    frame,
    lost,
    names,
    octets_048,
    state,
    status,
    track_048,
)

LEVEL = {"V": 0, "G": 0, "FL": 330.0}
PLACE = {"RHO": 100.0, "THETA": 45.0}
CODE = {"V": 0, "G": 0, "L": 0, "MODE3A": "1000"}


def test_identifiers_carry_what_the_radar_says_against_them() -> None:
    track = track_048(
        {
            "220": 0x3C660C,
            "070": {"V": 1, "G": 1, "L": 1, "MODE3A": "7700"},
            "240": "DLH65A  ",
            "050": {"V": 0, "G": 1, "L": 0, "MODE2": "1234"},
            "055": {"V": 0, "G": 0, "L": 0, "MODE1": 0b111_11},
        }
    )
    assert names(track) == [
        ("system_track", "25/201/3563", None),
        ("icao24", "3c660c", None),
        ("mode3a", "7700", "NOT_VALIDATED_AND_GARBLED_AND_SMOOTHED"),
        ("callsign", "DLH65A", None),
        ("mode2", "1234", "GARBLED"),
        ("mode1", "73", None),
    ]


def test_an_all_zero_or_blank_call_sign_is_none() -> None:
    for text in ("@@@@@@@@", "        "):
        assert [name for name, *_ in names(track_048({"240": text}))] == ["system_track"]
    assert names(track_048({"240": "AB_1    "}))[1] == ("callsign", "AB_1", "ILLEGAL_CHARACTERS")


def test_a_plot_without_a_track_number_has_no_lasting_name() -> None:
    assert names(track_048({"161": None, "070": CODE})) == [("mode3a", "1000", None)]


def test_without_a_site_there_is_the_polar_original_and_no_point() -> None:
    found = state(track_048({"040": PLACE, "090": LEVEL}))
    assert found.position is None
    assert found.polar is not None
    assert found.polar.range_m == 185_200.0
    assert found.polar.azimuth_deg == 45.0
    assert found.polar.sensor_position is None
    assert found.polar.correction is None


def test_with_a_site_the_point_says_which_height_corrected_the_slant_range() -> None:
    expected = LineOfSight(Site(latitude_deg=43.5, longitude_deg=16.25, altitude_msl_m=780.0))
    level = state(track_048({"040": PLACE, "090": LEVEL}, sites=SITE))
    assert level.polar is not None
    assert level.polar.correction == "PRESSURE_ALTITUDE"
    assert level.polar.sensor_altitude_msl_m == 780.0
    assert level.polar.sensor_position is not None
    assert level.position == expected.point(range_m=185_200.0, azimuth_deg=45.0, height_m=330 * 25 * 4 * 0.3048)
    height = state(track_048({"040": PLACE, "090": LEVEL, "110": {"3DH": 30_000}}, sites=SITE))
    assert height.polar is not None
    assert height.polar.correction == "HEIGHT_3D"
    assert height.altitude_msl_m == pytest.approx(30_000 * 0.3048)
    assert height.position == expected.point(range_m=185_200.0, azimuth_deg=45.0, height_m=30_000 * 0.3048)


def test_a_primary_target_is_placed_only_at_a_height_that_the_operator_assumes() -> None:
    primary: dict[str, Any] = {"020": {**DESCRIPTOR_1, "TYP": 1}, "040": PLACE}
    assert state(track_048(primary, sites=SITE)).position is None
    assumed = state(track_048(primary, sites=SITE, assumed_height_m=5000))
    assert assumed.position is not None
    assert assumed.polar is not None
    assert assumed.polar.correction == "ASSUMED_HEIGHT"


def test_a_doubted_level_is_carried_with_its_mark_and_corrects_nothing() -> None:
    for v, g, mark in ((1, 0, "NOT_VALIDATED"), (0, 1, "GARBLED"), (1, 1, "NOT_VALIDATED_AND_GARBLED")):
        found = state(track_048({"040": PLACE, "090": {"V": v, "G": g, "FL": 330.0}}, sites=SITE))
        assert found.altitude_baro_m == pytest.approx(10_058.4)
        assert found.altitude_quality == mark
        assert found.position is None


def test_a_level_below_zero_is_carried() -> None:
    assert state(track_048({"090": {"V": 0, "G": 0, "FL": -2.5}})).altitude_baro_m == pytest.approx(-76.2)


def test_a_site_from_the_stream_counts_only_where_the_operator_allows_it() -> None:
    north = CODECS[34].write({"010": {"SAC": 25, "SIC": 201}, "000": 1, "120": {"HGT": 780, "LAT": 43.5, "LON": 16.25}})
    report = octets_048({"040": PLACE, "090": LEVEL})
    datagram = block(34, [north]) + block(48, [report])
    (refused,) = FORMAT.decoder().decode(frame(datagram)).tracks
    (allowed,) = FORMAT.decoder(site_from_stream=True).decode(frame(datagram)).tracks
    other = {"25/201": {**SITE["25/201"], "altitude_msl_m": 100.0}}
    (configured,) = FORMAT.decoder(site_from_stream=True, sites=other).decode(frame(datagram)).tracks
    assert state(refused).position is None
    assert state(allowed).position is not None
    assert configured.state is not None
    assert configured.state.polar is not None
    assert configured.state.polar.sensor_altitude_msl_m == 100.0


def test_a_range_beyond_256_miles_comes_from_the_expansion_field() -> None:
    far: dict[str, Any] = {
        "020": {**DESCRIPTOR_1, **DESCRIPTOR_2, "ERR": 1}, "040": {"RHO": 65535 / 256, "THETA": 45.0}, "090": LEVEL,
    }  # fmt: skip
    with_range = track_048({**far, "RE": b"\x08" + (300 * 256).to_bytes(3, "big")})
    without = track_048({**far, "RE": b"\x80\x00"})
    for track, expected in ((with_range, 300 * 1852.0), (without, None)):
        polar = state(track).polar
        assert polar is not None
        assert polar.range_m == expected
    assert state(track_048({**far}, sites=SITE)).position is None


def test_status_facts_of_the_report_and_of_the_track() -> None:
    report: Any = {**DESCRIPTOR_1, **DESCRIPTOR_2, "SIM": 1, "SPI": 1, "ME": 1, "FOEFRI": 2}
    found = status(track_048({"020": report, "170": {**TRACK_1, **TRACK_2, "CNF": 1, "TRE": 1, "GHO": 1}}))
    assert found.simulated
    assert found.spi
    assert found.military_emergency
    assert found.iff_mode4 == "UNKNOWN"
    assert found.confirmed is False
    assert found.ended
    assert found.ghost
    assert found.started is None
    plain = status(track_048({"170": TRACK_1}))
    assert (plain.confirmed, plain.ended, plain.coasted, plain.military_emergency) == (True, None, False, None)
    coasting = track_048({"020": {**DESCRIPTOR_1, "TYP": 0}})
    assert status(coasting).coasted is True
    assert state(coasting).time_quality == "TAGGED"


@pytest.mark.parametrize(("field", "octet"), [("RAB", DESCRIPTOR_1), ("TST", {**DESCRIPTOR_1, **DESCRIPTOR_2})])
def test_field_monitors_and_test_targets_are_tests(field: str, octet: dict[str, int]) -> None:
    assert status(track_048({"020": {**octet, field: 1}})).test is True
    assert status(track_048({"020": octet})).test is False


def test_flight_status_says_whether_it_is_on_the_ground() -> None:
    common = {"COM": 1, "SI": 0, "MSSC": 1, "ARC": 1, "AIC": 1, "B1A": 1, "B1B": 5}
    expected = {
        0: (False, False),
        1: (True, False),
        3: (True, False),
        4: (None, True),
        5: (None, True),
        7: (None, False),
    }
    for code, (ground, spi) in expected.items():
        found = status(track_048({"230": {**common, "STAT": code}}))
        assert (found.on_ground, found.spi) == (ground, spi)


def test_an_end_of_track_report_carries_almost_nothing() -> None:
    track = track_048({"170": {**TRACK_1, **TRACK_2, "TRE": 1}, "220": 0x3C660C})
    assert status(track).ended
    assert state(track).position is None
    assert state(track).polar is None
    assert state(track).ground_speed_mps is None


def test_target_classification_is_told_from_plot_warnings() -> None:
    bird = track_048({"030": [19, 13], "020": {**DESCRIPTOR_1, "TYP": 1}})
    assert bird.classifications == (Classification(type="BIRD", scheme="ASTERIX_WE"),)
    assert bird.environment is Environment.UNKNOWN
    assert "I048/030" in lost(bird)
    helicopter = track_048({"030": [24], "070": CODE})
    assert (helicopter.platform, helicopter.environment) == ("ROTARY_WING", Environment.AIR)
    assert "I048/030" not in lost(helicopter)
    assert status(track_048({"030": [1]})).ghost is True
    assert track_048({"030": [6]}).environment is Environment.LAND


def test_velocity_accuracy_and_doppler() -> None:
    track = track_048(
        {
            "040": PLACE,
            "200": {"GSP": 0.125, "HDG": 270.0},
            "210": {"SIGX": 0.125, "SIGY": 0.0625, "SIGV": 16 / 16384, "SIGH": 360 / 4096 * 10},
            "120": {"CAL": {"D": 0, "CAL": -120}},
        }
    )
    found = state(track)
    assert (found.ground_speed_mps, found.course_deg) == (231.5, 270.0)
    assert found.accuracy is not None
    assert found.accuracy.horizontal_95_m == pytest.approx(2.4477 * 0.125 * 1852)
    assert found.accuracy.speed_95_mps == pytest.approx(1.96 * 16 / 16384 * 1852)
    assert found.accuracy.course_95_deg == pytest.approx(1.96 * 360 / 4096 * 10)
    assert found.accuracy.basis == "SIGMA_XY"
    assert found.polar is not None
    assert found.polar.range_rate_mps == -120.0
    assert "I048/120" not in lost(track)
    assert "I048/120" in lost(track_048({"120": {"CAL": {"D": 0, "CAL": -120}}}))  # nowhere to stand without a polar
    doubtful = track_048({"040": PLACE, "120": {"CAL": {"D": 1, "CAL": 5}}})
    assert state(doubtful).polar is not None
    assert "I048/120" in lost(doubtful)
    assert state(track_048({"200": {"GSP": 0.0, "HDG": 90.0}})).course_deg is None


def test_comm_b_registers_agree_with_the_radar_that_carried_them() -> None:
    decoder = FORMAT.decoder()
    seen = 0
    for time, data in recordings.datagrams(recordings.PCAP):
        for track in decoder.decode(frame(data, time)).tracks:
            found = state(track)
            if found.magnetic_heading_deg is None:
                continue
            seen += 1
            assert found.course_deg is not None
            assert abs((found.magnetic_heading_deg - found.course_deg + 180) % 360 - 180) < 10  # drift and variation
            assert found.mach is not None
            assert 0.5 < found.mach < 0.9
            assert found.indicated_airspeed_mps is not None
            assert found.ground_speed_mps is not None
            assert 100 < found.indicated_airspeed_mps < found.ground_speed_mps
            assert found.vertical_rate_mps is not None
            assert abs(found.vertical_rate_mps) < 20
    assert seen == 18


def test_a_register_counts_only_where_its_status_bit_is_set() -> None:
    silent = track_048({"250": [{"MBDATA": 0, "BDS1": 6, "BDS2": 0}, {"MBDATA": 0, "BDS1": 5, "BDS2": 0}]})
    assert state(silent).mach is None
    assert state(silent).magnetic_heading_deg is None
    assert state(track_048({"250": [{"MBDATA": 2**56 - 1, "BDS1": 4, "BDS2": 0}]})).mach is None


# ------------------------------------------------------------------------------------------------------------ midnight


def shifted(block_: bytes, seconds: float) -> bytes:
    """A real block with its times of day moved, modulo a day."""
    codec = CODECS[block_[0]]
    records = []
    place = 3
    while place < len(block_):
        end = codec.layout.size(block_, place, len(block_))
        record: Any = codec.read(block_[place:end])
        item = "140" if block_[0] == 48 else "030"
        record[item] = (record[item] + seconds) % 86400
        records.append(codec.write(record))
        place = end
    return block(block_[0], records)


def test_a_real_recording_moved_across_midnight_keeps_its_ages() -> None:
    """Received from ten seconds after midnight on, with ages up to twenty: some are of the day before."""
    datagrams = recordings.datagrams(recordings.PCAP)
    start = datagrams[0][0]
    midnight = datetime(2016, 5, 6, tzinfo=UTC)
    move = midnight + timedelta(seconds=10) - start
    plain, moved = FORMAT.decoder(dedupe=False), FORMAT.decoder(dedupe=False)
    days = set()
    for time, data in datagrams:
        place = 0
        while place < len(data):
            length = int.from_bytes(data[place + 1 : place + 3], "big")
            octets = data[place : place + length]
            place += length
            ticks = round(move.total_seconds() * 128) / 128
            before: tuple[Track, ...] = plain.decode(frame(octets, time)).tracks
            after = moved.decode(frame(shifted(octets, ticks), time + timedelta(seconds=ticks))).tracks
            for one, other in zip(before, after, strict=True):
                age = state(other).time - state(one).time
                assert abs(age.total_seconds() - ticks) < 1e-5
                days.add(state(other).time.day)
    assert days == {5, 6}


@pytest.mark.parametrize(
    ("received", "tod", "expected"),
    [
        ("2026-03-01T00:00:05", 86399.0, "2026-02-28T23:59:59"),
        ("2026-02-28T23:59:58", 2.0, "2026-03-01T00:00:02"),
        ("2026-03-01T12:00:00", 0.0, "2026-03-01T00:00:00"),
        ("2026-03-01T11:59:59", 86399.9921875, "2026-02-28T23:59:59.992188"),
        ("2027-01-01T00:10:00", 86000.0, "2026-12-31T23:53:20"),
    ],
)
def test_the_day_is_the_one_nearest_to_the_reception(received: str, tod: float, expected: str) -> None:
    track = decoded(48, octets_048({"140": tod}), datetime.fromisoformat(received).replace(tzinfo=UTC))
    assert state(track).time == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert state(track).date_basis == "RECEIVED_TIME"
    assert state(track).time_quality == "MEASURED"


def test_every_item_of_the_profile_is_modelled_or_listed() -> None:
    record: dict[str, Any] = {
        "042": {"X": 1.0, "Y": 1.0}, "130": {"SRR": 5}, "170": TRACK_1, "250": [], "260": 1, "SP": b"\x01",
        "RE": b"\x00",
        "230": {"COM": 0, "STAT": 0, "SI": 0, "MSSC": 0, "ARC": 0, "AIC": 0, "B1A": 0, "B1B": 0},
    }  # fmt: skip
    names_ = ["020", "042", "130", "170", "230", "250", "260", "RE", "SP"]
    assert lost(track_048(record)) == [f"I048/{name}" for name in names_]
    modelled = {"010", "140", "040", "070", "090", "220", "240", "161", "200", "210", "110", "055", "050"}
    confidences = {"080", "100", "065", "060"}
    assert set(CODECS[48].category.items) == {*modelled, *names_, *confidences, "030", "120"}
