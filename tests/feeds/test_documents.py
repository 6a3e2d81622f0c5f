"""Documents that clients fetch over HTTP: who they are, what each sees, and what a stranger can hold."""

from __future__ import annotations

import asyncio
import base64
import gzip
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
import structlog
from msgspec.structs import replace
from multidict import CIMultiDictProxy

from gateway.clock import ManualClock, SystemClock
from gateway.dialect import Answer, Request
from gateway.errors import FeedError, FormatError
from gateway.feeds.clients import Client, Shown, visible
from gateway.feeds.documents import WAITING, DocumentPlace, DocumentServer
from gateway.feeds.documents_auth import ATTEMPTS, REMEMBERED_S, WINDOW_S, Authenticator, documents_context
from gateway.limits import Limits
from gateway.password import generate_password, hash_password, verify_password
from gateway.policy import View
from gateway.track import Loss, Operator, Track
from tests.feeds.certificates import Authority
from tests.feeds.support import BAD_LINE, LINES, T0, track, until
from tests.feeds.talkers import DESK, LABEL, OTHER

OPEN, CLOSED = LABEL, OTHER
OWN, ALLIED, SECRET = track("own"), track("allied"), track("secret")
FLOWN = replace(track("flown"), operator=Operator(identifier="NLDabc"))
PICTURE = (Shown(OWN, True, OPEN), Shown(ALLIED, False, OPEN), Shown(SECRET, False, CLOSED), Shown(FLOWN, True, OPEN))
CHEAP = 10  # log2 of N: the tests need the check, not its cost
LIMITS = Limits(shutdown_timeout_s=0.5)


