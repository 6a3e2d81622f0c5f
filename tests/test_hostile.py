"""Rubbish at every door of running gateways: each refusal has its code and stands in quarantine, and good tracks cross.

The doors are the real ones: UDP and TCP feeds and HTTP over mutual TLS of one node, and the partner door of the other,
with a valid partner's certificate and signing key.
"""

from __future__ import annotations

import gzip
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.clock import SystemClock
from gateway.demo.stage import Player, free_ports
from gateway.formats import alliance
from gateway.formats.asterix import block
from gateway.formats.registry import find
from gateway.stages import Exercise, Frame, Header, Hop, Message, Simulation
from tests.assembled import Assembly, aircraft, assembled, of_two
from tests.data import recording
from tests.formats.asterix.making import octets_048, octets_062
from tests.formats.asterix.recordings import FINAL, PCAP, datagrams, final
from tests.labelled import PLAIN, UNKNOWN_LEVEL, UNKNOWN_POLICY

pytestmark = pytest.mark.filterwarnings(  # another thread draws: a link that waits, its jitter
    "ignore:Do not use the .random. module:hypothesis.errors.HypothesisDeprecationWarning"
)

SENDER, RECEIVER = 0, 1
LINES = "lines"
MESSAGES = "/alliance/v1/messages"
ALLIANCE = "application/vnd.alliance.track+xml"
T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SITES = {"25/201": {"latitude_deg": 52.30, "longitude_deg": 6.20, "altitude_msl_m": 45.0}}
"""As the stage configures its radar."""
MANY = settings(
    max_examples=75,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_numbers = count(1)


def with_lines(player: Player, text: str) -> str:
    """A node that also takes GeoJSON lines over TCP."""
    (port,) = free_ports(1)
    feed = (
        f'direction = "in"\nkind = "tcp-listen"\nformat = "geojson"\nsource = "sensors"\naddress = "127.0.0.1:{port}"'
    )
    return f"{of_two(player, text)}\n[feed.{LINES}]\n{feed}\n"


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with assembled(tmp_path_factory.mktemp("hostile"), count=2, edit=with_lines) as assembly:
        yield assembly


@pytest.fixture(autouse=True)
def _lives_on(gateways: Assembly) -> Iterator[None]:
    """After each test: both nodes are well, nothing refused was lost on its way, a track through each door crosses."""
    yield
    gateways.assert_well()
    for node in gateways.nodes:
        assert node.quarantine.dropped == 0
        assert all(feed.counts.dropped == feed.counts.sink_errors == 0 for feed in node.feeds.values())
    good_tracks_cross(gateways)


# -------------------------------------------------------------------------------------------------------------- doors


def to_udp(gateways: Assembly, *frames: bytes) -> None:
    """Send datagrams; they have been taken when this returns."""
    counts = gateways.nodes[SENDER].feeds["radar"].counts
    before = counts.frames
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        for octets in frames:
            udp.sendto(octets, ("127.0.0.1", gateways.players[SENDER].radar_port))
    gateways.until(lambda: counts.frames >= before + len(frames))


def to_tcp(gateways: Assembly, feed: str, *pieces: bytes) -> None:
    """Send the pieces over one connection and close it; they have been taken when this returns."""
    spec: Any = gateways.nodes[SENDER].feeds[feed]
    counts = spec.counts
    before = counts.connections
    with socket.create_connection(spec.address, timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):  # a stream that cannot be followed is hung up on
            for piece in pieces:
                connection.sendall(piece)
    gateways.until(lambda: counts.connections == before + 1 and counts.connected == 0 and spec.waiting == 0)


def good_tracks_cross(gateways: Assembly) -> None:
    """A track through every door comes out of the receiving node's picture."""
    number = next(_numbers)
    door = gateways.national(SENDER)
    now = SystemClock().now()
    names = [f"{kind}{number}" for kind in ("UDP", "TCP", "LINES", "POST", "PUSH")]
    tracks = [
        msgspec.structs.replace(
            aircraft(number + 1000 * place),
            identifiers=tuple(
                msgspec.structs.replace(one, value=name) if one.scheme == "callsign" else one
                for one in aircraft(number + 1000 * place).identifiers
            ),
        )
        for place, name in enumerate(names)
    ]
    radar = find("asterix").encoder(category=62, sac=71, sic=number)
    to_udp(gateways, *radar.encode(tracks[:1], now).frames)
    to_tcp(gateways, "detector", *find("cot").encoder().encode(tracks[1:2], now).frames)
    to_tcp(gateways, LINES, *find("geojson").encoder().encode(tracks[2:3], now).frames)
    (body,) = find("geojson").encoder().encode(tracks[3:4], now).frames
    answer = door.post("/v1/messages/geojson", body, "application/geo+json")
    assert answer.status == 202, answer.body
    pushed = push(gateways, seal(gateways, draft(tracks[4])))
    assert pushed.status == 200, pushed.body
    gateways.until(lambda: set(names) <= shown(gateways, RECEIVER))


def shown(gateways: Assembly, index: int) -> set[str]:
    """Every identifier of a node's picture."""
    entries = gateways.nodes[index].rooms.picture.query(most=50_000)[0]
    return {one.value for entry in entries for one in entry.track.identifiers}


def kept(gateways: Assembly, index: int, octets: bytes) -> Any:
    """What quarantine holds of exactly these octets, once it does."""
    node = gateways.nodes[index]
    return wait_for(gateways, index, lambda record: record.octets == octets[: node.config.limits.quarantine_octets])


def wait_for(gateways: Assembly, index: int, fits: Callable[[Any], bool]) -> Any:
    """The newest record in quarantine that fits, once there is one."""
    store, found = gateways.nodes[index].store, []

    async def look() -> bool:
        found[:] = [one for one in await store.quarantined(100) if fits(one)]
        return bool(found)

    gateways.until_async(look)
    return found[0]


def sent(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="f", source="s", peer="p", received_at=SystemClock().now())


# ------------------------------------------------------------------------------------------------------ what is mutated


class Edit(NamedTuple):
    """One change of an octet string; places are taken modulo its length."""

    kind: str
    at: int
    octets: bytes

    def apply(self, data: bytes) -> bytes:
        at = self.at % (len(data) + 1)
        span = len(self.octets) or 1
        match self.kind:
            case "overwrite":
                return data[:at] + self.octets + data[at + span :]
            case "insert":
                return data[:at] + self.octets + data[at:]
            case "delete":
                return data[:at] + data[at + span :]
            case "repeat":
                return data[:at] + data[max(0, at - 4 * span) :]
            case "flip":
                return data[:at] + bytes(one ^ (1 << (self.at % 8)) for one in data[at : at + 1]) + data[at + 1 :]
            case _:
                return data[:at]


EDITS = st.builds(
    Edit,
    st.sampled_from(("overwrite", "insert", "delete", "repeat", "flip", "flip", "cut")),
    st.integers(0, 100_000),
    st.binary(min_size=1, max_size=8),
)


def mutated(originals: int) -> st.SearchStrategy[tuple[int, list[Edit]]]:
    """Which original, and what is done to it."""
    return st.tuples(st.integers(0, originals - 1), st.lists(EDITS, min_size=1, max_size=4))


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    for edit in edits:
        data = edit.apply(data)
    return data


def made_datagrams() -> list[bytes]:
    """CAT048 and CAT062 by our own encoders: one record and many, tracked and started."""
    tracks = [aircraft(number, at=T0 + timedelta(seconds=number)) for number in range(1, 13)]
    system = find("asterix").encoder(category=62, sac=70, sic=16)
    radar = find("asterix").encoder(category=48)
    seen = [
        msgspec.structs.replace(track, identifiers=(track.identifiers[0].__class__("system_track", f"25/201/{n}"),))
        for n, track in enumerate(tracks, 1)
    ]
    return [
        *system.encode(tracks[:1], T0).frames,
        *system.encode(tracks, T0).frames,
        *radar.encode(with_polar(seen[:1]), T0).frames,
        *radar.encode(with_polar(seen), T0).frames,
    ]


def with_polar(tracks: list[Any]) -> list[Any]:
    """Tracks as a radar reports them."""
    from gateway.track import Polar

    return [
        msgspec.structs.replace(
            track,
            state=msgspec.structs.replace(
                track.state,
                position=None,
                altitude_hae_m=None,
                polar=Polar(sensor="asterix:25/201", range_m=40_000.0 + 500 * n, azimuth_deg=10.0 * n, north="TRUE"),
            ),
        )
        for n, track in enumerate(tracks)
    ]


MADE = made_datagrams()


def event(uid: str = "uas-1", detail: str = "<remarks>seen</remarks>") -> bytes:
    at = "2026-03-01T12:00:00Z"
    return (
        f'<event version="2.0" uid="{uid}" type="a-u-A" how="m-g" time="{at}" start="{at}" '
        f'stale="2099-01-01T00:00:00Z"><point lat="52.1" lon="7.6" hae="120.0" ce="10.0" le="20.0"/>'
        f'<detail><contact callsign="{uid}"/>{detail}<track course="90" speed="12"/></detail></event>'
    ).encode()


def feature(uid: str = "uas-1") -> bytes:
    return (
        f'{{"type":"Feature","id":"{uid}","geometry":{{"type":"Point","coordinates":[7.625,52.125,9144.0]}},'
        f'"properties":{{"identifiers":[{{"scheme":"callsign","value":"X1"}}],"time":"2026-03-01T12:00:00Z",'
        f'"stale_at":"2099-01-01T00:00:00Z","course_deg":90.0,"ground_speed_mps":230.0}}}}\n'
    ).encode()


# ------------------------------------------------------------------------------------------------- each fault, its code

A_RECORD = octets_062({})
A_BLOCK = block(62, [A_RECORD])

DATAGRAMS = {
    "two octets": (b"\x3e\x00", "AST-003", "octet 0"),
    "a length below the header": (b"\x3e\x00\x02", "AST-001", "octet 0"),
    "truncated": (A_BLOCK[:-4], "AST-002", "octet 0"),
    "octets behind": (A_BLOCK + b"\x01", "AST-003", f"octet {len(A_BLOCK)}"),
    "unknown category": (b"\xff\x00\x04\x80", "AST-004", "octet 0"),
    "no record": (b"\x3e\x00\x03", "AST-005", "octet 0"),
    "an empty FSPEC": (block(62, [b"\x00"]), "AST-009", "octet 3"),
    "an FSPEC that goes on": (block(62, [b"\xff\xff"]), "AST-006", "octet 5"),
    "an item past the end": (block(62, [A_RECORD[:-2]]), "AST-010", "octet 10"),
    "no data source": (block(62, [octets_062({"010": None})]), "AST-013", "octet 3"),
    "wrong edition": (block(62, [octets_048({})]), "AST-007", "octet 3"),
    "the second block": (A_BLOCK + block(62, [b"\xff\xff\xff"]), "AST-006", f"octet {len(A_BLOCK) + 6}"),
}


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_wrong_datagram_has_its_code_and_its_octet(gateways: Assembly, name: str) -> None:
    octets, code, place = DATAGRAMS[name]
    refused = gateways.nodes[SENDER].counts.records_refused
    to_udp(gateways, octets)
    record = kept(gateways, SENDER, octets)
    assert (record.code, record.place, record.source, record.length) == (code, place, "sensors", len(octets))
    assert record.cause
    assert gateways.nodes[SENDER].counts.records_refused == refused + 1


EVENT = event()
EVENTS = {
    "not an event": (b"<track/>", "COT-001"),
    "no XML": (b"hello there", "XML-001"),
    "truncated": (EVENT[:-10], "XML-001"),
    "version 1.1": (EVENT.replace(b'version="2.0"', b'version="1.1"'), "COT-002"),
    "without a uid": (EVENT.replace(b'uid="uas-1" ', b""), "COT-003"),
    "no time": (EVENT.replace(b'start="2', b'start="x'), "COT-004"),
    "no type": (EVENT.replace(b"a-u-A", b"a u A"), "COT-005"),
    "nowhere": (EVENT.replace(b"52.1", b"152.1"), "COT-006"),
    "a long uid": (event("u" * 2_000), "COT-007"),
    "deep": (event(detail="<a>" * 100 + "</a>" * 100), "COT-008"),
    "many attributes": (event(detail="<a " + " ".join(f'a{n}="1"' for n in range(200)) + "/>"), "COT-008"),
    "protobuf": (b"\xbf\x02\x0a\x05", "TAK-001"),
    "oversized": (event(detail=f"<remarks>{'x' * 1_100_000}</remarks>"), "COT-012"),
    "another encoding": (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + EVENT, "XML-003"),
    "an entity": (event(detail="<remarks>&x;</remarks>"), "XML-001"),
    "another namespace": (EVENT.replace(b"<event ", b'<event xmlns="urn:x" '), "COT-001"),
}


def check_answer(answer: Any, code: str) -> None:
    """All of the body was refused, for this reason, in words."""
    assert answer.status == 422, answer.body
    document = answer.json()
    assert document["code"] == "FEED-055"
    (refused,) = document["refused"]
    assert refused["code"] == code
    assert refused["remedy"]
    assert refused["title"]


@pytest.mark.parametrize("name", EVENTS)
def test_a_wrong_event_has_its_code_over_http_and_over_tcp(gateways: Assembly, name: str) -> None:
    octets, code = EVENTS[name]
    node = gateways.nodes[SENDER]
    refused = node.counts.records_refused
    check_answer(gateways.national(SENDER).post("/v1/messages/cot", octets, "application/cot+xml"), code)
    first = kept_by_code(gateways, octets, code)
    behind = f"behind-{next(_numbers)}"
    if name == "truncated":  # what follows on the same connection may be taken for its rest
        to_tcp(gateways, "detector", octets)
        octets = b""
    to_tcp(gateways, "detector", octets, event(behind))
    gateways.until(lambda: node.counts.records_refused >= refused + 2)
    assert (first.source, first.code) == ("sensors", code)
    gateways.until(lambda: behind in shown(gateways, SENDER))  # its neighbour lives


def kept_by_code(gateways: Assembly, octets: bytes, code: str) -> Any:
    """The newest in quarantine of a code and of these octets, or of the part of them that was cut off."""
    return wait_for(gateways, SENDER, lambda record: record.code == code and octets.startswith(record.octets))


FEATURE = feature()
FEATURES = {
    "no JSON": (b"hello", "GEO-001"),
    "truncated": (FEATURE[:50], "GEO-001"),
    "not UTF-8": (b"\xff\xfe{}", "GEO-001"),
    "not a number": (FEATURE.replace(b"90.0", b"NaN"), "GEO-001"),
    "no feature": (b"[1]", "GEO-002"),
    "a polygon": (FEATURE.replace(b"Point", b"Polygon"), "GEO-003"),
    "off the earth": (FEATURE.replace(b"52.125", b"152.5"), "GEO-004"),
    "text for a number": (FEATURE.replace(b"90.0", b'"east"'), "GEO-005"),
    "a member twice": (FEATURE.replace(b'"course_deg":90.0', b'"course_deg":90.0,"course_deg":91.0'), "GEO-006"),
    "deep": (b"[" * 5_000 + b"]" * 5_000, "GEO-007"),
    "oversized": (FEATURE.replace(b"X1", b"x" * 1_100_000), "GEO-008"),
    "long": (FEATURE.replace(b"X1", b"x" * 2_000), "GEO-010"),
    "without a name": (b'{"type":"Feature","geometry":null,"properties":{}}', "GEO-011"),
    "another reference system": (FEATURE.replace(b'{"type":"F', b'{"crs":{},"type":"F', 1), "GEO-012"),
    "a control character": (FEATURE.replace(b"X1", b"a\\u0001"), "GEO-013"),
    "a lone surrogate": (FEATURE.replace(b"X1", b"a\\ud800"), "GEO-013"),
    "a time without a zone": (FEATURE.replace(b'00Z","stale', b'00","stale'), "GEO-015"),
}


@pytest.mark.parametrize("name", FEATURES)
def test_a_wrong_feature_has_its_code_over_http_and_over_tcp(gateways: Assembly, name: str) -> None:
    octets, code = FEATURES[name]
    node = gateways.nodes[SENDER]
    refused = node.counts.records_refused
    check_answer(gateways.national(SENDER).post("/v1/messages/geojson", octets, "application/geo+json"), code)
    record = kept(gateways, SENDER, octets)
    assert (record.source, record.code) == ("sensors", code)
    behind = f"behind-{next(_numbers)}"
    to_tcp(gateways, LINES, octets.rstrip(b"\n") + b"\n", feature(behind))
    gateways.until(lambda: node.counts.records_refused >= refused + 2)
    gateways.until(lambda: behind in shown(gateways, SENDER))


BODIES: dict[str, tuple[str, bytes, dict[str, str], int, str]] = {
    "wrong type": ("asterix", A_BLOCK, {"Content_Type": "text/html"}, 415, "FEED-043"),
    "compressed": ("asterix", gzip.compress(A_BLOCK), {"Content_Encoding": "gzip"}, 415, "FEED-044"),
    "oversized": ("asterix", b"y" * 4_200_000, {}, 413, "FEED-045"),
    "empty": ("asterix", b"", {}, 400, "FEED-047"),
    "white space": ("cot", b" \n ", {"Content_Type": "application/cot+xml"}, 400, "FEED-047"),
    "a key with a space": ("asterix", A_BLOCK, {"Idempotency_Key": "a b"}, 400, "FEED-052"),
    "unknown format": ("link16", A_BLOCK, {}, 404, "FEED-040"),
    "a format of others": ("alliance", A_BLOCK, {}, 403, "FEED-042"),
    "a large frame": ("asterix", b"z" * 1_100_000, {}, 422, "AST-016"),
    "truncated": ("asterix", A_BLOCK[:-1], {}, 422, "AST-002"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_body_has_its_status_and_code(gateways: Assembly, name: str) -> None:
    form, body, headers, status, code = BODIES[name]
    named = {"Content_Type": "application/octet-stream", **headers}
    answer = gateways.national(SENDER).call("POST", f"/v1/messages/{form}", body, **named)
    assert answer.status == status
    document = answer.json()
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert [one["code"] for one in document.get("refused", [document])] == [code]
    if status in (413, 415, 422):  # of what was not read to its end, the beginning
        record = wait_for(gateways, SENDER, lambda one: one.code == code and body.startswith(one.octets))
        assert record.octets
        assert record.source == "sensors"


# ----------------------------------------------------------------------------------------------------- the partner door


def draft(track: Any, **changes: Any) -> Any:
    header: dict[str, Any] = {
        "message_id": str(uuid4()),
        "created_at": SystemClock().now(),
        "sender": "nld-1",
        "recipients": ("deu-1",),
        "nonce": "00" * 16,
        "exercise": Exercise.EXERCISE,
        "simulation": Simulation.SIMULATED,
        "label": PLAIN,
        **changes,
    }
    return alliance.draft(Message(header=Header(**header), tracks=(track,)))


def seal(gateways: Assembly, made: Any, old: bytes = b"", new: bytes = b"") -> bytes:
    """The message under the partner's real signature, with one change before it was signed."""
    octets = made.octets.replace(old, new, 1) if old else made.octets
    assert not old or octets != made.octets
    sealed: bytes = gateways.nodes[SENDER].rooms.signer.seal(msgspec.structs.replace(made, octets=octets)).octets
    return sealed


def push(gateways: Assembly, octets: bytes) -> Any:
    return gateways.partner(RECEIVER, SENDER).post(MESSAGES, octets, ALLIANCE)


ALTERED = {
    "not XML": (lambda _: b"\x00\x01\x02 rubbish", "SEAL-029"),
    "JSON": (lambda _: b"{}", "SEAL-029"),
    "a DTD in front": (lambda octets: b"<!DOCTYPE x>" + octets, "SEAL-029"),
    "unsigned": (lambda octets: octets[: octets.index(b"<ds:Signature")] + b"</TrackMessage>", "SEAL-021"),
    "without its end": (lambda octets: octets[:-20], "SEAL-022"),
    "another latitude": (lambda octets: octets.replace(b"52.125", b"52.126"), "SEAL-027"),
    "another signature": (lambda octets: re.sub(rb"(<ds:SignatureValue>)(.)", swapped, octets), "SEAL-028"),
    "another certificate": (lambda octets: re.sub(rb"(<ds:X509Certificate>M)(.)", swapped, octets), "SEAL-023"),
}


def swapped(match: re.Match[bytes]) -> bytes:
    return match[1] + (b"B" if match[2] == b"A" else b"A")


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_message_says_nothing_to_the_partner_and_all_to_the_operator(gateways: Assembly, name: str) -> None:
    alter, code = ALTERED[name]
    octets = alter(seal(gateways, draft(aircraft(3001))))
    refused = gateways.nodes[RECEIVER].counts.messages_refused
    answer = push(gateways, octets)
    assert (answer.status, answer.json()["code"]) == (400, "LINK-037")
    assert "SEAL" not in answer.body.decode()
    record = kept(gateways, RECEIVER, octets)
    assert (record.code, record.source) == (code, "nld-1")
    assert record.place or record.cause
    assert gateways.nodes[RECEIVER].counts.messages_refused == refused + 1


MANY_ATTRIBUTES = b"<a " + b" ".join(b'a%03d="1"' % number for number in range(200)) + b"></a>"
SIGNED: dict[str, tuple[bytes, bytes, int, str]] = {
    "a comment": (b"<Track>", b"<!-- x --><Track>", 400, "SEAL-042"),
    "not canonical": (b"<Track>", b"<Track >", 400, "SEAL-041"),
    "not well-formed": (b"<Track>", b"<Trak>", 400, "SEAL-031"),
    "an entity": (b"<Track>", b"&x;<Track>", 400, "SEAL-031"),
    "a control character": (b"52.12500000", b"52.1\x01", 400, "SEAL-031"),
    "not UTF-8": (b"52.12500000", b"52.1\xff", 400, "SEAL-031"),
    "very deep": (b"<Track>", b"<a>" * 300 + b"</a>" * 300 + b"<Track>", 400, "SEAL-031"),
    "many attributes": (b"<Track>", MANY_ATTRIBUTES + b"<Track>", 400, "SEAL-043"),
    "off the earth": (b"<Latitude>52", b"<Latitude>152", 422, "ALM-010"),
    "an unknown element": (b"<Track>", b"<Foo></Foo><Track>", 422, "ALM-010"),
    "another edition": (b'version="1.0"', b'version="2.0"', 422, "ALM-010"),
}


@pytest.mark.parametrize("name", SIGNED)
def test_a_wrong_message_that_its_partner_signed_has_its_code(gateways: Assembly, name: str) -> None:
    old, new, status, code = SIGNED[name]
    octets = seal(gateways, draft(aircraft(3002)), old, new)
    answer = push(gateways, octets)
    assert answer.status == status
    if status == 422:  # authentic: told why, over our signature
        assert f"\noutcome REFUSED\ncode {code}\n" in answer.body.decode()
    else:
        assert answer.json()["code"] == "LINK-037"
    record = kept(gateways, RECEIVER, octets)
    assert (record.code, record.source) == (code, "nld-1")
    assert record.place or record.cause


def headers() -> dict[str, tuple[dict[str, Any], str]]:
    now = SystemClock().now()
    return {
        "for another": ({"recipients": ("eu-1",)}, "SEAL-052"),
        "from the future": ({"created_at": now + timedelta(hours=1)}, "SEAL-054"),
        "through us before": ({"hops": (Hop("deu-1", now),)}, "SEAL-055"),
        "of another policy": ({"label": UNKNOWN_POLICY}, "POL-030"),
        "too secret": ({"label": UNKNOWN_LEVEL}, "POL-031"),
    }


@pytest.mark.parametrize("name", headers())
def test_a_message_that_may_not_come_in_has_its_code(gateways: Assembly, name: str) -> None:
    changes, code = headers()[name]
    octets = seal(gateways, draft(aircraft(3003), **changes))
    answer = push(gateways, octets)
    assert answer.status == 422
    assert f"\noutcome REFUSED\ncode {code}\n" in answer.body.decode()
    assert kept(gateways, RECEIVER, octets).code == code


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"<x/>", {"Content_Type": "text/xml"}, 415, "LINK-032"),
        (b"<x/>", {"Content_Type": ALLIANCE, "Content_Encoding": "gzip"}, 415, "LINK-032"),
        (b"", {"Content_Type": ALLIANCE}, 411, "LINK-033"),
        (b"x" * 4_200_000, {"Content_Type": ALLIANCE}, 413, "LINK-034"),
    ],
)
def test_a_push_that_is_not_even_a_message_has_its_status_and_code(
    gateways: Assembly, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = gateways.partner(RECEIVER, SENDER).call("POST", MESSAGES, body, **headers)
    assert (answer.status, answer.json()["code"]) == (status, code)


# -------------------------------------------------------------------------------------------------------------- rubbish


def check_datagrams(gateways: Assembly, twin: Any, frames: list[bytes]) -> None:
    """Send; what a decoder of its own refuses of the same octets is counted and in quarantine, with code and place."""
    counts = gateways.nodes[SENDER].counts
    before = counts.records_refused
    to_udp(gateways, *frames)
    expected = [(octets, twin.decode(sent(octets)).problems) for octets in frames]
    total = sum(len(problems) for _, problems in expected)
    for octets, problems in expected:
        if problems:
            record = kept(gateways, SENDER, octets)
            assert record.code == problems[0].code.id
            assert record.place == problems[0].place
    gateways.until(lambda: counts.records_refused >= before + total)


@pytest.fixture(scope="module")
def twin() -> Any:
    """A decoder that sees what the radar's feed sees."""
    return find("asterix").decoder(node="nld-1", sites=SITES)


@MANY
@given(frames=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=6))
def test_random_octets_over_udp(gateways: Assembly, twin: Any, frames: list[bytes]) -> None:
    check_datagrams(gateways, twin, frames)


