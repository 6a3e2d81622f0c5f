"""The messages by which a partner's tracks go onward, as they are drafted: what is inside, and what the header says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import xml
from gateway.clock import ManualClock
from gateway.drafting import Maker
from gateway.formats import alliance
from gateway.policy.acceptance import accept, origin_of
from gateway.policy.memory import Memory
from gateway.policy.onward import INPUT_FORMAT, Carried, carry, pass_on
from gateway.policy.policy import Policy
from gateway.policy.terms import Redaction, ReleaseRule
from gateway.relay import draft_passage
from gateway.stages import Exercise, Hop, Message, Opened, Retraction, Simulation
from gateway.track import RawRecord, Track
from tests.policy.relayed import DIGEST, NOW, alpha, book, header, opened, policy, track

ALL = alpha("RESTRICTED", "ALPHA", "XBB", "XCC", "XDD")
LOW = alpha("UNCLASSIFIED", "ALPHA", "XBB", "XCC", "XDD")
LATER = NOW + timedelta(seconds=3)
ONWARD = ReleaseRule(id="pass-on", release=True, onward=True)


@dataclass
class Relay:
    """What goes onward of one message at the node `bbb`."""

    policy: Policy
    carried: Carried
    messages: list[Message]
    refused: tuple[tuple[Track, object], ...]


def maker(now: datetime = LATER) -> Maker:
    """Of a node that is itself operational: what it passes on may be another's exercise."""
    return Maker(node="bbb", exercise=Exercise.OPERATIONAL, simulation=Simulation.REAL, clock=ManualClock(now))


def relay(message: Opened, *rules: ReleaseRule, told: dict[str, frozenset[str]] | None = None) -> Relay:
    by = policy(releases=rules or (ONWARD,), groups={"others": ("ccc", "ddd")})
    accepted = accept(by, message, NOW)
    carried = carry(accepted, node="bbb", origin=origin_of(message))
    onward = pass_on(by, carried, now=NOW, memory=Memory(), most_hops=8, told=told)
    found = Relay(by, carried, [], ())
    for passage in onward.passages:
        drafts, refused = draft_passage(maker(), by, carried, passage)
        found.messages += [alliance.read(xml.parse(one.octets, max_octets=1 << 23)) for one in drafts]
        found.refused += refused
    return found


def test_a_whole_message_is_the_origins_octets_under_the_origins_label() -> None:
    message = opened(header(ALL), track("1"), track("2", LOW))
    (whole,) = relay(message).messages
    told = whole.header
    assert whole.original == message.verified.inbound.octets
    assert (whole.tracks, whole.retractions) == ((), ())
    assert told.label == ALL
    assert (told.sender, told.recipients, told.release_group) == ("bbb", ("ccc", "ddd"), "others")
    assert (told.rule, told.policy) == ("release.pass-on", DIGEST)
    assert (told.exercise, told.simulation) == (message.message.header.exercise, message.message.header.simulation)
    assert told.message_id != message.message.header.message_id
    assert told.nonce != message.message.header.nonce
    assert told.hops == (Hop("bbb", LATER),)


def test_a_draft_of_a_whole_message_names_the_tracks_inside() -> None:
    gone = Retraction(track_id=track("3").track_id or "", time=NOW, reason="MISTAKE")
    message = opened(header(ALL), track("1"), track("2"), track("1"), retractions=(gone,))
    by = policy(releases=(ONWARD,), groups={"others": ("ccc",)})
    carried = carry(accept(by, message, NOW), node="bbb", origin="aaa")
    (passage,) = pass_on(by, carried, now=NOW, memory=Memory(), most_hops=8).passages
    (draft,), _ = draft_passage(maker(), by, carried, passage)
    assert draft.track_ids == tuple(track(number).track_id for number in "123")