class Lines:
    """A service of the tests' own: a line per track, what was asked on a POST."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.gate: threading.Event | None = None
        self.asked = 0

    def answer(self, request: Request, tracks: Sequence[Track], now: datetime) -> Answer:
        self.asked += 1
        if self.gate is not None:
            assert self.gate.wait(60)
        if "refuse" in request.query:
            raise FormatError(BAD_LINE, cause="no such thing")
        if "crash" in request.query:
            raise RuntimeError("a bug of the service")
        if request.method == "POST":
            octets = request.media_type.encode() + b" " + request.octets
            return Answer(octets=octets, media_type="text/plain", status=500 if b"fault" in request.octets else 200)
        lines = [f"{one.track_id} {'' if one.operator is None else one.operator.identifier}".strip() for one in tracks]
        text = "\n".join([*lines, "x" * int(request.query.get("fill", "0"))])
        lost = tuple([(one.track_id or "", Loss("name", "NO_TARGET")) for one in tracks])
        problem = FormatError(BAD_LINE, place="track")
        return Answer(octets=text.encode(), media_type="text/plain", losses=lost, problems=(problem,))


class Scene:
    """A server with its parts at hand."""

    def __init__(self, server: DocumentServer, clock: ManualClock, services: dict[str, Lines]) -> None:
        self.server = server
        self.clock = clock
        self.services = services
        scheme = "http" if server.place.tls is None else "https"
        host, port = server.address
        self.url = f"{scheme}://{host}:{port}/"


@asynccontextmanager
async def serving(
    *clients: Client, tls: ssl.SSLContext | None = None, limits: Limits = LIMITS, **place: object
) -> AsyncIterator[Scene]:
    clock = ManualClock(SystemClock().now())  # certificates are valid now
    services: dict[str, Lines] = {}

    def service(client: str) -> Lines:
        assert client not in services
        services[client] = Lines(client)
        return services[client]

    server = DocumentServer(
        DocumentPlace(name="hq", host="127.0.0.1", port=0, form=LINES, clients=clients, tls=tls, **place),  # type: ignore[arg-type]  # the tests' own words
        service=service,
        picture=lambda client: visible(PICTURE, client.view),
        clock=clock,
        limits=limits,
    )
    await server.start()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        try:
            yield Scene(server, clock, services)
        finally:
            running.cancel()


def client(name: str, *, pins: Sequence[str] = (), secret: str | None = None, **view: object) -> Client:
    password = None if secret is None else hash_password(secret, log2_n=CHEAP)
    return Client(name=name, pins=frozenset(pins), view=View(**view), source="", password=password)  # type: ignore[arg-type]  # fields of View


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def fetch(
    scene: Scene, *, context: ssl.SSLContext | None = None, path: str = "", method: str = "GET", **more: object
) -> tuple[int, bytes, CIMultiDictProxy[str]]:
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.request(method, scene.url + path, ssl=context or False, **more) as answer,  # type: ignore[arg-type]  # passed through
    ):
        return answer.status, await answer.read(), answer.headers


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def context_of(authority: Authority) -> ssl.SSLContext:
    certificate, key, _ = authority.issue("server")
    return documents_context(certificate, key, authority.path)


# ------------------------------------------------------------------------------------------------------- who they are


async def test_two_clients_see_what_each_is_cleared_for(authority: Authority) -> None:
    cert, key, pin = authority.issue("hq")
    guest_cert, guest_key, guest_pin = authority.issue("guest")
    hq = client("hq", pins=[pin], personal_data=True)
    guest = client("guest", pins=[guest_pin], own=False, desk=DESK, clearances=("low",))
    async with serving(hq, guest, tls=context_of(authority)) as scene:
        status, octets, headers = await fetch(scene, context=authority.client_context(cert, key))
        assert (status, octets) == (200, b"own\nflown NLDabc\nallied\nsecret\n")
        assert headers["Content-Type"].startswith("text/plain")
        _, octets, _ = await fetch(scene, context=authority.client_context(guest_cert, guest_key), path="lines")
        assert octets == b"allied\n"
        assert scene.services.keys() == {"hq", "guest"}


async def test_personal_data_is_shown_to_whom_it_is_due_only(authority: Authority) -> None:
    async with serving(client("hq", secret="a long secret")) as scene:
        _, octets, _ = await fetch(scene, headers=basic("hq", "a long secret"))
        assert b"flown" in octets
        assert b"NLDabc" not in octets


async def test_a_certificate_that_no_client_pins_is_refused(authority: Authority) -> None:
    _, _, pin = authority.issue("hq")
    cert, key, _ = authority.issue("stranger")
    async with serving(client("hq", pins=[pin]), tls=context_of(authority)) as scene:
        status, octets, headers = await fetch(scene, context=authority.client_context(cert, key))
        assert status == 403
        assert b'"code":"FEED-027"' in octets
        assert headers["Content-Type"] == "application/problem+json"
        assert "WWW-Authenticate" not in headers  # no client has a password
        status, octets, _ = await fetch(scene, context=authority.client_context(None, None))
        assert (status, b"FEED-062" in octets) == (401, True)
        assert scene.server.counts.refused_peers == 2


async def test_a_certificate_of_another_authority_does_not_get_past_tls(authority: Authority, tmp_path: Path) -> None:
    _, _, pin = authority.issue("hq")
    (tmp_path / "other").mkdir()
    cert, key, _ = Authority(tmp_path / "other", "other").issue("hq")
    async with serving(client("hq", pins=[pin]), tls=context_of(authority)) as scene:
        with pytest.raises(aiohttp.ClientError):
            await fetch(scene, context=authority.client_context(cert, key))


async def test_the_right_password_opens_over_tls_and_a_wrong_one_does_not(authority: Authority) -> None:
    cert, key, _ = authority.issue("stranger")
    async with serving(client("hq", secret="gehe\u0308im genug"), tls=context_of(authority)) as scene:
        bare = authority.client_context(None, None)
        status, octets, _ = await fetch(scene, context=bare, headers=basic("hq", "geh\u00ebim genug"))  # NFC and NFD
        assert (status, octets[:3]) == (200, b"own")
        for headers in (basic("hq", "wr0ng"), basic("nobody", "geh\u00ebim genug"), {"Authorization": "Bearer x"}, {}):
            status, octets, answered = await fetch(scene, context=bare, headers=headers)
            assert (status, b"FEED-062" in octets) == (401, True)
            assert answered["WWW-Authenticate"] == 'Basic realm="hq", charset="UTF-8"'
            assert b"wr0ng" not in octets
        stranger = authority.client_context(cert, key)  # a certificate that nobody pins does no harm
        status, _, _ = await fetch(scene, context=stranger, headers=basic("hq", "geh\u00ebim genug"))
        assert status == 200


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer() -> None:
    async with serving(client("hq", secret="a long secret"), client("pinned", pins=["00" * 32])) as scene:
        answers = {(await fetch(scene, headers=basic(name, "wrong")))[1] for name in ("hq", "nobody", "pinned")}
        assert len(answers) == 1


async def test_a_flood_of_wrong_passwords_is_refused_unchecked_and_locks_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checks: list[str] = []

    def counted(password: str, stored: str) -> bool:
        checks.append(password)
        return verify_password(password, stored)

    monkeypatch.setattr("gateway.feeds.documents_auth.verify_password", counted)
    async with serving(client("hq", secret="a long secret")) as scene:
        assert (await fetch(scene, headers=basic("hq", "a long secret")))[0] == 200
        guesses = [fetch(scene, headers=basic("hq", f"guess {number}")) for number in range(40)]
        statuses = [status for status, _, _ in await asyncio.gather(*guesses)]
        assert set(statuses) == {401, 429}
        assert statuses.count(401) == ATTEMPTS
        assert len(checks) == 1 + ATTEMPTS
        status, _, headers = await fetch(scene, headers=basic("hq", "guess again"))
        assert (status, headers["Retry-After"]) == (429, "1")
        assert (await fetch(scene, headers=basic("hq", "a long secret")))[0] == 200  # it is remembered
        scene.clock.advance(WINDOW_S + 1)
        assert (await fetch(scene, headers=basic("hq", "guess again")))[0] == 401


async def test_a_right_password_is_checked_once_in_some_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[str] = []

    def counted(password: str, stored: str) -> bool:
        checks.append(password)
        return verify_password(password, stored)

    monkeypatch.setattr("gateway.feeds.documents_auth.verify_password", counted)
    async with serving(client("hq", secret="a long secret")) as scene:
        for _ in range(5):
            assert (await fetch(scene, headers=basic("hq", "a long secret")))[0] == 200
        assert len(checks) == 1
        scene.clock.advance(REMEMBERED_S + 1)
        assert (await fetch(scene, headers=basic("hq", "a long secret")))[0] == 200
        assert len(checks) == 2


async def test_a_check_does_not_hold_up_the_loop() -> None:
    slow = Client(name="hq", pins=frozenset(), view=View(), source="", password=hash_password("a long secret"))
    async with serving(slow) as scene:
        asked = asyncio.ensure_future(fetch(scene, headers=basic("hq", "a long secret")))
        turns = 0
        while not asked.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert asked.result()[0] == 200
        assert turns > 5


async def test_a_password_over_a_plain_line_is_taken_on_loopback_only() -> None:
    callers = Authenticator([client("hq", secret="a long secret")], view=View(), clock=ManualClock(T0), limits=LIMITS)
    header = basic("hq", "a long secret")["Authorization"]
    assert (await callers.identify(None, header, "127.0.0.1")).name == "hq"
    with pytest.raises(FeedError, match="not TLS"):
        await callers.identify(None, header, "192.0.2.1")


async def test_attempts_are_remembered_for_a_bounded_number_of_addresses() -> None:
    limits = Limits(peers_remembered=3)
    callers = Authenticator([client("hq", secret="a long secret")], view=View(), clock=ManualClock(T0), limits=limits)
    header = basic("hq", "wrong")["Authorization"]
    for number in range(10):
        with pytest.raises(FeedError, match="FEED-062"):
            await callers.identify(None, header, f"127.0.0.{number}")
    assert len(callers._attempts) == 3


def line_without_certificate(authority: Authority) -> ssl.SSLObject:
    """The server's end of a TLS connection on which nobody showed a certificate."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = authority.client_context(None, None).wrap_bio(down, up, server_hostname="localhost")
    ours = context_of(authority).wrap_bio(up, down, server_side=True)
    for side in (theirs, ours, theirs, ours):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return ours


