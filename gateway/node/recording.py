"""A file as a feed: a recording played once, at its rate, from the time that it began."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from gateway.clock import Clock
from gateway.config.national import FeedTable
from gateway.dialect import Decoder, Format
from gateway.feeds.files import Container, FileReport, read_frames
from gateway.feeds.frame_queue import FeedCounts, FrameSink
from gateway.feeds.replay import parse_rate, replay
from gateway.limits import Limits
from gateway.stages import Frame

DAY = timedelta(days=1)
SCOUTED_FRAMES = 1_000
"""Frames among which the first track is looked for; a recording that begins with more of other things is not dated."""
_DATED_BY_CAPTURE = (Container.PCAP, Container.PCAPNG)


class FileFeed:
    """Replays a recording once, at its rate."""

    def __init__(
        self,
        name: str,
        table: FeedTable,
        form: Format,
        *,
        sink: FrameSink,
        clock: Clock,
        limits: Limits,
        scout: Decoder,
        at_end: Callable[[Frame], Awaitable[None]],
    ) -> None:
        """`scout` is a decoder of the feed's that nothing else uses: it reads the recording's first time of day.

        `at_end` is told the last frame, once: nothing more will come.
        """
        self.counts = FeedCounts()
        self.report = FileReport()
        self._name, self._table, self._form = name, table, form
        self._sink, self._clock, self._limits = sink, clock, limits
        self._scout = scout
        self._at_end = at_end

    async def run(self) -> None:
        """Replay to the end, then return."""
        begin = self._table.base_time
        if begin is None:
            begin = await asyncio.to_thread(self._begin)  # a long recording is walked through once
        frames = self._frames(begin, self.report)
        last = None
        async for frame in replay(frames, factor=parse_rate(str(self._table.rate)), clock=self._clock):
            self.counts.frames += 1
            self.counts.octets += len(frame.octets)
            await self._sink(frame)
            last = frame
        if last is not None:
            await self._at_end(last)

    def _frames(self, begin: datetime, report: FileReport) -> Iterator[Frame]:
        table = self._table
        assert table.path is not None, "the configuration checks that a file feed has a path"
        return read_frames(
            table.path,
            form=self._form,
            feed=self._name,
            source=table.source or self._name,
            base_time=begin,
            limits=self._limits,
            report=report,
        )

    def _begin(self) -> datetime:
        """When a recording that does not say so is taken to have begun: see `feed.NAME.base_time`.

        A codec resolves a time of day to the day nearest to the reception, which would put an evening's recording that
        is replayed in the morning into the coming evening.
        """
        now = self._clock.now()
        report = FileReport()
        first = self._first_time(self._frames(now, report))
        if report.container in _DATED_BY_CAPTURE:
            return now
        begin = now - self._length(now) if report.container is Container.FINAL else now
        if first is None or abs(first - now) > DAY:
            return begin  # no times at all, or times with a date: they need no help
        return first if first <= begin else first - DAY

    def _first_time(self, frames: Iterator[Frame]) -> datetime | None:
        """The time of the first track, resolved near now."""
        for frame in islice(frames, SCOUTED_FRAMES):
            for track in self._scout.decode(frame).tracks:
                if track.state is not None:
                    return track.state.time
        return None

    def _length(self, begin: datetime) -> timedelta:
        """From the first to the last record, by the recorder's clock."""
        last = max((frame.received_at for frame in self._frames(begin, FileReport())), default=begin)
        return max(last - begin, timedelta(0))
