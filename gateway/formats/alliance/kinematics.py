"""The state of a track as canonical XML: new in every snapshot, so nothing here is remembered."""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.alliance.codes import EMPTY, TOO_LONG
from gateway.formats.alliance.lexical import (
    ACCELERATION,
    ANGLE_ERROR,
    BEARING,
    COVARIANCE,
    ELEVATION,
    LATITUDE,
    LENGTH,
    LONGITUDE,
    MACH,
    METRE,
    RATE,
    SPEED,
    TURN_RATE,
    code,
    text,
    time,
)
from gateway.track import Accuracy, Covariance, Polar, Position, State

COVARIANCE_TERMS = 45

_latitude = LATITUDE.element("Latitude")
_longitude = LONGITUDE.element("Longitude")
_altitude_hae = METRE.element("AltitudeHae")
_altitude_msl = METRE.element("AltitudeMsl")
_altitude_baro = METRE.element("AltitudeBaro")
_altitude_qnh = METRE.element("AltitudeQnh")
_height_agl = METRE.element("HeightAgl")
_course = BEARING.element("CourseOverGround")
_ground_speed = SPEED.element("SpeedOverGround")
_vertical_rate = RATE.element("VerticalRate")
_heading = BEARING.element("Heading")
_magnetic_heading = BEARING.element("MagneticHeading")
_turn_rate = TURN_RATE.element("TurnRate")
_acceleration_east = ACCELERATION.element("AccelerationEast")
_acceleration_north = ACCELERATION.element("AccelerationNorth")
_indicated_airspeed = SPEED.element("IndicatedAirspeed")
_true_airspeed = SPEED.element("TrueAirspeed")
_mach = MACH.element("Mach")
_horizontal = LENGTH.element("HorizontalAccuracy95")
_vertical = LENGTH.element("VerticalAccuracy95")
_course_error = ANGLE_ERROR.element("CourseAccuracy95")
_speed_error = SPEED.element("SpeedAccuracy95")
_term = COVARIANCE.element("Term")
_sensor_altitude = METRE.element("SensorAltitudeMsl")
_slant_range = LENGTH.element("SlantRange")
_azimuth = BEARING.element("Azimuth")
_elevation = ELEVATION.element("Elevation")
_range_rate = RATE.element("RangeRate")
_reach = LENGTH.element("Reach")


def state(s: State) -> str:  # one line per element in the order of the schema: flat, because it is the hot path
    """A ``State`` element."""
    parts = [f"<State><Time>{time(s.time, 'State/Time')}</Time>"]
    add = parts.append
    if s.time_quality is not None:
        add(f"<TimeQuality>{code(s.time_quality, 'State/TimeQuality')}</TimeQuality>")
    if s.date_basis is not None:
        add(f"<DateBasis>{code(s.date_basis, 'State/DateBasis')}</DateBasis>")
    if s.received_at is not None:
        add(f"<ReceivedTime>{time(s.received_at, 'State/ReceivedTime')}</ReceivedTime>")
    if s.sent_at is not None:
        add(f"<SentTime>{time(s.sent_at, 'State/SentTime')}</SentTime>")
    if s.stale_at is not None:
        add(f"<StaleTime>{time(s.stale_at, 'State/StaleTime')}</StaleTime>")
    if s.position is not None:
        p = s.position
        add(f"<Position>{_latitude(p.latitude_deg)}{_longitude(p.longitude_deg)}</Position>")
    _heights(s, parts)
    _motion(s, parts)
    if s.accuracy is not None:
        add(_accuracy(s.accuracy))
    if s.covariance is not None:
        add(_covariance(s.covariance))
    if s.polar is not None:
        add(_polar(s.polar))
    add("</State>")
    return "".join(parts)


