"""A `Splitter` with an end: files, connections and request bodies stop, and what is left over must not vanish."""

from __future__ import annotations

from collections.abc import Callable

from gateway.dialect import Format, Splitter
from gateway.errors import FeedError
from gateway.feeds import codes

_BLANK = b" \t\r\n\x00\xef\xbb\xbf"


class Cutter:
    """Cuts finite octets into frames with the format's splitter and accounts for every octet.

    `FormatError` of the splitter passes through. For a splitter that does not bound itself, more than `max_octets`
    without the end of a frame is a `FeedError` (``FEED-008``).
    """

    def __init__(self, splitter: Splitter, *, max_octets: int) -> None:
        self._splitter = splitter
        # A splitter that says itself what is left bounds itself too, and is believed: keeping a second account is slow
        self._own_rest: Callable[[], list[bytes]] | None = getattr(splitter, "rest", None)
        self._max_octets = max_octets
        self._tail = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """The frames that are complete after these octets."""
        frames = self._splitter.feed(octets)
        if self._own_rest is None:
            self._tail += octets
            if frames:
                start = self._tail.rfind(frames[-1])
                self._tail = self._tail[start + len(frames[-1]) :] if start >= 0 else b""
            if len(self._tail) > self._max_octets:
                raise FeedError(codes.FRAME_TOO_LARGE, cause=f"over {self._max_octets} octets and no end of a frame")
        return frames

    def rest(self) -> list[bytes]:
        """What stands after the last complete frame, if it is not white space: a last line without its end, a torso.

        It is handed to the decoder like any frame, which takes it or says what is wrong with it.
        """
        if self._own_rest is not None:
            return self._own_rest()
        rest, self._tail = self._tail.strip(_BLANK), b""
        return [rest] if rest else []


def cut_all(form: Format, octets: bytes, *, max_octets: int) -> list[bytes]:
    """All frames of a body; a format without a splitter takes the body as one frame."""
    if form.splitter is None:
        return [octets]
    cutter = Cutter(form.splitter(), max_octets=max_octets)
    return cutter.feed(octets) + cutter.rest()
