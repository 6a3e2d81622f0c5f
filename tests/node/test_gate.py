"""Reading again what waits: of octets that are no message any more nothing is believed, and nothing else is raised."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import FormatError, GatewayError
from gateway.formats import alliance
from gateway.limits import Limits
from gateway.node.gate import read_waiting
from gateway.stages import Derivation, Hop, Message, Retraction
from tests.policy import policies as make
from tests.policy.policies import NOW
from tests.policy.test_properties import header

TRACK = replace(make.TRACK, label=None)
OTHER = replace(TRACK, track_id="00000000-0000-4000-8000-000000000002", label=make.HIGH)
ABOUT = replace(header(make.LOW, ("deu",)), rule="release.open", policy="ab" * 32)
GONE = Retraction(track_id=str(TRACK.track_id), time=NOW, reason="MISTAKE")
OWN = alliance.render(Message(header=ABOUT, tracks=(TRACK, OTHER), retractions=(GONE,)))
DERIVED = Derivation(origin="fra", message_id="00000000-0000-4000-8000-000000000003", sha256="cd" * 32, redacted=False)
PASSED = replace(ABOUT, derived=DERIVED, hops=(Hop("nld", NOW),))
INNER = replace(ABOUT, sender="fra", message_id=DERIVED.message_id, label=make.HIGH)
WHOLE = alliance.render(Message(header=PASSED, original=alliance.render(Message(header=INNER, tracks=(TRACK,)))))


def test_each_track_has_the_label_that_it_goes_under() -> None:
    waiting = read_waiting(OWN, Limits())
    assert [track.label for track in waiting.tracks] == [make.LOW, make.HIGH]
    assert (waiting.origin, waiting.is_whole, waiting.withdraws) == ("nld", False, True)


def test_an_original_is_read_and_its_tracks_came_through_here() -> None:
    waiting = read_waiting(WHOLE, Limits())
    (track,) = waiting.tracks
    assert (waiting.origin, waiting.label, track.label, waiting.is_whole) == ("fra", make.HIGH, make.HIGH, True)
    assert track.provenance[:-1] == TRACK.provenance
    assert (track.provenance[-1].gateway, track.provenance[-1].losses) == ("nld", ())
    again = replace(INNER, derived=replace(DERIVED, origin="bel", redacted=True))
    redacted = alliance.render(Message(header=PASSED, original=alliance.render(Message(header=again, tracks=(TRACK,)))))
    assert read_waiting(redacted, Limits()).origin == "bel"


def test_an_original_inside_an_original_is_nothing_that_we_send() -> None:
    inside = replace(PASSED, sender="fra", message_id=DERIVED.message_id)
    nested = alliance.render(Message(header=inside, original=OWN))
    with pytest.raises(FormatError, match="inside an original"):
        read_waiting(alliance.render(Message(header=PASSED, original=nested)), Limits())


@given(st.data(), st.sampled_from([OWN, WHOLE]))
@settings(max_examples=150, deadline=None)
def test_octets_that_were_damaged_are_refused_or_read_and_nothing_else(data: st.DataObject, octets: bytes) -> None:
    at = data.draw(st.integers(0, len(octets) - 1))
    kind = data.draw(st.sampled_from(["cut", "change", "remove", "repeat"]))
    length = data.draw(st.integers(1, 40))
    damaged = {
        "cut": octets[:at],
        "change": octets[:at] + data.draw(st.binary(min_size=1, max_size=3)) + octets[at + 1 :],
        "remove": octets[:at] + octets[at + length :],
        "repeat": octets[:at] + octets[at : at + length] + octets[at:],
    }[kind]
    with contextlib.suppress(GatewayError):
        read_waiting(damaged, Limits())
