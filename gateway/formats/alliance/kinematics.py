"""The state of a track as canonical XML: new in every snapshot, so nothing here is remembered.

The hot path: each quantity is formatted in place (rounded to the grid of its type, no exponent, no negative zero) if it
lies within bounds that need no further thought; all else goes to `rare`, which knows the bounds exactly and refuses.
"""

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
    Grid,
    code,
    text,
    time,
)
from gateway.track import Accuracy, Covariance, Polar, Position, State

COVARIANCE_TERMS = 45


def rare(name: str, value: float, grid: Grid) -> str:
    """An element whose value lies at the end of its circle. Raises `FormatError` for all that lie out of bounds."""
    return grid.element(name, value)


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
        add(position("Position", s.position))
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
    add = parts.append
    if (x := s.altitude_hae_m) is not None:
        add(f"<AltitudeHae>{x:z.3f}</AltitudeHae>" if -1e9 <= x <= 1e9 else rare("AltitudeHae", x, METRE))
    if (x := s.altitude_msl_m) is not None:
        add(f"<AltitudeMsl>{x:z.3f}</AltitudeMsl>" if -1e9 <= x <= 1e9 else rare("AltitudeMsl", x, METRE))
    if (x := s.altitude_baro_m) is not None:
        add(f"<AltitudeBaro>{x:z.3f}</AltitudeBaro>" if -1e9 <= x <= 1e9 else rare("AltitudeBaro", x, METRE))
    if (x := s.altitude_qnh_m) is not None:
        add(f"<AltitudeQnh>{x:z.3f}</AltitudeQnh>" if -1e9 <= x <= 1e9 else rare("AltitudeQnh", x, METRE))
    if (x := s.height_agl_m) is not None:
        add(f"<HeightAgl>{x:z.3f}</HeightAgl>" if -1e9 <= x <= 1e9 else rare("HeightAgl", x, METRE))
    if (x := s.height_takeoff_m) is not None:
        add(f"<HeightTakeoff>{x:z.3f}</HeightTakeoff>" if -1e9 <= x <= 1e9 else rare("HeightTakeoff", x, METRE))
    if s.altitude_quality is not None:
        add(f"<AltitudeQuality>{code(s.altitude_quality, 'State/AltitudeQuality')}</AltitudeQuality>")


def _motion(s: State, parts: list[str]) -> None:
    add = parts.append
    if (x := s.course_deg) is not None:
        add(
            f"<CourseOverGround>{x:z.4f}</CourseOverGround>"
            if 0 <= x < 359.9999
            else rare("CourseOverGround", x, BEARING)
        )
    if (x := s.ground_speed_mps) is not None:
        add(f"<SpeedOverGround>{x:z.4f}</SpeedOverGround>" if 0 <= x <= 1e6 else rare("SpeedOverGround", x, SPEED))
    if (x := s.vertical_rate_mps) is not None:
        add(f"<VerticalRate>{x:z.4f}</VerticalRate>" if -1e6 <= x <= 1e6 else rare("VerticalRate", x, RATE))
    if (x := s.heading_deg) is not None:
        add(f"<Heading>{x:z.4f}</Heading>" if 0 <= x < 359.9999 else rare("Heading", x, BEARING))
    if (x := s.magnetic_heading_deg) is not None:
        add(
            f"<MagneticHeading>{x:z.4f}</MagneticHeading>" if 0 <= x < 359.9999 else rare("MagneticHeading", x, BEARING)
        )
    if (x := s.turn_rate_degps) is not None:
        add(f"<TurnRate>{x:z.4f}</TurnRate>" if -1e4 <= x <= 1e4 else rare("TurnRate", x, TURN_RATE))
    if (x := s.acceleration_east_mps2) is not None:
        add(
            f"<AccelerationEast>{x:z.4f}</AccelerationEast>"
            if -1e5 <= x <= 1e5
            else rare("AccelerationEast", x, ACCELERATION)
        )
    if (x := s.acceleration_north_mps2) is not None:
        add(
            f"<AccelerationNorth>{x:z.4f}</AccelerationNorth>"
            if -1e5 <= x <= 1e5
            else rare("AccelerationNorth", x, ACCELERATION)
        )
    if (x := s.indicated_airspeed_mps) is not None:
        add(
            f"<IndicatedAirspeed>{x:z.4f}</IndicatedAirspeed>" if 0 <= x <= 1e6 else rare("IndicatedAirspeed", x, SPEED)
        )
    if (x := s.true_airspeed_mps) is not None:
        add(f"<TrueAirspeed>{x:z.4f}</TrueAirspeed>" if 0 <= x <= 1e6 else rare("TrueAirspeed", x, SPEED))
    if (x := s.mach) is not None:
        add(f"<Mach>{x:z.4f}</Mach>" if 0 <= x <= 1e3 else rare("Mach", x, MACH))


