"""What a dialect has made of frames, on its way into the corridor, whose verb is to decode."""

from __future__ import annotations

from gateway.errors import FormatError, GatewayError
from gateway.stages import Decoded, Frame

Heard = list[tuple[Frame, Decoded]]
"""Frames, each with what the dialect made of it."""


class Given:
    """A decoder that has decoded already: returns what the dialect made of the frame."""

    __slots__ = ("_decoded",)

    def __init__(self, decoded: Decoded) -> None:
        self._decoded = decoded

    def decode(self, frame: Frame) -> Decoded:
        """Exactly that."""
        return self._decoded


def says_something(decoded: Decoded) -> bool:
    """Whether the corridor has anything to do or to count."""
    return bool(decoded.tracks or decoded.problems or decoded.silent or decoded.duplicates or decoded.overdue)


def refusal(error: GatewayError) -> FormatError:
    """The error as the refusal of a frame, which is what the corridor sets aside."""
    if isinstance(error, FormatError):
        return error
    return FormatError(error.code, place=error.place, cause=error.cause, remedy=error.remedy)
