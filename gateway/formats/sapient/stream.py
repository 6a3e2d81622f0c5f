"""A TCP stream of SAPIENT messages to frames and back: four octets of length, little endian, then the message.

There is nothing to find the next message by once a length is wrong, so a wrong length ends the connection: what comes
after it is noise, or a message cut out of the middle of another, and both would be believed.
"""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.sapient import codes
from gateway.limits import Limits

PREFIX_OCTETS = 4
_END = "the connection is closed: a stream of length prefixes cannot be followed after a wrong one"


class Splitter:
    """Cuts a stream into messages without their prefixes; holds at most one message and what one read brought.

    `FormatError` for a length of zero (``SAP-003``) or above `max_frame_octets` (``SAP-002``), before anything of that
    message is kept. The frames that were complete before the wrong length are returned first; the refusal comes
    with the next call, of `feed` or `rest`, and with each one after it.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._most = (limits or Limits()).max_frame_octets
        self._buffer = bytearray()
        self._taken = 0  # octets of the stream before the buffer
        self._failure: FormatError | None = None

    def feed(self, octets: bytes) -> list[bytes]:
        """The messages that are complete after these octets."""
        if self._failure is not None:
            raise self._failure
        buffer = self._buffer
        buffer += octets
        frames: list[bytes] = []
        start, end = 0, len(buffer)
        while end - start >= PREFIX_OCTETS:
            size = int.from_bytes(buffer[start : start + PREFIX_OCTETS], "little")
            if not 0 < size <= self._most:
                self._failure = self._refuse(bytes(buffer[start : start + PREFIX_OCTETS]), start)
                buffer.clear()
                break
            stop = start + PREFIX_OCTETS + size
            if stop > end:
                break
            frames.append(bytes(buffer[start + PREFIX_OCTETS : stop]))
            start = stop
        del buffer[:start]
        self._taken += start
        if self._failure is not None and not frames:
            raise self._failure
        return frames

    def rest(self) -> list[bytes]:
        """Nothing, when the stream has ended between two messages; `FormatError` (``SAP-004``) inside one."""
        if self._failure is not None:
            raise self._failure
        left = bytes(self._buffer)
        self._buffer.clear()
        if not left:
            return []
        size = int.from_bytes(left[:PREFIX_OCTETS], "little") if len(left) >= PREFIX_OCTETS else None
        expected = f"a message of {size} octets" if size is not None else f"a length of {PREFIX_OCTETS} octets"
        observed = len(left) - PREFIX_OCTETS if size is not None else len(left)
        raise FormatError(
            codes.CUT_OFF, place=f"octet {self._taken}", cause=f"expected {expected}, observed {observed} and the end"
        )

    def _refuse(self, prefix: bytes, start: int) -> FormatError:
        place, size = f"octet {self._taken + start}", int.from_bytes(prefix, "little")
        if size == 0:
            return FormatError(codes.EMPTY_FRAME, place=place, cause=f"a length of 0; {_END}")
        cause = f"a length of {size} octets, at most {self._most}{self._guess(prefix)}; {_END}"
        return FormatError(codes.TOO_LARGE, place=place, cause=cause)

    def _guess(self, prefix: bytes) -> str:
        """What a wrong length may be instead: the usual mistakes of whoever builds a sensor."""
        if prefix[:2] == b"\x16\x03":
            return " (these octets begin a TLS handshake, and this connection is in the clear)"
        swapped = int.from_bytes(prefix, "big")
        return f" (in big-endian order it would be {swapped})" if 0 < swapped <= self._most else ""


def frame(octets: bytes) -> bytes:
    """A message with its length before it, as it goes on the wire."""
    return len(octets).to_bytes(PREFIX_OCTETS, "little") + octets
