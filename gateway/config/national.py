"""Tables of the national side: HTTP, sources, clients, feeds. Part of the configuration's model; see there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from gateway.config.table import Table
from gateway.config.values import (
    Address,
    FilePath,
    FormatName,
    HostPort,
    IpAddress,
    MulticastGroup,
    Name,
    Nation,
    Network,
    PasswordHash,
    Pin,
    ReplayRate,
    UtcTime,
    WebUrl,
)

LOOPBACK_HTTP = Address(host="127.0.0.1", port=8080)


class Direction(StrEnum):
    """Which way a feed carries tracks, seen from the gateway."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


class FeedKind(StrEnum):
    """How a feed is connected."""

    UDP = "udp"
    TCP_LISTEN = "tcp-listen"
    TCP_CONNECT = "tcp-connect"
    FILE = "file"
    HTTP = "http"
    HTTP_POLL = "http-poll"


class Origins(StrEnum):
    """Whose tracks an outgoing feed carries."""

    ALLIES = "allies"
    OWN = "own"
    ALL = "all"


class HttpTable(Table):
    """The national side over HTTP: messages in, the picture and the live stream out, health and metrics."""

    listen: HostPort = LOOPBACK_HTTP
    """Address of the national HTTP interface."""
    certificate: FilePath = Field(default="certs/{name}.tls.pem", validate_default=True)
    """TLS certificate of that interface (PEM)."""
    key: FilePath = Field(default="certs/{name}.tls.key", validate_default=True)
    """Private key of that certificate (PEM)."""
    client_ca: FilePath = Field(default="certs/ca.pem", validate_default=True)
    """Certificates that the national systems' client certificates end in (PEM)."""
    plain: bool = False
    """Serve without TLS: on loopback and in the development profile only. Callers, who show no certificate then, speak
    as the first source of the file."""
    public_metrics: bool = False
    """Answer `/metrics` and the health pages to callers without a client certificate."""


class SourceTable(Table):
    """One national system that may hand in tracks; the unit of permission. The table's name is the source's name."""

    formats: Annotated[tuple[FormatName, ...], Field(min_length=1)]
    """Formats that it may speak."""
    nation: Nation | None = None
    """Nation that the source belongs to; absent means the node's."""
    certificate_pins: tuple[Pin, ...] = ()
    """SHA-256 of the public keys (SPKI, DER) of the client certificates that speak for it over HTTP. Without any, it
    speaks through feeds only."""
    clearance: Annotated[tuple[Name, ...], Field(min_length=1)] = ()
    """Clearances of the policy file that decide what it sees over HTTP, one for each security policy. Absent means
    every label."""
    silence_s: Annotated[float, Field(ge=1, le=86_400, allow_inf_nan=False)] | None = None
    """A native track number silent for longer begins a new track. Seconds; absent means `limits.source_silence_s`."""
    options: dict[FormatName, dict[str, JsonValue]] = Field(default_factory=dict)
    """Decoder options by format, for what it posts over HTTP and for its feeds, such as the radar's site."""
    description: str = ""
    """Words for people: what it is and who runs it."""


class ClientTable(Table):
    """One national consumer that proves who it is: a TAK client, a headquarters' import. The table's name is the
    client's name; feeds name it in `clients`."""

    certificate_pins: tuple[Pin, ...] = ()
    """SHA-256 of the public keys (SPKI, DER) of the client certificates that speak for it."""
    password: PasswordHash | None = None
    """Salted hash of its password, for HTTP clients that cannot show a certificate; `gateway certs password` prints
    it."""
    clearance: Annotated[tuple[Name, ...], Field(min_length=1)] = ()
    """Clearances of the policy file that decide what it may see, one for each security policy. Absent means what this
    node itself is cleared for (`[own]` there)."""
    origins: Origins | None = None
    """Whose tracks it sees; absent means what the feed says."""
    personal_data: bool = False
    """Show it personal data too, such as where the operator of a drone stands."""
    source: Name | None = None
    """Source that its own reports count as; absent means the feed's."""
    description: str = ""
    """Words for people."""


class FeedTable(Table):
    """One socket or file on the national side. The table's name is the feed's name."""

    direction: Direction
    """`in` takes tracks from a source, `out` gives the picture to a consumer, `both` is a conversation: a protocol in
    which peers register, acknowledge or negotiate, whichever way the tracks go."""
    kind: FeedKind
    """`udp`, `tcp-listen` (we accept), `tcp-connect` (we call), `file` (replay of a recording, `in` only), `http`
    (documents that clients fetch, `out` only) or `http-poll` (documents that we fetch, `in` only)."""
    format: FormatName
    """Format spoken there."""
    address: HostPort | None = None
    """Where to listen (`udp` in, `tcp-listen`, `http`) or whom to reach (`udp` out, `tcp-connect`)."""
    url: WebUrl | None = None
    """Document to fetch, or service to ask (`http-poll` only)."""
    every_s: Annotated[float, Field(ge=0.1, le=86_400, allow_inf_nan=False)] = 5.0
    """Time between two fetches (`http-poll` only). Seconds."""
    tls: bool = False
    """Speak TLS with the certificate of `[http]`; the peer's certificate must end in `http.client_ca` (`tcp-listen`,
    `tcp-connect`, `http`, and `http-poll` for an https URL)."""
    clients: tuple[Name, ...] = ()
    """Clients that may connect, each with what it may see (`tcp-listen` with direction `both`, and `http`). Absent
    means that whoever may connect sees what `origins` says."""
    path: FilePath | None = None
    """Recording to replay (`file` only): pcap, FINAL, raw or text, told apart by its contents."""
    source: Name | None = None
    """Source that speaks there (`in` and `both`)."""
    group: MulticastGroup | None = None
    """Multicast group to join (`udp` with direction `in` or `both`); `address` then gives the port."""
    interface: IpAddress | None = None
    """Address of the network interface for multicast (`udp` only); absent lets the system choose."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Options of the format's decoder, encoder, conversation or service, over those of the source; of a poll also
    `enquiry`, a table of what is asked."""
    base_time: UtcTime | None = None
    """When the recording began, for containers that do not say so in UTC (`file` only): ISO 8601 text with a zone.
    Codecs take the date of times of day from it. Absent means that the recording's times of day are the latest that are
    past: for its first track, or for all of it where the container tells how long it is."""
    rate: ReplayRate = "realtime"
    """Speed of a replay (`file` only): `realtime`, `max`, or a factor."""
    allow: tuple[Network, ...] = ()
    """Networks that may speak or connect there. Absent means any on a loopback address; another address needs it."""
    clearance: Annotated[tuple[Name, ...], Field(min_length=1)] = ()
    """Clearances of the policy file that decide what goes out there (`out` and `both`); clients have their own. Absent
    means every label for `out`, and for `both` what this node itself is cleared for (`[own]` there)."""
    origins: Origins = Origins.ALL
    """Whose tracks go out (`out` and `both`): `allies`, `own` or `all`."""
    description: str = ""
    """Words for people."""
