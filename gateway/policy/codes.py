"""The policy's lines of the error catalogue."""

from __future__ import annotations

from gateway.errors import Code

UNKNOWN_POLICY = Code("POL-001", "label is of a security policy that is not let in", "add it to [[policy.accept]]")
UNKNOWN_CLASSIFICATION = Code("POL-002", "classification is not let in", "add it to [[policy.accept]]")
UNKNOWN_CATEGORY = Code("POL-003", "label has a category that we cannot decide on", "agree on labels with the partner")
NO_AREA = Code("POL-010", "area holds nothing", "give three or more vertices that are not on one line, or a radius")
NO_PLACE = Code("POL-011", "vertex is no place on the earth", "give [latitude, longitude] in degrees, WGS 84")
CROSSED_AREA = Code("POL-012", "area crosses itself", "give the vertices in order, or several polygons")
AREA_AROUND_POLE = Code(
    "POL-013", "area goes around a pole", "use a circle, or vertices at latitude 90 and longitudes -180 and 180"
)

CODES = (
    UNKNOWN_POLICY,
    UNKNOWN_CLASSIFICATION,
    UNKNOWN_CATEGORY,
    NO_AREA,
    NO_PLACE,
    CROSSED_AREA,
    AREA_AROUND_POLE,
)
