"""The errors of the national side: recordings, sockets, HTTP."""

from __future__ import annotations

from gateway.errors import Code

UNREADABLE = Code("FEED-001", "recording cannot be read", "check the path and its permissions")
CAPTURE_TRUNCATED = Code(
    "FEED-003", "recording ends inside a record", "what stands before it was read; copy the file again for the rest"
)
CAPTURE_RECORD = Code(
    "FEED-004", "recording has a record that cannot be followed", "what stands before it was read; check the file"
)
CAPTURE_LINK = Code(
    "FEED-005", "capture has a link type that is not supported", "use Ethernet, Linux cooked, raw IP or null loopback"
)
SNAPPED = Code("FEED-006", "captured packet was cut when it was recorded", "capture with a snap length of 0")
BLOCKS = Code(
    "FEED-007", "concatenated blocks do not add up", "check that the file is raw ASTERIX or name its container"
)
FRAME_TOO_LARGE = Code("FEED-008", "frame is larger than allowed", "send smaller frames, or raise the limit")
RATE = Code("FEED-010", "replay rate is not a rate", "use realtime, max, or a positive factor such as 10")

BIND = Code("FEED-020", "address cannot be listened on", "free the address, or configure another")
MULTICAST = Code("FEED-021", "multicast group cannot be joined", "check the group and the interface's address")
CONNECT = Code("FEED-022", "peer does not answer", "check address, firewall and that the peer listens")
DISCONNECTED = Code("FEED-023", "peer closed the connection", "none needed: the gateway connects again by itself")
PEER_REFUSED = Code("FEED-024", "peer is not in the feed's allowed networks", "add its network to the feed's peers")
STREAM_LOST = Code(
    "FEED-025", "stream could not be followed too often in a row", "check the format that the feed is configured for"
)
CONSUMER_STUCK = Code(
    "FEED-026", "consumer does not read", "check the consumer; the gateway drops its connection and goes on"
)
PIN_REFUSED = Code(
    "FEED-027",
    "certificate is not that of a client of this feed",
    "pin its key in a [client] table and name that client in the feed's clients",
)
PIN_SHARED = Code("FEED-028", "two clients share one certificate key", "give each client a key of its own")
CROWDED = Code("FEED-029", "feed has as many connections as it may", "close some, or raise its bound")
HANDSHAKE = Code(
    "FEED-030",
    "TLS handshake failed",
    "check the peer's certificate and authority, and that it speaks TLS 1.2 or later",
)
TALK_CRASHED = Code(
    "FEED-031",
    "conversation met a bug of ours and was ended",
    "none needed at the peer; report the bug with its log entry",
)
TLS_MATERIAL = Code(
    "FEED-032", "certificate, key or authority cannot be used", "check the paths, and that the key is the certificate's"
)

UNKNOWN_FORMAT = Code("FEED-040", "format is not known here", "use a format that GET /v1/status lists")
NOT_PERMITTED = Code(
    "FEED-041", "client certificate is not that of a configured source", "have its key pinned in the configuration"
)
FORMAT_NOT_PERMITTED = Code(
    "FEED-042", "source may not send this format", "add the format to the source's configuration"
)
MEDIA_TYPE = Code("FEED-043", "media type is not that of the format", "send the media type that the cause names")
CONTENT_ENCODING = Code("FEED-044", "content encoding is not accepted", "send the body uncompressed")
BODY_TOO_LARGE = Code("FEED-045", "body is larger than allowed", "send fewer records at once")
BODY_TIMEOUT = Code("FEED-046", "body did not arrive in time", "send the whole body at once")
EMPTY_BODY = Code("FEED-047", "body is empty", "send at least one record")
TOO_MANY_RECORDS = Code("FEED-048", "body holds more records than allowed", "split it into several requests")
INTAKE_FULL = Code("FEED-049", "intake is busy", "wait as long as Retry-After says, then send again")
IDEMPOTENCY_CONFLICT = Code(
    "FEED-050", "idempotency key was used for another body", "use a new key for a new body, the same for a retry"
)
IDEMPOTENCY_BUSY = Code(
    "FEED-051", "a request with this idempotency key is under way", "wait for its answer, then ask again"
)
IDEMPOTENCY_KEY = Code(
    "FEED-052", "idempotency key is malformed", "send 1 to 128 printable ASCII characters without spaces"
)
NOT_ACCEPTABLE = Code("FEED-053", "no offered media type is acceptable", "accept one that the cause names")
QUERY = Code("FEED-054", "query parameter is wrong", "correct it as the cause says")
ALL_REFUSED = Code("FEED-055", "every record was refused", "correct the records; each refusal says how")
NO_ROUTE = Code("FEED-056", "no such resource", "see /openapi.json for what exists")
METHOD = Code("FEED-057", "method is not allowed here", "use a method that the Allow header names")
BAD_REQUEST = Code("FEED-058", "request is not acceptable HTTP", "correct the request as the cause says")
TOO_MANY_VIEWERS = Code("FEED-059", "too many live viewers", "close one, or try again later")
INTERNAL = Code("FEED-060", "the gateway failed", "try again; if it persists, tell its operator when")
NOT_READY = Code("FEED-061", "the gateway is not ready", "wait; GET /v1/status says what is missing")
UNPROVED = Code(
    "FEED-062", "caller has not proved who it is", "show the certificate or the password of a client of this feed"
)
TOO_MANY_ATTEMPTS = Code(
    "FEED-063", "too many wrong passwords came from this address", "check the password; wait a minute"
)
CLIENT_BUSY = Code("FEED-064", "client has too many requests under way", "wait for an answer before asking again")
POLL_STATUS = Code("FEED-065", "polled server answered with no document", "check the URL, and what that server permits")
POLL_ANSWER = Code("FEED-066", "polled document cannot be taken", "have that server answer as the cause says")
POLICY_KEPT = Code(
    "FEED-067", "new release policy was refused; the one before stays in force", "mend policy.toml as the errors say"
)

CODES = (
    UNREADABLE,
    CAPTURE_TRUNCATED,
    CAPTURE_RECORD,
    CAPTURE_LINK,
    SNAPPED,
    BLOCKS,
    FRAME_TOO_LARGE,
    RATE,
    BIND,
    MULTICAST,
    CONNECT,
    DISCONNECTED,
    PEER_REFUSED,
    STREAM_LOST,
    CONSUMER_STUCK,
    PIN_REFUSED,
    PIN_SHARED,
    CROWDED,
    HANDSHAKE,
    TALK_CRASHED,
    TLS_MATERIAL,
    UNKNOWN_FORMAT,
    NOT_PERMITTED,
    FORMAT_NOT_PERMITTED,
    MEDIA_TYPE,
    CONTENT_ENCODING,
    BODY_TOO_LARGE,
    BODY_TIMEOUT,
    EMPTY_BODY,
    TOO_MANY_RECORDS,
    INTAKE_FULL,
    IDEMPOTENCY_CONFLICT,
    IDEMPOTENCY_BUSY,
    IDEMPOTENCY_KEY,
    NOT_ACCEPTABLE,
    QUERY,
    ALL_REFUSED,
    NO_ROUTE,
    METHOD,
    BAD_REQUEST,
    TOO_MANY_VIEWERS,
    INTERNAL,
    NOT_READY,
    UNPROVED,
    TOO_MANY_ATTEMPTS,
    CLIENT_BUSY,
    POLL_STATUS,
    POLL_ANSWER,
    POLICY_KEPT,
)
