"""Which labels leave on a feed to consumers that nobody has named, and to those who have a name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.clock import ManualClock
from gateway.config import load_text
from gateway.config.policy_load import load_policy_text
from gateway.config.policy_starter import simple_policy
from gateway.node.talks import client_view, feed_view
from gateway.policy import Desk, View
from gateway.track import Label, Track
from tests.config.samples import FORMATS, MINIMAL

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLEARED = 'clearance = ["red"]\n'
BASE = MINIMAL + '[source.s]\nformats = ["cot"]\n[client.hope]\ncertificate_pins = ["sha256:' + "0" * 64 + '"]\n'
MESH = """
[feed.mesh]
direction = "both"
kind = "udp"
format = "cot"
address = "127.0.0.1:6969"
source = "s"
"""
OUT = """
[feed.mesh]
direction = "out"
kind = "udp"
format = "cot"
address = "127.0.0.1:6969"
"""
POLICY = simple_policy(
    more="""\
[[security_policy]]
use = "TLP"

[clearance.green]
policy = "TLP"
classifications = ["CLEAR", "GREEN"]

[clearance.red]
policy = "TLP"
classifications = ["RED"]
"""
).replace('[own]\nclearances = ["plain"]', '[own]\nclearances = ["plain", "green"]')
DESK = Desk(load_policy_text(POLICY, node="nld-1").policy, ManualClock(NOW))
WORDS = ("CLEAR", "GREEN", "RED")


def label(word: str) -> Label:
    made = Label(policy="TLP", classification=word)
    return DESK.policy.book.complete(made, created_at=NOW, review_at=NOW)


def seen(view: View) -> list[str]:
    """Classifications of tracks with a label of their own that it shows, whatever label their message had."""
    tracks = [Track(track_id=word, label=label(word)) for word in WORDS]
    return [track.track_id or "" for track in view.filter(tracks, is_own=True, label=label("CLEAR"))]


@pytest.mark.parametrize(
    ("feed", "shown"),
    [
        (MESH, ["CLEAR", "GREEN"]),
        (MESH + CLEARED, ["RED"]),
        (OUT, ["CLEAR", "GREEN", "RED"]),
        (OUT + CLEARED, ["RED"]),
    ],
)
def test_a_conversation_without_clients_shows_what_we_are_cleared_for_and_any_feed_what_its_clearance_says(
    feed: str, shown: list[str]
) -> None:
    config = load_text(BASE + feed, formats=FORMATS, environ={}).config
    assert seen(feed_view(config, "mesh", DESK)) == shown


@pytest.mark.parametrize(("client", "shown"), [("", ["CLEAR", "GREEN"]), (CLEARED, ["RED"])])
def test_a_client_without_a_clearance_sees_what_we_are_cleared_for_whatever_its_feed_shows(
    client: str, shown: list[str]
) -> None:
    config = load_text(BASE + client + MESH + CLEARED, formats=FORMATS, environ={}).config
    assert seen(client_view(config, "hope", config.feed["mesh"], DESK)) == shown


@pytest.mark.parametrize("feed", [MESH, OUT + CLEARED])
def test_what_has_no_label_at_all_is_shown_to_nobody_with_a_clearance(feed: str) -> None:
    config = load_text(BASE + feed, formats=FORMATS, environ={}).config
    assert list(feed_view(config, "mesh", DESK).filter([Track(track_id="x")], is_own=True, label=None)) == []
