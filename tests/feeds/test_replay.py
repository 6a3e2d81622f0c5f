"""A recording played at a rate, on a clock that stands still until told to move."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from gateway.clock import ManualClock
from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.replay import parse_rate, replay
from gateway.stages import Frame
from tests.feeds.support import T0


def tape(*offsets_s: float) -> list[Frame]:
    return [
        Frame(octets=b"", feed="tape", source="s", peer=str(i), received_at=T0 + timedelta(seconds=at))
        for i, at in enumerate(offsets_s)
    ]


async def played(frames: list[Frame], factor: float) -> list[float]:
    """When each frame came, in seconds of the clock."""
    clock = ManualClock(T0)

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    return [clock.monotonic() async for _ in replay(frames, factor=factor, clock=clock, sleep=sleep)]


async def test_realtime_keeps_the_gaps() -> None:
    assert await played(tape(0, 1, 1, 4.5), 1.0) == pytest.approx([0, 1, 1, 4.5])


async def test_a_factor_shortens_the_gaps() -> None:
    assert await played(tape(0, 1, 1, 4.5), 10.0) == pytest.approx([0, 0.1, 0.1, 0.45])


async def test_full_rate_never_waits() -> None:
    assert await played(tape(*range(200)), math.inf) == [0.0] * 200


async def test_time_that_goes_backwards_is_no_gap_and_is_not_waited_for_twice() -> None:
    assert await played(tape(0, 10, 9, 10, 11), 1.0) == pytest.approx([0, 10, 10, 10, 11])


async def test_a_consumer_that_fell_behind_gets_what_is_due_without_a_wait() -> None:
    clock = ManualClock(T0)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(seconds)

    async for frame in replay(tape(0, 1, 2, 10), factor=1.0, clock=clock, sleep=sleep):
        if frame.peer == "0":
            clock.advance(5)
    assert waits == pytest.approx([5])


@pytest.mark.parametrize(("text", "factor"), [("realtime", 1), ("max", math.inf), ("0.5", 0.5), ("20", 20)])
def test_reads_a_rate(text: str, factor: float) -> None:
    assert parse_rate(text) == factor


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan"])
def test_refuses_what_is_no_rate(text: str) -> None:
    with pytest.raises(FeedError) as caught:
        parse_rate(text)
    assert caught.value.code == codes.RATE
