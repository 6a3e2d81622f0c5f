"""A recording played again at a rate: just another feed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from gateway.clock import Clock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.stages import Frame

Sleep = Callable[[float], Awaitable[None]]

_BREATH = 64  # frames at full rate between two turns of the event loop
_OVERDUE_S = 0.002  # shorter waits than this are not worth a timer; they are made up for by the next


def parse_rate(text: str) -> float:
    """The factor of a rate as people write it: ``realtime`` is 1, ``max`` is infinite, ``10`` is ten times faster."""
    named = {"realtime": 1.0, "max": math.inf}
    if text in named:
        return named[text]
    try:
        factor = float(text)
    except ValueError:
        raise FeedError(codes.RATE, cause=f"observed {text[:40]!r}") from None
    if not factor > 0:
        raise FeedError(codes.RATE, cause=f"observed {text[:40]!r}")
    return factor


async def replay(
    frames: Iterable[Frame], *, factor: float, clock: Clock, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[Frame]:
    """The frames, each when its time has come: gaps between `received_at` last 1/`factor` as long; infinite is at once.

    `received_at` stays what the recording says, because codecs take the date of a time of day from it. Time that goes
    backwards in a recording is no gap. A consumer that falls behind is given what is due without a wait.
    """
    began = clock.monotonic()
    due_s = 0.0
    last = None
    for count, frame in enumerate(frames, 1):
        if math.isinf(factor):
            if count % _BREATH == 0:
                await sleep(0)
        else:
            if last is None or frame.received_at > last:
                due_s += 0.0 if last is None else (frame.received_at - last).total_seconds() / factor
                last = frame.received_at
            wait_s = began + due_s - clock.monotonic()
            if wait_s > _OVERDUE_S:
                await sleep(wait_s)
            elif count % _BREATH == 0:
                await sleep(0)
        yield frame
