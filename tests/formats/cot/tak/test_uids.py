"""A uid is all that a TAK display knows a thing by: who may speak for it, and what comes back from where it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from gateway.dialect import Conversation, Peer, Turn
from gateway.formats.cot import CotDecoder, CotEndpoint
from gateway.formats.cot.tak import uids
from gateway.formats.cot.tak.uids import SELF_HOLDS
from gateway.formats.cot.values import time_text
from gateway.stages import Frame
from gateway.track import Identifier, Position, Provenance, Source, State, Status, Track
from tests.formats.cot.generators import NOW, event, frame
from tests.formats.cot.tak.test_endpoint import request, track

ITSELF = '<contact callsign="HOPE" endpoint="*:-1:stcp"/>'


def clients(*names: str, role: str = "server") -> list[Conversation]:
    endpoint = CotEndpoint(node="nld-1", role=role)
    return [endpoint.converse(Peer(name=name, address="192.0.2.1:40000")) for name in names]


def deletion(uid: str) -> bytes:
    return event(f'<link uid="{uid}" relation="none" type="none"/><__forcedelete/>', type="t-x-d-d", uid="d-1")


def reported(talk: Conversation, octets: bytes, *, at: timedelta = timedelta()) -> Turn:
    return talk.received(replace(frame(octets), received_at=NOW + at))


def refused(turn: Turn) -> bool:
    return [one.code.id for one in turn.decoded.problems] == ["TAK-009"] and not turn.decoded.tracks


def allied(uid: str, *, number: int = 7, ended: bool = False) -> Track:
    """A track of another gateway's that was an event there."""
    return replace(
        track(number),
        identifiers=(Identifier("cot_uid", uid),),
        provenance=(Provenance(gateway="deu-1", input_format="COT", mapping_id="cot/2.0"),),
        sources=(Source(id="src-tak", name="tak"),),
        status=Status(ended=True) if ended else None,
    )


def names(octets: Sequence[bytes]) -> list[str]:
    return [CotDecoder().decode(frame(one)).tracks[0].identifiers[0].value for one in octets]


# ------------------------------------------------------------------------------------------------- who ends what


def test_nobody_deletes_what_somebody_else_reported() -> None:
    hope, faith = clients("hope", "faith")
    reported(hope, event(uid="drone-1"))
    assert refused(reported(faith, deletion("drone-1")))
    assert reported(hope, deletion("drone-1")).decoded.tracks[0].status == Status(ended=True)


def test_nobody_deletes_what_nobody_here_reported() -> None:
    (faith,) = clients("faith")
    faith.offered([allied("deu-drone"), track()], NOW)
    for uid in ("deu-drone", track().track_id or "", "never-heard-of"):
        assert refused(reported(faith, deletion(uid)))


def test_nobody_ends_another_s_track_by_a_report_that_was_never_valid() -> None:
    hope, faith = clients("hope", "faith")
    reported(hope, event(uid="drone-1"))
    assert refused(reported(faith, event(uid="drone-1", stale=time_text(NOW), start=time_text(NOW))))


def test_what_two_reported_either_may_end() -> None:
    hope, faith, charity = clients("hope", "faith", "charity")
    reported(hope, event(uid="ICAO-3C4A5B"))
    assert not refused(reported(faith, event(uid="ICAO-3C4A5B")))
    assert refused(reported(charity, deletion("ICAO-3C4A5B")))
    assert not refused(reported(faith, deletion("ICAO-3C4A5B")))


def test_a_client_is_known_again_when_it_comes_back_and_a_mesh_or_server_is_one_peer() -> None:
    endpoint = CotEndpoint(node="nld-1")
    reported(endpoint.converse(Peer(address="192.0.2.1:40000")), event(uid="m-1"))
    assert refused(reported(endpoint.converse(Peer(address="192.0.2.2:40000")), deletion("m-1")))
    assert not refused(reported(endpoint.converse(Peer(address="192.0.2.1:50000")), deletion("m-1")))
    for role in ("client", "mesh"):
        (peer,) = clients("", role=role)
        reported(peer, event(uid="m-1"))
        assert not refused(reported(peer, deletion("m-1")))


