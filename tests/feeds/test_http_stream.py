"""The live stream, on a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from gateway.feeds import http_stream
from gateway.feeds.http_models import Feature
from gateway.limits import Limits
from tests.feeds.national import Desk, event, serving
from tests.feeds.support import LABEL, track, until

COT = {"Content-Type": "application/cot+xml"}


def desk(**limits: float) -> Desk:
    made = Desk(Limits(**{"shutdown_timeout_s": 0.2, **limits}))  # type: ignore[arg-type] # the bounds under test
    made.admit(None)
    return made


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Viewer:
    """Reads server-sent events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        self._answer = answer

    async def block(self) -> str:
        async with asyncio.timeout(60):
            return (await self._answer.content.readuntil(b"\n\n")).decode()

    async def event(self) -> dict[str, str]:
        while True:
            lines = [line.partition(": ") for line in (await self.block()).splitlines()]
            fields = {name: value for name, _, value in lines if name}
            if "event" in fields:
                return fields


async def test_sends_each_change_as_a_feature_with_its_position(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url, http.get(f"{url}/v1/stream") as answer:
        viewer = Viewer(answer)
        await http.post(f"{url}/v1/messages/cot", data=event("a") + event("b", lat=-33.5), headers=COT)
        first, second = await viewer.event(), await viewer.event()
        assert (first["event"], first["id"]) == ("track", f"{taken.picture.epoch}-1")
        features = [Feature.model_validate_json(one["data"]) for one in (first, second)]
        assert [feature.origin for feature in features] == ["nld", "nld"]
        assert features[1].geometry is not None
        assert features[1].geometry["coordinates"] == [4.3, -33.5, 120.0]


async def test_a_viewer_who_comes_back_gets_what_changed_meanwhile(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url:
        await http.post(f"{url}/v1/messages/cot", data=event("a") + event("b"), headers=COT)
        async with http.get(f"{url}/v1/tracks") as answer:
            position = answer.headers["Gateway-Position"]
        await http.post(f"{url}/v1/messages/cot", data=event("b", at="2099-01-01T00:00:01Z"), headers=COT)
        async with http.get(f"{url}/v1/stream", headers={"Last-Event-ID": position}) as answer:
            assert (await Viewer(answer).event())["id"] == f"{taken.picture.epoch}-3"
        async with http.get(f"{url}/v1/stream?since=0-0") as answer:
            viewer = Viewer(answer)
            assert [(await viewer.event())["id"].partition("-")[2] for _ in range(2)] == ["1", "3"]


async def test_box_and_origin_narrow_the_stream(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url, http.get(f"{url}/v1/stream?bbox=0,0,10,10&origin=deu") as answer:
        viewer = Viewer(answer)
        taken.picture.update([track("far", latitude=50)], "deu", LABEL)
        taken.picture.update([track("other", latitude=5)], "nld", LABEL)
        taken.picture.update([track("mine", latitude=5)], "deu", LABEL)
        assert json.loads((await viewer.event())["data"])["id"] == "mine"


async def test_a_second_hand_track_says_by_whom_it_was_told(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url, http.get(f"{url}/v1/stream") as answer:
        viewer = Viewer(answer)
        taken.picture.update([track("own")], "deu", LABEL)
        taken.picture.update([track("told")], "deu", LABEL, "nld")
        own, told = [json.loads((await viewer.event())["data"]) for _ in range(2)]
        assert (own["origin"], "via" in own) == ("deu", False)
        assert (told["origin"], told["via"]) == ("deu", "nld")


async def test_a_track_that_goes_stale_is_told(http: aiohttp.ClientSession) -> None:
    taken = desk(source_silence_s=-1)
    async with serving(taken) as url, http.get(f"{url}/v1/stream") as answer:
        viewer = Viewer(answer)
        taken.picture.update([track("a")], "nld", LABEL)
        assert (await viewer.event())["event"] == "track"
        taken.picture.expire()
        gone = await viewer.event()
        assert (gone["event"], json.loads(gone["data"])) == ("gone", {"track_id": "a", "reason": "STALE"})


async def test_a_slow_viewer_is_told_how_many_events_he_missed(http: aiohttp.ClientSession) -> None:
    taken = desk(stream_queue_events=10)
    async with serving(taken) as url, http.get(f"{url}/v1/stream") as answer:
        viewer = Viewer(answer)
        taken.picture.update([track(str(number)) for number in range(25)], "nld", LABEL)  # before his task has a turn
        skipped = await viewer.event()
        assert (skipped["event"], skipped["data"]) == ("skipped", '{"count":15}')
        assert json.loads((await viewer.event())["data"])["id"] == "15"


async def test_silence_is_broken_by_a_comment(http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_stream, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(http_stream, "GLANCE_S", 0.01)
    async with serving(desk()) as url, http.get(f"{url}/v1/stream") as answer:
        viewer = Viewer(answer)
        assert (await viewer.block()).startswith("retry: 2000")
        assert await viewer.block() == ": \n\n"


async def test_a_viewer_who_loses_permission_is_cut_off(http: aiohttp.ClientSession) -> None:
    taken = desk()
    async with serving(taken) as url, http.get(f"{url}/v1/stream") as answer:
        await Viewer(answer).block()
        taken.sources.clear()
        taken.picture.update([track("a")], "nld", LABEL)
        async with asyncio.timeout(60):
            assert await answer.content.read() == b""
        await until(lambda: taken.picture.viewers == 0)


async def test_a_viewer_who_leaves_is_forgotten(http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_stream, "GLANCE_S", 0.01)
    taken = desk()
    async with serving(taken) as url:
        async with http.get(f"{url}/v1/stream") as answer:
            await Viewer(answer).block()
            assert taken.picture.viewers == 1
        await until(lambda: taken.picture.viewers == 0)


async def test_too_many_viewers_are_429(http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_stream, "MAX_VIEWERS", 1)
    async with serving(desk()) as url, http.get(f"{url}/v1/stream") as answer:
        await Viewer(answer).block()
        async with http.get(f"{url}/v1/stream") as second:
            assert second.status == 429
            assert (await second.json(content_type=None))["code"] == "FEED-059"


async def test_a_stop_ends_the_streams_at_once(http: aiohttp.ClientSession) -> None:
    taken = desk(shutdown_timeout_s=60)
    async with asyncio.timeout(60):
        async with serving(taken) as url:
            answer = await http.get(f"{url}/v1/stream")
            await Viewer(answer).block()
        assert await answer.content.read() == b""


async def test_only_event_streams_are_offered(http: aiohttp.ClientSession) -> None:
    async with serving(desk()) as url:
        for query, headers, status in (
            ("", {"Accept": "application/json"}, 406),
            ("", {"Last-Event-ID": "nonsense"}, 400),
            ("?limit=1", {}, 400),
        ):
            async with http.get(f"{url}/v1/stream{query}", headers=headers) as answer:
                assert answer.status == status
