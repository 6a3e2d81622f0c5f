"""A stream or file to frames: messages behind their lengths, or, for tests and people, their JSON mapping.

JSON cannot be mistaken for a length: a message that began with a brace as its length's first octet has a zero as its
fourth, which no JSON has.
"""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.sapient import stream
from gateway.formats.sapient.session.codes import TOO_LARGE
from gateway.limits import Limits

_BEGINNINGS = (b"{", b"\xef\xbb\xbf", b" ", b"\t", b"\r", b"\n")


class Splitter:
    """Cuts one connection's octets; what its first four octets are decides for all of it.

    `FormatError` where a length is wrong (see `stream.Splitter`), or a JSON text is larger than a frame may be.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._binary: stream.Splitter | None = None
        self._text: _JsonSplitter | None = None
        self._first = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """The frames that are complete after these octets."""
        if self._binary is not None:
            return self._binary.feed(octets)
        if self._text is not None:
            return self._text.feed(octets)
        self._first += octets
        if len(self._first) < stream.PREFIX_OCTETS:
            return []
        first, self._first = self._first, b""
        if first.startswith(_BEGINNINGS) and 0 not in first[: stream.PREFIX_OCTETS]:
            self._text = _JsonSplitter(self._limits)
            return self._text.feed(first)
        self._binary = stream.Splitter(self._limits)
        return self._binary.feed(first)

    def rest(self) -> list[bytes]:
        """What is left when the stream has ended; `FormatError` inside a message."""
        if self._text is not None:
            return self._text.rest()
        if self._binary is None:
            self._binary = stream.Splitter(self._limits)
            self._binary.feed(self._first)
        return self._binary.rest()


class _JsonSplitter:
    """One object per line, or one object in all."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.max_frame_octets
        self._buffer = b""
        self._lines: bool | None = None

    def feed(self, octets: bytes) -> list[bytes]:
        self._buffer += octets
        frames: list[bytes] = []
        while self._lines is not False and (end := self._buffer.find(b"\n")) >= 0:
            line = self._buffer[:end].strip(b"\xef\xbb\xbf \t\r")
            if line and self._lines is None:
                self._lines = line[:1] == b"{" and line[-1:] == b"}"
                if not self._lines:
                    break
            self._buffer = self._buffer[end + 1 :]
            if line:
                frames.append(line)
        if len(self._buffer) > self._most:
            raise FormatError(TOO_LARGE, place=f"octet {self._most}", cause=f"a JSON text of over {self._most} octets")
        return frames

    def rest(self) -> list[bytes]:
        left, self._buffer = self._buffer, b""
        return [left] if left.strip() else []
