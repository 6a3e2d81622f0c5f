"""What the node's store and configuration say of one message: who, when, under which rule, and what each hop lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway import xml
from gateway.cli.codes import NOT_FOUND
from gateway.cli.dry_run import Shown, consumers
from gateway.cli.exits import CommandError, Exit
from gateway.clock import SystemClock, utc_text
from gateway.config import Config
from gateway.feeds.withdrawals import covers
from gateway.formats import alliance
from gateway.formats.registry import formats
from gateway.node.trust import read_policy
from gateway.policy import Desk, has_personal
from gateway.policy.acceptance import left_out
from gateway.policy.policy import Policy
from gateway.stages import Derivation, Message, Retraction
from gateway.store.reader import Readers, leaves, messages, standings
from gateway.store.records import Direction, Standing, StoredMessage, Withdrawal
from gateway.store.withdrawals import withdrawals
from gateway.track import Classification, Environment, Identifier, Identity, Label, Position, Provenance, State

ANOTHERS = "not taken: another gateway tells of this track"


class Partner(Struct, frozen=True, kw_only=True):
    """How one partner stands to the message."""

    name: str
    state: str
    """``waiting``, ``delivered``, ``parked``, ``refused``, ``superseded``, ``expired``, ``withheld``; ``accepted`` or
    ``refused`` by us, for a message that it sent."""
    code: str = ""
    cause: str = ""
    at: datetime | None = None
    leaf_index: int = -1
    """Of the entry in our ledger that says so."""
    their_leaf_index: int = -1
    """Of the entry in its ledger that its receipt promises."""
    receipt_at: datetime | None = None
    """When it signed the receipt; for a message that it sent, when we answered."""


class ExplainedTrack(Struct, frozen=True, kw_only=True):
    """One track of the message."""

    track_id: str
    identifiers: tuple[Identifier, ...]
    name: str
    environment: Environment
    identity: Identity | None
    platform: str
    classifications: tuple[Classification, ...]
    time: datetime | None
    position: Position | None
    measured: str
    """In words what a sensor measured, where there is no position."""
    personal_data: bool
    """Whether the message says who operates it, which is not repeated here."""
    label: Label | None
    hops: tuple[Provenance, ...]
    """The gateways passed, oldest first, each with what its mapping lost."""
    feeds: tuple[Shown, ...]
    """What this node's consumers are shown of it."""
    left_out: str = ""
    """Why this node took no notice of it: the rule that left it out, or that another gateway tells of it."""


class Explained(Struct, frozen=True, kw_only=True):
    """One message as this node knows it."""

    message_id: str
    direction: str
    """``sent`` or ``received``."""
    origin: str
    partners: tuple[Partner, ...]
    recorded_at: datetime
    leaf_index: int
    rule: str
    """By which it was released or let in, as the ledger has it."""
    policy: str
    """Hex SHA-256 of the release policy that the rule stands in, as the ledger has it."""
    key: str
    """Hex SHA-256 of the signing certificate, as the ledger has it."""
    sha256: str
    track_ids: tuple[str, ...]
    body: str
    """``kept``; ``removed`` once retention has taken it, ``refused`` where it never was kept: then the members below
    and the tracks are absent."""
    created_at: datetime | None = None
    release_group: str = ""
    recipients: tuple[str, ...] = ()
    label: Label | None = None
    exercise: str = ""
    simulation: str = ""
    sender_rule: str = ""
    """By which its sender released it, as the message says."""
    sender_policy: str = ""
    derived: Derivation | None = None
    """The message of another node that it passes on, or is made from."""
    left_out: int = 0
    """How many of its tracks the rules for acceptance left out, as the ledger has it."""
    original: str = ""
    """Message id under which the tracks of the message that it encloses are explained."""
    tracks: tuple[ExplainedTrack, ...] = ()
    retractions: tuple[Retraction, ...] = ()


class _Leaf(Struct, frozen=True):
    """The members of a ledger entry that are shown."""

    rule: str = ""
    policy: str = ""
    key: str = ""
    left_out: int = 0


