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

from gateway.config.policy_load import LoadedPolicy, load_policy
from gateway.demo.evidence import Evidence, leaves_of
from gateway.demo.sky import AIRPORT, FIGHTERS
from gateway.demo.stage import Player
from gateway.demo.stored import Stored, received_by, sent_by
from gateway.labels.marking import marking
from gateway.policy.area import circle
from gateway.policy.parts import is_systems_name
from gateway.track import Label, Loss, Track

ALLIANCE, UNION = "ALPHA", "BRAVO"
"""Security policies of the NATO nations and of the EU agency."""
RELEASE, UNION_VALUE = "Releasable To", "BRV"
AIRPORT_RADIUS_M = 8_000.0
GRID_M = 100.0
"""Of positions that civil aviation gets: none is further from where the drone was."""
POLAR_WITHHELD = Loss("state.polar", "WITHHELD")
_SHORTEST = 4
"""Characters of a word that is worth looking for among octets."""

Snapshot = tuple[str | None, datetime | None]


class Promise(Struct, frozen=True):
    """One finding: whether a promise held, and how it shows."""

    name: str
    holds: bool
    line: str

    def __str__(self) -> str:
        """In a sentence, with what became of it."""
        return f"  {'holds' if self.holds else 'BROKEN'}: {self.line}"


class Exchange(Struct, frozen=True):
    """Everything that went between the players: what each sent and received, by node."""

    players: dict[str, Player]
    policies: dict[str, LoadedPolicy]
    sent: dict[str, list[Stored]]
    received: dict[str, list[Stored]]

    def to(self, sender: str, recipient: str) -> list[Stored]:
        """Messages of a node that are addressed to another."""
        return [one for one in self.sent[sender] if recipient in one.leaf.to]

    def arrived(self, sender: str, recipient: str) -> list[Stored]:
        """Messages of a node that another accepted."""
        return [one for one in self.received[recipient] if one.message.header.sender == sender]

    def seen_by(self, recipient: str) -> list[Stored]:
        """All that one node was ever given: what others addressed to it, and what it took in from anybody."""
        return [one for sender in self.sent for one in self.to(sender, recipient)] + self.received[recipient]


def read_exchange(players: Sequence[Player]) -> Exchange:
    """From databases, ledgers and policy files. No node is running."""
    by_node = {player.nation.node: player for player in players}
    return Exchange(
        players=by_node,
        policies={node: load_policy(player.policy_path, node=node) for node, player in by_node.items()},
        sent={node: sent_by(player) for node, player in by_node.items()},
        received={node: received_by(player) for node, player in by_node.items()},
    )


def examine_policies(players: Sequence[Player], now: datetime, *, is_simulated: bool) -> Evidence:
    """What the policies kept back, and whether both ledgers say so. A recording has no fighters, and perhaps no drones.

    The players are those of `CAST`, in its order: who has the air picture, who has drones, the agency, civil aviation.
    """
    exchange = read_exchange(players)
    promises = find_promises(exchange, now) if is_simulated else (agreement(exchange),)
    return Evidence(all(one.holds for one in promises), ("release policies:", *map(str, promises)), ())


def find_promises(exchange: Exchange, now: datetime) -> tuple[Promise, ...]:
    """The five findings on a run of the simulated sky."""
    return (
        alliance_only(exchange),
        equivalent_label(exchange, now),
        withheld_field(exchange),
        civil_view(exchange),
        agreement(exchange),
    )


# ------------------------------------------------------------------------------------------- what is the alliance's own


