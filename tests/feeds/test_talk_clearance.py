"""A clearance that is taken away counts at once: also for what waits for a peer who does not keep up."""

from __future__ import annotations

import asyncio

from gateway.clock import ManualClock
from gateway.policy import Desk, View
from tests.feeds.support import track
from tests.feeds.talkers import LABEL, OTHER, LineEndpoint, calling, shown, talking
from tests.policy import policies


async def test_what_waits_for_a_slow_peer_is_decided_again_when_the_policy_changes() -> None:
    low, high = policies.clearance("UNCLASSIFIED"), policies.clearance("SECRET")
    desk = Desk(policies.policy(clearances={"c": low}), ManualClock(policies.NOW))
    endpoint = LineEndpoint(wants_tracks=True, padding=20_000)
    view = View(desk=desk, clearances=("c",))
    async with talking(endpoint=endpoint, view=view) as scene, calling(scene.address) as peer:
        async with asyncio.timeout(60):
            while not endpoint.talks:  # noqa: ASYNC110 - the feed's own accepting
                await asyncio.sleep(0.001)
        (talk,) = endpoint.talks
        scene.offer(*[track(f"was{number}") for number in range(5_000)], is_own=False)
        async with asyncio.timeout(60):
            while not any(one.startswith("offered") for one in talk.asked):  # noqa: ASYNC110 - one turn of the feed
                await asyncio.sleep(0)
        (status,) = scene.feed.peers()
        assert status.waiting > 0
        before = len(talk.asked)
        desk.put(policies.policy(clearances={"c": high}))
        scene.picture = [*shown(track("old"), label=LABEL), *shown(track("now"), label=OTHER)]
        scene.offer(track("now"), label=OTHER)
        octets = b""
        async with asyncio.timeout(60):
            while b"track now " not in octets[-40_100:]:
                octets += await peer.reader.read(1 << 20)
        assert [one for one in talk.asked[before:] if one.startswith("offered")] == ["offered 1"]
        assert b"track old" not in octets
        # And so without anything new: what waits is looked at before it is told
        scene.offer(*[track(f"later{number}") for number in range(5_000)], label=OTHER)
        told = len(talk.asked)
        desk.put(policies.policy(clearances={"c": low}))
        async with asyncio.timeout(60):
            while scene.feed.peers()[0].waiting:  # noqa: ASYNC110 - one turn of the feed
                await asyncio.sleep(0.001)
        assert [one for one in talk.asked[told:] if one.startswith("offered")] == []
