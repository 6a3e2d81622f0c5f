"""What a partner may ask, and what everybody else is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from aiohttp import http_parser

from gateway.clock import Clock, SystemClock
from gateway.errors import LinkError, SealError, StoreError
from gateway.limits import Limits
from gateway.links import (
    Partner,
    PartnerBook,
    PartnerDoor,
    PartnerServer,
    ReceiptAnswer,
    ServerTls,
    client_tls,
    codes,
)
from gateway.stages import Inbound
from gateway.store.codes import NOT_DURABLE
from tests.links.pki import Leaf, material
from tests.links.rig import IMPATIENT, QUICK, Rig, until

TYPE = "application/vnd.alliance.track+xml"
MESSAGES = "/alliance/v1/messages"
POST = "POST {path} HTTP/1.1\r\nHost: g\r\n"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


class Caller:
    """One kept TLS connection, written by hand so that it can be wrong on purpose."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        fields = {"host": "gateway"} | ({"content_length": str(len(body))} if method == "POST" else {}) | headers
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value)
        await self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return await self.reply()

    async def post(self, body: bytes = b"<m/>", **headers: str) -> Reply:
        return await self.ask("POST", MESSAGES, body, **({"content_type": TYPE} | headers))

    async def reply(self) -> Reply:
        async with asyncio.timeout(60):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Reply(int(head[0].split(" ")[1]), headers, body)

    async def closed(self, within_s: float = 60.0) -> bool:
        """Whether the other side closed, once it has."""
        try:
            async with asyncio.timeout(within_s):
                while await self.reader.read(1_000):
                    pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True


async def accept(inbound: Inbound) -> ReceiptAnswer:
    return ReceiptAnswer(note=b"receipt of " + inbound.octets, accepted=b"bad" not in inbound.octets)


