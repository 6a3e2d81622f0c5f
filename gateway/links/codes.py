"""The room's refusals: what is wrong with a link, and what to do about it."""

from __future__ import annotations

from gateway.errors import Code

# Our own material and configuration
MATERIAL_UNREADABLE = Code(
    "LINK-001",
    "a certificate, key or revocation list cannot be read",
    "check the path and its permissions in [links], then reload; the former material stays in use",
)
KEY_MISMATCH = Code(
    "LINK-002",
    "our private key does not belong to our certificate",
    "name the key that was made with the certificate; `gateway certs dev` makes a matching pair for development",
)
REVOCATION_INCOMPLETE = Code(
    "LINK-003",
    "a certificate authority has no valid revocation list",
    "fetch a current revocation list of that authority; without one every certificate of it would be refused",
)
PIN_INVALID = Code(
    "LINK-004",
    "a pin is not the SHA-256 of a public key",
    "write pins as 64 hexadecimal digits: the SHA-256 of the partner certificate's SubjectPublicKeyInfo",
)
PIN_SHARED = Code(
    "LINK-005",
    "two partners share one certificate key",
    "ask one of them for a certificate with a key of its own: a pin must name exactly one partner",
)
ADDRESS_INVALID = Code(
    "LINK-006",
    "the address of a partner is not an https URL of a host and port",
    "write it as https://host:port without a path",
)
CANNOT_LISTEN = Code(
    "LINK-007",
    "the address for partners cannot be listened on",
    "see which process has it, or choose another `listen` in [links]",
)
PARSER_MISSING = Code(
    "LINK-008",
    "the compiled HTTP parser is not loaded",
    "unset AIOHTTP_NO_EXTENSIONS, or install an aiohttp build with its extensions for this platform",
)

# Reaching them
NAME_UNRESOLVED = Code(
    "LINK-010",
    "the name of the partner's host does not resolve",
    "check the address in [link.<partner>] and the name service",
)
NOT_LISTENING = Code(
    "LINK-011",
    "nobody listens at the partner's address",
    "check the address and port in [link.<partner>], then ask the partner whether the gateway runs",
)
UNREACHABLE = Code(
    "LINK-012",
    "the partner's host cannot be reached",
    "check routes and firewalls between the two gateways",
)
THEIR_CERTIFICATE = Code(
    "LINK-013",
    "the partner's certificate does not verify",
    "compare the partner's authority, host name, validity and revocation list with what is configured here",
)
OUR_CERTIFICATE_REFUSED = Code(
    "LINK-014",
    "the partner refused our certificate",
    "ask the partner whether our authority is in the trust list and our certificate is not revoked there; "
    "try `gateway check --connect`",
)
PIN_UNKNOWN = Code(
    "LINK-015",
    "the partner presented a certificate whose key is not pinned",
    "confirm the new key with the partner by another channel, then add it to tls_pins as the next one",
)
CLOSED_WITHOUT_ANSWER = Code(
    "LINK-016",
    "the partner closed the connection without an answer",
    "nothing to do if it happens once: the message is sent again; if it lasts, see LINK-014",
)
NO_ANSWER_IN_TIME = Code(
    "LINK-017",
    "the partner gave no receipt in time",
    "ask the partner about the load there; the message stays queued and is sent again",
)

# What they answer
PARTNER_BUSY = Code(
    "LINK-018",
    "the partner cannot take messages now",
    "nothing to do: the link waits as long as the partner asks, then sends again",
)
PARTNER_REFUSES = Code(
    "LINK-019",
    "the partner refuses what the link sends",
    "ask the partner whether we are configured, not paused, and allowed to send there; the queue is kept",
)
RECEIPT_UNVERIFIED = Code(
    "LINK-020",
    "the partner's receipt does not verify",
    "compare ledger_vkeys in [link.<partner>] with the partner's; the message does not count as delivered",
)
RECEIPT_OTHER = Code(
    "LINK-021",
    "the partner's receipt is for something else",
    "report it to the partner with the receipt: it was signed there; the message does not count as delivered",
)
MESSAGE_REFUSED = Code(
    "LINK-022",
    "the partner refused one message and signed the refusal",
    "see the partner's code in the refusal; the link goes on with the next message",
)
OUR_STORE = Code(
    "LINK-023",
    "our own store did not answer the link",
    "see the store's error; nothing is lost, the link tries again",
)
CLOCK_SKEWED = Code(
    "LINK-024",
    "the partner's clock and ours differ",
    "check time synchronisation on both gateways: messages outside the creation window are refused",
)
MESSAGE_WITHHELD = Code(
    "LINK-025",
    "the policy in force keeps a message from the partner for whom it waited",
    "nothing to do if the policy says what is meant; 'gateway explain MESSAGE-ID' names the rule. It is not sent later",
)

# What a caller on the partner side is told
NOT_A_PARTNER = Code("LINK-030", "not a partner of this gateway", "ask this gateway's operator to configure the link")
NOT_RECEIVING = Code(
    "LINK-031", "this gateway takes nothing over this link now", "ask this gateway's operator; keep the queue"
)
WRONG_TYPE = Code(
    "LINK-032",
    "the content type or encoding is not that of an alliance message",
    "send application/vnd.alliance.track+xml without a content encoding",
)
LENGTH_REQUIRED = Code("LINK-033", "the length of the message is not stated", "send a Content-Length")
TOO_LONG = Code("LINK-034", "the message is longer than agreed for this link", "send smaller batches")
TOO_SLOW = Code("LINK-035", "the message did not arrive in time", "send it again over a better connection")
TOO_MANY = Code("LINK-036", "too many requests of this partner at once", "wait as long as Retry-After says")
NOT_ACCEPTED = Code("LINK-037", "the message is not accepted", "see the error at this gateway's operator")
NOT_NOW = Code("LINK-038", "the message cannot be recorded now", "wait as long as Retry-After says, then send it again")
RECONNECT = Code("LINK-039", "the trust of this gateway changed since this connection was made", "connect again")
NOT_HERE = Code("LINK-040", "there is nothing at this address", "see the exchange protocol for the addresses")
MALFORMED = Code("LINK-041", "the request is not acceptable HTTP", "see the exchange protocol; bounds of heads hold")

CODES: tuple[Code, ...] = (
    MATERIAL_UNREADABLE,
    KEY_MISMATCH,
    REVOCATION_INCOMPLETE,
    PIN_INVALID,
    PIN_SHARED,
    ADDRESS_INVALID,
    CANNOT_LISTEN,
    PARSER_MISSING,
    NAME_UNRESOLVED,
    NOT_LISTENING,
    UNREACHABLE,
    THEIR_CERTIFICATE,
    OUR_CERTIFICATE_REFUSED,
    PIN_UNKNOWN,
    CLOSED_WITHOUT_ANSWER,
    NO_ANSWER_IN_TIME,
    PARTNER_BUSY,
    PARTNER_REFUSES,
    RECEIPT_UNVERIFIED,
    RECEIPT_OTHER,
    MESSAGE_REFUSED,
    OUR_STORE,
    CLOCK_SKEWED,
    MESSAGE_WITHHELD,
    NOT_A_PARTNER,
    NOT_RECEIVING,
    WRONG_TYPE,
    LENGTH_REQUIRED,
    TOO_LONG,
    TOO_SLOW,
    TOO_MANY,
    NOT_ACCEPTED,
    NOT_NOW,
    RECONNECT,
    NOT_HERE,
    MALFORMED,
)