def _heights(s: State, parts: list[str]) -> None:
    if s.altitude_hae_m is not None:
        parts.append(_altitude_hae(s.altitude_hae_m))
    if s.altitude_msl_m is not None:
        parts.append(_altitude_msl(s.altitude_msl_m))
    if s.altitude_baro_m is not None:
        parts.append(_altitude_baro(s.altitude_baro_m))
    if s.altitude_qnh_m is not None:
        parts.append(_altitude_qnh(s.altitude_qnh_m))
    if s.height_agl_m is not None:
        parts.append(_height_agl(s.height_agl_m))
    if s.altitude_quality is not None:
        parts.append(f"<AltitudeQuality>{code(s.altitude_quality, 'State/AltitudeQuality')}</AltitudeQuality>")


def _motion(s: State, parts: list[str]) -> None:
    add = parts.append
    if s.course_deg is not None:
        add(_course(s.course_deg))
    if s.ground_speed_mps is not None:
        add(_ground_speed(s.ground_speed_mps))
    if s.vertical_rate_mps is not None:
        add(_vertical_rate(s.vertical_rate_mps))
    if s.heading_deg is not None:
        add(_heading(s.heading_deg))
    if s.magnetic_heading_deg is not None:
        add(_magnetic_heading(s.magnetic_heading_deg))
    if s.turn_rate_degps is not None:
        add(_turn_rate(s.turn_rate_degps))
    if s.acceleration_east_mps2 is not None:
        add(_acceleration_east(s.acceleration_east_mps2))
    if s.acceleration_north_mps2 is not None:
        add(_acceleration_north(s.acceleration_north_mps2))
    if s.indicated_airspeed_mps is not None:
        add(_indicated_airspeed(s.indicated_airspeed_mps))
    if s.true_airspeed_mps is not None:
        add(_true_airspeed(s.true_airspeed_mps))
    if s.mach is not None:
        add(_mach(s.mach))


def _accuracy(a: Accuracy) -> str:
    horizontal = "" if a.horizontal_95_m is None else _horizontal(a.horizontal_95_m)
    vertical = "" if a.vertical_95_m is None else _vertical(a.vertical_95_m)
    course = "" if a.course_95_deg is None else _course_error(a.course_95_deg)
    speed = "" if a.speed_95_mps is None else _speed_error(a.speed_95_mps)
    basis = "" if a.basis is None else f"<AccuracyBasis>{code(a.basis, 'Accuracy/AccuracyBasis')}</AccuracyBasis>"
    return f"<Accuracy>{horizontal}{vertical}{course}{speed}{basis}</Accuracy>"


def _covariance(c: Covariance) -> str:
    if not c.values:
        raise FormatError(EMPTY, place="State/Covariance")
    if len(c.values) > COVARIANCE_TERMS:
        raise FormatError(
            TOO_LONG, place="State/Covariance", cause=f"{len(c.values)} terms, at most {COVARIANCE_TERMS}"
        )
    terms = "".join([_term(value) for value in c.values])
    return f'<Covariance form="{code(c.form, "Covariance@form")}">{terms}</Covariance>'


def _position(name: str, p: Position) -> str:
    return f"<{name}>{_latitude(p.latitude_deg)}{_longitude(p.longitude_deg)}</{name}>"


def _polar(p: Polar) -> str:
    parts = [f"<Polar><Sensor>{text(p.sensor, 'Polar/Sensor')}</Sensor>"]
    add = parts.append
    if p.sensor_position is not None:
        add(_position("SensorPosition", p.sensor_position))
    if p.sensor_altitude_msl_m is not None:
        add(_sensor_altitude(p.sensor_altitude_msl_m))
    if p.range_m is not None:
        add(_slant_range(p.range_m))
    if p.azimuth_deg is not None:
        add(_azimuth(p.azimuth_deg))
    if p.elevation_deg is not None:
        add(_elevation(p.elevation_deg))
    if p.range_rate_mps is not None:
        add(_range_rate(p.range_rate_mps))
    if p.north is not None:
        add(f"<NorthReference>{code(p.north, 'Polar/NorthReference')}</NorthReference>")
    if p.correction is not None:
        add(f"<SlantCorrection>{code(p.correction, 'Polar/SlantCorrection')}</SlantCorrection>")
    if p.reach_m is not None:
        add(_reach(p.reach_m))
    add("</Polar>")
    return "".join(parts)
