"""Canonical tracks to CAT062 records (edition 1.21), with everything that the category can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from math import cos, radians, sin, sqrt

from gateway.formats.asterix import facts062, leftovers
from gateway.formats.asterix.draft import NO_CODE, NO_DATUM, NO_TARGET, OUT_OF_RANGE, TRUNCATED, Draft
from gateway.formats.asterix.scale import Scale
from gateway.formats.asterix.session import TICKS_PER_DAY
from gateway.formats.asterix.who062 import Kind, Who, flags, kinds, whos
from gateway.track import Accuracy, Covariance, Polar, State, Track

NM = 1852.0
FOOT = 0.3048
FL = 100 * FOOT
KNOT = NM / 3600

_LATITUDE, _LONGITUDE = Scale(62, "105.LAT"), Scale(62, "105.LON")
_VELOCITY = Scale(62, "185.VX")
_ACCELERATION = Scale(62, "210.AX")
_LEVEL = Scale(62, "136", FL)
_TRACKED_LEVEL = Scale(62, "135.CTB", FL)
_GEOMETRIC = Scale(62, "130", FOOT)
_RATE = Scale(62, "220", FOOT / 60)
_LAST_LEVEL = Scale(62, "340.MDC.LMC", FL)
_RANGE, _AZIMUTH = Scale(62, "340.POS.RHO", NM), Scale(62, "340.POS.THETA")
_LENGTH, _NOSE, _WIDTH = Scale(62, "270.LENGTH"), Scale(62, "270.ORIENTATION"), Scale(62, "270.WIDTH")
_HEADING, _TRUE_SPEED = Scale(62, "380.MHG"), Scale(62, "380.TAS", KNOT)
_MACH, _TURN = Scale(62, "380.MAC"), Scale(62, "380.TAR.ROT")
_TRACK_ANGLE, _GROUND_SPEED = Scale(62, "380.TAN"), Scale(62, "380.GS", NM)
_POSITION_SIGMA, _COVARIANCE = Scale(62, "500.APC.X"), Scale(62, "500.COV")
_HEIGHT_SIGMA, _LEVEL_SIGMA = Scale(62, "500.AGA", FOOT), Scale(62, "500.ABA", FL)
_SPEED_SIGMA = Scale(62, "500.ATV.X")


def ticks_of(time: datetime) -> int:
    """The time of day in 1/128 s of an aware UTC instant; the last half tick of a day belongs to the next."""
    time = time.astimezone(UTC)
    micros = ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000_000 + time.microsecond
    return (micros * 2 + 15625 // 2) // 15625 % TICKS_PER_DAY


def station_of(text: str) -> bytes:
    """SAC and SIC of ``25/201``; nothing for other text."""
    sac, _, sic = text.partition("/")
    if sac.isdecimal() and sic.isdecimal() and int(sac) < 256 and int(sic) < 256:
        return bytes([int(sac), int(sic)])
    return b""


def sensor_of(polar: Polar) -> bytes:
    """SAC and SIC of a sensor named ``asterix:25/201``; nothing for others."""
    prefix, _, station = polar.sensor.partition(":")
    return station_of(station) if prefix == "asterix" else b""


def write(track: Track, state: State, station: bytes, service: bytes, number: int, begun: bool) -> Draft:
    """The record of one track, item by item in UAP order; `losses` says what it could not hold."""
    who = whos[track.identifiers]
    kind = kinds[track.classifications, track.platform, track.environment]
    geometric = state.altitude_hae_m is not None and state.altitude_baro_m is None and state.altitude_qnh_m is None
    status = flags[track.status, begun, geometric]
    out = Draft()
    out.losses += who.losses
    out.losses += kind.losses
    out.losses += status.losses
    add = out.add
    add(0, station)
    add(2, service)
    add(3, ticks_of(state.time).to_bytes(3, "big"))
    if state.position is not None:
        _place(out, state)
    moving = _velocity(out, state)
    if state.acceleration_east_mps2 is not None or state.acceleration_north_mps2 is not None:
        _acceleration(out, state)
    add(8, who.mode_3a)
    add(9, who.identification)
    own = Draft()
    _own(out, own, state, who, kind, moving)
    add(10, own.record())
    add(11, number.to_bytes(2, "big"))
    add(12, status.octets)
    rest = leftovers.items(track.extensions) if track.extensions else {}
    for place, item in ((13, "290"), (14, "200"), (15, "295")):
        add(place, rest.get(item, b""))
    credible = state.altitude_quality is None
    if credible:
        out.number(16, _LEVEL, state.altitude_baro_m, "state.altitude_baro_m")
    out.number(17, _GEOMETRIC, state.altitude_hae_m, "state.altitude_hae_m")
    if state.altitude_qnh_m is not None:
        level = _TRACKED_LEVEL.raw(state.altitude_qnh_m)
        if level is None:
            out.lose("state.altitude_qnh_m", OUT_OF_RANGE)
        else:
            add(18, (0x8000 | level).to_bytes(2, "big"))
    out.number(19, _RATE, state.vertical_rate_mps, "state.vertical_rate_mps")
    plan = Draft()
    plan.add(1, who.flight_plan)
    plan.add(4, kind.aircraft_type)
    add(20, plan.record())
    if track.dimensions is not None or state.heading_deg is not None:
        _size(out, track, state)
    add(22, kind.fleet)
    add(23, who.mode_5)
    add(24, who.mode_2)
    add(25, who.composed)
    if state.accuracy is not None or state.covariance is not None:
        _accuracy(out, state, state.accuracy or Accuracy(), state.covariance)
    if state.polar is not None or not credible:
        _measured(out, state, credible)
    _leave(out, track, state)
    return out


def _place(out: Draft, state: State) -> None:
    assert state.position is not None
    longitude = state.position.longitude_deg
    north = _LATITUDE.raw(state.position.latitude_deg)
    east = _LONGITUDE.raw(longitude if longitude < 180 - 90 / 2**25 else longitude - 360)
    if north is None or east is None:
        out.lose("state.position", OUT_OF_RANGE)
    else:
        out.add(4, (north << 32 | east).to_bytes(8, "big"))


def _velocity(out: Draft, state: State) -> bool:
    """I062/185 from course and speed; whether there is nothing of them left to carry."""
    speed, course = state.ground_speed_mps, state.course_deg
    if speed is None or (course is None and speed):
        return speed is None and course is None
    direction = radians(course or 0.0)
    out.pair(6, _VELOCITY, (speed * sin(direction), speed * cos(direction)), "state.ground_speed_mps")
    return True


def _acceleration(out: Draft, state: State) -> None:
    east, north = state.acceleration_east_mps2, state.acceleration_north_mps2
    if east is None or north is None:
        out.lose("state.acceleration_east_mps2" if north is None else "state.acceleration_north_mps2", NO_TARGET)
        return
    (x, clipped_x), (y, clipped_y) = _ACCELERATION.saturated(east), _ACCELERATION.saturated(north)
    if clipped_x or clipped_y:
        out.lose("state.acceleration", TRUNCATED)
    out.add(7, bytes([x, y]))


def _own(out: Draft, own: Draft, state: State, who: Who, kind: Kind, moving: bool) -> None:
    """I062/380: address, call sign, and what only the aircraft's own data has a place for."""
    own.add(0, who.address)
    own.add(1, who.callsign)
    own.number(2, _HEADING, _angle(state.magnetic_heading_deg, _HEADING), "state.magnetic_heading_deg")
    mach = state.mach
    speed = state.indicated_airspeed_mps
    if speed is not None:
        raw = round(speed * 16384 / NM)  # I062/380#4 with IM = 0: 2^-14 NM/s in 15 bits
        if 0 <= raw < 0x8000:
            own.add(3, raw.to_bytes(2, "big"))
        else:
            own.lose("state.indicated_airspeed_mps", OUT_OF_RANGE)
    elif mach is not None and 0 <= mach * 1000 < 32767.5:
        own.add(3, (0x8000 | round(mach * 1000)).to_bytes(2, "big"))
        mach = None
    own.number(4, _TRUE_SPEED, state.true_airspeed_mps, "state.true_airspeed_mps")
    if state.turn_rate_degps is not None:
        rate, clipped = _TURN.saturated(state.turn_rate_degps)
        indicator = 3 if rate == 0 else 1 if rate & 0x40 else 2
        own.add(15, bytes([indicator << 6, rate << 1]))
        if clipped:
            own.lose("state.turn_rate_degps", TRUNCATED)
    if not moving:
        own.number(16, _TRACK_ANGLE, _angle(state.course_deg, _TRACK_ANGLE), "state.course_deg")
        own.number(17, _GROUND_SPEED, state.ground_speed_mps, "state.ground_speed_mps")
    own.add(20, kind.emitter)
    own.number(26, _MACH, mach, "state.mach")
    out.losses += own.losses