def _accuracy(a: Accuracy) -> str:
    parts = ["<Accuracy>"]
    add = parts.append
    if (x := a.horizontal_95_m) is not None:
        add(
            f"<HorizontalAccuracy95>{x:z.3f}</HorizontalAccuracy95>"
            if 0 <= x <= 1e9
            else rare("HorizontalAccuracy95", x, LENGTH)
        )
    if (x := a.vertical_95_m) is not None:
        add(
            f"<VerticalAccuracy95>{x:z.3f}</VerticalAccuracy95>"
            if 0 <= x <= 1e9
            else rare("VerticalAccuracy95", x, LENGTH)
        )
    if (x := a.course_95_deg) is not None:
        add(
            f"<CourseAccuracy95>{x:z.4f}</CourseAccuracy95>"
            if 0 <= x <= 180
            else rare("CourseAccuracy95", x, ANGLE_ERROR)
        )
    if (x := a.speed_95_mps) is not None:
        add(f"<SpeedAccuracy95>{x:z.4f}</SpeedAccuracy95>" if 0 <= x <= 1e6 else rare("SpeedAccuracy95", x, SPEED))
    if a.basis is not None:
        add(f"<AccuracyBasis>{code(a.basis, 'Accuracy/AccuracyBasis')}</AccuracyBasis>")
    add("</Accuracy>")
    return "".join(parts)


def _covariance(c: Covariance) -> str:
    if not c.values:
        raise FormatError(EMPTY, place="State/Covariance")
    if len(c.values) > COVARIANCE_TERMS:
        raise FormatError(
            TOO_LONG, place="State/Covariance", cause=f"{len(c.values)} terms, at most {COVARIANCE_TERMS}"
        )
    terms = "".join([COVARIANCE.element("Term", value) for value in c.values])
    return f'<Covariance form="{code(c.form, "Covariance@form")}">{terms}</Covariance>'


def position(name: str, p: Position) -> str:
    """A point, as the element of that name."""
    x, y = p.latitude_deg, p.longitude_deg
    latitude = f"<Latitude>{x:z.8f}</Latitude>" if -90 <= x <= 90 else rare("Latitude", x, LATITUDE)
    longitude = f"<Longitude>{y:z.8f}</Longitude>" if -179.9999 <= y <= 180 else rare("Longitude", y, LONGITUDE)
    return f"<{name}>{latitude}{longitude}</{name}>"


def _polar(p: Polar) -> str:
    parts = [f"<Polar><Sensor>{text(p.sensor, 'Polar/Sensor')}</Sensor>"]
    add = parts.append
    if p.sensor_position is not None:
        add(position("SensorPosition", p.sensor_position))
    if (x := p.sensor_altitude_msl_m) is not None:
        add(
            f"<SensorAltitudeMsl>{x:z.3f}</SensorAltitudeMsl>"
            if -1e9 <= x <= 1e9
            else rare("SensorAltitudeMsl", x, METRE)
        )
    if (x := p.sensor_altitude_hae_m) is not None:
        add(
            f"<SensorAltitudeHae>{x:z.3f}</SensorAltitudeHae>"
            if -1e9 <= x <= 1e9
            else rare("SensorAltitudeHae", x, METRE)
        )
    if (x := p.range_m) is not None:
        add(f"<SlantRange>{x:z.3f}</SlantRange>" if 0 <= x <= 1e9 else rare("SlantRange", x, LENGTH))
    if (x := p.azimuth_deg) is not None:
        add(f"<Azimuth>{x:z.4f}</Azimuth>" if 0 <= x < 359.9999 else rare("Azimuth", x, BEARING))
    if (x := p.elevation_deg) is not None:
        add(f"<Elevation>{x:z.4f}</Elevation>" if -90 <= x <= 90 else rare("Elevation", x, ELEVATION))
    if (x := p.range_rate_mps) is not None:
        add(f"<RangeRate>{x:z.4f}</RangeRate>" if -1e6 <= x <= 1e6 else rare("RangeRate", x, RATE))
    if p.north is not None:
        add(f"<NorthReference>{code(p.north, 'Polar/NorthReference')}</NorthReference>")
    if p.correction is not None:
        add(f"<SlantCorrection>{code(p.correction, 'Polar/SlantCorrection')}</SlantCorrection>")
    if (x := p.reach_m) is not None:
        add(f"<Reach>{x:z.3f}</Reach>" if 0 <= x <= 1e9 else rare("Reach", x, LENGTH))
    if p.range_95_m is not None:
        add(LENGTH.element("RangeAccuracy95", p.range_95_m))
    if p.azimuth_95_deg is not None:
        add(ANGLE_ERROR.element("AzimuthAccuracy95", p.azimuth_95_deg))
    if p.elevation_95_deg is not None:
        add(ANGLE_ERROR.element("ElevationAccuracy95", p.elevation_95_deg))
    add("</Polar>")
    return "".join(parts)
