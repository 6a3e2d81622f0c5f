"""Conversations over TCP: what is asked when, what goes through the corridor, who gets which tracks."""

from __future__ import annotations

import asyncio
import socket
import struct
from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from gateway.dialect import Turn
from gateway.errors import FeedError, FormatError, StoreError
from gateway.feeds import codes
from gateway.feeds.address import peer_text
from gateway.limits import Limits
from gateway.store.codes import NOT_DURABLE
from tests.feeds.support import BAD_LINE, BLOCKS, LINES, track, until
from tests.feeds.talkers import (
    OTHER,
    Caller,
    LineEndpoint,
    Scene,
    calling,
    endless_farewells,
    low_view,
    shown,
    talking,
)

# ----------------------------------------------------------------------------------------------------- what is asked


async def test_a_conversation_is_opened_once_and_closed_once_and_answers_in_order() -> None:
    async with talking(endpoint=LineEndpoint(greets=True)) as scene:
        async with calling(scene.address) as peer:
            peer.say("hello tak", "ping 1", "7 50 8")
            await peer.expect("greetings", "welcome tak", "pong 1", "ack 7")
            (status,) = scene.feed.peers()
            assert (status.name, status.title, status.since) == ("", "tak", scene.clock.now())
            peer.writer.write_eof()
            assert await peer.rest() == ["goodbye"]
        await until(lambda: not scene.feed.peers())
        asked = [what for what in scene.endpoint.talks[0].asked if what != "ticked"]
        assert asked == ["opened", "received", "received", "received", "closed"]


async def test_what_was_decoded_goes_through_the_corridor_and_empty_turns_do_not() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.say("hello x", "7 50 8", "nonsense", "silent", "ping 1")
        await peer.expect("welcome x", "ack 7", "ack nonsense", "pong 1")
        await until(lambda: len(scene.corridor.frames) == 3)
        assert scene.corridor.numbers == ["7"]
        assert scene.corridor.problems == [(b"nonsense", "TEST-001")]
        first = scene.corridor.frames[0]
        assert (first.feed, first.source, first.octets) == ("tak", "c2", b"7 50 8")
        assert first.peer == peer_text(peer.writer.get_extra_info("sockname"))
        assert scene.corridor.decoded[2].silent == 1


async def test_replies_to_frames_of_one_read_are_written_at_once() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.say(*(f"ping {number}" for number in range(50)))
        assert len(await peer.reader.read(65_536)) == len("".join(f"pong {n}\n" for n in range(50)))


async def test_time_passes_for_every_conversation_and_what_it_gives_up_is_handed_on() -> None:
    async with talking(endpoint=LineEndpoint(beats=True)) as scene, calling(scene.address) as peer:
        peer.say("hold 1 50 8")
        await peer.expect("beat", "beat")
        await until(lambda: bool(scene.corridor.decoded))
        ((frame, error),) = scene.corridor.decoded[0].overdue
        assert (frame.octets, error.cause) == (b"hold 1 50 8", "held too long")
        assert scene.corridor.frames[0].octets == b""


async def test_a_blocked_corridor_stops_neither_heartbeats_nor_answers_under_way() -> None:
    async with talking(endpoint=LineEndpoint(beats=True)) as scene, calling(scene.address) as peer:
        scene.corridor.open.clear()
        peer.say("7 50 8", "hold x")
        assert "ack 7" in [await peer.hear() for _ in range(3)]
        await peer.expect("beat", "beat", "beat")
        scene.corridor.open.set()
        await until(lambda: scene.corridor.numbers == ["7"])


async def test_a_record_that_the_corridor_cannot_take_is_counted_and_the_next_one_taken() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        scene.corridor.failures = [StoreError(NOT_DURABLE)]
        peer.say("1 50 8", "2 50 8")
        await until(lambda: scene.corridor.numbers == ["2"])
        assert scene.feed.counts.sink_errors == 1
        assert "STO" in scene.feed.peers()[0].last_error


async def test_a_bug_of_the_corridor_costs_one_conversation_and_no_other() -> None:
    async with talking() as scene, calling(scene.address) as one, calling(scene.address) as two:
        scene.corridor.failures = [RuntimeError("of ours")]
        one.say("1 50 8")
        await one.rest()
        two.say("2 50 8")
        await two.expect("ack 2")
        assert scene.feed.counts.broken_off == 1


