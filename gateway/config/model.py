"""The configuration as frozen values: what one ``gateway.toml`` says, checked and with every default filled in.

The docstring under each field is its documentation everywhere: in ``docs/configuration.md``, in the file that
``gateway init`` writes, in the JSON Schema, and in ``gateway explain``. First what it is, then its unit.
Checks of one value are in `gateway.config.values`; checks between values are in `gateway.config.checks`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue

from gateway.config.limits_table import LimitsTable
from gateway.config.national import ClientTable, FeedTable, HttpTable, SourceTable
from gateway.config.table import Table
from gateway.config.values import (
    Address,
    FilePath,
    HostPort,
    HttpsUrl,
    Name,
    Nation,
    Origin,
    Pin,
    VerifierKey,
)
from gateway.limits import Limits
from gateway.stages import Exercise, Simulation

LOOPBACK_LINKS = Address(host="127.0.0.1", port=8443)


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
    entries_to_partners: bool = False
    """Serve the entries themselves to partners too. They say how many tracks were kept from whom, when and by which
    rule; without them a partner has checkpoints and hashes, which prove that nothing was rewritten."""


class StoreTable(Table):
    """The database of messages, receipts and entries of the ledger, in the data directory."""

    keep_days: Annotated[float, Field(ge=0, le=36_500, allow_inf_nan=False)] = 30.0
    """How long the bodies of messages are kept. Digests, receipts and the ledger's entries stay for ever, and so does a
    body that a partner has still to get, or of which tracks wait for a release group. At least `limits.created_age_s`;
    0 keeps everything. Days."""


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
    max_message_octets: Annotated[int, Field(ge=1_024, le=67_108_864)] | None = None
    """Largest message that we take from it and send to it. Octets; absent means `limits.max_message_octets`."""
    description: str = ""
    """Words for people: who to call."""


class PolicyTable(Table):
    """Where the release policy stands: which labels tracks get, who may see what, what is let in."""

    file: FilePath = Field(default="policy.toml", validate_default=True)
    """Policy file; docs/policy.md says what it holds. `gateway run` reads it again when it is told to."""


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
    client: dict[Name, ClientTable] = Field(default_factory=dict)
    feed: dict[Name, FeedTable] = Field(default_factory=dict)
    policy: PolicyTable = Field(default_factory=dict, validate_default=True)
    limits: LimitsTable = Field(default_factory=Limits)

    def database_path(self) -> Path:
        """The node's database, in its data directory."""
        return self.node.data / "gateway.db"

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
