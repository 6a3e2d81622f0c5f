"""A multicast group of TAK devices: who can read what, and what is sent therefore."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from gateway.dialect import Peer, Turn
from gateway.formats.cot import CotDecoder, CotEndpoint
from gateway.formats.cot.tak.framing import mesh_frame
from gateway.formats.cot.tak.mesh import ANNOUNCE_EVERY, ECHOES, MeshConversation
from gateway.formats.cot.tak.messages import new_message, read_message
from gateway.formats.cot.tak.to_proto import message_of
from gateway.limits import Limits
from gateway.stages import Frame
from tests.formats.cot.generators import NOW, event
from tests.formats.cot.tak.test_endpoint import track

MINUTE = timedelta(minutes=1)


def mesh(**options: object) -> MeshConversation:
    conversation = CotEndpoint(role="mesh", node="nld-1", new_id=lambda: "1", **options).converse(Peer())  # type: ignore[arg-type]  # options by name
    assert isinstance(conversation, MeshConversation)
    return conversation


def heard(talk: MeshConversation, octets: bytes, at: datetime = NOW) -> Turn:
    return talk.received(Frame(octets=octets, feed="mesh", source="tak", peer="192.0.2.1:6969", received_at=at))


def report(uid: str = "ANDROID-1", *, stale: str = "2026-11-22T08:30:00.000Z") -> bytes:
    """A device's own report, in XML."""
    return event(f'<contact callsign="{uid}" endpoint="192.0.2.1:4242:tcp"/>', uid=uid, type="a-f-G-U-C", stale=stale)


def as_mesh(octets: bytes) -> bytes:
    return mesh_frame(message_of(octets, Limits())[0].SerializeToString())


def announcement(uid: str = "ANDROID-1", lowest: int = 1, highest: int = 1) -> bytes:
    made = new_message()
    made.takControl.minProtoVersion, made.takControl.maxProtoVersion = lowest, highest
    made.takControl.contactUid = uid
    return mesh_frame(made.SerializeToString())


def is_announcement(octets: bytes) -> bool:
    if octets[:3] != b"\xbf\x01\xbf":
        return False
    made = read_message(octets[3:])
    control = made.takControl
    assert (control.minProtoVersion, control.maxProtoVersion, control.contactUid) == (1, 1, "nld-1-1")
    return not made.HasField("cotEvent")


def sends_xml(talk: MeshConversation, at: datetime = NOW) -> bool:
    (octets,) = talk.offered([track(latitude=at.minute)], at).octets
    return octets.startswith(b"<?xml")


def test_versions_are_announced_at_once_and_then_at_least_once_a_minute() -> None:
    talk = mesh()
    assert [is_announcement(octets) for octets in talk.opened(NOW).octets] == [True]
    times = [0]
    for second in range(1, 600):
        turn = talk.tick(NOW + timedelta(seconds=second))
        if turn.octets:
            assert all(map(is_announcement, turn.octets))
            times.append(second)
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps == {ANNOUNCE_EVERY.seconds}
    assert max(gaps) <= 60


def test_before_anybody_is_heard_xml_is_sent() -> None:
    assert sends_xml(mesh())


def test_protobuf_is_sent_once_every_contact_has_announced_it_and_the_change_is_announced() -> None:
    talk = mesh()
    assert heard(talk, report("A")).octets == ()
    assert sends_xml(talk)
    changed = heard(talk, announcement("A"))
    assert [is_announcement(octets) for octets in changed.octets] == [True]
    assert not sends_xml(talk)
    assert talk.offered([track(2)], NOW).octets[0].startswith(b"\xbf\x01\xbf")
    assert heard(talk, announcement("A")).octets == ()


def test_one_device_that_reads_xml_only_makes_all_of_it_xml() -> None:
    talk = mesh()
    heard(talk, announcement("A"))
    assert not sends_xml(talk)
    changed = heard(talk, report("OLD"))
    assert [is_announcement(octets) for octets in changed.octets] == [True]
    assert sends_xml(talk)


@pytest.mark.parametrize(("lowest", "highest", "xml"), [(1, 1, False), (1, 3, False), (2, 3, True), (0, 0, False)])
def test_a_contact_s_range_of_versions_counts(lowest: int, highest: int, xml: bool) -> None:
    talk = mesh()
    heard(talk, announcement("A", lowest, highest))  # 0 is absent, and that is 1
    assert sends_xml(talk) is xml


