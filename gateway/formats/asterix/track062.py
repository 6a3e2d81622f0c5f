"""CAT062 records (edition 1.21) to canonical tracks: what a surveillance data processing system believes."""

from __future__ import annotations

from math import atan2, degrees, hypot
from struct import Struct

from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.asterix import aircraft, codes, facts062, leftovers, names
from gateway.formats.asterix.layout import Plan
from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.session import Session
from gateway.formats.asterix.track048 import ANGLE_LSB_DEG, QUARTER_FL_M, RANGE_LSB_M, impossible, instant, missing
from gateway.track import (
    Accuracy,
    Covariance,
    Identifier,
    Loss,
    Polar,
    Position,
    Provenance,
    RawRecord,
    Source,
    State,
    Track,
)

FORMAT = "ASTERIX_062"
MAPPING = "asterix-062/1.21"

WGS_LSB_DEG = 180 / 2**25  # I062/105
FEET_6_M = 6.25 * 0.3048  # I062/130: 6.25 ft
RATE_LSB_MPS = 6.25 * 0.3048 / 60  # I062/220: 6.25 ft/min
_POLE = 2**24  # 90 degrees in WGS_LSB_DEG
_ANTIMERIDIAN = 2**25

_FOUR_FOUR = Struct(">ii").unpack
_TWO_TWO = Struct(">hh").unpack
_BOTH = Struct(">HH").unpack

# By their place in the UAP: items that the canonical track has no place for
_RAW_ONLY = {5: "100", 13: "290", 14: "200", 15: "295", 33: "RE", 34: "SP"}

IdentityKey = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, "Identifier | None"]
LineageKey = tuple[Plan, "Plan | None", bool, bytes, bytes, int]


def _identifiers(key: IdentityKey) -> tuple[Identifier, ...]:
    """Track number first: it is what the system calls the object."""
    i010, i015, i040, i060, i120, i245, i510, i110, address, ident, plan = key
    found: list[Identifier | None] = [
        Identifier("system_track", f"{i010[0]}/{i010[1]}/{int.from_bytes(i040, 'big')}"),
        names.address[address] if address else None,
        names.track_mode_3a[i060] if i060 else None,
        names.callsign[ident] if ident else None,
    ]
    if i245:
        target = names.target_identification[i245]
        if target is None or found[3] is None or target.value != found[3].value or target.scheme != "callsign":
            found.append(target)
    found.append(plan)
    if i120:
        found.append(Identifier("mode2", f"{int.from_bytes(i120, 'big') & 0xFFF:04o}"))
    if i110:
        _, pin, mode_1, _ = facts062.mode_5(i110)
        if mode_1:
            found.append(Identifier("mode1", f"{int.from_bytes(mode_1, 'big') & 0xFFF:04o}"))
        found.extend(names.mode_5(pin))
    found.extend(names.composed(i510))
    if i015:
        found.append(Identifier("asterix_service", str(i015[0])))
    return tuple(identifier for identifier in found if identifier is not None)


