"""The national HTTP side, on a real server with the real formats."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.errors import FeedError, StoreError
from gateway.feeds import codes
from gateway.feeds.http import HttpServer, national_app, server_context
from gateway.feeds.http_models import Accepted, FeatureCollection, Problem, Translation
from gateway.http_doors import HEADERS
from gateway.limits import Limits
from gateway.stages import Refused
from gateway.store.codes import CODES as STORE_CODES
from tests.feeds.certificates import Authority
from tests.feeds.national import Desk, event, serving

ALLIANCE = "application/vnd.alliance.track+xml"
COT = {"Content-Type": "application/cot+xml"}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def desk(**limits: float) -> Desk:
    made = Desk(Limits(**{"shutdown_timeout_s": 0.2, **limits}))  # type: ignore[arg-type] # the bounds under test
    made.admit(None)
    return made


async def post(session: aiohttp.ClientSession, url: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    async with session.post(url, data=body, headers={**COT, **headers}) as answer:
        return answer.status, await answer.json(content_type=None)


async def refused(answer: aiohttp.ClientResponse, code: str) -> Problem:
    assert answer.content_type == "application/problem+json"
    problem = Problem.model_validate_json(await answer.read())
    assert (problem.code, problem.status) == (code, answer.status)
    assert problem.title
    assert problem.remedy
    return problem


async def test_takes_one_record_and_answers_with_its_ids(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url:
        status, document = await post(http, f"{url}/v1/messages/cot", event())
    answer = Accepted.model_validate(document)
    assert status == 202
    assert (answer.accepted, answer.message_ids, answer.refused) == (1, ["message-1"], [])
    (frame,) = taken.frames
    assert (frame.octets, frame.source, frame.feed, frame.peer) == (event(), "c2", "http", "127.0.0.1")


async def test_takes_many_records_and_lists_the_refused_ones_with_their_place(http: aiohttp.ClientSession) -> None:
    taken = desk()
    body = event("a") + b"\n" + event("b").replace(b'lat="52.1"', b'lat="952.1"') + event("c")
    async with serving(taken) as url:
        status, document = await post(http, f"{url}/v1/messages/cot", body)
    answer = Accepted.model_validate(document)
    assert (status, answer.accepted) == (202, 2)
    assert [one.record for one in answer.refused] == [2]
    assert answer.refused[0].code.startswith("COT-")
    assert answer.refused[0].cause
    assert [frame.peer for frame in taken.frames] == [f"127.0.0.1 record {number}" for number in (1, 2, 3)]


async def test_all_refused_is_422_with_every_refusal(http: aiohttp.ClientSession) -> None:
    async with (
        serving(desk()) as url,
        http.post(f"{url}/v1/messages/cot", data=b"<event></event><event></event>", headers=COT) as answer,
    ):
        assert answer.status == 422
        problem = await refused(answer, "FEED-055")
    assert problem.refused is not None
    assert [one.record for one in problem.refused] == [1, 2]


async def test_a_torso_after_the_last_record_is_refused_and_not_swallowed(http: aiohttp.ClientSession) -> None:
    async with serving(desk()) as url:
        status, document = await post(http, f"{url}/v1/messages/cot", event() + event("b")[:80])
    assert (status, document["accepted"]) == (202, 1)
    assert [one["record"] for one in document["refused"]] == [2]


@pytest.mark.parametrize(("media_type", "lines"), [("application/geo+json", False), ("application/x-ndjson", True)])
async def test_json_comes_as_one_document_or_as_lines(
    http: aiohttp.ClientSession, media_type: str, lines: bool
) -> None:
    features = [
        {
            "type": "Feature",
            "id": name,
            "geometry": {"type": "Point", "coordinates": [4.3, 52.1]},
            "properties": {"state": {"time": "2026-11-22T08:00:00Z"}, "time": "2026-11-22T08:00:00Z"},
        }
        for name in ("a", "b")
    ]
    collection = json.dumps({"type": "FeatureCollection", "features": features}, indent=1)
    body = "\n".join(map(json.dumps, features)) if lines else collection
    async with serving(desk()) as url:
        status, document = await post(http, f"{url}/v1/messages/geojson", body.encode(), **{"Content-Type": media_type})
    assert (status, document["accepted"]) == (202, 2), document


async def test_says_what_policy_withheld(http: aiohttp.ClientSession) -> None:
    taken = desk()

    async def intake(*_: object) -> Any:
        from gateway.stages import Intake

        return Intake(track_ids=("t",), refused=(Refused(group="eu", track_ids=("t",), rule="nato-only"),))

    async with serving(taken, intake=intake) as url:
        _, document = await post(http, f"{url}/v1/messages/cot", event())
    assert document["withheld"] == [
        {"group": "eu", "track_ids": ["t"], "rule": "nato-only", "members": [], "until": None}
    ]
    Accepted.model_validate(document)


async def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(http: aiohttp.ClientSession) -> None:
    taken = desk()
    body = event("a") + event("b")
    async with serving(taken) as url:
        first = await post(http, f"{url}/v1/messages/cot", body, **{"Idempotency-Key": "k-1"})
        again = await post(http, f"{url}/v1/messages/cot", body, **{"Idempotency-Key": "k-1"})
        other = await post(http, f"{url}/v1/messages/cot", event("c"), **{"Idempotency-Key": "k-1"})
        free = await post(http, f"{url}/v1/messages/cot", event("c"), **{"Idempotency-Key": "k-2"})
    assert first == again
    assert first[0] == free[0] == 202
    assert (other[0], other[1]["code"]) == (409, "FEED-050")
    assert len(taken.frames) == 3


async def test_the_same_key_twice_at_once_is_told_to_wait(http: aiohttp.ClientSession) -> None:
    taken = desk()
    entered, leave = asyncio.Event(), asyncio.Event()

    async def intake(*args: Any) -> Any:
        entered.set()
        await leave.wait()
        return await taken.intake(*args)

    async with serving(taken, intake=intake) as url:
        first = asyncio.ensure_future(post(http, f"{url}/v1/messages/cot", event(), **{"Idempotency-Key": "k"}))
        await entered.wait()
        async with http.post(f"{url}/v1/messages/cot", data=event(), headers={**COT, "Idempotency-Key": "k"}) as answer:
            assert answer.status == 409
            assert answer.headers["Retry-After"] == "1"
            await refused(answer, "FEED-051")
        leave.set()
        assert (await first)[0] == 202


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/v1/messages/morse", b"x", {}, 404, "FEED-040"),
        ("/v1/messages/cot", b"x", {"Content-Type": "image/png"}, 415, "FEED-043"),
        ("/v1/messages/cot", b"x", {"Content-Encoding": "gzip"}, 415, "FEED-044"),
        ("/v1/messages/cot", b"", {}, 400, "FEED-047"),
        ("/v1/messages/cot", b" \n ", {}, 400, "FEED-047"),
        ("/v1/messages/cot", b"x" * 3_000, {}, 413, "FEED-045"),
        ("/v1/messages/cot", b"<event></event>" * 9, {}, 413, "FEED-048"),
        ("/v1/messages/cot", b"x", {"Idempotency-Key": "two words"}, 400, "FEED-052"),
        ("/v1/messages/cot", b"x", {"Idempotency-Key": "k" * 129}, 400, "FEED-052"),
        ("/v1/elsewhere", b"x", {}, 404, "FEED-056"),
        ("/v1/tracks", b"x", {}, 405, "FEED-057"),
        ("/v1/translate/cot/cot", b"x", {"Accept": "image/png"}, 406, "FEED-053"),
        ("/v1/translate/cot/morse", b"x", {}, 404, "FEED-040"),
        ("/v1/translate/cot/cot?x=1", b"x", {}, 400, "FEED-054"),
    ],
)
async def test_refuses_with_status_code_and_remedy(
    http: aiohttp.ClientSession, path: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async with (
        serving(desk(max_message_octets=2_000, max_records_per_frame=8)) as url,
        http.post(url + path, data=body, headers={**COT, **headers}) as answer,
    ):
        assert answer.status == status
        await refused(answer, code)


@pytest.mark.parametrize(
    "media_type",
    [
        "x",
        "\u00ff",
        "application/cot+xml; charset=utf-16",
        "application/cot+xml; charset",
        "application/cot+xml, image/png",
        "application/cot+xml" + " ;" * 1_000 + "@",
    ],
)
async def test_a_content_type_that_says_something_else_is_415_and_its_body_is_set_aside(media_type: str) -> None:
    taken = desk(quarantine_octets=8)
    async with serving(taken) as url:
        head = f"POST /v1/messages/cot HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {media_type}\r\n"
        answer = await raw(url, head.encode("latin-1") + b"Content-Length: 15\r\n\r\n<event></event>")
    assert answer.startswith(b"HTTP/1.1 415 ")
    assert b"FEED-043" in answer
    assert taken.frames == []
    ((frame, error, length),) = taken.set_aside
    assert (frame.octets, length, frame.source, frame.peer) == (b"<event><", 15, "c2", "127.0.0.1")
    assert error.place == "header Content-Type"
    assert error.cause


@pytest.mark.parametrize("media_type", ["application/cot+xml; charset=UTF-8", 'Text/XML;charset="utf-8"; ', None])
async def test_a_content_type_that_says_what_comes_is_taken(media_type: str | None) -> None:
    field = "" if media_type is None else f"Content-Type: {media_type}\r\n"
    head = f"POST /v1/messages/cot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{field}"
    async with serving(desk()) as url:
        body = event()
        answer = await raw(url, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert answer.startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize(
    ("body", "headers", "code", "kept"),
    [
        (b"x" * 3_000, {}, "FEED-045", 100),
        (b"<event></event>" * 9, {}, "FEED-048", 100),
        (b"x" * 40, {"Content-Encoding": "gzip"}, "FEED-044", 40),
    ],
)
async def test_a_body_refused_at_the_door_is_set_aside_with_place_and_reason(
    http: aiohttp.ClientSession, body: bytes, headers: dict[str, str], code: str, kept: int
) -> None:
    taken = desk(max_message_octets=2_000, max_records_per_frame=8, quarantine_octets=100)
    async with (
        serving(taken) as url,
        http.post(f"{url}/v1/messages/cot", data=body, headers={**COT, **headers}) as answer,
    ):
        await refused(answer, code)
    ((frame, error, length),) = taken.set_aside
    assert (error.code.id, frame.octets, length) == (code, body[:kept], len(body))
    assert error.place
    assert error.cause


async def test_a_body_whose_framing_breaks_is_the_callers_fault() -> None:
    async with serving(desk()) as url:
        head = b"POST /v1/messages/cot HTTP/1.1\r\nHost: x\r\nContent-Type: application/cot+xml\r\n"
        answer = await raw(url, head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
    assert answer.split(b" ")[1] == b"400"
    assert b"FEED-058" in answer


async def test_a_chunked_body_is_held_to_the_same_bound(http: aiohttp.ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    async with (
        serving(desk(max_message_octets=2_000)) as url,
        http.post(f"{url}/v1/messages/cot", data=chunks(), headers=COT) as answer,
    ):
        assert answer.status == 413
        await refused(answer, "FEED-045")


async def test_too_much_under_way_is_429_with_retry_after(http: aiohttp.ClientSession) -> None:
    taken = desk(ingest_queue_frames=1)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def intake(*args: Any) -> Any:
        entered.set()
        await leave.wait()
        return await taken.intake(*args)

    async with serving(taken, intake=intake) as url:
        first = asyncio.ensure_future(post(http, f"{url}/v1/messages/cot", event()))
        await entered.wait()
        async with http.post(f"{url}/v1/messages/cot", data=event(), headers=COT) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
            await refused(answer, "FEED-049")
        leave.set()
        assert (await first)[0] == 202
        assert (await post(http, f"{url}/v1/messages/cot", event()))[0] == 202


async def test_records_that_could_not_be_taken_now_are_listed_and_a_repetition_takes_only_them(
    http: aiohttp.ClientSession,
) -> None:
    taken = desk()
    full = {event("b")}

    async def intake(frame: Any, form: Any, idempotency: Any) -> Any:
        if frame.octets in full:
            raise FeedError(codes.INTAKE_FULL)
        return await taken.intake(frame, form, idempotency)

    body = event("a") + event("b") + event("c")
    async with serving(taken, intake=intake) as url:
        status, first = await post(http, f"{url}/v1/messages/cot", body, **{"Idempotency-Key": "k"})
        assert (status, first["accepted"]) == (202, 2)
        assert [(one["record"], one["code"]) for one in first["refused"]] == [(2, "FEED-049")]
        full.clear()
        status, again = await post(http, f"{url}/v1/messages/cot", body, **{"Idempotency-Key": "k"})
        assert (status, again["accepted"], again["refused"]) == (202, 3, [])
    assert [frame.octets for frame in taken.frames] == [event("a"), event("c"), event("b")]


async def test_a_store_that_refuses_is_503_and_keeps_its_reasons_to_itself(http: aiohttp.ClientSession) -> None:
    taken = desk()
    taken.failure = StoreError(STORE_CODES[0], place="/var/lib/secret.db", cause="disk full at /var/lib")
    async with serving(taken) as url, http.post(f"{url}/v1/messages/cot", data=event(), headers=COT) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert b"/var/lib" not in await answer.read()


async def test_a_bug_of_ours_is_500_without_its_traceback(http: aiohttp.ClientSession) -> None:
    async def intake(*_: object) -> Any:
        raise RuntimeError("secret")

    async with (
        serving(desk(), intake=intake) as url,
        http.post(f"{url}/v1/messages/cot", data=event(), headers=COT) as answer,
    ):
        assert answer.status == 500
        assert b"secret" not in await answer.read()
        await refused(answer, "FEED-060")


async def raw(url: str, octets: bytes, *, wait_s: float = 5) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(octets)
        async with asyncio.timeout(wait_s):
            return await reader.read()
    finally:
        writer.close()


async def test_a_body_that_trickles_is_408_and_the_connection_is_closed() -> None:
    async with serving(desk(body_timeout_s=0.05)) as url:
        head = b"POST /v1/messages/cot HTTP/1.1\r\nHost: x\r\nContent-Type: application/cot+xml\r\n"
        answer = await raw(url, head + b"Content-Length: 9\r\n\r\nab")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"FEED-046" in answer


@pytest.mark.parametrize(
    "octets",
    [
        b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (HEADERS + 1) + b"\r\n",
        b"GET /healthz/live HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 5_000 + b"\r\n\r\n",
        b"GET /" + b"b" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["many headers", "long header", "long line", "smuggling", "nonsense"],
)
async def test_what_is_no_acceptable_http_is_400_and_closed(octets: bytes) -> None:
    async with serving(desk()) as url:
        assert (await raw(url, octets)).startswith(b"HTTP/1.0 400 ")


async def test_idle_connections_and_headers_that_trickle_are_closed() -> None:
    async with serving(desk(idle_timeout_s=0.05)) as url:
        answer = await raw(url, b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        await raw(url, b"GET /healthz/live HTTP/1.1\r\nHo")


# ------------------------------------------------------------------------------------------------------------ who calls


class Tls:
    """A server with mutual TLS and some clients."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory)
        server, key, _ = self.authority.issue("server")
        self.server = server_context(certificate=server, key=key, client_ca=self.authority.path)
        certificate, client_key, self.pin = self.authority.issue("client")
        self.client = self.authority.client_context(certificate, client_key)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(tmp_path_factory.mktemp("tls"))


