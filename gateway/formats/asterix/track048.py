"""CAT048 records (edition 1.32) to canonical tracks: what one radar measured, and its own track of it."""

from __future__ import annotations

from datetime import datetime
from struct import Struct

from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.asterix import codes, names, registers
from gateway.formats.asterix.layout import Plan
from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.session import TICKS_PER_DAY, Session
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Identifier,
    Loss,
    Polar,
    Position,
    Provenance,
    RawRecord,
    State,
    Status,
    Track,
)

FORMAT = "ASTERIX_048"
MAPPING = "asterix-048/1.32"

NM = 1852.0
RANGE_LSB_M = NM / 256  # I048/040 RHO: 1/256 NM
ANGLE_LSB_DEG = 360 / 65536  # I048/040 THETA, I048/200 HDG
SPEED_LSB_MPS = NM / 16384  # I048/200 GSP: 2^-14 NM/s
QUARTER_FL_M = 25 * 0.3048  # I048/090: 1/4 FL
HEIGHT_3D_LSB_M = 25 * 0.3048  # I048/110: 25 ft

K95_RADIUS = 2.4477  # 95 % of a circular normal distribution lies within that many sigmas
K95 = 1.96  # and of a single normal variable

_TWO = Struct(">HH").unpack
ANSWERS = {1: "FRIENDLY", 2: "UNKNOWN", 3: "NO_REPLY"}

WARNINGS = {
    5: "ANGEL",
    6: "ROAD_VEHICLE",
    7: "FIXED_PLOT",
    8: "SLOW_TARGET",
    19: "BIRD",
    20: "BIRD_FLOCK",
    23: "WIND_TURBINE",
    24: "HELICOPTER",
}
"""I048/030 codes that say what the target is; the others say how the plot came about."""
WARNING_SCHEME = "ASTERIX_WE"
WARNING_PLATFORMS = {6: "GROUND_VEHICLE", 19: "BIRD", 20: "BIRD", 24: "ROTARY_WING"}
GHOST_WARNINGS = frozenset({1, 10})  # reflection, phantom SSR plot

# Items of which nothing, or not everything, is modelled; by their place in the UAP
_RAW_ONLY = {
    2: "020", 6: "130", 9: "250", 11: "042", 13: "170", 16: "080", 17: "100", 20: "230", 21: "260", 24: "065",
    25: "060", 26: "SP", 27: "RE",
}  # fmt: skip


def _warning_codes(octets: bytes) -> list[int]:
    return [octet >> 1 for octet in octets]


def _status(key: tuple[bytes, bytes, bytes, bytes]) -> Status | None:
    """Status from I048/020, 170, 230 and 030."""
    i020, i170, i230, i030 = key
    facts: dict[str, object] = {}
    if i020:
        first, second = i020[0], i020[1] if len(i020) > 1 else 0
        facts["coasted"] = first >> 5 == 0  # TYP 0: no detection in this scan
        facts["simulated"] = bool(first & 0x10)
        facts["spi"] = bool(first & 0x04)
        facts["test"] = bool(first & 0x02 or second & 0x80)  # RAB: field monitor; TST: test target
        if len(i020) > 1:
            facts["military_emergency"] = bool(second & 0x10)
            facts["iff_mode4"] = ANSWERS.get(second >> 1 & 3)
    if i170:
        facts["confirmed"] = not i170[0] & 0x80
        if len(i170) > 1:
            facts["ended"] = bool(i170[1] & 0x80)
            facts["ghost"] = bool(i170[1] & 0x40)
    if i230:
        flight = i230[0] >> 2 & 7
        if flight < 4:
            facts["on_ground"] = bool(flight & 1)
        if flight in (4, 5):
            facts["spi"] = True
    if i030 and GHOST_WARNINGS.intersection(_warning_codes(i030)):
        facts["ghost"] = True
    return Status(**facts) if facts else None  # type: ignore[arg-type]  # the names above are fields with those types


def _classes(octets: bytes) -> tuple[tuple[Classification, ...], str | None]:
    """Classifications and platform from I048/030."""
    found = [code for code in dict.fromkeys(_warning_codes(octets)) if code in WARNINGS]
    platform = next((WARNING_PLATFORMS[code] for code in found if code in WARNING_PLATFORMS), None)
    return tuple(Classification(type=WARNINGS[code], scheme=WARNING_SCHEME) for code in found), platform


def _accuracy(octets: bytes) -> Accuracy:
    """I048/210: standard deviations of x, y (1/128 NM), speed (2^-14 NM/s) and heading (360/4096 deg)."""
    x, y, speed, heading = octets
    return Accuracy(
        horizontal_95_m=K95_RADIUS * max(x, y) * NM / 128,
        speed_95_mps=K95 * speed * SPEED_LSB_MPS,
        course_95_deg=min(K95 * heading * 360 / 4096, 180.0),
        basis="SIGMA_XY",
    )