def turned(angle: float, scale: Scale) -> float:
    """An angle in 0 to 360, where the last half step before 360 is 0."""
    whole = angle % 360.0
    return 0.0 if round(whole * scale.factor) > scale.mask else whole


def _angle(angle: float | None, scale: Scale) -> float | None:
    return None if angle is None else turned(angle, scale)


def _size(out: Draft, track: Track, state: State) -> None:
    """I062/270: length first, then the nose, then the width; none of them without the one before."""
    size, nose = track.dimensions, state.heading_deg
    length = size.length_m if size is not None else None
    raw = _LENGTH.raw(length) if length is not None else None
    if size is not None and size.height_m is not None:
        out.lose("dimensions.height_m", NO_TARGET)
    if raw is None or size is None:
        out.lose_all((("state.heading_deg", nose), ("dimensions.width_m", size.width_m if size else None)), NO_TARGET)
        if length is not None:
            out.lose("dimensions.length_m", OUT_OF_RANGE)
        return
    parts = [raw << 1]
    if nose is not None:
        pointing = _NOSE.raw(turned(nose, _NOSE))
        parts.append((pointing or 0) << 1)
        width = _WIDTH.raw(size.width_m) if size.width_m is not None else None
        if width is not None:
            parts.append(width << 1)
    if size.width_m is not None and len(parts) < 3:
        out.lose("dimensions.width_m", NO_TARGET if nose is None else OUT_OF_RANGE)
    out.add(21, bytes([part | (index + 1 < len(parts)) for index, part in enumerate(parts)]))


