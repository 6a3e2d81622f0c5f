"""A partner's message from a file, as acceptance is asked about it: verified where the configuration has the keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway import xml
from gateway.cli.codes import INPUT_UNREADABLE
from gateway.cli.exits import CommandError, Exit
from gateway.cli.policy_files import Found
from gateway.config import Config
from gateway.errors import ConfigError, FormatError, GatewayError, SealError
from gateway.formats import alliance
from gateway.formats.alliance.read import is_signed
from gateway.limits import Limits
from gateway.links.codes import NOT_ACCEPTED
from gateway.node.trust import read_verifier
from gateway.policy.acceptance import Offer, offer_of
from gateway.relay import open_enclosed
from gateway.seal import VerificationError, Verifier, check_freshness
from gateway.stages import Inbound, Message
from gateway.track import Track

HOLDS, REFUSED, ABSENT, NOT_ASKED = "holds", "refused", "absent", "not asked"


class Signature(Struct, frozen=True, kw_only=True):
    """What is known of who signed the message."""

    state: str
    """``holds``, ``refused`` (a node believes nothing of the message), ``absent``, or ``not asked``."""
    words: str
    key: str = ""
    """Hex SHA-256 of the signing certificate, of one that holds."""
    error: GatewayError | None = None
    """Of one that does not: which check failed, as the operator's log says it."""


class MessageFile(Struct, frozen=True, kw_only=True):
    """A message that was read from a file."""

    message: Message
    """As it came: a relay still holds its original."""
    offer: Offer
    octets: bytes
    """Of the message that tells of the tracks."""
    tracks: Sequence[Track]
    """As the header marks them."""
    now: datetime
    """As of when it is decided."""
    signature: Signature
    header: tuple[GatewayError, ...] | None
    """What a node would refuse it for before labels and rules: its schema, its header, what it encloses. `None`: that
    is asked of a message whose signature holds, and of no other."""


def read_message(recording: Path | bytes, *, partner: str, found: Found, at: datetime | None) -> MessageFile:
    """The message of a file as `partner` would send it, when it was made, or `at`.

    `FormatError` for what is no alliance message, or encloses what is none; `CommandError` for an unreadable file.
    """
    config = found.config
    limits = config.limits if config is not None else Limits()
    octets = recording if isinstance(recording, bytes) else _read(recording, limits.max_message_octets)
    root = xml.parse(octets, max_octets=limits.max_message_octets)
    message = alliance.read(root, signed=True)
    now = at or message.header.created_at
    verifier = _verifier(config, signed=is_signed(root), partner=partner, says=message.header.sender)
    if isinstance(verifier, Verifier) and config is not None:
        inbound = Inbound(octets=octets, partner=partner, received_at=now)
        signature, offer, content, header = _verified(verifier, inbound, config, now)
    else:
        assert isinstance(verifier, Signature), "keys come from a configuration"
        signature, offer, content, header = verifier, None, b"", None
    if offer is None:
        offer, content = _unverified(message, octets, partner, limits)
    return MessageFile(
        message=message,
        offer=offer,
        octets=content,
        tracks=alliance.marked(offer.content.tracks, offer.content.header),
        now=now,
        signature=signature,
        header=header,
    )


def _verifier(config: Config | None, *, signed: bool, partner: str, says: str) -> Verifier | Signature:
    """The keys by which it can be verified, or why nobody asks."""
    taken = f"taken as signed by {partner}" + ("" if says == partner else f", though it says that it is from {says}")
    if not signed:
        return Signature(state=ABSENT, words=f"none, and a node takes none without; {taken}")
    if config is None:
        return Signature(state=NOT_ASKED, words=f"not asked, for without a configuration there are no keys; {taken}")
    try:
        verifier = read_verifier(config)
    except (ConfigError, SealError) as error:
        words = f"not asked, for the keys cannot be read ({error.code.id} {error.place}); {taken}"
        return Signature(state=NOT_ASKED, words=words)
    if not verifier.knows(partner):
        words = f"not asked, for the configuration has no signing key of {partner}; {taken}"
        return Signature(state=NOT_ASKED, words=words)
    return verifier


def _verified(
    verifier: Verifier, inbound: Inbound, config: Config, now: datetime
) -> tuple[Signature, Offer | None, bytes, tuple[GatewayError, ...] | None]:
    """Steps 2 to 5 of a node, on a message of which it holds the keys."""
    try:
        verified = verifier.verify(inbound)
    except VerificationError as error:
        words = f"does not hold: its sender is told {NOT_ACCEPTED.id} alone; what follows is as if it held"
        return Signature(state=REFUSED, words=words, error=error.finding), None, b"", None
    signature = Signature(state=HOLDS, words=f"holds, certificate sha256 {verified.key}", key=verified.key)
    try:
        opened = alliance.open_message(verified)
        check_freshness(opened, node=config.node.name, now=now, limits=config.limits)
        opened = open_enclosed(verifier, opened, node=config.node.name, now=now, limits=config.limits)
    except (FormatError, SealError) as error:
        return signature, None, b"", (error,)
    return signature, offer_of(opened), opened.content.verified.inbound.octets, ()


def _unverified(message: Message, octets: bytes, partner: str, limits: Limits) -> tuple[Offer, bytes]:
    """What the message says of itself, with what it encloses."""
    if message.original is None:
        return Offer(signer=partner, header=message.header, content=message, author=partner), octets
    try:
        inner = alliance.read(xml.parse(message.original, max_octets=limits.max_message_octets), signed=True)
    except FormatError as error:
        raise FormatError(error.code, place=f"Original/{error.place}", cause=error.cause) from None
    author = inner.header.sender
    return Offer(signer=partner, header=message.header, content=inner, author=author), message.original


def _read(file: Path, limit: int) -> bytes:
    """The file, as far as a message may be long: what is longer is refused where it is parsed."""
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise CommandError(INPUT_UNREADABLE, Exit.USAGE, place=str(file), cause=error.strerror or "") from None