@MANY
@given(plans=st.lists(mutated(len(MADE)), min_size=1, max_size=6))
def test_mutated_datagrams_of_our_own_encoders(
    gateways: Assembly, twin: Any, plans: list[tuple[int, list[Edit]]]
) -> None:
    check_datagrams(gateways, twin, [apply(MADE[which], edits) or b"\x00" for which, edits in plans])


@MANY
@given(plans=st.lists(mutated(100), min_size=1, max_size=6))
def test_mutated_datagrams_of_recordings(gateways: Assembly, twin: Any, plans: list[tuple[int, list[Edit]]]) -> None:
    recording(PCAP), recording(FINAL)
    real = [octets for _, octets in datagrams(PCAP)[:50]] + final()[:50]
    assert len(real) == 100
    check_datagrams(gateways, twin, [apply(real[which], edits) or b"\x00" for which, edits in plans])


def pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    """The octets, cut at these places."""
    places = sorted({cut % (len(octets) + 1) for cut in cuts} | {0, len(octets)})
    return [octets[start:end] for start, end in pairwise(places) if start < end]


STREAMS = {
    "detector": b"\n".join([event("s-1"), b'<?xml version="1.0"?>' + event("s-2"), event("s-3")]),
    LINES: feature("l-1") + feature("l-2") + feature("l-3"),
}