def test_a_report_in_protobuf_shows_that_its_sender_reads_it() -> None:
    talk = mesh()
    heard(talk, as_mesh(report("A")))
    assert not sends_xml(talk)


def test_a_control_beside_an_event_is_its_sender_s() -> None:
    made, _ = message_of(report("A"), Limits())
    made.takControl.minProtoVersion = made.takControl.maxProtoVersion = 2
    talk = mesh()
    assert heard(talk, mesh_frame(made.SerializeToString())).decoded.tracks
    assert sends_xml(talk)
    assert talk.title == "1 contact"


def test_after_two_minutes_without_an_announcement_the_last_message_s_version_counts() -> None:
    talk = mesh()
    heard(talk, announcement("A"))
    later = NOW + 3 * MINUTE
    heard(talk, report("A"), later - timedelta(seconds=1))
    assert sends_xml(talk, later)
    heard(talk, as_mesh(report("A")), later)
    assert not sends_xml(talk, later)


def test_a_contact_unheard_for_two_minutes_is_taken_to_read_xml_only() -> None:
    talk = mesh()
    heard(talk, as_mesh(report("A")))
    heard(talk, announcement("A"))
    assert talk.tick(NOW + 2 * MINUTE).octets  # the regular announcement
    assert not sends_xml(talk, NOW + 2 * MINUTE)
    changed = talk.tick(NOW + 2 * MINUTE + timedelta(seconds=1))
    assert [is_announcement(octets) for octets in changed.octets] == [True]
    assert sends_xml(talk, NOW + 2 * MINUTE)


def test_a_contact_whose_report_is_stale_is_forgotten_and_no_longer_holds_others_back() -> None:
    talk = mesh()
    heard(talk, report("OLD", stale="2026-11-22T08:13:00.000Z"))
    now = NOW + 3 * MINUTE
    heard(talk, announcement("A"), now)
    assert talk.title == "1 contact"
    assert not sends_xml(talk, now)


def test_a_contact_that_claims_to_be_valid_for_ever_is_forgotten_after_ten_minutes() -> None:
    talk = mesh()
    heard(talk, report("OLD", stale="2099-01-01T00:00:00Z"))
    talk.tick(NOW + 9 * MINUTE)
    assert talk.title == "1 contact"
    talk.tick(NOW + 11 * MINUTE)
    assert talk.title == ""


def test_markers_and_what_cannot_be_read_are_no_contacts() -> None:
    talk = mesh()
    heard(talk, event(uid="marker"))
    heard(talk, as_mesh(event(uid="marker")))
    heard(talk, b"\xbf\x02\xbf\x00")
    assert heard(talk, b"\xbf\x01\xbf\x0a\x05").decoded.problems[0].code.id == "TAK-001"
    assert talk.title == ""


def test_tracks_of_the_group_are_taken_and_do_not_go_back_to_it() -> None:
    talk = mesh()
    mine = heard(talk, report("A")).decoded.tracks[0]
    heard(talk, as_mesh(event(uid="B")))
    theirs = CotDecoder().decode(Frame(octets=event(uid="B"), feed="", source="", peer="", received_at=NOW)).tracks[0]
    own = replace(mine, track_id="00000000-0000-4000-8000-000000000009")
    assert len(talk.offered([own, theirs, track()], NOW).octets) == 1


def test_what_we_said_ourselves_is_no_news_when_the_group_gives_it_back() -> None:
    talk = mesh()
    (said,) = talk.opened(NOW).octets
    (sent,) = talk.offered([track()], NOW).octets
    for echo in (said, sent):
        turn = heard(talk, echo)
        assert (turn.decoded.tracks, turn.decoded.silent) == ((), 1)
    assert talk.title == ""


def test_what_is_remembered_is_bounded() -> None:
    talk = mesh(limits=Limits(peers_remembered=3))
    for number in range(10):
        heard(talk, announcement(f"A-{number}"))
    assert talk.title == "3 contacts"
    for number in range(ECHOES + 10):
        talk._remember(number.to_bytes(4, "big"))
    assert len(talk._echoes) == ECHOES


def test_without_negotiation_everything_is_xml_and_nothing_is_announced() -> None:
    talk = mesh(negotiate=False)
    assert talk.opened(NOW).octets == ()
    heard(talk, announcement("A"))
    assert sends_xml(talk)
    assert talk.tick(NOW + 5 * MINUTE).octets == ()