def _accuracy(out: Draft, state: State, accuracy: Accuracy, covariance: Covariance | None) -> None:
    """I062/500: 95 % bounds back to standard deviations; the largest value of each field means "or above"."""
    bounds = Draft()
    horizontal = accuracy.horizontal_95_m
    sigmas = None if horizontal is None else (horizontal / facts062.K95_RADIUS,) * 2
    crossing = None
    if covariance is not None:
        values = covariance.values
        if covariance.form in ("EN", "ENU") and len(values) == (3 if covariance.form == "EN" else 6):
            sigmas = (sqrt(max(values[0], 0)), sqrt(max(values[2 if covariance.form == "EN" else 3], 0)))
            crossing = sqrt(abs(values[1])) * (1 if values[1] >= 0 else -1)
            if covariance.form == "ENU":
                out.lose("state.covariance", NO_TARGET)
        else:
            out.lose("state.covariance", NO_CODE)
    clipped = False
    if sigmas is not None:
        (x, clipped_x), (y, clipped_y) = _POSITION_SIGMA.saturated(sigmas[0]), _POSITION_SIGMA.saturated(sigmas[1])
        bounds.add(0, (x << 16 | y).to_bytes(4, "big"))
        clipped = clipped_x or clipped_y
    if crossing is not None:
        raw, clipped_c = _COVARIANCE.saturated(crossing)
        bounds.add(1, raw.to_bytes(2, "big"))
        clipped = clipped or clipped_c
    if clipped:
        out.lose("state.accuracy.horizontal_95_m", TRUNCATED)
    if accuracy.vertical_95_m is not None:
        geometric = state.altitude_hae_m is not None
        scale = _HEIGHT_SIGMA if geometric else _LEVEL_SIGMA
        raw, clipped = scale.saturated(accuracy.vertical_95_m / facts062.K95)
        bounds.add(3 if geometric else 4, bytes([raw]))
        if clipped:
            out.lose("state.accuracy.vertical_95_m", TRUNCATED)
    if accuracy.speed_95_mps is not None:
        raw, clipped = _SPEED_SIGMA.saturated(accuracy.speed_95_mps / facts062.K95)
        bounds.add(5, bytes([raw, raw]))
        if clipped:
            out.lose("state.accuracy.speed_95_mps", TRUNCATED)
    if accuracy.course_95_deg is not None:
        out.lose("state.accuracy.course_95_deg", NO_TARGET)
    out.add(26, bounds.record())


