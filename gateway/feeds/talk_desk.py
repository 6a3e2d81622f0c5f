"""What all conversations of one feed share, and what a conversation is held over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from gateway.clock import Clock
from gateway.dialect import Endpoint
from gateway.feeds.frame_queue import FeedCounts
from gateway.feeds.outlet import OutletCounts
from gateway.feeds.talk import Snapshot, Take, TalkPlace
from gateway.limits import Limits


class Wire(Protocol):
    """What a conversation is held over."""

    writable: asyncio.Event
    """Set while the peer takes more, or is gone."""
    stuck_since_s: float | None
    """Monotonic time since when it is not set."""

    def send(self, frames: Sequence[bytes]) -> None:
        """Write frames, in order; never waits, and forgets them when the peer has gone."""
        ...

    def stop_listening(self) -> None:
        """Take nothing more from the peer."""
        ...

    async def finish(self, within_s: float) -> None:
        """Let the peer take what is written, then close; within that time."""
        ...

    def close(self) -> None:
        """Close after what is written, without waiting for it."""
        ...

    def abort(self) -> None:
        """Close without ceremony."""
        ...


class Desk(Struct, frozen=True, kw_only=True):
    """What all conversations of a feed share."""

    place: TalkPlace
    endpoint: Endpoint
    take: Take
    snapshot: Snapshot
    clock: Clock
    limits: Limits
    counts: FeedCounts
    out: OutletCounts