@pytest.mark.parametrize("feed", STREAMS)
@MANY
@given(plan=st.lists(EDITS, max_size=5), cuts=st.lists(st.integers(0, 3_000), max_size=6))
def test_mutated_streams_cut_anywhere_over_tcp(
    gateways: Assembly, feed: str, plan: list[Edit], cuts: list[int]
) -> None:
    counts = gateways.nodes[SENDER].counts
    before = counts.frames
    to_tcp(gateways, feed, *pieces(apply(STREAMS[feed], plan), cuts))
    if not plan:  # whatever the cuts: three whole records
        gateways.until(lambda: counts.frames >= before + 3)


POSTED = {
    "asterix": (MADE, "application/x-asterix"),
    "cot": ([event("p-1"), STREAMS["detector"]], "application/cot+xml"),
    "geojson": ([feature("p-1"), STREAMS[LINES]], "application/x-ndjson"),
}
DECODERS_OWN = re.compile("(AST|COT|GEO|TAK|XML)-[0-9]{3}")


@pytest.mark.parametrize("form", POSTED)
@MANY
@given(plan=mutated(2), tail=st.binary(max_size=20))
def test_mutated_bodies_over_http(gateways: Assembly, form: str, plan: tuple[int, list[Edit]], tail: bytes) -> None:
    originals, media_type = POSTED[form]
    body = apply(originals[plan[0]], plan[1]) + tail
    answer = gateways.national(SENDER).post(f"/v1/messages/{form}", body, media_type)
    assert answer.status in (202, 400, 422), answer.body
    document = answer.json()
    if answer.status != 202:
        assert re.fullmatch("FEED-0(47|55)", document["code"]) or DECODERS_OWN.fullmatch(document["code"])
    first = {one["record"]: one["code"] for one in reversed(document.get("refused", ()))}  # a frame is kept once
    codes = {code for code in first.values() if DECODERS_OWN.fullmatch(code)}
    gateways.until_async(lambda: holds(gateways, codes))