async def test_the_pin_of_the_client_certificate_names_the_source(tls: Tls, http: aiohttp.ClientSession) -> None:
    taken = Desk()
    taken.admit(tls.pin, "radar", "cot")
    async with serving(taken, tls=tls.server) as url:
        async with http.post(f"{url}/v1/messages/cot", data=event(), headers=COT, ssl=tls.client) as answer:
            assert answer.status == 202
        async with http.post(f"{url}/v1/messages/geojson", data=b"{}", ssl=tls.client) as answer:
            assert answer.status == 403
            problem = await refused(answer, "FEED-042")
    assert taken.frames[0].source == "radar"
    assert problem.detail == "source radar may send cot"


async def test_a_withdrawn_pin_counts_on_the_next_request_of_an_open_connection(
    tls: Tls, http: aiohttp.ClientSession
) -> None:
    taken = Desk()
    taken.admit(tls.pin)
    async with serving(taken, tls=tls.server) as url:
        async with http.get(f"{url}/v1/tracks", ssl=tls.client) as answer:
            assert answer.status == 200
        del taken.sources[tls.pin]
        for path in ("/v1/tracks", "/v1/stream", "/metrics", "/healthz/live"):
            async with http.get(url + path, ssl=tls.client) as answer:
                assert answer.status == 403
                await refused(answer, "FEED-041")