async def test_a_format_without_a_splitter_takes_a_connection_as_one_frame() -> None:
    async with talking(form=BLOCKS) as scene, calling(scene.address) as peer:
        peer.writer.write(b"7 50")
        await until(lambda: bool(scene.endpoint.talks))
        peer.writer.write(b" 8")
        peer.writer.write_eof()
        assert await peer.rest() == ["ack 7", "goodbye"]
        assert scene.corridor.numbers == ["7"]


# ----------------------------------------------------------------------------------------------------------- its end


async def test_a_peer_that_closes_in_mid_frame_has_its_torso_handed_on() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.writer.write(b"1 50 8\n2 50 8")
        peer.writer.write_eof()
        assert await peer.rest() == ["ack 1", "ack 2", "goodbye"]
    assert scene.corridor.numbers == ["1", "2"]


async def test_a_peer_that_resets_costs_nothing_but_its_conversation() -> None:
    async with talking() as scene:
        for said in (b"", b"1 50", b"1 50 8\n", b"ping 1\n" * 5_000):
            async with calling(scene.address) as peer:
                if said:
                    peer.writer.write(said)
                await until(lambda: bool(scene.feed.peers()))
            await until(lambda: not scene.feed.peers())
        assert scene.feed.counts.connections == 4
        assert [talk.asked.count("closed") for talk in scene.endpoint.talks] == [1] * 4
        assert [talk.asked.count("opened") for talk in scene.endpoint.talks] == [1] * 4
        assert scene.feed.counts.connected == scene.feed.out.connected == 0


async def test_a_dialect_that_ends_the_conversation_has_its_octets_sent_first_and_nothing_after() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.say("ping 1", "quit", "ping 2", "1 50 8")
        assert await peer.rest() == ["pong 1", "refused"]
        await until(lambda: not scene.feed.peers())
        assert scene.feed.counts.broken_off == 1
        assert "TEST-002" in scene.feed.counts.last_error
        assert scene.corridor.numbers == []
        assert scene.endpoint.talks[0].asked.count("closed") == 1


async def test_a_refusal_that_the_dialect_raises_ends_the_conversation_and_is_set_aside() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.say("1 50 8", "lost", "2 50 8")
        assert await peer.rest() == ["ack 1"]
        await until(lambda: scene.corridor.problems == [(b"lost", "TEST-002")])
        assert scene.corridor.numbers == ["1"]


async def test_a_bug_of_the_dialect_ends_one_conversation_and_shows_the_frame() -> None:
    async with talking() as scene, calling(scene.address) as one, calling(scene.address) as two:
        one.say("1 50 8", "bug", "2 50 8")
        await one.rest()
        await until(lambda: (b"bug", "FEED-031") in scene.corridor.problems)
        assert scene.corridor.numbers == ["1"]
        two.say("ping 1")
        await two.expect("pong 1")
        assert scene.endpoint.talks[0].asked.count("closed") == 1


def broken(*_: object) -> None:
    raise ZeroDivisionError


def nonsense(*_: object) -> Turn:
    return Turn(octets=("text is no octets",))  # type: ignore[arg-type] # a bug of a dialect


@pytest.mark.parametrize("how", [broken, nonsense])
@pytest.mark.parametrize("where", ["opened", "received", "offered", "tick", "closed"])
async def test_a_bug_anywhere_in_the_dialect_ends_only_that_conversation(where: str, how: object) -> None:
    async with talking() as scene:
        converse = scene.endpoint.converse

        def first_is_broken(peer: object) -> object:
            talk = converse(peer)
            if len(scene.endpoint.talks) == 1:
                talk.wants_tracks = where == "offered"
                setattr(talk, where, how)
            return talk

        scene.endpoint.converse = first_is_broken
        async with calling(scene.address) as one:
            await until(lambda: bool(scene.feed.peers()) or scene.feed.counts.broken_off == 1)
            scene.offer(track("a"))
            if where == "received":
                one.say("ping 1")
            elif where == "closed":
                one.writer.write_eof()
            await one.rest()
        async with calling(scene.address) as two:
            two.say("ping 1")
            await two.expect("pong 1")
            assert scene.feed.counts.broken_off == 1
            assert "FEED-031" in scene.feed.counts.last_error


async def test_a_dialect_that_will_not_converse_refuses_the_peer() -> None:
    async with talking() as scene:

        def converse(peer: object) -> None:
            raise FeedError(codes.CROWDED, cause="the dialect's own reason")

        scene.endpoint.converse = converse
        async with calling(scene.address) as peer:
            assert await peer.rest() == []
        await until(lambda: scene.feed.counts.refused_peers == 1)
        assert "own reason" in scene.feed.counts.last_error


