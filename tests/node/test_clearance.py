"""Which labels leave on a feed to consumers that nobody has named."""

from __future__ import annotations

import pytest

from gateway.config import load_text
from gateway.node.talks import client_view, feed_view
from gateway.policy import View
from gateway.track import Label, Track
from tests.config.samples import FORMATS, MINIMAL

POLICY = "ALLIANCE"
BASE = MINIMAL + (
    '[[policy.accept]]\npolicy = "ALLIANCE"\nclassifications = ["RESTRICTED"]\n'
    '[client.hope]\ncertificate_pins = ["sha256:' + "0" * 64 + '"]\n'
    '[source.s]\nformats = ["cot"]\n'
)
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
CLEARED = '[[feed.mesh.clearance]]\npolicy = "ALLIANCE"\nclassifications = ["SECRET"]\n'


def seen(view: View) -> list[str]:
    """Classifications of tracks with a label of their own that it shows, under a message label that it shows too."""
    words = ("UNCLASSIFIED", "RESTRICTED", "SECRET")
    labels = [Label(policy=POLICY, classification=word) for word in words]
    message = next(one for one in labels if view.labels is None or (POLICY, one.classification) in view.labels)
    tracks = [Track(track_id=one.classification, label=one) for one in labels]
    return [track.track_id or "" for track in view.filter(tracks, is_own=True, label=message)]


@pytest.mark.parametrize(
    ("feed", "shown"),
    [
        (MESH, ["UNCLASSIFIED", "RESTRICTED"]),
        (MESH + CLEARED, ["SECRET"]),
        (OUT, ["UNCLASSIFIED", "RESTRICTED", "SECRET"]),
        (OUT + CLEARED, ["SECRET"]),
    ],
)
def test_a_conversation_without_clients_shows_what_we_would_share_and_any_feed_what_its_clearance_says(
    feed: str, shown: list[str]
) -> None:
    config = load_text(BASE + feed, formats=FORMATS, environ={}).config
    assert seen(feed_view(config, "mesh")) == shown


def test_a_client_without_a_clearance_sees_our_own_label_alone_whatever_its_feed_shows() -> None:
    config = load_text(BASE + MESH + CLEARED, formats=FORMATS, environ={}).config
    assert seen(client_view(config, "hope", config.feed["mesh"])) == ["UNCLASSIFIED"]