def _level(octets: bytes) -> tuple[float, str | None, bool]:
    """Pressure altitude, what is said against it, and whether it may carry a slant range correction."""
    raw = int.from_bytes(octets, "big")
    level = raw & 0x3FFF
    if level & 0x2000:
        level -= 0x4000
    flags = raw >> 14
    return level * QUARTER_FL_M, names.quality(v=bool(flags & 2), g=bool(flags & 1)), flags == 0


def _height(octets: bytes) -> float:
    """I048/110: two spare bits, 14 bits of 25 ft above mean sea level."""
    raw = int.from_bytes(octets, "big") & 0x3FFF
    return (raw - 0x4000 if raw & 0x2000 else raw) * HEIGHT_3D_LSB_M


_WITHIN = -1.0  # the range of I048/040 stands


def _extended_range(expansion: bytes) -> float | None:
    """RE/ERR where no other subfield of the expansion stands before it; else the range is unknown, not 256 NM."""
    if len(expansion) < 5 or expansion[1] & 0xF8 != 0x08:
        return None
    return int.from_bytes(expansion[2:5], "big") * RANGE_LSB_M


def _with_motion(state: State, motion: registers.Motion) -> State:
    """`state` with what the aircraft says of its motion in Comm-B registers."""
    return replace(
        state,
        magnetic_heading_deg=motion.magnetic_heading_deg,
        indicated_airspeed_mps=motion.indicated_airspeed_mps,
        true_airspeed_mps=motion.true_airspeed_mps,
        mach=motion.mach,
        turn_rate_degps=motion.turn_rate_degps,
        vertical_rate_mps=motion.vertical_rate_mps,
    )


def _doppler(octets: bytes) -> float | None:
    """I048/120 CAL: metres per second, positive moving away; nothing when the radar doubts it."""
    if not octets[0] & 0x80 or octets[0] & 1:
        return None
    raw = int.from_bytes(octets[1:3], "big")
    if raw & 0x8000:
        return None
    speed = raw & 0x3FF
    return float(speed - 0x400 if speed & 0x200 else speed)


_statuses = Memo(_status)
_classified = Memo(_classes)
_accuracies = Memo(_accuracy, 16384)
_levels = Memo(_level, 16384)
_heights = Memo(_height, 16384)
_ANGLES = tuple(step * ANGLE_LSB_DEG for step in range(65536))

IdentityKey = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes]


def _identifiers(key: IdentityKey) -> tuple[Identifier, ...]:
    """Track number first: it is what the radar calls the object."""
    i010, i161, i220, i070, i240, i050, i055 = key
    found: list[Identifier | None] = []
    if i161:
        number = int.from_bytes(i161, "big") & 0xFFF
        found.append(Identifier("system_track", f"{i010[0]}/{i010[1]}/{number}"))
    if i220:
        found.append(names.address[i220])
    if i070:
        found.append(names.mode_3a[i070])
    if i240:
        found.append(names.callsign[i240])
    if i050:
        found.append(names.mode_2[i050])
    if i055:
        found.append(names.mode_1[i055])
    return tuple(identifier for identifier in found if identifier is not None)


