"""What waits, between corridor and store: our own tracks as they are, a partner's by their places in his message.

A row says in which form it is written. What this version cannot read is reported and given up, and stops nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.drafting import Maker
from gateway.errors import FormatError, StoreError
from gateway.formats import alliance
from gateway.limits import Limits
from gateway.policy.acceptance import origin_of
from gateway.policy.onward import Carried, carry
from gateway.relay import open_enclosed
from gateway.seal import Verifier
from gateway.stages import Accepted, Exercise, Frame, Held, Inbound, Opened, Simulation
from gateway.store import HeldBack, StoredMessage
from gateway.store.codes import HELD_LOST
from gateway.track import Label, Track

FORM = 1
"""How rows are written. Another shape of `Track` or of what stands below needs another number."""
_LARGE_OCTETS = 2_048
"""A row takes as much of the bound as its tracks, or a track for each 2 KiB."""


class _Own(Struct, frozen=True, kw_only=True):
    feed: str
    peer: str
    exercise: Exercise
    """What the node was there for when they came: it may be started again for something else."""
    simulation: Simulation
    tracks: tuple[Track, ...]


class _Places(Struct, frozen=True, kw_only=True):
    """Places of tracks in a message."""

    accepted: tuple[int, ...]
    held: tuple[int, ...]
    whole: bool
    """Whether all of the message may go on, as far as its sender is concerned."""


class Recalled(Struct, frozen=True, kw_only=True):
    """A partner's message, read again, and the tracks of it that wait."""

    carried: Carried
    places: tuple[int, ...]
    """Where in the message each of the carried tracks stands."""
    tracks: tuple[Track, ...]


_ENCODER = msgspec.msgpack.Encoder()
_OWN = msgspec.msgpack.Decoder(_Own)
_PLACES = msgspec.msgpack.Decoder(_Places)


def as_admitted(held: Held, admitted: Sequence[Track], marked: Sequence[Track]) -> Held:
    """The verdict with the tracks as they were before policy saw them, by those that it saw."""
    waiting = {id(track) for track in held.tracks}
    return replace(
        held, tracks=tuple([one for one, track in zip(admitted, marked, strict=True) if id(track) in waiting])
    )


def renderable(held: Sequence[Held]) -> tuple[list[Held], list[FormatError]]:
    """The verdicts with the tracks that the alliance format can express, and why not the others, each told once."""
    tracks = {id(track): track for one in held for track in one.tracks}
    faults = {key: fault for key, track in tracks.items() if (fault := alliance.fault(track)) is not None}
    if not faults:
        return list(held), []
    fit = [replace(one, tracks=tuple([track for track in one.tracks if id(track) not in faults])) for one in held]
    return fit, list(faults.values())


