"""``gateway explain MESSAGE-ID`` on assembled gateways: where a message went, and what each hop and consumer lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from gateway.cli.dry_run import Consumer, Shown, consumers
from gateway.cli.main import app
from gateway.clock import SystemClock, utc_text
from gateway.config import Config, load
from gateway.config.national import ClientTable, Direction, FeedKind, Origins
from gateway.demo.stage import Player, free_ports
from gateway.dialect import Answer, Decoder, Encoder, Format, Peer, Request, Turn
from gateway.errors import Code, FormatError
from gateway.formats import alliance
from gateway.formats.registry import formats
from gateway.node.trust import read_policy
from gateway.policy import Desk, View
from gateway.stages import Encoded, Exercise, Frame, Header, Inbound, Message, Simulation
from gateway.track import Label, Loss, Operator, Position, RawRecord, State, Track
from tests.assembled import Assembly, assembled, of_two
from tests.labelled import PLAIN, UNKNOWN_LEVEL

NO_POINT = Code("TEST-002", "track has no position", "leave it out")
LABEL = PLAIN
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def add_feeds(player: Player, text: str) -> str:
    """The first two players; both show their own tracks too, on a feed of GeoJSON lines."""
    return (
        of_two(player, text)
        + f"""
[feed.lines]
direction = "out"
kind = "udp"
format = "geojson"
address = "127.0.0.1:{player.radar_port}"
options = {{ personal_data = true }}

[feed.tak]
direction = "both"
kind = "tcp-listen"
format = "cot"
address = "127.0.0.1:{free_ports(1)[0]}"
source = "sensors"
origins = "allies"
clients = ["hq"]
tls = true

[feed.map]
direction = "out"
kind = "http"
format = "nvg"
address = "127.0.0.1:{free_ports(1)[0]}"
tls = true
clients = ["hq"]

