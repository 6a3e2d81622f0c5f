"""What BSI Flex 335 v2.0 demands of values and of fields together, beyond what `table_v2` marks field by field.

The sources are the standard's published message definitions (mandatory fields, forms, and in the remarks the ranges,
units and withdrawn values) and, where those are silent, the standard's public test harness; each rule says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, pi

from google.protobuf.message import Message

from gateway.errors import Code
from gateway.formats.sapient import codes, v2

HARNESS = "BSI Flex 335 v2 test harness"

Finding = tuple[str, Code, str, str]
"""(field within the message, code, what is expected, what was observed)"""
Cross = Callable[..., tuple[Finding, ...]]

_Key = tuple[str, str]

MUST: Mapping[_Key, str] = {
    ("DetectionReport.DerivedDetection", "timestamp"): HARNESS,
    ("Error", "error_message"): HARNESS,
    ("Registration.TaskDefinition", "concurrent_tasks"): HARNESS,
}
"""Mandatory in v2.0, though its definitions do not mark it: who says so."""

MUST_ONEOF: Mapping[_Key, str] = {("DetectionReport.PredictedLocation", "predicted_location_oneof"): HARNESS}

FORMS: Mapping[_Key, str] = {
    ("Registration", "dependent_nodes"): "uuid",
    ("FollowObject", "follow_object_id"): "ulid",
}
"""Forms of identifiers that the definitions do not mark."""

ICD_VERSION: _Key = ("Registration", "icd_version")
"""Must be the version of the schema, to the letter."""

_SHARE = (0.0, 1.0, "between 0 and 1")
_POSITIVE = (0.0, inf, "not below 0")
_PER_CENT = (0.0, 100.0, "between 0 and 100")

RANGES: Mapping[_Key, tuple[float, float, str]] = {
    ("DetectionReport", "detection_confidence"): _SHARE,
    ("DetectionReport.DetectionReportClassification", "confidence"): _SHARE,
    ("DetectionReport.SubClass", "confidence"): _SHARE,
    ("DetectionReport.SubClass", "level"): _POSITIVE,
    ("DetectionReport.Behaviour", "confidence"): _SHARE,
    ("DetectionReport.TrackObjectInfo", "error"): _POSITIVE,
    ("DetectionReport.Signal", "start_frequency"): _POSITIVE,
    ("DetectionReport.Signal", "centre_frequency"): _POSITIVE,
    ("DetectionReport.Signal", "stop_frequency"): _POSITIVE,
    ("DetectionReport.Signal", "pulse_duration"): _POSITIVE,
    ("Alert", "ranking"): _SHARE,
    ("Alert", "confidence"): _SHARE,
    ("StatusReport.Power", "level"): _PER_CENT,
    ("Registration.Duration", "value"): _POSITIVE,
    ("Registration.TaskDefinition", "concurrent_tasks"): _POSITIVE,
    ("Registration.SubClass", "level"): _POSITIVE,
    ("Registration.SubClassFilterDefinition", "level"): _POSITIVE,
    ("RangeBearing", "range"): _POSITIVE,
    ("RangeBearingCone", "range"): _POSITIVE,
    ("RangeBearingCone", "horizontal_extent"): (0.0, 360.0, "between 0 and 360 degrees"),
    ("RangeBearingCone", "vertical_extent"): (0.0, 180.0, "between 0 and 180 degrees"),
    **{(name, f"{axis}_error"): _POSITIVE for name in ("Location",) for axis in "xyz"},
    **{("RangeBearing", f"{one}_error"): _POSITIVE for one in ("elevation", "azimuth", "range")},
    **{
        ("RangeBearingCone", f"{one}_error"): _POSITIVE
        for one in ("elevation", "azimuth", "range", "horizontal_extent", "vertical_extent")
    },
    **{("ENUVelocity", f"{one}_rate_error"): _POSITIVE for one in ("east", "north", "up")},
}
"""(least, most, in words). Every number must be finite besides."""

_DEGREES = v2.LocationCoordinateSystem.LAT_LNG_DEG_M
_RADIANS = v2.LocationCoordinateSystem.LAT_LNG_RAD_M
_UTM = int(v2.LocationCoordinateSystem.UTM_M)
_SLACK = 1e-6  # an angle in radians that was rounded up to a float
_HALF_TURN: Mapping[int, tuple[float, float]] = {
    int(_DEGREES): (180.0, 90.0),
    int(_RADIANS): (pi + _SLACK, pi / 2 + _SLACK),
}
_BEARING_DEGREES = (1, 3)  # of RangeBearingCoordinateSystem
_BEARING_RADIANS = (2, 4)


def _location(one: v2.Location) -> tuple[Finding, ...]:
    system = one.coordinate_system
    most = _HALF_TURN.get(system)
    if most is not None:
        x, y = one.x, one.y
        if -most[0] <= x <= most[0] and -most[1] <= y <= most[1] and not one.utm_zone:
            return ()
        found: list[Finding] = []
        if abs(x) > most[0]:
            found.append(("x", codes.RANGE, f"a longitude between -{most[0]:.7g} and {most[0]:.7g}", f"{x:.10g}"))
        if abs(y) > most[1]:
            found.append(("y", codes.RANGE, f"a latitude between -{most[1]:.7g} and {most[1]:.7g}", f"{y:.10g}"))
        if one.utm_zone:
            found.append(("utm_zone", codes.CONTRADICTION, "no zone with latitude and longitude", one.utm_zone[:10]))
        return tuple(found)
    if system == _UTM and one.utm_zone and not is_zone(one.utm_zone):  # without one the Registration's holds
        return (("utm_zone", codes.RANGE, "a zone from 1 to 60 and a band such as 30U", repr(one.utm_zone[:10])),)
    return ()


def is_zone(text: str) -> bool:
    """Whether a text is a UTM zone: number and latitude band, as `30U` or `05Q`. A number alone says no hemisphere."""
    number, band = text[:-1], text[-1:]
    return (
        number.isascii() and number.isdigit() and 1 <= int(number[:3]) <= 60 and band in tuple("CDEFGHJKLMNPQRSTUVWX")
    )


def _bearing(one: v2.RangeBearing | v2.RangeBearingCone) -> tuple[Finding, ...]:
    degrees = one.coordinate_system in _BEARING_DEGREES
    if not degrees and one.coordinate_system not in _BEARING_RADIANS:
        return ()  # in no known unit, which is told already
    turn, slack = (360.0, 0.0) if degrees else (2 * pi, _SLACK)
    azimuth, elevation = one.azimuth, one.elevation
    right = turn / 4 + slack
    if -turn / 2 - slack <= azimuth <= turn + slack and -right <= elevation <= right:
        return ()
    unit = "degrees" if degrees else "radians"
    found: list[Finding] = []
    if not -turn / 2 - slack <= azimuth <= turn + slack:
        found.append(("azimuth", codes.RANGE, f"between {-turn / 2:.7g} and {turn:.7g} {unit}", f"{azimuth:.10g}"))
    if not -right <= elevation <= right:
        found.append(
            ("elevation", codes.RANGE, f"between {-turn / 4:.7g} and {turn / 4:.7g} {unit}", f"{elevation:.10g}")
        )
    return tuple(found)


def _location_type(one: v2.RegistrationLocationType) -> tuple[Finding, ...]:
    units, datum = one.WhichOneof("coordinates_oneof"), one.WhichOneof("datum_oneof")
    found: list[Finding] = []
    if units == "location_units" and datum == "range_bearing_datum":
        found.append((datum, codes.CONTRADICTION, "location_datum with location_units", datum))
    elif units == "range_bearing_units" and datum == "location_datum":
        found.append((datum, codes.CONTRADICTION, "range_bearing_datum with range_bearing_units", datum))
    if one.zone and not is_zone(one.zone):
        found.append(("zone", codes.RANGE, "a zone from 1 to 60 and a band such as 30U", repr(one.zone[:10])))
    return tuple(found)


def _zone(parent: Message, field: str) -> tuple[Finding, ...]:
    """UTM coordinates that a Registration announces need a zone (test harness); only a node's own position does not."""
    found: list[Finding] = []
    value = getattr(parent, field)
    several = not isinstance(value, Message)
    for index, one in enumerate(value if several else (value,)):
        if one.location_units == _UTM and not one.zone:
            at = f"{field}[{index}].zone" if several else f"{field}.zone"
            found.append((at, codes.MISSING, "the zone of the UTM coordinates", "nothing"))
    return tuple(found)


