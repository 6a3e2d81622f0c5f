"""What a running node shows to whom: labels kept with the picture, no personal data at plain consumers, held frames."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import aiohttp
import msgspec
from msgspec.structs import replace

from gateway.config import Config
from gateway.config.national import Origins
from gateway.errors import FormatError
from gateway.feeds.outlet import OutletCounts
from gateway.formats.cot.codes import CODES
from gateway.node.assembly import Node
from gateway.node.sockets import Outlets
from gateway.node.talks import view_of
from gateway.stages import Decoded, Exercise, Frame, Inbound
from gateway.track import Label, Operator, Position, RawRecord, State, Track
from tests.feeds.national import Desk, serving
from tests.feeds.support import LABEL, T0
from tests.feeds.talkers import LABEL as LOW
from tests.feeds.talkers import low_view
from tests.labelled import PLAIN
from tests.node.test_node import configs, event, frame, players, post, working

__all__ = ["configs", "players"]  # fixtures

PILOT = Operator(identifier="NLDr8pilot", position=Position(52.370117, 4.708913))
SAID = (b"NLDr8pilot", b"52.370117", b"4.708913", b"cmFuZG9tIE5MRHI4cGlsb3Q")
DRONE = Track(
    track_id="00000000-0000-4000-8000-000000000001",
    operator=PILOT,
    state=State(time=T0, stale_at=T0 + timedelta(days=9_999), position=Position(52.5, 4.75), altitude_hae_m=120.0),
    raw=RawRecord("REMOTE_ID", b"random NLDr8pilot"),
)


class Kept:
    """A consumer that keeps what it is offered."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.counts = OutletCounts()

    @property
    def waiting(self) -> int:
        return 0

    def offer(self, tracks: Sequence[Track]) -> None:
        self.tracks += tracks

    def forget(self) -> None:
        self.tracks.clear()

    async def run(self) -> None:
        await asyncio.Event().wait()


def test_feeds_out_are_offered_no_personal_data_of_anybody() -> None:
    outlets, allied, own = Outlets("nld-1"), Kept(), Kept()
    outlets.add("allied", allied, view_of(Origins.ALLIES))
    outlets.add("own", own, view_of(Origins.OWN))
    outlets.publish([DRONE], "nld-1", LABEL)
    outlets.publish([DRONE], "deu-1", LABEL)
    for kept in (allied, own):
        (track,) = kept.tracks
        assert (track.operator, track.raw, track.state) == (None, None, DRONE.state)


def test_what_waits_for_consumers_with_a_clearance_is_given_up_when_another_policy_decides() -> None:
    outlets, everything, cleared = Outlets("nld-1"), Kept(), Kept()
    outlets.add("everything", everything, view_of(Origins.ALL))
    outlets.add("cleared", cleared, low_view())
    outlets.publish([replace(DRONE, label=LOW)], "nld-1", None)
    assert (len(everything.tracks), len(cleared.tracks)) == (1, 1)
    outlets.forget_decided()
    assert (len(everything.tracks), len(cleared.tracks)) == (1, 0)


async def test_the_picture_over_http_shows_no_personal_data() -> None:
    desk = Desk()
    desk.admit(None)
    desk.picture.update([DRONE], "deu-1", LABEL)
    types = {form.media_type for name, form in desk.formats.items() if name in ("geojson", "cot", "alliance")}
    async with serving(desk) as url, aiohttp.ClientSession(url) as session:
        for accept in types:
            async with session.get("/v1/tracks", headers={"Accept": accept}) as answer:
                body = await answer.read()
                assert answer.status == 200
                assert DRONE.track_id is not None
                assert DRONE.track_id.encode() in body
                assert not [text for text in SAID if text in body]