[client.hq]
certificate_pins = ["sha256:{"0" * 64}"]
"""
    )


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assembly]:
    with assembled(tmp_path_factory.mktemp("explain"), count=2, edit=add_feeds) as assembly:
        yield assembly
        assembly.assert_well()


def feature(name: str, geometry: str, **properties: object) -> bytes:
    now = SystemClock().now()
    times = {"time": utc_text(now), "stale_at": utc_text(now + timedelta(minutes=5)), "environment": "AIR"}
    body = json.dumps(times | properties)
    return f'{{"type":"Feature","id":"{name}","geometry":{geometry},"properties":{body}}}'.encode()


def post(gateways: Assembly, *features: bytes) -> str:
    """Post features at the first node; the id of the one message that they went out in, which has been delivered."""
    answer = gateways.national(0).post("/v1/messages/geojson", b"\n".join(features), "application/geo+json-seq")
    assert answer.status == 202, answer.body
    (message_id,) = answer.json()["message_ids"]

    async def is_answered() -> bool:
        (stored,) = await gateways.nodes[0].store.find_messages(message_id)
        return len(stored.receipts) == 1

    gateways.until_async(is_answered)
    return str(message_id)


def explain(gateways: Assembly, index: int, message_id: str, *options: str) -> Result:
    config = gateways.players[index].config_path
    return CliRunner().invoke(app, ["explain", message_id, "--config", str(config), *options], catch_exceptions=False)


def explained(gateways: Assembly, index: int, message_id: str) -> dict[str, Any]:
    result = explain(gateways, index, message_id, "--json")
    assert result.exit_code == 0, result.stderr
    (message,) = json.loads(result.stdout)
    assert isinstance(message, dict)
    return message


def losses(hop: dict[str, Any]) -> set[tuple[str, str]]:
    return {(loss["field"], loss["reason"]) for loss in hop["losses"]}


DRONE = {
    "platform": "UAV",
    "detection_confidence_pct": 80.0,
    "height_takeoff_m": 60.5,
    "operator": {"identifier": "NLDr8pilot", "position": {"latitude_deg": 52.37011, "longitude_deg": 4.70891}},
}


@pytest.fixture(scope="module")
def drone(gateways: Assembly) -> str:
    return post(gateways, feature("uas-7", '{"type":"Point","coordinates":[4.75,52.5,120.0]}', **DRONE))


def test_a_sent_message_says_where_it_went_and_which_rule_let_it_go(gateways: Assembly, drone: str) -> None:
    message = explained(gateways, 0, drone)
    (stored,) = gateways.do(gateways.nodes[0].store.find_messages(drone))
    assert (message["direction"], message["origin"], message["recipients"]) == ("sent", "nld-1", ["deu-1"])
    assert (message["label"]["policy"], message["label"]["classification"]) == ("PUBLIC", "UNMARKED")
    assert (message["exercise"], message["simulation"]) == ("EXERCISE", "SIMULATED")
    assert (message["sha256"], message["leaf_index"]) == (stored.sha256, stored.leaf_index)
    assert message["key"] == gateways.nodes[0].rooms.signer.record.thumbprint
    assert message["rule"] == "release.everything"
    (partner,) = message["partners"]
    (receipt,) = stored.receipts
    assert (partner["name"], partner["state"], partner["their_leaf_index"]) == (
        "deu-1",
        "delivered",
        receipt.leaf_index,
    )
    assert partner["leaf_index"] > stored.leaf_index


def test_each_hop_and_each_consumer_lists_what_it_lost(gateways: Assembly, drone: str) -> None:
    for index, direction in enumerate(("sent", "received")):
        message = explained(gateways, index, drone)
        assert message["direction"] == direction
        (track,) = message["tracks"]
        assert track["position"] == {"latitude_deg": 52.5, "longitude_deg": 4.75}
        assert track["personal_data"] is False, "it was taken out before the message was signed"
        (hop,) = track["hops"]
        assert (hop["gateway"], hop["input_format"]) == ("nld-1", "GEOJSON")
        assert losses(hop) >= {("operator", "WITHHELD"), ("raw", "WITHHELD")}
    feeds = {feed["feed"]: feed for feed in track["feeds"]}
    assert {name: feed["format"] for name, feed in feeds.items()} == {
        "display": "cot",
        "sector": "asterix",
        "lines": "geojson",
        "tak": "cot",
        "map": "nvg",
        "http": "geojson",
    }
    assert feeds["tak"]["client"] == feeds["map"]["client"] == "hq"
    undeclared = {("identity.value", "NO_CODE")}  # TAK displays are told of an unknown where nobody declared anything
    assert losses(feeds["tak"]) == losses(feeds["display"]) | undeclared, "in conversation as on a feed"
    assert all(feed["shown"] for feed in feeds.values())
    assert ("state.height_takeoff_m", "NO_TARGET") in losses(feeds["sector"])
    assert ("detection_confidence_pct", "NO_TARGET") in losses(feeds["sector"])
    assert ("status.exercise", "NO_TARGET") in losses(feeds["sector"]), "marked in the header of the message"
    assert losses(feeds["lines"]) == losses(feeds["http"]) == set()


def test_the_partner_says_by_which_rule_it_let_the_message_in(gateways: Assembly, drone: str) -> None:
    message = explained(gateways, 1, drone)
    assert message["rule"] == "accept.everything"
    (partner,) = message["partners"]
    assert (partner["name"], partner["state"], partner["code"]) == ("nld-1", "accepted", "")
    assert partner["receipt_at"]


def test_feeds_of_allied_tracks_say_that_they_do_not_show_ours(gateways: Assembly, drone: str) -> None:
    (track,) = explained(gateways, 0, drone)["tracks"]
    feeds = {feed["feed"]: (feed["shown"], feed["why"]) for feed in track["feeds"]}
    assert feeds["display"] == (False, "sees the tracks of partners only")
    assert feeds["lines"] == feeds["http"] == (True, "")


def test_people_read_the_same_without_personal_data(gateways: Assembly, drone: str) -> None:
    result = explain(gateways, 0, drone)
    assert result.exit_code == 0
    for text in (
        f"message {drone}  sent",
        "release group",
        "rule       release.everything of policy ",
        "partner    deu-1: delivered",
        "names      geojson_id uas-7",
        "type       AIR, UAV; no identity declared",
        "position   52.500000 4.750000 at ",
        "hop        nld-1: GEOJSON by geojson/1.0, lost 2",
        "operator  WITHHELD",
        "feed       display: cot, shows nothing: sees the tracks of partners only",
        "feed       lines: geojson, loses nothing",
    ):
        assert text in result.stdout, result.stdout
    assert "NLDr8pilot" not in result.stdout
    assert f"next: gateway ledger prove {drone}" in result.stderr


def test_a_bearing_has_no_position_and_formats_that_need_one_say_so(gateways: Assembly) -> None:
    polar = {"sensor": "df:7", "azimuth_deg": 312.5, "azimuth_95_deg": 4.0, "north": "TRUE"}
    message_id = post(gateways, feature("bearing-1", "null", polar=polar))
    (track,) = explained(gateways, 1, message_id)["tracks"]
    assert (track["position"], track["measured"]) == (None, "bearing 312.5 deg of df:7")
    feeds = {feed["feed"]: feed for feed in track["feeds"]}
    assert feeds["http"]["shown"]
    assert not feeds["http"]["losses"]
    point = [loss for loss in feeds["display"]["losses"] if loss["reason"] == "NO_POSITION"]
    assert not feeds["display"]["shown"] or point
    assert "none: bearing 312.5 deg of df:7" in explain(gateways, 1, message_id).stdout


def test_a_message_whose_body_retention_removed_keeps_its_proofs(gateways: Assembly) -> None:
    message_id = post(gateways, feature("old-1", '{"type":"Point","coordinates":[4.75,52.5]}'))
    gateways.do(gateways.nodes[0].store.prune(SystemClock().now() + timedelta(days=1)))
    message = explained(gateways, 0, message_id)
    assert (message["body"], message["tracks"], message["label"]) == ("removed", [], None)
    assert message["partners"][0]["state"] == "delivered"
    assert len(message["sha256"]) == 64
    assert "body       removed by retention" in explain(gateways, 0, message_id).stdout


def test_a_message_that_we_refused_was_shown_to_nobody(gateways: Assembly) -> None:
    sender, receiver = gateways.nodes
    header = Header(
        message_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        created_at=SystemClock().now(),
        sender="nld-1",
        recipients=("deu-1",),
        nonce="0" * 32,
        exercise=Exercise.EXERCISE,
        simulation=Simulation.SIMULATED,
        label=UNKNOWN_LEVEL,
    )
    track = Track(track_id="6ba7b810-9dad-41d1-80b4-00c04fd430c8", state=State(time=NOW, position=Position(52.0, 4.0)))
    sealed = sender.rooms.signer.seal(alliance.draft(Message(header=header, tracks=(track,))))
    pushed = Inbound(octets=sealed.octets, partner="nld-1", received_at=SystemClock().now())
    assert not gateways.do(receiver.take_inbound(pushed)).accepted
    message = explained(gateways, 1, header.message_id)
    (partner,) = message["partners"]
    assert (message["direction"], partner["state"], partner["code"]) == ("received", "refused", "POL-031")
    assert not [feed for shown in message["tracks"] for feed in shown["feeds"]]
    assert "partner    nld-1: refused, POL-031" in explain(gateways, 1, header.message_id).stdout


def test_an_unknown_message_is_a_finding_and_an_unknown_code_a_wrong_usage(gateways: Assembly) -> None:
    unknown = explain(gateways, 0, "01890a5d-ac96-474b-bcce-b302099a8057")
    assert (unknown.exit_code, "CLI-009" in unknown.stderr) == (1, True)
    assert explain(gateways, 0, "01890A5D-AC96-474B-BCCE-B302099A8057").exit_code == 2
    assert explain(gateways, 0, "AST-003").exit_code == 0
    config = CliRunner().invoke(app, ["explain", "01890a5d-ac96-474b-bcce-b302099a8057", "--config", "nowhere.toml"])
    assert config.exit_code == 3


# ------------------------------------------------------------------------------------------- dialects that talk back


class Notes:
    """A dialect for these tests: as an encoder, a conversation that waits for a greeting, and a document."""

    def __init__(self, *, node: str = "", limits: object = None, greeted: bool = True) -> None:
        self.title = "notes"
        self.offers_tracks = True
        self.wants_tracks = greeted
        self.asked: list[Request] = []

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        return Encoded(losses=_lost("encoder", tracks), problems=_refused(tracks))

    def answer(self, request: Request, tracks: Sequence[Track], now: datetime) -> Answer:
        assert (request.method, request.client) == ("GET", "hq")
        return Answer(octets=b"", media_type="text/plain", losses=_lost("document", tracks), problems=_refused(tracks))

    def converse(self, peer: Peer) -> Notes:
        assert peer.name == "hq"
        return self

    def opened(self, now: datetime) -> Turn:
        return Turn()

    def received(self, frame: Frame) -> Turn:
        raise AssertionError("nobody speaks in a dry run")

    def offered(self, tracks: Sequence[Track], now: datetime) -> Turn:
        return Turn(losses=_lost("conversation", tracks), problems=_refused(tracks))

    def tick(self, now: datetime) -> Turn:
        raise AssertionError("no time passes in a dry run")

    def closed(self, now: datetime) -> Turn:
        return Turn()


def _lost(name: str, tracks: Sequence[Track]) -> tuple[tuple[str, Loss], ...]:
    return tuple((one.track_id or "", Loss(name, "NO_TARGET")) for one in tracks)


def _refused(tracks: Sequence[Track]) -> tuple[FormatError, ...]:
    return tuple(FormatError(NO_POINT) for one in tracks if one.state is None or one.state.position is None)


def _encoder(**_: object) -> Encoder:
    return Notes()


def _decoder(**_: object) -> Decoder:
    raise AssertionError("nothing comes in")


NOTES = Format(
    name="notes", title="Notes", media_type="text/plain", decoder=_decoder, encoder=_encoder, endpoint=Notes,
    service=Notes,
)  # fmt: skip
PILOT = Operator(identifier="NLDr8pilot")
TRACK = Track(
    track_id="a", operator=PILOT, raw=RawRecord("X", b"x"), state=State(time=NOW, position=Position(52.0, 4.0))
)


def desk_of(config: Config) -> Desk:
    return Desk(read_policy(config), SystemClock())


def served(config: Config, *, personal_data: bool = False, **feed: object) -> list[Consumer]:
    """The consumers of the first player's configuration with nothing but one feed of notes."""
    clients = {"hq": ClientTable(personal_data=personal_data), "other": ClientTable(origins=Origins.OWN)}
    given = {"format": "notes", "clients": ("hq",), "direction": Direction.BOTH}
    table = config.feed["display"].model_copy(update=given | feed)
    changed = config.model_copy(update={"feed": {"notes": table}, "client": clients})
    return list(consumers(changed, formats() | {"notes": NOTES}, desk_of(config)))