async def test_the_addresses_of_one_ipv6_network_count_as_one(authority: Authority) -> None:
    callers = Authenticator([client("hq", secret="a long secret")], view=View(), clock=ManualClock(T0), limits=LIMITS)
    line = line_without_certificate(authority)
    for number in range(ATTEMPTS + 1):
        with pytest.raises(FeedError, match="FEED-062" if number < ATTEMPTS else "FEED-063"):
            await callers.identify(line, basic("hq", "wrong")["Authorization"], f"2001:db8:1:2::{number:x}")
    with pytest.raises(FeedError, match="FEED-062"):
        await callers.identify(line, basic("hq", "wrong")["Authorization"], "2001:db8:1:3::1")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic " + "A" * 10_000, "Basic " + base64.b64encode(b"no colon").decode(), "Basic //8="],
)
async def test_a_header_that_is_none_is_refused(header: str) -> None:
    callers = Authenticator([client("hq", secret="a long secret")], view=View(), clock=ManualClock(T0), limits=LIMITS)
    with pytest.raises(FeedError, match="FEED-062"):
        await callers.identify(None, header, "127.0.0.1")


async def test_two_clients_with_one_key_are_refused_at_the_start() -> None:
    with pytest.raises(FeedError, match="FEED-028"):
        async with serving(client("a", pins=["00" * 32]), client("b", pins=["00" * 32])):
            pass


