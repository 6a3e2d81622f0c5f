"""Relaying: the original inside a partner's message, opened; the messages by which tracks go onward, drafted."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import uuid4

from msgspec.structs import replace

from gateway.drafting import Maker, Refusals, draft_tracks
from gateway.errors import FormatError
from gateway.formats import alliance
from gateway.formats.alliance.codes import TOO_LARGE, TOO_LONG
from gateway.limits import Limits
from gateway.policy.labelling import batch_labels
from gateway.policy.onward import Carried, Passage, stamped
from gateway.policy.policy import Policy
from gateway.seal import Verifier, check_original, check_way, verify_original
from gateway.stages import Derivation, Draft, Header, Hop, Message, Opened
from gateway.track import Label, Track


def open_enclosed(verifier: Verifier, opened: Opened, *, node: str, now: datetime, limits: Limits) -> Opened:
    """The message with the original that it encloses, verified by its origin's key and opened; or as it is.

    Raises `SealError` ``SEAL-053`` to ``SEAL-064`` for a way or an original that does not hold, `FormatError` for an
    original that its schema does not admit. What is redacted has no original: its signer answers for it.
    """
    check_way(opened, node=node, limits=limits)
    if opened.message.original is None:
        return opened
    verified = verify_original(verifier, opened)
    try:
        original = alliance.open_message(verified)
    except FormatError as error:
        raise FormatError(error.code, place=f"Original/{error.place}", cause=error.cause) from None
    check_original(opened, original, node=node, now=now, limits=limits)
    return replace(opened, original=original)


def draft_passage(maker: Maker, policy: Policy, carried: Carried, passage: Passage) -> tuple[list[Draft], Refusals]:
    """The messages of ours by which a passage goes, usually one, and tracks that the format cannot express.

    An original that is too large to be enclosed goes as its tracks and withdrawals. Raises `FormatError` when a header
    cannot be expressed.
    """
    if passage.whole:
        try:
            return [_whole(maker, carried, passage)], ()
        except FormatError as error:
            if error.code not in (TOO_LARGE, TOO_LONG):
                raise
        tracks = stamped(policy, carried, carried.tracks)
        passage = replace(passage, whole=False, tracks=tracks, retractions=carried.retractions)
    derived = carried.derivation(redacted=True)
    drafts: list[Draft] = []
    refused: list[tuple[Track, FormatError]] = []
    if passage.retractions:
        header = _header(maker, carried, passage, passage.label or carried.header.label, derived)
        drafts.append(alliance.draft(Message(header=header, retractions=passage.retractions)))
    for label, tracks in batch_labels(policy, passage.tracks, passage.recipients, maker.clock.now()):
        more, unfit = draft_tracks(_header(maker, carried, passage, label, derived), tracks)
        drafts += more
        refused += unfit
    return drafts, tuple(refused)


def _whole(maker: Maker, carried: Carried, passage: Passage) -> Draft:
    """The origin's octets in a message of ours, under the origin's own label."""
    derived = carried.derivation(redacted=False)
    header = _header(maker, carried, passage, carried.header.label, derived)
    draft = alliance.draft(Message(header=header, original=carried.octets))
    withdrawn = [one.track_id for one in carried.retractions]
    return replace(draft, track_ids=tuple(dict.fromkeys([*carried.track_ids, *withdrawn])))


def _header(maker: Maker, carried: Carried, passage: Passage, label: Label, derived: Derivation) -> Header:
    """A header of ours for what another node told: its exercise and simulation, our rule, and one gateway more."""
    now = maker.clock.now()
    return Header(
        message_id=str(uuid4()),
        created_at=now,
        sender=maker.node,
        recipients=passage.recipients,
        release_group=passage.group,
        nonce=secrets.token_hex(16),
        exercise=carried.header.exercise,
        simulation=carried.header.simulation,
        label=label,
        rule=passage.rule,
        policy=passage.policy,
        derived=derived,
        hops=(*carried.hops, Hop(maker.node, now)),
    )
