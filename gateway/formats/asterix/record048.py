"""Canonical tracks with a polar original to CAT048 records (edition 1.32)."""

from __future__ import annotations

from msgspec import Struct

from gateway.formats.asterix import draft
from gateway.formats.asterix.draft import NO_CODE, NO_DATUM, NO_TARGET, OUT_OF_RANGE, TRUNCATED, Draft
from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.record062 import ticks_of, turned
from gateway.formats.asterix.scale import Scale
from gateway.formats.asterix.track048 import ANSWERS, K95, K95_RADIUS, WARNING_PLATFORMS, WARNING_SCHEME, WARNINGS
from gateway.track import Accuracy, Classification, Environment, Identifier, Loss, Polar, State, Status, Track

NM = 1852.0

_RANGE, _AZIMUTH = Scale(48, "040.RHO", NM), Scale(48, "040.THETA")
_LEVEL = Scale(48, "090.FL", 100 * 0.3048)
_SPEED, _COURSE = Scale(48, "200.GSP", NM), Scale(48, "200.HDG")
_SIGMA_XY = Scale(48, "210.SIGX", NM)
_SIGMA_SPEED, _SIGMA_COURSE = Scale(48, "210.SIGV", NM), Scale(48, "210.SIGH")
_HEIGHT = Scale(48, "110.3DH", 0.3048)
_DOPPLER = Scale(48, "120.CAL.CAL")
_FAR = 0xFFFF

CODES = {answer: code for code, answer in ANSWERS.items()}
WARNING_CODES = {name: code for code, name in WARNINGS.items()}
_MARKS = (("NOT_VALIDATED", 0x8000), ("GARBLED", 0x4000), ("SMOOTHED", 0x2000))


class Who(Struct, frozen=True, gc=False):
    """Identifying items, made once per set of identifiers."""

    items: dict[str, bytes]
    losses: tuple[Loss, ...]


def _who(key: tuple[tuple[Identifier, ...], bool]) -> Who:
    """The identifiers that have an item; with a native number the first one stands in I048/010 and 161."""
    identifiers, native = key
    out = Draft()
    items: dict[str, bytes] = {}
    for identifier in identifiers[native:]:
        scheme = identifier.scheme
        octets: bytes | None = None
        if scheme in items or scheme not in ("mode3a", "mode2", "mode1", "icao24", "callsign"):
            out.lose(f"identifiers.{scheme}", NO_TARGET)
            continue
        if scheme == "icao24":
            octets = draft.address(identifier)
        elif scheme == "callsign":
            raw, changed = draft.icao(identifier.value)
            octets = raw.to_bytes(6, "big")
            if changed:
                out.lose("identifiers.callsign", TRUNCATED)
        else:
            octets = _mode(identifier, out)
        if octets is None:
            out.lose(f"identifiers.{scheme}", OUT_OF_RANGE)
        else:
            items[scheme] = octets
    return Who(items, tuple(out.losses))


def _mode(identifier: Identifier, out: Draft) -> bytes | None:
    flags, unknown = draft.marked(identifier, _MARKS)
    if unknown:
        out.lose(f"identifiers.{identifier.scheme}.quality", NO_TARGET)
    if identifier.scheme != "mode1":
        code = draft.octal_code(identifier)
        return None if code is None else (flags | code).to_bytes(2, "big")
    code = draft.octal_code(identifier, 2)  # A4 A2 A1 B2 B1: the second digit has two bits
    if code is None or code & 0b100:
        return None
    return bytes([flags >> 8 | code >> 3 << 2 | code & 3])


class Report(Struct, frozen=True, gc=False):
    """I048/020, 170 and 230 with what they could not say."""

    descriptor: bytes
    track_status: bytes
    flight_status: bytes
    losses: tuple[Loss, ...]


def _report(key: tuple[Status | None, bool, bool, bool]) -> Report:
    """The status items; TYP, RAD and COM follow from what else the report has, since their items need a value."""
    status, mode_s, secondary, far = key
    s = status if status is not None else Status()
    out = Draft()
    kind = 0 if s.coasted else 5 if mode_s else 2 if secondary else 1
    first = kind << 5 | 0x10 * (s.simulated is True) | 0x04 * (s.spi is True)
    second = 0x80 * (s.test is True) | 0x40 * far | 0x10 * (s.military_emergency is True)
    second |= CODES.get(s.iff_mode4 or "", 0) << 1
    more = bool(second) or s.military_emergency is not None
    state = 0x80 * (s.confirmed is False) | (0x40 if secondary or mode_s else 0x20) | 0x06  # CDM 3: unknown
    end = 0x80 * (s.ended is True) | 0x40 * (s.ghost is True)
    ends = s.ended is not None or s.ghost is not None
    flight = 1 if s.on_ground else 0 if s.on_ground is False else 7
    out.lose_all(
        (
            ("status.emergency", s.emergency),
            ("status.mono_sensor", s.mono_sensor),
            ("status.amalgamated", s.amalgamated or None),
            ("status.iff_mode5", s.iff_mode5),
            ("status.started", s.started or None),
        ),
        NO_TARGET,
    )
    if s.on_ground is not None and not mode_s:
        out.lose("status.on_ground", NO_TARGET)
    if s.iff_mode4 is not None and s.iff_mode4 not in CODES:
        out.lose("status.iff_mode4", NO_CODE)
    return Report(
        bytes([first | 1, second]) if more else bytes([first]),
        bytes([state | 1, end]) if ends else bytes([state]),
        bytes([flight << 2, 0]) if mode_s else b"",
        tuple(out.losses),
    )


