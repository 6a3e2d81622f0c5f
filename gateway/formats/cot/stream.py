"""A TCP stream of CoT events to frames, whatever the read boundaries: XML, TAK protocol, or one after the other.

TAK clients write events back to back, each with or without an XML declaration, and readers split right after
`</event>`. Every octet that is not white space between events ends up in exactly one frame: text that is no event
becomes a frame of its own, which the decoder refuses and the quarantine shows. The cost is linear in the octets,
however they arrive: every position is looked at a constant number of times.

Where an event could begin, the octet 0xbf begins a frame of a TAK stream instead: no XML begins so. A connection may
change from XML to TAK protocol between any two events, as its ends have agreed.
"""

from __future__ import annotations

import re
from enum import Enum

from gateway.errors import FormatError
from gateway.formats.cot.tak import codes
from gateway.formats.cot.tak.framing import MAGIC, varint_at
from gateway.limits import Limits

_START = re.compile(rb"<(?:event[ \t\r\n/>]|\?xml[ \t\r\n])")
_START_OCTETS = 7  # of the longer start mark
_SPACE = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*+")
_IN_TAG = re.compile(rb"[\"'<>]")
_IN_DOUBLE = re.compile(rb'["<]')
_IN_SINGLE = re.compile(rb"['<]")
_HEADER_OCTETS = 11  # of a TAK frame: the magic octet and the longest number
_LONGEST_MARK = 9  # octets of `<![CDATA[`


class _Mode(Enum):
    """Where the careful reader stands inside an event."""

    TEXT = "TEXT"
    TAG = "TAG"
    DOUBLE = "DOUBLE"
    SINGLE = "SINGLE"
    COMMENT = "COMMENT"
    CDATA = "CDATA"
    INSTRUCTION = "INSTRUCTION"


_ENDS = {_Mode.COMMENT: b"-->", _Mode.CDATA: b"]]>", _Mode.INSTRUCTION: b"?>"}


