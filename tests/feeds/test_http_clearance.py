"""What a national system sees over HTTP is decided by its clearance, track by track, and so is what it hears of."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from msgspec.structs import replace

from gateway.feeds.http_types import HttpSource
from gateway.feeds.picture import STALE
from gateway.policy import View
from tests.feeds.national import Desk, serving
from tests.feeds.support import track
from tests.feeds.talkers import LABEL, OTHER, low_view


def desk(view: View) -> Desk:
    made = Desk()
    made.sources[None] = HttpSource(name="c2", formats=frozenset(made.formats), view=view)
    return made


def fill(taken: Desk) -> None:
    """Tracks of ours and of a partner under both labels, and one that has none."""
    for name, label in (("open", LABEL), ("secret", OTHER), ("bare", None)):
        taken.picture.update([replace(track(name), label=label)], "nld", None)
    taken.picture.update([track("theirs")], "deu", LABEL)
    taken.picture.update([track("theirs-secret")], "deu", OTHER)


@pytest.mark.parametrize(
    ("view", "seen"),
    [
        (View(), {"open", "secret", "bare", "theirs", "theirs-secret"}),
        (low_view(), {"open", "theirs"}),
        (View(desk=low_view().desk, clearances=("gone",)), set()),
    ],
    ids=["no clearance configured", "cleared for one label", "a clearance that the policy no longer has"],
)
@pytest.mark.parametrize("media_type", ["application/geo+json", "application/cot+xml"])
async def test_the_picture_is_what_the_caller_is_cleared_for(view: View, seen: set[str], media_type: str) -> None:
    taken = desk(view)
    fill(taken)
    async with serving(taken) as url, aiohttp.ClientSession(url) as session:
        async with session.get("/v1/tracks", headers={"Accept": media_type}) as answer:
            body = (await answer.read()).decode()
            assert answer.headers["Gateway-Omitted"] == "0"
        names = {"open", "secret", "bare", "theirs", "theirs-secret"}
        assert {name for name in names if f'"{name}"' in body or f"{name}<" in body} == seen, body


async def test_what_is_not_shown_takes_no_room_in_a_limited_answer() -> None:
    taken = desk(low_view())
    fill(taken)
    async with (
        serving(taken) as url,
        aiohttp.ClientSession(url) as session,
        session.get("/v1/tracks?limit=2") as answer,
    ):
        assert len((await answer.json(content_type=None))["features"]) == 2
        assert answer.headers["Gateway-More"] == "false"


async def test_the_stream_tells_neither_of_secret_tracks_nor_that_they_have_gone() -> None:
    taken = desk(low_view())
    fill(taken)
    async with serving(taken) as url, aiohttp.ClientSession(url) as session, session.get("/v1/stream") as answer:
        seen = await answer.content.readany()
        taken.picture.update([track("secret-too")], "deu", OTHER)
        for name, origin in (("secret", "nld"), ("theirs-secret", "deu"), ("open", "nld"), ("theirs", "deu")):
            taken.picture.retract(name, origin, STALE)
        async with asyncio.timeout(60):
            while seen.count(b"event: gone") < 2:
                seen += await answer.content.readany()
        assert b"secret" not in seen
        assert {b'"track_id": "open"' in seen, b'"track_id": "theirs"' in seen} == {True}
