"""The stages of the corridor as frozen types, each holding the former.

    outbound   Frame -> Decoded -> Admitted -> Release -> Draft -> Sealed -> Recorded -> Delivery
    inbound    Inbound -> Verified -> Opened -> Accepted -> recorded, then its signed Receipt

What the types forbid: a message that is not sealed cannot be recorded, one that is not recorded cannot be delivered,
one that is not verified cannot be accepted. Only the room named in a type's docstring constructs it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from lxml.etree import _Element
from msgspec import Struct

from gateway.errors import FormatError
from gateway.track import Extension, Identifier, Label, Loss, OpenCode, Track

# ------------------------------------------------------------------------------------------------------- national side


class Frame(Struct, frozen=True, kw_only=True, gc=False):
    """Octets of one datagram, stream element, file record or request body. Made by `feeds`."""

    octets: bytes
    feed: str
    """Configured name of the feed, such as ``radar-north``."""
    source: str
    """Configured name of the source that speaks there; the unit of permission."""
    peer: str
    """Network address or file position, for errors and the operator."""
    received_at: datetime


class Decoded(Struct, frozen=True, kw_only=True):
    """What a codec made of one frame. A refused record never takes its neighbours down. Made by `formats`."""

    tracks: tuple[Track, ...] = ()
    problems: tuple[FormatError, ...] = ()
    """Records that were refused, each with its octet offset or element as place."""
    silent: int = 0
    """Records that are valid and carry no track (a sector crossing, a keep-alive)."""
    duplicates: int = 0
    """Data blocks that were exact repetitions within the window (A/B networks) and were dropped."""
    overdue: tuple[tuple[Frame, FormatError], ...] = ()
    """Earlier frames that were held for what they need (a registration, a pose) and are given up, each with why."""


class Encoded(Struct, frozen=True, kw_only=True):
    """Tracks in a national format. Made by `formats`."""

    frames: tuple[bytes, ...] = ()
    """Each fit for one datagram, stream element or response part."""
    losses: tuple[tuple[str, Loss], ...] = ()
    """(track_id, what it lost), only what could not be carried."""
    problems: tuple[FormatError, ...] = ()
    """Tracks that the format cannot express at all."""


# --------------------------------------------------------------------------------------------------------- the message


class Exercise(StrEnum):
    """Mandatory in every header: what the traffic is for."""

    OPERATIONAL = "OPERATIONAL"
    EXERCISE = "EXERCISE"
    TEST = "TEST"

    @property
    def marks_tracks(self) -> bool:
        """Whether a track that says nothing itself is one of an exercise: no national format tells tests from live
        traffic, so those of a test are, too."""
        return self is not Exercise.OPERATIONAL


class Simulation(StrEnum):
    """Mandatory in every header: whether the objects exist."""

    REAL = "REAL"
    SIMULATED = "SIMULATED"
    SYNTHESIZED = "SYNTHESIZED"

    @property
    def marks_tracks(self) -> bool:
        """Whether a track that says nothing itself is simulated."""
        return self is Simulation.SIMULATED


class Hop(Struct, frozen=True, gc=False):
    """One gateway that forwarded a message, and when."""

    node: str
    time: datetime


class Header(Struct, frozen=True, kw_only=True):
    """The signed header of an alliance message."""

    message_id: str
    """Lower-case UUID, made once by the originator; survives every retry."""
    created_at: datetime
    sender: str
    """Name of the node that signs."""
    recipients: tuple[str, ...]
    """Names of nodes."""
    release_group: str | None = None
    nonce: str
    """32 lower-case hex digits of randomness: a ledger's mirror cannot guess a low-entropy report from its digest."""
    exercise: Exercise
    simulation: Simulation
    label: Label
    rule: str | None = None
    """Id of the release rule by which the sender let the tracks out."""
    policy: str | None = None
    """Hex SHA-256 of the release policy that the rule stands in."""
    derived: Derivation | None = None
    """What a relayed message passes on or is made from."""
    hops: tuple[Hop, ...] = ()
    extensions: tuple[Extension, ...] = ()


class Derivation(Struct, frozen=True, kw_only=True, gc=False):
    """The message of another node that a relayed one rests on."""

    origin: str
    """Node that signed the original."""
    message_id: str
    sha256: str
    """Hex digest of the original's signed octets."""
    redacted: bool
    """Whether tracks or fields of the original are missing or changed. If not, the original is inside, whole."""


class Retraction(Struct, frozen=True, kw_only=True, gc=False):
    """An explicit withdrawal of a track that should not have been sent; an ordinary end is `Status.ended`."""

    track_id: str
    time: datetime
    reason: OpenCode


class Message(Struct, frozen=True, kw_only=True):
    """A track message: what `formats.alliance` renders and reads."""

    header: Header
    tracks: tuple[Track, ...] = ()
    """In order of arrival; one track may stand in it several times, as successive snapshots."""
    retractions: tuple[Retraction, ...] = ()
    original: bytes | None = None
    """Signed octets of another node's message, kept whole; then there are no tracks or retractions beside it."""
    extensions: tuple[Extension, ...] = ()
    version: str = "1.0"


# ------------------------------------------------------------------------------------------------------------ outbound


class Admitted(Struct, frozen=True, kw_only=True):
    """Tracks that have their `track_id`, with what admission noticed. Made by `pipeline`."""

    tracks: tuple[Track, ...]
    duplicates: int = 0


