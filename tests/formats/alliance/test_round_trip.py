"""What is rendered is canonical, valid and reads back as it was."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from lxml import etree

from gateway.formats.alliance import NAMESPACE, ROOT_END, draft, open_message, packaged_schema, read, render
from gateway.limits import Limits
from gateway.stages import Inbound, Message, Verified
from gateway.xml import parse
from tests.strategies import messages, relays

MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def parsed(octets: bytes) -> etree._Element:
    return parse(octets, max_octets=Limits().max_message_octets)


def verified(octets: bytes) -> Verified:
    """As `seal` would hand it over: signature gone, octets equal to the canonical form."""
    inbound = Inbound(octets=octets, partner="deu", received_at=datetime(2026, 11, 22, tzinfo=UTC))
    return Verified(inbound=inbound, signed=octets, document=parsed(octets), signer="deu", key="00")


@MANY
@given(messages() | relays())
def test_rendered_octets_are_their_own_exclusive_canonical_form(message: Message) -> None:
    octets = render(message)
    assert etree.tostring(parsed(octets), method="c14n", exclusive=True, with_comments=False) == octets
    assert octets.startswith(f'<TrackMessage xmlns="{NAMESPACE}" version="'.encode())
    assert octets.endswith(ROOT_END)


@MANY
@given(messages() | relays())
def test_reads_back_what_was_rendered(message: Message) -> None:
    octets = render(message)
    assert read(parsed(octets)) == message
    assert open_message(verified(octets)).message == message


@MANY
@given(messages(with_extensions=False))
def test_reads_a_verified_message_from_its_octets_as_from_its_tree(message: Message) -> None:
    held = verified(render(message))
    assert open_message(held).message == read(held.document) == message


@MANY
@given(messages() | relays())
def test_every_rendered_message_validates_in_libxml2(message: Message) -> None:
    packaged_schema().check(parsed(render(message)))


@given(messages())
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_draft_lists_each_track_once_in_order(message: Message) -> None:
    twice = Message(header=message.header, tracks=message.tracks * 2, retractions=message.retractions)
    made = draft(twice)
    expected = [track.track_id for track in message.tracks] + [gone.track_id for gone in message.retractions]
    assert list(made.track_ids) == list(dict.fromkeys(expected))
    assert made.octets == render(twice)
    assert made.header == message.header
