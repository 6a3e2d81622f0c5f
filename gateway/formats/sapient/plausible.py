"""Can what a valid message says be true? A verdict of its own: the standard's own samples are valid and impossible.

Doubts refuse nothing by themselves. Bounds are wide on purpose: what they catch is a wrong unit, swapped axes, a marker
for "unknown", a clock that was never set; not an unusual target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import hypot, pi

from msgspec import Struct

from gateway.errors import Code
from gateway.formats.sapient import codes, v2
from gateway.formats.sapient.rules import is_zone

EARLY_S, LATE_S = 0.9, 0.1
"""A message may be this much older than its reception, and this much younger: the window of the Apex middleware."""

_EASTING_M = (100_000.0, 900_000.0)
_NORTHING_M = (0.0, 10_000_000.0)
_METRES_PER_DEGREE = 111_133.0 * 0.9996  # of latitude, on the central meridian, to within 0.6 %
_BAND_SLACK_DEG = 1.0
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
_HEIGHT_M = (-500.0, 100_000.0)  # the Dead Sea's shore, and where space begins
_SPEED_MPS = 3_000.0  # above what flies in the atmosphere
_RANGE_M = 1_000_000.0
_ERROR_DEG = 1.0  # 111 km: an error in metres beside coordinates in degrees
_OWN_ULID_S = 3_600.0  # an identifier minted for this message
_OBJECT_ULID_S = 30 * 86_400.0  # an object may be older than its report, but not by this much
_AREA_POINTS = 3

_DEGREES = int(v2.LocationCoordinateSystem.LAT_LNG_DEG_M)
_RADIANS = int(v2.LocationCoordinateSystem.LAT_LNG_RAD_M)
_UTM = int(v2.LocationCoordinateSystem.UTM_M)
_KILOMETRES = (int(v2.RangeBearingCoordinateSystem.DEGREES_KM), int(v2.RangeBearingCoordinateSystem.RADIANS_KM))
_KPH = int(v2.SpeedUnits.KPH)
_OWN_OBJECT = "the detection's own object_id"
_CROCKFORD = str.maketrans("ABCDEFGHJKMNPQRSTVWXYZ", "abcdefghijklmnopqrstuv")  # to Python's digits of base 32


class Doubt(Struct, frozen=True, kw_only=True):
    """One statement of a message that is hard to believe."""

    path: str
    code: Code
    cause: str


class Known(Struct, frozen=True, kw_only=True):
    """What the node has said before, as far as doubts need it; absent is not known, and then not doubted."""

    speed_unit: int | None = None
    """`SpeedUnits` of east and north, from its Registration."""
    range_m: float | None = None
    """The farthest that it says it covers."""
    errors_in_metres: bool = False
    """Its Registration says that errors are lengths, whatever x and y are."""


_NOTHING = Known()


def implausible(
    message: v2.SapientMessage, *, received_at: datetime | None = None, known: Known | None = None, seen: bool = True
) -> tuple[Doubt, ...]:
    """What is hard to believe of a message that `validate` accepts; empty if nothing is.

    Not `seen` leaves out what `detection_doubts` and `alert_doubts` say of detections and alerts.
    """
    found = list(_clock(message, received_at))
    if message.destination_id and message.destination_id == message.node_id:
        found.append(Doubt(path="destination_id", code=codes.SELF, cause="the sender's own node_id"))
    content = message.WhichOneof("content")
    sent_s = message.timestamp.seconds + message.timestamp.nanos / 1e9
    if content == "detection_report":
        found += _detection(message.detection_report, message, sent_s)
        if seen:
            found += _sighted(message.detection_report, sent_s, known or Known())
    elif content == "status_report":
        found += _status(message.status_report, sent_s)
    elif content == "alert":
        found += _minted(message.alert.alert_id, "alert.alert_id", sent_s, _OWN_ULID_S)
        if seen:
            found += _alert(message.alert, known or Known())
    elif content == "task":
        found += _task(message.task)
    elif content == "registration":
        for index, area in enumerate(message.registration.reporting_region):
            found += _area(area, f"registration.reporting_region[{index}]")
    return tuple(found)


def detection_doubts(report: v2.DetectionReport, sent_s: float, known: Known) -> tuple[Doubt, ...]:
    """What is hard to believe of where a detection is and how it moves: the part of the verdict that marks a track.

    A bearing that says nothing is not among it: so a sensor says that it noticed something.
    """
    return tuple([doubt for doubt in _sighted(report, sent_s, known) if doubt.path != "detection_report.range_bearing"])


def alert_doubts(alert: v2.Alert, known: Known) -> tuple[Doubt, ...]:
    """The same of an alert."""
    return tuple([doubt for doubt in _alert(alert, known) if doubt.path != "alert.range_bearing"])


def coverage_m(report: v2.StatusReport) -> float | None:
    """The farthest range in metres that a StatusReport's coverage and field of view speak of, for `Known.range_m`."""
    areas = [*report.coverage, *([report.field_of_view] if report.HasField("field_of_view") else [])]
    cones = [area.range_bearing for area in areas if area.WhichOneof("fov_oneof") == "range_bearing"]
    if len(cones) != len(areas):  # an area of coordinates says no range
        return None
    ranges = [cone.range * _scale_m(cone.coordinate_system) for cone in cones if cone.HasField("range")]
    return max(ranges) if ranges and len(ranges) == len(cones) else None


