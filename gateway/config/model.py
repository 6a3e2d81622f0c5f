"""The configuration as frozen values: what one ``gateway.toml`` says, checked and with every default filled in.

The docstring under each field is its documentation everywhere: in ``docs/configuration.md``, in the file that
``gateway init`` writes, in the JSON Schema, and in ``gateway explain``. First what it is, then its unit.
Checks of one value are in `gateway.config.values`; checks between values are in `gateway.config.checks`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.config.limits_table import LimitsTable
from gateway.config.values import (
    Address,
    FilePath,
    FormatName,
    HostPort,
    HttpsUrl,
    IpAddress,
    MulticastGroup,
    Name,
    Nation,
    Network,
    OpenCode,
    Origin,
    Pin,
    ReplayRate,
    UtcTime,
    VerifierKey,
)
from gateway.limits import Limits
from gateway.stages import Exercise, Simulation

LOOPBACK_LINKS = Address(host="127.0.0.1", port=8443)
LOOPBACK_HTTP = Address(host="127.0.0.1", port=8080)
EVERY_PARTNER = "all"
"""The release group that exists without being declared."""


class Profile(StrEnum):
    """How strict the checks of the configuration are."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogStyle(StrEnum):
    """What a log line looks like."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe events that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Digest(StrEnum):
    """Digest of the signed part of a message."""

    SHA256 = "sha256"
    SHA384 = "sha384"


class Direction(StrEnum):
    """Which way a feed carries tracks, seen from the gateway."""

    IN = "in"
    OUT = "out"


class FeedKind(StrEnum):
    """How a feed is connected."""

    UDP = "udp"
    TCP_LISTEN = "tcp-listen"
    TCP_CONNECT = "tcp-connect"
    FILE = "file"


class Origins(StrEnum):
    """Whose tracks an outgoing feed carries."""

    ALLIES = "allies"
    OWN = "own"
    ALL = "all"


class CategoryKind(StrEnum):
    """What the values of a label's category do to access (ADatP-4774)."""

    RESTRICTIVE = "RESTRICTIVE"
    PERMISSIVE = "PERMISSIVE"
    INFORMATIVE = "INFORMATIVE"


class Table(BaseModel):
    """A table of the file: strict, closed, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class NodeTable(Table):
    """Who this gateway is and how it runs."""

    name: Name
    """Name of this node towards partners, in messages, ledger and metrics: lower-case letters, digits, hyphens."""
    nation: Nation
    """Nation or agency that runs it: three upper-case letters."""
    exercise: Exercise
    """What the traffic is for, marked in every message. It has no default, so that nobody sends exercise traffic as
    operational by omission."""
    simulation: Simulation
    """Whether the objects exist, marked in every message. It has no default either."""
    data: FilePath = Field(default="data", validate_default=True)
    """Directory of the database and, unless set, of the ledger's tiles; made at the first run."""
    profile: Profile = Profile.DEVELOPMENT
    """`production` refuses development certificates, plain HTTP, and a log origin that nobody chose."""
    allow_external: bool = False
    """Let a development node listen on and send to other addresses than loopback."""
    log: LogStyle = LogStyle.CONSOLE
    """Style of the log on stderr: `console` for people, `json` for machines."""
    log_level: LogLevel = LogLevel.INFO
    """Least severe events that are logged."""


class SealTable(Table):
    """How messages are signed. The private key stays in its file; only the seal reads it."""

    key: FilePath = Field(default="certs/{name}.signing.key", validate_default=True)
    """Private key that signs messages (PEM): P-256, P-384, RSA of 3072 bits or more, or Ed25519."""
    certificate: FilePath = Field(default="certs/{name}.signing.pem", validate_default=True)
    """Certificate of that key (PEM), which every message carries; partners pin it."""
    digest: Digest = Digest.SHA384
    """Digest of the signed part."""


class LedgerTable(Table):
    """The verifiable log of everything received, sent, delivered and refused."""

    key: FilePath = Field(default="certs/{name}.ledger.key", validate_default=True)
    """Ed25519 private key that signs checkpoints and receipts (PEM)."""
    origin: Origin = Field(default="{name}.example/audit/1", validate_default=True)
    """Name of the log in every checkpoint: a DNS name of yours, then /audit/ and the generation. Changing it starts
    another log. The production profile wants one that you chose."""
    directory: FilePath = Field(default="{data}/ledger", validate_default=True)
    """Directory of tiles and checkpoints, as a web server may publish it and `gateway ledger verify` reads it."""


