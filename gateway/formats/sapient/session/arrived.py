"""One valid message on its way to a track."""

from __future__ import annotations

from msgspec import Struct

from gateway.formats.sapient.v2 import SapientMessage
from gateway.stages import Frame
from gateway.track import Loss


class Arrived(Struct, frozen=True):
    """A valid message of BSI Flex 335 v2.0, or one of v1.0 that was carried over."""

    message: SapientMessage
    octets: bytes
    """As they came."""
    frame: Frame
    losses: tuple[Loss, ...] = ()
    """What carrying it over from v1.0 lost."""
