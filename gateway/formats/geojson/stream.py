"""A stream of newline-delimited GeoJSON to frames."""

from __future__ import annotations

from gateway.limits import Limits


class Splitter:
    """Cuts a stream at line feeds; never raises.

    A line that outgrows `max_frame_octets` is handed over cut one octet beyond the limit, so that the decoder refuses
    it with ``GEO-008``; the rest of that line is discarded.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._most = (limits or Limits()).max_frame_octets
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, octets: bytes) -> list[bytes]:
        """The lines that are complete after these octets, without their ends; empty ones are left out."""
        frames: list[bytes] = []
        first, *others = octets.split(b"\n")
        self._gather(first, frames)
        for line in others:
            self._end(frames)
            self._gather(line, frames)
        return frames

    def rest(self) -> list[bytes]:
        """The last line of a stream that has ended, if it had no line feed."""
        frames: list[bytes] = []
        self._end(frames)
        return frames

    def _gather(self, octets: bytes, frames: list[bytes]) -> None:
        if self._skipping:
            return
        self._buffer += octets
        if len(self._buffer) > self._most:
            frames.append(bytes(self._buffer[: self._most + 1]))
            self._buffer.clear()
            self._skipping = True

    def _end(self, frames: list[bytes]) -> None:
        line = bytes(self._buffer).strip(b" \t\r\x1e")
        if line and not self._skipping:
            frames.append(line)
        self._buffer.clear()
        self._skipping = False
