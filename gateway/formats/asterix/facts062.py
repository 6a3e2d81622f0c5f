"""CAT062 items that few distinct octets stand for: status, kind, accuracy; each result remembered by its octets."""

from __future__ import annotations

from math import cos, radians

from msgspec import Struct

from gateway.formats.asterix import names
from gateway.formats.asterix.items import CompoundCodec
from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.records import CODECS
from gateway.symbols import from_emitter_category
from gateway.track import Accuracy, Classification, Covariance, Dimensions, Environment, Identifier, Status

K95_RADIUS = 2.4477  # 95 % of a circular normal distribution lies within that many sigmas
K95 = 1.96  # and of a single normal variable
METRES_PER_DEGREE = 60 * 1852.0

ANSWERS = {1: "FRIENDLY", 2: "UNKNOWN", 3: "NO_REPLY"}
EMERGENCIES = {
    1: "GENERAL",
    2: "MEDICAL",
    3: "MINIMUM_FUEL",
    4: "NO_COMMUNICATIONS",
    5: "UNLAWFUL_INTERFERENCE",
    6: "DOWNED_AIRCRAFT",
    7: "UNDEFINED",
}
EMITTER_SCHEME = "ASTERIX_ECAT"
FLEET_SCHEME = "ASTERIX_VFI"
TYPE_SCHEME = "ICAO_TYPE_DESIGNATOR"

# Bits of I062/080, octet by octet, that the canonical status has no place for. PSR, SSR, MDS, ADS, MLAT and M5I say
# that an age was exceeded, not that the technology contributed: never to be read as a list of contributors.
_RAW_ONLY_BITS = (0x3C, 0x1E, 0x08, 0x7E, 0xC2, 0xEE, 0x80)


def status_lossy(octets: bytes) -> bool:
    """Whether I062/080 says something that is in the raw record only."""
    return any(octet & mask for octet, mask in zip(octets, _RAW_ONLY_BITS, strict=False))


def _status(key: tuple[bytes, bytes, bytes, bytes]) -> Status | None:
    """Status from I062/080, 380 COM, 380 SAB and 110 SUM."""
    i080, com, sab, sum5 = key
    facts: dict[str, object] = {}
    parts = len(i080)
    if parts > 0:
        facts.update(mono_sensor=bool(i080[0] & 0x80), spi=bool(i080[0] & 0x40), confirmed=not i080[0] & 0x02)
    if parts > 1:
        facts.update(simulated=bool(i080[1] & 0x80), ended=bool(i080[1] & 0x40), started=bool(i080[1] & 0x20))
    if parts > 2:
        facts.update(
            amalgamated=bool(i080[2] & 0x80),
            iff_mode4=ANSWERS.get(i080[2] >> 5 & 3),
            military_emergency=bool(i080[2] & 0x10),
            iff_mode5=ANSWERS.get(i080[2] >> 1 & 3),
        )
    if parts > 3:
        facts.update(coasted=bool(i080[3] & 0x80))
    if parts > 4:
        facts.update(emergency=EMERGENCIES.get(i080[4] >> 3 & 7), ghost=bool(i080[4] & 0x04))
    if com and com[0] >> 2 & 7 < 4:
        facts["on_ground"] = bool(com[0] >> 2 & 1)
    if (sab and sab[0] & 0x02) or (parts > 5 and i080[5] & 0x10):
        facts["on_ground"] = True
    if com and com[0] >> 2 & 7 in (4, 5):
        facts["spi"] = True
    if sab and not facts.get("emergency"):
        facts["emergency"] = EMERGENCIES.get(sab[1] & 7) if sab[1] & 7 != 7 else None
    if sum5 and not facts.get("iff_mode5") and sum5[0] & 0x80 and sum5[0] & 0x60:
        facts["iff_mode5"] = "FRIENDLY"  # an authenticated Mode 5 reply
    return Status(**facts) if facts else None  # type: ignore[arg-type]  # the names above are fields with those types


class Kind(Struct, frozen=True, gc=False):
    """What the object is."""

    classifications: tuple[Classification, ...]
    platform: str | None
    ground: bool


def _kind(key: tuple[bytes, str | None, bytes]) -> Kind:
    """Kind from I062/380 EMC, 390 TAC and 300."""
    emitter, aircraft_type, fleet = key
    found = []
    platform = None
    ground = False
    if emitter:
        found.append(Classification(type=str(emitter[0]), scheme=EMITTER_SCHEME))
        said = from_emitter_category(emitter[0], scheme="062")
        platform, ground = said.platform, said.environment is Environment.LAND
    if aircraft_type:
        found.append(Classification(type=aircraft_type, scheme=TYPE_SCHEME))
    if fleet:
        found.append(Classification(type=str(fleet[0]), scheme=FLEET_SCHEME))
        platform, ground = "GROUND_VEHICLE", True
    return Kind(tuple(found), platform, ground)