def test_a_refused_deletion_goes_to_nobody_and_in_protobuf_neither() -> None:
    hope, faith = clients("hope", "faith")
    reported(faith, request())
    (octets,) = hope.offered([allied("deu-drone")], NOW).octets
    assert names([octets]) == ["deu-drone"]
    assert refused(reported(faith, deletion("deu-drone")))


# -------------------------------------------------------------------------------------------------- who is who


def test_nobody_reports_himself_as_another() -> None:
    hope, faith = clients("hope", "faith")
    reported(hope, event(ITSELF, uid="HOPE"))
    assert refused(reported(faith, event(ITSELF, uid="HOPE")))
    assert refused(reported(faith, event(uid="HOPE")))
    assert not refused(reported(hope, event(ITSELF, uid="HOPE")))


def test_who_is_silent_for_long_no_longer_holds_his_uid() -> None:
    hope, faith = clients("hope", "faith")
    ever = time_text(NOW + timedelta(days=365))
    reported(hope, event(ITSELF, uid="HOPE", stale=ever))
    assert refused(reported(faith, event(ITSELF, uid="HOPE"), at=SELF_HOLDS))
    assert not refused(reported(faith, event(ITSELF, uid="HOPE"), at=SELF_HOLDS + timedelta(seconds=1)))


# --------------------------------------------------------------------------------------- one uid for one thing, outside


def test_two_tracks_of_different_origin_never_leave_under_one_uid() -> None:
    (talk,) = clients("hope")
    spoof = moved(replace(allied("deu-drone", number=8), provenance=(), sources=()), 3)
    turn = talk.offered([allied("deu-drone"), spoof], NOW)
    assert names(turn.octets) == ["deu-drone", spoof.track_id]
    assert ("identifiers.cot_uid", "NO_TARGET") in [(loss.field, loss.reason) for _, loss in turn.losses]
    ended = talk.offered([replace(spoof, state=replace(spoof.state, position=None), status=Status(ended=True))], NOW)  # type: ignore[type-var]  # it has a state
    assert names(ended.octets) == [spoof.track_id]  # the deletion names the spoof, not the allied track
    assert names(talk.offered([replace(allied("deu-drone"), remarks="on")], NOW).octets) == ["deu-drone"]


def moved(one: Track, minutes: int) -> Track:
    assert one.state is not None
    place = Position(latitude_deg=50.0 + minutes / 10, longitude_deg=14.25)
    return replace(one, state=replace(one.state, time=NOW + timedelta(minutes=minutes), position=place))


@pytest.mark.parametrize("first", [0, 1])
def test_the_same_report_by_two_ways_leaves_once_whichever_comes_first(first: int) -> None:
    (talk,) = clients("hope")
    ours = replace(allied("phone-1", number=8), provenance=(), sources=())
    pair = [ours, allied("phone-1")]
    for minute in range(5):
        now = NOW + timedelta(minutes=minute)
        one, other = moved(pair[first], minute), moved(pair[1 - first], minute)
        assert names(talk.offered([one, other], now).octets) == ["phone-1"]


def test_a_report_that_comes_late_moves_nothing_back_but_one_from_the_future_does_not_hold_its_track() -> None:
    (talk,) = clients("hope")
    ours = allied("drone-1")
    now = NOW + timedelta(minutes=3)
    turn = talk.offered([moved(ours, 2), moved(ours, 1), moved(ours, 3)], now)
    assert names(turn.octets) == ["drone-1", "drone-1"]
    talk.offered([moved(ours, 60)], now)
    assert names(talk.offered([moved(ours, 4)], now).octets) == ["drone-1"]


