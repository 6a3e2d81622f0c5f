"""The state of a track cut from the text of a valid message; the counterpart of `kinematics`."""

from __future__ import annotations

from functools import lru_cache

from gateway.formats.alliance.scan import code, leaves, number, optional_time, pieces, text, time
from gateway.track import Accuracy, Covariance, Polar, Position, State


def state(inner: str) -> State:
    """The inside of a ``State`` element."""
    spread = within = accuracy = None
    if inner.endswith("</Polar>"):
        inner, found, cut = inner.partition("<Polar>")
        within = polar(found + cut)
    if inner.endswith("</Covariance>"):
        inner, found, cut = inner.partition("<Covariance ")
        spread = covariance(found + cut)
    leaf = leaves(inner)
    get = leaf.get
    if inner.endswith("</Accuracy>"):
        accuracy = Accuracy(
            horizontal_95_m=number(get("HorizontalAccuracy95")),
            vertical_95_m=number(get("VerticalAccuracy95")),
            course_95_deg=number(get("CourseAccuracy95")),
            speed_95_mps=number(get("SpeedAccuracy95")),
            basis=code(get("AccuracyBasis")),
        )
    return State(
        time=time(leaf["Time"]),
        time_quality=code(get("TimeQuality")),
        date_basis=code(get("DateBasis")),
        received_at=optional_time(get("ReceivedTime")),
        sent_at=optional_time(get("SentTime")),
        stale_at=optional_time(get("StaleTime")),
        position=Position(float(leaf["Latitude"]), float(leaf["Longitude"])) if "Latitude" in leaf else None,
        altitude_hae_m=number(get("AltitudeHae")),
        altitude_msl_m=number(get("AltitudeMsl")),
        altitude_baro_m=number(get("AltitudeBaro")),
        altitude_qnh_m=number(get("AltitudeQnh")),
        height_agl_m=number(get("HeightAgl")),
        height_takeoff_m=number(get("HeightTakeoff")),
        altitude_quality=code(get("AltitudeQuality")),
        course_deg=number(get("CourseOverGround")),
        ground_speed_mps=number(get("SpeedOverGround")),
        vertical_rate_mps=number(get("VerticalRate")),
        heading_deg=number(get("Heading")),
        magnetic_heading_deg=number(get("MagneticHeading")),
        turn_rate_degps=number(get("TurnRate")),
        acceleration_east_mps2=number(get("AccelerationEast")),
        acceleration_north_mps2=number(get("AccelerationNorth")),
        indicated_airspeed_mps=number(get("IndicatedAirspeed")),
        true_airspeed_mps=number(get("TrueAirspeed")),
        mach=number(get("Mach")),
        accuracy=accuracy,
        covariance=spread,
        polar=within,
    )


def covariance(element: str) -> Covariance:
    """A whole ``Covariance`` element."""
    attribute, _, inner = element[: -len("</Covariance>")].partition(">")
    form = code(attribute[len('<Covariance form="') : -1])
    assert form is not None
    return Covariance(form, tuple([float(term) for _, _, term in pieces(inner)]))


@lru_cache(maxsize=256)
def _remembered_position(inner: str) -> Position:
    return _sensor_position(inner)


def _sensor_position(inner: str) -> Position:
    leaf = leaves(inner)
    return Position(float(leaf["Latitude"]), float(leaf["Longitude"]))


def polar(element: str) -> Polar:
    """A whole ``Polar`` element."""
    inner = element[len("<Polar>") : -len("</Polar>")]
    place = None
    before, found, after = inner.partition("<SensorPosition>")
    if found:
        cut, _, after = after.partition("</SensorPosition>")
        place = _remembered_position(cut) if len(cut) < 256 else _sensor_position(cut)
        inner = before + after
    leaf = leaves(inner)
    get = leaf.get
    return Polar(
        sensor=text(leaf["Sensor"]),
        sensor_position=place,
        sensor_altitude_msl_m=number(get("SensorAltitudeMsl")),
        sensor_altitude_hae_m=number(get("SensorAltitudeHae")),
        range_m=number(get("SlantRange")),
        azimuth_deg=number(get("Azimuth")),
        elevation_deg=number(get("Elevation")),
        range_rate_mps=number(get("RangeRate")),
        north=code(get("NorthReference")),
        correction=code(get("SlantCorrection")),
        reach_m=number(get("Reach")),
        range_95_m=number(get("RangeAccuracy95")),
        azimuth_95_deg=number(get("AzimuthAccuracy95")),
        elevation_95_deg=number(get("ElevationAccuracy95")),
    )
