"""What is measured on: real recordings where they are on this machine, else octets that our own encoders wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from gateway.demo.sensors import RADAR_SAC, RADAR_SIC, SERVER_SAC, SERVER_SIC, radar_plot, system_track
from gateway.demo.sky import RADAR, Sky, scans
from gateway.feeds.files import read_frames
from gateway.formats.registry import find
from gateway.seal import KeyRecord, Signer, Verifier
from gateway.seal.certificates import write_development
from gateway.stages import Exercise, Frame, Header, Message, Simulation
from gateway.track import Track
from tests.data import data_directory
from tests.dated import dated

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
REAL_062, REAL_048 = "asterix/sdps_cat062_30min.ff", "asterix/cat_034_048.pcap"
LABEL = dated("BENCH", "UNMARKED")
SITES = {f"{RADAR_SAC}/{RADAR_SIC}": {"latitude_deg": RADAR[0], "longitude_deg": RADAR[1], "altitude_msl_m": RADAR[2]}}

EVENT = (
    '<event version="2.0" uid="BENCH-UAS-%06d" type="a-u-A-M-F-Q" how="m-g" time="%s" start="%s" stale="%s">'
    '<point lat="%.7f" lon="%.7f" hae="%.1f" ce="25.0" le="40.0"/>'
    '<detail><contact callsign="BENCH-%06d"/><track course="%.1f" speed="%.1f"/>'
    "<remarks>Fixed wing, no transponder, heading for the field</remarks>"
    '<status readiness="true"/><precisionlocation altsrc="GPS" geopointsrc="GPS"/></detail></event>'
)


def frame(octets: bytes, received_at: datetime = START) -> Frame:
    """Octets as a feed would hand them on."""
    return Frame(octets=octets, feed="bench", source="bench", peer="bench", received_at=received_at)


@cache
def cat062(count: int) -> tuple[str, tuple[Frame, ...]]:
    """Where they come from, and datagrams with at least `count` CAT062 records (or all that the recording has)."""
    path = data_directory() / REAL_062
    if path.exists():
        frames = read_frames(path, form=find("asterix"), feed="bench", source="bench", base_time=START)
        kept = tuple(one for one, _ in zip(frames, range(count), strict=False))
        return f"{len(kept):,} real records of {path.name}", kept
    encoder = find("asterix").encoder(category=62, sac=SERVER_SAC, sic=SERVER_SIC, max_datagram_octets=150)
    frames_made: list[Frame] = []
    sky = Sky(START, airliners=190)
    for now in scans(START, seconds=count / 190 + 1):
        tracks = [system_track(one) for one in sky.at(now) if one.squawk]
        frames_made += [frame(octets, now) for octets in encoder.encode(tracks, now).frames]
    return "generated records", tuple(frames_made)


@cache
def cat048(count: int) -> tuple[str, tuple[Frame, ...]]:
    """Where they come from, and datagrams with about `count` CAT048 records, no two alike."""
    path = data_directory() / REAL_048
    if path.exists():
        frames = read_frames(path, form=find("asterix"), feed="bench", source="bench", base_time=START)
        blocks = [block for one in frames for block in _blocks(one.octets)]
        real = list(dict.fromkeys(block for block in blocks if block[0] == 48 and _has_place(block)))
        made = [_moved(octets, turn) for turn in range(-(-count // len(real))) for octets in real][:count]
        return f"{len(real)} real blocks of {path.name}, moved in time, range and azimuth", tuple(map(frame, made))
    encoder = find("asterix").encoder(category=48, max_datagram_octets=80)
    frames_made: list[Frame] = []
    sky = Sky(START, airliners=190)
    for now in scans(START, seconds=count / 190 + 1):
        tracks = [plot for one in sky.at(now) if (plot := radar_plot(one)) is not None]
        frames_made += [frame(octets, now) for octets in encoder.encode(tracks, now).frames]
    return "generated plots", tuple(frames_made)


def _blocks(datagram: bytes) -> Iterator[bytes]:
    while datagram:
        length = int.from_bytes(datagram[1:3], "big")
        yield datagram[:length]
        datagram = datagram[length:]


def _has_place(block: bytes) -> bool:
    """Whether a CAT048 block begins with a record that has items 010, 140, 020 and 040."""
    return block[3] & 0xF0 == 0xF0


def _moved(block: bytes, turn: int) -> bytes:
    """The block with another time of day (item 140) and another place (item 040) in its first record."""
    octets = bytearray(block)
    at = 3
    while octets[at] & 1:  # FSPEC
        at += 1
    at += 3  # past FSPEC and item 010
    now = int.from_bytes(octets[at : at + 3], "big") + 512 * turn
    octets[at : at + 3] = (now % (86_400 * 128)).to_bytes(3, "big")
    at += 3
    while octets[at] & 1:  # item 020
        at += 1
    at += 1
    for place, step in ((at, 37), (at + 2, 101)):
        value = int.from_bytes(octets[place : place + 2], "big") + step * turn
        octets[place : place + 2] = (value & 0x7FFF).to_bytes(2, "big")
    return bytes(octets)


def event(number: int, turn: int, stamp: str, stale: str) -> bytes:
    """One Cursor on Target event of 475 octets or a few more: object `number` in its `turn`-th report."""
    latitude = 51.0 + (number % 500) * 0.004 + turn * 0.0001
    longitude = 6.0 + (number // 500) * 0.004 + turn * 0.0001
    values = (number, stamp, stamp, stale, latitude % 80, longitude % 170, 120.5 + turn % 50, number)
    return (EVENT % (*values, (number + turn) % 360, 22.5 + turn % 9)).encode()


@cache
def cot(count: int, objects: int = 1_000) -> tuple[bytes, ...]:
    """Events of `objects` objects in turn."""
    made = []
    for index in range(count):
        now = START + timedelta(seconds=index // objects)
        stale = now + timedelta(seconds=60)
        made.append(event(index % objects, index // objects, f"{now:%FT%TZ}", f"{stale:%FT%TZ}"))
    return tuple(made)


def decoded(name: str, frames: tuple[Frame, ...], **options: object) -> list[Track]:
    """The tracks of frames."""
    decoder = find(name).decoder(**options)
    return [track for one in frames for track in decoder.decode(one).tracks]


def message(tracks: list[Track], created_at: datetime = START) -> Message:
    """A track message with these tracks."""
    header = Header(
        message_id="6a0c2c5e-0000-4000-8000-000000000001",
        created_at=created_at,
        sender="nld-1",
        recipients=("deu-1",),
        release_group="all",
        nonce="0" * 32,
        exercise=Exercise.TEST,
        simulation=Simulation.REAL,
        label=LABEL,
    )
    return Message(header=header, tracks=tuple(tracks))


@cache
def keys() -> tuple[Signer, Verifier, datetime]:
    """Development keys of a node ``nld-1``, and a time at which they are valid."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as directory:
        write_development(Path(directory), "nld-1", now=now)
        certificate = (Path(directory) / "nld-1.signing.pem").read_bytes()
        key = (Path(directory) / "nld-1.signing.key").read_bytes()
    record = KeyRecord.from_certificate_pem("nld-1", certificate)
    return Signer.from_pem("nld-1", key, certificate), Verifier([record]), now