def test_two_ways_that_change_places_are_one_thing_again_after_one_report_each() -> None:
    (talk,) = clients("hope")
    ours = replace(allied("phone-1", number=8), provenance=(), sources=())
    talk.offered([moved(allied("phone-1"), 0)], NOW)
    assert len(talk.offered([moved(ours, 1)], NOW).octets) == 1  # it may be anything
    assert len(talk.offered([moved(allied("phone-1"), 1)], NOW).octets) == 1
    assert talk.offered([moved(ours, 2)], NOW).octets == ()


def test_who_repeated_another_for_a_while_and_then_says_otherwise_is_seen_again() -> None:
    (talk,) = clients("hope")
    ours = replace(allied("phone-1", number=8), provenance=(), sources=())
    talk.offered([moved(ours, 0), moved(allied("phone-1"), 0)], NOW)
    later = NOW + uids.SAME_HOLDS + timedelta(seconds=1)
    talk.offered([moved(ours, 2)], later - timedelta(seconds=30))
    assert names(talk.offered([moved(allied("phone-1"), 3)], later).octets) == [allied("").track_id]


def test_no_track_leaves_under_the_id_of_another() -> None:
    (talk,) = clients("hope")
    victim = track(1)
    spoof = moved(allied(victim.track_id or "", number=8), 3)
    assert names(talk.offered([spoof], NOW).octets) == [victim.track_id]  # nobody knows the other yet
    assert names(talk.offered([victim], NOW).octets) == [victim.track_id]
    assert names(talk.offered([replace(spoof, remarks="again")], NOW).octets) == [spoof.track_id]


def test_a_source_that_begins_a_track_anew_keeps_its_uid() -> None:
    (talk,) = clients("hope")
    talk.offered([allied("deu-drone", number=7)], NOW)
    assert names(talk.offered([allied("deu-drone", number=9)], NOW).octets) == ["deu-drone"]


@pytest.mark.parametrize("ended", [True, False])
def test_a_uid_is_free_again_when_its_track_has_ended_or_is_no_longer_valid(ended: bool) -> None:
    (talk,) = clients("hope")
    other = moved(replace(allied("deu-drone", number=8), provenance=()), 3)
    talk.offered([allied("deu-drone")], NOW)
    if ended:
        talk.offered([allied("deu-drone", ended=True)], NOW)
    later = NOW if ended else NOW + timedelta(seconds=61)
    assert names(talk.offered([other], later).octets) == ["deu-drone"]


def test_a_late_copy_does_not_bring_back_what_has_ended() -> None:
    (talk,) = clients("hope")
    ours = replace(allied("marker", number=8), provenance=(), sources=())
    talk.offered([ours], NOW)
    talk.offered([replace(ours, status=Status(ended=True))], NOW)
    assert talk.offered([allied("marker")], NOW).octets == ()
    assert talk.offered([moved(ours, -1)], NOW).octets == ()
    assert names(talk.offered([moved(ours, 1)], NOW).octets) == ["marker"]  # it begins anew


def test_a_track_without_a_uid_and_an_id_is_written_under_its_name() -> None:
    (talk,) = clients("hope")
    nameless = Track(
        identifiers=(Identifier("mmsi", "244123456"),),
        state=State(time=NOW, position=Position(latitude_deg=52.0, longitude_deg=4.0)),
    )
    assert names(talk.offered([nameless], NOW).octets) == ["mmsi:244123456"]


# ------------------------------------------------------------------------------------------------------ what comes back


@pytest.mark.parametrize("role", ["server", "client"])
@pytest.mark.parametrize("who", ["track", "event"])
def test_what_we_wrote_is_no_report_when_it_comes_back_and_still_goes_out_when_it_changes(role: str, who: str) -> None:
    one = track() if who == "track" else allied("deu-drone")
    (talk,) = clients("x", role=role)
    (octets,) = talk.offered([one], NOW).octets
    back = talk.received(frame(octets)).decoded
    assert (back.tracks, back.problems, back.duplicates) == ((), (), 1)
    assert len(talk.offered([replace(one, remarks="on")], NOW).octets) == 1