class StoreTable(Table):
    """The database of messages, receipts and entries of the ledger, in the data directory."""

    keep_days: Annotated[float, Field(ge=0, le=36_500, allow_inf_nan=False)] = 30.0
    """How long the bodies of messages are kept. Digests, receipts and the ledger's entries stay for ever, and so does a
    body that a partner has still to get. At least `limits.created_age_s`; 0 keeps everything. Days."""


class LinksTable(Table):
    """The door towards partner gateways: mutual TLS 1.3, both as server and as client."""

    listen: HostPort = LOOPBACK_LINKS
    """Address that partners push to. It is opened only when a link has `receive = true`."""
    certificate: FilePath = Field(default="certs/{name}.tls.pem", validate_default=True)
    """TLS certificate, with the chain that partners need, as server and as client (PEM)."""
    key: FilePath = Field(default="certs/{name}.tls.key", validate_default=True)
    """Private key of that certificate (PEM)."""
    backlog: Annotated[int, Field(ge=1, le=65_535)] = 128
    """Connections that wait for being accepted; then the system refuses."""


class LinkTable(Table):
    """One partner gateway; the table's name is the partner's node name."""

    url: HttpsUrl
    """Address of the partner's links listener: `https://host:port`, without a path."""
    tls_pins: Annotated[tuple[Pin, ...], Field(min_length=1, max_length=8)]
    """SHA-256 of the public keys (SPKI, DER) of the partner's TLS certificate: the current one and, before a change,
    the next."""
    ca: FilePath
    """Certificates that the partner's TLS chain ends in (PEM, one or several)."""
    signing: Annotated[tuple[FilePath, ...], Field(min_length=1, max_length=8)]
    """Certificates that the partner signs its messages with (PEM, one each): current and next."""
    ledger_vkeys: Annotated[tuple[VerifierKey, ...], Field(min_length=1, max_length=8)]
    """Verifier keys of the partner's log (`name+id+base64`), which its receipts are checked with: current and next."""
    revocations: tuple[FilePath, ...] = ()
    """Revocation lists (PEM) of every authority in `ca`. Absent means that revocation is not checked."""
    send: bool = True
    """Push our messages to it."""
    receive: bool = True
    """Take its messages."""
    paused: bool = False
    """Neither push nor take messages until it is false again; what is queued is kept."""
    group: Name = EVERY_PARTNER
    """Release group that it belongs to: all its members get the same view, signed once. `all` needs no declaration."""
    max_message_octets: Annotated[int, Field(ge=1_024, le=67_108_864)] | None = None
    """Largest message that we take from it and send to it. Octets; absent means `limits.max_message_octets`."""
    description: str = ""
    """Words for people: who to call."""


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
    silence_s: Annotated[float, Field(ge=1, le=86_400, allow_inf_nan=False)] | None = None
    """A native track number silent for longer begins a new track. Seconds; absent means `limits.source_silence_s`."""
    options: dict[FormatName, dict[str, JsonValue]] = Field(default_factory=dict)
    """Decoder options by format, for what it posts over HTTP and for its feeds, such as the radar's site."""
    description: str = ""
    """Words for people: what it is and who runs it."""


class FeedTable(Table):
    """One socket or file on the national side. The table's name is the feed's name."""

    direction: Direction
    """`in` takes tracks from a source, `out` gives the picture to a consumer."""
    kind: FeedKind
    """`udp`, `tcp-listen` (we accept), `tcp-connect` (we call) or `file` (replay of a recording, `in` only)."""
    format: FormatName
    """Format spoken there."""
    address: HostPort | None = None
    """Where to listen (`udp` in, `tcp-listen`) or whom to reach (`udp` out, `tcp-connect`)."""
    path: FilePath | None = None
    """Recording to replay (`file` only): pcap, FINAL, raw or text, told apart by its contents."""
    source: Name | None = None
    """Source that speaks there (`in` only)."""
    group: MulticastGroup | None = None
    """Multicast group to join (`udp` in only); `address` then gives the port."""
    interface: IpAddress | None = None
    """Address of the network interface for multicast (`udp` only); absent lets the system choose."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Options of the format's decoder or encoder, over those of the source."""
    base_time: UtcTime | None = None
    """When the recording began, for containers that do not say so in UTC (`file` only): ISO 8601 text with a zone.
    Codecs take the date of times of day from it. Absent means that the recording's times of day are the latest that are
    past: for its first track, or for all of it where the container tells how long it is."""
    rate: ReplayRate = "realtime"
    """Speed of a replay (`file` only): `realtime`, `max`, or a factor."""
    allow: tuple[Network, ...] = ()
    """Networks that may speak or connect there. Absent means any on a loopback address; another address needs it."""
    origins: Origins = Origins.ALL
    """Whose tracks go out (`out` only): `allies`, `own` or `all`."""
    description: str = ""
    """Words for people."""


