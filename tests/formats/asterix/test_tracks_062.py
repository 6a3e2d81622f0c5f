"""CAT062 to canonical: every value in its place, nothing invented, what stays raw is listed."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.formats.asterix import CODECS
from gateway.track import Classification, Covariance, Dimensions, Environment, Position
from tests.formats.asterix.making import (
    STATUS_1,
    STATUS_2,
    STATUS_3,
    STATUS_4,
    STATUS_5,
    STATUS_6,
    lost,
    names,
    octets_062,
    state,
    status,
    track_062,
)

FOOT = 0.3048


def test_identifiers_stand_in_the_order_of_the_contract() -> None:
    track = track_062(
        {
            "015": 3,
            "060": {"V": 1, "G": 0, "CH": 1, "MODE3A": "7501"},
            "120": {"MODE2": "0421"},
            "245": {"STI": 2, "CHR": "SPLRA   "},
            "380": {"ADR": 0x4CA7A8, "ID": "RYR108K "},
            "390": {"CS": "RYR108K", "TAC": "B738"},
            "510": [{"IDENT": 11, "TRACK": 448}, {"IDENT": 12, "TRACK": 7}],
            "110": {"PMN": {"PIN": 9000, "NAT": 17, "MIS": 4}, "EM1": {"EM1": "7340"}},
        }
    )
    assert names(track) == [
        ("system_track", "70/16/1473", None),
        ("icao24", "4ca7a8", None),
        ("mode3a", "7501", "NOT_VALIDATED_AND_CHANGED"),
        ("callsign", "RYR108K", None),
        ("registration", "SPLRA", "NOT_DOWNLINKED"),
        ("flight_plan", "RYR108K", None),
        ("mode2", "0421", None),
        ("mode1", "7340", None),
        ("mode5_pin", "9000", None),
        ("mode5_nation", "17", None),
        ("mode5_mission", "4", None),
        ("composed_track", "11/448", "MASTER"),
        ("composed_track", "12/7", None),
        ("asterix_service", "3", None),
    ]
    assert Classification(type="B738", scheme="ICAO_TYPE_DESIGNATOR") in track.classifications


def test_the_kinds_of_height_are_kept_apart() -> None:
    uncorrected: dict[str, Any] = {"135": {"QNH": 0, "CTB": 100.25}}
    corrected: dict[str, Any] = {"135": {"QNH": 1, "CTB": 99.5}}
    tracked = state(track_062(uncorrected))
    assert (tracked.altitude_baro_m, tracked.altitude_qnh_m) == (pytest.approx(100.25 * 100 * FOOT), None)
    both = state(track_062({**corrected, "136": 101.0, "130": 10_000.0}))
    assert both.altitude_baro_m == pytest.approx(10_100 * FOOT)
    assert both.altitude_qnh_m == pytest.approx(9_950 * FOOT)
    assert both.altitude_hae_m == pytest.approx(10_000 * FOOT)
    assert both.altitude_msl_m is None


def test_a_measured_level_stands_before_a_tracked_one_and_the_difference_is_listed() -> None:
    same = track_062({"136": 100.0, "135": {"QNH": 0, "CTB": 100.0}})
    other = track_062({"136": 100.0, "135": {"QNH": 0, "CTB": 101.0}})
    assert state(other).altitude_baro_m == pytest.approx(10_000 * FOOT)
    assert "I062/135" in lost(other)
    assert "I062/135" not in lost(same)


def test_velocity_becomes_course_and_speed() -> None:
    quadrants = {(10.0, 10.0): 45.0, (10.0, -10.0): 135.0, (-10.0, -10.0): 225.0, (-10.0, 10.0): 315.0}
    for (east, north), course in quadrants.items():
        moving = state(track_062({"185": {"VX": east, "VY": north}}))
        assert moving.course_deg == pytest.approx(course)
        assert moving.ground_speed_mps == pytest.approx(200**0.5)
    still = state(track_062({"185": {"VX": 0.0, "VY": 0.0}}))
    assert (still.course_deg, still.ground_speed_mps) == (None, 0.0)


def test_acceleration_and_vertical_rate_are_si() -> None:
    found = state(track_062({"210": {"AX": -1.5, "AY": 2.25}, "220": -6.25}))
    assert (found.acceleration_east_mps2, found.acceleration_north_mps2) == (-1.5, 2.25)
    assert found.vertical_rate_mps == pytest.approx(-6.25 * FOOT / 60)


def test_an_implausible_climb_of_a_real_source_is_carried_as_it_is() -> None:
    """98D0h was seen in real records: -165,100 ft/min."""
    found = state(track_062({"220": -165_100.0}))
    assert found.vertical_rate_mps == pytest.approx(-165_100 * FOOT / 60)
    assert state(track_062({"136": -50.0})).altitude_baro_m == pytest.approx(-5_000 * FOOT)


def test_status_facts_are_separate_and_absent_where_the_source_says_nothing() -> None:
    short = status(track_062({}))
    assert (short.confirmed, short.mono_sensor, short.spi) == (True, False, False)
    assert (short.started, short.ended, short.coasted, short.emergency, short.on_ground) == (None,) * 5
    full: dict[str, Any] = {**STATUS_1, **STATUS_2, **STATUS_3, **STATUS_4, **STATUS_5, **STATUS_6}
    full.update(MON=1, SPI=1, CNF=1, SIM=1, TSB=1, AMA=1, ME=1, MD4=1, MD5=3, CST=1, EMS=5, PFT=1, SFC=1)
    found = status(track_062({"080": full}))
    assert found.mono_sensor
    assert found.spi
    assert found.confirmed is False
    assert found.simulated
    assert (found.started, found.ended) == (True, False)
    assert found.amalgamated
    assert found.military_emergency
    assert (found.iff_mode4, found.iff_mode5) == ("FRIENDLY", "NO_REPLY")
    assert found.coasted
    assert found.emergency == "UNLAWFUL_INTERFERENCE"
    assert found.ghost
    assert found.on_ground


def test_an_answer_to_an_interrogation_is_evidence_and_not_an_identity() -> None:
    for answer in (1, 2, 3):
        assert track_062({"080": {**STATUS_1, **STATUS_2, **STATUS_3, "MD4": answer, "MD5": answer}}).identity is None


def test_age_bits_say_what_is_too_old_and_name_no_contributor() -> None:
    """PSR, SSR, MDS and ADS are inverted: set means that the last update is older than a threshold."""
    fresh: Any = {**STATUS_1, **STATUS_2, **STATUS_3, **STATUS_4}
    stale = {**fresh, "PSR": 1, "SSR": 1, "MDS": 1, "ADS": 1}
    with_bits, without = track_062({"080": stale}), track_062({"080": fresh})
    assert [source.modality for source in with_bits.sources] == ["SDPS"]
    assert with_bits.status == without.status
    assert "I062/080" in lost(with_bits)
    assert "I062/080" not in lost(without)


def test_only_the_fourth_octet_says_that_a_track_coasts() -> None:
    assert status(track_062({"080": {**STATUS_1, **STATUS_2, **STATUS_3}})).coasted is None
    assert status(track_062({"080": {**STATUS_1, **STATUS_2, **STATUS_3, **STATUS_4}})).coasted is False


def test_emergency_and_ground_come_from_the_aircraft_where_the_tracker_is_silent() -> None:
    sab = {"AC": 0, "MN": 0, "DC": 0, "GBS": 1, "STAT": 4}
    com = {"COM": 1, "STAT": 5, "SSC": 0, "ARC": 0, "AIC": 0, "B1A": 0, "B1B": 0}
    found = status(track_062({"380": {"SAB": sab, "COM": com}}))
    assert (found.emergency, found.on_ground, found.spi) == ("NO_COMMUNICATIONS", True, True)
    airborne = status(track_062({"380": {"COM": {**com, "STAT": 0}}}))
    assert airborne.on_ground is False


def test_a_mode_5_summary_speaks_only_when_it_is_authenticated() -> None:
    summary = dict.fromkeys(("M5", "ID", "DA", "M1", "M2", "M3", "MC", "X"), 0)
    assert status(track_062({"110": {"SUM": {**summary, "M5": 1, "ID": 1}}})).iff_mode5 == "FRIENDLY"
    assert status(track_062({"110": {"SUM": {**summary, "M5": 1}}})).iff_mode5 is None


def test_emitter_and_vehicle_say_what_it_is() -> None:
    drone = track_062({"380": {"EMC": 13}})
    assert drone.platform == "UAV"
    assert drone.classifications == (Classification(type="13", scheme="ASTERIX_ECAT"),)
    truck = track_062({"300": 3, "060": {"V": 0, "G": 0, "CH": 0, "MODE3A": "1000"}})
    assert (truck.platform, truck.environment) == ("GROUND_VEHICLE", Environment.LAND)
    assert truck.classifications == (Classification(type="3", scheme="ASTERIX_VFI"),)
    assert track_062({"060": {"V": 0, "G": 0, "CH": 0, "MODE3A": "1000"}}).environment is Environment.AIR
    assert track_062({}).environment is Environment.UNKNOWN


def test_size_and_orientation() -> None:
    track = track_062({"270": {"LENGTH": 40, "ORIENTATION": 90.0, "WIDTH": 35}})
    assert track.dimensions == Dimensions(length_m=40.0, width_m=35.0)
    assert state(track).heading_deg == 90.0
    alone = track_062({"270": {"LENGTH": 12}})
    assert (alone.dimensions, state(alone).heading_deg) == (Dimensions(length_m=12.0), None)


def test_accuracy_is_a_95_percent_bound_with_its_basis() -> None:
    found = state(
        track_062({"500": {"APC": {"X": 10.0, "Y": 20.0}, "COV": -5.0, "AGA": 12.5, "ATV": {"X": 1.0, "Y": 2.0}}})
    )
    assert found.accuracy is not None
    assert found.accuracy.basis == "SIGMA_XY"
    assert found.accuracy.horizontal_95_m == pytest.approx(2.4477 * 20)
    assert found.accuracy.vertical_95_m == pytest.approx(1.96 * 12.5 * FOOT)
    assert found.accuracy.speed_95_mps == pytest.approx(1.96 * 2)
    assert found.covariance == Covariance("EN", (100.0, -25.0, 400.0))


def test_accuracy_in_degrees_becomes_metres_at_the_latitude() -> None:
    lsb = 180 / 2**25
    found = state(track_062({"105": {"LAT": 60.0, "LON": 0.0}, "500": {"APW": {"LAT": 100 * lsb, "LON": 300 * lsb}}}))
    assert found.accuracy is not None
    assert found.accuracy.basis == "SIGMA_LATLON"
    assert found.accuracy.horizontal_95_m == pytest.approx(2.4477 * 300 * lsb * 111_120 / 2, rel=1e-3)
    assert state(track_062({"500": {"ARC": 6.25}})).accuracy is None  # no place for it, and nothing made up
    barometric = state(track_062({"500": {"ABA": 1.0}}))
    assert barometric.accuracy is not None
    assert barometric.accuracy.vertical_95_m == pytest.approx(1.96 * 30.48)


def test_the_polar_original_of_the_last_sensor_is_kept_with_the_sensor_as_source() -> None:
    track = track_062({"340": {"SID": {"SAC": 25, "SIC": 201}, "POS": {"RHO": 100.5, "THETA": 45.0}}})
    polar = state(track).polar
    assert polar is not None
    assert (polar.sensor, polar.range_m, polar.azimuth_deg) == ("asterix:25/201", 100.5 * 1852, 45.0)
    assert (polar.north, polar.correction) == ("TRUE", None)
    assert [source.id for source in track.sources] == ["src-70-16", "src-25-201"]
    assert "I062/340" not in lost(track)
    assert state(track).position is None


def test_what_the_aircraft_says_of_itself() -> None:
    own: dict[str, Any] = {
        "MHG": 90.0,
        "TAS": 450,
        "TAR": {"TI": 1, "ROT": -3.0},
        "IAR": 250,
        "MAC": 0.784,
    }
    found = state(track_062({"380": own}))
    assert found.magnetic_heading_deg == 90.0
    assert found.true_airspeed_mps == pytest.approx(450 * 1852 / 3600)
    assert found.turn_rate_degps == -3.0
    assert found.indicated_airspeed_mps == pytest.approx(250 * 1852 / 3600)
    assert found.mach == pytest.approx(0.784)
    speed = state(track_062({"380": {"IAS": {"IM": 0, "IAS": 0.0625}}}))
    assert (speed.indicated_airspeed_mps, speed.mach) == (0.0625 * 1852, None)
    mach = state(track_062({"380": {"IAS": {"IM": 1, "IAS": 0.801}}}))
    assert (mach.indicated_airspeed_mps, mach.mach) == (None, pytest.approx(0.801))


def test_the_aircraft_stands_in_only_where_the_tracker_is_silent() -> None:
    own: dict[str, Any] = {
        "TAN": 180.0, "GS": 0.125, "GVR": 625.0, "POS": {"LAT": 10.0, "LON": 20.0}, "GAL": 10_000.0,
    }  # fmt: skip
    alone = track_062({"380": own})
    assert state(alone).course_deg == 180.0
    assert state(alone).ground_speed_mps == 0.125 * 1852
    assert state(alone).vertical_rate_mps == pytest.approx(625 * FOOT / 60)
    assert state(alone).altitude_hae_m == pytest.approx(10_000 * FOOT)
    position = state(alone).position
    assert position is not None
    assert position.latitude_deg == pytest.approx(10.0, abs=90 / 2**23)
    assert "I062/380" not in lost(alone)
    tracker = {"105": {"LAT": 50.0, "LON": 20.0}, "185": {"VX": 0.0, "VY": 100.0}, "220": 0.0, "130": 5_000.0}
    both = track_062({"380": own, **tracker})
    assert state(both).course_deg == 0.0
    assert state(both).vertical_rate_mps == 0.0
    assert state(both).altitude_hae_m == pytest.approx(5_000 * FOOT)
    assert "I062/380" in lost(both)


def test_the_antimeridian_has_one_longitude() -> None:
    assert state(track_062({"105": {"LAT": 0.0, "LON": -180.0}})).position == Position(0.0, 180.0)


def test_the_raw_record_is_the_record_itself() -> None:
    octets = octets_062({"SP": b"\x00\x20", "RE": b"\x01\x02"})
    track = track_062({"SP": b"\x00\x20", "RE": b"\x01\x02"})
    assert track.raw is not None
    assert (track.raw.format, track.raw.octets) == ("ASTERIX_062", octets)
    assert lost(track) == ["I062/RE", "I062/SP"]


def test_provenance_names_the_gateway_the_format_and_the_mapping() -> None:
    (step,) = track_062({"100": {"X": 1.0, "Y": 1.0}, "390": {"CS": "ABC    ", "DEP": "EPWA"}}, node="pol").provenance
    assert (step.gateway, step.input_format, step.mapping_id) == ("pol", "ASTERIX_062", "asterix-062/1.21")
    assert [loss.field for loss in step.losses] == ["I062/100", "I062/390"]


def test_the_operator_names_sources_and_nations_and_the_sac_does_not() -> None:
    named = track_062({}, sources={"70/16": {"name": "SDPS Warszawa", "nation": "POL"}})
    assert (named.sources[0].name, named.sources[0].nation, named.sources[0].modality) == (
        "SDPS Warszawa",
        "POL",
        "SDPS",
    )
    assert track_062({}, nation="NLD").sources[0].nation == "NLD"
    assert track_062({}, nation="NLD", sources={"70/16": {"name": "x"}}).sources[0].nation == "NLD"
    assert track_062({}, nation="NLD", sources={"70/16": {"nation": "unknown"}}).sources[0].nation is None
    unknown = track_062({}, sources={"70/16": {"nation": "unknown"}})
    assert (unknown.sources[0].name, unknown.sources[0].nation) == ("70/16", None)
    assert track_062({"010": {"SAC": 0, "SIC": 0}}).sources[0].id == "src-0-0"


def test_movement_and_ages_travel_as_an_extension_on_request() -> None:
    items: dict[str, Any] = {
        "200": {"TRANS": 1, "LONG": 0, "VERT": 2, "ADF": 0}, "290": {"PSR": 2.5, "SSR": 0.0}, "295": {"MFL": 1.25},
    }  # fmt: skip
    plain = track_062(items)
    assert plain.extensions == ()
    assert lost(plain) == ["I062/200", "I062/290", "I062/295"]
    track = track_062(items, leftovers=True)
    (extension,) = track.extensions
    assert lost(track) == []
    element = etree.fromstring(extension.xml)  # our own text
    assert element.get("trans") == "1"
    assert element.get("update-age-psr") == "2.5"
    assert element.get("data-age-mfl") == "1.25"
    assert etree.tostring(element, method="c14n", exclusive=True) == extension.xml.encode()
    assert track_062({}, leftovers=True).extensions == ()


def test_every_item_of_the_profile_is_modelled_or_listed() -> None:
    """One record with everything: what the track does not hold completely is named, item by item."""
    known = set(CODECS[62].category.items)
    modelled = {"010", "015", "040", "060", "070", "105", "120", "130", "136", "185", "210", "220", "245", "270", "300"}
    modelled |= {"510"}
    sometimes = {"080", "110", "135", "340", "380", "390", "500"}
    always_raw = {"100", "200", "290", "295", "RE", "SP"}
    assert known == modelled | sometimes | always_raw
