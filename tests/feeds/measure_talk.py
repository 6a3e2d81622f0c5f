"""Figures of conversations: ``python -m tests.feeds.measure_talk [received|cot|offered|picture]``. Take medians.

received   lines from one sender through `received`, an answer to each, and a corridor that does nothing else
cot        the same with Cursor on Target events, decoded by the CoT decoder: what a TAK client sends
offered    tracks to one and to ten readers, two lines of octets each
picture    the picture of 50,000 tracks for a peer that has just connected

Loads run in a process of their own. The figure that counts is the server's CPU per event: the machine is shared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from statistics import median

import uvloop

from gateway.clock import SystemClock
from gateway.dialect import Decoder, Format, Peer, Turn
from gateway.feeds.clients import Shown, visible
from gateway.feeds.talk import TalkPlace
from gateway.feeds.talk_listen import TalkListenFeed
from gateway.formats.cot import CotDecoder, Splitter
from gateway.limits import Limits
from gateway.policy import View
from gateway.stages import Frame
from gateway.track import Track
from tests.feeds.support import LINES, LineDecoder, LineEncoder, track
from tests.feeds.talkers import LABEL, low_view

EVENTS, TRACKS, ROUNDS = 100_000, 500, 200
_SPAWN = multiprocessing.get_context("spawn")
_EVENT = (
    b'<event version="2.0" uid="ANDROID-%06d" type="a-f-G-U-C" how="m-g" time="2026-11-22T08:00:00Z" '
    b'start="2026-11-22T08:00:00Z" stale="2026-11-22T08:05:00Z"><point lat="50.1" lon="8.6" hae="120.0" ce="10" '
    b'le="10"/><detail><contact callsign="A%06d"/><track speed="5" course="90"/></detail></event>'
)


class Talk:
    """Answers each frame; the least that a dialect can be."""

    title = ""

    def __init__(self, decoder: Decoder, *, wants_tracks: bool) -> None:
        self.wants_tracks = wants_tracks
        self._decoder = decoder

    def opened(self, now: datetime) -> Turn:
        return Turn()

    def received(self, frame: Frame) -> Turn:
        return Turn(decoded=self._decoder.decode(frame), octets=(b"ok\n",))

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        return Turn(octets=LineEncoder(padding=150).encode(tracks, now).frames)

    def tick(self, now: datetime) -> Turn:
        return Turn()

    def closed(self, now: datetime) -> Turn:
        return Turn()


class Talks:
    def __init__(self, form: Format, *, wants_tracks: bool) -> None:
        self._form = form
        self._wants_tracks = wants_tracks

    @property
    def offers_tracks(self) -> bool:
        return True

    def converse(self, peer: Peer) -> Talk:
        decoder = LineDecoder() if self._form is LINES else CotDecoder(node="nld", limits=Limits())
        return Talk(decoder, wants_tracks=self._wants_tracks)


COT = Format(name="cot", title="", media_type="text/xml", decoder=CotDecoder, encoder=LineEncoder, splitter=Splitter)


def feed_of(form: Format, *, wants_tracks: bool = False) -> tuple[TalkListenFeed, list[int]]:
    taken = [0]

    async def take(frame: Frame, decoder: Decoder) -> None:
        taken[0] += len(decoder.decode(frame).tracks)

    place = TalkPlace(name="m", source="s", host="127.0.0.1", port=0, form=form)
    endpoint = Talks(form, wants_tracks=wants_tracks)
    feed = TalkListenFeed(place, endpoint=endpoint, take=take, snapshot=list, clock=SystemClock(), limits=Limits())
    return feed, taken


def send(port: int, block: bytes, blocks: int) -> None:
    """Send, and read the answers as they come."""

    async def both() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def read() -> None:
            while await reader.read(1 << 20):
                pass

        reading = asyncio.ensure_future(read())
        for _ in range(blocks):
            writer.write(block)
            await writer.drain()
        writer.write_eof()
        await reading

    uvloop.run(both())


def read(port: int) -> None:
    """Read as fast as it comes."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        while sock.recv(1 << 20):
            pass


