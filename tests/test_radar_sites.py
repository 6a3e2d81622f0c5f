"""A radar recording with known sites crosses from one gateway to another: polar reports come out as points on WGS 84.

The points are told again here by another way than the product's: the slant range as a vector in the earth-fixed frame,
its elevation found by bisection on the height of its end. And a replay at a rate keeps that rate.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from math import atan2, cos, degrees, hypot, radians, sin, sqrt
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.config import load
from gateway.demo.stage import ledger_verifier, set_stage
from gateway.formats.registry import find
from gateway.ledger import verify
from gateway.node.assembly import Node
from gateway.stages import Frame
from gateway.track import Label, Position, Track
from tests.assembled import aircraft
from tests.data import recording
from tests.feeds.captures import ethernet, ipv4_udp, pcap
from tests.formats.asterix.recordings import PCAP, datagrams
from tests.test_corridor import LSB_062_DEG, Sink, add_lines_feed, near, running, until

SITES = {
    "25/11": (45.80, 15.98, 520.0),
    "25/12": (43.571026, 16.406064, 780.0),  # as its own CAT034 says
    "25/13": (44.12, 15.34, 90.0),
    "25/14": (42.55, 18.27, 610.0),
    "25/201": (45.16, 14.05, 410.0),
    "25/204": (46.05, 14.51, 1080.0),
    "25/205": (45.49, 13.61, 40.0),
}
"""SAC/SIC to latitude, longitude, metres; one is true, the others are plausible."""

# ------------------------------------------------------------------------------------------- the geometry, once again

A, F = 6378137.0, 1 / 298.257223563
E2 = F * (2 - F)


def to_earth(latitude_deg: float, longitude_deg: float, height_m: float) -> tuple[float, float, float]:
    """Geodetic to earth-centred, earth-fixed."""
    latitude, longitude = radians(latitude_deg), radians(longitude_deg)
    normal = A / sqrt(1 - E2 * sin(latitude) ** 2)
    return (
        (normal + height_m) * cos(latitude) * cos(longitude),
        (normal + height_m) * cos(latitude) * sin(longitude),
        (normal * (1 - E2) + height_m) * sin(latitude),
    )


def to_geodetic(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Earth-centred to latitude, longitude and height, by fixed point; good to a micrometre below 100 km."""
    p = hypot(x, y)
    latitude = atan2(z, p * (1 - E2))
    for _ in range(12):
        normal = A / sqrt(1 - E2 * sin(latitude) ** 2)
        latitude = atan2(z + E2 * normal * sin(latitude), p)
    normal = A / sqrt(1 - E2 * sin(latitude) ** 2)
    height = p * cos(latitude) + z * sin(latitude) - A * A / normal
    return degrees(latitude), degrees(atan2(y, x)), height


def end_of_sight(
    site: tuple[float, float, float], *, range_m: float, azimuth_deg: float, elevation: float
) -> tuple[float, float, float]:
    """Where a line of sight ends: latitude, longitude, height."""
    latitude, longitude, azimuth = radians(site[0]), radians(site[1]), radians(azimuth_deg)
    east, north, up = cos(elevation) * sin(azimuth), cos(elevation) * cos(azimuth), sin(elevation)
    x, y, z = to_earth(*site)
    sl, cl, so, co = sin(latitude), cos(latitude), sin(longitude), cos(longitude)
    return to_geodetic(
        x + range_m * (-so * east - sl * co * north + cl * co * up),
        y + range_m * (co * east - sl * so * north + cl * so * up),
        z + range_m * (cl * north + sl * up),
    )


def place(
    site: tuple[float, float, float], *, range_m: float, azimuth_deg: float, height_m: float
) -> tuple[float, float]:
    """Latitude and longitude of the point at that slant range, azimuth and height."""
    low, high = -1.5, 1.5
    for _ in range(80):
        middle = (low + high) / 2
        end = end_of_sight(site, range_m=range_m, azimuth_deg=azimuth_deg, elevation=middle)
        low, high = (middle, high) if end[2] < height_m else (low, middle)
    latitude, longitude, height = end_of_sight(site, range_m=range_m, azimuth_deg=azimuth_deg, elevation=low)
    assert abs(height - height_m) < 1e-3
    return latitude, longitude


def test_the_geometry_of_this_test_agrees_with_itself() -> None:
    site = SITES["25/12"]
    for latitude, longitude, height in ((43.9, 16.1, 9_000.0), (42.0, 19.0, 11_000.0), (43.58, 16.41, 2_000.0)):
        (x, y, z), (tx, ty, tz) = to_earth(*site), to_earth(latitude, longitude, height)
        dx, dy, dz = tx - x, ty - y, tz - z
        sl, cl = sin(radians(site[0])), cos(radians(site[0]))
        so, co = sin(radians(site[1])), cos(radians(site[1]))
        azimuth = degrees(atan2(-so * dx + co * dy, -sl * co * dx - sl * so * dy + cl * dz))
        found = place(site, range_m=sqrt(dx * dx + dy * dy + dz * dz), azimuth_deg=azimuth, height_m=height)
        assert found == pytest.approx((latitude, longitude), abs=1e-8)