@pytest.mark.parametrize("role", ["client", "mesh"])
def test_a_server_or_a_mesh_does_not_get_its_own_back_over_the_next_connection_either(role: str) -> None:
    endpoint = CotEndpoint(node="nld-1", role=role)
    heard = [endpoint.converse(Peer()).received(frame(event(uid=f"t-{n}"))).decoded.tracks[0] for n in range(5_000)]
    assert endpoint.converse(Peer()).offered(heard, NOW).octets == ()


def test_a_client_that_comes_again_gets_what_it_may_have_lost() -> None:
    endpoint = CotEndpoint(node="nld-1")
    mine = endpoint.converse(Peer(name="hope")).received(frame(event(uid="mine"))).decoded.tracks[0]
    assert names(endpoint.converse(Peer(name="hope")).offered([mine], NOW).octets) == ["mine"]


def test_what_lost_our_flow_tag_on_the_way_is_known_by_its_id() -> None:
    (talk,) = clients("x", role="client")
    talk.offered([track()], NOW)
    back = talk.received(frame(event(uid=track().track_id or ""))).decoded
    assert (back.tracks, back.duplicates) == ((), 1)


def test_a_flow_tag_in_words_or_of_a_like_named_gateway_is_not_ours() -> None:
    (talk,) = clients("x")
    for detail in (
        '<_flow-tags_ nld-10="2026-11-22T08:12:00Z" xnld-1="2026-11-22T08:12:00Z"/>',
        '<remarks>&lt;_flow-tags_ nld-1="x"/></remarks>',
        '<note nld-1="x"/><_flow-tags_ deu-1="2026-11-22T08:12:00Z"/>',
    ):
        assert len(talk.received(frame(event(detail, uid="e-1"))).decoded.tracks) == 1


def test_two_gateways_on_one_mesh_tell_each_other_nothing_twice() -> None:
    """Each hears the other's events on the mesh and gets them as allied tracks too: no event goes round."""
    ours, theirs = (
        CotEndpoint(node=node, role="mesh", negotiate=False).converse(Peer(name="")) for node in ("nld-1", "deu-1")
    )
    (spoken,) = ours.offered([track()], NOW).octets
    (heard,) = theirs.received(_from(spoken, "deu-mesh")).decoded.tracks
    returned = replace(heard, track_id="00000000-0000-4000-8000-000000000099")  # deu-1's track of it, as an ally's
    assert ours.offered([returned], NOW).octets == ()
    assert theirs.offered([returned], NOW).octets == ()
    assert names(ours.offered([replace(track(), remarks="on")], NOW).octets) == [track().track_id]


def _from(octets: bytes, source: str) -> Frame:
    return replace(frame(octets), source=source)


# ------------------------------------------------------------------------------------------------------------- bounds


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uids, "MOST", 3)
    endpoint = CotEndpoint(node="nld-1")
    talk = endpoint.converse(Peer(name="hope"))
    for number in range(10):
        reported(talk, event(uid=f"u-{number}"))
        talk.offered([track(number), allied(f"a-{number}", number=100 + number)], NOW)
    tables = endpoint._uids
    assert (len(tables._reports), len(tables._claims), len(tables._minted)) == (3, 3, 3)
    assert refused(reported(talk, deletion("u-1")))
    assert not refused(reported(talk, deletion("u-9")))


def test_the_peers_of_one_uid_are_bounded() -> None:
    endpoint = CotEndpoint(node="nld-1")
    for number in range(uids.REPORTERS + 5):
        reported(endpoint.converse(Peer(name=f"c-{number}")), event(uid="u"))
    assert len(endpoint._uids._reports["u"].reporters) == uids.REPORTERS