def _zones(*fields: str) -> Cross:
    return lambda message: tuple(found for field in fields for found in _zone(message, field))


_areas = _zones("coverage_definition", "obscuration_definition", "field_of_view_definition")


def _status_definition(one: v2.RegistrationStatusDefinition) -> tuple[Finding, ...]:
    """A node's own position is a point, not a bearing from itself."""
    if one.HasField("location_definition") and one.location_definition.HasField("range_bearing_units"):
        expected = "location_units: StatusReport.node_location is a Location"
        own = (("location_definition.range_bearing_units", codes.CONTRADICTION, expected, "range_bearing_units"),)
        return (*own, *_areas(one))
    return _areas(one)


def _signal(one: v2.DetectionReportSignal) -> tuple[Finding, ...]:
    if not one.HasField("centre_frequency"):  # told as missing; it would read as 0 Hz, below any start
        return ()
    found: list[Finding] = []
    if one.HasField("start_frequency") and one.start_frequency > one.centre_frequency:
        found.append(
            ("start_frequency", codes.CONTRADICTION, "not above centre_frequency", f"{one.start_frequency:.7g}")
        )
    if one.HasField("stop_frequency") and one.stop_frequency < one.centre_frequency:
        found.append(("stop_frequency", codes.CONTRADICTION, "not below centre_frequency", f"{one.stop_frequency:.7g}"))
    return tuple(found)


def _task(one: v2.Task) -> tuple[Finding, ...]:
    if one.HasField("task_start_time") and one.HasField("task_end_time"):
        start, end = one.task_start_time, one.task_end_time
        if (end.seconds, end.nanos) < (start.seconds, start.nanos):
            return (("task_end_time", codes.CONTRADICTION, "not before task_start_time", f"{end.seconds} s"),)
    return ()


CROSS: Mapping[str, Cross] = {
    "Location": _location,
    "RangeBearing": _bearing,
    "RangeBearingCone": _bearing,
    "Registration.LocationType": _location_type,
    "Registration.StatusDefinition": _status_definition,
    "Registration.DetectionDefinition": _zones("location_type"),
    "Registration.RegionDefinition": _zones("region_area"),
    "DetectionReport.Signal": _signal,
    "Task": _task,
}
"""Checks of fields together, run after each field has passed its own."""