async def test_health_and_metrics_can_be_opened_to_callers_that_are_no_source(
    tls: Tls, http: aiohttp.ClientSession
) -> None:
    async with serving(Desk(), tls=tls.server, public_operations=True) as url:
        for path, status in (("/healthz/live", 200), ("/metrics", 200), ("/v1/status", 403)):
            async with http.get(url + path, ssl=tls.client) as answer:
                assert answer.status == status


async def test_without_a_certificate_or_with_one_of_another_authority_nothing_is_served(
    tls: Tls, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    certificate, key, _ = stranger.issue("client")
    wrong = tls.authority.client_context(certificate, key)
    async with serving(desk(), tls=tls.server) as url:
        for context in (tls.authority.client_context(None, None), wrong):
            with pytest.raises(aiohttp.ClientError):
                await http.get(f"{url}/v1/tracks", ssl=context)


async def test_tls_1_2_is_refused_and_no_session_is_resumed(tls: Tls, http: aiohttp.ClientSession) -> None:
    taken = Desk()
    taken.admit(tls.pin)
    old = tls.authority.client_context(None, None)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(taken, tls=tls.server) as url:
        with pytest.raises(aiohttp.ClientError):
            await http.get(f"{url}/v1/tracks", ssl=old)
        host, _, port = url.removeprefix("https://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=tls.client)
        writer.write(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        session = writer.get_extra_info("ssl_object").session
        assert session is None or not session.has_ticket
        writer.close()


async def test_a_connection_past_its_age_is_closed_after_its_answer(tls: Tls) -> None:
    taken = Desk(Limits(connection_age_s=-1, shutdown_timeout_s=0.2))
    taken.admit(tls.pin)
    async with serving(taken, tls=tls.server) as url:
        host, _, port = url.removeprefix("https://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=tls.client)
        writer.write(b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
    assert b"Connection: close" in answer


def test_a_certificate_file_that_is_none_is_an_error_with_its_place(tls: Tls, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(FeedError) as caught:
        server_context(certificate=tmp_path / "bad.pem", key=tmp_path / "bad.pem", client_ca=tls.authority.path)
    assert caught.value.code == codes.BIND
    assert "bad.pem" in caught.value.place


async def test_an_address_in_use_is_an_error_with_its_place() -> None:
    taken = desk()
    async with serving(taken) as url:
        port = int(url.rpartition(":")[2])
        other = desk()
        server = HttpServer(
            national_app(other.national()), host="127.0.0.1", port=port, tls=None, limits=Limits(), clock=other.clock
        )
        with pytest.raises(FeedError) as caught:
            await server.start()
    assert caught.value.code == codes.BIND
    assert str(port) in caught.value.place


# ---------------------------------------------------------------------------------------------------------- the picture


async def test_the_picture_comes_in_the_format_that_the_caller_likes_best(http: aiohttp.ClientSession) -> None:
    async with serving(desk()) as url:
        await post(http, f"{url}/v1/messages/cot", event("a") + event("b"))
        for accept, media_type, mark in (
            ("", "application/geo+json", b'"FeatureCollection"'),
            ("application/json", "application/json", b'"FeatureCollection"'),
            ("application/cot+xml, */*;q=0.1", "application/cot+xml", b"</event><"),
            (
                "application/vnd.alliance.track+xml;q=0.9, text/html",
                "application/vnd.alliance.track+xml",
                b"TrackMessage",
            ),
            ("application/*;q=0.2, application/cot+xml;q=0.1", "application/geo+json", b'"FeatureCollection"'),
        ):
            async with http.get(f"{url}/v1/tracks", headers={"Accept": accept}) as answer:
                body = await answer.read()
                assert (answer.status, answer.content_type) == (200, media_type)
                assert mark in body
                assert answer.headers["Gateway-More"] == "false"
                assert answer.headers["Gateway-Omitted"] == "0"
                if b"FeatureCollection" in mark:
                    collection = FeatureCollection.model_validate_json(body)
                    assert [feature.origin for feature in collection.features] == ["nld", "nld"]
        async with http.get(f"{url}/v1/tracks", headers={"Accept": "image/png"}) as answer:
            assert answer.status == 406
            await refused(answer, "FEED-053")


async def test_no_tracks_are_an_empty_collection_or_no_content(http: aiohttp.ClientSession) -> None:
    async with serving(desk()) as url:
        async with http.get(f"{url}/v1/tracks") as answer:
            assert await answer.json(content_type=None) == {"type": "FeatureCollection", "features": []}
        async with http.get(f"{url}/v1/tracks", headers={"Accept": "application/cot+xml"}) as answer:
            assert (answer.status, await answer.read()) == (204, b"")


async def test_the_picture_can_be_asked_by_box_origin_and_position(http: aiohttp.ClientSession) -> None:
    async def ids(query: str) -> list[str]:
        async with http.get(f"{url}/v1/tracks?{query}") as answer:
            features = (await answer.json(content_type=None))["features"]
            positions.append(answer.headers["Gateway-Position"])
            more.append(answer.headers["Gateway-More"])
            return [feature["properties"]["identifiers"][0]["value"] for feature in features]

    positions: list[str] = []
    more: list[str] = []
    taken = desk()
    async with serving(taken) as url:
        await post(http, f"{url}/v1/messages/cot", event("a", lon=4) + event("b", lon=8) + event("c", lon=179))
        assert await ids("bbox=3,50,5,55") == ["a"]
        assert await ids("bbox=170,50,5,55") == ["a", "c"]
        assert await ids("origin=nld&limit=2") == ["a", "b"]
        assert more[-1] == "true"
        assert await ids(f"since={positions[-1]}") == ["c"]
        assert await ids(f"since={positions[-1]}") == []
        assert await ids("since=0-7") == ["a", "b", "c"]  # a position of a former life
        assert await ids("since=2099-01-01T00:00:00Z") == []
        assert await ids("origin=deu") == []


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=false,0,1,1",
        "bbox=1,2,3,nan",
        "bbox=0,1,0,0",
        "bbox=0,0,181,1",
        "since=yesterday",
        "since=2026-11-22T08:00:00",
        "limit=0",
        "limit=-1",
        "limit=many",
        "origin=%20",
        "limit=1&limit=2",
        "unknown=1",
    ],
)
async def test_a_wrong_query_is_400_and_names_the_parameter(http: aiohttp.ClientSession, query: str) -> None:
    async with serving(desk()) as url, http.get(f"{url}/v1/tracks?{query}") as answer:
        assert answer.status == 400
        problem = await refused(answer, "FEED-054")
        assert query.partition("=")[0] in problem.place


async def test_an_alliance_answer_is_one_document_however_many_tracks_there_are(http: aiohttp.ClientSession) -> None:
    async with serving(desk(batch_max_tracks=2)) as url:
        await post(http, f"{url}/v1/messages/cot", event("a") + event("b") + event("c"))
        seen, since = 0, "0-0"
        for more in ("true", "false"):
            headers = {"Accept": ALLIANCE}
            async with http.get(f"{url}/v1/tracks?since={since}", headers=headers) as answer:
                body = await answer.read()
                assert body.count(b"TrackMessage>") == 1
                assert answer.headers["Gateway-More"] == more
                since = answer.headers["Gateway-Position"]
                seen += body.count(b"<Track>") + body.count(b"<Track ")
        assert seen == 3


# ------------------------------------------------------------------------------------------------------------ translate


async def test_translates_with_losses_and_refusals_and_records_nothing(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url:
        body = event("a") + b"<event></event>"
        async with http.post(f"{url}/v1/translate/cot/geojson", data=body, headers=COT) as answer:
            assert answer.status == 200
            translation = Translation.model_validate_json(await answer.read())
        async with http.post(f"{url}/v1/translate/cot/asterix", data=event("a"), headers=COT) as answer:
            binary = Translation.model_validate_json(await answer.read())
    assert (translation.tracks, len(translation.frames), translation.media_type) == (1, 1, "application/geo+json")
    assert [(one.stage, one.record) for one in translation.refused] == [("decode", 2)]
    assert translation.frames[0].text is not None
    assert binary.losses or binary.refused
    assert all(frame.base64 is not None for frame in binary.frames)
    assert taken.frames == []
    assert len(taken.picture) == 0


async def test_translates_what_a_decoder_holds_for_more_than_the_body_brings(http: aiohttp.ClientSession) -> None:
    place = {"latitude": 52.1, "longitude": 4.25, "geodetic_altitude": "64.5 m"}
    body = json.dumps({"MAC": "60:60:1F:1E:30:1E", "Location/Vector Message": place}).encode()
    headers = {"Content-Type": "application/x-remoteid"}
    async with (
        serving(desk()) as url,
        http.post(f"{url}/v1/translate/remoteid/geojson", data=body, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
        translation = Translation.model_validate_json(await answer.read())
    assert (translation.tracks, len(translation.frames), translation.refused) == (1, 1, [])


async def test_translates_to_bare_octets_for_who_accepts_them_better(http: aiohttp.ClientSession) -> None:
    headers = {**COT, "Accept": "application/geo+json, application/json;q=0.5"}
    async with serving(desk()) as url:
        async with http.post(f"{url}/v1/translate/cot/geojson", data=event("a"), headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "application/geo+json")
            assert json.loads(await answer.read())["type"] == "Feature"
            assert answer.headers["Gateway-Refused"] == "0"
        async with http.post(f"{url}/v1/translate/cot/geojson", data=b"<event></event>", headers=headers) as answer:
            assert answer.status == 422
            await refused(answer, "FEED-055")


# ----------------------------------------------------------------------------------------------------------- operations


async def test_health_says_what_is_missing(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url:
        async with http.get(f"{url}/healthz/live") as answer:
            assert await answer.json() == {"live": True}
        async with http.get(f"{url}/healthz/ready") as answer:
            assert await answer.json() == {"ready": True}
        taken.missing.append("the ledger is behind")
        async with http.get(f"{url}/healthz/ready") as answer:
            assert answer.status == 503
            problem = await refused(answer, "FEED-061")
    assert problem.missing == ["the ledger is behind"]


async def test_metrics_count_requests_by_route_and_status(http: aiohttp.ClientSession) -> None:
    async with serving(desk()) as url:
        await post(http, f"{url}/v1/messages/cot", event())
        await http.get(f"{url}/nowhere/at/all")
        async with http.get(f"{url}/metrics") as answer:
            text = await answer.text()
    assert 'gateway_http_requests_total{method="POST",route="/v1/messages/{format}",status="202"} 1.0' in text
    assert 'gateway_http_requests_total{method="OTHER",route="unknown",status="404"} 1.0' in text
    assert "nowhere" not in text
    assert "gateway_http_viewers 0.0" in text


async def test_every_answer_carries_the_security_headers(http: aiohttp.ClientSession) -> None:
    async with serving(desk()) as url:
        for path in ("/v1/status", "/v1/tracks", "/nowhere", "/openapi.json"):
            async with http.get(url + path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
