"""Which side of a SAPIENT connection we are, by the feed's option `role`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.formats.sapient.decoder import ENDED
from gateway.formats.sapient.edge import EdgeNode
from gateway.formats.sapient.fusion import FusionNode
from gateway.formats.sapient.options import wrong
from gateway.limits import Limits

FUSION, EDGE = "fusion-node", "edge-node"


def endpoint(
    *,
    node: str = "",
    limits: Limits | None = None,
    role: str = FUSION,
    node_id: str | None = None,
    nation: str | None = None,
    keep_raw: bool = True,
    time_window_s: float | None = 5.0,
    ended_states: Sequence[str] = ENDED,
    utm_letters: str = "band",
    implausible: str = "carry",
    sites: Mapping[str, Mapping[str, float]] | None = None,
    register_s: float = 30.0,
    name: str | None = None,
    short_name: str = "",
    heartbeat_s: float = 10.0,
    answer_s: float = 30.0,
    site: Mapping[str, float] | None = None,
) -> FusionNode | EdgeNode:
    """The endpoint of a feed. ``fusion-node``: sensors connect to us. ``edge-node``: we report to a parent.

    `name` and what follows it are for the edge node, `nation` up to `register_s` for the fusion node.
    `FormatError` ``SAP-068`` for another role, or a value that makes no sense for an option.
    """
    if role == FUSION:
        return FusionNode(
            node=node,
            limits=limits,
            node_id=node_id,
            nation=nation,
            keep_raw=keep_raw,
            time_window_s=time_window_s,
            ended_states=ended_states,
            utm_letters=utm_letters,
            implausible=implausible,
            sites=sites,
            register_s=register_s,
        )
    if role == EDGE:
        return EdgeNode(
            node=node,
            limits=limits,
            node_id=node_id,
            name=name,
            short_name=short_name,
            heartbeat_s=heartbeat_s,
            answer_s=answer_s,
            site=site,
        )
    raise wrong("role", f"expected {FUSION} or {EDGE}, observed {role!r:.40}")
