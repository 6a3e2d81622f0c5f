"""What an auditor finds of the release policies: who got which tracks, under which labels, without which fields.

Everything comes from stored messages and ledgers. What there was to be kept back is known apart from any policy: from
the simulated sky, and from what went whole to the ally.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from gateway.demo.evidence import Evidence, leaves_of
from gateway.demo.exchange import SECRETS, Exchange, read_exchange
from gateway.demo.sky import FIGHTERS
from gateway.demo.stage import Player
from gateway.labels.marking import marking
from gateway.track import Label

ALLIANCE, UNION = "ALPHA", "BRAVO"
"""Security policies of the NATO nations and of the EU agency."""
RELEASE, UNION_VALUE = "Releasable To", "BRV"
_SHOWN_RULES = 3


class Promise(Struct, frozen=True):
    """One finding: whether a promise held, and how it shows."""

    name: str
    holds: bool
    line: str

    def __str__(self) -> str:
        """In a sentence, with what became of it."""
        return f"  {'holds' if self.holds else 'BROKEN'}: {self.line}"


def examine_policies(players: Sequence[Player], now: datetime, *, is_simulated: bool) -> Evidence:
    """What the policies kept back, and whether both ledgers say so. A recording has no fighters, and perhaps no drones.

    The players are those of `CAST`, in its order: who has the air picture, who has drones, the agency, civil aviation.
    """
    exchange = read_exchange(players)
    promises = find_promises(exchange, now) if is_simulated else (agreement(exchange),)
    return Evidence(all(one.holds for one in promises), ("release policies:", *map(str, promises)), ())


def find_promises(exchange: Exchange, now: datetime) -> tuple[Promise, ...]:
    """The six findings on a run of the simulated sky."""
    return (
        alliance_only(exchange),
        equivalent_label(exchange, now),
        withheld_field(exchange),
        civil_view(exchange),
        origin_control(exchange),
        agreement(exchange),
    )


# ------------------------------------------------------------------------------------------- what is the alliance's own


def alliance_only(exchange: Exchange) -> Promise:
    """Tracks whose label releases them to the alliance alone went to the ally and no further; all fighters are such."""
    sender, ally, *others = exchange.players
    shown = exchange.to(sender, ally)
    kept = {track.track_id for one in shown for track in one.tracks if not is_releasable(track.label)} - {None}
    got = kept & {track.track_id for one in exchange.arrived(sender, ally) for track in one.tracks}
    told = {word for one in shown for word in one.secrets}
    reached: dict[str, int] = {}
    for node in others:
        given = exchange.seen_by(node)
        reached[node] = len(kept & {track.track_id for one in given for track in one.tracks})
        reached[node] += sum(len(one.secrets) for one in given)
        reached[node] += sum(_on_disk(exchange.players[node], [*SECRETS, *_as_octets(kept)]))
    withheld = Counter[str]()
    for leaf in leaves_of(exchange.players[sender]):
        if leaf.ev == "withheld" and leaf.group == "eu":
            withheld[leaf.rule] += leaf.count
    why = ", ".join(f"{count} by {rule}" for rule, count in withheld.most_common(_SHOWN_RULES)) or "nothing"
    where = ", ".join(f"{node} {count}" for node, count in reached.items())
    line = (
        f"{len(kept)} tracks of {sender} are {ALLIANCE}'s alone, all {len(FIGHTERS)} fighters among them: {ally} got "
        f"{len(got)}, {where} (by track, callsign, address; in messages and on disk); kept from the EU by "
        f"{sender}'s ledger: {why}"
    )
    is_whole = kept == got and len(kept) >= len(FIGHTERS) and told == set(SECRETS)
    return Promise("alliance only", is_whole and not any(reached.values()) and bool(withheld), line)


def is_releasable(label: Label) -> bool:
    """Whether a label lets anybody beyond the alliance in, by its own words or by an alternative's."""
    if label.policy != ALLIANCE or label.alternatives:
        return True
    return any(one.tag == RELEASE and UNION_VALUE in one.values for one in label.categories)


def _as_octets(track_ids: set[str | None]) -> Iterator[bytes]:
    """Track ids as they stand in messages, and as databases hold them."""
    for track_id in track_ids:
        if track_id is not None:
            yield from (track_id.encode(), UUID(track_id).bytes)


def _on_disk(player: Player, words: Sequence[bytes]) -> Iterator[int]:
    """For each file of a node's data, how many of the words are in it."""
    for path in (player.directory / "data").rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            yield sum(word in octets for word in words)


# --------------------------------------------------------------------------------------------- what is released to both


