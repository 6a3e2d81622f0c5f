"""Who a peer is by the key of its certificate, and what he may see: over real TLS on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import FeedError
from gateway.feeds import codes
from gateway.feeds.clients import Client, Clients, visible
from gateway.feeds.talk_connect import TalkConnectFeed
from gateway.feeds.tls import calling_context, listening_context
from gateway.limits import Limits
from gateway.policy import View
from tests.feeds.certificates import Authority
from tests.feeds.support import T0, track, until
from tests.feeds.talkers import LABEL, OTHER, LineEndpoint, Scene, calling, low_view, shown, talking

ALL = View()


class Camp:
    """An authority, our certificate, and clients of ours."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory)
        self.certificate, self.key, self.pin = self.authority.issue("server")
        self.tls = listening_context(self.certificate, self.key, self.authority.path)

    def client(self, name: str, view: View = ALL, source: str = "c2") -> tuple[Client, ssl.SSLContext]:
        certificate, key, pin = self.authority.issue(name)
        client = Client(name=name, pins=frozenset({pin}), view=view, source=source)
        return client, self.authority.client_context(certificate, key)


@pytest.fixture
def camp(tmp_path: Path) -> Camp:
    return Camp(tmp_path)


def valid_now(scene: Scene) -> None:
    """Set the scene's clock to the machine's time, by which certificates are made."""
    from gateway.clock import SystemClock

    scene.clock._now = SystemClock().now()


async def test_a_client_is_known_by_its_key_speaks_for_its_source_and_sees_by_its_view(camp: Camp) -> None:
    plain, plain_tls = camp.client("hq", low_view(), source="hq-reports")
    cleared, cleared_tls = camp.client("cell", View())
    endpoint = LineEndpoint(wants_tracks=True)
    async with talking(tls=camp.tls, clients=(plain, cleared), endpoint=endpoint) as scene:
        valid_now(scene)
        scene.picture = [*shown(track("a")), *shown(track("b"), label=OTHER)]
        async with calling(scene.address, plain_tls) as hq, calling(scene.address, cleared_tls) as cell:
            await hq.expect("track a")
            await cell.expect("track a", "track b")
            scene.offer(track("c"), label=OTHER)
            scene.offer(track("d"))
            await hq.expect("track d")
            await cell.expect("track c", "track d")
            hq.say("7 50 8")
            cell.say("8 50 8")
            await until(lambda: len(scene.corridor.frames) == 2)
            sources = {frame.octets: frame.source for frame in scene.corridor.frames}
            assert sources == {b"7 50 8": "hq-reports", b"8 50 8": "c2"}
            assert sorted(peer.name for peer in scene.feed.peers()) == ["cell", "hq"]
            assert sorted(talk.peer.name for talk in scene.endpoint.talks) == ["cell", "hq"]


async def test_a_certificate_of_the_authority_that_is_no_clients_is_refused(camp: Camp) -> None:
    known, _ = camp.client("hq")
    _, stranger = camp.client("stranger")
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        valid_now(scene)
        async with calling(scene.address, stranger) as peer:
            assert await peer.rest() == []
        await until(lambda: scene.feed.counts.refused_peers == 1)
        assert "FEED-027" in scene.feed.counts.last_error
        assert scene.feed.peers() == []
        assert scene.endpoint.talks == []