async def test_a_stream_that_cannot_be_followed_is_closed_and_its_octets_set_aside() -> None:
    async with talking() as scene, calling(scene.address) as bad, calling(scene.address) as good:
        bad.say("1 50 8")
        await bad.expect("ack 1")
        bad.writer.write(b"\x00garbage\n")
        assert await bad.rest() == []
        await until(lambda: scene.corridor.problems == [(b"\x00garbage\n", "TEST-001")])
        assert scene.feed.counts.stream_errors == 1
        good.say("ping 1")
        await good.expect("pong 1")


async def test_a_fault_that_came_with_good_frames_ends_the_connection_without_waiting_for_more_octets() -> None:
    class Patient:
        """Gives what was whole before a fault, and tells of the fault when it is asked again."""

        def __init__(self) -> None:
            self.cutter = LINES.splitter()  # type: ignore[misc]  # it has one
            self.has_failed = False

        def feed(self, octets: bytes) -> list[bytes]:
            if self.has_failed:
                raise FormatError(BAD_LINE)
            good, mark, _ = octets.partition(b"\x00")
            self.has_failed = bool(mark)
            return self.cutter.feed(good)

    form = replace(LINES, splitter=Patient)
    async with talking(form=form) as scene, calling(scene.address) as peer:
        peer.writer.write(b"1 50 8\n\x00and then silence")
        await peer.expect("ack 1")
        assert await peer.rest() == []
        await until(lambda: scene.corridor.problems == [(b"1 50 8\n\x00and then silence", "TEST-001")])


async def test_a_frame_without_an_end_is_refused_at_the_limit() -> None:
    async with talking(limits=Limits(max_frame_octets=100_000)) as scene, calling(scene.address) as peer:
        for _ in range(20):
            peer.writer.write(b"x" * 10_000)
            await asyncio.sleep(0)
        await peer.rest()
        await until(lambda: bool(scene.corridor.problems))
        assert scene.corridor.problems[0][1] == "FEED-008"


async def test_a_connection_lives_no_longer_than_its_age_and_hears_our_last_words() -> None:
    async with talking(limits=Limits(connection_age_s=60.0)) as scene, calling(scene.address) as peer:
        peer.say("ping 1")
        await peer.expect("pong 1")
        scene.clock.advance(61)
        assert await peer.rest() == ["goodbye"]


async def test_at_the_end_every_peer_hears_our_last_words_and_the_feed_can_be_run_again() -> None:
    async with talking() as scene, calling(scene.address) as one, calling(scene.address) as two:
        one.say("1 50 8", "ping 1")
        await one.expect("ack 1", "pong 1")
        await until(lambda: len(scene.feed.peers()) == 2)
        await scene.stop()
        assert await one.rest() == ["goodbye"]
        assert await two.rest() == ["goodbye"]
        assert [talk.asked.count("closed") for talk in scene.endpoint.talks] == [1, 1]
        assert scene.corridor.numbers == ["1"]
        assert scene.feed.counts.connected == 0
        await scene.begin()
        async with calling(scene.address) as three:
            three.say("ping 3")
            await three.expect("pong 3")


async def test_what_was_heard_before_the_end_is_handed_on() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        scene.corridor.open.clear()
        peer.say(*(f"{number} 50 8" for number in range(300)))
        await until(lambda: scene.feed.counts.frames == 300)
        stopping = asyncio.ensure_future(scene.stop())
        await until(lambda: not scene.feed._door.is_open)  # it is being stopped
        scene.corridor.open.set()
        await stopping
        assert len(scene.corridor.numbers) == 300
        assert (await peer.rest())[-2:] == ["ack 299", "goodbye"]


async def test_the_end_comes_in_bounded_time_though_a_peer_never_reads_and_the_corridor_is_blocked() -> None:
    endpoint = LineEndpoint(padding=100_000)
    async with talking(endpoint=endpoint) as scene, calling(scene.address) as peer:
        peer.say("want")
        await peer.expect("ok")
        scene.offer(*(track(str(number)) for number in range(400)))
        await until(lambda: scene.feed.out.octets > 10_000_000)
        scene.corridor.open.clear()
        peer.say("1 50 8")
        await until(lambda: scene.feed.waiting == 1)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 4
    assert endpoint.talks[0].asked.count("closed") == 1