def _short(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


_levels: Memo[bytes, float] = Memo(lambda octets: _short(octets) * QUARTER_FL_M, 16384)
_rates: Memo[bytes, float] = Memo(lambda octets: _short(octets) * RATE_LSB_MPS, 16384)
_pushes: Memo[bytes, tuple[float, float]] = Memo(
    lambda octets: (_short(octets[:1]) / 4, _short(octets[1:]) / 4)  # I062/210: 0.25 m/s2
)


def _tracked_level(octets: bytes) -> tuple[float, bool]:
    """I062/135: metres, and whether they are corrected to QNH."""
    raw = int.from_bytes(octets, "big")
    level = raw & 0x7FFF
    return (level - 0x8000 if level & 0x4000 else level) * QUARTER_FL_M, bool(raw & 0x8000)


_tracked_levels = Memo(_tracked_level, 16384)


def _heights(i136: bytes, i135: bytes) -> tuple[float | None, float | None]:
    """(pressure altitude, QNH altitude): the measured level stands before a tracked one without QNH."""
    tracked, corrected = _tracked_levels[i135]
    measured = _levels[i136] if i136 else None
    if corrected:
        return measured, tracked
    return (tracked if measured is None else measured), None


def _velocity(octets: bytes) -> tuple[float | None, float]:
    """Course and speed from I062/185: 0.25 m/s, the y axis to geographic north at the target."""
    east, north = _TWO_TWO(octets)
    speed = hypot(east, north) / 4
    return (degrees(atan2(east, north)) % 360.0 if speed else None), speed


class Builder062:
    """Makes tracks of the records of one decoder."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._leftovers = session.options.leftovers
        self._area = session.options.area
        self._provenance: Memo[LineageKey, tuple[Provenance, ...]] = Memo(self._lineage)
        self._names = Memo(_identifiers, 16384)
        self._sources: Memo[tuple[bytes, bytes], tuple[Source, ...]] = Memo(self._contributors)
        self._lossy_status = Memo(facts062.status_lossy)

    def build(self, slots: list[bytes], plan: Plan, record: bytes, offset: int) -> Track:
        """The track of one record; `FormatError` when the record cannot be what the edition says."""
        (
            i010, _, i015, i070, i105, _, i185, i210, i060, i245, i380, i040, i080, i290, i200, i295, i136, i130, i135,
            i220, i390, i270, i300, i110, i120, i510, i500, i340, _, _, _, _, _, _, _,
        ) = slots  # fmt: skip
        if not (i010 and i070 and i040 and i080):
            raise missing(_first_missing(i010, i070, i040), offset)
        time = instant(self._session, i070, "I062/070", offset)
        own, own_plan = aircraft.split(i380) if i380 else (aircraft.EMPTY, None)
        flight = facts062.flight_plans[i390] if i390 else None
        kind = facts062.kinds[own[20], flight.aircraft_type if flight else None, i300]
        size, nose = facts062.sizes[i270] if i270 else (None, None)
        bounds = facts062.accuracies[i500] if i500 else None
        flags = (
            (1 if i136 and i135 and not i135[0] & 0x80 and i135 != i136 else 0)
            | (2 if bounds is not None and bounds.lossy else 0)
            | (4 if flight is not None and flight.lossy else 0)
        )
        position = self._position(i105, offset) if i105 else None
        level, qnh = _heights(i136, i135) if i135 else (_levels[i136] if i136 else None, None)
        accuracy, covariance = self._accuracy(bounds, position) if bounds is not None else (None, None)
        polar = self._polar(i340) if i340 and i340[0] & 0xC0 == 0xC0 else None
        course, speed = _velocity(i185) if i185 else (None, None)
        east, north = _pushes[i210] if i210 else (None, None)
        state = State(
            time=time,
            time_quality="TAGGED",
            date_basis="RECEIVED_TIME",
            received_at=self._session.received_at,
            position=position,
            altitude_hae_m=_short(i130) * FEET_6_M if i130 else None,
            altitude_baro_m=level,
            altitude_qnh_m=qnh,
            course_deg=course,
            ground_speed_mps=speed,
            vertical_rate_mps=_rates[i220] if i220 else None,
            heading_deg=nose,
            acceleration_east_mps2=east,
            acceleration_north_mps2=north,
            accuracy=accuracy,
            covariance=covariance,
            polar=polar,
        )
        return Track(
            identifiers=self._names[
                i010, i015, i040, i060, i120, i245, i510, i110, own[0], own[1], flight.callsign if flight else None
            ],
            environment=facts062.environment(ground=kind.ground, air=bool(i060 or own[0] or i136 or i135 or i390)),
            platform=kind.platform,
            classifications=kind.classifications,
            dimensions=size,
            status=facts062.statuses[i080, own[9], own[10], facts062.mode_5(i110)[0] if i110 else b""],
            state=state if own_plan is None else _with_own(state, own),
            sources=self._sources[i010, i340[1:3] if i340 and i340[0] & 0x80 else b""],
            provenance=self._provenance[plan, own_plan, self._lossy_status[i080], i340[:1], i110[:1], flags],
            raw=RawRecord(FORMAT, record),
            extensions=leftovers.extensions[i200, i290, i295] if self._leftovers else (),
        )

    def _position(self, i105: bytes, offset: int) -> Position:
        latitude, longitude = _FOUR_FOUR(i105)
        if not -_POLE <= latitude <= _POLE or not -_ANTIMERIDIAN <= longitude <= _ANTIMERIDIAN:
            cause = f"latitude {latitude * WGS_LSB_DEG:.6f}, longitude {longitude * WGS_LSB_DEG:.6f} is no place"
            raise impossible("I062/105", cause, offset)
        if longitude == -_ANTIMERIDIAN:
            longitude = _ANTIMERIDIAN
        point = Position(latitude * WGS_LSB_DEG, longitude * WGS_LSB_DEG)
        if self._area is not None and not self._area.holds(point):
            cause = f"I062/105 says latitude {point.latitude_deg:.4f}, longitude {point.longitude_deg:.4f}"
            raise FormatError(codes.OUTSIDE_AREA, place=f"octet {offset}", cause=cause)
        return point

    @staticmethod
    def _accuracy(bounds: facts062.Accuracies, position: Position | None) -> tuple[Accuracy | None, Covariance | None]:
        accuracy = bounds.accuracy
        if accuracy is not None and bounds.sigmas_deg is not None and position is not None:
            radius = facts062.horizontal_95_m(bounds.sigmas_deg, position.latitude_deg)
            accuracy = replace(accuracy, horizontal_95_m=radius)
        return accuracy, bounds.covariance

    @staticmethod
    def _polar(i340: bytes) -> Polar:
        """I062/340 SID and POS: what the last sensor measured; the position is not derived from it."""
        raw_range, raw_azimuth = _BOTH(i340[3:7])
        return Polar(
            sensor=f"asterix:{i340[1]}/{i340[2]}",
            range_m=raw_range * RANGE_LSB_M,
            azimuth_deg=raw_azimuth * ANGLE_LSB_DEG,
            north="TRUE",
        )

    def _contributors(self, key: tuple[bytes, bytes]) -> tuple[Source, ...]:
        """The system, and the sensor whose report updated the track last (I062/340 SID)."""
        system, sensor = key
        first = self._session.source_062[system]
        if not sensor or sensor == system:
            return (first,)
        return (first, self._session.source_048[sensor])

    def _lineage(self, key: LineageKey) -> tuple[Provenance, ...]:
        """This gateway's step, with the items that are in the raw record only."""
        plan, own, lossy_status, i340, i110, flags = key
        lost = [name for place, name in _RAW_ONLY.items() if place in plan.present]
        if self._leftovers:
            lost = [name for name in lost if name not in leftovers.ITEMS]
        if own is not None and aircraft.lost(own, plan):
            lost.append("380")
        for flag, name in ((1, "135"), (2, "500"), (4, "390")):
            if flags & flag:
                lost.append(name)
        if lossy_status:
            lost.append("080")
        if (i340 and i340[0] & 0x3E) or (i340 and i340[0] & 0xC0 == 0x40):
            lost.append("340")
        if i110 and i110[0] & 0xB6:
            lost.append("110")
        losses = tuple(Loss(f"I062/{name}", "NOT_MODELLED") for name in sorted(lost))
        gateway = self._session.options.gateway
        return (Provenance(gateway=gateway, input_format=FORMAT, mapping_id=MAPPING, losses=losses),)


def _with_own(state: State, own: list[bytes]) -> State:
    """`state` with what the aircraft says of itself; the tracker's own word stands before it."""
    motion = aircraft.motion(own)
    moving = state.ground_speed_mps is not None
    return replace(
        state,
        position=state.position if state.position is not None else motion.position,
        altitude_hae_m=state.altitude_hae_m if state.altitude_hae_m is not None else motion.altitude_hae_m,
        course_deg=state.course_deg if moving else motion.course_deg,
        ground_speed_mps=state.ground_speed_mps if moving else motion.ground_speed_mps,
        vertical_rate_mps=state.vertical_rate_mps if state.vertical_rate_mps is not None else motion.vertical_rate_mps,
        magnetic_heading_deg=motion.magnetic_heading_deg,
        indicated_airspeed_mps=motion.indicated_airspeed_mps,
        true_airspeed_mps=motion.true_airspeed_mps,
        mach=motion.mach,
        turn_rate_degps=motion.turn_rate_degps,
    )


def _first_missing(i010: bytes, i070: bytes, i040: bytes) -> str:
    return "I062/010" if not i010 else "I062/070" if not i070 else "I062/040" if not i040 else "I062/080"
