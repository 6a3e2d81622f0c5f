"""What Remote ID refuses, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

NOT_REMOTE_ID = Code(
    "RID-001",
    "frame is no Remote ID that is known here",
    "send 25-octet messages, packs, Bluetooth service data, Wi-Fi elements, or a receiver's JSON",
)
LENGTH = Code("RID-002", "length does not agree with what the frame says", "send whole messages of 25 octets")
VERSION = Code("RID-003", "protocol version is not known", "send F3411-19 to F3411-22a (versions 0 to 2)")
TYPE = Code("RID-004", "message type is not known", "send message types 0 to 5, or a pack of them")
RANGE = Code("RID-005", "position is not on Earth", "send latitudes to 90 and longitudes to 180 degrees")
AMBIGUOUS = Code(
    "RID-006",
    "messages of several transmitters come without their addresses",
    "have the receiver send packs, or each transmitter's address",
)
NO_NAME = Code("RID-007", "transmitter has neither an id nor an address", "send its Basic ID, or its address")
NOT_JSON = Code("RID-008", "text is not JSON", "send UTF-8 JSON: one object, a list, or one object per line")
SHAPE = Code("RID-009", "JSON is no receiver's report that is known here", "see the shapes in docs/formats/remoteid.md")
TOO_LARGE = Code("RID-010", "frame is larger than allowed", "send fewer reports at a time, or raise the limit")
TOO_MANY = Code("RID-011", "frame holds too many reports", "send fewer reports at a time")
STREAM = Code("RID-012", "stream is neither messages nor JSON", "send nothing between messages, packs or objects")
MEMORY_IMAGE = Code(
    "RID-013",
    "report holds a memory image instead of messages",
    "have the receiver send decoded members, or the messages as they were broadcast",
)
NO_POSITION = Code("RID-020", "track has no position, which Remote ID needs", "leave it to a format that can say so")
UNNAMED = Code("RID-021", "track has no name that Remote ID could carry", "give it a track_id or an identifier")
NOT_FINITE = Code("RID-022", "track has a number that is not finite or not on Earth", "send finite numbers")
ALERT = Code("RID-023", "track is an alert and no aircraft", "leave it to a format that can say so")
CODES = (
    NOT_REMOTE_ID,
    LENGTH,
    VERSION,
    TYPE,
    RANGE,
    AMBIGUOUS,
    NO_NAME,
    NOT_JSON,
    SHAPE,
    TOO_LARGE,
    TOO_MANY,
    STREAM,
    MEMORY_IMAGE,
    NO_POSITION,
    UNNAMED,
    NOT_FINITE,
    ALERT,
)
