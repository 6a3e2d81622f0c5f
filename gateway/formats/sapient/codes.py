"""What SAPIENT refuses, with the remedy. From SAP-001: octets, messages and their rules; from SAP-050: sessions."""

from __future__ import annotations

from gateway.errors import Code

NOT_PROTOBUF = Code("SAP-001", "octets are no SAPIENT message", "send a SapientMessage of BSI Flex 335 in protobuf")
TOO_LARGE = Code(
    "SAP-002",
    "frame is larger than allowed",
    "check that the peer writes the length in four octets, little endian; or raise limits.max_frame_octets",
)
EMPTY_FRAME = Code("SAP-003", "frame is empty", "send a length above zero and a SapientMessage of that length")
CUT_OFF = Code("SAP-004", "stream ends inside a frame", "send frames whole before closing the connection")
UNWRITABLE = Code("SAP-005", "message cannot be written", "report this: a message of ours should always be writable")
MISSING = Code("SAP-010", "mandatory field is missing", "send the field: the standard marks it mandatory")
EMPTY = Code("SAP-011", "field is empty", "send a value, or leave an optional field out")
NO_ALTERNATIVE = Code("SAP-012", "none of the alternatives is given", "send one of the fields that the cause names")
UNKNOWN_FIELD = Code(
    "SAP-013", "field is not in the standard", "send BSI Flex 335 v2.0 only; see SAP-040 for messages of version 1"
)
RESERVED_FIELD = Code("SAP-014", "field number is reserved", "send the field that replaced it in BSI Flex 335 v2.0")
UNKNOWN_VALUE = Code("SAP-015", "value is not in the enumeration", "send a value of the enumeration in v2.0")
UNSPECIFIED = Code("SAP-016", "enumeration is UNSPECIFIED", "say which value holds, or leave an optional field out")
RESERVED_VALUE = Code("SAP-017", "value is reserved", "send SI units: version 2.0 withdrew the others")
ID_FORM = Code(
    "SAP-018",
    "identifier has the wrong form",
    "send node ids as UUIDs of version 4 in lower case, all others as ULIDs in upper case",
)
RANGE = Code("SAP-019", "number is out of range", "send the number in the unit and range that the cause names")
NOT_FINITE = Code("SAP-020", "number is not finite", "leave out what is not known; do not send NaN or infinity")
ICD_VERSION = Code("SAP-021", "registration is of another version", 'register with icd_version "BSI Flex 335 v2.0"')
CONTRADICTION = Code("SAP-022", "fields contradict each other", "send fields that belong together, as the cause says")
TWICE = Code("SAP-023", "field stands twice", "send each field once, and one field of each set of alternatives")
INSTANT = Code("SAP-024", "time is out of range", "send UTC between the years 1 and 9999, nanoseconds below 10^9")
NOT_JSON = Code(
    "SAP-030", "text is not JSON", "send one JSON object in UTF-8: the proto3 JSON form of a SapientMessage"
)
UNKNOWN_NAME = Code(
    "SAP-031", "member is not in the standard", "send the names of BSI Flex 335 v2.0; check the spelling"
)
WRONG_TYPE = Code("SAP-032", "member has the wrong type", "write the value as the proto3 JSON mapping says")
TOO_DEEP = Code("SAP-033", "text is nested too deep", "send a flatter message")
MISFIT = Code(
    "SAP-034",
    "coordinates do not fit their coordinate system",
    "check for swapped axes, and for degrees sent as metres",
)
NULL_ISLAND = Code("SAP-035", "position is 0/0", "leave the position out where it is not known")
HEIGHT = Code("SAP-036", "altitude is not physical", "send metres above the datum, and no marker for what is not known")
SPEED = Code("SAP-037", "speed is not physical", "check the velocity units in the node's Registration")
CLOCK = Code("SAP-038", "times do not fit together", "set the clock of the node; send messages when they are made")
GEOMETRY = Code("SAP-039", "range or area is not physical", "check units, and what the node declares as its coverage")
SELF = Code("SAP-049", "message refers to itself", "check the identifiers that the node mints")
VERSION = Code("SAP-040", "version of the standard is not known", 'send icd_version "BSI Flex 335 v2.0" or "v1.0"')
CODES = (
    NOT_PROTOBUF,
    TOO_LARGE,
    EMPTY_FRAME,
    CUT_OFF,
    UNWRITABLE,
    MISSING,
    EMPTY,
    NO_ALTERNATIVE,
    UNKNOWN_FIELD,
    RESERVED_FIELD,
    UNKNOWN_VALUE,
    UNSPECIFIED,
    RESERVED_VALUE,
    ID_FORM,
    RANGE,
    NOT_FINITE,
    ICD_VERSION,
    CONTRADICTION,
    TWICE,
    INSTANT,
    NOT_JSON,
    UNKNOWN_NAME,
    WRONG_TYPE,
    TOO_DEEP,
    MISFIT,
    NULL_ISLAND,
    HEIGHT,
    SPEED,
    CLOCK,
    GEOMETRY,
    SELF,
    VERSION,
)
