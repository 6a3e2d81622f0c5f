"""Every bound of the gateway in one place, each with its unit and its reason. Nothing is unbounded."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of parsers, queues and waits; the configuration's ``[limits]`` table may change them."""

    # What a parser accepts
    max_frame_octets: int = 1_048_576
    """One frame of a national feed; stops memory exhaustion by a length prefix or an endless element."""
    max_records_per_frame: int = 10_000
    """Records in one frame or request body; stops decompression-like amplification."""
    max_message_octets: int = 4_194_304
    """One alliance message on the wire; a batch of 1,000 tracks is about 1.2 MB."""
    max_tracks_per_message: int = 1_000
    """Schema bound (maxOccurs) of a track message."""
    max_xml_depth: int = 64
    """Nesting of a national document, elements or JSON values; stops nesting bombs. Alliance messages nest as their
    schema says and 64 deep in extensions, so that all partners agree; the XML parser itself ends at 256."""
    max_xml_attributes: int = 64
    """Attributes of one element of a Cursor on Target event or signed message; 10,000 cost a canonicaliser 300 ms."""
    max_text_octets: int = 65_536
    """One text value (name, remark, extension)."""
    max_name_octets: int = 1_024
    """One identifier or code."""

    relay_hops: int = 8
    """Gateways that a relayed message may have passed, the one that sends it included; stops endless journeys."""

    # Batching
    batch_max_delay_s: float = 0.02
    """Longest that a track waits for company before its message is signed."""
    batch_max_tracks: int = 500
    """Tracks that share one signature."""

    delayed_tracks: int = 50_000
    """Tracks that a release rule holds back for a while; then those that are due first are given up and counted."""

    # Queues: full means what the queue's owner says (refuse, drop oldest, latest wins)
    ingest_queue_frames: int = 4_096
    """Frames between a feed's socket and the pipeline; then the oldest is dropped and counted."""
    feed_out_queue_tracks: int = 20_000
    """Distinct tracks waiting for one slow consumer; latest wins per track, then the oldest is dropped and counted."""
    stream_queue_events: int = 1_000
    """Events waiting for one live HTTP viewer; then the viewer is told how many it missed."""
    picture_tracks: int = 50_000
    """Tracks of the current picture; then the stalest goes first. As many withdrawals of partners are remembered."""
    quarantine_records: int = 10_000
    """Refused frames kept for the operator; then the oldest of the source that has most of them goes."""
    quarantine_total_octets: int = 67_108_864
    """All of them together, on disk; then the oldest of the source that takes most room goes."""
    quarantine_waiting: int = 256
    """Refused frames on their way into quarantine; then the oldest of the source with most of them is only counted."""
    quarantine_octets: int = 65_536
    """Of one refused frame kept for the operator; the rest is cut and its length noted."""
    refusal_summary_s: float = 10.0
    """Refusals of one partner or source with one code become one ledger leaf per this long."""
    incarnations: int = 200_000
    """Native track numbers remembered for minting; then the longest silent goes."""
    dedupe_window_s: float = 30.0
    """How long an exact duplicate block of an A/B network is recognised."""
    dedupe_blocks: int = 65_536
    """Block digests remembered within that window."""

    connection_queue_frames: int = 512
    """Frames of one peer of a conversation that wait for the pipeline; then he is not read from for a while."""
    held_frames: int = 256
    """Frames of one peer held for what they need (a registration, a pose); then the oldest is given up."""
    held_s: float = 5.0
    """Longest that such a frame is held."""
    peers_remembered: int = 4_096
    """Nodes, transmitters and clients that a dialect keeps state of; then the longest silent goes."""

    # Waits on the outside world, in seconds
    body_timeout_s: float = 10.0
    """A request body that trickles slower is a slow-loris."""
    connect_timeout_s: float = 5.0
    request_timeout_s: float = 30.0
    """One push to a partner, until its receipt."""
    shutdown_timeout_s: float = 10.0
    idle_timeout_s: float = 75.0
    """A silent HTTP connection."""
    handshake_timeout_s: float = 5.0
    """A TLS handshake with a caller; stops strangers, who never get further, from holding sockets."""
    header_timeout_s: float = 10.0
    """The head of an HTTP request, from its first octet; of the first request from the connection's beginning."""
    connection_age_s: float = 86_400.0
    """A TLS connection is closed after a day (FMN: session life of at most 48 h)."""

    # Listening for HTTP, on the national and on the partner side each
    http_connections: int = 640
    """Open at once, half-open handshakes too; then new ones are closed unread. Below the usual 1,024 descriptors."""
    http_connections_per_address: int = 320
    """Of those, from one address: no single caller takes all of them."""

    # Time
    created_window_s: float = 300.0
    """How far a message's creation may lie ahead of our clock."""
    created_age_s: float = 604_800.0
    """How old a message may be when it comes (a partner catching up after an outage); dedupe keys outlive it."""
    source_silence_s: float = 60.0
    """A native number silent for longer begins a new incarnation (longer than any radar's scan times three)."""

    # Links
    backoff_first_s: float = 0.5
    backoff_max_s: float = 60.0
    wake_up_s: float = 5.0
    """A link looks for work this often even if nobody woke it."""
    in_flight_messages: int = 1
    """Messages under way to one partner. More are faster over long lines, and may overtake each other."""
    partner_requests: int = 16
    """Requests of one partner that we work on at once; then 429, so that one partner cannot starve the others."""
    partner_connections: int = 16
    """Connections that one partner may keep open to us; then the newest are closed."""

    # Ledger
    integrate_interval_s: float = 0.2
    """How often new leaves become tiles and a checkpoint."""
    group_commit_rows: int = 1_000
    """Rows of one database transaction."""
    group_commit_queue: int = 20_000
    """Writes waiting for the one writer; then callers wait."""