def _warnings(key: tuple[tuple[Classification, ...], str | None, Environment]) -> tuple[bytes, tuple[Loss, ...]]:
    """I048/030 from the classifications that it has a code for."""
    classifications, platform, environment = key
    out = Draft()
    found = []
    for answer in classifications:
        if answer.scheme == WARNING_SCHEME and answer.type in WARNING_CODES:
            found.append(WARNING_CODES[answer.type])
        else:
            out.lose("classifications", NO_TARGET)
        if answer.confidence_pct is not None:
            out.lose("classifications.confidence_pct", NO_TARGET)
    if platform is not None and all(WARNING_PLATFORMS.get(code) != platform for code in found):
        out.lose("platform", NO_CODE)
    if environment not in (Environment.AIR, Environment.UNKNOWN) and 6 not in found:
        out.lose("environment", NO_CODE)
    return bytes(code << 1 | (index + 1 < len(found)) for index, code in enumerate(found)), tuple(out.losses)


_whos = Memo(_who, 16384)
_reports = Memo(_report)
_warned = Memo(_warnings)


def write(track: Track, state: State, station: bytes, number: int, *, native: bool) -> Draft:
    """The record of one track, item by item in UAP order; `losses` says what it could not hold."""
    who = _whos[track.identifiers, native]
    items = who.items
    polar = state.polar
    place, extended = _polar(polar) if polar is not None else (b"", b"")
    secondary = bool(items.keys() & {"mode3a", "mode2", "mode1"}) or state.altitude_baro_m is not None
    report = _reports[track.status, "icao24" in items, secondary, bool(extended)]
    warnings, warning_losses = _warned[track.classifications, track.platform, track.environment]
    out = Draft()
    out.losses += who.losses
    out.losses += report.losses
    out.losses += warning_losses
    add = out.add
    add(0, station)
    add(1, ticks_of(state.time).to_bytes(3, "big"))
    add(2, report.descriptor)
    add(3, place)
    add(4, items.get("mode3a", b""))
    if state.altitude_baro_m is not None:
        _flight_level(out, state)
    add(7, items.get("icao24", b""))
    add(8, items.get("callsign", b""))
    add(10, number.to_bytes(2, "big"))
    _velocity(out, state)
    add(13, report.track_status)
    if state.accuracy is not None:
        _quality(out, state.accuracy)
    add(15, warnings)
    out.number(18, _HEIGHT_ITEM, state.altitude_msl_m, "state.altitude_msl_m")
    if polar is not None and polar.range_rate_mps is not None:
        raw = _DOPPLER.raw(polar.range_rate_mps)
        if raw is None:
            out.lose("state.polar.range_rate_mps", OUT_OF_RANGE)
        else:
            add(19, b"\x80" + raw.to_bytes(2, "big"))
    add(20, report.flight_status)
    add(22, items.get("mode1", b""))
    add(23, items.get("mode2", b""))
    add(27, extended)
    _leave(out, track, state)
    return out


class _Height(Scale):
    """I048/110 is 14 bits behind two spare ones."""

    def __init__(self) -> None:
        super().__init__(48, "110.3DH", 0.3048)
        self.bits = 16


_HEIGHT_ITEM = _Height()


def expressible(state: State, ended: bool) -> str | None:
    """Why no CAT048 record can be made of it, or nothing. An end of track needs no position."""
    polar = state.polar
    if polar is None:
        return None if ended else "state.polar is absent: a radar reports what it measured"
    if polar.range_m is None or polar.azimuth_deg is None:
        return None if ended else "state.polar lacks the range or the azimuth"
    if polar.north not in (None, "TRUE"):
        return f"state.polar counts from {polar.north} north, I048/040 from true north"
    if not 0 <= polar.range_m < 2**24 * NM / 256:
        return f"state.polar.range_m is {polar.range_m:.0f}"
    return None


def _polar(polar: Polar) -> tuple[bytes, bytes]:
    """I048/040, and the reserved expansion field with the range where it is too long (ERR)."""
    if polar.range_m is None or polar.azimuth_deg is None:
        return b"", b""
    azimuth = _AZIMUTH.raw(turned(polar.azimuth_deg, _AZIMUTH)) or 0
    distance = _RANGE.raw(polar.range_m)
    if distance is not None:
        return (distance << 16 | azimuth).to_bytes(4, "big"), b""
    far = round(polar.range_m * 256 / NM)  # RE/ERR: 24 bits of 1/256 NM; RHO is set to its largest value
    return (_FAR << 16 | azimuth).to_bytes(4, "big"), b"\x05\x08" + far.to_bytes(3, "big")


