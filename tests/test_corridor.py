"""The corridor end to end: real recordings go in at one gateway and come out of another's feeds, in three formats."""

from __future__ import annotations

import asyncio
import math
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gateway.clock import SystemClock, parse_utc, utc_text
from gateway.config import load
from gateway.demo.stage import Player, free_ports, ledger_verifier, set_stage
from gateway.feeds.files import read_frames
from gateway.feeds.outlet import Outlet
from gateway.formats.registry import find
from gateway.ledger import verify
from gateway.node.assembly import Node
from gateway.stages import Frame
from gateway.track import Track
from tests.data import recording

RECORDED = datetime(2026, 11, 20, 14, 44, tzinfo=UTC)
"""When the undated recording is taken to begin: its times of day tell no date."""
LSB_062_DEG = 180 / 2**25
LSB_062_MPS = 0.25


class Sink:
    """A national system that keeps what it gets: a stream of frames over TCP, or datagrams."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.frames: list[bytes] = []

    async def read_stream(self, name: str) -> None:
        """Read until cancelled, cut as the format's own splitter cuts."""
        make = find(name).splitter
        assert make is not None
        splitter = make()
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                while octets := await reader.read(1 << 18):
                    self.frames += splitter.feed(octets)
                writer.close()
            await asyncio.sleep(0.05)

    async def read_datagrams(self) -> None:
        """Read until cancelled."""
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
            udp.setblocking(False)
            udp.bind(("127.0.0.1", self.port))
            while True:
                self.frames.append(await loop.sock_recv(udp, 65_536))
                with suppress(BlockingIOError):
                    while True:
                        self.frames.append(udp.recv(65_536))


@asynccontextmanager
async def running(*nodes: Node) -> AsyncIterator[None]:
    """Nodes that run side by side in this loop."""
    async with asyncio.TaskGroup() as group:
        ready = [asyncio.Event() for _ in nodes]
        tasks = [group.create_task(node.run(ready=event)) for node, event in zip(nodes, ready, strict=True)]
        for event in ready:
            await event.wait()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


def handled(outlet: Outlet) -> tuple[int, int]:
    """How many tracks a feed out has sent, and how many its format cannot express."""
    return outlet.counts.tracks, outlet.counts.unencoded


async def until(condition: object, *, seconds: float = 60.0) -> None:
    """Wait for a callable to become true; what it waits for is real I/O in this process."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited is real I/O of other tasks, with no event of its own
            await asyncio.sleep(0.05)


def add_lines_feed(player: Player) -> int:
    """A GeoJSON feed out for a player; its port."""
    (port,) = free_ports(1)
    with player.config_path.open("a") as file:
        file.write(
            f'[feed.lines]\ndirection = "out"\nkind = "tcp-listen"\nformat = "geojson"\n'
            f'address = "127.0.0.1:{port}"\norigins = "allies"\n'
        )
    return port


def originals(path: Path, now: datetime) -> list[Track]:
    """What the recording says, decoded without a gateway."""
    form = find("asterix")
    decoder = form.decoder()
    frames = read_frames(path, form=form, feed="f", source="s", base_time=now)
    return [track for frame in frames for track in decoder.decode(frame).tracks]


class Passage:
    """What went through the corridor and what each consumer of the second gateway got."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.cot: list[bytes] = []
        self.asterix: list[bytes] = []
        self.lines: list[bytes] = []
        self.losses: dict[str, Counter[str]] = {}
        self.players: list[Player] = []
        self.duplicates = 0
        self.silent = 0
        self.ledger_ok: list[bool] = []