def ulid_time_s(ulid: str) -> float:
    """Seconds since 1970 that a valid ULID was minted at. Never the time of anything else than that."""
    return int(ulid[:10].translate(_CROCKFORD), 32) / 1000


def _clock(message: v2.SapientMessage, received_at: datetime | None) -> Iterator[Doubt]:
    if received_at is None:
        return
    late_s = received_at.timestamp() - message.timestamp.seconds - message.timestamp.nanos / 1e9
    if not -LATE_S <= late_s <= EARLY_S:
        side = f"{late_s:.3f} s before" if late_s > 0 else f"{-late_s:.3f} s after"
        cause = f"{side} its reception; {EARLY_S} s before to {LATE_S} s after are usual"
        yield Doubt(path="timestamp", code=codes.CLOCK, cause=cause)


def _detection(report: v2.DetectionReport, message: v2.SapientMessage, sent_s: float) -> Iterator[Doubt]:
    at = "detection_report"
    yield from _minted(report.report_id, f"{at}.report_id", sent_s, _OWN_ULID_S)
    yield from _minted(report.object_id, f"{at}.object_id", sent_s, _OBJECT_ULID_S)
    own = (message.node_id, report.object_id)
    for index, related in enumerate(report.associated_detection):
        if (related.node_id, related.object_id) == own:
            yield Doubt(path=f"{at}.associated_detection[{index}].object_id", code=codes.SELF, cause=_OWN_OBJECT)
    for index, origin in enumerate(report.derived_detection):
        if (origin.node_id, origin.object_id) == own:
            yield Doubt(path=f"{at}.derived_detection[{index}].object_id", code=codes.SELF, cause=_OWN_OBJECT)


def _sighted(report: v2.DetectionReport, sent_s: float, known: Known) -> Iterator[Doubt]:
    at = "detection_report"
    if report.HasField("location"):
        yield from _location(report.location, f"{at}.location", known)
    else:
        yield from _bearing(report.range_bearing, f"{at}.range_bearing", known)
    if report.HasField("prediction_location"):
        ahead = report.prediction_location
        if ahead.HasField("location"):
            yield from _location(ahead.location, f"{at}.prediction_location.location", known)
        else:
            yield from _bearing(ahead.range_bearing, f"{at}.prediction_location.range_bearing", known)
        if ahead.HasField("predicted_timestamp") and ahead.predicted_timestamp.seconds < int(sent_s):
            path = f"{at}.prediction_location.predicted_timestamp"
            yield Doubt(path=path, code=codes.CLOCK, cause="a prediction for before the message")
    if report.HasField("enu_velocity"):
        yield from _velocity(report.enu_velocity, f"{at}.enu_velocity", known)