async def test_a_certificate_that_is_not_valid_by_our_clock_is_refused(camp: Camp) -> None:
    known, tls = camp.client("hq")
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        valid_now(scene)
        scene.clock.advance(timedelta(days=2).total_seconds())
        async with calling(scene.address, tls) as peer:
            assert await peer.rest() == []
        await until(lambda: scene.feed.counts.refused_peers == 1)
        assert "not valid now" in scene.feed.counts.last_error


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_without_a_certificate_or_with_anothers_authority_nobody_gets_in(
    camp: Camp, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    known, _ = camp.client("hq")
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    certificate, key, _ = other.issue("hq")
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        for material in ((None, None), (certificate, key)):
            context = camp.authority.client_context(*material)
            context.minimum_version = context.maximum_version = version
            before = scene.feed.counts.refused_peers
            try:
                async with calling(scene.address, context) as peer:
                    assert await peer.rest() == []
            except (ssl.SSLError, ConnectionError):
                pass
            await until(lambda before=before: scene.feed.counts.refused_peers == before + 1)
            assert "FEED-030" in scene.feed.counts.last_error
        assert scene.endpoint.talks == []


async def test_tls_1_2_is_spoken_without_tickets_and_nothing_older_at_all(camp: Camp) -> None:
    known, tls = camp.client("hq")
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        valid_now(scene)
        async with calling(scene.address, tls) as peer:
            peer.say("ping 1")
            await peer.expect("pong 1")
            connection = peer.writer.get_extra_info("ssl_object")
            assert connection.version() == "TLSv1.2"
            assert connection.session.has_ticket is False
            assert connection.cipher()[0].startswith("ECDHE-")
    assert camp.tls.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_session_that_is_resumed_proves_no_more_than_a_fresh_one(camp: Camp) -> None:
    known, tls = camp.client("hq")
    other, _ = camp.client("other")
    tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def call(address: tuple[str, int], session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bytes]:
        try:
            with (
                socket.create_connection(address, 5) as plain,
                tls.wrap_socket(plain, server_hostname="localhost", session=session) as secured,
            ):
                resumed.append(secured.session_reused or False)
                secured.sendall(b"ping 1\n")
                session, answer = secured.session, secured.recv(100)
                if answer:
                    secured.unwrap()  # a session that is not ended properly is not taken up again
                return session, answer
        except (ConnectionError, ssl.SSLError):
            return None, b""

    resumed: list[bool] = []
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        valid_now(scene)
        session, answer = await asyncio.to_thread(call, scene.address, None)
        assert answer == b"pong 1\n"
        _, answer = await asyncio.to_thread(call, scene.address, session)
        assert answer == b"pong 1\n"
        assert [talk.peer.name for talk in scene.endpoint.talks] == ["hq", "hq"]
        assert resumed == [False, True]  # OpenSSL does, and nothing in Python can forbid it
    async with talking(tls=camp.tls, clients=(other,)) as scene:
        valid_now(scene)
        _, answer = await asyncio.to_thread(call, scene.address, session)
        assert answer == b""
        assert "FEED-027" in scene.feed.counts.last_error


async def test_clients_without_tls_are_nobody(camp: Camp) -> None:
    known, _ = camp.client("hq")
    async with talking(clients=(known,)) as scene, calling(scene.address) as peer:
        assert await peer.rest() == []
        assert "not TLS" in scene.feed.counts.last_error


async def test_tls_without_clients_lets_in_whom_the_authority_vouches_for_and_he_has_no_name(camp: Camp) -> None:
    _, tls = camp.client("anybody")
    async with talking(tls=camp.tls) as scene, calling(scene.address, tls) as peer:
        peer.say("ping 1")
        await peer.expect("pong 1")
        assert scene.feed.peers()[0].name == ""


async def test_last_words_and_refusals_of_the_dialect_reach_a_client_over_tls(camp: Camp) -> None:
    known, tls = camp.client("hq")
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        valid_now(scene)
        async with calling(scene.address, tls) as one:
            one.say("ping 1", "quit")
            assert await one.rest() == ["pong 1", "refused"]
        async with calling(scene.address, tls) as two:
            two.say("ping 1")
            await two.expect("pong 1")
            await scene.stop()
            assert await two.rest() == ["goodbye"]


async def test_handshakes_that_never_end_are_given_up_and_one_address_gets_only_some(camp: Camp) -> None:
    known, tls = camp.client("hq")
    limits = Limits(handshake_timeout_s=2.0)
    async with talking(tls=camp.tls, clients=(known,), max_connections=8, limits=limits) as scene:
        valid_now(scene)
        idlers = [await asyncio.open_connection(*scene.address) for _ in range(6)]
        await until(lambda: scene.feed.counts.refused_peers >= 4)  # beyond a quarter of eight
        assert "FEED-029" in scene.feed.counts.last_error
        await until(lambda: scene.feed.counts.refused_peers == 6)  # and those in time
        assert "FEED-030" in scene.feed.counts.last_error
        async with calling(scene.address, tls) as peer:
            peer.say("ping 1")
            await peer.expect("pong 1")
        for _, writer in idlers:
            writer.transport.abort()


async def test_garbage_instead_of_a_handshake_harms_nobody(camp: Camp) -> None:
    known, tls = camp.client("hq")
    async with talking(tls=camp.tls, clients=(known,)) as scene:
        valid_now(scene)
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x00" * 500, b"\x00"):
            async with calling(scene.address) as stranger:
                stranger.writer.write(garbage)
                stranger.writer.write_eof()
                await stranger.rest()
        await until(lambda: scene.feed.counts.refused_peers == 3)
        async with calling(scene.address, tls) as peer:
            peer.say("ping 1")
            await peer.expect("pong 1")


async def test_we_call_a_server_with_our_certificate_and_check_its_own(camp: Camp, tmp_path: Path) -> None:
    ours, our_key, our_pin = camp.authority.issue("gateway")
    client = Client(name="gateway", pins=frozenset({our_pin}), view=View(), source="c2")
    server = Client(name="takserver", pins=frozenset({camp.pin}), view=View(), source="tak")
    calling_tls = calling_context(ours, our_key, camp.authority.path)
    async with talking(tls=camp.tls, clients=(client,)) as far:
        valid_now(far)
        where = {"host": "localhost", "port": far.address[1], "tls": calling_tls}
        async with talking(TalkConnectFeed, clients=(server,), **where) as near:
            valid_now(near)
            await until(lambda: bool(near.feed.peers()) and bool(far.feed.peers()))
            assert near.feed.peers()[0].name == "takserver"
            assert far.feed.peers()[0].name == "gateway"
        async with talking(TalkConnectFeed, clients=(client,), **where) as wrong:
            valid_now(wrong)
            await until(lambda: "FEED-027" in wrong.feed.counts.last_error)
            assert wrong.endpoint.talks == []
        (tmp_path / "elsewhere").mkdir()
        other = Authority(tmp_path / "elsewhere")
        where["tls"] = calling_context(ours, our_key, other.path)
        async with talking(TalkConnectFeed, **where) as deceived:
            await until(lambda: "FEED-022" in deceived.feed.counts.last_error)
            assert deceived.endpoint.talks == []


def test_material_that_cannot_be_used_is_an_error_that_names_it(camp: Camp, tmp_path: Path) -> None:
    _, foreign_key, _ = camp.authority.issue("foreign")
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for certificate, key, authority in (
        (tmp_path / "absent.pem", camp.key, camp.authority.path),
        (camp.certificate, foreign_key, camp.authority.path),
        (camp.certificate, camp.key, empty),
        (empty, camp.key, camp.authority.path),
    ):
        for make in (listening_context, calling_context):
            with pytest.raises(FeedError) as caught:
                make(certificate, key, authority)
            assert caught.value.code == codes.TLS_MATERIAL
            assert str(certificate) in caught.value.place


def test_two_clients_may_not_share_a_key() -> None:
    one, two = (Client(name=name, pins=frozenset({"ab" * 32}), view=View(), source="s") for name in ("one", "two"))
    with pytest.raises(FeedError) as caught:
        Clients((one, two), view=View(), source="s")
    assert caught.value.code == codes.PIN_SHARED


def test_a_client_may_have_several_keys_and_their_case_does_not_matter() -> None:
    one = Client(name="one", pins=frozenset({"AB" * 32, "cd" * 32}), view=View(), source="s")
    other = Client(name="two", pins=frozenset({"ef" * 32}), view=View(), source="s")
    Clients((one, other), view=View(), source="s")
    for pin in ("ab" * 32, "AB" * 32, "CD" * 32):
        with pytest.raises(FeedError):
            Clients((one, replace(other, pins=frozenset({pin}))), view=View(), source="s")


def test_the_picture_is_filtered_by_origin_and_label_and_equal_labels_need_not_be_the_same_object() -> None:
    again = replace(LABEL)
    picture = [
        *shown(track("a")),
        *shown(track("b"), label=again),
        *shown(track("c"), label=OTHER),
        *shown(track("d"), is_own=False, label=LABEL),
    ]
    view = low_view(allied=False)
    assert [shown.track_id for shown in visible(picture, view)] == ["a", "b"]
    assert [shown.track_id for shown in visible(picture, View())] == ["a", "b", "c", "d"]
    assert visible([], View()) == []
    assert T0
