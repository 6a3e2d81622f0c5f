"""How an object moves, and how well that and its place are known, by what its node declared."""

from __future__ import annotations

from math import atan2, degrees, hypot

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.place import horizontal_95
from gateway.formats.sapient.plausible import Known
from gateway.formats.sapient.polar import Sighting
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.declared import Meaning
from gateway.formats.sapient.session.errors import LengthUnit
from gateway.formats.sapient.v2 import ENUVelocity, Location, SpeedUnits
from gateway.track import Accuracy, Loss

_FASTEST_MPS = 1e6
_LENGTHS = (LengthUnit.METRE, LengthUnit.KILOMETRE)
_UNDECLARED_VELOCITY = Loss("detection_report.enu_velocity", "UNDECLARED")
_UNDECLARED_UP = Loss("detection_report.enu_velocity.up_rate", "UNDECLARED")
_NO_TRUE_COURSE = Loss("detection_report.enu_velocity", "NO_DATUM")
_UP_ERROR = Loss("detection_report.enu_velocity.up_rate_error", "NOT_MODELLED")
_RATE_ERRORS = Loss("detection_report.enu_velocity.east_rate_error", "UNDECLARED")
_XY_ERROR = Loss("detection_report.location.x_error", "UNDECLARED")
_Z_ERROR = Loss("detection_report.location.z_error", "UNDECLARED")


class Motion(Struct, frozen=True, gc=False):
    """Velocity in canonical terms."""

    course_deg: float | None = None
    ground_speed_mps: float | None = None
    vertical_rate_mps: float | None = None
    course_95_deg: float | None = None
    speed_95_mps: float | None = None


NO_MOTION = Motion()


def motion_of(velocity: ENUVelocity, meaning: Meaning, losses: list[Loss]) -> Motion:
    """Course, speed and rate of climb in the units that the node declared; nothing in units that it did not."""
    factor, up = meaning.east_north_mps, None
    if velocity.HasField("up_rate"):
        if meaning.up_mps is None:
            losses.append(_UNDECLARED_UP)
        else:
            up = velocity.up_rate * meaning.up_mps
            _check_speed(up, "up_rate")
        if velocity.HasField("up_rate_error"):
            losses.append(_UP_ERROR)
    if factor is None:
        losses.append(_UNDECLARED_VELOCITY)
        return Motion(vertical_rate_mps=up)
    east, north = velocity.east_rate * factor, velocity.north_rate * factor
    speed = hypot(east, north)
    _check_speed(speed, "east_rate")
    course: float | None = None
    if speed > 0:
        if meaning.true_north:
            course = degrees(atan2(east, north)) % 360.0
            course = 0.0 if course == 360.0 else course  # what a tiny negative angle rounds to
        else:
            losses.append(_NO_TRUE_COURSE)
    course_95 = speed_95 = None
    if velocity.HasField("east_rate_error") and velocity.HasField("north_rate_error"):
        kind = meaning.error
        if kind is None or kind.linear is None:
            losses.append(_RATE_ERRORS)
        elif speed > 0:
            scale = factor * kind.linear
            across_east, across_north = velocity.east_rate_error * scale, velocity.north_rate_error * scale
            speed_95 = hypot(east * across_east, north * across_north) / speed
            if course is not None:
                course_95 = min(degrees(hypot(north * across_east, east * across_north) / (speed * speed)), 180.0)
    return Motion(course, speed, up, course_95, speed_95)


def known_of(meaning: Meaning, reach_m: float | None) -> Known:
    """What doubts about a report need to know of its node."""
    factor, error = meaning.east_north_mps, meaning.error
    return Known(
        speed_unit=None if factor is None else SpeedUnits.MS if factor == 1.0 else SpeedUnits.KPH,
        range_m=reach_m,
        errors_in_metres=error is not None and error.unit in _LENGTHS,
    )


def _check_speed(value: float, name: str) -> None:
    if not -_FASTEST_MPS <= value <= _FASTEST_MPS:
        place = f"detection_report.enu_velocity.{name}"
        raise FormatError(codes.NO_NUMBER, place=place, cause=f"{value:.6g} m/s")


def location_errors(
    location: Location, latitude_deg: float, meaning: Meaning, losses: list[Loss]
) -> tuple[float | None, float | None]:
    """95 % bounds (radius, half-height) of a location's errors by their declared kind."""
    horizontal = vertical = None
    kind = meaning.error
    if location.HasField("x_error") or location.HasField("y_error"):
        horizontal = horizontal_95(location, latitude_deg, kind) if kind is not None else None
        if horizontal is None:
            losses.append(_XY_ERROR)
    if location.HasField("z_error"):
        if kind is not None and kind.linear is not None:
            vertical = location.z_error * kind.linear
        else:
            losses.append(_Z_ERROR)
    return horizontal, vertical


def accuracy_of(sighting: Sighting, motion: Motion, meaning: Meaning) -> Accuracy | None:
    """The bounds of place and motion; `None` where nothing is known of either."""
    horizontal, vertical = sighting.horizontal_95_m, sighting.vertical_95_m
    course, speed = motion.course_95_deg, motion.speed_95_mps
    if horizontal is None and vertical is None and course is None and speed is None:
        return None
    return Accuracy(
        horizontal_95_m=horizontal,
        vertical_95_m=vertical,
        course_95_deg=course,
        speed_95_mps=speed,
        basis=sighting.basis or (meaning.error.basis if meaning.error is not None else None),
    )