def alliance_only(exchange: Exchange) -> Promise:
    """Tracks whose label releases them to the alliance alone went to the ally and no further; all fighters are such."""
    sender, ally, *others = exchange.players
    shown = [(track, label) for one in exchange.to(sender, ally) for track, label in one.labelled]
    kept = {track.track_id for track, label in shown if not is_releasable(label)} - {None}
    got = kept & {track.track_id for one in exchange.arrived(sender, ally) for track in one.message.tracks}
    secrets = [callsign.encode() for callsign, _ in FIGHTERS] + [f">{address}<".encode() for _, address in FIGHTERS]
    told = [word for word in secrets if any(word in one.octets for one in exchange.to(sender, ally))]
    reached: dict[str, int] = {}
    for node in others:
        given = exchange.seen_by(node)
        reached[node] = len(kept & {track.track_id for one in given for track in one.message.tracks})
        reached[node] += sum(word in one.octets for one in given for word in secrets)
        reached[node] += sum(_on_disk(exchange.players[node], [*secrets, *_as_octets(kept)]))
    withheld = Counter[str]()
    for leaf in leaves_of(exchange.players[sender]):
        if leaf.ev == "withheld" and leaf.group == "eu":
            withheld[leaf.rule] += leaf.count
    why = ", ".join(f"{count} by {rule}" for rule, count in withheld.most_common(3)) or "nothing"
    where = ", ".join(f"{node} {count}" for node, count in reached.items())
    line = (
        f"{len(kept)} tracks of {sender} are {ALLIANCE}'s alone, all {len(FIGHTERS)} fighters among them: {ally} got "
        f"{len(got)}, {where} (by track, callsign, address; in messages and on disk); kept from the EU by "
        f"{sender}'s ledger: {why}"
    )
    is_whole = kept == got and len(kept) >= len(FIGHTERS) and told == secrets
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
    at_ally = {_snapshot(track): label for one in exchange.to(sender, ally) for track, label in one.labelled}
    levels = [one.levels for one in exchange.policies[sender].file.equivalence if one.to_policy == UNION]
    both, example = 0, ""
    arrived = [pair for one in exchange.arrived(sender, agency) for pair in one.labelled]
    for track, label in arrived:
        before = at_ally.get(_snapshot(track))
        others = [one for one in label.alternatives if one.policy == UNION]
        if before is None or before.policy != ALLIANCE or len(others) != 1:
            continue
        (other,) = others
        is_same = (before.classification, before.categories) == (label.classification, label.categories)
        if is_same and any(one.get(label.classification) == other.classification for one in levels):
            both += 1
            spifs = [exchange.policies[sender].policy.book.spif(one.policy) for one in (label, other)]
            words = [marking(one, spif, now) for one, spif in zip((label, other), spifs, strict=True) if spif]
            example = example or f'{_name(track)} "{words[0]}" is "{words[1]}" there'
    line = (
        f"{len(arrived)} tracks of {sender} reached {agency}, {both} of them under the label that {ally} has and its "
        f"equivalent in {UNION}: {example or 'none'}"
    )
    return Promise("equivalent label", 0 < both == len(arrived), line)


def withheld_field(exchange: Exchange) -> Promise:
    """What the radar measured, which the ally got, is absent at the agency, and listed as withheld."""
    sender, ally, agency, *_ = exchange.players
    measured = {
        _snapshot(track)
        for one in exchange.to(sender, ally)
        for track in one.message.tracks
        if track.state is not None and track.state.polar is not None
    }
    messages = exchange.to(sender, agency) + exchange.arrived(sender, agency)
    given = [track for one in messages for track in one.message.tracks]
    there = sum(track.raw is not None or (track.state is not None and track.state.polar is not None) for track in given)
    arrived = [track for one in exchange.arrived(sender, agency) for track in one.message.tracks]
    bare = [track for track in arrived if _snapshot(track) in measured]
    listed = sum(bool(track.provenance) and POLAR_WITHHELD in track.provenance[-1].losses for track in bare)
    line = (
        f"{len(measured)} tracks went to {ally} with what the radar measured; {len(bare)} of them reached {agency}: "
        f"{there} with a measurement or octets of a sensor, {listed} list it as withheld"
    )
    return Promise("withheld field", not there and 0 < listed == len(bare), line)


# -------------------------------------------------------------------------------------------------- the civil partner


