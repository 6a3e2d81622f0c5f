"""The numbers that links move. One set per registry, so that two nodes fit in one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.links.state import LinkState

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class LinkMetrics:
    """Counters and gauges of all links of one node."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.state = Gauge(
            "gateway_link_state", "1 for the state that the link is in", ["partner", "state"], registry=registry
        )
        self.queue = Gauge(
            "gateway_link_queue_messages",
            "Messages recorded for the partner and not receipted",
            ["partner"],
            registry=registry,
        )
        self.posted = Counter(
            "gateway_link_posted_messages",
            "Messages that left the partner's queue: by its verified receipt's outcome, or PARKED or WITHHELD by us",
            ["partner", "outcome"],
            registry=registry,
        )
        self.faults = Counter(
            "gateway_link_faults",
            "Attempts that failed, by error code and side",
            ["partner", "code", "side"],
            registry=registry,
        )
        self.post_seconds = Histogram(
            "gateway_link_post_seconds",
            "From the first octet sent to the verified receipt",
            ["partner"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._inward(registry)
        self._health(registry)

    def _inward(self, registry: CollectorRegistry) -> None:
        self.received = Counter(
            "gateway_link_received_messages",
            "Messages answered with a signed note, by outcome",
            ["partner", "outcome"],
            registry=registry,
        )
        self.handle_seconds = Histogram(
            "gateway_link_handle_seconds",
            "From the last octet of a partner's message to its durable answer",
            ["partner"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.turned_away = Counter(
            "gateway_link_requests_refused",
            "Partner-side requests refused before a message was read",
            ["code"],
            registry=registry,
        )
        self.connections_refused = Counter(
            "gateway_link_connections_refused",
            "Partner-side connections closed before they had a request",
            ["reason"],
            registry=registry,
        )
        self.connections = Gauge(
            "gateway_link_connections", "Open connections that partners made to us", registry=registry
        )

    def _health(self, registry: CollectorRegistry) -> None:
        self.last_good = Gauge(
            "gateway_link_last_good_timestamp_seconds",
            "Unix time of the last good exchange, by direction",
            ["partner", "direction"],
            registry=registry,
        )
        self.certificate_days = Gauge(
            "gateway_link_certificate_days", "Days left on the TLS certificate", ["partner", "whose"], registry=registry
        )
        self.clock_skew = Gauge(
            "gateway_link_clock_skew_seconds",
            "Partner's clock minus ours by its last answer",
            ["partner"],
            registry=registry,
        )

    def show_state(self, partner: str, state: LinkState) -> None:
        """Make `state` the one that reads 1."""
        for each in LinkState:
            self.state.labels(partner, each.value).set(each is state)