def test_a_redacted_message_says_whose_tracks_these_are_and_by_whom_they_went() -> None:
    rule = replace(ONWARD, redaction=Redaction(position_grid_m=10_000.0))
    message = opened(header(ALL, hops=()), track("1"), track("2", LOW))
    (derived,) = relay(message, rule).messages
    assert derived.original is None
    assert derived.header.derived is not None
    assert (derived.header.derived.origin, derived.header.derived.redacted) == ("aaa", True)
    assert book().covers(derived.header.label, ALL, NOW)
    assert book().covers(ALL, derived.header.label, NOW)
    assert [one.label for one in derived.tracks] == [ALL, LOW]
    for one in derived.tracks:
        first, last = one.provenance
        assert (first.gateway, last.gateway, last.input_format) == ("aaa", "bbb", INPUT_FORMAT)
        assert last.losses
        assert not first.losses


def test_an_original_too_large_to_be_enclosed_goes_as_its_tracks() -> None:
    message = opened(header(ALL), *[track(str(number + 1)) for number in range(5)])
    heavy = replace(message.verified.inbound, octets=b"x" * 3_500_000)
    found = relay(replace(message, verified=replace(message.verified, inbound=heavy)))
    (derived,) = found.messages
    assert derived.original is None
    assert len(derived.tracks) == 5
    assert derived.header.derived is not None
    assert derived.header.derived.redacted
    assert all(one.provenance[-1].gateway == "bbb" for one in derived.tracks)


def test_tracks_too_large_for_one_message_go_in_several_with_ids_of_their_own() -> None:
    big = [track(str(number + 1), raw=RawRecord("COT", bytes([65 + number]) * 60_000)) for number in range(70)]
    message = opened(header(ALL), *big)
    heavy = replace(message.verified.inbound, octets=b"x" * 4_100_000)
    found = relay(replace(message, verified=replace(message.verified, inbound=heavy)))
    assert len(found.messages) > 1
    assert len({one.header.message_id for one in found.messages}) == len(found.messages)
    assert len({one.header.nonce for one in found.messages}) == len(found.messages)
    assert sum(len(one.tracks) for one in found.messages) == 70
    assert {one.header.derived.sha256 for one in found.messages if one.header.derived} == {found.carried.sha256}


def test_a_withdrawal_goes_under_the_label_of_the_message_that_withdraws() -> None:
    gone = Retraction(track_id=track("1").track_id or "", time=NOW, reason="MISTAKE")
    more = Retraction(track_id=track("2").track_id or "", time=NOW, reason="MISTAKE")
    told = {gone.track_id: frozenset({"ccc"})}
    (message,) = relay(opened(header(ALL), retractions=(gone, more)), told=told).messages
    assert message.retractions == (gone,)
    assert message.header.label == ALL
    assert (message.header.recipients, message.header.release_group) == (("ccc",), None)


@pytest.mark.parametrize("way", [0, 1, 3])
def test_hops_grow_by_one_and_keep_what_was(way: int) -> None:
    passed = tuple(Hop(f"n{number}", NOW) for number in range(way))
    (message,) = relay(opened(header(ALL, hops=passed), track("1"))).messages
    assert message.header.hops == (*passed, Hop("bbb", LATER))


@given(st.lists(st.sampled_from([None, ALL, LOW]), min_size=1, max_size=6))
def test_no_message_says_less_than_what_it_carries(labels: list[object]) -> None:
    tracks = [track(str(number + 1), label) for number, label in enumerate(labels)]  # type: ignore[arg-type]
    for rule in (ONWARD, replace(ONWARD, redaction=Redaction(position_grid_m=500.0))):
        found = relay(opened(header(ALL), *tracks), rule)
        for message in found.messages:
            for one in message.tracks:
                stated = one.label or message.header.label  # one that says nothing comes under the message's
                assert found.policy.book.covers(message.header.label, stated, NOW)
                given = next(track.label for track in tracks if track.track_id == one.track_id) or ALL
                assert found.policy.book.covers(stated, given, NOW)
            if message.original is not None:
                assert message.header.label == ALL
