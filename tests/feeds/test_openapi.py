"""The OpenAPI document, and schemathesis against a running server that it describes."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gateway.errors import Code
from gateway.feeds import codes
from gateway.feeds.http_routes import routes
from gateway.feeds.openapi import document
from gateway.formats.registry import formats
from gateway.limits import Limits
from tests.data import ROOT
from tests.feeds.national import Desk, event, serving

TABLE = routes(formats(), Limits())
DOCUMENT = document(TABLE, formats(), version="0.0.0")
UNKNOWN_TO_SCHEMATHESIS = (
    "application/geo+json-seq",
    "application/json-seq",
    "application/jsonl",
    "application/x-asterix",
    "application/x-ndjson",
    "application/x-remoteid",
    "application/x-sapient",
)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """A real server in a thread of its own, because schemathesis is not asynchronous."""
    started: list[str] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        desk = Desk(Limits(shutdown_timeout_s=0.1))
        desk.admit(None)
        async with serving(desk) as url:
            await desk.intake_events(event("a"), event("b"))
            started.append(url)
            ready.set()
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(60)
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)
    loop.close()


def test_says_3_1_and_describes_every_route_that_is_served() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    paths = DOCUMENT["paths"]
    assert isinstance(paths, dict)
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == {(route.method, route.path) for route in TABLE}
    assert len({route.operation for route in TABLE}) == len(TABLE)


def test_every_reference_resolves_and_nothing_is_described_and_never_used() -> None:
    text = json.dumps(DOCUMENT)
    components = DOCUMENT["components"]
    assert isinstance(components, dict)
    for name in components["schemas"]:
        assert f'"#/components/schemas/{name}"' in text
    for reference in set(text.split('"#/components/schemas/')[1:]):
        assert reference.partition('"')[0] in components["schemas"]


def test_the_guide_names_every_route_format_and_header_and_no_code_that_is_none() -> None:
    guide = (ROOT / "docs" / "http.md").read_text()
    for route in TABLE:
        assert route.path in guide
        for answer in route.answers.values():
            assert all(name in guide for name in answer.headers)
    for form in formats().values():
        assert f"| `{form.name}` | `{form.media_type}` |" in guide
    known = {code.id for code in codes.CODES}
    assert set(re.findall(r"FEED-[0-9]{3}", guide)) <= known


def test_codes_are_unique_and_each_is_used() -> None:
    names = [name for name, value in vars(codes).items() if isinstance(value, Code)]
    assert {getattr(codes, name) for name in names} == set(codes.CODES)
    assert len({code.id for code in codes.CODES}) == len(codes.CODES)
    text = "".join(path.read_text() for path in (ROOT / "gateway" / "feeds").glob("*.py") if path.name != "codes.py")
    assert [name for name in names if f"codes.{name}" not in text] == []


@schemathesis.serializer(*UNKNOWN_TO_SCHEMATHESIS)
def _as_octets(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
LIVE = "/v1/stream"  # never ends by itself: tests/feeds/test_http_stream.py reads it


@schema.exclude(path=LIVE).parametrize()
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_schemathesis_finds_no_answer_that_is_not_described(case: schemathesis.Case, base_url: str) -> None:
    # A schema cannot say which octets are a record, nor that south lies below north: tests/feeds/test_http.py shows it
    box = case.query.get("bbox") if case.query else None
    upside_down = isinstance(box, list) and len(box) == 4 and box[1] > box[3]
    excluded = [positive_data_acceptance] if case.operation.method.upper() == "POST" or upside_down else []
    case.call_and_validate(base_url=base_url, excluded_checks=excluded)