async def pass_through(path: Path, root: Path, *, tracks: int) -> Passage:
    """Replay a recording into the first gateway and collect what comes out of the second."""
    clock = SystemClock()
    players = set_stage(root, clock, simulation="REAL", recording=(path, "asterix"))
    text = players[0].config_path.read_text()
    players[0].config_path.write_text(text.replace('rate = "max"', f'rate = "max"\nbase_time = "{utc_text(RECORDED)}"'))
    receiver_player = players[1]
    cot, sector = Sink(receiver_player.cot_port), Sink(receiver_player.asterix_sink)
    lines = Sink(add_lines_feed(receiver_player))
    result = Passage()
    result.players = players
    result.tracks = originals(path, RECORDED)
    sinks = [
        asyncio.create_task(cot.read_stream("cot")),
        asyncio.create_task(lines.read_stream("geojson")),
        asyncio.create_task(sector.read_datagrams()),
    ]
    async with Node(load(receiver_player.config_path).config) as receiver, running(receiver):
        outlets = receiver.outlets.by_name
        await until(lambda: outlets["display"].counts.connected and outlets["lines"].counts.connected)
        async with Node(load(players[0].config_path).config) as sender, running(sender):
            await until(lambda: receiver.counts.tracks_accepted >= tracks)
            await until(lambda: all(sum(handled(outlet)) >= tracks for outlet in outlets.values()))
            await until(lambda: len(cot.frames) >= handled(outlets["display"])[0] and len(lines.frames) >= tracks)
            result.duplicates, result.silent = sender.counts.duplicates, sender.counts.records_silent
        result.losses = {
            name: Counter({f"{field} {reason}": n for (field, reason), n in outlet.counts.losses.items()})
            for name, outlet in outlets.items()
        }
    for task in sinks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    result.cot, result.asterix, result.lines = cot.frames, sector.frames, lines.frames
    result.ledger_ok = [verify(player.ledger_directory, ledger_verifier(player)).ok for player in players[:2]]
    return result


def decoded(name: str, frames: list[bytes], now: datetime) -> list[Track]:
    decoder = find(name).decoder()
    tracks: list[Track] = []
    for octets in frames:
        answer = decoder.decode(Frame(octets=octets, feed="f", source="s", peer="p", received_at=now))
        assert not answer.problems, answer.problems[0]
        tracks += answer.tracks
    return tracks


def expected_incarnations(tracks: list[Track], *, silence_s: float) -> dict[str, int]:
    """Native number to how many tracks bore it, told independently of admission."""
    seen: dict[str, tuple[datetime, bool]] = {}
    count: Counter[str] = Counter()
    for track in tracks:
        number, state, status = track.identifiers[0].value, track.state, track.status
        assert state is not None
        last = seen.get(number)
        started = status is not None and status.started is True
        ended = status is not None and status.ended is True
        if last is None or (
            state.time > last[0] and (started or last[1] or (state.time - last[0]).total_seconds() > silence_s)
        ):
            count[number] += 1
            seen[number] = (state.time, ended)
        else:
            seen[number] = (max(last[0], state.time), last[1] or ended)
    return dict(count)


def near(got: float | None, want: float | None, tolerance: float) -> bool:
    if got is None or want is None:
        return got is want
    return abs(got - want) <= tolerance + 1e-9


def velocity(track: Track) -> tuple[float, float]:
    state = track.state
    assert state is not None
    speed, course = state.ground_speed_mps or 0.0, math.radians(state.course_deg or 0.0)
    return speed * math.sin(course), speed * math.cos(course)


@pytest.mark.timeout(180)
async def test_half_an_hour_of_system_tracks_crosses_whole_and_exact(tmp_path: Path) -> None:
    path = recording("asterix/sdps_cat062_30min.ff")
    passage = await pass_through(path, tmp_path, tracks=34_957)
    now = RECORDED
    want = passage.tracks
    assert len(want) == 34_957
    assert passage.ledger_ok == [True, True]

    # Counts are exact in all three formats
    sector = decoded("asterix", passage.asterix, now)
    assert len(passage.cot) == len(passage.lines) == len(sector) == 34_957

    # Incarnations: 107 of 191 numbers are used again
    features = [msgspec.json.decode(line) for line in passage.lines]
    names: dict[str, set[str]] = {}
    for track, feature in zip(want, features, strict=True):
        names.setdefault(track.identifiers[0].value, set()).add(feature["id"])
    incarnations = expected_incarnations(want, silence_s=60.0)
    assert {number: len(ids) for number, ids in names.items()} == incarnations
    assert len(incarnations) == 191
    assert sum(1 for count in incarnations.values() if count > 1) == 107

    # Every value within half an LSB
    events = decoded("cot", passage.cot, now)
    for original, feature, event, record in zip(want, features, events, sector, strict=True):
        check_values(original, feature, event, record)

    # What could not be carried is listed
    assert passage.losses["display"]["state.altitude_baro_m NO_DATUM"] > 30_000
    assert sum(passage.losses["sector"].values()) > 0


