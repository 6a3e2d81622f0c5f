"""One message explained for people: short lines, and control characters of others made harmless."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gateway.cli.dry_run import Shown
from gateway.cli.message import Explained, ExplainedTrack, Partner
from gateway.cli.output import printable
from gateway.clock import utc_text
from gateway.track import Label, Loss, Provenance


def lines(message: Explained) -> Iterator[str]:
    """The message, its partners, and each track with what every hop and every consumer lost."""
    yield f"message {message.message_id}  {message.direction}"
    yield _row("from", message.origin)
    if message.recipients:
        group = f" (release group {message.release_group})" if message.release_group else ""
        yield _row("to", ", ".join(message.recipients) + group)
    if message.label is not None:
        yield _row("label", _label(message.label))
        yield _row("marked", f"{message.exercise}, {message.simulation}")
    if message.created_at is not None:
        yield _row("created", _when(message.created_at))
    yield _row("recorded", _when(message.recorded_at))
    if message.rule:
        yield _row("rule", message.rule + (f" of policy {message.policy}" if message.policy else ""))
    if message.sender_rule:
        yield _row("sent by", f"rule {message.sender_rule} of policy {message.sender_policy} of {message.origin}")
    if message.derived is not None:
        derived = message.derived
        what = "made from, with parts withheld," if derived.redacted else "passes on, whole,"
        yield _row("derived", f"{what} {derived.origin} {derived.message_id} sha256 {derived.sha256}")
    if message.original:
        yield _row("tracks", f"those of message {message.original}: 'gateway explain' has it by that id")
    if message.left_out:
        yield _row("left out", f"{message.left_out} of its tracks, by rules for acceptance")
    yield _row("sha256", message.sha256)
    if message.key:
        yield _row("signed by", f"certificate sha256 {message.key}")
    yield _row("ledger", f"entry {message.leaf_index}" if message.leaf_index >= 0 else "no entry of its own")
    for partner in message.partners:
        yield _row("partner", _partner(partner))
    if message.body == "removed":
        yield _row("body", "removed by retention: digest, receipts and ledger entries stay, what hops lost does not")
        for track_id in message.track_ids:
            yield _row("track", track_id)
    if message.body == "refused":
        yield _row("body", "not kept with the messages, for it was refused: 'gateway quarantine list'")
    for gone in message.retractions:
        yield _row("retracts", f"{gone.track_id} {gone.reason} at {_when(gone.time)}")
    for number, track in enumerate(message.tracks, 1):
        yield ""
        yield f"track {track.track_id}  ({number} of {len(message.tracks)})"
        yield from _track(track)


def _track(track: ExplainedTrack) -> Iterator[str]:
    if track.identifiers or track.name:
        names = [f"{one.scheme} {one.value}" for one in track.identifiers]
        yield _row("names", ", ".join([track.name, *names] if track.name else names))
    kinds = [track.environment.value, track.platform, *(f"{one.type}" for one in track.classifications)]
    identity = track.identity.value if track.identity is not None else "no identity declared"
    yield _row("type", f"{', '.join(kind for kind in kinds if kind)}; {identity}")
    if track.position is not None:
        place = f"{track.position.latitude_deg:.6f} {track.position.longitude_deg:.6f}"
    else:
        place = f"none: {track.measured}" if track.measured else "none"
    yield _row("position", place + (f" at {_when(track.time)}" if track.time is not None else ""))
    if track.label is not None:
        yield _row("label", _label(track.label))
    if track.personal_data:
        yield _row("personal", "says who operates it and from where")
    for hop in track.hops:
        yield _row("hop", _hop(hop))
        yield from _losses(hop.losses)
    if track.left_out:
        yield _row("left out", track.left_out)
    for shown in track.feeds:
        yield _row("feed", _consumer(shown))
        yield from _losses(shown.losses)


def _losses(losses: tuple[Loss, ...]) -> Iterator[str]:
    for loss in losses:
        yield f"  {'':<10}   {printable(loss.field)}  {loss.reason}"


def _hop(hop: Provenance) -> str:
    of = f" {hop.input_message_id}" if hop.input_message_id else ""
    lost = f"lost {len(hop.losses)}" if hop.losses else "lost nothing"
    return f"{hop.gateway}: {hop.input_format}{of} by {hop.mapping_id}, {lost}"


def _consumer(shown: Shown) -> str:
    name = f"{shown.feed} for {shown.client}" if shown.client else shown.feed
    if not shown.shown:
        return f"{name}: {shown.format}, shows nothing: {shown.why}"
    return f"{name}: {shown.format}, " + (f"loses {len(shown.losses)}" if shown.losses else "loses nothing")


def _partner(partner: Partner) -> str:
    parts = [f"{partner.name}: {partner.state}"]
    if partner.code:
        parts.append(partner.code)
    if partner.cause:
        parts.append(partner.cause)
    if partner.at is not None:
        parts.append(_when(partner.at))
    if partner.leaf_index >= 0:
        parts.append(f"our entry {partner.leaf_index}")
    if partner.receipt_at is not None:
        theirs = f" for its entry {partner.their_leaf_index}" if partner.their_leaf_index >= 0 else ""
        parts.append(f"receipt of {_when(partner.receipt_at)}{theirs}")
    return ", ".join(parts)


def _label(label: Label) -> str:
    held = [f"{one.tag}: {', '.join(one.values)}" for one in label.categories]
    more = [f"TLP {label.tlp}"] if label.tlp else []
    other = [f"also {_label(one)}" for one in label.alternatives]
    return "; ".join([f"{label.policy} {label.classification}", *held, *more, *other])


def _when(instant: datetime) -> str:
    return utc_text(instant)


def _row(name: str, text: str) -> str:
    return f"  {name:<10} {printable(text)}"
