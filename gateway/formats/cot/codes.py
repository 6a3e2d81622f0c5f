"""What Cursor on Target refuses, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

NOT_AN_EVENT = Code("COT-001", "root element is not a CoT event", "send one `event` element of CoT 2.0 in no namespace")
VERSION = Code("COT-002", "event is older than CoT 2.0", 'send version="2.0": 1.x gives its times another meaning')
MISSING = Code("COT-003", "event lacks a required part", "send uid, type, time, start, stale and a point")
TIME = Code("COT-004", "time is not an ISO 8601 instant with a zone", "write times as 2026-11-22T08:12:00.5Z")
TYPE = Code("COT-005", "type is not a CoT type", "send atoms joined by hyphens, such as a-f-A-M-F")
POINT = Code("COT-006", "point is not a place on Earth", "send lat -90..90 and lon -180..180 in decimal degrees")
TOO_LONG = Code(
    "COT-007", "identifier is longer than allowed", "send a shorter uid, type or callsign, or raise the limit"
)
TOO_DEEP = Code("COT-008", "event is nested too deep or has too many attributes", "send a flatter detail")
NAMESPACE = Code(
    "COT-009",
    "event uses the namespace in which this gateway carries CoT leftovers",
    "send plain CoT: its own elements have no namespace",
)
TOO_MANY = Code("COT-010", "frame holds too many events", "send fewer events at a time")
TOO_LARGE = Code("COT-012", "frame is larger than allowed", "send smaller events, or raise the limit")
DETAIL = Code("COT-013", "detail has no canonical form", "declare absolute namespace names in the detail")
NO_TARGET = Code("COT-014", "deletion names no track", "name the track to remove in link@uid of a t-x-d-d event")
NO_PLACE = Code(
    "COT-020",
    "track has no position that CoT could carry",
    "a CoT event needs a point: filter such tracks out of this feed, or give the sensor's position",
)
NO_NAME = Code("COT-021", "track has no name that could become a uid", "admit the track first: that mints its track_id")
NO_STATE = Code("COT-022", "track has no state and has not ended", "send a track with a time of applicability")
NOT_XML = Code("COT-023", "uid or marking has characters that XML cannot carry", "leave control characters out")
NOT_FINITE = Code(
    "COT-024", "track has a number that is not finite or not on Earth", "send finite numbers, lat -90..90"
)
NO_AFFILIATION = Code("COT-026", "affiliation for undeclared identities is none of those", "use o or u")
NOWHERE = Code("COT-025", "label and source's marking allow no common reader", "decide by hand which marking holds")
CODES = (
    NOT_AN_EVENT,
    VERSION,
    MISSING,
    TIME,
    TYPE,
    POINT,
    TOO_LONG,
    TOO_DEEP,
    NAMESPACE,
    TOO_MANY,
    TOO_LARGE,
    DETAIL,
    NO_TARGET,
    NO_PLACE,
    NO_NAME,
    NO_STATE,
    NOT_XML,
    NOT_FINITE,
    NO_AFFILIATION,
    NOWHERE,
)