async def test_a_dialect_that_breaks_off_while_its_peer_does_not_read_is_asked_nothing_more() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined] # a peer that does not read
        line = b"ping " + b"x" * 10_000 + b"\n"
        for _ in range(200):
            peer.writer.write(line * 10)
        await until(lambda: bool(scene.endpoint.talks))
        (talk,) = scene.endpoint.talks
        await until(lambda: bool(scene.feed.peers()))
        (session,) = scene.feed._sessions
        while session._wire.stuck_since_s is None or not scene.feed.waiting:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.01)

        def over(now: object) -> Turn:
            talk.asked.append("over")
            return Turn(over=FormatError(codes.CROWDED, cause="broke off"))

        talk.tick = over  # type: ignore[method-assign,assignment] # what its tick says from now on
        await until(lambda: not scene.feed.peers())
        assert talk.asked[talk.asked.index("over") + 1 :] == ["closed"]


async def test_what_was_read_is_worked_on_though_the_connection_is_reset_meanwhile() -> None:
    limits = Limits(connection_queue_frames=32)
    async with talking(endpoint=LineEndpoint(beats=True), limits=limits) as scene:
        scene.corridor.open.clear()
        async with calling(scene.address) as peer:
            peer.say(*(f"{number} 50 8" for number in range(3_000)))  # 30 kB: one read
            await until(lambda: scene.feed.waiting > 0)
            (session,) = scene.feed._sessions
        await until(lambda: session._wire.transport.is_closing())  # a heartbeat found the connection gone
        scene.corridor.open.set()
        await until(lambda: not scene.feed.peers())
        assert scene.corridor.numbers == [str(number) for number in range(3_000)]


async def test_a_connection_that_is_found_reset_only_at_its_end_harms_nobody() -> None:
    async with talking() as scene, calling(scene.address) as peer, calling(scene.address) as other:
        peer.say("ping 1")
        await peer.expect("pong 1")
        session = min(
            scene.feed._sessions,
            key=lambda session: session.status.address != peer_text(peer.writer.get_extra_info("sockname")),
        )
        # The reset arrives, and in the same turn of the loop the dialect breaks off: its end meets a dead socket
        linger = struct.pack("ii", 1, 0)
        peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        session._wire.transport.pause_reading()
        session.fail(FormatError(codes.CROWDED, cause="broke off"))
        peer.writer.transport.abort()
        await until(lambda: len(scene.feed.peers()) == 1)
        other.say("ping 2")
        await other.expect("pong 2")
        assert [talk.asked.count("closed") for talk in scene.endpoint.talks].count(1) == 1


async def test_last_words_arrive_though_much_that_the_peer_said_is_unread() -> None:
    with endless_farewells():
        async with talking() as scene, calling(scene.address) as peer:
            peer.say("quit")
            peer.writer.write(b"x" * 4_000_000)
            assert await peer.rest() == ["refused"]
            peer.writer.close()


async def test_an_end_to_which_the_peers_agree_takes_no_time() -> None:
    with endless_farewells():
        async with talking() as scene, calling(scene.address) as peer:
            peer.say("ping 1")
            await peer.expect("pong 1")
            stopping = asyncio.ensure_future(scene.stop())
            assert await peer.rest() == ["goodbye"]
            peer.writer.close()
            async with asyncio.timeout(60):
                await stopping


# ------------------------------------------------------------------------------------------------------ who may connect


@pytest.mark.parametrize(
    ("limit", "code"), [({"allow": (ip_network("192.0.2.0/24"),)}, "FEED-024"), ({"max_connections": 0}, "FEED-029")]
)
async def test_peers_from_elsewhere_and_too_many_are_refused(limit: dict[str, object], code: str) -> None:
    async with talking(**limit) as scene, calling(scene.address) as peer:
        assert await peer.rest() == []
        await until(lambda: scene.feed.counts.refused_peers == 1)
        assert code in scene.feed.counts.last_error
        assert scene.feed.counts.connections == 0


async def test_a_place_becomes_free_when_its_peer_leaves() -> None:
    async with talking(max_connections=1) as scene:
        for _ in range(3):
            async with calling(scene.address) as peer:
                peer.say("ping 1")
                await peer.expect("pong 1")
                async with calling(scene.address) as second:
                    assert await second.rest() == []
            await until(lambda: not scene.feed.peers())
        assert scene.feed.counts.refused_peers == 3