class Splitter:
    """Cuts a stream of events.

    `FormatError` ``TAK-003`` or ``TAK-001`` when a TAK frame announces more octets than are allowed, or no number: then
    nobody can tell where the next one begins. It is raised before anything is allocated for it, and after all frames
    before it have been handed over. XML raises nothing: an event that outgrows `max_frame_octets` is handed over cut
    one octet beyond the limit, so that the decoder refuses it with ``COT-012``; then the stream is searched for the
    next `<event` or `<?xml`.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._most = (limits or Limits()).max_frame_octets
        self._buffer = bytearray()
        self._start = 0  # of the frame or garbage being gathered
        self._position = 0  # everything before has been looked at
        self._inside = False  # an event has started at _start
        self._careful: _Mode | None = None
        self._depth = 0
        self._closing = False  # the tag being read is an end tag of `event`
        self._opening = False
        self._skipping = False  # discarding the rest of an event that was too large
        self._fault: FormatError | None = None
        self._unsaid = b""  # the header that nobody has been told of yet

    def feed(self, octets: bytes) -> list[bytes]:
        """The events that are complete after these octets: from declaration or start tag to end tag, or TAK frames."""
        if self._fault is not None:
            self._unsaid = b""
            raise self._fault
        self._buffer += octets
        frames: list[bytes] = []
        try:
            while True:
                if not self._inside and not self._skipping and self._start == self._position:
                    self._plain_events(frames)
                if not self._step(frames):
                    break
        except FormatError as error:
            self._fault = error
            self._unsaid = bytes(self._buffer[self._start : self._start + _HEADER_OCTETS]) if frames else b""
            self._buffer.clear()
            self._start = self._position = 0
            if not frames:
                raise
            return frames
        if self._start:
            del self._buffer[: self._start]
            self._position -= self._start
            self._start = 0
        return frames

    def rest(self) -> list[bytes]:
        """What is left when the stream has ended, as frames that a decoder will judge."""
        left = bytes(self._buffer) or self._unsaid
        if left[:1] != b"\xbf":
            left = left.strip(b" \t\r\n")
        self._buffer.clear()
        self._start = self._position = 0
        self._inside = False
        self._careful = None
        return [left] if left and not self._skipping else []

    def _plain_events(self, frames: list[bytes]) -> None:
        """Hand over the complete events from here on that have no traps in them, up to the first that has."""
        buffer, at, most = self._buffer, self._start, self._most
        find = buffer.find
        while True:
            space = _SPACE.match(buffer, at)
            start = at if space is None else space.end()
            if _START.match(buffer, start) is None:
                break
            end = find(b"</event", start)
            if end < 0 or end + 8 - start > most or not self._is_plain(start, end):
                break
            at = end + 8
            frames.append(bytes(buffer[start:at]))
        self._start = self._position = at

    def _is_plain(self, start: int, end: int) -> bool:
        """Whether an event that starts here (or its declaration) has no traps before the `</event` at `end`."""
        buffer = self._buffer
        first = buffer.find(b"<event", start, end)
        return (
            first >= 0
            and end + 7 < len(buffer)
            and buffer[end + 7] == 0x3E
            and buffer.find(b"<!", start, end) < 0
            and buffer.find(b"<?", first, end) < 0
            and buffer.find(b"<event", first + 6, end) < 0
        )

    def _step(self, frames: list[bytes]) -> bool:
        """One move forward; False when more octets are needed."""
        if not self._inside:
            return self._seek(frames)
        end = self._end_of_event() if self._careful is None else self._careful_end()
        if end < 0:
            if len(self._buffer) - self._start <= self._most:
                return False
            frames.append(bytes(self._buffer[self._start : self._start + self._most + 1]))
            self._begin(self._start + self._most + 1, inside=False)
            self._skipping = True
            return True
        size = end - self._start
        frames.append(bytes(self._buffer[self._start : self._start + min(size, self._most + 1)]))
        self._begin(end, inside=False)
        return True

    def _begin(self, start: int, *, inside: bool) -> None:
        self._start = self._position = start
        self._inside = inside
        self._careful = None
        self._depth = 0
        self._opening = self._closing = False

    def _seek(self, frames: list[bytes]) -> bool:
        """Between events: find the next start; what stands before it and is not white space is a frame of its own."""
        buffer = self._buffer
        if self._start == self._position and not self._skipping:
            space = _SPACE.match(buffer, self._start)
            if space is not None:
                self._start = self._position = space.end()
            if self._start < len(buffer) and buffer[self._start] == MAGIC:
                return self._tak_frame(frames)
        found = _START.search(buffer, self._position)
        if found is not None:
            self._flush(frames, found.start())
            self._skipping = False
            self._begin(found.start(), inside=True)
            return True
        self._position = max(self._position, len(buffer) - _START_OCTETS + 1)
        if self._skipping:
            self._start = self._position
        elif self._position - self._start > self._most:
            self._flush(frames, self._position)
            self._start = self._position
            self._skipping = True
        return False

    def _tak_frame(self, frames: list[bytes]) -> bool:
        """Hand over the TAK frame that begins here, if it is complete."""
        found = varint_at(self._buffer, self._start + 1)
        if found is None:
            return False
        length, begin = found
        if length and self._buffer[begin : begin + 1] == b"\xbf":  # of a mesh: it ends with the connection
            length = len(self._buffer) - begin
            if length <= self._most:
                return False
        end = begin + length
        if end - self._start > self._most:
            cause = f"the header announces {length} octets, at most {self._most} with it"
            raise FormatError(codes.TOO_LONG, place="header", cause=cause)
        if end > len(self._buffer):
            return False
        frames.append(bytes(self._buffer[self._start : end]))
        self._begin(end, inside=False)
        return True

    def _flush(self, frames: list[bytes], end: int) -> None:
        garbage = bytes(self._buffer[self._start : end]).strip(b" \t\r\n")
        if garbage and not self._skipping:
            frames.append(garbage)

    def _end_of_event(self) -> int:
        """The plain case, at the speed of `find`: the first `</event>` ends the event that has no traps in it."""
        buffer = self._buffer
        found = buffer.find(b"</event", self._position)
        if found < 0 or found + 7 >= len(buffer):
            self._position = max(self._position, (len(buffer) - 7) if found < 0 else found)
            return -1
        if self._is_plain(self._start, found):
            return found + 8
        self._careful = _Mode.TEXT
        self._position = self._start
        return self._careful_end()

    def _careful_end(self) -> int:
        """An event with comments, CDATA, instructions or events inside: follow its tags; -1 if octets are missing."""
        buffer = self._buffer
        while True:
            mode = self._careful
            if mode in _ENDS:
                end = _ENDS[mode]
                found = buffer.find(end, self._position)
                if found < 0:
                    self._position = max(self._position, len(buffer) - len(end) + 1)
                    return -1
                self._position = found + len(end)
                self._careful = _Mode.TEXT
            elif mode is _Mode.TEXT:
                if not self._open_mark():
                    return -1
            else:
                end_of_event = self._inside_tag()
                if end_of_event is None:
                    return -1
                if end_of_event:
                    return self._position

    def _open_mark(self) -> bool:
        """In text: go to the next `<` and see what it opens; False if octets are missing."""
        buffer = self._buffer
        found = buffer.find(b"<", self._position)
        if found < 0:
            self._position = len(buffer)
            return False
        self._position = found
        mark = bytes(buffer[found : found + _LONGEST_MARK])
        if len(mark) < _LONGEST_MARK and b">" not in mark:
            return False
        if mark.startswith(b"<!--"):
            self._careful, self._position = _Mode.COMMENT, found + 4
        elif mark == b"<![CDATA[":
            self._careful, self._position = _Mode.CDATA, found + 9
        elif mark.startswith(b"<?"):
            self._careful, self._position = _Mode.INSTRUCTION, found + 2
        else:
            self._opening = mark[:6] == b"<event" and mark[6:7] in b" \t\r\n/>"
            self._closing = mark[:7] == b"</event" and mark[7:8] in b" \t\r\n>"
            self._careful, self._position = _Mode.TAG, found + 1
        return True

    def _inside_tag(self) -> bool | None:
        """Inside a tag or one of its values: True if it ended the event, `None` if octets are missing.

        `<` is legal in neither, so it is taken for the next tag: a broken event cannot swallow its successors.
        """
        mode = self._careful
        pattern = _IN_TAG if mode is _Mode.TAG else _IN_DOUBLE if mode is _Mode.DOUBLE else _IN_SINGLE
        found = pattern.search(self._buffer, self._position)
        if found is None:
            self._position = len(self._buffer)
            return None
        mark = found.group()
        self._position = found.end()
        if mark == b"<":
            self._careful, self._position = _Mode.TEXT, found.start()
        elif mode is not _Mode.TAG:
            self._careful = _Mode.TAG
        elif mark == b'"':
            self._careful = _Mode.DOUBLE
        elif mark == b"'":
            self._careful = _Mode.SINGLE
        else:
            self._careful = _Mode.TEXT
            if self._opening and self._buffer[found.start() - 1] != 0x2F:
                self._depth += 1
            elif self._closing:
                self._depth -= 1
            return (self._opening or self._closing) and self._depth <= 0
        return False