@pytest.fixture(scope="module")
def config(gateways: Assembly) -> Config:
    return load(gateways.players[0].config_path).config


def shown(consumer: Consumer, track: Track = TRACK, *, is_own: bool = False, label: Label = LABEL) -> Shown:
    return consumer.try_on(track, is_own=is_own, label=label, now=NOW)


def fields(found: Shown) -> list[str]:
    return [loss.field for loss in found.losses]


def test_a_conversation_is_tried_as_it_would_offer(config: Config) -> None:
    notes, picture = served(config)
    assert fields(shown(notes)) == ["operator", "raw", "conversation"]
    assert fields(shown(picture)) == ["operator", "raw"]
    quiet, _ = served(config, options={"greeted": False})
    assert fields(shown(quiet)) == ["operator", "raw", "encoder"], "before the peer has spoken, as the encoder would"


def test_feeds_whose_peers_are_sensors_show_nothing(config: Config) -> None:
    table = config.feed["display"].model_copy(
        update={"format": "sapient", "direction": Direction.BOTH, "source": "sensors"}
    )
    for options, is_shown in (({}, False), ({"role": "edge-node"}, True)):
        wall, _ = consumers(
            config.model_copy(update={"feed": {"wall": table.model_copy(update={"options": options})}}),
            formats(),
            desk_of(config),
        )
        found = shown(wall, replace(TRACK, track_id="00000000-0000-4000-8000-000000000001"))
        assert (found.shown, found.why) == (is_shown, "" if is_shown else _SENSORS)


