"""A stream of messages and packs, or of a receiver's JSON, to frames.

What the first octet begins decides for the stream: JSON is cut where its outermost bracket closes, whether it stands on
one line or on many; messages and packs are cut by their own lengths.
"""

from __future__ import annotations

import re

from gateway.errors import FormatError
from gateway.formats.remoteid import codes
from gateway.formats.remoteid.carriers import message_end
from gateway.limits import Limits

_MARK = re.compile(rb'["\\{}\[\]]')
_BETWEEN = b" \t\r\n,\x1e"  # lines, commas of a list that somebody unrolled, RFC 8142
_BRACKETS = b"{["


class Splitter:
    """Cuts one connection's octets; `FormatError` (``RID-012``, ``RID-010``) where it cannot follow."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._most = (limits or Limits()).max_frame_octets
        self._buffer = bytearray()
        self._is_text: bool | None = None
        self._at = 0
        """Octets of the buffer that have been looked at."""
        self._depth = 0
        self._quoted = False

    def feed(self, octets: bytes) -> list[bytes]:
        """The frames that are complete after these octets."""
        self._buffer += octets
        if self._is_text is None and self._buffer:
            head = bytes(self._buffer.lstrip(b"\t\r\n\x1e")[:1])
            if not head:
                self._buffer.clear()
                return []
            self._is_text = head in (b"{", b"[")
        frames = self._texts() if self._is_text else self._messages()
        if len(self._buffer) > self._most:
            cause = f"over {self._most} octets and no end"
            self._forget()
            raise FormatError(codes.TOO_LARGE, cause=cause)
        return frames

    def rest(self) -> list[bytes]:
        """What is left of a stream that has ended, if anything: a torso for the decoder to refuse."""
        rest = bytes(self._buffer).strip(_BETWEEN) if self._is_text else bytes(self._buffer)
        self._forget()
        return [rest] if rest else []

    def _forget(self) -> None:
        self._buffer.clear()
        self._at = self._depth = 0
        self._quoted = False
        self._is_text = None

    def _messages(self) -> list[bytes]:
        frames: list[bytes] = []
        at = 0
        buffer = self._buffer
        while at < len(buffer):
            try:
                length = message_end(bytes(buffer[at : at + 3]))
            except FormatError:
                self._forget()
                raise
            if not length or at + length > len(buffer):
                break
            frames.append(bytes(buffer[at : at + length]))
            at += length
        del buffer[:at]
        return frames

    def _texts(self) -> list[bytes]:
        frames: list[bytes] = []
        buffer = self._buffer
        start = 0
        while True:
            if not self._depth:
                while start < len(buffer) and buffer[start] in _BETWEEN:
                    start += 1
                if start == len(buffer):
                    self._at = start
                    break
                if buffer[start] not in _BRACKETS:
                    cause = f"no JSON begins with {bytes(buffer[start : start + 4])!r}"
                    self._forget()
                    raise FormatError(codes.STREAM, cause=cause)
                self._at = max(self._at, start)
            end = self._close()
            if end is None:
                break
            frames.append(bytes(buffer[start:end]))
            start = end
        del buffer[:start]
        self._at -= start
        return frames

    def _close(self) -> int | None:
        """Where the outermost bracket closes, or nothing yet; goes on from where it last looked."""
        buffer = self._buffer
        at = self._at
        while (mark := _MARK.search(buffer, at)) is not None:
            sign, at = mark.group(), mark.end()
            if self._quoted:
                if sign == b"\\":
                    if at == len(buffer):  # the escaped octet is still to come
                        self._at = at - 1
                        return None
                    at += 1
                elif sign == b'"':
                    self._quoted = False
            elif sign == b'"':
                self._quoted = True
            elif sign in (b"{", b"["):
                self._depth += 1
            elif sign in (b"}", b"]"):
                self._depth -= 1
                if self._depth <= 0:
                    self._depth = 0
                    self._at = at
                    return at
        self._at = len(buffer)
        return None
