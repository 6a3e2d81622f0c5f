"""What NATO Friendly Force Information refuses, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

NOT_NFFI = Code("NFI-001", "document is not an NFFI message", "send an `NFFIMessage`, alone or in an NFFIDataResponse")
FAULT = Code("NFI-002", "server answered with a SOAP fault", "read the fault; correct the poll or the server")
MISSING = Code("NFI-003", "track lacks a required part", "send trackSource, dateTime and coordinates in positionalData")
TIME = Code("NFI-004", "dateTime is not an instant", "write times in UTC as YYYYMMDDhhmmss")
POINT = Code("NFI-005", "coordinates are not a place on Earth", "send decimal degrees, latitude -90..90")
TOO_LONG = Code("NFI-006", "identifier is longer than allowed", "send a shorter transponderId, or raise the limit")
TOO_DEEP = Code("NFI-007", "document is nested too deep or has too many attributes", "send a flatter document")
TOO_MANY = Code("NFI-008", "message holds too many tracks", "send fewer at a time, or raise the limit")
TOO_LARGE = Code("NFI-009", "document is larger than allowed", "send a smaller document, or raise the limit")
DETAIL = Code("NFI-010", "content has no canonical form", "declare absolute namespace names in the document")
COMPRESSION = Code("NFI-011", "compressed message cannot be read", "compress with GZIP, or not at all")
FFI = Code("NFI-012", "document is FFI of APP-11, whose schema is not public", "send NFFI 1.3")
MARKING = Code(
    "NFI-013",
    "security markings of the track's sections allow no common one",
    "use known classifications and categories that have a common reader, or decide by hand",
)
NO_PLACE = Code("NFI-020", "track has no position, which NFFI demands", "filter such tracks out of this feed")
NO_NAME = Code("NFI-021", "track has no name that could be a transponderId", "admit the track first: that mints its id")
NO_STATE = Code("NFI-022", "track has no state and has not ended", "send a track with a time of applicability")
NOT_FINITE = Code("NFI-023", "track has a position that is not on Earth", "send finite numbers, lat -90..90")
UNMARKABLE = Code(
    "NFI-024",
    "security marking cannot be written",
    "shorten the label (classification 30, policy and categories 256 characters), or withhold the track",
)
NOT_FRIENDLY = Code("NFI-025", "track is not a friend's, and this consumer gets friends only", "unset friendly_only")
ALERT = Code("NFI-026", "track is an alert and no unit", "leave it to a format that can say so")
METHOD = Code("NFI-030", "method is not served", "POST a SOAP PullData request")
NOT_SOAP = Code("NFI-031", "body is not a SOAP request", "POST a SOAP 1.1 envelope with a ReqResFilter")
OPERATION = Code("NFI-032", "operation is not served", "use PullDataOperation of SIP3")
FILTER = Code("NFI-033", "filter is not understood", "use period, historyDepth, systemList and geoFilter of NFFI 1.3")
CODES = (
    NOT_NFFI,
    FAULT,
    MISSING,
    TIME,
    POINT,
    TOO_LONG,
    TOO_DEEP,
    TOO_MANY,
    TOO_LARGE,
    DETAIL,
    COMPRESSION,
    FFI,
    MARKING,
    NO_PLACE,
    NO_NAME,
    NO_STATE,
    NOT_FINITE,
    UNMARKABLE,
    NOT_FRIENDLY,
    ALERT,
    METHOD,
    NOT_SOAP,
    OPERATION,
    FILTER,
)