def _status(report: v2.StatusReport, sent_s: float) -> Iterator[Doubt]:
    yield from _minted(report.report_id, "status_report.report_id", sent_s, _OWN_ULID_S)
    if report.HasField("node_location"):
        yield from _location(report.node_location, "status_report.node_location")
    if report.HasField("field_of_view"):
        yield from _area(report.field_of_view, "status_report.field_of_view")
    for name, areas in (("obscuration", report.obscuration), ("coverage", report.coverage)):
        for index, area in enumerate(areas):
            yield from _area(area, f"status_report.{name}[{index}]")


def _alert(alert: v2.Alert, known: Known) -> Iterator[Doubt]:
    if alert.HasField("location"):
        yield from _location(alert.location, "alert.location", known)
    elif alert.HasField("range_bearing"):
        yield from _bearing(alert.range_bearing, "alert.range_bearing", known)


def _task(task: v2.Task) -> Iterator[Doubt]:
    for index, region in enumerate(task.region):
        yield from _area(region.region_area, f"task.region[{index}].region_area")
    command = task.command.WhichOneof("command")
    if command == "look_at":
        for place, one in _places(task.command.look_at.location_list.locations):
            yield from _location(one, f"task.command.look_at.location_list.{place}")
    elif command in ("move_to", "patrol"):
        for place, one in _places((task.command.move_to if command == "move_to" else task.command.patrol).locations):
            yield from _location(one, f"task.command.{command}.{place}")


def _area(area: v2.LocationOrRangeBearing, at: str) -> Iterator[Doubt]:
    if area.WhichOneof("fov_oneof") != "location_list":
        return
    locations = area.location_list.locations
    for place, one in _places(locations):
        yield from _location(one, f"{at}.location_list.{place}")
    if 0 < len(locations) < _AREA_POINTS:
        cause = f"an area of {len(locations)} points; {_AREA_POINTS} enclose something"
        yield Doubt(path=f"{at}.location_list.locations", code=codes.GEOMETRY, cause=cause)


def _places(locations: Sequence[v2.Location]) -> Iterator[tuple[str, v2.Location]]:
    for index, one in enumerate(locations):
        yield f"locations[{index}]", one


def _location(one: v2.Location, at: str, known: Known = _NOTHING) -> Iterator[Doubt]:
    system, x, y = one.coordinate_system, one.x, one.y
    if x == 0.0 and y == 0.0:
        yield Doubt(path=at, code=codes.NULL_ISLAND, cause="x and y are both zero")
    elif system == _UTM:
        yield from _utm(one, at)
    if one.HasField("z") and not _HEIGHT_M[0] <= one.z <= _HEIGHT_M[1]:
        cause = f"{one.z:.7g} m; {_HEIGHT_M[0]:.0f} to {_HEIGHT_M[1]:.0f} are possible"
        yield Doubt(path=f"{at}.z", code=codes.HEIGHT, cause=cause)
    if system in (_DEGREES, _RADIANS) and not known.errors_in_metres:
        degrees = 1.0 if system == _DEGREES else 180.0 / pi
        for name, error in (("x_error", one.x_error), ("y_error", one.y_error)):
            if error * degrees >= _ERROR_DEG:
                distance = f"{error * degrees:.4g} degrees are {error * degrees * 111:.0f} km"
                cause = f"{distance}; errors are in the unit of x and y"
                yield Doubt(path=f"{at}.{name}", code=codes.MISFIT, cause=cause)


