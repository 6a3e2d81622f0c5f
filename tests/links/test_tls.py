"""The TLS matrix on real sockets: each row is a bypass or an outage that was measured with plain contexts."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.errors import LinkError
from gateway.links import ServerTls, TlsMaterial, client_tls, codes, server_tls
from tests.links.pki import Authority, Leaf, material, now


class EchoServer:
    """Accepts TLS connections on a thread and answers each line, so that contexts are tried as they will be used."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.refusals: list[str] = []
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(60)
        try:
            with self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as tls:
                try:
                    tls.do_handshake()
                    while line := tls.recv(100):
                        tls.sendall(line)
                except ssl.SSLError as error:
                    self.refusals.append(error.reason or str(error))
                    # Its alert is on the way: a close with something unread would be a reset, which overtakes it
                    tls.shutdown(socket.SHUT_WR)
                    while tls.recv(4_096):
                        pass
        except OSError as error:
            self.refusals.append(str(error))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextlib.contextmanager
def serving(context: ssl.SSLContext) -> Iterator[EchoServer]:
    server = EchoServer(context)
    try:
        yield server
    finally:
        server.close()


def connect(server: EchoServer, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(raw, server_hostname="127.0.0.1", session=session)


def echo(connection: ssl.SSLSocket) -> bool:
    """Whether the server still answers on this connection."""
    try:
        connection.sendall(b"ping")
        return connection.recv(100) == b"ping"
    except (ssl.SSLError, OSError):
        return False


def accepted(server: EchoServer, context: ssl.SSLContext) -> bool:
    """Whether a new connection is served; TLS 1.3 shows a refusal only at the first read."""
    try:
        with connect(server, context) as connection:
            return echo(connection)
    except (ssl.SSLError, OSError):
        return False


class World:
    """Two authorities, a server, two clients."""

    def __init__(self, directory: Path) -> None:
        self.nato = Authority("nato", directory)
        self.union = Authority("union", directory)
        self.server = self.nato.issue("server")
        self.first = self.nato.issue("first")
        self.second = self.nato.issue("second")
        self.other = self.union.issue("other")

    def client(self, leaf: Leaf) -> ssl.SSLContext:
        return client_tls(material(leaf, self.nato, self.union)).context


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_speaks_tls_1_3_and_nothing_older(world: World) -> None:
    with serving(ServerTls(material(world.server, world.nato)).base) as server:
        with connect(server, world.client(world.first)) as connection:
            assert connection.version() == "TLSv1.3"
            assert connection.selected_alpn_protocol() == "http/1.1"
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(world.nato.file)
        old.load_cert_chain(world.first.certificate_file, world.first.key_file)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            connect(server, old)


def test_refuses_a_client_without_a_certificate(world: World) -> None:
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.load_verify_locations(world.nato.file)
    with serving(ServerTls(material(world.server, world.nato)).base) as server:
        assert not accepted(server, bare)
        assert accepted(server, world.client(world.first))


def test_refuses_a_certificate_that_is_not_meant_for_clients(world: World) -> None:
    only_server = world.nato.issue("odd", usages=(ExtendedKeyUsageOID.SERVER_AUTH,))
    with serving(ServerTls(material(world.server, world.nato)).base) as server:
        assert not accepted(server, world.client(only_server))


def test_refuses_a_certificate_that_has_ended(world: World) -> None:
    ended = world.nato.issue("ended", starts=timedelta(days=-2), ends=timedelta(hours=-1))
    with serving(ServerTls(material(world.server, world.nato)).base) as server:
        assert not accepted(server, world.client(ended))


def test_new_handshakes_show_the_new_certificate_while_old_connections_live_on(world: World) -> None:
    tls = ServerTls(material(world.server, world.nato))
    renewed = world.nato.issue("server")
    with serving(tls.base) as server, connect(server, world.client(world.first)) as old:
        assert echo(old)
        tls.reload(material(renewed, world.nato))
        with connect(server, world.client(world.first)) as new:
            assert echo(new)
            serial = int(new.getpeercert()["serialNumber"], 16)  # type: ignore[index, arg-type]  # CERT_REQUIRED: a dict
            assert serial == renewed.certificate.serial_number
        assert echo(old)


def test_a_swap_can_take_an_authority_away_and_a_live_context_can_only_add(world: World) -> None:
    tls = ServerTls(material(world.server, world.nato))
    with serving(tls.base) as server:
        assert not accepted(server, world.client(world.other))
        tls.reload(material(world.server, world.nato, world.union))
        assert accepted(server, world.client(world.other))
        tls.current.context.load_verify_locations(world.nato.file)  # additive: nothing goes away
        assert accepted(server, world.client(world.other))
        tls.reload(material(world.server, world.nato))
        assert not accepted(server, world.client(world.other))
        assert accepted(server, world.client(world.first))


def test_the_newest_revocation_list_decides_in_both_directions(world: World) -> None:
    nobody = world.nato.revoke()
    tls = ServerTls(material(world.server, world.nato, revocations=(nobody,)))
    with serving(tls.base) as server:
        assert accepted(server, world.client(world.first))
        tls.reload(material(world.server, world.nato, revocations=(nobody, world.nato.revoke(world.first))))
        assert not accepted(server, world.client(world.first))
        assert accepted(server, world.client(world.second))
        tls.reload(material(world.server, world.nato, revocations=(world.nato.revoke(),)))
        assert accepted(server, world.client(world.first))


def test_a_first_revocation_list_is_asked_though_the_base_context_was_made_without_one(world: World) -> None:
    tls = ServerTls(material(world.server, world.nato))
    with serving(tls.base) as server:
        assert accepted(server, world.client(world.first))
        tls.reload(material(world.server, world.nato, revocations=(world.nato.revoke(world.first),)))
        assert tls.base.verify_flags & ssl.VERIFY_CRL_CHECK_LEAF
        assert not accepted(server, world.client(world.first))


def test_a_base_context_without_the_flag_lets_a_revoked_client_in(world: World) -> None:
    # The bypass that `ServerTls.reload` closes: flags come from the base, lists from the swapped context.
    strict = server_tls(material(world.server, world.nato, revocations=(world.nato.revoke(world.first),))).context
    naive = server_tls(material(world.server, world.nato)).context

    def choose(connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _base: ssl.SSLContext) -> None:
        connection.context = strict

    naive.sni_callback = choose
    with serving(naive) as server:
        assert accepted(server, world.client(world.first))
        naive.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        assert not accepted(server, world.client(world.first))


def test_an_expired_revocation_list_refuses_every_client_of_its_authority_and_shows_in_the_expiries(
    world: World,
) -> None:
    stale = world.nato.revoke(made=timedelta(days=-2), next_update=timedelta(hours=-1))
    tls = ServerTls(material(world.server, world.nato, revocations=(stale,)))
    with serving(tls.base) as server:
        assert not accepted(server, world.client(world.first))
    days = {expiry.what: expiry.days_left(now()) for expiry in tls.current.expiries}
    assert days["revocation list"] < 0 < days["certificate"] < days["authority"]


def test_an_authority_without_a_list_is_refused_by_the_context_and_before_that_by_the_loader(world: World) -> None:
    with pytest.raises(LinkError) as caught:
        server_tls(material(world.server, world.nato, world.union, revocations=(world.nato.revoke(),)))
    assert caught.value.code is codes.REVOCATION_INCOMPLETE
    assert "CN=union" in caught.value.cause
    context = server_tls(material(world.server, world.nato, revocations=(world.nato.revoke(),))).context
    context.load_verify_locations(world.union.file)  # what the loader would not do
    with serving(context) as server:
        assert accepted(server, world.client(world.first))
        assert not accepted(server, world.client(world.other))


def test_a_list_that_another_authority_signed_does_not_count(world: World, tmp_path: Path) -> None:
    (tmp_path / "impostor").mkdir()
    impostor = Authority("nato", tmp_path / "impostor")
    with pytest.raises(LinkError) as caught:
        server_tls(material(world.server, world.nato, revocations=(impostor.revoke(),)))
    assert caught.value.code is codes.REVOCATION_INCOMPLETE


def test_the_client_side_refuses_a_revoked_server(world: World) -> None:
    with serving(ServerTls(material(world.server, world.nato)).base) as server:
        trusting = material(world.first, world.nato, revocations=(world.nato.revoke(),))
        assert accepted(server, client_tls(trusting).context)
        informed = material(world.first, world.nato, revocations=(world.nato.revoke(world.server),))
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(server, client_tls(informed).context)


@pytest.mark.parametrize("tickets", [0, 2])
def test_a_revoked_client_resumes_its_session_only_where_tickets_are_issued(world: World, tickets: int) -> None:
    tls = ServerTls(material(world.server, world.nato, revocations=(world.nato.revoke(),)))
    assert tls.base.num_tickets == tls.current.context.num_tickets == 0
    tls.base.num_tickets = tickets  # 2 is the default that the rule is against: the test shows that it can fail
    client = world.client(world.first)
    with serving(tls.base) as server:
        with connect(server, client) as connection:
            assert echo(connection)
            session = connection.session
        tls.reload(material(world.server, world.nato, revocations=(world.nato.revoke(world.first),)))
        try:
            with connect(server, client, session=session) as connection:
                served = echo(connection)
                assert connection.session_reused == bool(tickets)
        except ssl.SSLError:
            served = False
        assert served == bool(tickets)
        assert (session is not None and session.has_ticket) == bool(tickets)


def test_a_reload_that_fails_keeps_the_former_trust(world: World, tmp_path: Path) -> None:
    tls = ServerTls(material(world.server, world.nato))
    before = tls.current
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    wrong = [
        (codes.MATERIAL_UNREADABLE, material(world.server, world.nato, revocations=(broken,))),
        (codes.MATERIAL_UNREADABLE, material(world.server, world.nato, revocations=(tmp_path / "absent",))),
        (codes.MATERIAL_UNREADABLE, _with(world, certificate=broken)),
        (codes.MATERIAL_UNREADABLE, _with(world, authorities=(broken,))),
        (codes.MATERIAL_UNREADABLE, _with(world, key=broken)),
        (codes.MATERIAL_UNREADABLE, _with(world, key=tmp_path / "absent")),
        (codes.KEY_MISMATCH, _with(world, key=world.first.key_file)),
    ]
    with serving(tls.base) as server:
        for code, files in wrong:
            with pytest.raises(LinkError) as caught:
                tls.reload(files)
            assert caught.value.code is code
            assert caught.value.place
            assert tls.current is before
        assert accepted(server, world.client(world.first))


def test_an_encrypted_key_is_an_error_and_never_a_question_on_the_terminal(world: World, tmp_path: Path) -> None:
    key = load_pem_private_key(world.server.key_file.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(LinkError) as caught:
        server_tls(_with(world, key=locked))
    assert caught.value.code is codes.MATERIAL_UNREADABLE


def test_the_swap_is_asked_also_without_a_server_name(world: World) -> None:
    tls = ServerTls(material(world.server, world.nato))
    tls.reload(material(world.server, world.nato, revocations=(world.nato.revoke(world.first),)))
    with serving(tls.base) as server:
        for leaf, served in ((world.first, False), (world.second, True)):
            client = world.client(leaf)
            client.check_hostname = False
            raw = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            with contextlib.suppress(ssl.SSLError, OSError), client.wrap_socket(raw) as connection:
                assert echo(connection) == served


def _with(world: World, **changes: object) -> TlsMaterial:
    return msgspec.structs.replace(material(world.server, world.nato), **changes)