def explain_message(config: Config, message_id: str) -> list[Explained]:
    """Every message with this id, sent or received; `CommandError` ``CLI-009`` when the store has none."""
    path = config.database_path()
    found = asyncio.run(_read(path, message_id)) if path.exists() else []
    if not found:
        remedy = "'gateway ledger show' lists messages; the id is that of an alliance message, in lower case"
        raise CommandError(NOT_FOUND, Exit.FINDING, cause=f"no message {message_id} in {path}", remedy=remedy)
    return [_explained(config, *each) for each in found]


_Found = tuple[StoredMessage, bytes, list[Standing], list[Withdrawal]]


async def _read(path: Path, message_id: str) -> list[_Found]:
    readers = Readers(path)
    try:
        found: list[_Found] = []
        for stored in await readers.run(partial(messages, message_id=message_id)):
            at = stored.leaf_index
            entry = await readers.run(partial(leaves, start=at, limit=1)) if at >= 0 else []
            sent = stored.direction is Direction.OUTBOUND
            standing = await readers.run(partial(standings, seq=stored.seq)) if sent else []
            gone = [] if sent else await readers.run(withdrawals)
            found.append((stored, entry[0] if entry else b"{}", standing, gone))
        return found
    finally:
        await readers.close()


def _explained(
    config: Config,
    stored: StoredMessage,
    entry: bytes,
    standing: Sequence[Standing],
    gone: Sequence[Withdrawal],
) -> Explained:
    leaf = _leaf(entry)
    is_own = stored.direction is Direction.OUTBOUND
    explained = Explained(
        message_id=stored.message_id,
        direction="sent" if is_own else "received",
        origin=stored.origin,
        partners=_recipients(stored, standing) if is_own else _sender(stored),
        recorded_at=stored.recorded_at,
        leaf_index=stored.leaf_index,
        rule=leaf.rule,
        policy=leaf.policy,
        key=leaf.key,
        left_out=leaf.left_out,
        sha256=stored.sha256,
        track_ids=stored.track_ids,
        body="kept" if stored.octets is not None else "refused" if stored.code else "removed",
    )
    if stored.octets is None:
        return explained
    root = xml.parse(stored.octets, max_octets=config.limits.max_message_octets)
    message = alliance.read(root, signed=True)  # verified before it was stored
    header = message.header
    return msgspec.structs.replace(
        explained,
        created_at=header.created_at,
        release_group=header.release_group or "",
        recipients=header.recipients,
        label=header.label,
        exercise=header.exercise.value,
        simulation=header.simulation.value,
        sender_rule="" if explained.direction == "sent" else header.rule or "",
        sender_policy="" if explained.direction == "sent" else header.policy or "",
        derived=header.derived,
        original=header.derived.message_id if header.derived and message.original is not None else "",
        tracks=_tracks(config, stored, message, leaf, gone),
        retractions=message.retractions,
    )


def _leaf(entry: bytes) -> _Leaf:
    try:
        return msgspec.json.decode(entry, type=_Leaf)
    except msgspec.MsgspecError:
        return _Leaf()


def _recipients(stored: StoredMessage, standing: Sequence[Standing]) -> tuple[Partner, ...]:
    receipts = {receipt.node: receipt for receipt in stored.receipts}
    partners: list[Partner] = []
    for one in standing:
        receipt = receipts.get(one.partner)
        partners.append(
            Partner(
                name=one.partner,
                state=one.state,
                code=one.code,
                cause=one.cause,
                at=one.at,
                leaf_index=one.leaf_index,
                their_leaf_index=-1 if receipt is None else receipt.leaf_index,
                receipt_at=None if receipt is None else receipt.time,
            )
        )
    return tuple(partners)


def _sender(stored: StoredMessage) -> tuple[Partner, ...]:
    state = "refused" if stored.code else "accepted"
    return tuple(
        Partner(
            name=name,
            state=state,
            code=stored.code,
            at=stored.recorded_at,
            leaf_index=stored.leaf_index,
            receipt_at=stored.recorded_at if stored.answer else None,
        )
        for name in stored.partners
    )