class Builder048:
    """Makes tracks of the records of one decoder."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._provenance: Memo[tuple[Plan, bytes, bytes], tuple[Provenance, ...]] = Memo(self._lineage)
        self._names = Memo(_identifiers, 16384)
        self._assumed = session.options.assumed_height_m

    def build(self, slots: list[bytes], plan: Plan, record: bytes, offset: int) -> Track:
        """The track of one record; `FormatError` when the record cannot be what the edition says."""
        (
            i010, i140, i020, i040, i070, i090, _, i220, i240, i250, i161, _, i200, i170, i210, i030, _, _, i110, i120,
            i230, _, i055, i050, _, _, _, expansion,
        ) = slots  # fmt: skip
        if not i010 or not i140:
            raise missing("I048/010" if not i010 else "I048/140", offset)
        session = self._session
        time = instant(session, i140, "I048/140", offset)
        baro: float | None = None
        quality: str | None = None
        trusted = False
        if i090:
            baro, quality, trusted = _levels[i090]
        msl = _heights[i110] if i110 else None
        speed = course = None
        if i200:
            raw_speed, raw_course = _TWO(i200)
            speed = raw_speed * SPEED_LSB_MPS
            course = _ANGLES[raw_course] if raw_speed else None
        position: Position | None = None
        polar: Polar | None = None
        if i040:
            beyond = _extended_range(expansion) if len(i020) > 1 and i020[1] & 0x40 else _WITHIN
            height = msl if msl is not None else baro if trusted else None
            position, polar = self._seen(i010, i040, i120, height, msl is not None, beyond)
        motion = registers.motions[i250] if i250 else None
        classifications, platform = _classified[i030] if i030 else ((), None)
        state = State(
            time=time,
            time_quality="TAGGED" if i020 and i020[0] < 0x20 else "MEASURED",  # TYP 0: extrapolated
            date_basis="RECEIVED_TIME",
            received_at=session.received_at,
            position=position,
            altitude_msl_m=msl,
            altitude_baro_m=baro,
            altitude_quality=quality,
            course_deg=course,
            ground_speed_mps=speed,
            accuracy=_accuracies[i210] if i210 else None,
            polar=polar,
        )
        return Track(
            identifiers=self._names[i010, i161, i220, i070, i240, i050, i055],
            environment=_environment(i070, i090, i220, i030),
            platform=platform,
            classifications=classifications,
            status=_statuses[i020, i170, i230, i030],
            state=state if motion is None else _with_motion(state, motion),
            sources=(session.source_048[i010],),
            provenance=self._provenance[plan, i030, i120],
            raw=RawRecord(FORMAT, record),
        )

    def _seen(
        self, i010: bytes, i040: bytes, i120: bytes, height: float | None, measured: bool, beyond: float | None
    ) -> tuple[Position | None, Polar]:
        """The polar original, and the point that it makes where the site and a height are known."""
        raw_range, raw_azimuth = _TWO(i040)
        azimuth = _ANGLES[raw_azimuth]
        common = self._session.polar_of(i010)
        range_m = raw_range * RANGE_LSB_M if beyond == _WITHIN else beyond
        line = self._session.lines.get(i010)
        point = None
        correction = None
        if line is not None and range_m is not None:
            if height is not None:
                correction = "HEIGHT_3D" if measured else "PRESSURE_ALTITUDE"
            elif self._assumed is not None:
                height, correction = self._assumed, "ASSUMED_HEIGHT"
            if height is not None:
                point = line.point(range_m=range_m, azimuth_deg=azimuth, height_m=height)
        return point, Polar(
            sensor=common.sensor,
            sensor_position=common.sensor_position,
            sensor_altitude_msl_m=common.sensor_altitude_msl_m,
            range_m=range_m,
            azimuth_deg=azimuth,
            range_rate_mps=_doppler(i120) if i120 else None,
            north="TRUE",
            correction=correction if point is not None else None,
        )

    def _lineage(self, key: tuple[Plan, bytes, bytes]) -> tuple[Provenance, ...]:
        """This gateway's step, with the items that are in the raw record only."""
        plan, i030, i120 = key
        lost = [name for place, name in _RAW_ONLY.items() if place in plan.present]
        if i030 and any(code not in WARNINGS and code not in GHOST_WARNINGS for code in _warning_codes(i030)):
            lost.append("030")
        if i120 and (_doppler(i120) is None or i120[0] & 0x40 or 3 not in plan.present):
            lost.append("120")
        losses = tuple(Loss(f"I048/{name}", "NOT_MODELLED") for name in sorted(lost))
        gateway = self._session.options.gateway
        return (Provenance(gateway=gateway, input_format=FORMAT, mapping_id=MAPPING, losses=losses),)


def _environment(i070: bytes, i090: bytes, i220: bytes, i030: bytes) -> Environment:
    """Air for what answers with a transponder; a primary echo alone says nothing, unless the radar calls it a car."""
    if i030 and 6 in _warning_codes(i030):
        return Environment.LAND
    return Environment.AIR if i070 or i090 or i220 else Environment.UNKNOWN


def missing(item: str, offset: int) -> FormatError:
    """The refusal of a record without a mandatory item."""
    return FormatError(codes.MISSING_ITEM, place=f"octet {offset}", cause=f"{item} is absent")


def impossible(item: str, cause: str, offset: int) -> FormatError:
    """The refusal of a record that the edition cannot mean."""
    return FormatError(codes.NOT_THIS_EDITION, place=f"octet {offset}", cause=f"{item}: {cause}")


def instant(session: Session, octets: bytes, item: str, offset: int) -> datetime:
    """The instant of a time of day (three octets of 1/128 s); refuses what is none and what is out of the window."""
    ticks = int.from_bytes(octets, "big")
    if ticks >= TICKS_PER_DAY:
        raise impossible(item, f"{ticks / 128:.3f} s is no time of a day", offset)
    time = session.instant(ticks)
    if session.too_far(time):
        cause = f"{item} says {ticks / 128:.3f} s, which is outside of the window around the reception"
        raise FormatError(codes.TIME_TOO_FAR, place=f"octet {offset}", cause=cause)
    return time
