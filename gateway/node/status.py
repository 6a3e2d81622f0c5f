"""How the node fares, as one JSON document: what `gateway status`, the demonstration and `GET /v1/status` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import to_builtins

from gateway import version
from gateway.clock import utc_text
from gateway.feeds.outlet import OutletCounts
from gateway.node.talks import Talk

if TYPE_CHECKING:
    from gateway.node.assembly import Node

SHOWN_PEERS, SHOWN_LOSSES = 100, 20  # of one feed: a status page is for people


async def read_status(node: Node) -> dict[str, object]:
    """The document; every number is since the start, every time UTC, latencies in milliseconds."""
    config = node.config
    now = node.clock.now()
    links = [await link.status() for link in node.links.values()]
    checkpoint = await node.store.checkpoint()
    return {
        "node": config.node.name,
        "nation": config.node.nation,
        "version": version(),
        "profile": config.node.profile.value,
        "exercise": config.node.exercise.value,
        "simulation": config.node.simulation.value,
        "started_at": utc_text(node.started_at),
        "now": utc_text(now),
        "ready": not node.missing,
        "missing": node.missing,
        "last_trouble": to_builtins(node.health.last),
        "signing_certificate_days": round(node.signing_days_left, 1),
        "corridor": {name: getattr(node.counts, name) for name in node.counts.__struct_fields__},
        "latency_ms": node.latency.quantiles_ms(),
        "picture": {"tracks": len(node.rooms.picture), "live_incarnations": len(node.rooms.admission)},
        "ledger": {
            "origin": config.ledger.origin,
            "leaves": node.store.leaf_count(),
            "checkpoint_size": checkpoint.size if checkpoint is not None else 0,
        },
        "policy": node.reload.status(),
        "delayed_tracks": len(node.delay),
        "links": [to_builtins(link) for link in links],
        "feeds": _feeds(node),
        "tasks": [
            {
                "name": task.name,
                "running": task.running,
                "done": task.done,
                "restarts": task.restarts,
                "last_error": task.last_error,
            }
            for task in node.supervisor.tasks
        ],
    }


def _feeds(node: Node) -> list[dict[str, object]]:
    """Every feed, those that bring tracks in first."""
    config = node.config
    return [
        *(
            {
                "name": name,
                "direction": "in",
                "format": config.feed[name].format,
                "frames": feed.counts.frames,
                "dropped": feed.counts.dropped + feed.counts.kernel_dropped,
                "last_error": feed.counts.last_error,
            }
            for name, feed in node.feeds.items()
        ),
        *(
            {
                "name": name,
                "direction": "out",
                "format": config.feed[name].format,
                "tracks": outlet.counts.tracks,
                "frames": outlet.counts.frames,
                "dropped": outlet.counts.dropped,
                "coalesced": outlet.counts.coalesced,
                "unencoded": outlet.counts.unencoded,
                "last_error": outlet.counts.last_error,
                "losses": _losses(outlet.counts),
            }
            for name, outlet in node.outlets.plain()
        ),
        *(_talk(name, config.feed[name].format, talk) for name, talk in node.outlets.talks.items()),
    ]


def _talk(name: str, form: str, talk: Talk) -> dict[str, object]:
    """A feed that converses: what came, what went, and with whom it speaks."""
    came, went = talk.counts, talk.out
    return {
        "name": name,
        "direction": "both",
        "format": form,
        "frames": came.frames,
        "tracks": went.tracks,
        "dropped": came.dropped + went.dropped,
        "coalesced": went.coalesced,
        "unencoded": went.unencoded,
        "refused_peers": came.refused_peers,
        "stream_errors": came.stream_errors,
        "broken_off": came.broken_off,
        "last_error": came.last_error or went.last_error,
        "losses": _losses(went),
        "peers": [
            {
                "name": peer.name,
                "address": peer.address,
                "title": peer.title,
                "since": utc_text(peer.since),
                "waiting": peer.waiting,
                "sent": peer.sent,
                "dropped": peer.dropped,
                "coalesced": peer.coalesced,
                "last_error": peer.last_error,
            }
            for peer in talk.peers()[:SHOWN_PEERS]
        ],
        "connected": len(talk.peers()),
    }


def _losses(counts: OutletCounts) -> list[dict[str, object]]:
    """What the consumers' format could not carry, the most frequent first."""
    return [
        {"field": field, "reason": reason, "count": count}
        for (field, reason), count in sorted(counts.losses.items(), key=lambda kv: -kv[1])[:SHOWN_LOSSES]
    ]