def civil_view(exchange: Exchange) -> Promise:
    """Civil aviation got drones near the airport and nothing else, and no word of what saw them."""
    _, sender, _, civil = exchange.players
    ally = next(iter(exchange.players))
    whole = [track for one in exchange.to(sender, ally) for track in one.message.tracks if is_drone(track)]
    near = {track.track_id for track in whole if is_near_airport(track)}
    far = {track.track_id for track in whole} - near
    given = exchange.seen_by(civil)
    tracks = [track for one in given for track in one.message.tracks]
    got = {track.track_id for one in exchange.arrived(sender, civil) for track in one.message.tracks}
    outside = sum(not is_near_airport(track, GRID_M) for track in tracks)
    words = {word.encode() for track in whole for word in sensor_words(track)}
    named = sum(word in one.octets for one in given for word in words)
    line = (
        f"{civil} saw {len(got)} drone tracks, {outside} reports of them outside of the airport's area; of "
        f"{len(far)} drone tracks elsewhere {len(far & {track.track_id for track in tracks})} came; {named} of "
        f"{len(words)} names of sensors and of what they call their tracks"
    )
    holds = bool(got) and got <= near and all(map(is_drone, tracks)) and not outside and bool(far) and bool(words)
    return Promise("civil view", holds and not named, line)


def is_drone(track: Track) -> bool:
    """Whether a sensor calls it an uncrewed aircraft."""
    return (track.platform or "").startswith("UAV")


def is_near_airport(track: Track, slack_m: float = 0.0) -> bool:
    """Whether it has a place, and that within the area of the airport."""
    position = track.state.position if track.state is not None else None
    area = circle(latitude_deg=AIRPORT[0], longitude_deg=AIRPORT[1], radius_m=AIRPORT_RADIUS_M + slack_m)
    return position is not None and area.holds(position.latitude_deg, position.longitude_deg)


def sensor_words(track: Track) -> Iterator[str]:
    """Names of the sensors that saw it, the names that they gave it, and the formats in which they spoke."""
    words = [word for source in track.sources for word in (source.id, source.name)]
    words += [one.value for one in track.identifiers if is_systems_name(one)]
    words += [hop.input_format for hop in track.provenance] + [hop.mapping_id for hop in track.provenance]
    if track.state is not None and track.state.polar is not None:
        words.append(track.state.polar.sensor)
    if track.identity is not None and track.identity.assigned_by is not None:
        words.append(track.identity.assigned_by)
    return (word for word in words if len(word) >= _SHORTEST)


# ------------------------------------------------------------------------------------------------------- both ledgers


def agreement(exchange: Exchange) -> Promise:
    """For every message the receiver's ledger has the rule and policy that the sender's has, and the files give."""
    sent = {(node, one.leaf.mid, one.leaf.sha256): one for node, all_ in exchange.sent.items() for one in all_}
    digests = {node: loaded.digest for node, loaded in exchange.policies.items()}
    rules = Counter[str]()
    wrong = 0
    for node, received in exchange.received.items():
        for one in received:
            leaf, origin = one.leaf, one.leaf.origin
            theirs = sent.get((origin, leaf.mid, leaf.sha256))
            if (
                theirs is None
                or not theirs.leaf.rule
                or (theirs.leaf.rule, theirs.leaf.policy) != (leaf.origin_rule, leaf.origin_policy)
                or (theirs.leaf.policy, leaf.policy) != (digests[origin], digests[node])
            ):
                wrong += 1
            else:
                rules[f"{origin} to {node} by {leaf.origin_rule}"] += 1
    named = ", ".join(f"{count} {way}" for way, count in sorted(rules.items(), key=lambda item: item[0]))
    line = (
        f"both ledgers name the same rule of the same policy file for {rules.total()} of {rules.total() + wrong} "
        f"messages received: {named or 'none'}"
    )
    return Promise("agreement", not wrong and bool(rules), line)


def _snapshot(track: Track) -> Snapshot:
    """What makes it one and the same report in messages to several groups."""
    return track.track_id, track.state.time if track.state is not None else None


def _name(track: Track) -> str:
    """What people call it."""
    named = {one.scheme: one.value for one in track.identifiers}
    return named.get("callsign", track.track_id or "a track")
