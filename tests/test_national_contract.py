"""The national interface of an assembled node keeps its own OpenAPI document: schemathesis against the real intake."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gateway import version
from gateway.clock import SystemClock
from gateway.demo.stage import Player
from gateway.feeds.http_routes import routes
from gateway.feeds.openapi import document
from gateway.formats.registry import find, formats
from gateway.limits import Limits
from tests.assembled import Assembly, aircraft, assembled, of_two

pytestmark = pytest.mark.filterwarnings(  # another thread draws: a link that waits, its jitter
    "ignore:Do not use the .random. module:hypothesis.errors.HypothesisDeprecationWarning"
)

DOCUMENT = document(routes(formats(), Limits()), formats(), version=version())
UNKNOWN_TO_SCHEMATHESIS = (
    "application/geo+json-seq",
    "application/json-seq",
    "application/jsonl",
    "application/x-asterix",
    "application/x-ndjson",
    "application/x-remoteid",
    "application/x-sapient",
)
LIVE = "/v1/stream"  # never ends by itself: tests/feeds/test_http_stream.py reads it


def any_source(player: Player, text: str) -> str:
    """The source may speak all four formats."""
    return of_two(player, text).replace('formats = ["asterix", "cot", "geojson"]', f"formats = {sorted(formats())}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with assembled(tmp_path_factory.mktemp("contract"), count=2, edit=any_source) as assembly:
        yield assembly
        assembly.assert_well()


class Caller(NamedTuple):
    """How the configured source calls: options of `requests`."""

    base_url: str
    verify: str
    cert: tuple[str, str]


@pytest.fixture(scope="module")
def caller(gateway: Assembly) -> Caller:
    player = gateway.players[0]
    certs = player.directory / "certs"
    identity = str(certs / "sensors.client.pem"), str(certs / "sensors.client.key")
    return Caller(f"https://127.0.0.1:{player.http_port}", str(certs / "ca.pem"), identity)


def test_the_node_serves_the_document_that_is_tested_here(gateway: Assembly) -> None:
    answer = gateway.national(0).call("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.json() == json.loads(json.dumps(DOCUMENT))


def test_nobody_without_a_certificate_is_served(caller: Caller) -> None:
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(f"{caller.base_url}/v1/tracks", verify=caller.verify, timeout=60)


def upside_down(query: Mapping[str, Any]) -> bool:
    """Whether a box has its south above its north, as a list or as it stands in the URL."""
    box = query.get("bbox")
    sides = box.split(",") if isinstance(box, str) else box
    try:
        return isinstance(sides, list) and len(sides) == 4 and float(sides[1]) > float(sides[3])
    except (TypeError, ValueError):  # no numbers: another rule refuses it
        return False


@schemathesis.serializer(*UNKNOWN_TO_SCHEMATHESIS)
def _as_octets(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


@schema.exclude(path=LIVE).parametrize()
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_no_answer_of_a_whole_node_is_undescribed(case: schemathesis.Case, caller: Caller) -> None:
    # A schema cannot say which octets are a record, nor that south lies below north: tests/feeds/test_http.py shows it
    inexpressible = case.operation.method.upper() == "POST" or upside_down(case.query or {})
    excluded = [positive_data_acceptance] if inexpressible else []
    case.call_and_validate(excluded_checks=excluded, **caller._asdict())


@pytest.mark.parametrize("name", sorted(set(formats()) - {"alliance"}))
def test_a_good_record_is_taken_after_all_that(gateway: Assembly, name: str) -> None:
    encoder = find(name).encoder(**({"category": 62, "sac": 70, "sic": 16} if name == "asterix" else {}))
    (octets,) = encoder.encode([aircraft(7)], SystemClock().now()).frames
    answer = gateway.national(0).post(f"/v1/messages/{name}", octets, find(name).media_type)
    assert answer.status == 202, answer.body
    assert answer.json()["accepted"] == 1