_SENSORS = "its peers are sensors, which are shown nothing"


def test_a_document_that_is_asked_for_by_a_question_is_tried_by_it(config: Config) -> None:
    table = config.feed["display"].model_copy(update={"format": "nffi", "kind": FeedKind.HTTP, "clients": ("hq",)})
    update = {"feed": {"sip3": table}, "client": {"hq": ClientTable()}}
    sip3, _ = consumers(config.model_copy(update=update), formats(), desk_of(config))
    assert shown(sip3).shown


def test_a_document_is_tried_as_it_would_answer_its_client(config: Config) -> None:
    notes, _ = served(config, kind=FeedKind.HTTP, direction=Direction.OUT, personal_data=True)
    assert fields(shown(notes)) == ["document"], "this client may see personal data"


def test_a_client_sees_the_origins_and_labels_that_it_is_cleared_for(config: Config) -> None:
    notes, _ = served(config)
    assert shown(notes, label=UNKNOWN_LEVEL).why == ("is not cleared for the label")
    assert shown(notes, is_own=True).why == "sees the tracks of partners only"  # as the feed says
    _, other, _ = served(config, clients=("hq", "other"), kind=FeedKind.HTTP, direction=Direction.OUT)
    assert shown(other).why == "sees the tracks of this node only"


def test_what_a_format_cannot_express_and_options_that_it_refuses_are_said(config: Config) -> None:
    notes, _ = served(config)
    assert shown(notes, Track(track_id="b")).why == "TEST-002 track has no position"
    wrong, _ = served(config, options={"colour": "red"})
    assert shown(wrong).why.startswith('NODE-004 there is no option "colour"')
    nothing = Consumer(feed="x", form=NOTES, view=View(), make=lambda: lambda _track, _now: ((), ()))
    assert shown(nothing) == Shown(
        feed="x", format="notes", shown=True, losses=(Loss("operator", "WITHHELD"), Loss("raw", "WITHHELD"))
    )
