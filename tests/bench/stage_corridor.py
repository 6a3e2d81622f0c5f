"""The whole way: CAT062 into one gateway, Cursor on Target out of the other; signed, ledgered, receipted."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path
from uuid import UUID

import uvloop
from msgspec import Struct
from msgspec.structs import replace

from gateway.feeds.files import read_frames
from gateway.formats import alliance
from gateway.formats.registry import find
from gateway.stages import Frame, Inbound
from tests.bench import corpora, rig
from tests.bench.harness import REPEATS, Row, Target, rates
from tests.data import data_directory

GENERATED = 40_000
WAIT_S = 120.0
FLOOR_TRACKS, BATCH = 10_000, 500


class Passage(Struct, frozen=True, kw_only=True):
    """One replay of the recording."""

    rate: float
    """Tracks a second, elapsed time."""
    sender_us: float
    """CPU time of the sending gateway for each track, its start included."""
    receiver_us: float
    """CPU time of the receiving gateway for each track."""


def run(*, quick: bool) -> list[Row]:
    """Tracks per second, from the first event that comes out to the last."""
    with tempfile.TemporaryDirectory() as directory:
        path, origin = _recording(Path(directory))
        frames = list(read_frames(path, form=find("asterix"), feed="bench", source="bench", base_time=corpora.START))
        tracks = len(corpora.decoded("asterix", tuple(frames), node="nld-1"))
        measured = [uvloop.run(_pass(path, tracks)) for _ in range(1 if quick else REPEATS)]
    sender = statistics.median(one.sender_us for one in measured)
    receiver = statistics.median(one.receiver_us for one in measured)
    return [
        Row(
            stage="corridor, ASTERIX in, CoT out",
            value=statistics.median(one.rate for one in measured),
            unit="tracks/s",
            floor=_floor(frames),
            floor_name="decode, render, sign, verify, read, encode in one process",
            target=Target(value=10_000),
            note=f"two gateways and the load on all cores; {origin}: {tracks:,} tracks in, {tracks:,} events out, none "
            "lost, dropped or coalesced, every message receipted, both ledgers verified; CPU time: sender "
            f"{sender:.0f} us/track with its start, receiver {receiver:.0f} us/track; single passes: "
            f"{', '.join(f'{one.rate:,.0f}' for one in measured)} tracks/s",
        )
    ]


def _recording(directory: Path) -> tuple[Path, str]:
    path = data_directory() / corpora.REAL_062
    if path.exists():
        return path, path.name
    made = directory / "generated.bin"
    made.write_bytes(b"".join(one.octets for one in corpora.cat062(GENERATED)[1]))
    return made, "generated CAT062"


async def _pass(path: Path, tracks: int) -> Passage:
    async with rig.pair(recording=path) as (sender, receiver):
        await receiver.start()
        idle_s = receiver.cpu_s()
        display = rig.Display(receiver.player)
        await display.connect()
        reading = asyncio.create_task(display.read(keep=False))
        await sender.start()  # its file feed starts with it
        try:
            async with asyncio.timeout(WAIT_S):
                await display.until(tracks)
            status = await _settled(sender)
        except TimeoutError:
            standing = await rig.account((sender, receiver))
            raise RuntimeError(f"{display.events:,} of {tracks:,} events after {WAIT_S:g} s\n{standing}") from None
        out = rig.feed(await receiver.status(), "display")
        spent = sender.cpu_s(), receiver.cpu_s() - idle_s
        reading.cancel()
        display.close()
        await asyncio.gather(sender.stop(), receiver.stop())
        first, first_events = display.marks[0]
        last, events = display.marks[-1]
        assert events == tracks, (events, tracks)
        assert tracks == rig.corridor(status, "tracks_signed"), status
        assert (out["coalesced"], out["dropped"]) == (0, 0), out
        assert rig.ledger_holds(sender.player)
        assert rig.ledger_holds(receiver.player)
        return Passage(
            rate=(events - first_events) / (last - first),
            sender_us=1e6 * spent[0] / tracks,
            receiver_us=1e6 * spent[1] / tracks,
        )


async def _settled(sender: rig.Gateway) -> rig.Status:
    """The sender's status once every message has its receipt."""
    async with asyncio.timeout(WAIT_S):
        while True:
            status = await sender.status()
            counts = rig.link(status)
            signed = rig.corridor(status, "messages_signed")
            if signed and counts.get("delivered", 0) >= signed and not counts.get("queued_messages"):
                return status
            await asyncio.sleep(0.2)


def _floor(frames: list[Frame]) -> float:
    """The codecs and the seal alone, in one process: no socket, no disk, no ledger; tracks per second of CPU time."""
    signer, verifier, now = corpora.keys()
    tracks = [
        replace(track, track_id=str(UUID(int=number % 200, version=4)))
        for number, track in enumerate(corpora.decoded("asterix", tuple(frames[:FLOOR_TRACKS]), node="nld-1"))
    ]

    def codecs() -> int:
        corpora.decoded("asterix", tuple(frames[:FLOOR_TRACKS]), node="nld-1")
        encoder = find("cot").encoder()
        for at in range(0, len(tracks), BATCH):
            message = corpora.message(tracks[at : at + BATCH], now)
            wire = signer.seal(alliance.draft(message)).octets
            verified = verifier.verify(Inbound(octets=wire, partner="nld-1", received_at=now))
            encoder.encode(alliance.open_message(verified).message.tracks, now)
        return len(tracks)

    return rates({"floor": codecs})["floor"]