# ------------------------------------------------------------------------------------------------------- the recording


class Out(NamedTuple):
    """What a partner's national systems got, and what both gateways counted."""

    cot: list[bytes]
    asterix: list[bytes]
    lines: list[bytes]
    received: int
    silent: int
    duplicates: int
    refused: int
    dropped: int
    coalesced: int
    ledgers: list[bool]


def options(*, dedupe: bool) -> str:
    sites = ", ".join(
        f'"{key}" = {{ latitude_deg = {lat}, longitude_deg = {lon}, altitude_msl_m = {height} }}'
        for key, (lat, lon, height) in SITES.items()
    )
    return f"options = {{ dedupe = {str(dedupe).lower()}, sites = {{ {sites} }} }}\n"


async def cross(root: Path, *, dedupe: bool, tracks: int) -> Out:
    """Replay the capture into the first gateway; collect what the second one's feeds give."""
    players = set_stage(root, SystemClock(), simulation="REAL", recording=(recording(PCAP), "asterix"))
    text = players[0].config_path.read_text()
    assert text.count('rate = "max"\n') == 1
    players[0].config_path.write_text(text.replace('rate = "max"\n', f'rate = "max"\n{options(dedupe=dedupe)}'))
    player = players[1]
    cot, sector, lines = Sink(player.cot_port), Sink(player.asterix_sink), Sink(add_lines_feed(player))
    sinks = [
        asyncio.create_task(cot.read_stream("cot")),
        asyncio.create_task(lines.read_stream("geojson")),
        asyncio.create_task(sector.read_datagrams()),
    ]
    async with Node(load(player.config_path).config) as receiver, running(receiver):
        outlets = receiver.outlets.by_name
        await until(lambda: outlets["display"].counts.connected and outlets["lines"].counts.connected)
        async with Node(load(players[0].config_path).config) as sender, running(sender):
            await until(lambda: receiver.counts.tracks_accepted >= tracks)
            counts = [outlet.counts for outlet in outlets.values()]
            await until(lambda: all(c.tracks + c.unencoded + c.coalesced + c.dropped >= tracks for c in counts))
            await until(lambda: len(cot.frames) >= outlets["display"].counts.tracks)
            await until(lambda: len(lines.frames) >= outlets["lines"].counts.tracks)
            await until(lambda: len(sector.frames) >= outlets["sector"].counts.frames)
            assert sender.supervisor.bugs == receiver.supervisor.bugs == 0
            made = sender.counts
    for task in sinks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    ledgers = [verify(one.ledger_directory, ledger_verifier(one)).ok for one in players[:2]]
    return Out(
        cot=cot.frames,
        asterix=sector.frames,
        lines=lines.frames,
        received=made.tracks_received,
        silent=made.records_silent,
        duplicates=made.duplicates,
        refused=made.records_refused,
        dropped=sum(c.dropped for c in counts),
        coalesced=sum(c.coalesced for c in counts),
        ledgers=ledgers,
    )


def decoded(name: str, frames: list[bytes], at: datetime) -> list[Track]:
    """Everything that frames say, by the format's own decoder."""
    decoder = find(name).decoder(**({"dedupe": False} if name == "asterix" else {}))
    tracks: list[Track] = []
    for octets in frames:
        result = decoder.decode(Frame(octets=octets, feed="f", source="s", peer="p", received_at=at))
        assert not result.problems, result.problems[0]
        tracks += result.tracks
    return tracks


def reports(*, dedupe: bool) -> list[Track]:
    """What the radars reported, read without a gateway and without sites."""
    decoder = find("asterix").decoder(dedupe=dedupe)
    found: list[Track] = []
    for at, octets in datagrams(PCAP):
        found += decoder.decode(Frame(octets=octets, feed="f", source="s", peer="p", received_at=at)).tracks
    return found


def key(track: Track) -> tuple[str, ...]:
    """What tells the reports of the capture apart in every format."""
    names = {one.scheme: one.value for one in track.identifiers}
    assert track.state is not None
    return (
        names.get("icao24", ""),
        names.get("mode3a", ""),
        names.get("callsign", ""),
        track.state.time.isoformat(timespec="milliseconds"),
    )


def expected_place(track: Track) -> tuple[float, float] | None:
    """Where the report's target was, by the geometry above; `None` where the report does not say."""
    state = track.state
    assert state is not None
    polar = state.polar
    if polar is None or polar.range_m is None or polar.azimuth_deg is None:
        return None
    height = state.altitude_msl_m if state.altitude_msl_m is not None else state.altitude_baro_m
    assert height is not None
    site = SITES[polar.sensor.removeprefix("asterix:")]
    return place(site, range_m=polar.range_m, azimuth_deg=polar.azimuth_deg, height_m=height)


def at_place(position: Position | None, want: tuple[float, float], *, slack_deg: float) -> bool:
    return (
        position is not None
        and near(position.latitude_deg, want[0], slack_deg)
        and near(position.longitude_deg, want[1], slack_deg)
    )