def _measured(out: Draft, state: State, credible: bool) -> None:
    """I062/340: the polar original, and a pressure altitude that its source does not vouch for."""
    measured = Draft()
    polar = state.polar
    if polar is not None:
        measured.add(0, sensor_of(polar))
        if polar.range_m is not None and polar.azimuth_deg is not None and polar.north in (None, "TRUE"):
            distance, azimuth = _RANGE.raw(polar.range_m), _AZIMUTH.raw(turned(polar.azimuth_deg, _AZIMUTH))
            if distance is None or azimuth is None:
                out.lose("state.polar.range_m", OUT_OF_RANGE)
            else:
                measured.add(1, (distance << 16 | azimuth).to_bytes(4, "big"))
        else:
            reason = NO_TARGET if polar.north in (None, "TRUE") else NO_DATUM
            out.lose_all(
                (("state.polar.range_m", polar.range_m), ("state.polar.azimuth_deg", polar.azimuth_deg)), reason
            )
        if polar.sensor and measured.places[:1] != [0]:
            out.lose("state.polar.sensor", NO_CODE)
        out.lose_all(
            (
                ("state.polar.sensor_position", polar.sensor_position),
                ("state.polar.sensor_altitude_msl_m", polar.sensor_altitude_msl_m),
                ("state.polar.sensor_altitude_hae_m", polar.sensor_altitude_hae_m),
                ("state.polar.elevation_deg", polar.elevation_deg),
                ("state.polar.range_rate_mps", polar.range_rate_mps),
                ("state.polar.correction", polar.correction),
                ("state.polar.reach_m", polar.reach_m),
                ("state.polar.range_95_m", polar.range_95_m),
                ("state.polar.azimuth_95_deg", polar.azimuth_95_deg),
                ("state.polar.elevation_95_deg", polar.elevation_95_deg),
            ),
            NO_TARGET,
        )
    if not credible and state.altitude_baro_m is not None:
        level = _LAST_LEVEL.raw(state.altitude_baro_m)
        if level is None:
            out.lose("state.altitude_baro_m", OUT_OF_RANGE)
        else:
            marks = (state.altitude_quality or "").split("_AND_")
            bits = 0x8000 * ("NOT_VALIDATED" in marks) | 0x4000 * ("GARBLED" in marks)
            measured.add(3, (bits | level).to_bytes(2, "big"))
    out.add(27, measured.record())


def _leave(out: Draft, track: Track, state: State) -> None:
    """Note what the category has no place for; the gateway's own bookkeeping is not a loss."""
    if track.identity is not None:
        out.lose("identity.value", NO_TARGET)
    if track.name is not None and all(identifier.value != track.name for identifier in track.identifiers):
        out.lose("name", NO_TARGET)
    if state.altitude_msl_m is not None:
        out.lose("state.altitude_msl_m", NO_DATUM)
    out.lose_all(
        (
            ("remarks", track.remarks),
            ("relations", track.relations),
            ("label", track.label),
            ("extensions", tuple(e for e in track.extensions if e.namespace != leftovers.NAMESPACE)),
            ("detection_confidence_pct", track.detection_confidence_pct),
            ("operator", track.operator),
            ("status.exercise", (track.status.exercise or None) if track.status is not None else None),
            ("state.height_agl_m", state.height_agl_m),
            ("state.height_takeoff_m", state.height_takeoff_m),
            ("state.sent_at", state.sent_at),
            ("state.stale_at", state.stale_at),
        ),
        NO_TARGET,
    )