class House:
    """A listening partner side with one partner, ``deu-1``."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.theirs = rig.authority.issue("deu-1")
        self.tls = ServerTls(material(rig.ours, rig.authority))
        self.partner = Partner(
            name="deu-1",
            url="https://127.0.0.1:1",
            tls_pins=(self.theirs.pin,),
            ledger_vkeys=(),
            max_message_octets=1_000,
        )
        self.book = PartnerBook([self.partner])
        self.heard: list[str] = []
        self.server: PartnerServer

    def door(
        self,
        limits: Limits,
        handle: Callable[[Inbound], Awaitable[ReceiptAnswer]] = accept,
        ledger: Path | None = None,
        clock: Clock | None = None,
        *,
        entries: bool = False,
    ) -> PartnerDoor:
        return PartnerDoor(
            node="nld-1",
            book=self.book,
            tls=self.tls,
            handle=handle,
            limits=limits,
            clock=clock or SystemClock(),
            metrics=self.rig.metrics,
            log=self.rig.logger,
            heard=self.heard.append,
            ledger=ledger,
            entries=entries,
        )

    @contextlib.asynccontextmanager
    async def open(
        self,
        handle: Callable[[Inbound], Awaitable[ReceiptAnswer]] = accept,
        *,
        limits: Limits = QUICK,
        ledger: Path | None = None,
        clock: Clock | None = None,
        entries: bool = False,
    ) -> AsyncIterator[House]:
        door = self.door(limits, handle, ledger, clock, entries=entries)
        self.server = PartnerServer(door, host="127.0.0.1", port=0)
        await self.server.start()
        try:
            yield self
        finally:
            await self.server.stop()

    @contextlib.asynccontextmanager
    async def caller(self, leaf: Leaf | None = None) -> AsyncIterator[Caller]:
        context: ssl.SSLContext = client_tls(material(leaf or self.theirs, self.rig.authority)).context
        host, port = self.server.address
        reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname="127.0.0.1")
        try:
            yield Caller(reader, writer)
        finally:
            writer.transport.abort()

    def now(self, **changes: object) -> None:
        self.book.replace([msgspec.structs.replace(self.partner, **changes)])


@pytest.fixture
def house(rig: Rig) -> House:
    return House(rig)


async def test_answers_a_message_with_the_note_and_says_accepted_or_refused_by_the_status(house: House) -> None:
    async with house.open(), house.caller() as caller:
        taken = await caller.post(b"<m>good</m>")
        assert (taken.status, taken.body) == (200, b"receipt of <m>good</m>")
        assert taken.headers["content-type"] == "text/plain; charset=utf-8"
        refused = await caller.post(b"<m>bad</m>")
        assert (refused.status, refused.body) == (422, b"receipt of <m>bad</m>")
    assert house.heard == ["deu-1", "deu-1"]
    assert house.rig.metric("gateway_link_received_messages_total", partner="deu-1", outcome="REFUSED") == 1


async def test_the_partner_is_the_pin_and_never_the_name_in_the_certificate(house: House) -> None:
    seen: list[str] = []

    async def note(inbound: Inbound) -> ReceiptAnswer:
        seen.append(inbound.partner)
        return ReceiptAnswer(note=b"n", accepted=True)

    impostor = house.rig.authority.issue("deu-1")  # same subject, same authority, another key
    renamed = house.rig.authority.issue("whatever")
    house.now(tls_pins=(house.theirs.pin, renamed.pin))  # current and next
    async with house.open(note):
        async with house.caller(impostor) as caller:
            reply = await caller.post()
            assert (reply.status, reply.code) == (403, codes.NOT_A_PARTNER.id)
            assert await caller.closed()
        async with house.caller(renamed) as caller:
            assert (await caller.post()).status == 200
    assert seen == ["deu-1"]


async def test_the_pin_is_asked_on_every_request_of_a_kept_connection(house: House) -> None:
    async with house.open(), house.caller() as caller:
        assert (await caller.post()).status == 200
        house.now(tls_pins=("00" * 32,))
        reply = await caller.post()
        assert (reply.status, reply.code) == (403, codes.NOT_A_PARTNER.id)
        assert await caller.closed()


async def test_a_connection_made_under_a_former_trust_is_made_again(house: House) -> None:
    authority, rig = house.rig.authority, house.rig
    house.tls = ServerTls(material(rig.ours, authority, revocations=(authority.revoke(),)))
    async with house.open(), house.caller() as caller:
        assert (await caller.post()).status == 200
        house.tls.reload(material(rig.ours, authority, revocations=(authority.revoke(house.theirs),)))
        reply = await caller.post()
        assert (reply.status, reply.code) == (421, codes.RECONNECT.id)
        assert await caller.closed()
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            async with house.caller() as again:
                await again.post()
    assert house.heard == ["deu-1"]


async def test_a_certificate_that_ends_while_its_connection_lives_is_a_strangers(house: House) -> None:
    class Later(SystemClock):
        ahead = timedelta()

        def now(self):  # type: ignore[no-untyped-def]  # as the parent's
            return super().now() + self.ahead

    clock = Later()
    async with house.open(clock=clock), house.caller() as caller:
        assert (await caller.post()).status == 200
        clock.ahead = timedelta(days=8)
        assert (await caller.post()).code == codes.NOT_A_PARTNER.id


@pytest.mark.parametrize("change", [{"paused": True}, {"receive": False}])
async def test_takes_nothing_from_a_partner_that_is_paused_or_may_not_send(
    house: House, change: dict[str, object]
) -> None:
    async with house.open(), house.caller() as caller:
        assert (await caller.ask("GET", "/alliance/v1/health")).status == 200
        house.now(**change)
        assert (await caller.post()).code == codes.NOT_RECEIVING.id
        health = await caller.ask("GET", "/alliance/v1/health")
        assert (health.status, health.code) == (403, codes.NOT_RECEIVING.id)
        house.now()
        assert (await caller.post()).status == 200


async def test_tells_a_partner_who_answers_and_what_time_it_has(house: House) -> None:
    async with house.open(), house.caller() as caller:
        reply = await caller.ask("GET", "/alliance/v1/health")
    body = json.loads(reply.body)
    assert (body["node"], body["partner"]) == ("nld-1", "deu-1")
    assert body["time"].endswith("Z")
    assert "date" in reply.headers
    assert "aiohttp" not in reply.headers.get("server", "").lower()


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content_type": "application/xml"}, 415, codes.WRONG_TYPE),
        ({"content_type": TYPE + "; charset=utf-8"}, 415, codes.WRONG_TYPE),
        ({"content_type": TYPE.upper()}, 415, codes.WRONG_TYPE),
        ({"content_type": ""}, 415, codes.WRONG_TYPE),
        ({"content_encoding": "gzip"}, 415, codes.WRONG_TYPE),
        ({"content_encoding": "identity"}, 415, codes.WRONG_TYPE),
        ({"content_length": "", "transfer_encoding": "chunked"}, 411, codes.LENGTH_REQUIRED),
        ({"content_length": "0"}, 411, codes.LENGTH_REQUIRED),
        ({"content_length": "1001"}, 413, codes.TOO_LONG),
        ({"content_length": "99999999999"}, 413, codes.TOO_LONG),
    ],
)
async def test_refuses_what_is_not_exactly_a_message_before_reading_it(
    house: House, headers: dict[str, str], status: int, code: object
) -> None:
    async with house.open(), house.caller() as caller:
        chunked = "transfer_encoding" in headers
        body = b"0\r\n\r\n" if chunked else b"<m/>" if "content_length" not in headers else b""
        reply = await caller.post(body, **({"content_length": "4"} | headers))
        assert (reply.status, reply.code) == (status, code.id)  # type: ignore[attr-defined]  # a Code
        assert reply.headers["content-type"] == "application/problem+json"
        assert await caller.closed()
    assert house.heard == []


async def test_takes_a_message_of_exactly_the_agreed_length(house: House) -> None:
    async with house.open(), house.caller() as caller:
        assert (await caller.post(b"x" * 1_000)).status == 200


async def test_gives_a_body_that_trickles_its_time_and_no_more(house: House) -> None:
    async with house.open(limits=IMPATIENT), house.caller() as caller, house.caller() as other:
        await caller.send(
            f"POST {MESSAGES} HTTP/1.1\r\nHost: g\r\nContent-Type: {TYPE}\r\nContent-Length: 9\r\n\r\n<".encode()
        )
        assert (await other.post()).status == 200, "others are served meanwhile"
        reply = await caller.reply()
        assert (reply.status, reply.code) == (408, codes.TOO_SLOW.id)
        assert await caller.closed()


async def test_closes_a_connection_whose_headers_do_not_come(house: House) -> None:
    limits = msgspec.structs.replace(QUICK, idle_timeout_s=0.2)
    async with house.open(limits=limits), house.caller() as slow, house.caller() as silent:
        await slow.send(f"POST {MESSAGES} HTTP/1.1\r\nHo".encode())
        assert await slow.closed()
        assert await silent.closed()


@pytest.mark.parametrize(
    "head",
    [
        POST + "Content-Type: {type}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST + "Content-Type: {type}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        POST + "Content-Type: {type}\r\nContent-Length: +4\r\n\r\n",
        POST + "Host: h\r\nContent-Type: {type}\r\nContent-Length: 4\r\n\r\n",
        POST + "Content-Type : {type}\r\nContent-Length: 4\r\n\r\n",
        POST + "Content-Type: {type}\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n",
        POST + "{many}Content-Type: {type}\r\nContent-Length: 4\r\n\r\n",
        POST + "X-Long: {long}\r\nContent-Type: {type}\r\nContent-Length: 4\r\n\r\n",
        "POST {path}{long} HTTP/1.1\r\nHost: g\r\nContent-Type: {type}\r\nContent-Length: 4\r\n\r\n",
        "\x16\x03\x01 nonsense\r\n\r\n",
    ],
)
async def test_refuses_requests_that_two_parsers_could_read_differently(house: House, head: str) -> None:
    many = "".join(f"X-{number}: 1\r\n" for number in range(60))
    text = head.format(path=MESSAGES, type=TYPE, many=many, long="x" * 5_000)
    async with house.open(), house.caller() as caller:
        await caller.send(text.encode("latin-1") + b"<m/>")
        reply = await caller.reply()
        assert reply.status in (400, 415)
        assert reply.code in (codes.MALFORMED.id, codes.WRONG_TYPE.id)
        assert reply.headers["server"] == "alliance-track-gateway"
        assert b"xxx" not in reply.body
        assert await caller.closed()
    assert house.heard == []


async def test_what_is_no_http_is_one_event_per_address_that_quotes_nobody(house: House) -> None:
    async with house.open():
        for _ in range(3):
            async with house.caller() as caller:
                await caller.send(b"<secret>\r\n\r\n")
                assert (await caller.reply()).code == codes.MALFORMED.id
                assert await caller.closed()
    (event,) = house.rig.events("link.request_refused")
    assert (event["peer"], event["code"]) == ("127.0.0.1", codes.MALFORMED.id)
    assert "secret" not in str(event)


async def test_callers_who_never_finish_a_handshake_hold_no_place(house: House) -> None:
    limits = msgspec.structs.replace(QUICK, handshake_timeout_s=1.5, http_connections_per_address=2)
    async with house.open(limits=limits):
        host, port = house.server.address
        callers = [Caller(*await asyncio.open_connection(host, port)) for _ in range(3)]
        for caller in callers:
            assert await caller.closed()
            caller.writer.close()
        async with house.caller() as good:
            assert (await good.post()).status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", MESSAGES), ("POST", "/alliance/v1/health"), ("GET", "/"), ("GET", "/metrics")]
)
async def test_there_is_nothing_else_at_the_partner_side(house: House, method: str, path: str) -> None:
    async with house.open(), house.caller() as caller:
        reply = await caller.ask(method, path)
        assert reply.status in (404, 405)
        assert reply.code == codes.NOT_HERE.id


async def test_every_failure_of_verification_has_the_same_public_answer_and_its_reason_in_our_log(house: House) -> None:
    reasons = [codes.MESSAGE_REFUSED, codes.TOO_LONG]  # any two codes: verification has many

    async def fail(inbound: Inbound) -> ReceiptAnswer:
        raise SealError(reasons[int(inbound.octets)], cause="secret detail")

    async with house.open(fail), house.caller() as caller:
        replies = [await caller.post(b"0"), await caller.post(b"1")]
    assert replies[0].body == replies[1].body
    assert {reply.status for reply in replies} == {400}
    assert replies[0].code == codes.NOT_ACCEPTED.id
    assert b"secret" not in replies[0].body
    (event,) = house.rig.events("link.request_refused")
    assert (event["peer"], event["code"]) == ("deu-1", codes.NOT_ACCEPTED.id)
    assert "secret detail" in str(event["cause"])
    assert house.heard == []


async def test_asks_to_wait_when_the_message_cannot_be_recorded_now(house: House) -> None:
    async def full(inbound: Inbound) -> ReceiptAnswer:
        if inbound.octets == b"slow":
            await asyncio.Event().wait()
        raise StoreError(NOT_DURABLE, cause="disk full")

    async with house.open(full, limits=IMPATIENT), house.caller() as caller:
        for body in (b"x", b"slow"):
            reply = await caller.post(body)
            assert (reply.status, reply.code) == (503, codes.NOT_NOW.id)
            assert int(reply.headers["retry-after"]) >= 1
            assert b"disk" not in reply.body


async def test_a_bug_of_ours_is_a_500_without_a_traceback_and_the_server_lives(house: House) -> None:
    async def break_down(inbound: Inbound) -> ReceiptAnswer:
        if inbound.octets == b"bug":
            raise RuntimeError("internal detail")
        return await accept(inbound)

    async with house.open(break_down), house.caller() as caller:
        reply = await caller.post(b"bug")
        assert reply.status == 500
        assert b"internal detail" not in reply.body
        async with house.caller() as again:
            assert (await again.post()).status == 200
    assert [event["cause"] for event in house.rig.events("link.request_refused")] == ["RuntimeError: internal detail"]


async def test_one_partner_has_a_bounded_number_of_requests_under_way(house: House) -> None:
    gate = asyncio.Event()

    async def wait(inbound: Inbound) -> ReceiptAnswer:
        await gate.wait()
        return await accept(inbound)

    limits = msgspec.structs.replace(QUICK, partner_requests=2, request_timeout_s=5.0)
    async with house.open(wait, limits=limits), contextlib.AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(house.caller()) for _ in range(3)]
        async with asyncio.TaskGroup() as group:
            first = [group.create_task(caller.post()) for caller in callers[:2]]
            await until(lambda: house.server.under_way("deu-1") == 2)
            third = await callers[2].post()
            assert (third.status, third.code) == (429, codes.TOO_MANY.id)
            assert int(third.headers["retry-after"]) >= 1
            gate.set()
        assert [task.result().status for task in first] == [200, 200]
        assert (await callers[2].post()).status == 200


async def test_the_sweep_closes_what_is_too_old_too_many_or_not_trusted_any_more(house: House) -> None:
    limits = msgspec.structs.replace(QUICK, partner_connections=2)
    async with house.open(limits=limits), contextlib.AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(house.caller()) for _ in range(3)]
        for caller in callers:
            assert (await caller.post()).status == 200
        assert house.server.sweep() == 1
        await until(lambda: house.server.sweep() == 0)
        assert house.rig.metric("gateway_link_connections") == 2
        house.now(tls_pins=("00" * 32,))
        assert house.server.sweep() == 2
        for caller in callers:
            assert await caller.closed()
        house.now()
        async with house.caller() as caller:
            assert (await caller.post()).status == 200
            house.tls.reload(material(house.rig.ours, house.rig.authority))
            house.server.sweep()
            assert await caller.closed()


async def test_a_connection_that_takes_its_time_to_close_is_asked_once(house: House) -> None:
    async with house.open(), house.caller() as caller:
        assert (await caller.post()).status == 200
        house.now(tls_pins=("00" * 32,))
        assert [house.server.sweep() for _ in range(4)] == [1, 0, 0, 0], "with no turn of the loop between them"
        assert house.rig.metric("gateway_link_connections") == 0
        assert await caller.closed()


async def test_a_sweep_that_fails_leaves_the_door_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.links.listener._SWEEP_S", 0.0)
    async with house.open():
        with monkeypatch.context() as patch:
            patch.setattr(house.server, "sweep", fail)
            with pytest.raises(ZeroDivisionError):
                await house.server.run()
        again = asyncio.create_task(house.server.run())
        async with house.caller() as caller:
            assert (await caller.post()).status == 200
        again.cancel()
        await asyncio.wait([again])
        assert again.cancelled()


async def test_a_reload_takes_certificates_and_partners_together_or_neither(house: House) -> None:
    rig = house.rig
    renewed = rig.authority.issue("nld-1")
    newcomer = rig.authority.issue("fra-1")
    partners = [house.partner, msgspec.structs.replace(house.partner, name="fra-1", tls_pins=(newcomer.pin,))]
    shared = [house.partner, msgspec.structs.replace(house.partner, name="fra-1")]
    async with house.open(), house.caller() as caller:
        assert (await caller.post()).status == 200
        before = house.tls.current
        for files, people in (
            (material(renewed, rig.authority), shared),
            (material(renewed, rig.authority, revocations=(rig.authority.file,)), partners),
        ):
            with pytest.raises(LinkError):
                house.server.reload(files, people)
        assert house.tls.current is before
        assert "fra-1" not in house.book
        assert (await caller.post()).status == 200
        house.server.reload(material(renewed, rig.authority), partners)
        assert await caller.closed()
        async with house.caller(newcomer) as other:
            assert (await other.post()).status == 200
    (event,) = rig.events("link.trust_reloaded")
    assert (event["partners"], event["closed"]) == (2, 1)
    assert event["days_left"] == {"certificate CN=nld-1": 7, "authority CN=alliance": 30}


async def test_a_connection_lives_no_longer_than_its_age(house: House) -> None:
    class Hasty(SystemClock):
        ahead = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.ahead

    clock = Hasty()
    async with house.open(clock=clock), house.caller() as caller:
        assert (await caller.post()).status == 200
        assert house.server.sweep() == 0
        clock.ahead = QUICK.connection_age_s + 1
        assert house.server.sweep() == 1
        assert await caller.closed()


async def test_serves_the_public_tree_of_the_ledger_and_nothing_beside_it(house: House, tmp_path: Path) -> None:
    tree = tmp_path / "ledger"
    (tree / "tile/0/x001").mkdir(parents=True)
    (tree / "tile/0/000.p").mkdir()
    (tree / "tile/entries").mkdir()
    (tree / "checkpoint").write_text("origin\n1\nroot\n")
    (tree / "tile/0/x001/067").write_bytes(b"tile")
    (tree / "tile/0/000.p/7").write_bytes(b"part")
    (tree / "tile/entries/000").write_bytes(b"entries")
    (tmp_path / "secret").write_text("secret")
    (tree / "tile/0/secret").write_text("secret")
    base = "/alliance/v1/ledger"
    async with house.open(ledger=tree, entries=True), house.caller() as caller:
        checkpoint = await caller.ask("GET", base + "/checkpoint")
        assert checkpoint.body == b"origin\n1\nroot\n"
        assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
        assert checkpoint.headers["cache-control"] == "no-store"
        for path, body in (("0/x001/067", b"tile"), ("0/000.p/7", b"part"), ("entries/000", b"entries")):
            tile = await caller.ask("GET", f"{base}/tile/{path}")
            assert (tile.status, tile.body) == (200, body)
            assert tile.headers["content-type"] == "application/octet-stream"
            assert "immutable" in tile.headers["cache-control"]
        for path in (
            "0/secret", "../../secret", "%2e%2e/%2e%2e/secret", "0/..%2f..%2f..%2fsecret", "0/000.p/0", "0/000.p/256",
            "64/000", "00/000", "0/0000", "0/x001", "0", "0/000.p", "entries", "0/001", "0//000", "0/٠٠٠", "0/000%00",
        ):  # fmt: skip
            reply = await caller.ask("GET", f"{base}/tile/{path}")
            assert reply.status in (400, 404), path
            assert b"secret" not in reply.body
            if reply.status == 400:
                break


async def test_entries_tell_what_is_kept_from_whom_and_go_to_partners_only_where_that_is_wanted(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "tile/0").mkdir(parents=True)
    (tmp_path / "tile/entries").mkdir()
    (tmp_path / "tile/0/000").write_bytes(b"hashes")
    (tmp_path / "tile/entries/000").write_bytes(b"release.not-to-them")
    base = "/alliance/v1/ledger/tile"
    async with house.open(ledger=tmp_path), house.caller() as caller:
        assert (await caller.ask("GET", f"{base}/0/000")).body == b"hashes"
        for path in ("entries/000", "%65ntries/000", "entries%2f000"):
            reply = await caller.ask("GET", f"{base}/{path}")
            assert reply.status == 404
            assert b"not-to-them" not in reply.body


async def test_without_a_directory_there_is_no_ledger_to_read(house: House) -> None:
    async with house.open(), house.caller() as caller:
        for path in ("checkpoint", "tile/0/000"):
            assert (await caller.ask("GET", f"/alliance/v1/ledger/{path}")).status == 404


async def test_repeated_refusals_are_counted_in_the_log_and_not_repeated(house: House) -> None:
    stranger = house.rig.authority.issue("stranger")
    async with house.open():
        for _ in range(5):
            async with house.caller(stranger) as caller:
                assert (await caller.post()).status == 403
    assert len(house.rig.events("link.request_refused")) == 1
    assert house.rig.metric("gateway_link_requests_refused_total", code=codes.NOT_A_PARTNER.id) == 5


async def test_says_so_when_the_address_is_taken(house: House) -> None:
    async with house.open():
        taken = PartnerServer(house.door(QUICK), host="127.0.0.1", port=house.server.address.port)
        with pytest.raises(LinkError) as caught:
            await taken.start()
        await taken.stop()
    assert caught.value.code is codes.CANNOT_LISTEN
    assert caught.value.place.startswith("127.0.0.1:")


async def test_does_not_listen_with_another_http_parser_than_the_one_that_was_tried(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_parser, "HttpRequestParser", http_parser.HttpRequestParserPy)
    with pytest.raises(LinkError) as caught:
        await PartnerServer(house.door(QUICK), host="127.0.0.1", port=0).start()
    assert caught.value.code is codes.PARSER_MISSING
