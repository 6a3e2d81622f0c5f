"""An event that has been written as XML, in the protocol that the consumer reads."""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.cot.tak import codes
from gateway.formats.cot.tak.framing import mesh_frame, stream_frame
from gateway.formats.cot.tak.to_proto import message_of
from gateway.limits import Limits
from gateway.track import Loss

XML = "xml"
STREAM = "stream"
MESH = "mesh"
PROTOCOLS = (XML, STREAM, MESH)


def framed(event: bytes, protocol: str, lost: list[Loss], limits: Limits) -> bytes:
    """The event as `protocol` carries it; appends what that lost.

    `FormatError` ``TAK-003`` for an event that no reader with our limits would take, others as `message_of`.
    """
    if protocol == XML:
        return event
    made, losses = message_of(event, limits)
    lost.extend(losses)
    payload = made.SerializeToString()
    octets = stream_frame(payload) if protocol == STREAM else mesh_frame(payload)
    if len(octets) > limits.max_frame_octets:
        raise FormatError(codes.TOO_LONG, place="event", cause=f"{len(octets)} octets")
    return octets