def _tracks(
    config: Config, stored: StoredMessage, message: Message, leaf: _Leaf, gone: Sequence[Withdrawal]
) -> tuple[ExplainedTrack, ...]:
    # A refused message was shown to nobody
    desk = Desk(read_policy(config), SystemClock())
    unseen = {} if stored.code else _unseen(desk.policy, stored, message, leaf)
    unseen |= _withdrawn(stored, message, gone)
    served = [] if stored.code else list(consumers(config, formats(), desk))
    is_own = stored.direction is Direction.OUTBOUND
    label = message.header.label
    tracks = message.tracks if is_own else alliance.marked(message.tracks, message.header)  # as they were handed on
    return tuple(
        ExplainedTrack(
            track_id=track.track_id or "",
            identifiers=track.identifiers,
            name=track.name or "",
            environment=track.environment,
            identity=track.identity.value if track.identity is not None else None,
            platform=track.platform or "",
            classifications=track.classifications,
            time=track.state.time if track.state is not None else None,
            position=track.state.position if track.state is not None else None,
            measured=_measured(track.state),
            personal_data=has_personal((track,)),
            label=track.label,
            hops=track.provenance,
            feeds=()
            if track.track_id in unseen
            else tuple(one.try_on(track, is_own=is_own, label=label, now=stored.recorded_at) for one in served),
            left_out=unseen.get(track.track_id or "", ""),
        )
        for track in tracks
    )


def _unseen(policy: Policy, stored: StoredMessage, message: Message, leaf: _Leaf) -> dict[str, str]:
    """Of a partner's message the tracks that this node took no notice of, and why."""
    if stored.direction is Direction.OUTBOUND:
        return {}
    taken = set(stored.track_ids)
    absent = {track.track_id or "" for track in message.tracks} - taken
    if not absent or not leaf.left_out:
        return dict.fromkeys(absent, ANOTHERS)
    if policy.digest != leaf.policy:  # by rules that this node does not have any more
        return dict.fromkeys(absent, f"left out by a rule of policy {leaf.policy}, or {ANOTHERS}")
    header = message.header
    found = left_out(
        policy,
        alliance.marked(message.tracks, header),
        label=header.label,
        partner=stored.partners[0],
        origin=header.derived.origin if header.derived is not None else stored.origin,
        now=stored.recorded_at,
    )
    rules = dict(found)
    return {track_id: rules.get(track_id, ANOTHERS) for track_id in absent}


def _withdrawn(stored: StoredMessage, message: Message, gone: Sequence[Withdrawal]) -> dict[str, str]:
    """The tracks that had been withdrawn when the message came: by their origin, or by who told or brought them."""
    derived, taken = message.header.derived, set(stored.track_ids)
    origin = stored.origin if derived is None else derived.origin
    tellers = {origin, stored.origin, *stored.partners}
    found: dict[str, str] = {}
    for track in message.tracks:
        for one in gone:
            if (
                (one.track_id, one.origin) == (track.track_id, origin)
                and one.track_id not in taken
                and one.teller in tellers
                and one.noted_at <= stored.recorded_at
                and covers(one, track.state)
            ):
                found[one.track_id] = f"not taken: {one.teller} withdrew it as of {utc_text(one.until)}"
    return found


def _measured(state: State | None) -> str:
    """What there is in place of a position."""
    if state is None or state.position is not None or state.polar is None:
        return ""
    polar = state.polar
    parts = [
        f"{what} {value:g} {unit}"
        for what, value, unit in (
            ("bearing", polar.azimuth_deg, "deg"),
            ("elevation", polar.elevation_deg, "deg"),
            ("range", polar.range_m, "m"),
        )
        if value is not None
    ]
    if not parts and polar.reach_m is not None:
        parts = [f"within {polar.reach_m:g} m"]
    return f"{', '.join(parts) or 'noticed'} of {polar.sensor}"
