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
CODES = (
    NOT_PROTOBUF,
    TOO_LARGE,
    EMPTY_FRAME,
    CUT_OFF,
    UNWRITABLE,
)
