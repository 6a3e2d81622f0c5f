"""Drafting: one closed batch as unsigned messages, usually one; several where one would be too large."""

from __future__ import annotations

import secrets
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from gateway.batch import Batch
from gateway.clock import Clock
from gateway.errors import FormatError
from gateway.formats import alliance
from gateway.formats.alliance.codes import TOO_LARGE
from gateway.policy.labelling import batch_labels
from gateway.stages import Draft, Exercise, Header, Message, Simulation
from gateway.track import Track

Refusals = tuple[tuple[Track, FormatError], ...]
"""Tracks of the batch that the alliance format cannot express, and why."""


class Maker(Struct, frozen=True, kw_only=True):
    """What every header of this node says."""

    node: str
    exercise: Exercise
    simulation: Simulation
    clock: Clock


def draft_batch(maker: Maker, batch: Batch) -> tuple[list[Draft], Refusals]:
    """The drafts of a batch, the first under the batch's own message id, and the tracks that are in none of them.

    One label for all of it where the policy has one that says no less than any track's and lets the recipients have it;
    else the tracks part by their labels. Raises `FormatError` when a header cannot be expressed, and so no message.
    """
    drafts: list[Draft] = []
    refused: list[tuple[Track, FormatError]] = []
    for label, tracks in batch_labels(batch.policy, tuple(batch.tracks), batch.recipients, maker.clock.now()):
        header = Header(
            message_id=str(uuid4()) if drafts else batch.message_id,
            created_at=maker.clock.now(),
            sender=maker.node,
            recipients=batch.recipients,
            release_group=batch.group,
            nonce=secrets.token_hex(16),
            exercise=maker.exercise,
            simulation=maker.simulation,
            label=label,
            rule=batch.rule,
            policy=batch.policy.digest,
        )
        more, unfit = draft_tracks(header, tracks)
        drafts += more
        refused += unfit
    return drafts, tuple(refused)


def draft_tracks(header: Header, tracks: tuple[Track, ...]) -> tuple[list[Draft], Refusals]:
    """The drafts that carry these tracks under this header, the first under its id, and the tracks that are in none.

    Where one message would be too large, further ones have ids and nonces of their own. Raises `FormatError` when the
    header cannot be expressed.
    """
    try:
        return [alliance.draft(Message(header=header, tracks=tracks))], ()
    except FormatError as error:
        if len(tracks) == 1:
            return [], ((tracks[0], error),)
        if error.code is not TOO_LARGE:
            return _draft_without_faults(header, tracks, error)
    middle = len(tracks) // 2
    first, refused = draft_tracks(header, tracks[:middle])
    next_header = replace(header, message_id=str(uuid4()), nonce=secrets.token_hex(16)) if first else header
    second, refused_too = draft_tracks(next_header, tracks[middle:])
    return first + second, refused + refused_too


def _draft_without_faults(
    header: Header, tracks: tuple[Track, ...], error: FormatError
) -> tuple[list[Draft], Refusals]:
    """Rare: find the tracks that cannot be expressed by themselves, and send the others."""
    faults = [(track, alliance.fault(track)) for track in tracks]
    good = tuple(track for track, fault in faults if fault is None)
    refused = tuple((track, fault) for track, fault in faults if fault is not None)
    if len(good) == len(tracks):  # the fault is not a track's: the message as a whole cannot be expressed
        raise error
    drafts, more = draft_tracks(header, good) if good else ([], ())
    return drafts, refused + more
