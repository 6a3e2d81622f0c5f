"""Every element of a datagram where it stands: the view of `translate --trace`."""

from __future__ import annotations

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.asterix.bits import Leaf
from gateway.formats.asterix.records import CODECS
from gateway.stages import Frame

CANONICAL = {
    "I048/010": "identifiers.system_track",
    "I048/140": "state.time",
    "I048/020.TYP": "status.coasted",
    "I048/020.SIM": "status.simulated",
    "I048/020.SPI": "status.spi",
    "I048/020.RAB": "status.test",
    "I048/020.TST": "status.test",
    "I048/020.ME": "status.military_emergency",
    "I048/020.FOEFRI": "status.iff_mode4",
    "I048/030": "classifications",
    "I048/040.RHO": "state.polar.range_m",
    "I048/040.THETA": "state.polar.azimuth_deg",
    "I048/050": "identifiers.mode2",
    "I048/055": "identifiers.mode1",
    "I048/070": "identifiers.mode3a",
    "I048/090.FL": "state.altitude_baro_m",
    "I048/090": "state.altitude_quality",
    "I048/110.3DH": "state.altitude_msl_m",
    "I048/120.CAL.CAL": "state.polar.range_rate_mps",
    "I048/161": "identifiers.system_track",
    "I048/170.CNF": "status.confirmed",
    "I048/170.TRE": "status.ended",
    "I048/170.GHO": "status.ghost",
    "I048/200.GSP": "state.ground_speed_mps",
    "I048/200.HDG": "state.course_deg",
    "I048/210.SIGV": "state.accuracy.speed_95_mps",
    "I048/210.SIGH": "state.accuracy.course_95_deg",
    "I048/210": "state.accuracy.horizontal_95_m",
    "I048/220": "identifiers.icao24",
    "I048/230.STAT": "status.on_ground",
    "I048/240": "identifiers.callsign",
    "I062/010": "identifiers.system_track",
    "I062/015": "identifiers.asterix_service",
    "I062/040": "identifiers.system_track",
    "I062/060": "identifiers.mode3a",
    "I062/070": "state.time",
    "I062/080.MON": "status.mono_sensor",
    "I062/080.SPI": "status.spi",
    "I062/080.CNF": "status.confirmed",
    "I062/080.SIM": "status.simulated",
    "I062/080.TSE": "status.ended",
    "I062/080.TSB": "status.started",
    "I062/080.AMA": "status.amalgamated",
    "I062/080.MD4": "status.iff_mode4",
    "I062/080.ME": "status.military_emergency",
    "I062/080.MD5": "status.iff_mode5",
    "I062/080.CST": "status.coasted",
    "I062/080.EMS": "status.emergency",
    "I062/080.PFT": "status.ghost",
    "I062/080.SFC": "status.on_ground",
    "I062/105.LAT": "state.position.latitude_deg",
    "I062/105.LON": "state.position.longitude_deg",
    "I062/110.PMN.PIN": "identifiers.mode5_pin",
    "I062/110.PMN.NAT": "identifiers.mode5_nation",
    "I062/110.PMN.MIS": "identifiers.mode5_mission",
    "I062/110.EM1.EM1": "identifiers.mode1",
    "I062/110.SUM": "status.iff_mode5",
    "I062/120": "identifiers.mode2",
    "I062/130": "state.altitude_hae_m",
    "I062/135": "state.altitude_qnh_m",
    "I062/136": "state.altitude_baro_m",
    "I062/185": "state.ground_speed_mps",
    "I062/210.AX": "state.acceleration_east_mps2",
    "I062/210.AY": "state.acceleration_north_mps2",
    "I062/220": "state.vertical_rate_mps",
    "I062/245": "identifiers.callsign",
    "I062/270.LENGTH": "dimensions.length_m",
    "I062/270.ORIENTATION": "state.heading_deg",
    "I062/270.WIDTH": "dimensions.width_m",
    "I062/300": "classifications",
    "I062/340.SID": "sources",
    "I062/340.POS.RHO": "state.polar.range_m",
    "I062/340.POS.THETA": "state.polar.azimuth_deg",
    "I062/380.ADR": "identifiers.icao24",
    "I062/380.ID": "identifiers.callsign",
    "I062/380.MHG": "state.magnetic_heading_deg",
    "I062/380.IAS": "state.indicated_airspeed_mps",
    "I062/380.TAS": "state.true_airspeed_mps",
    "I062/380.COM.STAT": "status.on_ground",
    "I062/380.SAB.STAT": "status.emergency",
    "I062/380.BVR": "state.vertical_rate_mps",
    "I062/380.GVR": "state.vertical_rate_mps",
    "I062/380.TAR.ROT": "state.turn_rate_degps",
    "I062/380.TAN": "state.course_deg",
    "I062/380.GS": "state.ground_speed_mps",
    "I062/380.EMC": "classifications",
    "I062/380.POS.LAT": "state.position.latitude_deg",
    "I062/380.POS.LON": "state.position.longitude_deg",
    "I062/380.GAL": "state.altitude_hae_m",
    "I062/380.IAR": "state.indicated_airspeed_mps",
    "I062/380.MAC": "state.mach",
    "I062/390.CS": "identifiers.flight_plan",
    "I062/390.TAC": "classifications",
    "I062/500.APC": "state.accuracy.horizontal_95_m",
    "I062/500.COV": "state.covariance",
    "I062/500.APW": "state.accuracy.horizontal_95_m",
    "I062/500.AGA": "state.accuracy.vertical_95_m",
    "I062/500.ABA": "state.accuracy.vertical_95_m",
    "I062/500.ATV": "state.accuracy.speed_95_mps",
    "I062/510": "identifiers.composed_track",
}
"""Item, or field of an item, to the canonical field that it becomes; the longest match counts."""


