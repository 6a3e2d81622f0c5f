"""Conversations with TAK clients and servers, from both ends, without any socket."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.dialect import Peer, Turn
from gateway.errors import FormatError
from gateway.formats.cot import FORMAT, CotDecoder, CotEncoder, CotEndpoint, Splitter
from gateway.formats.cot.tak.conversation import PATIENCE, PING_EVERY, ClientSide, ServerSide, Stage
from gateway.formats.cot.tak.framing import stream_frame
from gateway.formats.cot.tak.messages import read_message
from gateway.formats.cot.tak.shelf import GENERATION, Shelf
from gateway.limits import Limits
from gateway.policy.personal import withhold_personal
from gateway.track import Identifier, Identity, IdentityGroup, Loss, Operator, Position, Provenance, State, Track
from tests.formats.cot.generators import EVENT, NOW, event, frame
from tests.formats.cot.tak.test_lossless import payload


def server(**options: object) -> tuple[CotEndpoint, ServerSide]:
    endpoint = CotEndpoint(node="nld-1", new_id=lambda: "1", **options)  # type: ignore[arg-type]  # options by name
    conversation = endpoint.converse(Peer(name="hope"))
    assert isinstance(conversation, ServerSide)
    return endpoint, conversation


def client(**options: object) -> ClientSide:
    conversation = CotEndpoint(role="client", node="nld-1", **options).converse(Peer())  # type: ignore[arg-type]  # as above
    assert isinstance(conversation, ClientSide)
    return conversation


def track(number: int = 1, *, latitude: float = 50.5) -> Track:
    return Track(
        track_id=f"00000000-0000-4000-8000-{number:012d}",
        identifiers=(Identifier("system_track", f"25/201/{number}"),),
        identity=IdentityGroup(value=Identity.UNKNOWN),
        state=State(time=NOW, sent_at=NOW, position=Position(latitude_deg=latitude, longitude_deg=14.25)),
    )


def flown(number: int) -> Track:
    """A track with personal data."""
    operator, provenance = (
        Operator(identifier="FIN87astrdge12k8"),
        Provenance(gateway="n", input_format="COT", mapping_id="cot/2.0"),
    )
    return replace(track(number), operator=operator, provenance=(provenance,))


def kind(octets: bytes) -> str:
    if octets[:1] == b"\xbf":
        return read_message(octets[2 + (octets[1] > 127) :]).cotEvent.type
    return str(etree.fromstring(octets).get("type"))


def kinds(turn: Turn) -> list[str]:
    return [kind(octets) for octets in turn.octets]


def request(version: str = "1", uid: str = "nld-1-1", inner: str = "") -> bytes:
    inner = inner or f'<TakControl><TakRequest version="{version}"/></TakControl>'
    return event(inner, type="t-x-takp-q", uid=uid)


# ---------------------------------------------------------------------------------------------------------- negotiation


def test_a_server_offers_its_version_first_of_all_and_once() -> None:
    _, talk = server()
    (offer,) = talk.opened(NOW).octets
    root = etree.fromstring(offer)
    assert offer.startswith(b"<?xml")
    assert (root.get("type"), root.get("uid")) == ("t-x-takp-v", "nld-1-1")
    assert [one.get("version") for one in root.iterfind("detail/TakControl/TakProtocolSupport")] == ["1"]
    assert talk.tick(NOW + timedelta(hours=1)) == Turn()


def test_the_last_xml_is_the_yes_and_then_everything_is_protobuf() -> None:
    _, talk = server()
    talk.opened(NOW)
    assert talk.offered([track()], NOW).octets[0].startswith(b"<?xml")
    turn = talk.received(frame(request()))
    (answer,) = turn.octets
    assert turn.decoded.silent == 1
    root = etree.fromstring(answer)
    assert (root.get("type"), root.get("uid")) == ("t-x-takp-r", "nld-1-1")
    assert [one.get("status") for one in root.iterfind("detail/TakControl/TakResponse")] == ["true"]
    assert talk.stage is Stage.STREAM
    later = talk.offered([track(), track(2)], NOW)
    assert [octets[0] for octets in later.octets] == [0xBF, 0xBF]
    assert not later.problems
    back = CotDecoder().decode(frame(later.octets[0])).tracks[0]
    assert back.identifiers[0].value == track().track_id


def test_a_client_that_never_asks_stays_with_xml() -> None:
    _, talk = server()
    talk.opened(NOW)
    talk.received(frame(EVENT))
    for minute in range(5):
        now = NOW + timedelta(minutes=minute)
        assert talk.tick(now) == Turn()
        assert talk.offered([track(latitude=minute)], now).octets[0].startswith(b"<?xml")


def test_a_request_is_answered_however_late_it_comes() -> None:
    _, talk = server()
    talk.opened(NOW)
    talk.tick(NOW + timedelta(minutes=10))
    assert kinds(talk.received(frame(request()))) == ["t-x-takp-r"]
    assert talk.stage is Stage.STREAM


@pytest.mark.parametrize(
    "octets",
    [
        request("2"),
        request("0"),
        request("one"),
        request(inner="<TakControl/>"),
        request(inner='<TakControl><TakRequest version="1"/><TakRequest version="1"/></TakControl>'),
        request(inner="<x/>"),
    ],
)
def test_a_request_that_cannot_be_met_is_denied_and_may_be_repeated(octets: bytes) -> None:
    _, talk = server()
    talk.opened(NOW)
    (denied,) = talk.received(frame(octets)).octets
    assert b'status="false"' in denied
    assert talk.stage is Stage.XML
    assert talk.offered([track()], NOW).octets[0].startswith(b"<?xml")
    assert b'status="true"' in talk.received(frame(request())).octets[0]


def test_without_negotiation_nothing_is_offered_and_requests_are_denied() -> None:
    _, talk = server(negotiate=False)
    assert talk.opened(NOW) == Turn()
    assert b'status="false"' in talk.received(frame(request())).octets[0]
    assert talk.stage is Stage.XML


def test_a_client_that_begins_with_protobuf_is_understood_and_answered_in_xml() -> None:
    _, talk = server()
    talk.opened(NOW)
    assert talk.received(frame(stream_frame(payload(uid="eager")))).decoded.tracks
    assert talk.stage is Stage.XML


def test_what_was_on_its_way_as_xml_when_both_agreed_is_still_read() -> None:
    _, talk = server()
    talk.received(frame(request()))
    assert talk.received(frame(EVENT)).decoded.tracks
    assert talk.received(frame(request())).octets == ()  # asked twice: it is protobuf already


def test_a_client_asks_for_what_is_offered_and_is_silent_until_the_answer() -> None:
    talk = client()
    assert talk.opened(NOW) == Turn()
    assert talk.wants_tracks
    theirs = CotEndpoint(node="deu").converse(Peer())
    (offer,) = theirs.opened(NOW).octets
    asked = talk.received(frame(offer))
    assert kinds(asked) == ["t-x-takp-q"]
    assert etree.fromstring(asked.octets[0]).get("uid") == etree.fromstring(offer).get("uid")
    assert talk.stage is Stage.ASKED
    assert not talk.wants_tracks
    assert talk.offered([track()], NOW) == Turn()
    assert talk.received(frame(event(type="t-x-c-t"))).octets == ()
    assert talk.received(frame(EVENT)).decoded.tracks  # what the server says meanwhile counts
    (yes,) = theirs.received(frame(asked.octets[0])).octets
    assert talk.received(frame(yes)).octets == ()
    assert talk.wants_tracks
    (sent,) = talk.offered([track()], NOW).octets
    assert sent[0] == 0xBF
    assert theirs.received(frame(sent)).decoded.tracks


def test_a_client_that_is_denied_goes_on_in_xml_and_does_not_ask_again() -> None:
    talk = client()
    talk.opened(NOW)
    talk.received(frame(offer_of("1")))
    denial = event('<TakControl><TakResponse status="false"/></TakControl>', type="t-x-takp-r")
    talk.received(frame(denial))
    assert talk.wants_tracks
    assert talk.offered([track()], NOW).octets[0].startswith(b"<?xml")
    assert talk.received(frame(offer_of("1"))).octets == ()


def offer_of(*versions: str) -> bytes:
    inner = "".join(f'<TakProtocolSupport version="{one}"/>' for one in versions)
    return event(f"<TakControl>{inner}</TakControl>", type="t-x-takp-v")


def test_a_client_chooses_our_version_among_others_or_none() -> None:
    talk = client()
    assert talk.received(frame(offer_of("2", "3"))).octets == ()
    assert kinds(talk.received(frame(offer_of("2", "1")))) == ["t-x-takp-q"]
    assert client(negotiate=False).received(frame(offer_of("1"))).octets == ()


def test_a_server_that_does_not_answer_for_more_than_a_minute_is_left() -> None:
    talk = client()
    talk.opened(NOW)
    talk.received(frame(offer_of("1")))
    assert talk.tick(NOW + timedelta(seconds=61)).over is None
    over = talk.tick(NOW + PATIENCE + timedelta(seconds=1)).over
    assert over is not None
    assert over.code.id == "TAK-007"


def test_a_silent_client_pings_and_a_speaking_one_does_not() -> None:
    talk = client()
    talk.opened(NOW)
    assert talk.tick(NOW + timedelta(seconds=14)) == Turn()
    assert kinds(talk.tick(NOW + PING_EVERY)) == ["t-x-c-t"]
    talk.offered([track()], NOW + timedelta(seconds=29))
    assert talk.tick(NOW + timedelta(seconds=31)) == Turn()


# ----------------------------------------------------------------------------------------------------- what clients say


def test_pings_are_answered_in_the_protocol_of_the_connection() -> None:
    _, talk = server()
    turn = talk.received(frame(event(type="t-x-c-t")))
    assert kinds(turn) == ["t-x-c-t-r"]
    assert turn.octets[0].startswith(b"<?xml")
    talk.received(frame(request()))
    turn = talk.received(frame(stream_frame(payload(type="t-x-c-t"))))
    assert turn.octets[0][0] == 0xBF
    assert kinds(turn) == ["t-x-c-t-r"]
    assert turn.decoded.silent == 1


def test_a_report_before_anything_else_is_taken_and_names_the_client() -> None:
    _, talk = server()
    assert talk.title == ""
    turn = talk.received(frame(EVENT))  # even before opened(): it came in the same read as the end of the handshake
    assert turn.decoded.tracks
    assert talk.title == "HOPE"
    assert kinds(talk.opened(NOW)) == ["t-x-takp-v"]
    talk.received(frame(event('<contact callsign="Marker"/>', uid="m-1")))
    assert talk.title == "HOPE"
    talk.received(frame(EVENT.replace(b"HOPE", b"FAITH")))
    assert talk.title == "FAITH"


def test_a_client_without_a_callsign_is_named_by_its_uid() -> None:
    _, talk = server()
    talk.received(frame(event(uid="point", type="b-m-p-s-m")))
    assert talk.title == ""
    talk.received(frame(event(uid="u-9")))
    assert talk.title == "u-9"


def test_a_client_never_gets_its_own_back() -> None:
    _, talk = server()
    mine = talk.received(frame(EVENT)).decoded.tracks[0]
    back = replace(mine, track_id="00000000-0000-4000-8000-000000000009")
    assert talk.offered([back, track()], NOW).octets == talk.offered([track()], NOW).octets
    _, other = server()
    assert len(other.offered([back, track()], NOW).octets) == 2


def test_who_deletes_a_track_has_not_reported_it_by_that() -> None:
    _, talk = server()
    theirs = CotDecoder().decode(frame(event(uid="theirs"))).tracks[0]
    talk.received(frame(event('<link uid="theirs" relation="none" type="none"/>', type="t-x-d-d", uid="d-1")))
    assert len(talk.offered([theirs], NOW).octets) == 1


def test_what_is_remembered_of_a_client_is_bounded() -> None:
    _, talk = server(limits=Limits(peers_remembered=3))
    for number in range(5):
        talk.received(frame(event(uid=f"u-{number}")))
    sent = [CotDecoder().decode(frame(event(uid=f"u-{number}"))).tracks[0] for number in range(5)]
    assert len(talk.offered(sent, NOW).octets) == 2  # the two oldest are forgotten


@pytest.mark.parametrize("octets", [event(type="b-t-f"), event(type="b-f-t-r"), event(type="t-x-m-c")])
def test_chat_and_files_go_nowhere(octets: bytes) -> None:
    _, talk = server()
    turn = talk.received(frame(octets))
    assert (turn.decoded.tracks, turn.decoded.problems, turn.decoded.silent, turn.octets) == ((), (), 1, ())


@pytest.mark.parametrize("opening", [b"", b"\n", b'<?xml version="1.0"?>'])
def test_names_and_passwords_are_not_kept(opening: bytes) -> None:
    _, talk = server()
    turn = talk.received(frame(opening + b'<auth><cot username="u" password="secret"/></auth>'))
    assert (turn.decoded.problems, turn.decoded.silent) == ((), 1)


def test_a_frame_that_is_refused_ends_nothing() -> None:
    _, talk = server()
    turn = talk.received(frame(b"<event"))
    assert turn.decoded.problems[0].code.id == "XML-001"
    assert turn.over is None
    assert talk.received(frame(EVENT)).decoded.tracks
    assert talk.closed(NOW) == Turn()


# -------------------------------------------------------------------------------------------------------- what goes out


def test_a_hundred_clients_cost_one_encoding_per_protocol() -> None:
    endpoint = CotEndpoint(node="nld-1")
    talks = [endpoint.converse(Peer(name=str(number))) for number in range(100)]
    for talk in talks[::2]:
        talk.received(frame(request()))
    picture = [track(number) for number in range(10)]
    turns = [talk.offered(picture, NOW) for talk in talks]
    assert endpoint.shelf.made == 20
    assert all(octets[0] == 0xBF for octets in turns[0].octets)
    assert turns[1].octets[0] is turns[99].octets[0]
    assert turns[0].octets[3] is turns[98].octets[3]


def test_what_was_taken_out_for_many_clients_is_written_once() -> None:
    endpoint = CotEndpoint(node="nld-1")
    first, second = endpoint.converse(Peer()), endpoint.converse(Peer())
    picture = [flown(number) for number in range(10)]
    turns = [talk.offered([withhold_personal(one) for one in picture], NOW) for talk in (first, second)]
    assert turns[0].octets == turns[1].octets
    assert endpoint.shelf.made == 10
    plain = [replace(one, operator=None) for one in picture]  # not one of ours took anything out: another track
    assert len(first.offered(plain, NOW).octets) == 10
    assert endpoint.shelf.made == 20


def test_what_a_view_took_out_is_not_found_in_what_others_get() -> None:
    endpoint = CotEndpoint(personal_data=True)
    first, second = endpoint.converse(Peer()), endpoint.converse(Peer())
    whole = replace(track(), operator=Operator(identifier="FIN87astrdge12k8"))
    assert b"FIN87astrdge12k8" in first.offered([whole], NOW).octets[0]
    assert b"FIN87astrdge12k8" not in second.offered([replace(whole, operator=None)], NOW).octets[0]


def test_the_shelf_is_bounded_and_a_new_snapshot_is_written_anew() -> None:
    shelf = Shelf(CotEncoder(), Limits())
    for number in range(3 * GENERATION):
        shelf.written(track(number), "xml", NOW)
        shelf.written(withhold_personal(flown(number)), "xml", NOW)
    assert len(shelf._young["xml"]) + len(shelf._old["xml"]) <= 2 * GENERATION
    assert len(shelf._equal) + len(shelf._equal_old) <= 2 * GENERATION
    made = shelf.made
    shelf.written(track(1, latitude=1.0), "xml", NOW)
    assert shelf.made == made + 1


def test_losses_and_problems_of_what_is_offered_are_told() -> None:
    _, talk = server()
    nowhere = replace(track(2), state=State(time=NOW))
    fine = replace(track(), state=State(time=NOW + timedelta(microseconds=1), position=Position(1.0, 2.0), mach=0.5))
    turn = talk.offered([nowhere, fine], NOW)
    assert [problem.code.id for problem in turn.problems] == ["COT-020"]
    assert set(turn.losses) == {
        (nowhere.track_id, Loss("state.position", "NO_POSITION")),
        (fine.track_id, Loss("state.mach", "NO_TARGET")),
    }
    talk.received(frame(request()))
    turn = talk.offered([fine], NOW)
    assert (fine.track_id, Loss("event@start", "TRUNCATED")) in turn.losses
    assert (fine.track_id, Loss("state.mach", "NO_TARGET")) in turn.losses


def test_a_track_that_no_message_can_hold_is_a_problem_in_protobuf_alone() -> None:
    _, talk = server()
    old = replace(track(), state=State(time=NOW.replace(year=1960), position=Position(1.0, 2.0)))
    assert len(talk.offered([old], NOW).octets) == 1
    talk.received(frame(request()))
    turn = talk.offered([old], NOW)
    assert turn.octets == ()
    assert [problem.code.id for problem in turn.problems] == ["TAK-005"]


def test_a_source_s_octets_are_never_relayed_but_what_was_read_of_them() -> None:
    """A comment may say what no policy has seen."""
    _, talk = server()
    octets = event("<!-- secret --><a/>")
    (seen,) = CotDecoder().decode(frame(octets)).tracks
    (sent,) = talk.offered([seen], NOW).octets
    assert b"secret" not in sent
    assert b"<a" in sent


# ------------------------------------------------------------------------------------------------------ the whole of it


def test_a_role_that_there_is_not_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        CotEndpoint(role="peer")
    assert caught.value.code.id == "TAK-008"


def test_the_registry_entry_has_the_endpoint() -> None:
    assert FORMAT.endpoint is CotEndpoint
    assert FORMAT.endpoint(node="n", limits=Limits()).converse(Peer()).wants_tracks


def pump(source: Sequence[bytes], splitter: Splitter, rng: random.Random) -> list[bytes]:
    octets, at, found = b"".join(source), 0, []
    while at < len(octets):
        size = rng.randint(1, 300)
        found += splitter.feed(octets[at : at + size])
        at += size
    return found


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_two_gateways_understand_each_other_whatever_is_said_when(seed: int, ours: bool, theirs: bool) -> None:
    """Both ends over two octet streams, with events of both at any point of the negotiation."""
    rng = random.Random(seed)
    left = CotEndpoint(node="a", negotiate=ours).converse(Peer())
    right = CotEndpoint(node="b", role="client", negotiate=theirs).converse(Peer())
    cut_left, cut_right = Splitter(), Splitter()
    to_left: list[bytes] = []
    to_right: list[bytes] = list(left.opened(NOW).octets)
    right.opened(NOW)
    sent = {"left": 0, "right": 0}
    got = {"left": 0, "right": 0}
    for step in range(30):
        now = NOW + timedelta(seconds=step / 10)
        if rng.random() < 0.4:
            turn = left.offered([track(1000 + step)], now)
            sent["left"] += len(turn.octets)
            to_right += turn.octets
        if rng.random() < 0.4 and right.wants_tracks:
            turn = right.offered([track(2000 + step)], now)
            sent["right"] += len(turn.octets)
            to_left += turn.octets
        if rng.random() < 0.5 or step == 29:
            for one in pump(to_left, cut_left, rng):
                turn = left.received(frame(one))
                got["right"] += len(turn.decoded.tracks)
                assert not turn.decoded.problems
                to_right += turn.octets
            to_left = []
        if rng.random() < 0.5 or step == 29:
            for one in pump(to_right, cut_right, rng):
                turn = right.received(frame(one))
                got["left"] += len(turn.decoded.tracks)
                assert not turn.decoded.problems
                to_left += turn.octets
            to_right = []
    while to_left or to_right:
        said, to_left = to_left, []
        for one in pump(said, cut_left, rng):
            turn = left.received(frame(one))
            got["right"] += len(turn.decoded.tracks)
            to_right += turn.octets
        said, to_right = to_right, []
        for one in pump(said, cut_right, rng):
            turn = right.received(frame(one))
            got["left"] += len(turn.decoded.tracks)
            to_left += turn.octets
    assert got == sent
    assert isinstance(left, ServerSide)
    assert isinstance(right, ClientSide)
    assert left.stage is right.stage is (Stage.STREAM if ours and theirs else Stage.XML)


@settings(max_examples=200)
@given(st.binary(max_size=80), st.sampled_from(["server", "client", "mesh"]), st.randoms(use_true_random=False))
def test_nothing_that_a_peer_says_raises(octets: bytes, role: str, rng: random.Random) -> None:
    talk = CotEndpoint(role=role).converse(Peer())
    talk.opened(NOW)
    for whole in (EVENT, request(), offer_of("1"), event(type="t-x-c-t"), stream_frame(payload(type="t-x-c-t"))):
        spoilt = bytearray(whole)
        for _ in range(rng.randint(0, 3)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        talk.received(frame(bytes(spoilt)))
    for spoken in (octets, b"\xbf" + octets, b"<event " + octets, b"\xbf\x01\xbf" + octets):
        talk.received(frame(spoken))
    talk.tick(NOW)
    talk.offered([track()], NOW)