async def test_the_live_stream_shows_no_personal_data() -> None:
    desk = Desk()
    desk.admit(None)
    async with serving(desk) as url, aiohttp.ClientSession(url) as session, session.get("/v1/stream") as answer:
        assert answer.status == 200
        seen = await answer.content.readany()
        desk.picture.update([DRONE], "deu-1", LABEL)
        async with asyncio.timeout(60):
            while b"event: track" not in seen or not seen.endswith(b"\n\n"):
                more = await answer.content.readany()
                assert more, "the stream goes on"
                seen += more
        assert b"00000000-0000-4000-8000-000000000001" in seen
        assert not [text for text in SAID if text in seen]


async def test_the_picture_keeps_the_label_of_each_track_also_over_a_restart(configs: list[Config]) -> None:
    def labels(node: Node) -> list[Label | None]:
        return [entry.track.label or entry.label for entry in node.rooms.picture.query(most=10)[0]]

    async with working(configs[0]) as node:
        now = node.clock.now()
        await post(node, event(at=now), at=now)
        assert labels(node) == [PLAIN]
        (stored,) = await node.store.latest_messages(10)
    async with working(configs[0]) as node:
        assert labels(node) == [PLAIN]
    async with working(configs[1]) as node:
        assert stored.octets is not None
        taken = Inbound(octets=stored.octets, partner="nld-1", received_at=node.clock.now())
        assert (await node.take_inbound(taken)).accepted
        assert labels(node) == [PLAIN], "that under which it came"
    async with working(configs[1]) as node:
        assert labels(node) == [PLAIN]


def _keep(published: list[Track], tracks: Sequence[Track], _origin: str, _label: Label | None) -> None:
    published += tracks


async def test_what_the_header_says_of_all_tracks_reaches_the_national_side(configs: list[Config]) -> None:
    """An exercise must not show as the live picture because a national format has no header."""
    live = configs[1].model_copy(update={"node": configs[1].node.model_copy(update={"exercise": Exercise.OPERATIONAL})})
    async with working(configs[0]) as node:
        assert node.config.node.exercise is Exercise.EXERCISE
        now = node.clock.now()
        await post(node, event(at=now), at=now)
        (own,) = node.rooms.picture.query(most=10)[0]
        (stored,) = await node.store.latest_messages(10)
    for again in (False, True):  # also over a restart
        async with working(live) as node:
            published: list[Track] = []
            node.rooms.publish = partial(_keep, published)
            assert stored.octets is not None
            taken = Inbound(octets=stored.octets, partner="nld-1", received_at=node.clock.now())
            assert (await node.take_inbound(taken)).accepted
            (entry,) = node.rooms.picture.query(most=10)[0]
            assert entry.track.track_id == own.track.track_id
            for track in (entry.track, *published):
                assert track.status is not None
                assert (track.status.exercise, track.status.simulated) == (True, True)
            assert len(published) == (0 if again else 1)


class Holding:
    """A decoder that gives up two frames that it held, while it takes a third one."""

    def __init__(self, held: Sequence[Frame]) -> None:
        self._held = held

    def decode(self, frame: Frame) -> Decoded:
        return Decoded(overdue=tuple((one, FormatError(CODES[0], place="registration")) for one in self._held))


async def test_frames_that_were_held_too_long_are_set_aside_with_their_own_octets(configs: list[Config]) -> None:
    held = [frame(b"first detection"), frame(b"second detection")]
    async with working(configs[0]) as node:
        pending = await node.take(frame(b"heartbeat"), Holding(held))
        assert (await pending.intake()).problems == (), "the frame that was taken is not at fault"
        assert node.counts.records_refused == 2
        await node.quarantine.flush()
        kept = await node.store.quarantined()
        assert sorted(one.octets for one in kept) == [b"first detection", b"second detection"]
        assert {(one.code, one.place) for one in kept} == {(CODES[0].id, "registration")}
        await node.ledger.flush_refusals(all_of_them=True)
        leaves = [msgspec.json.decode(leaf) for leaf in await node.store.leaves(0, 100)]
        assert [leaf["count"] for leaf in leaves if leaf["ev"] == "refused"] == [2]