def hold_own(frame: Frame, held: Held, maker: Maker, most: int) -> list[HeldBack]:
    """Rows of up to `most` of our own tracks, as they were before policy saw them; 1 to 2 kB and 3 us for each.

    Of the maker they keep whether they are of an exercise, and simulated.
    """
    rows: list[HeldBack] = []
    for at in range(0, len(held.tracks), most):
        tracks = held.tracks[at : at + most]
        own = _Own(
            feed=frame.feed, peer=frame.peer, exercise=maker.exercise, simulation=maker.simulation, tracks=tracks
        )
        body = _ENCODER.encode(own)
        rows.append(
            HeldBack(
                group=held.group,
                until=held.until,
                source=frame.source,
                since=frame.received_at,
                form=FORM,
                body=body,
                tracks=len(tracks),
                weight=max(len(tracks), len(body) // _LARGE_OCTETS),
            )
        )
    return rows


def read_own(row: HeldBack, maker: Maker) -> tuple[Frame, tuple[Track, ...], Maker]:
    """The tracks, their frame without its octets, and who makes messages of what came when they did.

    `StoreError` STO-013 for what cannot be read.
    """
    _check_form(row)
    try:
        own = _OWN.decode(row.body)
    except (msgspec.DecodeError, ValueError) as error:
        raise _lost(row, str(error)) from error
    frame = Frame(octets=b"", feed=own.feed, source=row.source, peer=own.peer, received_at=row.since)
    return frame, own.tracks, replace(maker, exercise=own.exercise, simulation=own.simulation)


def places_of(accepted: Accepted, carried: Carried) -> tuple[int, ...]:
    """Where in its message each of the carried tracks stands: its id is not enough, for it may be there twice."""
    message = accepted.opened.content.message
    if len(carried.tracks) == len(message.tracks):
        return tuple(range(len(message.tracks)))
    told = _as_told(accepted.opened)
    found: list[int] = []
    place = 0
    for track in carried.tracks:  # they are in the order of the message
        while told[place] != track:
            place += 1
        found.append(place)
        place += 1
    return tuple(found)


def hold_theirs(carried: Carried, places: Sequence[int], held: Held, message: int | None = None) -> HeldBack:
    """The row of a partner's tracks, some of those that are carried; `message` as in `HeldBack`."""
    place_of = {id(track): place for track, place in zip(carried.tracks, places, strict=True)}
    waiting = tuple([place_of[id(track)] for track in held.tracks])
    names = tuple([track.track_id or "" for track in held.tracks])
    return HeldBack(
        group=held.group,
        until=held.until,
        source=carried.origin,
        message=message,
        since=carried.header.created_at,
        form=FORM,
        body=_ENCODER.encode(_Places(accepted=tuple(places), held=waiting, whole=carried.is_whole)),
        tracks=len(names),
        weight=len(names),
        names=names,
    )


def read_theirs(
    row: HeldBack, stored: StoredMessage | None, verifier: Verifier, *, node: str, now: datetime, limits: Limits
) -> Recalled:
    """The message again, verified by the keys that are pinned now, with those of its tracks that wait and were not
    withdrawn.

    `StoreError` STO-013 when the message is gone or the row cannot be read; `SealError` or `FormatError` when the
    message does not hold any more: its signer's key is not pinned now, or an original inside has become too old.
    """
    _check_form(row)
    try:
        places = _PLACES.decode(row.body)
    except (msgspec.DecodeError, ValueError) as error:
        raise _lost(row, str(error)) from error
    if stored is None or stored.octets is None:
        raise _lost(row, f"message {row.message} is not there any more")
    received = Inbound(octets=stored.octets, partner=stored.partners[0], received_at=stored.recorded_at)
    opened = alliance.open_message(verifier.verify(received))
    opened = open_enclosed(verifier, opened, node=node, now=now, limits=limits)
    told = _as_told(opened)
    if not {*places.accepted, *places.held}.issubset(range(len(told))) or not {*places.held} <= {*places.accepted}:
        raise _lost(row, f"the message has {len(told):,} tracks, and others wait")
    accepted = Accepted(opened=opened, tracks=tuple([told[place] for place in places.accepted]), rule="")
    carried = carry(accepted, node=node, origin=origin_of(opened), retractions=None if places.whole else ())
    names = frozenset(row.names)
    return Recalled(
        carried=replace(carried, is_whole=places.whole),
        places=places.accepted,
        tracks=tuple([told[place] for place in places.held if (told[place].track_id or "") in names]),
    )


def _as_told(opened: Opened) -> tuple[Track, ...]:
    """The tracks of a message as they are accepted: with what its header says of all, each under a label."""
    message = opened.content.message
    label = message.header.label
    return tuple([_labelled(track, label) for track in alliance.marked(message.tracks, message.header)])


def _labelled(track: Track, label: Label) -> Track:
    return track if track.label is not None else replace(track, label=label)


def _check_form(row: HeldBack) -> None:
    if row.form != FORM:
        raise _lost(row, f"expected form {FORM}, observed {row.form}")


def _lost(row: HeldBack, cause: str) -> StoreError:
    return StoreError(HELD_LOST, place=f"{row.tracks:,} tracks for group {row.group}", cause=cause)