class Plan390(Struct, frozen=True, gc=False):
    """What the canonical track takes from the flight plan."""

    callsign: Identifier | None
    aircraft_type: str | None
    lossy: bool


_flight = CODECS[62].items["390"]
_accuracies = CODECS[62].items["500"]
_mode5 = CODECS[62].items["110"]
assert isinstance(_flight, CompoundCodec)
assert isinstance(_accuracies, CompoundCodec)
assert isinstance(_mode5, CompoundCodec)
_FLIGHT, _ACCURACIES, _MODE5 = _flight.layout, _accuracies.layout, _mode5.layout


def _flight_plan(octets: bytes) -> Plan390:
    """I062/390: callsign and type of aircraft."""
    parts, plan, _ = _FLIGHT.split(octets, 0, len(octets))
    callsign = names.ascii_text(parts[1])
    aircraft_type = names.ascii_text(parts[4])
    return Plan390(
        Identifier("flight_plan", callsign) if callsign else None,
        aircraft_type or None,
        any(index not in (1, 4) for index in plan.present),
    )


class Accuracies(Struct, frozen=True, gc=False):
    """I062/500 as bounds; `per_latitude` when the horizontal one still needs the latitude."""

    accuracy: Accuracy | None
    covariance: Covariance | None
    sigmas_deg: tuple[float, float] | None
    lossy: bool


def _bounds(octets: bytes) -> Accuracies:
    """I062/500: standard deviations to 95 % bounds; APC before APW, AGA before ABA."""
    (apc, cov, apw, aga, aba, atv, aa, arc), _, _ = _ACCURACIES.split(octets, 0, len(octets))
    horizontal = vertical = speed = None
    covariance = None
    sigmas = None
    if apc:
        x, y = int.from_bytes(apc[:2], "big") / 2, int.from_bytes(apc[2:], "big") / 2
        horizontal = K95_RADIUS * max(x, y)
        if cov:
            root = int.from_bytes(cov, "big", signed=True) / 2  # sign times root of the covariance
            covariance = Covariance("EN", (x * x, root * abs(root), y * y))
    elif apw:
        lsb = 180 / 2**25
        sigmas = int.from_bytes(apw[:2], "big") * lsb, int.from_bytes(apw[2:], "big") * lsb
    if aga:
        vertical = K95 * aga[0] * 6.25 * 0.3048
    elif aba:
        vertical = K95 * aba[0] * 25 * 0.3048
    if atv:
        speed = K95 * max(atv) / 4
    basis = "SIGMA_XY" if apc else "SIGMA_LATLON" if apw else "SIGMA"
    accuracy = None
    if horizontal is not None or vertical is not None or speed is not None or sigmas is not None:
        accuracy = Accuracy(horizontal_95_m=horizontal, vertical_95_m=vertical, speed_95_mps=speed, basis=basis)
    kept = bool(aa or arc or (apc and not cov) or (cov and not apc) or (apc and apw) or apw or (aga and aba) or atv)
    return Accuracies(accuracy, covariance, sigmas, kept)


def horizontal_95_m(sigmas_deg: tuple[float, float], latitude_deg: float) -> float:
    """The 95 % radius of I062/500 APW at a latitude."""
    north = sigmas_deg[0] * METRES_PER_DEGREE
    east = sigmas_deg[1] * METRES_PER_DEGREE * cos(radians(latitude_deg))
    return K95_RADIUS * max(north, east)


def _size(octets: bytes) -> tuple[Dimensions, float | None]:
    """I062/270: length, orientation of the nose, width."""
    heading = (octets[1] >> 1) * 360 / 128 if len(octets) > 1 else None
    width = float(octets[2] >> 1) if len(octets) > 2 else None
    return Dimensions(length_m=float(octets[0] >> 1), width_m=width), heading


def mode_5(octets: bytes) -> tuple[bytes, bytes, bytes, bool]:
    """SUM, PMN and EM1 of I062/110, and whether there is more."""
    parts, plan, _ = _MODE5.split(octets, 0, len(octets))
    return parts[0], parts[1], parts[4], any(index not in (1, 4) for index in plan.present)


statuses = Memo(_status)
kinds = Memo(_kind)
flight_plans = Memo(_flight_plan, 8192)
accuracies = Memo(_bounds, 8192)
sizes = Memo(_size)


def environment(*, ground: bool, air: bool) -> Environment:
    """Land for what is known as a vehicle or obstacle, air for what flies by its own word, else unknown."""
    return Environment.LAND if ground else Environment.AIR if air else Environment.UNKNOWN