async def test_an_address_in_use_is_an_error_with_its_place() -> None:
    async with talking() as scene:
        host, port = scene.address
        other = Scene(host=host, port=port)
        with pytest.raises(FeedError) as caught:
            await other.feed.start()
        assert caught.value.code == codes.BIND
        assert str(port) in caught.value.place


# ------------------------------------------------------------------------------------------------------------- tracks


async def lines_until(peer: Caller, last: str) -> list[str]:
    heard = [await peer.hear()]
    while heard[-1] != last:
        heard.append(await peer.hear())
    return heard


async def test_a_peer_that_wants_none_gets_none_and_one_that_comes_to_want_them_begins_with_the_picture() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        scene.picture = shown(track("a"), track("b"))
        peer.say("ping 1")
        await peer.expect("pong 1")
        scene.offer(track("a"))
        assert scene.feed.peers()[0].waiting == 0
        peer.say("want")
        await peer.expect("ok", "track a", "track b")
        scene.offer(track("b"), track("c"))
        await peer.expect("track b", "track c")
        peer.say("enough")
        await peer.expect("ok")
        scene.offer(track("d"))
        peer.say("ping 2")
        await peer.expect("pong 2")
        assert (scene.feed.peers()[0].sent, scene.feed.out.tracks) == (4, 4)


async def test_a_peer_that_wants_tracks_from_the_first_gets_the_picture_at_once() -> None:
    async with talking(endpoint=LineEndpoint(wants_tracks=True, greets=True)) as scene:
        scene.picture = shown(track("a"))
        async with calling(scene.address) as peer:
            await peer.expect("greetings", "track a")


async def test_no_update_falls_between_the_picture_and_what_follows() -> None:
    async with talking(endpoint=LineEndpoint(wants_tracks=True)) as scene:
        stop = asyncio.Event()
        told = 0

        async def publish() -> None:
            nonlocal told
            while not stop.is_set():
                told += 1
                scene.picture = shown(track(str(told)))  # the picture holds the newest of one track, here by number
                scene.offer(track(str(told)))
                await asyncio.sleep(0)

        publishing = asyncio.ensure_future(publish())
        for _ in range(20):
            async with calling(scene.address) as peer:
                numbers = [int((await peer.hear()).split()[1]) for _ in range(50)]
                assert numbers == list(range(numbers[0], numbers[0] + 50))
        stop.set()
        await publishing


async def test_a_picture_larger_than_the_queue_is_offered_in_whole_before_the_updates_after_it() -> None:
    async with talking(limits=Limits(feed_out_queue_tracks=10)) as scene, calling(scene.address) as peer:
        scene.picture = shown(*(track(str(number)) for number in range(2_000)))
        peer.say("want")
        await peer.expect("ok", "track 0")
        scene.offer(track("new"))
        assert len(await lines_until(peer, "track new")) == 2_000
        assert scene.feed.out.dropped == 0
        assert max(int(what.split()[1]) for what in scene.endpoint.talks[0].asked if "offered" in what) <= 500


async def test_a_view_decides_what_is_seen_of_the_picture_and_of_the_updates() -> None:
    async with talking(view=low_view(own=False)) as scene, calling(scene.address) as peer:
        scene.picture = [
            *shown(track("own")),
            *shown(track("allied"), is_own=False),
            *shown(track("secret"), is_own=False, label=OTHER),
        ]
        peer.say("want")
        await peer.expect("ok", "track allied")
        scene.offer(track("own"))
        scene.offer(track("secret"), is_own=False, label=OTHER)
        scene.offer(track("allied"), is_own=False)
        await peer.expect("track allied")


async def test_a_wish_turned_on_and_off_does_not_have_the_picture_gathered_each_time() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        scene.picture = shown(track("a"))
        peer.say("want")
        await peer.expect("ok", "track a")
        for _ in range(5):
            peer.say("enough")
            await peer.expect("ok")
            peer.say("want")
            await peer.expect("ok")
        assert scene.gathered == 1
        scene.clock.advance(2)
        await peer.expect("track a")
        assert scene.gathered == 2


async def test_what_cannot_be_carried_is_counted() -> None:
    async with talking(endpoint=LineEndpoint(wants_tracks=True)) as scene, calling(scene.address) as peer:
        await until(lambda: bool(scene.feed.peers()))
        scene.offer(track("a", name="lossy"), track("b", name="no"), track("c"))
        await peer.expect("track a", "track c")
        assert scene.feed.out.losses == {("name", "NO_TARGET"): 1}
        assert (scene.feed.out.unencoded, scene.feed.out.tracks) == (1, 2)
        assert "TEST-001" in scene.feed.out.last_error