def equivalent_label(exchange: Exchange, now: datetime) -> Promise:
    """Tracks that ally and agency both got have the same label at both, and at the agency what it is in its words."""
    sender, ally, agency, *_ = exchange.players
    at_ally = {track.snapshot: track.label for one in exchange.to(sender, ally) for track in one.tracks}
    policy = exchange.policies[sender]
    levels = [one.levels for one in policy.file.equivalence if one.to_policy == UNION]
    arrived = [track for one in exchange.arrived(sender, agency) for track in one.tracks]
    both, example = 0, ""
    for track in arrived:
        label, before = track.label, at_ally.get(track.snapshot)
        others = [one for one in label.alternatives if one.policy == UNION]
        if before is None or before.policy != ALLIANCE or len(others) != 1:
            continue
        (other,) = others
        is_same = (before.classification, before.categories) == (label.classification, label.categories)
        if is_same and any(one.get(label.classification) == other.classification for one in levels):
            both += 1
            if not example:
                spifs = [policy.policy.book.spif(one.policy) for one in (label, other)]
                words = [marking(one, spif, now) for one, spif in zip((label, other), spifs, strict=True) if spif]
                example = f'{track.name or track.track_id} "{words[0]}" is "{words[1]}" there'
    line = (
        f"{len(arrived)} reports of {sender} reached {agency}, {both} of them under the label that {ally} has and its "
        f"equivalent in {UNION}: {example or 'none'}"
    )
    return Promise("equivalent label", 0 < both == len(arrived), line)


def withheld_field(exchange: Exchange) -> Promise:
    """What the radar measured, which the ally got, is absent at the agency, and listed as withheld."""
    sender, ally, agency, *_ = exchange.players
    measured = {
        track.snapshot for one in exchange.to(sender, ally) for track in one.tracks if track.measured and track.raw
    }
    arrived = exchange.arrived(sender, agency)
    there = sum(track.measured or track.raw for one in exchange.to(sender, agency) + arrived for track in one.tracks)
    bare = [track for one in arrived for track in one.tracks if track.snapshot in measured]
    listed = sum(track.listed for track in bare)
    line = (
        f"{len(measured)} reports went to {ally} with what the radar measured; {len(bare)} of them reached {agency}: "
        f"{there} with a measurement or octets of a sensor, {listed} list it as withheld"
    )
    return Promise("withheld field", not there and 0 < listed == len(bare), line)


# ---------------------------------------------------------------------------------------------------- the civil partner


def civil_view(exchange: Exchange) -> Promise:
    """Civil aviation got drones near the airport and nothing else, and no word of what saw them."""
    ally, sender, agency, civil = exchange.players
    whole = [track for one in exchange.to(sender, ally) for track in one.tracks if track.is_drone]
    near = {track.track_id for track in whole if track.is_near}
    far = {track.track_id for track in whole} - near
    given = [track for one in exchange.seen_by(civil) for track in one.tracks]
    got = {track.track_id for one in exchange.arrived(agency, civil) for track in one.tracks}
    outside = sum(not track.is_nearly for track in given)
    named = {word for octets in exchange.octets_to(civil) for word in exchange.words if word in octets}
    line = (
        f"{civil} saw {len(got)} drone tracks, {outside} reports of them outside of the airport's area; of "
        f"{len(far)} drone tracks elsewhere {len(far & {track.track_id for track in given})} came; {len(named)} of "
        f"{len(exchange.words)} names of sensors and of what they call their tracks"
    )
    is_apt = bool(got) and got <= near and not outside and all(track.is_drone for track in given)
    return Promise("civil view", is_apt and bool(far) and bool(exchange.words) and not named, line)


def origin_control(exchange: Exchange) -> Promise:
    """What the agency passed on names, by its digest, the message that it is made from, and keeps its origin's labels.

    The digest is the one in the origin's ledger. That it was redacted is said: no signature of the origin is on it.
    """
    _, sender, agency, civil = exchange.players
    originals = {(one.leaf.mid, one.leaf.sha256): one for one in exchange.to(sender, agency)}
    passed = exchange.to(agency, civil)
    cited = 0
    for one in passed:
        derived = one.derived
        original = originals.get((derived.message_id, derived.sha256)) if derived is not None else None
        if derived is None or original is None or not derived.redacted or derived.origin != sender:
            continue
        labels = {track.snapshot[0]: track.label for track in original.tracks}
        cited += all(labels.get(track.track_id) == track.label for track in one.tracks)
    line = (
        f"{len(passed)} messages went on from {agency} to {civil}: {cited} name the message of {sender} that they are "
        f"made from, by its digest, say that they were redacted, and have its label"
    )
    return Promise("origin control", 0 < cited == len(passed), line)


# --------------------------------------------------------------------------------------------------------- both ledgers


def agreement(exchange: Exchange) -> Promise:
    """For every message the receiver's ledger has the rule and policy that the sender's has, and the files give."""
    sent = {(node, one.leaf.mid, one.leaf.sha256): one.leaf for node in exchange.sent for one in exchange.sent[node]}
    digests = {node: loaded.digest for node, loaded in exchange.policies.items()}
    rules = Counter[str]()
    wrong = 0
    for node, received in exchange.received.items():
        for one in received:
            leaf, origin = one.leaf, one.leaf.origin
            theirs = sent.get((origin, leaf.mid, leaf.sha256))
            if (
                theirs is None
                or not theirs.rule
                or (theirs.rule, theirs.policy) != (leaf.origin_rule, leaf.origin_policy)
                or (theirs.policy, leaf.policy) != (digests[origin], digests[node])
            ):
                wrong += 1
            else:
                rules[f"{origin} to {node} by {leaf.origin_rule}"] += 1
    named = ", ".join(f"{count} {way}" for way, count in sorted(rules.items()))
    line = (
        f"both ledgers name the same rule of the same policy file for {rules.total()} of {rules.total() + wrong} "
        f"messages received: {named or 'none'}"
    )
    return Promise("agreement", not wrong and bool(rules), line)
