"""Metrics of the corridor, read when asked: the hot path only moves plain integers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from gateway.node.assembly import Node

_CORRIDOR = {
    "frames": "Frames that national feeds handed in",
    "tracks_received": "Tracks decoded from them",
    "records_silent": "Records that are valid and carry no track",
    "records_refused": "Records that were refused",
    "duplicates": "Exact duplicates that were dropped",
    "tracks_released": "Tracks released, per release group",
    "tracks_withheld": "Tracks that a release group may not see",
    "tracks_delayed": "Tracks held back from a release group for a while",
    "messages_signed": "Messages signed",
    "tracks_signed": "Tracks in them",
    "messages_relayed": "Messages signed by which tracks of partners go onward",
    "messages_verified": "Messages of partners whose signature holds",
    "messages_refused": "Messages of partners that were refused",
    "messages_duplicate": "Messages of partners that had come before",
    "tracks_accepted": "Tracks accepted from partners",
    "tracks_contested": "Tracks of partners under the id of another gateway's track, left out",
    "tracks_second_hand": "Redacted tracks of which their origin, or another relay, had told before",
    "tracks_withdrawn": "Tracks of partners that came after their withdrawal, left out",
    "failures": "Batches that could not be made durable",
}


class NodeCollector(Collector):
    """Turns the node's counters into metric families."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def describe(self) -> list[Metric]:
        """Nothing in advance: the names below are constant and unique."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families, now."""
        yield from _corridor(self._node)
        yield from _policy(self._node)
        yield from _feeds(self._node)


def _corridor(node: Node) -> Iterator[Metric]:
    for name, text in _CORRIDOR.items():
        yield CounterMetricFamily(f"gateway_{name}", text, value=getattr(node.counts, name))
    yield GaugeMetricFamily("gateway_picture_tracks", "Tracks in the picture", value=len(node.rooms.picture))
    yield GaugeMetricFamily("gateway_batch_pending_tracks", "Tracks not yet durable", value=node.gatherer.pending)
    yield GaugeMetricFamily("gateway_ledger_leaves", "Leaves of the ledger", value=node.store.leaf_count())
    yield CounterMetricFamily(
        "gateway_quarantine_dropped", "Refused frames that were counted and not kept", value=node.quarantine.dropped
    )
    yield CounterMetricFamily("gateway_bugs", "Tasks that crashed by a bug of ours", value=node.supervisor.bugs)


def _policy(node: Node) -> Iterator[Metric]:
    """Of release policies, and of what waits by one."""
    yield GaugeMetricFamily("gateway_delayed_tracks", "Tracks that are held back now", value=len(node.delay))
    yield CounterMetricFamily(
        "gateway_delay_given_up", "Tracks held back that were given up for want of room", value=node.delay.given_up
    )
    yield CounterMetricFamily(
        "gateway_delay_lost", "Tracks held back that were too old in the end, or unreadable", value=node.delay.lost
    )
    yield CounterMetricFamily(
        "gateway_policy_reloads", "Release policies that came into force since the start", value=node.reload.count
    )
    yield CounterMetricFamily(
        "gateway_policy_refused",
        "Release policies that were refused; the one before stayed",
        value=node.reload.refused,
    )
    if node.review.days_left is not None:
        yield GaugeMetricFamily(
            "gateway_policy_review_days",
            "Days until the release policy in force is to be reviewed, negative after that",
            value=node.review.days_left,
        )


def _feeds(node: Node) -> Iterator[Metric]:
    frames = CounterMetricFamily("gateway_feed_frames", "Frames per feed in", labels=["feed"])
    dropped = CounterMetricFamily("gateway_feed_dropped", "Frames or tracks given up for want of room", labels=["feed"])
    for feed, inward in node.feeds.items():
        frames.add_metric([feed], inward.counts.frames)
        dropped.add_metric([feed], inward.counts.dropped + inward.counts.kernel_dropped)
    sent = CounterMetricFamily("gateway_feed_sent_tracks", "Tracks per feed out", labels=["feed"])
    unencoded = CounterMetricFamily(
        "gateway_feed_unencoded_tracks", "Tracks that a feed out's format cannot express", labels=["feed"]
    )
    for feed, outlet in node.outlets.plain():
        unencoded.add_metric([feed], outlet.counts.unencoded)
        sent.add_metric([feed], outlet.counts.tracks)
        dropped.add_metric([feed], outlet.counts.dropped)
    peers = GaugeMetricFamily("gateway_feed_peers", "Peers of a feed that converses", labels=["feed"])
    refused = CounterMetricFamily(
        "gateway_feed_refused_peers", "Connections that were refused to a feed that converses", labels=["feed"]
    )
    broken_off = CounterMetricFamily(
        "gateway_feed_broken_off", "Conversations of a feed that could not go on", labels=["feed"]
    )
    for feed, talk in node.outlets.talks.items():
        came, went = talk.counts, talk.out
        frames.add_metric([feed], came.frames)
        unencoded.add_metric([feed], went.unencoded)
        sent.add_metric([feed], went.tracks)
        dropped.add_metric([feed], came.dropped + went.dropped)
        peers.add_metric([feed], len(talk.peers()))
        refused.add_metric([feed], came.refused_peers)
        broken_off.add_metric([feed], came.broken_off)
    yield from (frames, dropped, sent, unencoded, peers, refused, broken_off)
