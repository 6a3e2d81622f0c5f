"""What NATO Vector Graphics refuses, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

NOT_NVG = Code(
    "NVG-001", "document is not NATO Vector Graphics", "send an `nvg` document, alone or in a GetNvgResponse"
)
FAULT = Code("NVG-002", "server answered with a SOAP fault", "read the fault; correct the poll or the server")
POINT = Code(
    "NVG-003", "point is not a place on Earth", "send x -180..180 (longitude) and y -90..90 in decimal degrees"
)
TOO_LONG = Code("NVG-004", "identifier is longer than allowed", "send a shorter uri or label, or raise the limit")
TOO_DEEP = Code("NVG-005", "document is nested too deep or has too many attributes", "send a flatter document")
TOO_MANY = Code("NVG-006", "document holds too many objects", "send fewer at a time, or raise the limit")
TOO_LARGE = Code("NVG-007", "document is larger than allowed", "send a smaller document, or raise the limit")
DETAIL = Code("NVG-008", "content has no canonical form", "declare absolute namespace names in the document")
NAMESPACE = Code(
    "NVG-009",
    "document uses the namespace in which this gateway carries NVG leftovers",
    "send plain NVG: no producer has a reason to use that namespace",
)
NO_PLACE = Code(
    "NVG-020",
    "track has neither a position nor a detection that NVG can draw",
    "give the sensor's position with a reach or range, or filter such tracks out of this document",
)
NO_NAME = Code("NVG-021", "track has no name that could become a uri", "admit the track first: that mints its track_id")
NO_STATE = Code("NVG-022", "track has no state and has not ended", "send a track with a time of applicability")
NOT_FINITE = Code(
    "NVG-023", "track has a number that is not finite or not on Earth", "send finite numbers, lat -90..90"
)
METHOD = Code("NVG-030", "method is not served", "use GET for the document, or POST for a SOAP request")
QUERY = Code("NVG-031", "query parameter is not known", "use environment=AIR,LAND and identity=HOSTILE, or none at all")
NOT_SOAP = Code("NVG-032", "body is not a SOAP request", "POST a SOAP 1.1 envelope with GetNvg or GetCapabilities")
OPERATION = Code("NVG-033", "operation is not served", "ask for GetNvg or GetCapabilities of NVG 2.0")
FILTER = Code("NVG-034", "filter is not one of those offered", "use what GetCapabilities lists")
CODES = (
    NOT_NVG,
    FAULT,
    POINT,
    TOO_LONG,
    TOO_DEEP,
    TOO_MANY,
    TOO_LARGE,
    DETAIL,
    NAMESPACE,
    NO_PLACE,
    NO_NAME,
    NO_STATE,
    NOT_FINITE,
    METHOD,
    QUERY,
    NOT_SOAP,
    OPERATION,
    FILTER,
)
