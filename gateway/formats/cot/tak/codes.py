"""What TAK protocol refuses, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

MALFORMED = Code("TAK-001", "TAK message cannot be read", "send one TakMessage of TAK protocol version 1 per frame")
VERSION = Code(
    "TAK-002", "version of TAK protocol is not spoken here", "use version 1, or plain XML, which everybody understands"
)
TOO_LONG = Code("TAK-003", "TAK frame is longer than allowed", "send smaller events, or raise the limit")
CUT = Code("TAK-004", "TAK frame is cut short", "send the whole frame, or look for a broken line on the way")
NOT_PROTOBUF = Code(
    "TAK-005", "event cannot stand in a TAK message", "send times from 1970 to 9999 and a point, or stay with XML"
)
NOT_XML = Code("TAK-006", "TAK message has text that XML cannot carry", "leave control characters out of texts")
NO_ANSWER = Code(
    "TAK-007", "server did not answer the request for TAK protocol", "look at the server; it is called again"
)
NO_NAME = Code("TAK-008", "option of the TAK endpoint is unusable", "see docs/formats/tak.md for what it may be")
NOT_ITS_OWN = Code(
    "TAK-009",
    "uid is another's",
    "give each client a uid of its own; only who reported a track ends it",
)

CODES = (MALFORMED, VERSION, TOO_LONG, CUT, NOT_PROTOBUF, NOT_XML, NO_ANSWER, NO_NAME, NOT_ITS_OWN)