async def holds(gateways: Assembly, codes: set[str]) -> bool:
    recent = await gateways.nodes[SENDER].store.quarantined(100)
    return codes <= {record.code for record in recent}


@MANY
@given(plan=st.lists(EDITS, min_size=1, max_size=4))
def test_messages_that_are_altered_after_signing(gateways: Assembly, plan: list[Edit]) -> None:
    good = seal(gateways, draft(aircraft(3004)))
    octets = apply(good, plan)
    answer = push(gateways, octets)
    if octets == good:
        assert answer.status == 200
    elif not octets:
        assert answer.status == 411
    else:
        assert (answer.status, answer.json()["code"]) == (400, "LINK-037")
        assert kept(gateways, RECEIVER, octets).code.startswith("SEAL-02")


@MANY
@given(plan=st.lists(EDITS, min_size=1, max_size=3))
def test_messages_that_are_altered_before_signing(gateways: Assembly, plan: list[Edit]) -> None:
    """A partner whose own software is broken: authentic rubbish."""
    made = draft(aircraft(3005))
    start, end = made.octets.index(b"<Header>"), made.octets.rindex(b"</TrackMessage>")
    octets = made.octets[:start] + apply(made.octets[start:end], plan) + made.octets[end:]
    signed = gateways.nodes[SENDER].rooms.signer.seal(msgspec.structs.replace(made, octets=octets)).octets
    answer = push(gateways, signed)
    assert answer.status in (200, 400, 422)
    if answer.status != 200:
        record = kept(gateways, RECEIVER, signed)
        assert re.fullmatch("(SEAL|ALM|POL|STO)-[0-9]{3}", record.code)
        assert answer.status == (400 if record.code < "SEAL-05" and record.code.startswith("SEAL") else 422)


