"""Conversations over datagrams: one for all who take part, by multicast or with those lately heard."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.feeds.talk_udp import TalkUdpFeed
from tests.feeds.support import BLOCKS, track, until
from tests.feeds.talkers import LineEndpoint, Scene, shown, talking

GROUP = "239.2.3.1"


def udp(**changes: Any) -> Any:
    return talking(TalkUdpFeed, form=BLOCKS, **changes)


class Mate:
    """Another party: speaks to a place, or to a group that it is in."""

    def __init__(self, address: tuple[str, int] | None = None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.heard: list[bytes] = []
        self.to = address
        self.socket.bind(("127.0.0.1", 0))

    def say(self, *datagrams: str) -> None:
        assert self.to is not None
        for datagram in datagrams:
            self.socket.sendto(datagram.encode(), self.to)

    def hears(self, *datagrams: bytes) -> bool:
        while True:
            try:
                self.heard.append(self.socket.recv(65_536).strip())
            except BlockingIOError:
                return all(datagram in self.heard for datagram in datagrams)


@contextmanager
def mates(scene: Scene, number: int) -> Iterator[list[Mate]]:
    found = [Mate(scene.address) for _ in range(number)]
    try:
        yield found
    finally:
        for mate in found:
            mate.socket.close()


async def test_one_conversation_hears_many_and_answers_all_who_were_heard_lately() -> None:
    async with udp() as scene:
        with mates(scene, 2) as (one, two):
            one.say("hello x", "7 50 8", "nonsense")
            await until(lambda: one.hears(b"welcome x", b"ack 7", b"ack nonsense"))
            two.say("8 50 8")
            await until(lambda: one.hears(b"ack 8") and two.hears(b"ack 8"))
            assert len(scene.endpoint.talks) == 1
            assert scene.corridor.numbers == ["7", "8"]
            assert len({frame.peer for frame in scene.corridor.frames}) == 2
            assert scene.corridor.problems == [(b"nonsense", "TEST-001")]
            (status,) = scene.feed.peers()
            assert status.title == "x"
            assert b"welcome x" not in two.heard
            scene.clock.advance(76)  # both silent for longer than idle_timeout_s
            two.say("ping 1")
            await until(lambda: two.hears(b"pong 1"))
            one.hears()
            assert b"pong 1" not in one.heard
        await scene.stop()
        assert scene.endpoint.talks[0].asked.count("closed") == 1


async def test_tracks_are_one_datagram_each_and_whoever_comes_later_begins_with_the_picture() -> None:
    async with udp(endpoint=LineEndpoint(wants_tracks=True)) as scene:
        scene.picture = shown(track("a"), track("b"))
        with mates(scene, 2) as (one, two):
            one.say("ping 1")
            await until(lambda: one.hears(b"pong 1"))
            scene.clock.advance(2)
            two.say("ping 2")
            await until(lambda: two.hears(b"track a", b"track b"))
            scene.offer(track("c"))
            await until(lambda: one.hears(b"track c") and two.hears(b"track c"))
            await scene.stop()
            await until(lambda: one.hears(b"goodbye") and two.hears(b"goodbye"))


async def test_more_than_the_bound_are_heard_but_not_answered() -> None:
    async with udp(max_connections=1) as scene:
        with mates(scene, 2) as (one, two):
            one.say("ping 1")
            await until(lambda: one.hears(b"pong 1"))
            two.say("8 50 8")
            await until(lambda: one.hears(b"ack 8"))
            two.hears()
            assert two.heard == []
            assert scene.corridor.numbers == ["8"]
            assert scene.feed.counts.refused_peers == 1


async def test_strangers_are_not_heard() -> None:
    async with udp(allow=(ip_network("192.0.2.0/24"),)) as scene:
        with mates(scene, 1) as (one,):
            one.say("7 50 8")
            await until(lambda: scene.feed.counts.refused_peers == 1)
            assert scene.corridor.frames == []


async def test_a_datagram_that_the_dialect_refuses_ends_nothing() -> None:
    async with udp() as scene:
        with mates(scene, 1) as (one,):
            one.say("lost", "7 50 8")
            await until(lambda: one.hears(b"ack 7"))
            assert scene.corridor.problems == [(b"lost", "TEST-002")]
            assert len(scene.endpoint.talks) == 1
            assert scene.feed.counts.broken_off == 0


@pytest.mark.parametrize(("word", "code"), [("quit", "TEST-002"), ("bug", "FEED-031")])
async def test_a_conversation_that_cannot_go_on_is_closed_and_begun_anew(word: str, code: str) -> None:
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    async with udp(sleep=sleep) as scene:
        with mates(scene, 1) as (one,):
            one.say(word)
            await until(lambda: len(scene.endpoint.talks) == 2)
            assert code in scene.feed.counts.last_error
            assert scene.endpoint.talks[0].asked.count("closed") == 1
            one.say("ping 1")
            await until(lambda: one.hears(b"pong 1"))
            assert len(naps) == 1


async def test_thousands_of_tracks_go_out_in_order_and_none_is_lost_on_our_side() -> None:
    async with udp(endpoint=LineEndpoint(wants_tracks=True)) as scene:
        with mates(scene, 1) as (one,):
            one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_194_304)
            one.say("ping 1")
            await until(lambda: one.hears(b"pong 1"))
            for start in range(0, 5_000, 500):
                scene.offer(*(track(str(number)) for number in range(start, start + 500)))
                await until(lambda start=start: one.hears(b"track %d" % (start + 499)))
            assert [line for line in one.heard if line.startswith(b"track")] == [b"track %d" % n for n in range(5_000)]
            assert scene.feed.out.unsent == 0


def multicast_works() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            )
        except OSError:
            return False
    return True


@pytest.mark.skipif(not multicast_works(), reason="no multicast on loopback here")
async def test_two_gateways_and_a_radio_share_a_group_and_none_hears_itself() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scout:
        scout.bind(("127.0.0.1", 0))
        port = scout.getsockname()[1]
    where = {"host": GROUP, "port": port, "group": GROUP, "interface": "127.0.0.1"}
    async with udp(endpoint=LineEndpoint(wants_tracks=True), **where) as one, udp(**where) as two:
        await until(lambda: bool(one.feed.peers()))
        one.offer(track("5 50 8"))  # its line reads as a report of "track", which the other refuses
        await until(lambda: bool(two.corridor.frames))
        assert one.corridor.frames == []
        assert two.feed.counts.frames == 1
        mate = Mate((GROUP, port))
        mate.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        mate.say("silent")
        await until(lambda: any(d.silent for d in one.corridor.decoded) and any(d.silent for d in two.corridor.decoded))
        mate.socket.close()
        assert one.feed.peers()[0].address == f"{GROUP}:{port}"