class Intake(Struct, frozen=True, kw_only=True):
    """What became of one frame, once everything that it caused is durable. Made by `pipeline`; a 2xx rests on it."""

    track_ids: tuple[str, ...] = ()
    """One per accepted record, in order."""
    message_ids: tuple[str, ...] = ()
    """Alliance messages that carry them; empty when no release group may see them."""
    problems: tuple[FormatError, ...] = ()
    """Records that were refused, each also in quarantine."""
    duplicates: int = 0
    refused: tuple[Refused, ...] = ()
    """Release groups that may not see some of them, with the rule."""


class Release(Struct, frozen=True, kw_only=True):
    """Tracks that one release group may see. Made by `policy`."""

    group: str
    recipients: tuple[str, ...]
    """Partner nodes of the group, sorted."""
    tracks: tuple[Track, ...]
    """As the group may see them, each with the label that it goes under."""
    rule: str
    """Id of the rule that decided."""
    policy: str
    """Hex SHA-256 of the release policy that it stands in."""


class Refused(Struct, frozen=True, kw_only=True):
    """Tracks that a release group, or some of its members, may not see, and the rule that says so. Made by `policy`."""

    group: str
    track_ids: tuple[str, ...]
    rule: str
    members: tuple[str, ...] = ()
    """Partners that are left out where others of the group are not; empty means all of them."""
    until: datetime | None = None
    """When it is decided anew, for tracks that are held for a while."""


class Held(Struct, frozen=True, kw_only=True):
    """Tracks that a release group may see later; then they are decided anew. Made by `policy`."""

    group: str
    tracks: tuple[Track, ...]
    rule: str
    until: datetime


class Draft(Struct, frozen=True, kw_only=True):
    """A rendered message: canonical octets without a signature. Made by `formats.alliance.render`."""

    header: Header
    octets: bytes
    """Exactly the exclusive canonical form of the document."""
    track_ids: tuple[str, ...]


class Sealed(Struct, frozen=True, kw_only=True):
    """A signed message. Made by `seal` only: nothing else holds a private key."""

    message_id: str
    origin: str
    """Node that signed."""
    recipients: tuple[str, ...]
    created_at: datetime
    octets: bytes
    """On the wire: the canonical octets with one `ds:Signature` as last child of the root."""
    sha256: str
    """Hex digest of `octets`."""
    key: str
    """Hex SHA-256 of the signing certificate (DER)."""
    track_ids: tuple[str, ...]
    rule: str = ""
    policy: str = ""
    """Hex SHA-256 of the release policy."""


class Recorded(Struct, frozen=True, kw_only=True):
    """A message that is durable together with its ledger leaf. Made by `store` only, after the commit."""

    seq: int
    """Position among the node's outbound messages; cursors count in it."""
    leaf_index: int
    recorded_at: datetime
    message: Sealed


class Receipt(Struct, frozen=True, kw_only=True):
    """A partner's signed answer to a delivered message: proof that it was recorded there. Made by `links`."""

    node: str
    """Who answers."""
    origin: str
    message_id: str
    sha256: str
    outcome: OpenCode
    """``ACCEPTED`` or ``REFUSED``."""
    code: str
    """Error code of a refusal; empty when accepted."""
    leaf_index: int
    """In the answering node's ledger; -1 for a refusal that is ledgered in a summary."""
    time: datetime
    note: bytes
    """The signed note itself (C2SP signed-note), kept as evidence."""


class Delivery(Struct, frozen=True, kw_only=True):
    """A recorded message with its receipt from one partner. Made by `links`."""

    partner: str
    recorded: Recorded
    receipt: Receipt


# ------------------------------------------------------------------------------------------------------------- inbound


class Inbound(Struct, frozen=True, kw_only=True):
    """Octets that a partner pushed over mutual TLS, before anything is believed. Made by `links`."""

    octets: bytes
    partner: str
    """From the peer certificate's pinned key, never from the message."""
    received_at: datetime


class Verified(Struct, frozen=True, kw_only=True):
    """Octets whose signature holds, parsed once, and equal to their own canonical form. Made by `seal`."""

    inbound: Inbound
    signed: bytes
    """The octets that the signature covers (without the signature element)."""
    document: _Element
    """Root of the tree parsed from exactly `signed`."""
    signer: str
    """Node whose key record matched."""
    key: str
    """Hex SHA-256 of the signing certificate (DER)."""


class Opened(Struct, frozen=True, kw_only=True):
    """A verified message that validates against the schema, as our own types. Made by `formats.alliance`."""

    verified: Verified
    message: Message
    original: Opened | None = None
    """What it encloses whole: another node's message, verified by that node's key and opened like any other."""

    @property
    def content(self) -> Opened:
        """The message that tells of tracks: the enclosed one, or this."""
        return self if self.original is None else self.original


class Accepted(Struct, frozen=True, kw_only=True):
    """An opened message addressed to us, fresh, from its signer, whose label policy lets in. Made by `policy`."""

    opened: Opened
    tracks: tuple[Track, ...]
    """Those that are let in, each with the label that it came under."""
    rule: str
    """Id of the rule that let them in."""
    policy: str = ""
    """Hex SHA-256 of the policy that it stands in."""
    left_out: tuple[tuple[str, str], ...] = ()
    """(track_id, rule) of tracks that are not let in; the message is accepted without them."""


def native_identifier(track: Track) -> Identifier | None:
    """The source's own name of the track, from which admission mints its `track_id`; absent for a lone plot."""
    return track.identifiers[0] if track.identifiers else None