@MANY
@given(octets=st.binary(min_size=1, max_size=300), secure=st.booleans(), partner=st.booleans())
def test_octets_that_are_no_http_at_either_door(gateways: Assembly, octets: bytes, secure: bool, partner: bool) -> None:
    player, caller = gateways.players[RECEIVER if partner else SENDER], gateways.players[SENDER]
    port = player.links_port if partner else player.http_port
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain, suppress(ssl.SSLError, ConnectionError):
        if not secure:
            plain.sendall(octets + b"\r\n\r\n")
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(4_096):
                pass
            return
        certs = caller.directory / "certs"
        context = ssl.create_default_context(cafile=str(player.directory / "certs" / "ca.pem"))
        name = "nld-1.tls" if partner else "sensors.client"
        context.load_cert_chain(certs / f"{name}.pem", certs / f"{name}.key")
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            tls.sendall(octets + b"\r\n\r\n")
            assert tls.recv(4_096)[:9] in (b"HTTP/1.1 ", b"HTTP/1.0 ", b"")


@pytest.mark.parametrize("way", ["post", "post with a key", "tcp"])
def test_a_record_that_no_message_can_carry_is_counted_and_in_quarantine(gateways: Assembly, way: str) -> None:
    octets = event(f"late-{way.replace(' ', '-')}", detail=f"<remarks>{'x' * 70_000}</remarks>")
    counts = gateways.nodes[SENDER].counts
    refused = counts.records_refused
    if way == "tcp":
        to_tcp(gateways, "detector", octets)
    else:
        named = {"Idempotency_Key": "k-late"} if way.endswith("key") else {}
        check_answer(
            gateways.national(SENDER).post("/v1/messages/cot", octets, "application/cot+xml", **named), "ALM-004"
        )
    gateways.until(lambda: counts.records_refused == refused + 1)
    assert wait_for(gateways, SENDER, lambda one: one.code == "ALM-004" and octets.startswith(one.octets))