async def test_without_clients_the_networks_decide_and_everybody_sees_the_feeds_view() -> None:
    async with serving(view=View(allied=False)) as scene:
        assert (await fetch(scene))[1] == b"own\nflown\n"
    async with serving(allow=(ip_network("192.0.2.0/24"),)) as scene:
        status, octets, _ = await fetch(scene)
        assert (status, b"FEED-024" in octets) == (403, True)


# --------------------------------------------------------------------------------------------------- what is answered


async def test_a_document_that_did_not_change_is_304() -> None:
    async with serving() as scene:
        _, octets, headers = await fetch(scene)
        tag = headers["ETag"]
        assert headers["Cache-Control"] == "private, no-cache"
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            status, again, repeated = await fetch(scene, headers={"If-None-Match": known})
            assert (status, again, repeated["ETag"]) == (304, b"", tag)
        status, again, _ = await fetch(scene, headers={"If-None-Match": '"other"'})
        assert (status, again) == (200, octets)


async def test_a_long_document_is_compressed_for_who_takes_that() -> None:
    async with serving() as scene:
        _, plain, headers = await fetch(scene, path="?fill=5000", headers={"Accept-Encoding": "br, gzip;q=0"})
        assert "Content-Encoding" not in headers
        _, packed, compressed = await fetch(scene, path="?fill=5000", headers={"Accept-Encoding": "br, gzip"})
        assert compressed["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed) == plain
        assert compressed["ETag"] == headers["ETag"]
        _, _, short = await fetch(scene, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in short


async def test_head_is_get_without_the_document() -> None:
    async with serving() as scene:
        _, octets, got = await fetch(scene)
        status, nothing, headers = await fetch(scene, method="HEAD")
        assert (status, nothing, headers["ETag"]) == (200, b"", got["ETag"])
        assert headers["Content-Length"] == str(len(octets))


async def test_a_question_is_handed_to_the_service_and_its_own_fault_is_its_answer() -> None:
    async with serving() as scene:
        soap = {"Content-Type": "Text/XML; charset=utf-8"}
        status, octets, headers = await fetch(scene, method="POST", data=b"<pull/>", headers=soap)
        assert (status, octets) == (200, b"text/xml <pull/>")
        assert "ETag" not in headers
        status, octets, _ = await fetch(scene, method="POST", data=b"<fault/>", headers=soap)
        assert (status, octets) == (500, b"text/xml <fault/>")


async def test_what_the_service_refuses_is_the_callers_fault_and_a_bug_is_ours() -> None:
    async with serving() as scene:
        status, octets, _ = await fetch(scene, path="?refuse=1")
        assert (status, b"TEST-001" in octets) == (400, True)
        status, octets, _ = await fetch(scene, path="?crash=1")
        assert (status, b"FEED-060" in octets, b"bug of the service" in octets) == (500, True, False)
        assert (await fetch(scene))[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_parameter_that_comes_twice_is_refused_and_neither_is_picked(method: str) -> None:
    async with serving() as scene:
        body = b"ask" if method == "POST" else None
        assert (await fetch(scene, path="?fill=1&fill=2", method=method, data=body))[0] == 400
        assert scene.services == {}


async def test_other_paths_and_methods_are_problems() -> None:
    async with serving() as scene:
        assert (await fetch(scene, path="elsewhere"))[0] == 404
        status, _, headers = await fetch(scene, method="DELETE")
        assert status == 405
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_what_was_answered_is_counted() -> None:
    async with serving() as scene:
        _, octets, _ = await fetch(scene)
        await until(lambda: scene.server.counts.frames == 1)
        counts = scene.server.counts
        assert (counts.tracks, counts.unencoded, counts.octets) == (3, 1, len(octets))
        assert counts.losses == {("name", "NO_TARGET"): 4}
        assert "TEST-001" in counts.last_error


# ------------------------------------------------------------------------------------------------- what they can hold


async def test_a_huge_question_is_refused_before_it_is_read() -> None:
    async with serving(limits=replace(LIMITS, max_message_octets=1_000)) as scene:
        status, octets, _ = await fetch(scene, method="POST", data=b"x" * 2_000)
        assert (status, b"FEED-045" in octets) == (413, True)

        async def unannounced() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * 500

        status, octets, _ = await fetch(scene, method="POST", data=unannounced())
        assert (status, b"FEED-045" in octets) == (413, True)


async def test_a_question_that_trickles_is_given_up() -> None:
    async with serving(limits=replace(LIMITS, body_timeout_s=0.3)) as scene:
        reader, writer = await asyncio.open_connection(*scene.server.address)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbeginning")
        answer = await asyncio.wait_for(reader.read(), 60)  # to the end: the connection is closed
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"FEED-046" in answer
        writer.close()


async def test_a_caller_who_does_not_read_is_cut_off() -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving(limits=replace(LIMITS, request_timeout_s=0.3)) as scene:
            _, writer = await asyncio.open_connection(*scene.server.address, limit=1_024)
            writer.write(b"GET /?fill=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: scene.server.counts.stuck == 1)
            assert "FEED-026" in scene.server.counts.last_error
            assert (await fetch(scene))[0] == 200
            writer.close()
    assert [log for log in logs if log["event"] == "http.failed"] == [], "that is no bug of ours"


async def test_a_caller_who_hangs_up_before_the_answer_is_no_bug() -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving() as scene:
            assert (await fetch(scene))[0] == 200
            (service,) = scene.services.values()
            service.gate = gate = threading.Event()
            _, writer = await asyncio.open_connection(*scene.server.address)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: service.asked == 2)
            writer.transport.abort()
            await until(lambda: scene.server.counts.connected == 0)
            gate.set()
            assert (await fetch(scene))[0] == 200
    assert [log for log in logs if log["event"] == "http.failed"] == []


async def test_one_client_cannot_take_all_the_turns() -> None:
    async with serving(client("busy", secret="a long secret"), client("other", secret="a long secret")) as scene:
        assert (await fetch(scene, headers=basic("busy", "a long secret")))[0] == 200
        scene.services["busy"].gate = gate = threading.Event()
        secret = basic("busy", "a long secret")
        asked = [asyncio.ensure_future(fetch(scene, headers=secret)) for _ in range(WAITING + 4)]
        await until(lambda: sum(one.done() for one in asked) == 3)
        refused = [one.result() for one in asked if one.done()]
        assert [status for status, _, _ in refused] == [429] * 3
        assert b"FEED-064" in refused[0][1]
        assert (await fetch(scene, headers=basic("other", "a long secret")))[0] == 200
        gate.set()
        assert sorted(status for status, _, _ in await asyncio.gather(*asked)) == [200] * (WAITING + 1) + [429] * 3


async def test_nonsense_gets_a_bare_refusal() -> None:
    async with serving() as scene:
        reader, writer = await asyncio.open_connection(*scene.server.address)
        writer.write(b"\x16\x03\x01 no http\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 60)
        assert answer.startswith(b"HTTP/1.0 400")
        assert b"no http" not in answer
        writer.close()


async def test_an_address_that_is_taken_is_a_refusal() -> None:
    async with serving() as scene:
        place = replace(scene.server.place, port=scene.server.address[1])
        service: Callable[[str], Lines] = Lines
        second = DocumentServer(place, service=service, picture=lambda _: (), clock=scene.clock, limits=LIMITS)
        with pytest.raises(FeedError, match="FEED-020"):
            await second.start()


# ----------------------------------------------------------------------------------------------------------- passwords


def test_a_hash_is_salted_and_holds_its_own_cost() -> None:
    first, second = hash_password("secret word", log2_n=CHEAP), hash_password("secret word", log2_n=11)
    assert first != second
    assert first.startswith("scrypt$10$8$1$")
    for stored in (first, second):
        assert verify_password("secret word", stored)
        assert not verify_password("secret words", stored)
    assert not verify_password("x" * 2_000, first)


def test_a_published_vector_of_scrypt_is_met() -> None:
    # RFC 7914, section 12: P="pleaseletmein", S="SodiumChloride", N=16384, r=8, p=1, first 32 of 64 octets
    expected = bytes.fromhex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
    text = base64.urlsafe_b64encode(expected).decode().rstrip("=")
    salt = base64.urlsafe_b64encode(b"SodiumChloride").decode().rstrip("=")
    assert verify_password("pleaseletmein", f"scrypt$14$8$1${salt}${text}")


@pytest.mark.parametrize("stored", ["", "scrypt$1", "bcrypt$10$8$1$AA$AA"])
def test_a_text_that_is_no_hash_is_an_error(stored: str) -> None:
    with pytest.raises(ValueError, match="not a scrypt hash"):
        verify_password("x", stored)


def test_made_up_passwords_are_long_and_different() -> None:
    assert len({generate_password() for _ in range(20)}) == 20
    assert len(generate_password()) == 24


def test_an_empty_password_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 1024"):
        hash_password("")


async def test_a_check_whose_caller_was_cut_off_holds_its_turn_until_it_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A flood of callers who leave at once must not have more checks at a time, each with its memory, than one."""
    begun, go_on, at_once = threading.Semaphore(0), threading.Event(), []

    def held(password: str, stored: str) -> bool:
        at_once.append(password)
        begun.release()
        assert go_on.wait(60)
        at_once.remove(password)
        return False

    monkeypatch.setattr("gateway.feeds.documents_auth.verify_password", held)
    callers = Authenticator([client("hq", secret="a long secret")], view=View(), clock=ManualClock(T0), limits=LIMITS)
    first, second = [
        asyncio.create_task(callers.identify(None, basic("hq", word)["Authorization"], "127.0.0.1"))
        for word in ("first", "second")
    ]
    assert await asyncio.to_thread(begun.acquire, timeout=60)
    first.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert await asyncio.to_thread(begun.acquire, timeout=0.2) is False
    assert at_once == ["first"]
    go_on.set()
    await asyncio.wait([first, second])
    assert first.cancelled()
    assert isinstance(second.exception(), FeedError)
