"""What the alliance codec refuses."""

from __future__ import annotations

from gateway.errors import Code

NOT_FINITE = Code("ALM-001", "value is outside of what the schema admits", "correct it at its source, or omit it")
BAD_CODE = Code("ALM-002", "code does not have the form of its registry", "use a registered code or x-nation:code")
BAD_TEXT = Code("ALM-003", "text holds a character that XML forbids", "remove control characters and lone surrogates")
TOO_LONG = Code("ALM-004", "text or list is longer than the schema admits", "shorten it, or send several messages")
EMPTY = Code("ALM-005", "text is empty where the schema wants some", "omit the element: absent means unknown")
NO_TRACK_ID = Code("ALM-006", "track has no track id", "let admission mint one before the track is rendered")
NAIVE_TIME = Code("ALM-007", "time has no zone", "give aware datetimes")
BAD_EXTENSION = Code(
    "ALM-008",
    "extension is not one element in exclusive canonical form of a foreign namespace",
    "canonicalise the element by itself (XML-EXC-C14N) and give its own namespace and name",
)
TOO_LARGE = Code("ALM-009", "message is larger than partners accept", "send the tracks in several messages")
INVALID = Code("ALM-010", "document does not validate against the track message schema", "validate it before sending")
BAD_REFERENCE = Code("ALM-011", "source reference names no source, or a source id stands twice", "list it once")
SIGNED = Code("ALM-012", "document still holds a signature", "verify it first and read what the signature covers")
HOSTILE = Code("ALM-013", "document is nested too deep or has too many attributes", "send plain track messages")
NO_RETRACTION = Code("ALM-014", "a retraction is not a track", "read retractions with the alliance reader")
BESIDE_ORIGINAL = Code(
    "ALM-015",
    "an original stands beside tracks or retractions",
    "pass the original on alone, or make a message of your own",
)
UNDATED_LABEL = Code(
    "ALM-016", "label has no creation time", "let the release policy complete the label before the track is rendered"
)
BAD_LABEL = Code(
    "ALM-017", "label is not one that a message can carry", "label it as ADatP-4774 and the release policy have it"
)

CODES = (
    NOT_FINITE,
    BAD_CODE,
    BAD_TEXT,
    TOO_LONG,
    EMPTY,
    NO_TRACK_ID,
    NAIVE_TIME,
    BAD_EXTENSION,
    TOO_LARGE,
    INVALID,
    BAD_REFERENCE,
    SIGNED,
    HOSTILE,
    NO_RETRACTION,
    BESIDE_ORIGINAL,
    UNDATED_LABEL,
    BAD_LABEL,
)
