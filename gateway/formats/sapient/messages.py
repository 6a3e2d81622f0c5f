"""Octets to messages of BSI Flex 335 v2.0 and back. Reading says nothing about validity: that is `validate`'s."""

from __future__ import annotations

from google.protobuf.message import DecodeError, EncodeError

from gateway.errors import FormatError
from gateway.formats.sapient import codes
from gateway.formats.sapient.v2 import SapientMessage

__all__ = ("SapientMessage", "parse", "serialise")


def parse(octets: bytes) -> SapientMessage:
    """The message that the octets hold, without their length prefix; unknown fields and values are kept in it.

    `FormatError` (``SAP-001``) for what is no protobuf, has text that is no UTF-8, or nests deeper than 100 messages.
    """
    message = SapientMessage()
    try:
        message.ParseFromString(octets)
    except (DecodeError, RecursionError, ValueError) as error:
        cause = f"{len(octets)} octets: {str(error)[:120]}"
        raise FormatError(codes.NOT_PROTOBUF, cause=cause) from None
    return message


def serialise(message: SapientMessage) -> bytes:
    """The message as octets, without a length prefix, the same for the same content; `FormatError` if it cannot be."""
    try:
        return message.SerializeToString(deterministic=True)
    except (EncodeError, UnicodeEncodeError, RecursionError, ValueError) as error:
        raise FormatError(codes.UNWRITABLE, cause=str(error)[:120]) from None