async def test_a_peer_that_never_reads_harms_no_other_and_is_let_go_in_the_end() -> None:
    endpoint = LineEndpoint(wants_tracks=True, padding=10_000)
    limits = Limits(feed_out_queue_tracks=200, request_timeout_s=20.0)
    async with (
        talking(endpoint=endpoint, limits=limits) as scene,
        calling(scene.address) as deaf,
        calling(scene.address) as fast,
    ):
        await until(lambda: len(scene.feed.peers()) == 2)
        deaf.reader._transport.pause_reading()  # type: ignore[attr-defined] # a peer that does not read
        for number in range(3_000):
            scene.offer(track(str(number % 400)))
            if number % 50 == 49:
                await lines_until(fast, f"track {number % 400}")
        slow, quick = sorted(scene.feed.peers(), key=lambda peer: peer.sent)
        assert quick.sent == 3_000
        assert quick.dropped == 0
        assert slow.sent < 3_000
        assert slow.waiting <= 200
        assert slow.dropped + slow.coalesced > 0
        fast.say("ping 1")
        await fast.expect("pong 1")
        scene.clock.advance(21)
        await until(lambda: len(scene.feed.peers()) == 1)
        assert scene.feed.out.stuck == 1
        assert "FEED-026" in scene.feed.counts.last_error
        fast.say("ping 2")
        await fast.expect("pong 2")


async def test_an_acknowledgement_does_not_wait_behind_the_tracks_that_a_slow_peer_has_still_to_get() -> None:
    endpoint = LineEndpoint(padding=2_000)
    async with talking(endpoint=endpoint) as scene, calling(scene.address) as peer:
        scene.picture = shown(*(track(str(number)) for number in range(15_000)))
        peer.say("want")
        await peer.expect("ok", "track 0")
        await until(lambda: 0 < scene.feed.peers()[0].waiting < 14_501)
        peer.say("ping 1")
        before = len(await lines_until(peer, "pong 1"))
        assert before < 14_000  # what is already written to the sockets, and no more
        assert len(await lines_until(peer, "track 14999")) + before > 14_000


async def test_who_floods_without_reading_our_answers_is_not_read_from() -> None:
    async with talking() as scene, calling(scene.address) as peer:
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined] # a peer that does not read
        line = b"ping " + b"x" * 10_000 + b"\n"
        for _ in range(200):
            peer.writer.write(line * 10)
        await until(lambda: bool(scene.feed._sessions))
        (session,) = scene.feed._sessions
        await until(lambda: session._wire.stuck_since_s is not None and not session._wire.transport.is_reading())
        assert scene.feed.counts.frames < 2_000
        assert scene.feed.counts.dropped == 0


async def test_a_peer_that_floods_is_made_to_wait_loses_nothing_and_delays_nobody() -> None:
    limits = Limits(connection_queue_frames=64)
    async with talking(limits=limits) as scene, calling(scene.address) as flood, calling(scene.address) as calm:
        flood.say(*(f"{number} 50 8" for number in range(20_000)))
        seen_at: list[int] = []
        for number in range(10):
            calm.say(f"ping {number}")
            await calm.expect(f"pong {number}")
            seen_at.append(len(scene.corridor.frames))
        assert seen_at[-1] < 20_000
        assert scene.feed.waiting <= 64 + 16_384 // 7
        await until(lambda: len(scene.corridor.frames) == 20_000)
        assert scene.corridor.numbers == [str(number) for number in range(20_000)]
        assert scene.feed.counts.dropped == 0


async def test_a_blocked_corridor_makes_the_sender_wait_and_what_he_said_before_leaving_is_not_lost() -> None:
    async with talking(limits=Limits(connection_queue_frames=32)) as scene:
        scene.corridor.open.clear()
        async with calling(scene.address) as peer:
            peer.say(*(f"{number} 50 8" for number in range(3_000)))
            peer.writer.write(b"3000 50 8")
            peer.writer.write_eof()
            await until(lambda: scene.feed.waiting > 0)
            scene.corridor.open.set()
            await until(lambda: len(scene.corridor.numbers) == 3_001)
            assert (await peer.rest())[-2:] == ["ack 3000", "goodbye"]