class CategoryTable(Table):
    """One category of a confidentiality label."""

    tag: str
    """Name of the tag set in the label's policy, such as `Releasable To`."""
    kind: CategoryKind
    """What its values do to access."""
    values: Annotated[tuple[str, ...], Field(min_length=1)]
    """Values of the category."""


class LabelTable(Table):
    """Confidentiality label of the messages that this node makes."""

    policy: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the security policy that the label speaks in."""
    classification: Annotated[str, Field(min_length=1, max_length=200)]
    """Classification of that policy."""
    categories: tuple[CategoryTable, ...] = ()
    """Categories of the label."""
    tlp: OpenCode | None = None
    """Traffic Light Protocol marking for civil partners, such as `GREEN`."""
    purpose: OpenCode | None = None
    """Purpose that the tracks may be used for, as an open code."""


class AcceptTable(Table):
    """Labels that are let in from partners."""

    policy: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the security policy."""
    classifications: Annotated[tuple[str, ...], Field(min_length=1)]
    """Classifications of it that are let in: a list, not an upper bound."""


class GroupTable(Table):
    """One release group; links name it in `group`. All its members get the same view of the same sources."""

    sources: tuple[Name, ...] = ()
    """Sources whose tracks the group may see. Absent means all."""
    description: str = ""
    """Words for people."""


class PolicyTable(Table):
    """What is released, what is let in."""

    label: LabelTable
    """Label of every message that this node makes. It has no default."""
    accept: tuple[AcceptTable, ...] = ()
    """Labels let in from partners. Absent means exactly our own label's policy and classification."""
    group: dict[Name, GroupTable] = Field(default_factory=dict)
    """Release groups besides `all`."""


class Config(Table):
    """One gateway's configuration, whole and checked; paths are absolute or relative to the working directory."""

    node: NodeTable
    seal: SealTable = Field(default_factory=dict, validate_default=True)
    ledger: LedgerTable = Field(default_factory=dict, validate_default=True)
    store: StoreTable = Field(default_factory=dict, validate_default=True)
    links: LinksTable = Field(default_factory=dict, validate_default=True)
    link: dict[Name, LinkTable] = Field(default_factory=dict)
    http: HttpTable = Field(default_factory=dict, validate_default=True)
    source: dict[Name, SourceTable] = Field(default_factory=dict)
    feed: dict[Name, FeedTable] = Field(default_factory=dict)
    policy: PolicyTable
    limits: LimitsTable = Field(default_factory=Limits)

    def database_path(self) -> Path:
        """The node's database, in its data directory."""
        return self.node.data / "gateway.db"

    def release_groups(self) -> dict[str, tuple[str, ...]]:
        """Partner nodes that we send to, sorted, by release group; groups without such a member are absent."""
        groups: dict[str, list[str]] = {}
        for name, link in sorted(self.link.items()):
            if link.send:
                groups.setdefault(link.group, []).append(name)
        return {group: tuple(members) for group, members in sorted(groups.items())}

    def group_sources(self, group: str) -> frozenset[str]:
        """Names of the sources whose tracks the release group may see."""
        declared = self.policy.group.get(group)
        return frozenset(declared.sources if declared and declared.sources else self.source)

    def accepted_labels(self) -> frozenset[tuple[str, str]]:
        """(policy, classification) of every label that is let in from partners."""
        if not self.policy.accept:
            return frozenset({(self.policy.label.policy, self.policy.label.classification)})
        return frozenset((rule.policy, name) for rule in self.policy.accept for name in rule.classifications)

    def source_nation(self, source: str) -> str:
        """Nation of a configured source."""
        return self.source[source].nation or self.node.nation

    def source_silence_s(self, source: str) -> float:
        """Silence after which a native track number of the source begins a new track."""
        own = self.source[source].silence_s
        return self.limits.source_silence_s if own is None else own

    def link_max_octets(self, partner: str) -> int:
        """Largest message exchanged with a configured partner."""
        return self.link[partner].max_message_octets or self.limits.max_message_octets

    def feed_options(self, feed: str) -> dict[str, JsonValue]:
        """Codec options of a configured feed: those of its source for the format, then its own."""
        table = self.feed[feed]
        of_source = self.source[table.source].options.get(table.format, {}) if table.source else {}
        return {**of_source, **table.options}