def check_values(original: Track, feature: dict[str, object], event: Track, record: Track) -> None:
    state, got, seen = original.state, record.state, event.state
    assert state is not None
    assert got is not None
    assert seen is not None
    assert near((got.time - state.time).total_seconds(), 0.0, 1 / 256)
    assert near((seen.time - state.time).total_seconds(), 0.0, 1 / 256)
    if state.position is not None:
        half = LSB_062_DEG / 2
        geometry = feature["geometry"]
        assert isinstance(geometry, dict)
        longitude, latitude = geometry["coordinates"][:2]
        for position in (got.position, seen.position):
            assert position is not None
            assert near(position.latitude_deg, state.position.latitude_deg, half)
            assert near(position.longitude_deg, state.position.longitude_deg, half)
        assert near(latitude, state.position.latitude_deg, half)
        assert near(longitude, state.position.longitude_deg, half)
    assert near(got.altitude_baro_m, state.altitude_baro_m, 25 * 0.3048 / 2)
    assert near(got.altitude_hae_m, state.altitude_hae_m, 6.25 * 0.3048 / 2)
    assert near(got.vertical_rate_mps, state.vertical_rate_mps, 6.25 * 0.3048 / 60 / 2)
    if state.ground_speed_mps is not None:
        for other in (record, event):
            for ours, theirs in zip(velocity(original), velocity(other), strict=True):
                assert near(theirs, ours, LSB_062_MPS / 2)
    codes = {one.scheme: one.value for one in original.identifiers}
    assert {one.scheme: one.value for one in record.identifiers}.get("mode3a") == codes.get("mode3a")
    properties = feature["properties"]
    assert isinstance(properties, dict)
    assert parse_utc(properties["time"]) == state.time


@pytest.mark.timeout(180)
async def test_a_radar_capture_crosses_with_duplicates_dropped_and_counted(tmp_path: Path) -> None:
    path = recording("asterix/cat_034_048.pcap")
    passage = await pass_through(path, tmp_path, tracks=len(originals(path, SystemClock().now())))
    assert passage.ledger_ok == [True, True]
    # 128 CAT048 and 34 CAT034 records came over two networks: every block stands twice in the capture
    assert len(passage.tracks) == len(passage.lines) == 64
    assert passage.silent == 17
    assert passage.duplicates == 60
    features = [msgspec.json.decode(line) for line in passage.lines]
    for original, feature in zip(passage.tracks, features, strict=True):
        state, properties = original.state, feature["properties"]
        assert state is not None
        assert properties["identifiers"][0]["value"] == original.identifiers[0].value
        assert near(properties.get("altitude_baro_m"), state.altitude_baro_m, 25 * 0.3048 / 2)
        assert near(properties.get("ground_speed_mps"), state.ground_speed_mps, 1852 / 2**14 / 2)
        if state.polar is not None:
            assert near(properties["polar"].get("range_m"), state.polar.range_m, 1852 / 256 / 2)
            assert near(properties["polar"].get("azimuth_deg"), state.polar.azimuth_deg, 360 / 2**16 / 2)
    # No radar site is configured, so no position is invented: CoT can express the end of a track, and nothing else
    assert len(passage.cot) == 1
    assert b"t-x-d-d" in passage.cot[0]
    assert passage.losses["sector"]["state.altitude_msl_m NO_DATUM"] == 24
