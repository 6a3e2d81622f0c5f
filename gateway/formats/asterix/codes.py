"""The error catalogue of the ASTERIX codec."""

from __future__ import annotations

from gateway.errors import Code

BLOCK_TOO_SHORT = Code(
    "AST-001",
    "a data block states a length below its own header",
    "the sender's framing is broken; capture the datagram and show it to the owner of the source",
)
BLOCK_PAST_END = Code(
    "AST-002",
    "a data block runs past the end of its datagram",
    "look for a truncating network (MTU, capture length) or octets that are not ASTERIX on this feed",
)
TRAILING_OCTETS = Code(
    "AST-003",
    "octets follow the last data block that cannot be a block",
    "the blocks before them were read; tell the owner of the source what stands behind",
)
UNKNOWN_CATEGORY = Code(
    "AST-004",
    "a data block is of a category that is not read here",
    "categories 034, 048 and 062 are read; have the source leave the others out, or ignore this block",
)
EMPTY_BLOCK = Code("AST-005", "a data block holds no record", "harmless once; a sender that does it always is broken")
FSPEC_PAST_END = Code(
    "AST-006",
    "a field specification runs past the end of its block",
    "the record before it was probably read by another edition than it was written in; compare editions",
)
UNDEFINED_FRN = Code(
    "AST-007",
    "a field specification announces a field that the edition does not define",
    "the source probably sends another edition; compare it with the editions in the documentation",
)
FSPEC_TRAILING_FX = Code(
    "AST-008",
    "a field specification goes on after its last defined octet",
    "the source probably sends another edition; compare it with the editions in the documentation",
)
EMPTY_FSPEC = Code(
    "AST-009",
    "a record announces no field at all",
    "the block is padded or misread; the records before it were read, what follows in the block was not",
)
ITEM_PAST_END = Code(
    "AST-010",
    "an item runs past the end of its block",
    "the block is cut, or the source sends another edition; compare editions",
)
EXTENSION_TRAILING_FX = Code(
    "AST-011",
    "an extended item goes on after its last defined part",
    "the source probably sends a newer edition; compare editions",
)
EXPLICIT_LENGTH = Code(
    "AST-012",
    "an explicit item states a length of zero",
    "the length counts its own octet; the sender's encoder is broken",
)
MISSING_ITEM = Code(
    "AST-013",
    "a record lacks an item that its category makes mandatory",
    "without it the report cannot be attributed; the source may send another edition",
)
NOT_THIS_EDITION = Code(
    "AST-014",
    "a record holds what its edition cannot mean",
    "an old edition often reads as a new one without complaint; find out which edition the source sends",
)
TIME_TOO_FAR = Code(
    "AST-015",
    "a record's time of day is too far from its reception",
    "check the clocks of the source and of this machine, or widen time_window_s of the feed",
)
FRAME_TOO_LARGE = Code(
    "AST-016",
    "a frame is larger or holds more records than the limits allow",
    "raise max_frame_octets or max_records_per_frame in [limits] if the source is right",
)
OUTSIDE_AREA = Code(
    "AST-017",
    "a position lies outside of the area that the source is known to cover",
    "an old edition often reads as a new one without complaint; find out which one the source sends, or widen area",
)
OUT_OF_RANGE = Code(
    "AST-020",
    "a value lies outside of what its item may carry",
    "correct the value; the codec writes neither wrapped nor clipped numbers",
)
UNKNOWN_FIELD = Code(
    "AST-021",
    "a value is given for an item or field that the edition does not define",
    "compare the name with the item table of the edition",
)
NOT_EXPRESSIBLE = Code(
    "AST-022",
    "a value is of a kind that its item cannot carry",
    "give a number for a number and text of the item's own alphabet for text",
)
MISSING_FIELD = Code("AST-023", "a value lacks a field that its item must have", "give every field of the item")
TRACK_NOT_EXPRESSIBLE = Code(
    "AST-030",
    "a track cannot be written in this category",
    "the track stays available in the other formats; a category with the missing item may carry it",
)
RECORD_TOO_LARGE = Code(
    "AST-031",
    "a record does not fit into one datagram",
    "raise max_datagram_octets of the feed",
)
NUMBERS_EXHAUSTED = Code(
    "AST-032",
    "all track numbers of the consumer are taken",
    "send fewer tracks to this consumer, or shorten silence_s so that numbers come back sooner",
)
OPTION = Code("AST-040", "an option of the ASTERIX format is not usable", "correct the feed's options table")

CODES = (
    BLOCK_TOO_SHORT,
    BLOCK_PAST_END,
    TRAILING_OCTETS,
    UNKNOWN_CATEGORY,
    EMPTY_BLOCK,
    FSPEC_PAST_END,
    UNDEFINED_FRN,
    FSPEC_TRAILING_FX,
    EMPTY_FSPEC,
    ITEM_PAST_END,
    EXTENSION_TRAILING_FX,
    EXPLICIT_LENGTH,
    MISSING_ITEM,
    NOT_THIS_EDITION,
    TIME_TOO_FAR,
    FRAME_TOO_LARGE,
    OUTSIDE_AREA,
    OUT_OF_RANGE,
    UNKNOWN_FIELD,
    NOT_EXPRESSIBLE,
    MISSING_FIELD,
    TRACK_NOT_EXPRESSIBLE,
    RECORD_TOO_LARGE,
    NUMBERS_EXHAUSTED,
    OPTION,
)