@pytest.mark.timeout(180)
async def test_every_polar_report_comes_out_of_the_partner_as_the_point_that_it_means(tmp_path: Path) -> None:
    originals = reports(dedupe=True)
    out = await cross(tmp_path, dedupe=True, tracks=64)
    assert len(originals) == 64
    assert (out.received, out.silent, out.duplicates, out.refused) == (64, 17, 60, 0)
    assert (out.dropped, out.coalesced) == (0, 0)
    assert out.ledgers == [True, True]
    assert {one.state.polar.sensor.removeprefix("asterix:") for one in originals if one.state and one.state.polar} == {
        *SITES
    }

    features = [msgspec.json.decode(line) for line in out.lines]
    events = decoded("cot", out.cot, SystemClock().now())
    records = decoded("asterix", out.asterix, originals[0].state.time if originals[0].state else SystemClock().now())
    assert len(features) == len(events) == len(records) == 64

    placed = 0
    for original, feature, event, record in zip(originals, features, events, records, strict=True):
        want, state = expected_place(original), original.state
        assert state is not None
        assert record.state is not None
        assert abs((record.state.time - state.time).total_seconds()) <= 1 / 256
        assert feature["properties"]["identifiers"][0]["value"] == original.identifiers[0].value
        if want is None:  # the end of a track: it has no place, and none is invented
            assert feature["geometry"] is None
            assert record.state.position is None
            assert event.status is not None
            assert event.status.ended is True
            continue
        placed += 1
        longitude, latitude = feature["geometry"]["coordinates"][:2]
        assert event.state is not None
        half = LSB_062_DEG / 2
        assert at_place(Position(latitude, longitude), want, slack_deg=half)
        assert at_place(event.state.position, want, slack_deg=half)
        assert at_place(record.state.position, want, slack_deg=half + CENTIMETRE_DEG)
        assert near(record.state.altitude_baro_m, state.altitude_baro_m, 25 * 0.3048 / 2)
        assert key(record)[:3] == key(original)[:3]
        polar = feature["properties"]["polar"]
        assert state.polar is not None
        assert polar["range_m"] == pytest.approx(state.polar.range_m, abs=1852 / 256 / 2)
        assert polar["correction"] in ("HEIGHT_3D", "PRESSURE_ALTITUDE")
    assert placed == 63


CENTIMETRE_DEG = 1.5e-7
"""The product's own tolerance in height, a centimetre, as it may show in a position that was rounded before."""


@pytest.mark.timeout(180)
async def test_without_the_duplicate_filter_both_networks_come_through(tmp_path: Path) -> None:
    originals = reports(dedupe=False)
    assert len(originals) == 128
    out = await cross(tmp_path, dedupe=False, tracks=128)
    assert (out.received, out.silent, out.duplicates, out.refused) == (128, 34, 0, 0)
    assert out.dropped == 0
    assert len(out.lines) == 128
    told = Counter(msgspec.json.decode(line)["properties"]["identifiers"][0]["value"] for line in out.lines)
    assert told == Counter(track.identifiers[0].value for track in originals)
    assert len(out.cot) == len(decoded("asterix", out.asterix, SystemClock().now())) == 128


# ------------------------------------------------------------------------------------------------------------- the rate


@pytest.mark.timeout(180)
async def test_a_replay_at_fifty_times_the_speed_takes_a_fiftieth_of_the_time(tmp_path: Path) -> None:
    """Coarse, because the machine may be busy: never early, and not late by more than a machine may be."""
    steps, step_s, rate = 21, 2.0, 50
    began = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    encoder = find("asterix").encoder(category=62, sac=70, sic=16)
    packets: list[tuple[int, bytes]] = []
    for number in range(steps):
        at = began + timedelta(seconds=number * step_s)
        (octets,) = encoder.encode([aircraft(1, at=at)], at).frames
        packets.append((int(at.timestamp()) * 1_000_000_000, ethernet(ipv4_udp(octets))))
    path = tmp_path / "made.pcap"
    path.write_bytes(pcap(packets))

    player = set_stage(tmp_path, SystemClock(), simulation="SIMULATED", recording=(path, "asterix"))[0]
    text = player.config_path.read_text()
    assert text.count('rate = "max"') == 1
    player.config_path.write_text(text.replace('rate = "max"', f"rate = {rate}"))
    clock = SystemClock()
    arrived: list[tuple[datetime, float]] = []
    async with Node(load(player.config_path).config) as node:
        publish = node.rooms.publish

        def note(tracks: object, origin: str, label: Label) -> None:
            assert isinstance(tracks, tuple)
            arrived.extend((track.state.time, clock.monotonic()) for track in tracks)
            publish(tracks, origin, label)

        node.rooms.publish = note
        started = clock.monotonic()
        async with running(node):
            await until(lambda: len(arrived) >= steps)
        assert node.supervisor.bugs == 0
    assert [time for time, _ in arrived] == [began + timedelta(seconds=number * step_s) for number in range(steps)]
    for number, (_, at) in enumerate(arrived):
        due = number * step_s / rate
        assert at - started >= due - 0.003  # a wait of up to 2 ms is not worth a timer
        assert at - started <= due + 3.0