def _flight_level(out: Draft, state: State) -> None:
    assert state.altitude_baro_m is not None
    level = _LEVEL.raw(state.altitude_baro_m)
    if level is None:
        out.lose("state.altitude_baro_m", OUT_OF_RANGE)
        return
    marks = set((state.altitude_quality or "").split("_AND_")) - {""}
    flags = 0x8000 * ("NOT_VALIDATED" in marks) | 0x4000 * ("GARBLED" in marks)
    if marks - {"NOT_VALIDATED", "GARBLED"}:
        out.lose("state.altitude_quality", NO_CODE)
    out.add(5, (flags | level).to_bytes(2, "big"))


def _velocity(out: Draft, state: State) -> None:
    """I048/200 needs both; nothing that stands still has a course."""
    speed, course = state.ground_speed_mps, state.course_deg
    if speed is None or (course is None and speed):
        out.lose_all((("state.ground_speed_mps", speed), ("state.course_deg", course)), NO_TARGET)
        return
    raw = _SPEED.raw(speed)
    if raw is None:
        out.lose("state.ground_speed_mps", OUT_OF_RANGE)
        return
    heading = _COURSE.raw(turned(course or 0.0, _COURSE)) or 0
    out.add(12, (raw << 16 | heading).to_bytes(4, "big"))


def _quality(out: Draft, accuracy: Accuracy) -> None:
    """I048/210 is four standard deviations: all of them or none."""
    horizontal, speed, course = accuracy.horizontal_95_m, accuracy.speed_95_mps, accuracy.course_95_deg
    if horizontal is None or speed is None or course is None:
        fields = (("horizontal_95_m", horizontal), ("speed_95_mps", speed), ("course_95_deg", course))
        out.lose_all(((f"state.accuracy.{name}", value) for name, value in fields), NO_TARGET)
    else:
        position, far = _SIGMA_XY.saturated(horizontal / K95_RADIUS)
        pace, fast = _SIGMA_SPEED.saturated(speed / K95)
        direction, wide = _SIGMA_COURSE.saturated(course / K95)
        if far or fast or wide:
            out.lose("state.accuracy", TRUNCATED)
        out.add(14, bytes([position, position, pace, direction]))
    if accuracy.vertical_95_m is not None:
        out.lose("state.accuracy.vertical_95_m", NO_TARGET)


def _leave(out: Draft, track: Track, state: State) -> None:
    """Note what the category has no place for; the gateway's own bookkeeping is not a loss."""
    polar = state.polar
    if track.identity is not None:
        out.lose("identity.value", NO_TARGET)
    if state.position is not None and (polar is None or polar.correction is None):
        out.lose("state.position", NO_TARGET)
    if state.altitude_hae_m is not None:
        out.lose("state.altitude_hae_m", NO_DATUM)
    if state.altitude_qnh_m is not None:
        out.lose("state.altitude_qnh_m", NO_TARGET)
    if track.name is not None and all(identifier.value != track.name for identifier in track.identifiers):
        out.lose("name", NO_TARGET)
    out.lose_all(
        (
            ("remarks", track.remarks),
            ("dimensions", track.dimensions),
            ("relations", track.relations),
            ("label", track.label),
            ("extensions", track.extensions),
            ("state.covariance", state.covariance),
            ("detection_confidence_pct", track.detection_confidence_pct),
            ("operator", track.operator),
            ("status.exercise", (track.status.exercise or None) if track.status is not None else None),
            ("state.height_agl_m", state.height_agl_m),
            ("state.height_takeoff_m", state.height_takeoff_m),
            ("state.vertical_rate_mps", state.vertical_rate_mps),
            ("state.heading_deg", state.heading_deg),
            ("state.magnetic_heading_deg", state.magnetic_heading_deg),
            ("state.turn_rate_degps", state.turn_rate_degps),
            ("state.acceleration_east_mps2", state.acceleration_east_mps2),
            ("state.acceleration_north_mps2", state.acceleration_north_mps2),
            ("state.indicated_airspeed_mps", state.indicated_airspeed_mps),
            ("state.true_airspeed_mps", state.true_airspeed_mps),
            ("state.mach", state.mach),
            ("state.sent_at", state.sent_at),
            ("state.stale_at", state.stale_at),
            ("state.polar.elevation_deg", polar.elevation_deg if polar is not None else None),
            ("state.polar.reach_m", polar.reach_m if polar is not None else None),
            ("state.polar.sensor_altitude_hae_m", polar.sensor_altitude_hae_m if polar is not None else None),
            ("state.polar.range_95_m", polar.range_95_m if polar is not None else None),
            ("state.polar.azimuth_95_deg", polar.azimuth_95_deg if polar is not None else None),
            ("state.polar.elevation_95_deg", polar.elevation_95_deg if polar is not None else None),
        ),
        NO_TARGET,
    )
