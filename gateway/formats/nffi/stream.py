"""A TCP stream of XML documents to frames, whatever the read boundaries.

A document begins with an XML declaration or its root's start tag and ends with its root's end tag, whatever prefix
that has. Comments, CDATA sections and processing instructions may hold anything. Every octet that is not white space
between documents ends up in exactly one frame; what is no document becomes a frame of its own, which the decoder
judges. The cost is linear in the octets, however they arrive.
"""

from __future__ import annotations

import re

from gateway.limits import Limits

_SPACE = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*+")
_START = re.compile(rb"<(?:\?xml[ \t\r\n]|[A-Za-z_][A-Za-z0-9_.:-]{0,127}[ \t\r\n/>])")
_ROOT = re.compile(rb"<([A-Za-z_][A-Za-z0-9_.:-]{0,127})[ \t\r\n/>]")
_LONGEST_START = 130
_SKIPPED = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_QUOTES = (b'"', b"'")
_LONGEST_MARK = 9  # octets of `<![CDATA[`
_IN_TAG = re.compile(rb"[\"'<>]")
_DECLARED = re.compile(rb"<\?xml[ \t\r\n]")


class Splitter:
    """Cuts a stream of documents; never raises.

    A document that outgrows `max_frame_octets` is handed over cut one octet beyond the limit, so that the decoder
    refuses it; then the stream is searched for the next start. A new declaration inside a document, or a message
    inside a message, ends it: no well-formed one has that, so a document that lost its end swallows no successor.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._most = (limits or Limits()).max_frame_octets
        self._buffer = bytearray()
        self._position = 0  # everything before has been looked at
        self._inside = False
        self._root = b""
        self._depth = 0
        self._until = b""  # what ends the mark that begins at _position: `-->` and its like, a quote, or `>`
        self._resume = 0  # where the search for it goes on
        self._skipping = False  # discarding the rest of a document that was too large

    def feed(self, octets: bytes) -> list[bytes]:
        """The documents that are complete after these octets."""
        self._buffer += octets
        frames: list[bytes] = []
        while self._inner(frames) if self._inside else self._seek(frames):
            pass
        return frames

    def rest(self) -> list[bytes]:
        """What is left when the stream has ended, as frames that a decoder will judge."""
        left = bytes(self._buffer).strip(b" \t\r\n")
        self._buffer.clear()
        self._leave(0)
        return [left] if left and not self._skipping else []

    def _leave(self, end: int) -> None:
        del self._buffer[:end]
        self._position = 0
        self._inside = False
        self._root = self._until = b""
        self._depth = 0

    def _seek(self, frames: list[bytes]) -> bool:
        """Between documents: find the next start; what stands before it and is not white space is a frame."""
        buffer = self._buffer
        if self._position == 0 and not self._skipping:
            space = _SPACE.match(buffer)
            if space is not None and space.end():
                del buffer[: space.end()]
        found = _START.search(buffer, self._position)
        if found is None:
            tail = buffer.rfind(b"<", max(self._position, len(buffer) - _LONGEST_START))
            self._position = tail if tail >= 0 else len(buffer)
            if self._skipping:
                self._leave(self._position)
            elif self._position > self._most:
                frames.append(bytes(buffer[: self._most + 1]))
                self._leave(self._position)
                self._skipping = True
            return False
        garbage = bytes(buffer[: found.start()]).strip(b" \t\r\n")
        if garbage and not self._skipping:
            frames.append(garbage[: self._most + 1])
        self._leave(found.start())
        self._skipping = False
        self._inside = True
        if _DECLARED.match(buffer):
            self._position = 5  # past `<?xml`, so that it does not end the document that it begins
        return True

    def _inner(self, frames: list[bytes]) -> bool:
        """Inside a document: one mark forward; False when octets are missing."""
        end = self._mark()
        if end is None:
            if len(self._buffer) <= self._most:
                return False
            frames.append(bytes(self._buffer[: self._most + 1]))
            self._leave(self._most + 1)
            self._skipping = True
            return True
        if end:
            frames.append(bytes(self._buffer[: min(end, self._most + 1)]))
            self._leave(end)
        return True

    def _mark(self) -> int | None:
        """Past the next mark: the end of the document if that was it, else 0; `None` if octets are missing."""
        buffer = self._buffer
        if not self._until:
            start = buffer.find(b"<", self._position)
            if start < 0:
                self._position = len(buffer)
                return None
            self._position = start
            mark = bytes(buffer[start : start + _LONGEST_MARK])
            if len(mark) < _LONGEST_MARK and b">" not in mark:
                return None
            if start and _DECLARED.match(buffer, start):
                return start
            opening = next((one for one in _SKIPPED if mark.startswith(one)), b"<")
            self._until = _SKIPPED.get(opening, b">")
            self._resume = start + len(opening)
        if self._until in _QUOTES or self._until == b">":
            return self._end_of_tag()
        found = buffer.find(self._until, self._resume)
        if found < 0:
            self._resume = max(self._resume, len(buffer) - len(self._until) + 1)
            return None
        self._position, self._until = found + len(self._until), b""
        return 0

    def _end_of_tag(self) -> int | None:
        """A tag to its `>`, or to a `<`, which is legal nowhere in it, so that it begins the next mark."""
        buffer = self._buffer
        while True:
            found = _IN_TAG.search(buffer, self._resume) if self._until == b">" else None
            at = found.start() if found is not None else buffer.find(self._until, self._resume)
            if at < 0 or (found is None and self._until == b">"):
                self._resume = len(buffer)
                return None
            sign = bytes(buffer[at : at + 1])
            self._resume = at + 1
            if self._until in _QUOTES:
                self._until = b">"
            elif sign in _QUOTES:
                self._until = sign
            else:
                self._until = b""
                return self._tag(self._position, at + 1 if sign == b">" else at)

    def _tag(self, start: int, end: int) -> int:
        """Count the root's own tags; the end of the document if this tag was its last."""
        buffer = self._buffer
        self._position = end
        if not self._root:
            found = _ROOT.match(buffer, start)
            if found is None:
                return end  # no document begins so: the decoder says why
            self._root = found[1]
        name = len(self._root)
        if buffer.startswith(b"</", start):
            if buffer[start + 2 : start + 2 + name] == self._root and buffer[start + 2 + name] in b" \t\r\n>":
                self._depth -= 1
        elif buffer[start + 1 : start + 1 + name] == self._root and buffer[start + 1 + name] in b" \t\r\n/>":
            if self._depth and self._root.rpartition(b":")[2] == b"NFFIMessage":
                return start  # a message holds no message: the one before has lost its end
            if buffer[end - 2] != 0x2F:
                self._depth += 1
        else:
            return 0
        return end if self._depth <= 0 else 0