def canonical(path: str) -> str:
    """The canonical name of an element such as ``I062/105.LAT``; empty when it stays in the raw record only."""
    name = path.replace("[", ".[")
    while name:
        if name in CANONICAL:
            return CANONICAL[name]
        name = name.rpartition(".")[0]
    return ""


def trace(frame: Frame) -> list[FieldTrace]:
    """The elements of every record that can be read, and a line for each place where reading stopped."""
    data = frame.octets
    found: list[FieldTrace] = []
    place = 0
    while place + 3 <= len(data):
        category, length = data[place], int.from_bytes(data[place + 1 : place + 3], "big")
        found.append(_line(place, data[place : place + 3], f"CAT{category:03d}", str(length), "octets"))
        end = place + length
        if length < 3 or end > len(data):
            found.append(_line(place, b"", f"CAT{category:03d}", "the stated length is not usable"))
            return found
        codec = CODECS.get(category)
        if codec is not None:
            found += _records(data, place + 3, end, category)
        place = end
    if place < len(data):
        found.append(_line(place, data[place:], "", "octets behind the last block"))
    return found


def _records(data: bytes, start: int, end: int, category: int) -> list[FieldTrace]:
    codec = CODECS[category]
    found: list[FieldTrace] = []
    place = start
    while place < end:
        try:
            after = codec.layout.size(data, place, end)
            fspec = codec.layout.plan(data, place, end).length
        except FormatError as error:
            found.append(_line(place, b"", codec.name, str(error)))
            return found
        found.append(_line(place, data[place : place + fspec], f"{codec.name}/FSPEC", f"{after - place}", "octets"))
        found += [_leaf(leaf) for leaf in codec.leaves(data[place:after], place)]
        place = after
    return found


def _leaf(leaf: Leaf) -> FieldTrace:
    value = f"{leaf.value:.12g}" if isinstance(leaf.value, float) else str(leaf.value)
    return FieldTrace(
        offset=leaf.offset,
        raw=leaf.raw.hex(),
        item=leaf.path,
        value=value,
        unit=leaf.unit,
        canonical=canonical(leaf.path),
    )


def _line(offset: int, raw: bytes, item: str, value: str, unit: str = "") -> FieldTrace:
    return FieldTrace(offset=offset, raw=raw.hex(), item=item, value=value, unit=unit)