async def received(name: str, form: Format, events: Sequence[bytes]) -> None:
    feed, taken = feed_of(form)
    await feed.start()
    running = asyncio.ensure_future(feed.run())
    block = b"".join(events)
    process = _SPAWN.Process(target=send, args=(feed.address[1], block, EVENTS // len(events)))
    process.start()
    while not taken[0]:  # noqa: ASYNC110 - another process has no event for us
        await asyncio.sleep(0)
    began, used = time.perf_counter(), time.process_time()
    lateness = 0.0
    while taken[0] < EVENTS:
        slept = time.perf_counter()
        await asyncio.sleep(0.001)
        lateness = max(lateness, time.perf_counter() - slept - 0.001)
    seconds, each_us = time.perf_counter() - began, (time.process_time() - used) / EVENTS * 1e6
    print(
        f"{name:<24} {EVENTS / seconds:8.0f} events/s, {each_us:5.1f} us of CPU each, "
        f"the loop was late by {lateness * 1e3:.1f} ms at most, {feed.counts.dropped} dropped"
    )
    running.cancel()
    await asyncio.wait([running])
    process.join()


def alone(name: str, form: Format, events: Sequence[bytes]) -> None:
    """What splitter and decoder take by themselves: the floor."""
    assert form.splitter is not None
    splitter, decoder = form.splitter(), LineDecoder() if form is LINES else CotDecoder(node="nld", limits=Limits())
    now = SystemClock().now()
    used = time.process_time()
    for _ in range(EVENTS // len(events)):
        for octets in splitter.feed(b"".join(events)):
            decoder.decode(Frame(octets=octets, feed="f", source="s", peer="p", received_at=now))
    print(f"{name:<24} {(time.process_time() - used) / EVENTS * 1e6:5.1f} us of CPU each, splitting and decoding alone")


async def offered(readers: int) -> None:
    feed, _ = feed_of(LINES, wants_tracks=True)
    await feed.start()
    running = asyncio.ensure_future(feed.run())
    processes = [_SPAWN.Process(target=read, args=(feed.address[1],)) for _ in range(readers)]
    for process in processes:
        process.start()
    while len(feed.peers()) < readers:  # noqa: ASYNC110 - another process has no event for us
        await asyncio.sleep(0.01)
    tracks = [track(str(number)) for number in range(TRACKS)]
    rounds = max(1, ROUNDS // readers)
    began, used = time.perf_counter(), time.process_time()
    for _ in range(rounds):
        feed.offer(tracks, is_own=True, label=LABEL)
        while feed.out.tracks % (TRACKS * readers):  # noqa: ASYNC110 - counts have no event
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    while any(peer.waiting for peer in feed.peers()):  # noqa: ASYNC110 - counts have no event
        await asyncio.sleep(0)
    number = rounds * TRACKS * readers
    each_us = (time.process_time() - used) / number * 1e6
    print(
        f"{'offered to ' + str(readers):<24} {number / (time.perf_counter() - began):8.0f} tracks/s, "
        f"{each_us:5.1f} us of CPU each, {feed.out.dropped} dropped, {feed.out.coalesced} coalesced"
    )
    running.cancel()
    await asyncio.wait([running])
    for process in processes:
        process.join()


def picture() -> None:
    held = [Shown(track(str(number)), True, LABEL) for number in range(50_000)]
    for view in (View(), low_view()):
        times = []
        for _ in range(7):
            began = time.perf_counter()
            visible(held, view)
            times.append(time.perf_counter() - began)
        print(f"{'picture of 50,000':<24} {median(times) * 1e3:5.1f} ms to filter ({view})")


def main(what: str) -> None:
    lines = [b"%d 50.1 8.6\n" % number for number in range(1_000)]
    cot = [_EVENT % (number, number) for number in range(1_000)]
    if what == "received":
        alone("lines", LINES, lines)
        uvloop.run(received("lines", LINES, lines))
    elif what == "cot":
        alone("CoT events", COT, cot)
        uvloop.run(received("CoT events", COT, cot))
    elif what == "offered":
        uvloop.run(offered(1))
        uvloop.run(offered(10))
    else:
        picture()


if __name__ == "__main__":
    for one in sys.argv[1:] or ("received", "cot", "offered", "picture"):
        main(one)
