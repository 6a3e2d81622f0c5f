"""A `Splitter` with an end: files and request bodies stop, and what is left over must not vanish."""

from __future__ import annotations

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.stages import Format, Splitter

_BLANK = b" \t\r\n\x00\xef\xbb\xbf"


class Cutter:
    """Cuts finite octets into frames with the format's splitter and accounts for every octet.

    `FormatError` of the splitter passes through. A frame of more than `max_octets` is a `FeedError` (``FEED-008``).
    """

    def __init__(self, splitter: Splitter, *, max_octets: int) -> None:
        self._splitter = splitter
        self._max_octets = max_octets
        self._tail = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """The frames that are complete after these octets."""
        frames = self._splitter.feed(octets)
        self._tail += octets
        if frames:
            start = self._tail.rfind(frames[-1])
            self._tail = self._tail[start + len(frames[-1]) :] if start >= 0 else b""
        if len(self._tail) > self._max_octets:
            raise FeedError(codes.FRAME_TOO_LARGE, cause=f"over {self._max_octets} octets and no end of a frame")
        return frames

    def rest(self) -> bytes:
        """What stands after the last complete frame, without white space: a last line without its end, or a torso.

        It is handed to the decoder like any frame, which takes it or says what is wrong with it.
        """
        return self._tail.strip(_BLANK)


def cut_all(form: Format, octets: bytes, *, max_octets: int) -> list[bytes]:
    """All frames of a body; a format without a splitter takes the body as one frame."""
    if form.splitter is None:
        return [octets]
    cutter = Cutter(form.splitter(), max_octets=max_octets)
    frames = cutter.feed(octets)
    rest = cutter.rest()
    return [*frames, rest] if rest else frames