def _utm(one: v2.Location, at: str) -> Iterator[Doubt]:
    x, y = one.x, one.y
    if abs(x) <= 180.0 and abs(y) <= 180.0:
        order = _geographic(x, y, one.utm_zone)
        cause = f"x {x:.7g} and y {y:.7g} are no metres of UTM but {order} in degrees"
        yield Doubt(path=at, code=codes.MISFIT, cause=cause)
        return
    if not _EASTING_M[0] <= x <= _EASTING_M[1]:
        cause = f"easting {x:.10g} m; {_EASTING_M[0]:.0f} to {_EASTING_M[1]:.0f} lie in a zone"
        yield Doubt(path=f"{at}.x", code=codes.MISFIT, cause=cause)
    if not _NORTHING_M[0] <= y <= _NORTHING_M[1]:
        yield Doubt(path=f"{at}.y", code=codes.MISFIT, cause=f"northing {y:.10g} m; 0 to 10000000 exist")
    elif is_zone(one.utm_zone):
        band = _BANDS.index(one.utm_zone[-1])
        south, north = band * 8.0 - 80.0, band * 8.0 - 72.0 + (4.0 if band == len(_BANDS) - 1 else 0.0)
        latitude = (y if band >= len(_BANDS) // 2 else y - _NORTHING_M[1]) / _METRES_PER_DEGREE
        if not south - _BAND_SLACK_DEG <= latitude <= north + _BAND_SLACK_DEG:
            place = f"northing {y:.10g} m is near latitude {latitude:.1f}"
            cause = f"{place}, band {one.utm_zone[-1]} is {south:.0f} to {north:.0f}"
            yield Doubt(path=f"{at}.y", code=codes.MISFIT, cause=cause)


def _geographic(x: float, y: float, zone: str) -> str:
    """How two small numbers are best read: in the order of the axes, or swapped."""
    swapped = abs(x) <= 90.0 and _in_zone(y, zone)
    straight = abs(y) <= 90.0 and _in_zone(x, zone)
    if swapped and not straight:
        return "latitude and longitude, swapped,"
    return "longitude and latitude" if straight and not swapped else "perhaps longitude and latitude"


def _in_zone(longitude_deg: float, zone: str) -> bool:
    if not is_zone(zone):
        return True
    middle = int(zone[:-1]) * 6 - 183
    return abs((longitude_deg - middle + 180.0) % 360.0 - 180.0) <= 6.0


def _bearing(one: v2.RangeBearing, at: str, known: Known) -> Iterator[Doubt]:
    if not (one.HasField("azimuth") or one.HasField("range") or one.HasField("elevation")):
        yield Doubt(path=at, code=codes.GEOMETRY, cause="neither azimuth nor range nor elevation")
    if not one.HasField("range"):
        return
    range_m = one.range * _scale_m(one.coordinate_system)
    if known.range_m is not None and range_m > known.range_m:
        cause = f"{range_m:.0f} m, the node says that it covers {known.range_m:.0f} m"
        yield Doubt(path=f"{at}.range", code=codes.GEOMETRY, cause=cause)
    elif range_m > _RANGE_M:
        yield Doubt(
            path=f"{at}.range", code=codes.GEOMETRY, cause=f"{range_m:.0f} m; at most {_RANGE_M:.0f} m are seen"
        )


def _velocity(one: v2.ENUVelocity, at: str, known: Known) -> Iterator[Doubt]:
    scale = 1.0 / 3.6 if known.speed_unit in (None, _KPH) else 1.0  # unknown: in favour of the node
    speed = hypot(one.east_rate, one.north_rate, one.up_rate) * scale
    if speed > _SPEED_MPS:
        cause = f"{speed:.0f} m/s; at most {_SPEED_MPS:.0f} m/s fly" + (
            "" if known.speed_unit else ", even if km/h are meant"
        )
        yield Doubt(path=at, code=codes.SPEED, cause=cause)


def _minted(ulid: str, at: str, sent_s: float, most_s: float) -> Iterator[Doubt]:
    """An identifier's own time beside the message's: a copied or fixed identifier, or a clock that was set."""
    if len(ulid) != 26 or not ulid.isalnum() or not ulid.isascii() or not ulid.isupper():
        return
    age_s = sent_s - ulid_time_s(ulid)
    if not -_OWN_ULID_S <= age_s <= most_s:
        side = "before" if age_s > 0 else "after"
        cause = f"minted {abs(age_s) / 86_400:.1f} days {side} the message's time; it is not used as a time"
        yield Doubt(path=at, code=codes.CLOCK, cause=cause)


def _scale_m(system: int) -> float:
    return 1000.0 if system in _KILOMETRES else 1.0
